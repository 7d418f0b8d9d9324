//! Turnlock keeps the logins of web apps safe when those apps offer no API for it.
//!
//! A guided tour, in the direction in which data flows:
//!
//! - [`job`]: what is asked, of which account, and how it ended. Pure data.
//! - [`playbook`]: how an app works: its YAML, parsed with spans, checked.

pub mod job;
pub mod playbook;
