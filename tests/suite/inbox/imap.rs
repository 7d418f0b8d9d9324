//! The IMAP source, against a real Dovecot.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use turnlock::inbox::imap::{Imap, ImapOptions, ImapUrl};
use turnlock::inbox::{Arrival, Content, Desk, DeskClosed, Source, SourceFailed, Taken};
use url::Url;

use crate::harness::SOON;
use crate::harness::dovecot::Dovecot;
use crate::harness::proxy::Proxy;

/// Manages what `managed` says, and hands on what comes with the moment at which it came.
struct Collecting {
    managed: Box<dyn Fn(&str) -> bool + Send + Sync>,
    known: Mutex<HashSet<String>>,
    arrivals: mpsc::UnboundedSender<(Arrival, Taken, std::time::Instant)>,
}

#[async_trait]
impl Desk for Collecting {
    async fn manages(&self, address: &str) -> Result<bool, DeskClosed> {
        Ok((self.managed)(address))
    }

    async fn deliver(&self, arrival: Arrival) -> Result<Taken, DeskClosed> {
        let new = self.known.lock().unwrap().insert(arrival.key.clone().unwrap());
        let taken = if new { Taken::New } else { Taken::Already };
        let _ = self.arrivals.send((arrival, taken, std::time::Instant::now()));
        Ok(taken)
    }
}

/// A source at work, and what it brings.
struct Watching {
    desk: Arc<Collecting>,
    arrivals: mpsc::UnboundedReceiver<(Arrival, Taken, std::time::Instant)>,
    stop: watch::Sender<bool>,
    running: JoinHandle<Result<(), SourceFailed>>,
}

impl Watching {
    fn new(url: &Url) -> Self {
        Self::with(url, ImapOptions::default(), |address| address.contains("otp") || address.contains("acme"))
    }

    fn with(url: &Url, options: ImapOptions, managed: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        let (sender, arrivals) = mpsc::unbounded_channel();
        let (managed, known) = (Box::new(managed), Mutex::default());
        let desk = Arc::new(Collecting { managed, known, arrivals: sender });
        let (stop, running) = run(url, options, &desk);
        Self { desk, arrivals, stop, running }
    }

    async fn next(&mut self) -> (Arrival, Taken, std::time::Instant) {
        timeout(SOON, self.arrivals.recv()).await.expect("a mail is to arrive").unwrap()
    }

    /// The next that arrives, and for whom.
    async fn recipient(&mut self) -> String {
        self.next().await.0.recipient
    }

    /// Ends it in good order, and begins another for the same desk.
    async fn again(&mut self, url: &Url) {
        self.end().await;
        (self.stop, self.running) = run(url, ImapOptions::default(), &self.desk);
    }

    async fn end(&mut self) {
        self.stop.send_replace(true);
        let ended = timeout(Duration::from_secs(2), &mut self.running).await;
        ended.expect("it ends within 2 s").unwrap().unwrap();
    }

    async fn fails(self) -> String {
        timeout(SOON, self.running).await.unwrap().unwrap().unwrap_err().to_string()
    }
}

fn run(
    url: &Url,
    options: ImapOptions,
    desk: &Arc<Collecting>,
) -> (watch::Sender<bool>, JoinHandle<Result<(), SourceFailed>>) {
    let (stop, stopped) = watch::channel(false);
    let source = Imap::new(ImapUrl::parse(url.as_str()).unwrap(), options);
    assert!(source.runs_alone());
    let desk: Arc<dyn Desk> = Arc::clone(desk) as Arc<dyn Desk>;
    (stop, tokio::spawn(async move { source.run(desk, stopped).await }))
}

fn mail(code: u32) -> String {
    format!(
        "From: App <no-reply@app.example>\nTo: all@example.com\nSubject: Your code\n\nYour code is {code}.\n"
    )
}

fn text(arrival: &Arrival) -> String {
    let Content::Mail(raw) = &arrival.content else { panic!("{arrival:?}") };
    String::from_utf8(raw.clone()).unwrap()
}

