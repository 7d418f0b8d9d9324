//! The receiver, on real sockets.

use super::*;

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
