//! Turnlock keeps the logins of web apps safe when those apps offer no API for it.
//!
//! A guided tour, in the direction in which data flows:
//!
//! - [`cli`]: a file per subcommand.
//! - [`config`]: what was configured, from flags, environment and file.
//! - [`telemetry`], [`redact`]: what is said about it, and what never is.
//! - [`traces`]: the same as spans, for those who collect traces.
//! - [`job`]: what is asked, of which account, and how it ended. Pure data.
//! - [`queue`]: jobs on their way to a worker.
//! - [`notice`]: what Turnlock writes to people by mail, when they are wanted.
//! - [`webhook`]: what it tells servers of others, signed, as it happens.
//! - [`worker`]: takes jobs, holds leases and deadlines, decides about another try.
//! - [`flow`]: walks the playbook step by step; the credential transactions.
//! - [`playbook`]: how an app works: its YAML, parsed with spans, checked.
//! - [`draft`]: a playbook's beginnings, from an app's pages or from a recording.
//! - [`pages`], [`mutate`]: an app's pages as they were recorded, and how a playbook takes changes to them.
//! - [`browser`]: driving Chromium: pages, frames, locators, input, pictures.
//! - [`credential`]: password rules and generator, TOTP, QR pictures, recovery codes. No I/O.
//! - [`vault`]: sealed credentials and the candidate ledger.
//! - [`audit`], [`reveal`], [`answer`]: what people change, have shown and give to jobs that wait, written down before it is done.
//! - [`failpoint`]: where tests kill the process.
//! - [`process_table`]: what the system says of its processes.
//! - `outage`: what fails and is tried until it works: how long to wait, when to say so.
//! - `words`: what reads the same on pages and on terminals.
//! - [`store`]: all that is remembered: accounts, ledger, budgets, leases, jobs, automation log.
//! - [`net`]: listening, TLS and HTTP, for the servers below, and calls to those of others.
//! - [`inbox`]: how a verification code reaches the job that asked for it, and no other.
//! - [`evidence`]: the files that attempts leave of pages, and for how long they stay.
//! - [`web`]: the automation log in a browser, and the API.

pub mod answer;
pub mod audit;
pub mod browser;
pub mod cli;
pub mod config;
pub mod credential;
pub mod draft;
pub mod evidence;
pub mod failpoint;
pub mod flow;
pub mod inbox;
pub mod job;
pub mod mutate;
pub mod net;
pub mod notice;
mod outage;
pub mod pages;
pub mod playbook;
pub mod process_table;
pub mod queue;
pub mod redact;
pub mod reveal;
pub mod store;
pub mod telemetry;
pub mod traces;
pub mod vault;
pub mod web;
pub mod webhook;
mod words;
pub mod worker;
