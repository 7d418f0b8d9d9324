//! Walks playbooks: the only module that knows browser, inbox and vault together.
//!
//! - [`FlowPerformer`]: performs an attempt, by its kind;
//! - `verify_login`, `enrol_mfa`, `enrol_sent_codes`, `change_password`: the credential transactions; `set_contact`: where the app sends to;
//! - `settle`, `proved`: which credentials open the account, when that is in doubt;
//! - `recover`: the last resort, a forgotten password;
//! - `login`: one try at a login in a fresh context; `budget`: how many may be wrong, and what was tried;
//! - `session`: the interpreter: one page, and the steps of a flow;
//! - `candidates`: what is to become the credential, in the ledger before the app gets it;
//! - `given`: what a step needs before it is performed; `expect`: which of the states came that it expects;
//! - `values`, `reading`: what is typed into pages, and what is read off them;
//! - `mail`, `sent_code`: the codes and links that the app sends, and what is done when it does not take one;
//! - `human`, `decision`: a code that Turnlock cannot get by itself, and what only a person can do, where the job waits for one;
//! - `evidence`, `picture`: what is kept of a page, with every secret covered; `codelike`: what could be one that was not read;
//! - [`Trial`]: one flow of a playbook that is tried out, or rehearsed up to its commit step; `rehearsal`: that this
//!   changes nothing; [`Coverage`]: what was proved of it;
//! - [`Watch`]: somebody who looks on at each step, and says how it goes on where one fails;
//! - `halt`: why a flow came to no named end, and what that means for the job.

mod budget;
mod candidates;
mod change_password;
mod codelike;
mod context;
mod coverage;
mod decision;
mod enrol_mfa;
mod enrol_sent_codes;
mod evidence;
mod expect;
mod given;
mod halt;
mod human;
mod login;
mod mail;
mod performer;
mod picture;
mod proved;
mod reading;
mod recover;
mod rehearsal;
mod sent_code;
mod session;
mod set_contact;
mod settle;
mod trial;
mod values;
mod verify_login;
mod watch;

pub(crate) use codelike::{may_be_secret, without_codes};
pub use coverage::{Coverage, coverage};
pub use performer::{FlowPerformer, Playbooks};
pub use trial::Trial;
pub use watch::{Done, Failure, Next, View, Watch};