#[tokio::test]
async fn mail_of_a_catch_all_arrives_for_the_envelopes_address_and_nothing_is_marked() {
    let dovecot = Dovecot::start().await;
    // One that was there before.
    dovecot.deliver("otp+before@example.com", &mail(1)).await;
    let mut watching = Watching::new(&dovecot.url());
    let (first, taken, _) = watching.next().await;
    assert_eq!((&*first.recipient, taken), ("otp+before@example.com", Taken::New));
    for to in ["otp+acme-alice@example.com", "alice@acme.example.com", "OTP@example.com", "otp@example.com"] {
        dovecot.deliver(to, &mail(2)).await;
        // This one does not know folding: the address is as the envelope has it.
        if to.starts_with("OTP") {
            continue;
        }
        let (arrival, ..) = watching.next().await;
        assert_eq!((&*arrival.recipient, &*arrival.sender), (to, "codes@app.example"));
        assert!(arrival.key.clone().unwrap().starts_with("imap:127.0.0.1/INBOX/"), "{arrival:?}");
        assert!(arrival.age < Duration::from_secs(3), "{arrival:?}");
        assert!(text(&arrival).contains("Your code is 2."));
    }
    // The envelope counts, and of its headers the topmost.
    let forged =
        format!("Delivered-To: otp+bob@example.com\nX-Original-To: otp+bob@example.com\n{}", mail(3));
    dovecot.deliver("otp+carol@example.com", &forged).await;
    assert_eq!(watching.recipient().await, "otp+carol@example.com");
    // What is for nobody is left; what names one managed address is that one's.
    dovecot.deliver("someone@else.example", &mail(4)).await;
    let to = |to: &str| mail(5).replace("To: all@", &format!("To: {to}, all@"));
    dovecot.deliver("all@example.com", &to("otp+a@example.com, otp+b@example.com")).await;
    dovecot.deliver("all@example.com", &to("otp+dave@example.com")).await;
    assert_eq!(watching.recipient().await, "otp+dave@example.com");
    // A big one arrives too, by its beginning; one that is not too big as a whole.
    for (bytes, all) in [(300_000, true), (3_000_000, false)] {
        let line = format!("{}\n", "x".repeat(99));
        let end = "otp end";
        dovecot.deliver("otp@example.com", &format!("{}{}{end}\n", mail(6), line.repeat(bytes / 100))).await;
        let arrived = text(&watching.next().await.0);
        assert!(arrived.contains("Your code is 6."));
        assert_eq!(arrived.trim_end().ends_with(end), all, "{}", arrived.len());
        assert!(arrived.len() <= 1024 * 1024);
    }
    let flags = dovecot.flags().await;
    assert_eq!(flags.len(), 11, "{flags:?}");
    assert!(flags.iter().all(|flags| !flags.contains("Seen")), "{flags:?}");
    // Another run brings what is not too old once more, under the same keys.
    watching.again(&dovecot.url()).await;
    let mut keys = Vec::new();
    for _ in 0..8 {
        let (arrival, taken, _) = watching.next().await;
        assert_eq!(taken, Taken::Already, "{arrival:?}");
        keys.push(arrival.key.unwrap());
    }
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), 8, "{keys:?}");
    watching.end().await;
}

#[tokio::test]
async fn nothing_is_missed_when_the_server_stops_or_the_connection_breaks() {
    let mut dovecot = Dovecot::start().await;
    let proxy = Proxy::to(dovecot.port()).await;
    let mut url = dovecot.url();
    url.set_port(Some(proxy.port())).unwrap();
    let mut watching = Watching::new(&url);
    dovecot.deliver("otp+1@example.com", &mail(1)).await;
    assert_eq!(watching.recipient().await, "otp+1@example.com");

    dovecot.stop().await;
    dovecot.start_again().await;
    for n in 2..6 {
        dovecot.deliver(&format!("otp+{n}@example.com"), &mail(n)).await;
    }
    let mut taken = HashSet::new();
    while taken.len() < 4 {
        taken.insert(watching.recipient().await);
    }

    proxy.cut().await;
    dovecot.deliver("otp+6@example.com", &mail(6)).await;
    proxy.mend();
    let (arrival, taken, _) = watching.next().await;
    assert_eq!((&*arrival.recipient, taken), ("otp+6@example.com", Taken::New));
    assert!(arrival.age < SOON, "{arrival:?}");
    dovecot.deliver("otp+7@example.com", &mail(7)).await;
    assert_eq!(watching.recipient().await, "otp+7@example.com");
    watching.end().await;
    assert!(watching.arrivals.try_recv().is_err());
}

