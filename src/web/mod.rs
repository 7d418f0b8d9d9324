//! The automation log in a browser, and the API: for those who watch, and for programs that submit jobs.
//!
//! Data flows one way: a request is let in ([`crate::net`]), its caller is found out ([`guard`]), a handler that the
//! caller's scopes admit reads the store or puts a job into the queue, and the answer leaves with headers that let a
//! browser do nothing else with it. No browser is driven here and no vault opened: there is no secret to show. A code that
//! somebody gives to a job is sealed at once for the worker that waits for it.

mod answer;
mod api;
mod asked;
mod csrf;
mod events;
mod guard;
mod headers;
mod job_id;
mod metrics;
mod pages;
mod problem;
mod pulse;
mod rows;
mod secret;
mod server;
mod site;
mod watched;

pub use api::openapi;
pub use secret::{Secret, hash};
pub use server::{Options, Server};
pub use site::AppInfo;
