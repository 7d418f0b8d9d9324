//! Promise 6: codes cannot cross. And the mail server, tried over real sockets; and the reading of codes.

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

// The mail server.

struct Post {
    inbox: Inbox,
    receiver: Receiver,
}

impl Post {
    async fn new() -> Self {
        Self::with(SmtpLimits::default()).await
    }

    async fn with(limits: SmtpLimits) -> Self {
        let managed = |address: &str| address.ends_with("@accounts.example");
        Self::serving(limits, Arc::new(managed)).await
    }

    async fn serving(limits: SmtpLimits, managed: Arc<dyn ManagedAddresses>) -> Self {
        let inbox = Inbox::new();
        let receiver =
            Receiver::bind("127.0.0.1:0".parse().unwrap(), inbox.clone(), managed, limits).await.unwrap();
        Self { inbox, receiver }
    }

    async fn send(
        &self,
        mail: Mail,
    ) -> Result<lettre::transport::smtp::response::Response, lettre::transport::smtp::Error> {
        let address = self.receiver.local_addr();
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
            .port(address.port())
            .build();
        transport.send(mail).await
    }

    async fn raw(&self) -> Raw {
        let mut raw = Raw(BufReader::new(TcpStream::connect(self.receiver.local_addr()).await.unwrap()));
        assert!(raw.read().await.starts_with("220 "));
        raw
    }

    /// A raw conversation up to where the message is sent.
    async fn raw_data(&self) -> Raw {
        let mut raw = self.raw().await;
        raw.say("EHLO test\r\nMAIL FROM:<app@example.com>\r\nRCPT TO:<alice@accounts.example>\r\nDATA\r\n")
            .await;
        while !raw.read().await.starts_with("354") {}
        raw
    }
}

/// A client without manners.
struct Raw(BufReader<TcpStream>);

impl Raw {
    async fn say(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).await.unwrap();
    }

    async fn read(&mut self) -> String {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).await.unwrap();
        assert!(read > 0, "the server closed the connection");
        line
    }

    async fn ask(&mut self, line: &str) -> String {
        self.say(&format!("{line}\r\n")).await;
        self.read().await
    }

    /// The last line before the server closes the connection.
    async fn last_words(&mut self) -> String {
        let mut rest = Vec::new();
        // A reset instead of an end comes where the server closed with input unread.
        let _ = self.0.read_to_end(&mut rest).await;
        String::from_utf8(rest).unwrap().lines().last().unwrap_or_default().to_owned()
    }
}

fn mail(to: &[&str], body: &str) -> Mail {
    let mut builder = Mail::builder().from("App <app@example.com>".parse().unwrap()).subject("Sign in");
    for address in to {
        builder = builder.to(address.parse().unwrap());
    }
    builder.header(ContentType::TEXT_PLAIN).body(body.to_owned()).unwrap()
}

#[tokio::test]
async fn delivers_a_mail_to_the_job_that_waits() {
    let post = Post::new().await;
    let mut ticket = post.inbox.request(request(ALICE)).unwrap();
    post.send(mail(&[ALICE], "Your verification code is:\n\n482915\n\n.It holds for 10 minutes.\n"))
        .await
        .unwrap();
    assert_eq!(next(&mut ticket).await, "482915");
    let html = Mail::builder()
        .from("app@example.com".parse().unwrap())
        .to(ALICE.parse().unwrap())
        .subject("Bestätigungscode")
        .multipart(MultiPart::alternative_plain_html(
            "Bitte HTML anzeigen.".to_owned(),
            "<style>b{color:#334455}</style><p>Ihr Bestätigungscode für März 2026:</p><p><b>731&nbsp;904</b></p>".to_owned(),
        ))
        .unwrap();
    post.send(html).await.unwrap();
    assert_eq!(next(&mut ticket).await, "731904");
    post.receiver.shutdown().await;
}

#[tokio::test]
async fn a_mail_to_two_accounts_reaches_each_once() {
    let post = Post::new().await;
    let mut alice = post.inbox.request(request(ALICE)).unwrap();
    let mut bob = post.inbox.request(request(BOB)).unwrap();
    post.send(mail(&[ALICE, BOB], "Your code is 482915")).await.unwrap();
    assert_eq!(next(&mut alice).await, "482915");
    assert_eq!(next(&mut bob).await, "482915");
    assert!(alice.next_code(at_once()).await.is_err());
}