#[tokio::test]
async fn a_thousand_addresses_and_two_mailboxes_take_a_connection_each_mailbox() {
    let dovecot = Dovecot::start().await;
    let addresses: HashSet<String> = (0..1000).map(|n| format!("otp+{n}@example.com")).collect();
    let managed = move |address: &str| addresses.contains(address);
    let mut watching = Watching::with(&dovecot.url(), ImapOptions::default(), managed);
    for n in (0..1000).step_by(200) {
        dovecot.deliver(&format!("otp+{n}@example.com"), &mail(n)).await;
        assert_eq!(watching.recipient().await, format!("otp+{n}@example.com"));
    }
    let connections = dovecot.who().await;
    assert_eq!(connections.len(), 1, "{connections:?}");
    watching.end().await;

    let mut url = dovecot.url();
    url.set_path("/INBOX,Codes");
    let mut watching = Watching::new(&url);
    dovecot.deliver("otp+x@example.com", &mail(1)).await;
    while watching.recipient().await != "otp+x@example.com" {}
    watching.end().await;
}

#[tokio::test]
async fn what_cannot_work_is_said() {
    let dovecot = Dovecot::start().await;
    let mut url = dovecot.url();
    url.set_password(Some("hunter2")).unwrap();
    let error = Watching::new(&url).fails().await;
    assert!(
        error.starts_with("IMAP mailbox INBOX of otp@127.0.0.1: the server refuses the password"),
        "{error}"
    );
    assert!(!error.contains("hunter2"), "{error}");
    let mut url = dovecot.url();
    url.set_path("/Nowhere");
    let error = Watching::new(&url).fails().await;
    assert!(error.contains("does not open the mailbox Nowhere"), "{error}");
    let mut url = dovecot.url();
    url.set_query(Some("auth=xoauth2"));
    let error = Watching::new(&url).fails().await;
    assert!(error.contains("offers no AUTH=XOAUTH2"), "{error}");
}

#[tokio::test]
async fn tls_is_used_from_the_start_or_by_starttls_and_only_with_a_trusted_certificate() {
    let dovecot = Dovecot::start().await;
    let error = Watching::new(&dovecot.secure_url()).fails().await;
    assert!(error.contains("the certificate of 127.0.0.1 is not trusted"), "{error}");
    let mut starttls = dovecot.url();
    starttls.set_query(Some("starttls=required"));
    let error = Watching::new(&starttls).fails().await;
    assert!(error.contains("is not trusted"), "{error}");
    let trusted = format!("ca_file={}", dovecot.certificate().display());
    for (mut url, query) in
        [(dovecot.secure_url(), trusted.clone()), (starttls, format!("starttls=required&{trusted}"))]
    {
        url.set_query(Some(&query));
        let mut watching = Watching::new(&url);
        dovecot.deliver("otp@example.com", &mail(1)).await;
        assert_eq!(watching.recipient().await, "otp@example.com");
        watching.end().await;
    }
}

#[tokio::test]
async fn a_server_without_idle_is_asked() {
    let dovecot = Dovecot::start_with(&[("WITHOUT_IDLE", "1")]).await;
    let mut watching = Watching::new(&dovecot.url());
    for n in 1..3 {
        dovecot.deliver("otp@example.com", &mail(n)).await;
        assert!(text(&watching.next().await.0).contains(&format!("Your code is {n}.")));
    }
    watching.end().await;
}

