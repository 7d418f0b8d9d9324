//! How a playbook takes changes to its app's pages: each recorded step is performed, by the engine that performs it in
//! a job, on the recorded page as an app might change it without a word. No app, no account and no network are needed.
//!
//! - [`MUTATIONS`]: the changes;
//! - `trial`: one step on one changed page;
//! - [`run`]: all of them;
//! - [`Score`]: what came of it, for people and programs;
//! - [`mismatches`]: what of a playbook matches nothing that was recorded for it.

mod matching;
mod mutation;
mod run;
mod score;
mod trial;

pub use matching::{mismatches, unrecorded};
pub use mutation::{MUTATIONS, Mutation};
pub use run::{Only, run};
pub use score::{Count, Score, Tried, UNCHANGED};
pub use trial::Fate;
