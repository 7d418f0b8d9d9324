//! The managed inbox: how verification codes and links reach the job that asked for them, and no other.
//!
//! [`Source`]s hand [`Arrival`]s over to one [`Desk`], the [`Inbox`], which seals them and lays them into the database:
//! the process that takes a message in need not be the one whose job awaits it. A job opens a request for its account's
//! address and awaits the code or the link at its [`Ticket`]. They cannot cross: a message counts only for the address
//! of its envelope, only if it came after the app was asked, and only once; and an address has one request at a time.

mod desk;
mod detect;
mod domain;
pub mod extract;
mod html;
pub mod imap;
mod lexicon;
pub mod links;
mod message;
pub mod number;
mod quoted;
mod received;
mod recipient;
mod results;
mod sender;
mod serving;
mod shown;
mod site;
pub mod sms;
pub mod smtp;
mod source;
mod structured;
mod ticket;

pub use desk::{Inbox, RequestRefused};
pub use detect::is_mail;
pub use html::html_to_text;
pub use message::Message;
pub use received::Received;
pub use recipient::Addresses;
pub use results::AuthenticationResults;
pub use sender::{Sender, Senders};
pub use serving::Serving;
pub use source::{Arrival, Content, Desk, DeskClosed, MailboxMark, Source, SourceFailed, Taken};
pub use ticket::{
    Answer, CodeNotReceived, CodeRequest, CodeTicket, LinkNotReceived, LinkRequest, LinkTicket, Request,
    Ticket,
};
