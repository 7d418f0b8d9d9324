//! Walks playbooks: the only module that knows browser, inbox and vault together.
//!
//! - [`FlowPerformer`]: performs an attempt, by its kind;
//! - `verify_login`, `enrol_mfa`, `change_password`: the credential transactions;
//! - `settle`, `proved`: which credentials open the account, when that is in doubt;
//! - `recover`: the last resort, a forgotten password;
//! - `login`: one try at a login in a fresh context; `budget`: how many may be wrong, and what was tried;
//! - `session`: the interpreter: one page, the steps of a flow, the values that they type;
//! - `values`, `reading`: what is typed into pages, and what is read off them;
//! - `mail`: the codes and links that the app mails;
//! - `evidence`: what is kept of a page, with every secret covered;
//! - `halt`: why a flow came to no named end, and what that means for the job.

mod budget;
mod change_password;
mod context;
mod enrol_mfa;
mod evidence;
mod halt;
mod login;
mod mail;
mod performer;
mod proved;
mod reading;
mod recover;
mod session;
mod settle;
mod values;
mod verify_login;

pub use performer::{FlowPerformer, Playbooks};
