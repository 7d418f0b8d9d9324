//! Many jobs on one catch-all: messages out of order, late, twice, and for others, while the server comes and goes.

use std::collections::HashSet;

use turnlock::inbox::imap::{Imap, ImapOptions, ImapUrl};
use turnlock::inbox::{Answer, Inbox, Serving};
use turnlock::store;

use super::*;
use crate::harness::dovecot::Dovecot;
use crate::harness::postgres::server;
use crate::harness::{PATIENCE, Site, Stage};

const JOBS: u32 = 50;
const NOBODY: &str = "nobody@codes.example";

fn address(job: u32) -> String {
    // Half by plus addressing, half by subdomains.
    match job % 2 {
        0 => format!("otp+job{job}@codes.example"),
        _ => format!("job{job}@app{job}.codes.example"),
    }
}

/// The code that is sent to a job at a second; of no other job, at no other second.
fn code_at(job: u32, second: u32) -> u32 {
    100_000 + job * 100 + second
}

/// A mail with that code. The same one again is the same mail.
fn mail_at(job: u32, second: u32) -> String {
    let code = code_at(job, second);
    format!(
        "From: codes@app.example\nTo: {}\nDate: Sun, 29 Nov 2026 10:00:{second:02} +0000\n\
         Message-ID: <{job}.{second}@app.example>\nSubject: Sign in\n\nYour code is {code}.\n",
        address(job)
    )
}

fn newsletter(job: u32) -> String {
    format!(
        "From: news@app.example\nDate: Sun, 29 Nov 2026 10:00:59 +0000\nSubject: News\n\nNumber {job} is out.\n"
    )
}

fn asked(job: u32, after: Option<Timestamp>) -> CodeRequest {
    CodeRequest {
        account: format!("acme/job{job}").parse().unwrap(),
        sent_after: after,
        ..request(&address(job))
    }
}

fn patient() -> Instant {
    Instant::now() + PATIENCE
}

/// A source that brings what comes to the mailbox, in a process of its own as far as the database can tell.
async fn watching(dovecot: &Dovecot, url: &str, room: &Mailroom, who: &str) -> Serving {
    let store = store::open(url).await.unwrap();
    let inbox = Inbox::new(store, room.vault.message_seal());
    let awaited = tokio::sync::watch::Sender::new(false);
    let options = ImapOptions { awaited: Some(awaited.subscribe()), ..ImapOptions::default() };
    let imap = Imap::new(ImapUrl::parse(dovecot.url().as_str()).unwrap(), options);
    Serving::start(vec![Box::new(imap)], &inbox, &WorkerId::new(who), awaited)
}

