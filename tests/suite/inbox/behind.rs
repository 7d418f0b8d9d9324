//! Mail that comes right behind a request, or right before it, while nobody watches the mailbox: the server tells its
//! time in whole seconds, and yet the one counts and the other does not.

use tokio::sync::watch;
use turnlock::inbox::imap::{Imap, ImapOptions, ImapUrl};
use turnlock::inbox::{Inbox, Serving};
use turnlock::store;
use url::Url;

use super::*;
use crate::harness::PATIENCE;
use crate::harness::dovecot::Dovecot;
use crate::harness::postgres::server;
use crate::harness::proxy::Proxy;

/// A mailbox, an inbox, and a way between them that can be cut.
struct Post {
    dovecot: Dovecot,
    proxy: Proxy,
    database: String,
    room: Mailroom,
}

impl Post {
    async fn open() -> Self {
        let (dovecot, database) = (Dovecot::start().await, server().database().await.to_string());
        let proxy = Proxy::to(dovecot.port()).await;
        let room = Mailroom::at(&database, &[ALICE, BOB]).await;
        Self { dovecot, proxy, database, room }
    }

    fn url(&self) -> Url {
        let mut url = self.dovecot.url();
        url.set_port(Some(self.proxy.port())).unwrap();
        url
    }

    /// Watches the mailbox, in a process of its own as far as the database can tell.
    async fn watched(&self, who: &str) -> Serving {
        let inbox = Inbox::new(store::open(&self.database).await.unwrap(), self.room.vault.message_seal());
        let awaited = watch::Sender::new(false);
        let options = ImapOptions { awaited: Some(awaited.subscribe()), ..ImapOptions::default() };
        let imap = Imap::new(ImapUrl::parse(self.url().as_str()).unwrap(), options);
        Serving::start(vec![Box::new(imap)], &inbox, &WorkerId::new(who), awaited)
    }

    async fn deliver(&self, to: &str, code: u32) {
        let raw = format!("Message-ID: <{code}@app.example>\nSubject: Sign in\n\nYour code is {code}.\n");
        self.dovecot.deliver(to, &raw).await;
    }

    /// Returns when that one has come, too.
    async fn delivered(&self, to: &str, code: u32) {
        let before = self.room.waiting().await;
        self.deliver(to, code).await;
        until(async || self.room.waiting().await > before).await;
    }

    /// Asks for a code of Alice's; returns when whoever watches the mailbox has looked since.
    async fn asked(&self) -> CodeTicket {
        let at = Instant::now();
        // The click comes before the request's row by what the app and the page take, and marks are told a little early.
        let asked = CodeRequest { asked_at: at - CLICK, ..request(ALICE) };
        let ticket = self.room.inbox.request(asked, patient()).await.unwrap();
        let mailbox = format!("INBOX of otp@127.0.0.1, port {}", self.proxy.port());
        until(async || {
            let mark = self.room.store.mailbox_mark(&mailbox).await.unwrap();
            mark.is_some_and(|mark| mark.looked > at)
        })
        .await;
        ticket
    }
}

fn patient() -> Instant {
    Instant::now() + PATIENCE
}

async fn until(mut done: impl AsyncFnMut() -> bool) {
    let by = patient();
    while !done().await {
        assert!(Instant::now() < by);
        tick().await;
    }
}

async fn code(mut ticket: CodeTicket) -> u32 {
    ticket.next_code(patient()).await.unwrap().found.expose_secret().parse().unwrap()
}

/// How long before its code is asked for a button was clicked.
const CLICK: Duration = Duration::from_millis(200);

/// So many times each: what comes at the turn of a second is easily told.
const ROUNDS: u32 = 4;

#[tokio::test(flavor = "multi_thread")]
async fn what_came_behind_a_request_counts_whichever_process_finds_it() {
    let post = Post::open().await;
    let mut watching = post.watched("first").await;
    post.delivered(BOB, 100_000).await;
    for round in 1..=ROUNDS {
        let ticket = post.asked().await;
        // As a process ends, and as one dies.
        match round % 2 {
            0 => watching.end().await,
            _ => drop(watching),
        }
        post.deliver(ALICE, 200_000 + round).await;
        watching = post.watched("first").await;
        assert_eq!(code(ticket).await, 200_000 + round);
    }
    watching.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_behind_a_request_counts_when_the_connection_is_there_again() {
    let post = Post::open().await;
    let watching = post.watched("first").await;
    post.delivered(BOB, 100_000).await;
    for round in 1..=ROUNDS {
        let ticket = post.asked().await;
        post.proxy.cut().await;
        post.deliver(ALICE, 200_000 + round).await;
        post.proxy.mend();
        assert_eq!(code(ticket).await, 200_000 + round);
    }
    watching.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_before_a_request_while_nobody_watched_never_answers_it() {
    let post = Post::open().await;
    let mut watching = post.watched("first").await;
    post.delivered(BOB, 100_000).await;
    for round in 1..=ROUNDS {
        let before = post.room.waiting().await;
        // By another process, and by the same one over another connection.
        let other = round % 2 == 0;
        post.proxy.cut().await;
        if other {
            watching.end().await;
            watching = post.watched("first").await;
        }
        post.deliver(ALICE, 200_000 + round).await;
        let ticket = post.room.inbox.request(request(ALICE), patient()).await.unwrap();
        post.proxy.mend();
        until(async || post.room.waiting().await > before).await;
        post.deliver(ALICE, 300_000 + round).await;
        assert_eq!(code(ticket).await, 300_000 + round);
    }
    watching.end().await;
}
