//! Drafts of playbooks: what an app's pages say of how it works, written down for its playbook's author to finish.
//!
//! - `words`: what people call things, in many languages;
//! - `find`: which controls of a surveyed page are the login, the way out, the change of password;
//! - `leads`: what leads to the settings, and can be followed without anything being changed by it;
//! - `findings`: what was found of an app;
//! - `explore`: goes there with a browser: opens, signs in once if it may, looks around;
//! - `yaml`, `write`: the draft, with what could not be known as questions;
//! - [`recording`]: the same from what Chrome DevTools Recorder has recorded.
//!
//! Everything but `explore` is pure.

mod explore;
mod find;
mod findings;
mod leads;
pub mod recording;
mod words;
mod write;
mod yaml;

pub use explore::{Explorer, Keys, NoDraft};
pub use findings::{Findings, SignIn};
pub use write::{Draft, SCHEMA_FILE, write};
