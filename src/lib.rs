//! Turnlock keeps the logins of web apps safe when those apps offer no API for it.
//!
//! A guided tour, in the direction in which data flows:
//!
//! - [`cli`]: a file per subcommand.
//! - [`config`]: what was configured, from flags, environment and file.
//! - [`telemetry`], [`redact`]: what is said about it, and what never is.
//! - [`job`]: what is asked, of which account, and how it ended. Pure data.
//! - [`playbook`]: how an app works: its YAML, parsed with spans, checked.
//! - [`credential`]: password rules and generator, TOTP, QR pictures, recovery codes. No I/O.

pub mod cli;
pub mod config;
pub mod credential;
pub mod job;
pub mod playbook;
pub mod redact;
pub mod telemetry;
