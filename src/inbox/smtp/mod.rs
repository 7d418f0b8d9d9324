//! The built-in mail server: takes in mail for managed addresses, and for nobody else.
//!
//! It speaks what apps need to hand over a message (RFC 5321 with PIPELINING, SIZE, 8BITMIME and STARTTLS), or what a
//! mail server of one's own does (LMTP, RFC 2033). It relays nothing and stores nothing: a mail is acknowledged when the
//! [`Desk`](super::Desk) has it. Everything a client sends is bounded: size, lines, recipients, time, connections.

mod delivery;
mod limits;
mod options;
mod receiver;
mod session;
mod wire;

pub use limits::SmtpLimits;
pub use options::{Protocol, SmtpOptions, StartTls};
pub use receiver::Receiver;