#[tokio::test]
async fn mail_in_a_mailbox_that_was_made_anew_is_new() {
    let dovecot = Dovecot::start().await;
    let proxy = Proxy::to(dovecot.port()).await;
    let mut url = dovecot.url();
    url.set_port(Some(proxy.port())).unwrap();
    url.set_path("/Codes");
    let saved = |n: u32| format!("Delivered-To: otp+{n}@example.com\n{}", mail(n));
    let (awaited, listening) = watch::channel(false);
    // Nobody is told of it while idle: whoever begins to wait for a code has the mailbox looked at.
    let wanted = || [false, true].map(|waiting| awaited.send_replace(waiting));
    let options = ImapOptions { awaited: Some(listening), ..ImapOptions::default() };
    let mut watching = Watching::with(&url, options, |_| true);
    dovecot.save(&saved(1)).await;
    assert_eq!(watching.recipient().await, "otp+1@example.com");
    // While it is watched, and while nobody is connected: the first mail has the same UID each time.
    dovecot.make_anew().await;
    // Dovecot loses what comes into a mailbox that is made anew under a session, until that has ended.
    let mut arrived = None;
    for _ in 0..10 {
        dovecot.save(&saved(2)).await;
        wanted();
        if let Ok(arrival) = timeout(Duration::from_secs(2), watching.arrivals.recv()).await {
            arrived = arrival;
            break;
        }
    }
    assert_eq!(arrived.expect("a mail is to arrive").0.recipient, "otp+2@example.com");
    proxy.cut().await;
    dovecot.make_anew().await;
    dovecot.save(&saved(3)).await;
    proxy.mend();
    let (arrival, taken) = loop {
        match watching.next().await {
            // The first may have come several times.
            (arrival, ..) if arrival.recipient == "otp+2@example.com" => {}
            (arrival, taken, _) => break (arrival, taken),
        }
    };
    assert_eq!((&*arrival.recipient, taken), ("otp+3@example.com", Taken::New));
    watching.end().await;
}

const TOKEN_KEY: &str = "the key that signs the access tokens of this test";

/// RFC 7519, signed by HS256.
fn token(user: &str, key: &str) -> String {
    use data_encoding::BASE64URL_NOPAD;
    use hmac::{Hmac, KeyInit as _, Mac as _};
    let now = jiff::Timestamp::now().as_second();
    let header = r#"{"alg":"HS256","typ":"JWT"}"#;
    let claims = format!(r#"{{"sub":"{user}","iat":{now},"nbf":{now},"exp":{}}}"#, now + 600);
    let signed = [header, &claims].map(|part| BASE64URL_NOPAD.encode(part.as_bytes())).join(".");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
}

#[tokio::test]
async fn an_access_token_signs_in_and_another_servers_does_not() {
    let dovecot = Dovecot::start_with(&[("TOKEN_KEY", TOKEN_KEY)]).await;
    let with = |token: String| {
        let mut url = dovecot.url();
        url.set_password(Some(&token)).unwrap();
        url.set_query(Some("auth=xoauth2"));
        url
    };
    let mut watching = Watching::new(&with(token("otp", TOKEN_KEY)));
    dovecot.deliver("otp@example.com", &mail(1)).await;
    assert_eq!(watching.recipient().await, "otp@example.com");
    watching.end().await;
    let strange = token("otp", "another key, by which nobody signs who may");
    let error = Watching::new(&with(strange.clone())).fails().await;
    assert!(error.contains("refuses the password or token"), "{error}");
    assert!(!error.contains(&strange), "{error}");
}

/// Not a test of speed, but the measuring of it: of 100 mails, from where Dovecot has taken one in to where it is handed
/// over, while it is awaited and while it is not.
#[tokio::test]
#[ignore = "it measures, and takes a minute"]
async fn how_long_a_mail_takes_through_dovecot() {
    let dovecot = Dovecot::start().await;
    let (awaited, listening) = watch::channel(false);
    let options = ImapOptions { awaited: Some(listening), ..ImapOptions::default() };
    let mut watching = Watching::with(&dovecot.url(), options, |_| true);
    dovecot.deliver("otp@example.com", &mail(0)).await;
    watching.next().await;
    for waiting in [false, true] {
        let (mut took, mut ages) = (Vec::new(), Vec::new());
        for n in 0..100_u64 {
            awaited.send_replace(waiting);
            // Mails come at any moment between two looks, and after the server's own half second.
            tokio::time::sleep(Duration::from_millis(520 + n * 37 % 100)).await;
            let accepted = dovecot.deliver("otp@example.com", &mail(1)).await;
            let (arrival, _, handed_over) = watching.next().await;
            took.push(handed_over.saturating_duration_since(accepted).as_secs_f64() * 1e3);
            ages.push(arrival.age.as_secs_f64() * 1e3);
        }
        for (what, mut all) in [("took", took), ("age", ages)] {
            all.sort_by(f64::total_cmp);
            println!(
                "awaited: {waiting}, {what}: median {:.1} ms, p95 {:.1} ms, most {:.1} ms",
                all[50], all[95], all[99]
            );
        }
    }
    watching.end().await;
}
