//! Promise 6: codes cannot cross. And the receivers of mail and text messages, over real sockets; and the reading of
//! codes.

mod behind;
mod beside;
mod claiming;
mod codes;
mod corpus;
mod crossing;
mod imap;
mod lmtp;
mod robustness;
mod sms;
mod smtp;
pub mod wire;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lettre::message::{MultiPart, header::ContentType};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message as Mail, Tokio1Executor};
use proptest::prelude::*;
use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use tokio::time::Instant;
use turnlock::inbox::extract::{CodePattern, Evidence, Expected, ExtractHints, Reason, code, code_of_parts};
use turnlock::inbox::smtp::{Receiver, SmtpLimits, SmtpOptions, StartTls};
use turnlock::inbox::{
    Arrival, CodeNotReceived, CodeRequest, CodeTicket, Content, Message, RequestRefused, Senders, Source,
    Taken,
};
use turnlock::job::AccountRef;
use turnlock::net::{ClientLimits, Listen, TlsFiles};
use turnlock::store::{AccountEntry, MessageRow, StoreError, WorkerId};
use uuid::Uuid;

use self::wire::{Raw, SelfSigned};
use crate::harness::desk::{Receiving, Tray, message};
use crate::harness::mailroom::{Mailroom, account_of, tick};

const ALICE: &str = "alice@accounts.example";
const BOB: &str = "bob@accounts.example";
const NUMBER: &str = "+15550100";

fn request(address: &str) -> CodeRequest {
    CodeRequest {
        job: Uuid::new_v4(),
        account: account_of(address),
        fence: None,
        address: address.to_owned(),
        asked_at: Instant::now(),
        sent_after: None,
        senders: Senders::default(),
        hints: ExtractHints::default(),
    }
}

/// One that counts what came before it too.
fn early(address: &str) -> CodeRequest {
    let asked_at = Instant::now() - Duration::from_secs(60);
    CodeRequest { asked_at, ..request(address) }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// For codes that must not come: what was delivered lies there already, so that no time passes.
fn at_once() -> Instant {
    Instant::now()
}

async fn next(ticket: &mut CodeTicket) -> String {
    ticket.next_code(soon()).await.unwrap().found.expose_secret().to_owned()
}

/// The code in what arrived, as a job would read it.
fn code_in(arrival: &Arrival) -> Option<String> {
    let found = message(arrival).code(&ExtractHints::default()).unwrap();
    found.map(|found| found.code.expose_secret().to_owned())
}

/// A text message, read.
fn sms(address: &str, text: &str) -> Message {
    Message::from_text(address, Timestamp::now(), text)
}