#[tokio::test]
async fn the_envelope_counts_not_what_the_mail_claims() {
    let post = Post::new().await;
    let mut alice = post.inbox.request(request(ALICE)).unwrap();
    let mut raw = post.raw().await;
    raw.say("EHLO test\r\nMAIL FROM:<>\r\nRCPT TO:<bob@accounts.example>\r\nDATA\r\n").await;
    while !raw.read().await.starts_with("354") {}
    raw.say("To: alice@accounts.example\r\n\r\nYour code is 666666\r\n.\r\n").await;
    assert!(raw.read().await.starts_with("250"));
    assert!(alice.next_code(at_once()).await.is_err());
    assert_eq!(post.inbox.waiting(), 1);
}

#[tokio::test]
async fn refuses_addresses_that_it_does_not_manage() {
    let post = Post::new().await;
    let error = post.send(mail(&["someone@elsewhere.example"], "hi")).await.unwrap_err();
    assert!(error.is_permanent() && error.to_string().contains("550"), "{error}");
    let mut raw = post.raw().await;
    raw.ask("HELO test").await;
    assert!(raw.ask("MAIL FROM:<app@example.com>").await.starts_with("250"));
    assert!(raw.ask("RCPT TO:<eve@elsewhere.example>").await.starts_with("550"));
    assert!(raw.ask("DATA").await.starts_with("503"), "no recipient, no message");
    assert!(raw.ask("RCPT TO:<alice@accounts.example>").await.starts_with("250"));
    assert_eq!(post.inbox.waiting(), 0);
}

#[tokio::test]
async fn managed_addresses_may_change_at_any_time() {
    struct Book(Mutex<Result<Vec<String>, ()>>);
    impl ManagedAddresses for Book {
        fn manages<'a>(
            &'a self,
            address: &'a str,
        ) -> futures::future::BoxFuture<'a, Result<bool, LookupFailed>> {
            let known = self.0.lock().unwrap().clone();
            let found = known.map(|all| all.iter().any(|known| known == address));
            Box::pin(async move { found.map_err(|()| LookupFailed("database is away".into())) })
        }
    }
    let book = Arc::new(Book(Mutex::new(Ok(Vec::new()))));
    let post = Post::serving(SmtpLimits::default(), book.clone()).await;
    let mut raw = post.raw().await;
    raw.ask("HELO test").await;
    raw.ask("MAIL FROM:<app@example.com>").await;
    assert!(raw.ask("RCPT TO:<alice@accounts.example>").await.starts_with("550"));
    *book.0.lock().unwrap() = Ok(vec![ALICE.to_owned()]);
    assert!(raw.ask("RCPT TO:<alice@accounts.example>").await.starts_with("250"));
    *book.0.lock().unwrap() = Err(());
    assert!(raw.ask("RCPT TO:<alice@accounts.example>").await.starts_with("451"), "to be tried again later");
}

#[tokio::test]
async fn answers_commands_sent_ahead_in_order() {
    let post = Post::new().await;
    let mut ticket = post.inbox.request(request(ALICE)).unwrap();
    let mut raw = post.raw().await;
    raw.say(
        "EHLO test\r\nMAIL FROM:<app@example.com> SIZE=100 BODY=8BITMIME\r\nRCPT TO:<nobody@elsewhere.example>\r\n\
         RCPT TO:<alice@accounts.example>\r\nDATA\r\n",
    )
    .await;
    let mut replies = Vec::new();
    while !replies.last().is_some_and(|line: &String| line.starts_with("354")) {
        replies.push(raw.read().await);
    }
    let codes: Vec<&str> = replies.iter().map(|line| &line[..4]).collect();
    assert_eq!(codes, ["250-", "250-", "250-", "250 ", "250 ", "550 ", "250 ", "354 "]);
    raw.say("\r\nYour code is 482915\r\n..\r\n.\r\nNOOP\r\nRSET\r\nQUIT\r\n").await;
    let mut rest = String::new();
    raw.0.read_to_string(&mut rest).await.unwrap();
    let codes: Vec<&str> = rest.lines().map(|line| &line[..3]).collect();
    assert_eq!(codes, ["250", "250", "250", "221"]);
    assert_eq!(next(&mut ticket).await, "482915");
}

#[tokio::test]
async fn refuses_a_message_past_its_bounds_and_goes_on() {
    let post = Post::with(SmtpLimits { message: 10_000, data_line: 2000, ..SmtpLimits::default() }).await;
    let error = post.send(mail(&[ALICE], &"many words ".repeat(2000))).await.unwrap_err();
    assert!(error.to_string().contains("552"), "{error}");
    let mut raw = post.raw().await;
    raw.ask("HELO test").await;
    assert!(raw.ask("MAIL FROM:<app@example.com> SIZE=20000").await.starts_with("552"), "told ahead");
    let mut raw = post.raw_data().await;
    raw.say(&format!("{}\r\n.\r\n", "x".repeat(5000))).await;
    assert!(raw.read().await.starts_with("500"), "a line too long");
    assert!(raw.ask("MAIL FROM:<app@example.com>").await.starts_with("250"));
    assert_eq!(post.inbox.waiting(), 0);
    let mut raw = post.raw_data().await;
    raw.say(&"and on and on\r\n".repeat(20_000)).await;
    assert!(raw.last_words().await.starts_with("552"), "one without end is cut off");
}

