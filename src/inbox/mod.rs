//! The managed inbox: how verification codes and links reach the job that asked for them, and no other.
//!
//! Sources ([`smtp::Receiver`] is built in) deliver [`Message`]s to one [`Inbox`]. A job opens a request for
//! its account's address and awaits the code or the link at its [`Ticket`]. They cannot cross: a message
//! counts only for the address of its envelope, only if it came after the job asked, and only once; and an
//! address has one request at a time.

mod desk;
pub mod extract;
mod html;
pub mod links;
mod message;
pub mod smtp;
mod source;
mod ticket;

pub use desk::{Inbox, InboxLimits, RequestRefused};
pub use html::html_to_text;
pub use message::Message;
pub use source::{Arrival, Content, Desk, DeskClosed, Source, SourceFailed, Taken};
pub use ticket::{
    CodeNotReceived, CodeRequest, CodeTicket, LinkNotReceived, LinkRequest, LinkTicket, Request, Ticket,
};
