//! Promise 6: codes cannot cross. And the mail server, tried over real sockets; and the reading of codes.

mod codes;
mod smtp;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lettre::message::{MultiPart, header::ContentType};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message as Mail, Tokio1Executor};
use proptest::prelude::*;
use secrecy::ExposeSecret;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::Instant;
use turnlock::inbox::extract::{Evidence, ExtractHints, code, code_of_parts};
use turnlock::inbox::smtp::{LookupFailed, ManagedAddresses, Receiver, SmtpLimits};
use turnlock::inbox::{
    CodeNotReceived, CodeRequest, CodeTicket, Inbox, InboxLimits, Message, RequestRefused,
};
use uuid::Uuid;

const ALICE: &str = "alice@accounts.example";
const BOB: &str = "bob@accounts.example";

fn request(address: &str) -> CodeRequest {
    CodeRequest {
        job: Uuid::new_v4(),
        address: address.to_owned(),
        asked_at: Timestamp::now(),
        hints: ExtractHints::default(),
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// For codes that must not come: what was delivered lies there already, so that no time passes.
fn at_once() -> Instant {
    Instant::now()
}

async fn next(ticket: &mut CodeTicket) -> String {
    ticket.next_code(soon()).await.unwrap().expose_secret().to_owned()
}

fn sms(address: &str, text: &str) -> Message {
    Message::from_text(address, Timestamp::now(), text)
}

// Claiming.

#[tokio::test]
async fn a_code_waits_for_its_job_or_the_job_for_its_code() {
    let inbox = Inbox::new();
    let mut ticket = inbox.request(request(ALICE)).unwrap();
    inbox.deliver(sms(ALICE, "Your code is 111111"));
    assert_eq!(next(&mut ticket).await, "111111");
    let waiting = tokio::spawn(async move { next(&mut ticket).await });
    tokio::task::yield_now().await;
    inbox.deliver(sms("Alice@Accounts.Example", "Welcome to our newsletter"));
    inbox.deliver(sms(ALICE, "Your code is 222222"));
    assert_eq!(waiting.await.unwrap(), "222222");
    assert_eq!(inbox.waiting(), 0);
}

#[tokio::test]
async fn a_code_for_another_address_is_never_taken() {
    let inbox = Inbox::new();
    let mut ticket = inbox.request(request(ALICE)).unwrap();
    for other in [BOB, "alice+work@accounts.example", "alice@other.example", "malice@accounts.example"] {
        inbox.deliver(sms(other, "Your code is 666666"));
    }
    let error = ticket.next_code(at_once()).await.unwrap_err();
    assert_eq!(error, CodeNotReceived::Nothing { address: ALICE.into() });
    let mut bob = inbox.request(CodeRequest { asked_at: Timestamp::UNIX_EPOCH, ..request(BOB) }).unwrap();
    assert_eq!(next(&mut bob).await, "666666");
}

#[tokio::test]
async fn a_code_that_came_before_the_job_asked_is_never_taken() {
    let inbox = Inbox::new();
    inbox.deliver(Message::from_text(
        ALICE,
        Timestamp::now() - SignedDuration::from_secs(1),
        "Your code is 111111",
    ));
    let mut ticket = inbox.request(request(ALICE)).unwrap();
    assert!(ticket.next_code(at_once()).await.is_err());
    inbox.deliver(sms(ALICE, "Your code is 222222"));
    assert_eq!(next(&mut ticket).await, "222222");
}

#[tokio::test]
async fn a_code_is_consumed_once() {
    let inbox = Inbox::new();
    let asked = CodeRequest { asked_at: Timestamp::UNIX_EPOCH, ..request(ALICE) };
    let mut ticket = inbox.request(asked.clone()).unwrap();
    inbox.deliver(sms(ALICE, "Your code is 111111"));
    inbox.deliver(sms(ALICE, "Your code is 222222"));
    assert_eq!(next(&mut ticket).await, "222222", "the newer one voids the older");
    assert!(ticket.next_code(at_once()).await.is_err());
    drop(ticket);
    let mut again = inbox.request(asked).unwrap();
    assert!(again.next_code(at_once()).await.is_err());
}

#[tokio::test]
async fn an_address_has_one_request_at_a_time() {
    let inbox = Inbox::new();
    let first = request(ALICE);
    let ticket = inbox.request(first.clone()).unwrap();
    let refused = inbox.request(request("ALICE@accounts.example")).unwrap_err();
    assert_eq!(
        refused,
        RequestRefused::AddressInUse { address: "ALICE@accounts.example".into(), job: first.job }
    );
    drop(inbox.request(request(BOB)).unwrap());
    drop(ticket);
    inbox.request(request(ALICE)).unwrap();
}

#[tokio::test]
async fn says_why_no_code_came() {
    let inbox = Inbox::new();
    let mut ticket = inbox.request(request(ALICE)).unwrap();
    inbox.deliver(sms(ALICE, "A new device signed in."));
    let error = ticket.next_code(at_once()).await.unwrap_err();
    assert_eq!(error, CodeNotReceived::NoCode { address: ALICE.into(), messages: 1 });
    inbox.deliver(sms(ALICE, "Your code is 111111. Your code is 222222."));
    let error = ticket.next_code(at_once()).await.unwrap_err();
    assert!(matches!(error, CodeNotReceived::Ambiguous { .. }), "{error}");
    assert!(!error.to_string().contains("1111"), "{error}");
    inbox.deliver(sms(ALICE, "Your code is 333333."));
    assert_eq!(next(&mut ticket).await, "333333");
}

#[tokio::test]
async fn keeps_no_more_than_its_bounds() {
    let limits =
        InboxLimits { per_address: 3, messages: 5, bytes: 2000, retention: SignedDuration::from_mins(15) };
    let inbox = Inbox::with_limits(limits);
    for n in 0..9 {
        inbox.deliver(sms(ALICE, &format!("Your code is {n}00000")));
    }
    assert_eq!(inbox.waiting(), 3);
    for n in 0..9 {
        inbox.deliver(sms(&format!("{n}@accounts.example"), "hello"));
    }
    assert_eq!(inbox.waiting(), 5);
    inbox.deliver(sms(BOB, &"x".repeat(1900)));
    assert!(inbox.waiting() < 5);
    inbox.deliver(Message::from_text(BOB, Timestamp::now() - SignedDuration::from_hours(1), "old"));
    let before = inbox.waiting();
    inbox.deliver(sms(ALICE, "new"));
    assert_eq!(inbox.waiting(), before, "the old one went as the new one came");
}