#[tokio::test]
async fn refuses_a_command_line_past_its_bound() {
    let post = Post::new().await;
    let mut raw = post.raw().await;
    raw.say(&"x".repeat(5000)).await;
    assert!(raw.last_words().await.starts_with("500"));
}

#[tokio::test]
async fn refuses_recipients_errors_and_connections_past_their_bounds() {
    let limits = SmtpLimits { recipients: 2, errors: 3, connections: 2, ..SmtpLimits::default() };
    let post = Post::with(limits).await;
    let mut first = post.raw().await;
    first.ask("HELO test").await;
    first.ask("MAIL FROM:<app@example.com>").await;
    for n in 0..2 {
        assert!(first.ask(&format!("RCPT TO:<{n}@accounts.example>")).await.starts_with("250"));
    }
    assert!(first.ask("RCPT TO:<2@accounts.example>").await.starts_with("452"));
    let second = post.raw().await;
    let mut third = BufReader::new(TcpStream::connect(post.receiver.local_addr()).await.unwrap());
    let mut line = String::new();
    third.read_line(&mut line).await.unwrap();
    assert!(line.starts_with("421"), "{line}");
    drop(second);
    assert!(first.ask("MALE FROM:<x>").await.starts_with("500"));
    assert!(first.ask("AUTH PLAIN").await.starts_with("502"));
    first.say("BDAT 5 LAST\r\n").await;
    assert!(first.last_words().await.starts_with("421"));
}

#[tokio::test]
async fn lets_go_of_a_client_that_says_nothing() {
    let idle = Duration::from_millis(300);
    let post = Post::with(SmtpLimits { idle, ..SmtpLimits::default() }).await;
    assert!(post.raw().await.last_words().await.starts_with("421"));
    assert!(post.raw_data().await.last_words().await.starts_with("421"));
    let connection = Duration::from_millis(300);
    let post = Post::with(SmtpLimits { connection, ..SmtpLimits::default() }).await;
    assert!(post.raw().await.last_words().await.starts_with("421"));
}

#[tokio::test]
async fn takes_in_no_message_cut_short() {
    let post = Post::new().await;
    let mut raw = post.raw_data().await;
    raw.say("\r\nYour code is 482915\r\n").await;
    raw.0.get_mut().shutdown().await.unwrap();
    assert_eq!(raw.last_words().await, "");
    // A bare line feed ends no message (SMTP smuggling).
    let mut raw = post.raw_data().await;
    raw.say("\r\nfirst\n.\nMAIL FROM:<eve@example.com>\r\n.\r\n").await;
    assert!(raw.read().await.starts_with("250"));
    assert!(raw.ask("MAIL FROM:<app@example.com>").await.starts_with("250"));
    assert_eq!(post.inbox.waiting(), 1);
}

#[tokio::test]
async fn shuts_down_and_frees_its_address() {
    let post = Post::new().await;
    let address = post.receiver.local_addr();
    let mut raw = post.raw().await;
    let error = Receiver::bind(address, Inbox::new(), Arc::new(|_: &str| true), SmtpLimits::default()).await;
    assert!(error.unwrap_err().to_string().contains("cannot listen on 127.0.0.1"));
    post.receiver.shutdown().await;
    assert!(raw.last_words().await.starts_with("421"));
    assert!(TcpStream::connect(address).await.is_err());
}

// Reading codes.

fn read(text: &str) -> Result<Option<String>, usize> {
    code(text, &ExtractHints::default())
        .map(|found| found.map(|found| found.code.expose_secret().to_owned()))
        .map_err(|ambiguous| ambiguous.candidates)
}

