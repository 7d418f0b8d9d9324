//! Text messages: a small HTTP server to which the provider of the numbers sends them.
//!
//! `POST /sms/twilio` takes what Twilio sends, signed as it signs; `POST /sms` takes JSON from any other, signed with a
//! shared secret. Nothing that is not signed is looked at. A message is acknowledged when the [`Desk`](super::Desk) has
//! it. Everything a client sends is bounded: size, time, requests, connections.

mod options;
mod receiver;
mod routes;
mod signed;
mod twilio;

pub use options::{SmsLimits, SmsOptions};
pub use receiver::Receiver;
