//! The automation log in a browser, and the API: for those who watch, and for programs that submit jobs.
//!
//! Data flows one way: a request is let in ([`crate::net`]), its caller is found out ([`guard`]), a handler that the
//! caller's scopes admit reads the store or puts a job into the queue, and the answer leaves with headers that let a
//! browser do nothing else with it. What a handler reads it reads through the caller's view ([`view`]), which has nothing in
//! it but what the caller may see. No browser is driven here; a vault is opened only where this server was given its key,
//! and only by [`crate::reveal`]. A code that somebody gives to a job is sealed at once for the worker that waits for it.

mod answer;
mod api;
mod apps;
mod asked;
mod csrf;
mod events;
mod guard;
mod headers;
mod job_id;
mod metrics;
mod milestones;
mod names;
mod pages;
mod problem;
mod pulse;
mod rows;
mod secret;
mod server;
mod site;
mod standing;
mod track_record;
mod turned_away;
mod view;
mod waiting;
mod watched;
mod whole;

pub use api::openapi;
pub use secret::{Secret, hash};
pub use server::{Options, Server};
pub use site::AppInfo;