#[test]
fn reads_codes_in_many_languages_and_forms() {
    let cases = [
        ("Your verification code is: 123456", "123456"),
        ("123 456 is your Acme code", "123456"),
        ("Use 12-34-56 to sign in", "123456"),
        ("Your login code:\n\nNHGM-DTFR\n\nIt expires in 15 minutes.", "NHGM-DTFR"),
        ("Enter AB12-CD34 to continue. This code can be used once.", "AB12-CD34"),
        ("G-482915 is your Google verification code.", "G-482915"),
        ("Code: x7k9p2", "x7k9p2"),
        ("Your one-time passcode is 48291573 and expires at 14:35.", "48291573"),
        ("On 2026-03-14 at 12:45 someone asked to sign in.\nYour code: 4829", "4829"),
        ("Order #771332 shipped. Your delivery PIN is 4821.", "4821"),
        ("Call +1 (800) 555-0199 if this was not you. Security code 902341", "902341"),
        ("© 2026 Acme, 1600 Amphitheatre Pkwy, CA 94043\nYour code is 731904", "731904"),
        ("Pay $1250.00 by 03/14/2026? Then confirm with code 5521.", "5521"),
        ("Open https://acme.example/verify?code=999999 or type the code 482915.", "482915"),
        ("Hello user4821, your password reset code is 738291.", "738291"),
        ("Ihr Bestätigungscode lautet 482915. Er ist 10 Minuten gültig.", "482915"),
        ("Dein Einmalkennwort: 48 29 15", "482915"),
        ("Votre code de vérification est 482915. Il expire dans 10 minutes.", "482915"),
        ("Tu código de verificación es 482915. No lo compartas.", "482915"),
        ("Seu código de verificação é 482915.", "482915"),
        ("Il tuo codice di verifica è 482915", "482915"),
        ("Je verificatiecode is 482915", "482915"),
        ("Twój kod weryfikacyjny to 482915", "482915"),
        ("Doğrulama kodunuz: 482915", "482915"),
        ("【爱可米】您的验证码是482915，10分钟内有效，请勿泄露。", "482915"),
        ("認証コードは４８２９１５です。", "482915"),
        ("[아크미] 인증번호 [482915]를 입력해 주세요.", "482915"),
        ("Код подтверждения: 482915. Никому не говорите его.", "482915"),
        ("482915 ist dein Anmeldecode. Fragen? 030 1234567", "482915"),
        ("Your code is\u{200b} 482\u{a0}915", "482915"),
        ("Your code is:\n\n1 2 3 4 5 6", "123456"),
        ("Enter code 2024 to finish signing in.", "2024"),
        ("482915\n\n@acme.example #731904", "731904"),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text), Ok(Some(expected.to_owned())), "{text}");
    }
}

/// As whole mails say it: the code on a line of its own, after a sentence that ends, with much around it.
#[test]
fn reads_codes_out_of_whole_mails() {
    let cases = [
        (
            "[example.com] Sign-In Code\n\nHello from example.com!\n\nYour sign-in code is listed below. Please enter it \
             in your open browser window.\n\nNHGM-DTFR\n\nThis mail can be safely ignored if you did not initiate \
             this action.\n\nThank you for using example.com!\nexample.com",
            "NHGM-DTFR",
        ),
        (
            "[GitHub] Please verify your device\n\nHey alice!\n\nA sign in attempt requires further verification \
             because we did not recognize your device. To complete the sign in, enter the verification code on the \
             unrecognized device.\n\nDevice: Chrome on Linux\nVerification code: 031846\n\nIf you did not attempt to \
             sign in to your account, your password may be compromised. Visit \
             https://github.com/settings/security to create a new, strong password.\n\nThanks,\nThe GitHub Team",
            "031846",
        ),
        (
            "Microsoft account security code\nPlease use the following security code for the Microsoft account \
             al**9@example.com.\n\nSecurity code: 7294135\n\nOnly enter this code on an official website or app. \
             Don't share it with anyone.\n\nThanks,\nThe Microsoft account team\n\nPrivacy Statement: \
             https://go.microsoft.com/fwlink/?LinkId=521839\nMicrosoft Corporation, One Microsoft Way, Redmond, WA 98052",
            "7294135",
        ),
        (
            "Your Acme sign-in request\n\nHi Alice,\n\nWe received a request to sign in on Tuesday, March 3, 2026 at \
             9:41 AM (UTC) from 198.51.100.23. Enter this code to continue.\n\n  7 3 1 9 0 4\n\nThis code expires in \
             15 minutes. Case 00481213. Acme Inc., 548 Market St #36879, San Francisco, CA 94104-5401 USA",
            "731904",
        ),
        (
            "Bestätigen Sie Ihre Anmeldung\n\nGuten Tag Frau Muster,\n\num sich anzumelden, geben Sie bitte den \
             folgenden Code ein:\n\nHJKLMN\n\nKundennummer: 10482915\nMuster AG, Postfach 1234, 80331 München, \
             Tel. 089 1234567, HRB 123456",
            "HJKLMN",
        ),
        (
            "Log in to Acme\n\nClick here to log in: https://acme.example/magic/83F9-22AB?x=123456\n\nOr copy and paste this \
             temporary login code:\n\nsparo-fipur-1029\n\nb82f-91kd\n\nIf you didn't try to login, ignore this mail.",
            "b82f-91kd",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text), Ok(Some(expected.to_owned())), "{text}");
    }
}