async fn open(room: &Mailroom, job: u32, after: Option<Timestamp>) -> CodeTicket {
    room.inbox.request(asked(job, after), patient()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_code_crosses_between_fifty_jobs_on_one_catch_all() {
    let (mut dovecot, url) = (Dovecot::start().await, server().database().await);
    let room = Mailroom::at(&url, &[]).await;
    for job in 0..JOBS {
        let account: AccountRef = format!("acme/job{job}").parse().unwrap();
        let entry = AccountEntry { account, username: "x".into(), address: Some(address(job)), number: None };
        room.store.put_account(&entry, &[]).await.unwrap();
    }
    // What lies there before anybody asks.
    let serving = watching(&dovecot, &url, &room, "one").await;
    let standby = watching(&dovecot, &url, &room, "two").await;
    for job in 0..JOBS {
        dovecot.deliver(&address(job), &mail_at(job, 1)).await;
    }
    until(async || room.waiting().await == JOBS as usize).await;
    assert_eq!(dovecot.who().await.len(), 1, "one connection for all addresses, and for both processes");
    tick().await;

    // All ask at once. To each come two codes, the newer one first; news; and the newer code a second time.
    let mut tickets = Vec::new();
    for job in 0..JOBS {
        tickets.push(open(&room, job, None).await);
    }
    let answers = tickets
        .into_iter()
        .map(|mut ticket| tokio::spawn(async move { ticket.next_code(patient()).await.unwrap() }));
    let answers: Vec<_> = answers.collect();
    for job in (0..JOBS).rev() {
        let of_nobody = mail_at(job, 2).replace(&address(job), NOBODY);
        dovecot.deliver(NOBODY, &of_nobody).await;
        dovecot.deliver(&address(job), &newsletter(job)).await;
        dovecot.deliver(&address(job), &mail_at(job, 20)).await;
        dovecot.deliver(&address(job), &mail_at(job, 10)).await;
        dovecot.deliver(&address(job), &mail_at(job, 20)).await;
    }
    let mut seen = HashSet::new();
    let mut sent = Vec::new();
    for (job, answer) in (0..JOBS).zip(answers) {
        let Answer { found, sent_at, .. } = answer.await.unwrap();
        let code: u32 = found.expose_secret().parse().unwrap();
        assert!([code_at(job, 10), code_at(job, 20)].contains(&code), "job {job} got {code}");
        assert!(seen.insert(code));
        sent.push(sent_at.unwrap());
    }

    // The app wants another: what was late is of no use any more. The server stops while they wait.
    let mut tickets = Vec::new();
    for job in 0..JOBS {
        tickets.push(open(&room, job, Some(sent[job as usize])).await);
    }
    for job in 0..JOBS / 2 {
        dovecot.deliver(&address(job), &mail_at(job, 9)).await;
        dovecot.deliver(&address(job), &mail_at(job, 30)).await;
    }
    dovecot.stop().await;
    dovecot.start_again().await;
    for job in JOBS / 2..JOBS {
        dovecot.deliver(&address(job), &mail_at(job, 30)).await;
        dovecot.deliver(&address(job), &mail_at(job, 9)).await;
    }
    for (job, mut ticket) in (0..JOBS).zip(tickets) {
        let code = ticket.next_code(patient()).await.unwrap().found;
        let code: u32 = code.expose_secret().parse().unwrap();
        let wanted = [code_at(job, 20), code_at(job, 30)];
        assert!(wanted.contains(&code), "job {job} got {code}");
        assert!(seen.insert(code), "{code} was taken twice");
    }

    // The process that reads the mailbox ends; the other one takes over. What it finds when it comes counts as older than it
    // may be, so it is waited for until it has brought something.
    serving.end().await;
    let before = room.waiting().await;
    dovecot.deliver(&address(8), &newsletter(8)).await;
    until(async || room.waiting().await > before).await;
    let mut ticket = open(&room, 7, Some(sent[7])).await;
    dovecot.deliver(&address(7), &mail_at(7, 40)).await;
    let code = ticket.next_code(patient()).await.unwrap().found;
    assert_eq!(code.expose_secret(), code_at(7, 40).to_string());
    standby.end().await;
}

async fn until(mut done: impl AsyncFnMut() -> bool) {
    let by = patient();
    while !done().await {
        assert!(Instant::now() < by);
        tick().await;
    }
}

/// From the server's acceptance of a mail to the code in the page. `scripts/run-test how_soon_a_code_is_typed --ignored`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures; asserts nothing"]
async fn how_soon_a_code_is_typed() {
    let (dovecot, url) = (Dovecot::start().await, server().database().await);
    let room = Mailroom::at(&url, &[ALICE]).await;
    let _serving = watching(&dovecot, &url, &room, "one").await;
    let site = Site::page("<label>Code <input autocomplete=one-time-code></label>").await;
    let stage = Stage::open(&site.url()).await;
    let mut took = Vec::new();
    for second in 0..60 {
        let mut ticket = room.inbox.request(request(ALICE), soon()).await.unwrap();
        let raw = format!(
            "Date: Sun, 29 Nov 2026 10:00:{second:02} +0000\nMessage-ID: <{second}@app.example>\n\nYour code is {}\n",
            123_400 + second
        );
        let accepted = dovecot.deliver(ALICE, &raw).await;
        let code = next(&mut ticket).await;
        stage.fill_secret("{ label: Code }", &code).await.unwrap();
        took.push(accepted.elapsed().as_millis());
    }
    took.sort_unstable();
    eprintln!("median {} ms, 95th percentile {} ms, most {} ms", took[30], took[57], took[59]);
}