#[test]
fn reads_no_code_where_there_is_none() {
    for text in [
        "",
        "Welcome to Acme! Your account was created on March 14, 2026.",
        "Your order 771332 has shipped. Tracking number 482915.",
        "Rechnung Nr. 482915 vom 14.03.2026 über 1250,00 €",
        "Call us at 800-555-0199 or +49 30 123456.",
        "Save 2500 points until 31/12/2026, promo code SAVE2026",
        "New sign-in from 203.0.113.42 at 12:45:10.",
        "Meeting ID 938 4821 7730",
        "https://acme.example/confirm/482915",
        "Your card ending in 4821 was charged $19.99",
        "background: #334455",
        "Copyright 2026 Acme GmbH, HRB 482915",
        "You have 1500 users",
        "reply to ticket-482915@support.example",
    ] {
        assert_eq!(read(text), Ok(None), "{text}");
    }
}

#[test]
fn reports_doubt_and_does_not_guess() {
    assert_eq!(read("Your code is 111111. Your code is 222222."), Err(2));
    assert_eq!(read("Codes: 1111, 2222, 3333"), Err(3));
    let parts = ["Your code is 111111", "Your code is 222222"];
    assert!(code_of_parts(&parts, &ExtractHints::default()).is_err());
    // Known to have six digits, it is no doubt.
    let hints = ExtractHints { digits: Some(6), ..ExtractHints::default() };
    let found = code("Your code is 1111. Your code is 222222.", &hints).unwrap().unwrap();
    assert_eq!(found.code.expose_secret(), "222222");
}

#[test]
fn takes_no_code_that_is_bound_to_another_host() {
    let hints = ExtractHints { origin_host: Some("acme.example".into()), digits: None };
    let text = |host: &str| format!("Your code is 482915.\n\n@{host} #482915");
    let own = code(&text("acme.example"), &hints).unwrap().unwrap();
    assert_eq!(own.evidence, Evidence::OriginBound);
    assert!(code(&text("evil.example"), &hints).unwrap().is_none());
    assert!(code(&text("acme.example.evil.example"), &hints).unwrap().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn no_message_is_too_strange_to_be_read(
        text in "([ -~\\n]|[0-9]{4,6}|code|[-.:/@#+($]|<[a-z]{1,5}|&#x?[0-9]{1,9};|\\PC){0,60}",
        raw in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let _ = read(&text);
        let _ = read(&turnlock::inbox::html_to_text(&text));
        let _ = Message::from_mail(ALICE, Timestamp::now(), &raw).code(&ExtractHints::default());
        let mail = format!("Content-Type: text/html\r\n\r\n{text}");
        let _ = Message::from_mail(ALICE, Timestamp::now(), mail.as_bytes()).code(&ExtractHints::default());
        let _ = turnlock::credential::RecoveryCodes::parse(&text, None);
        let _ = turnlock::credential::TotpSecret::from_text(&text);
        let _ = turnlock::credential::TotpSecret::from_uri(&format!("otpauth://totp/{text}?{text}"));
    }
}

#[test]
fn a_message_full_of_numbers_is_no_burden() {
    let text =
        "Your code is 123456, ".repeat(3) + &(0..20_000).map(|n| format!("{n:06} x ")).collect::<String>();
    assert!(read(&text).is_err());
}

/// Real text messages, where they lie beside the checkout. One answer differs from ours on purpose: the
/// number of an order is not a code to sign in with.
#[test]
fn reads_real_messages() {
    let folder = std::env::var_os("TURNLOCK_CORPORA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"), PathBuf::from);
    let Ok(lines) = std::fs::read_to_string(folder.join("messages.jsonl")) else {
        eprintln!("no messages beside this checkout");
        return;
    };
    let (mut right, mut wrong, mut missed, mut total) = (0, 0, 0, 0);
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let found = read(entry["message"].as_str().unwrap());
        total += 1;
        if found == Ok(entry["code"].as_str().map(str::to_owned)) {
            right += 1;
            continue;
        }
        match found {
            Ok(Some(_)) => wrong += 1,
            _ => missed += 1,
        }
        eprintln!("{found:?} for {entry}");
    }
    eprintln!("{right} of {total} messages read right, {missed} not read, {wrong} read wrong");
    assert!(right * 100 >= total * 95, "{right} of {total}");
    assert_eq!(wrong, 0, "a wrong code costs an attempt");
}
