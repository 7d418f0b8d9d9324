//! The mail receiver, on real sockets.

use super::*;

struct Post {
    tray: Arc<Tray>,
    receiver: Receiving,
}

impl Post {
    async fn new() -> Self {
        Self::with(SmtpLimits::default()).await
    }

    async fn with(limits: SmtpLimits) -> Self {
        Self::as_said(SmtpOptions { limits, ..anywhere() }).await
    }

    async fn as_said(options: SmtpOptions) -> Self {
        let tray = Tray::new(&[ALICE, BOB, "0@accounts.example", "1@accounts.example", "2@accounts.example"]);
        let receiver = Receiver::bind(options).await.unwrap();
        let address = receiver.local_addr();
        Self { tray: tray.clone(), receiver: Receiving::start(receiver, address, tray) }
    }

    async fn send(
        &self,
        mail: Mail,
    ) -> Result<lettre::transport::smtp::response::Response, lettre::transport::smtp::Error> {
        let address = self.receiver.address;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(address.ip().to_string())
            .port(address.port())
            .build();
        transport.send(mail).await
    }

    async fn raw(&self) -> Raw {
        let mut raw = Raw::connect(self.receiver.address).await;
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

fn anywhere() -> SmtpOptions {
    SmtpOptions::smtp(([127, 0, 0, 1], 0).into())
}

fn mail(to: &[&str], body: &str) -> Mail {
    let mut builder = Mail::builder().from("App <app@example.com>".parse().unwrap()).subject("Sign in");
    for address in to {
        builder = builder.to(address.parse().unwrap());
    }
    builder.header(ContentType::TEXT_PLAIN).body(body.to_owned()).unwrap()
}

#[tokio::test]
async fn delivers_a_mail_as_it_came() {
    let post = Post::new().await;
    post.send(mail(&[ALICE], "Your verification code is:\n\n482915\n\n.It holds for 10 minutes.\n"))
        .await
        .unwrap();
    let arrival = post.tray.next().await;
    assert_eq!((arrival.recipient.as_str(), arrival.sender.as_str()), (ALICE, "app@example.com"));
    assert_eq!((arrival.age, code_in(&arrival).as_deref()), (Duration::ZERO, Some("482915")));
    let Content::DirectMail(raw) = arrival.content else { panic!("nobody's word but its sender's") };
    assert!(String::from_utf8(raw).unwrap().contains("\r\n.It holds for 10 minutes.\r\n"));
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
    assert_eq!(code_in(&post.tray.next().await).as_deref(), Some("731904"));
    post.receiver.end().await;
}

#[tokio::test]
async fn a_mail_to_two_accounts_reaches_each_once() {
    let post = Post::new().await;
    post.send(mail(&[ALICE, BOB], "Your code is 482915")).await.unwrap();
    let both = [post.tray.next().await, post.tray.next().await];
    assert_eq!(both.each_ref().map(|arrival| arrival.recipient.as_str()), [ALICE, BOB]);
    assert_eq!(both.each_ref().map(code_in), [(); 2].map(|()| Some("482915".to_owned())));
    let mut raw = post.raw().await;
    raw.say("EHLO test\r\nMAIL FROM:<a@example.com>\r\n").await;
    raw.say("RCPT TO:<alice@accounts.example>\r\nRCPT TO:<Alice@Accounts.example>\r\nDATA\r\n").await;
    while !raw.read().await.starts_with("354") {}
    assert!(raw.ask("\r\nYour code is 111111\r\n.").await.starts_with("250"));
    assert_eq!((post.tray.next().await.recipient.as_str(), post.tray.waiting()), (ALICE, 0));
}

#[tokio::test]
async fn a_mail_that_is_sent_again_is_known_by_its_id() {
    let post = Post::new().await;
    let again = "Message-ID: <one@example.com>\r\n\r\nYour code is 482915\r\n.";
    for _ in 0..2 {
        assert!(post.raw_data().await.ask(again).await.starts_with("250"));
    }
    let arrival = post.tray.next().await;
    assert_eq!((arrival.key.as_deref(), post.tray.waiting()), (Some("mid:<one@example.com>"), 0));
    assert!(post.raw_data().await.ask("Subject: hi\r\n\r\nno id\r\n.").await.starts_with("250"));
    assert_eq!(post.tray.next().await.key, None);
}

#[tokio::test]
async fn says_taken_in_only_when_it_is_for_all() {
    let post = Post::new().await;
    post.tray.close_for(&[BOB]);
    let both = "MAIL FROM:<app@example.com>\r\nRCPT TO:<alice@accounts.example>\r\nRCPT TO:<bob@accounts.example>\r\nDATA\r\n";
    let text = "Message-ID: <two@example.com>\r\n\r\nYour code is 482915\r\n.";
    let mut raw = post.raw().await;
    raw.ask("HELO test").await;
    raw.say(both).await;
    while !raw.read().await.starts_with("354") {}
    assert!(raw.ask(text).await.starts_with("451 4.3.0"), "it is to be sent again");
    assert_eq!(post.tray.next().await.recipient, ALICE);
    post.tray.close_for(&[]);
    raw.say(both).await;
    while !raw.read().await.starts_with("354") {}
    post.tray.manage(&[BOB]);
    assert!(raw.ask(text).await.starts_with("250"), "somebody has it");
    assert_eq!((post.tray.next().await.recipient.as_str(), post.tray.waiting()), (BOB, 0));
    post.tray.manage(&[ALICE]);
    let mut raw = post.raw_data().await;
    post.tray.manage(&[]);
    assert!(
        raw.ask("\r\nYour code is 482915\r\n.").await.starts_with("550 5.1.1"),
        "the account went meanwhile"
    );
}

#[tokio::test]
async fn the_envelope_counts_not_what_the_mail_claims() {
    let post = Post::new().await;
    let mut raw = post.raw().await;
    raw.say("EHLO test\r\nMAIL FROM:<>\r\nRCPT TO:<bob@accounts.example>\r\nDATA\r\n").await;
    while !raw.read().await.starts_with("354") {}
    raw.say("To: alice@accounts.example\r\n\r\nYour code is 666666\r\n.\r\n").await;
    assert!(raw.read().await.starts_with("250"));
    let arrival = post.tray.next().await;
    assert_eq!((arrival.recipient.as_str(), arrival.sender.as_str(), post.tray.waiting()), (BOB, "", 0));
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
    assert_eq!(post.tray.waiting(), 0);
}

#[tokio::test]
async fn managed_addresses_may_change_at_any_time() {
    let post = Post::new().await;
    post.tray.manage(&[]);
    let mut raw = post.raw().await;
    raw.ask("HELO test").await;
    raw.ask("MAIL FROM:<app@example.com>").await;
    assert!(raw.ask("RCPT TO:<alice@accounts.example>").await.starts_with("550"));
    post.tray.manage(&[ALICE]);
    assert!(raw.ask("RCPT TO:<alice@accounts.example>").await.starts_with("250"));
    post.tray.lose_the_list();
    assert!(raw.ask("RCPT TO:<alice@accounts.example>").await.starts_with("451"), "to be tried again later");
}

#[tokio::test]
async fn answers_commands_sent_ahead_in_order() {
    let post = Post::new().await;
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
    assert_eq!(codes, ["250-", "250-", "250-", "250-", "250 ", "250 ", "550 ", "250 ", "354 "]);
    raw.say("\r\nYour code is 482915\r\n..\r\n.\r\nNOOP\r\nRSET\r\nQUIT\r\n").await;
    let rest = raw.rest().await;
    let codes: Vec<&str> = rest.lines().map(|line| &line[..3]).collect();
    assert_eq!(codes, ["250", "250", "250", "221"]);
    assert_eq!(code_in(&post.tray.next().await).as_deref(), Some("482915"));
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
    assert_eq!(post.tray.waiting(), 0);
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
    let line = Raw::connect(post.receiver.address).await.read().await;
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
    raw.end().await;
    assert_eq!(raw.last_words().await, "");
    // A bare line feed ends no message (SMTP smuggling).
    let mut raw = post.raw_data().await;
    raw.say("\r\nfirst\n.\nMAIL FROM:<eve@example.com>\r\n.\r\n").await;
    assert!(raw.read().await.starts_with("250"));
    assert!(raw.ask("MAIL FROM:<app@example.com>").await.starts_with("250"));
    assert_eq!(post.tray.waiting(), 1);
}

#[tokio::test]
async fn shuts_down_and_frees_its_address() {
    let post = Post::new().await;
    let address = post.receiver.address;
    let mut raw = post.raw().await;
    let error = Receiver::bind(SmtpOptions::smtp(address)).await.unwrap_err();
    assert!(error.is_in_use() && error.to_string().contains("cannot listen on 127.0.0.1"), "{error}");
    post.receiver.end().await;
    assert!(raw.last_words().await.starts_with("421"));
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_receiver_may_run_more_than_once() {
    let receiver = Arc::new(Receiver::bind(anywhere()).await.unwrap());
    let address = receiver.local_addr().unwrap();
    assert_eq!(receiver.describe(), format!("SMTP receiver on {address}"));
    for _ in 0..2 {
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let running = receiver.clone();
        let run = tokio::spawn(async move { running.run(Tray::new(&[]), stopped).await });
        while TcpStream::connect(address).await.is_err() {
            tokio::task::yield_now().await;
        }
        stop.send_replace(true);
        run.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_client_has_bounds_of_its_own() {
    let client = Some(ClientLimits { connections: 1, messages_per_minute: 2 });
    let post = Post::with(SmtpLimits { client, ..SmtpLimits::default() }).await;
    let mut raw = post.raw_data().await;
    let refused = Raw::connect(post.receiver.address).await.read().await;
    assert!(refused.starts_with("421 4.7.0"), "{refused}");
    assert!(raw.ask("\r\nYour code is 482915\r\n.").await.starts_with("250"));
    assert!(raw.ask("MAIL FROM:<app@example.com>").await.starts_with("250"));
    raw.ask("RSET").await;
    let refused = raw.ask("MAIL FROM:<app@example.com>").await;
    assert!(refused.starts_with("450 4.7.1"), "{refused}");
}

// Encryption.

async fn with_tls(required: bool) -> (Post, SelfSigned) {
    let made = SelfSigned::new();
    let tls = Some(StartTls { files: made.files(), required });
    (Post::as_said(SmtpOptions { tls, ..anywhere() }).await, made)
}

#[tokio::test]
async fn takes_mail_within_tls() {
    let (post, made) = with_tls(true).await;
    let mut raw = post.raw().await;
    assert!(raw.greet("EHLO test").await.contains("250-STARTTLS\r\n"));
    for early in ["MAIL FROM:<app@example.com>", "RCPT TO:<alice@accounts.example>", "DATA"] {
        assert!(raw.ask(early).await.starts_with("530 5.7.0"), "{early}");
    }
    assert!(raw.ask("STARTTLS").await.starts_with("220"));
    let mut raw = raw.secure(&made).await;
    assert!(raw.ask("MAIL FROM:<app@example.com>").await.starts_with("503"), "who it is was forgotten");
    assert!(!raw.greet("EHLO test").await.contains("STARTTLS"));
    assert!(raw.ask("STARTTLS").await.starts_with("503"), "once is enough");
    assert!(raw.ask("MAIL FROM:<app@example.com>").await.starts_with("250"));
    assert!(raw.ask("RCPT TO:<alice@accounts.example>").await.starts_with("250"));
    assert!(raw.ask("DATA").await.starts_with("354"));
    assert!(raw.ask("\r\nYour code is 482915\r\n.").await.starts_with("250"));
    assert_eq!(code_in(&post.tray.next().await).as_deref(), Some("482915"));
    assert!(raw.ask("QUIT").await.starts_with("221"));
    post.receiver.end().await;
}

#[tokio::test]
async fn nothing_said_before_tls_counts_within_it() {
    let (post, made) = with_tls(false).await;
    // What somebody on the way puts behind the command would be taken for the client's own.
    let mut raw = post.raw().await;
    raw.greet("EHLO test").await;
    raw.say("STARTTLS\r\nEHLO eve\r\nMAIL FROM:<eve@example.com>\r\n").await;
    let rest = raw.rest().await;
    assert!(rest.starts_with("503 5.5.1 Nothing may follow STARTTLS") && rest.lines().count() == 1, "{rest}");
    // A part of a line is no better.
    let mut raw = post.raw().await;
    raw.greet("EHLO test").await;
    raw.say("STARTTLS\r\nMAIL FROM:<eve@exam").await;
    assert!(raw.last_words().await.starts_with("503"));
    // A message that was begun in the clear is not gone on with.
    let mut raw = post.raw().await;
    raw.greet("EHLO test").await;
    raw.ask("MAIL FROM:<eve@example.com>").await;
    raw.ask("RCPT TO:<alice@accounts.example>").await;
    assert!(raw.ask("STARTTLS").await.starts_with("220"));
    let mut raw = raw.secure(&made).await;
    assert!(raw.ask("DATA").await.starts_with("503"));
    // Whoever does not want it gets through without.
    post.send(mail(&[ALICE], "Your code is 482915")).await.unwrap();
    assert_eq!(post.tray.next().await.sender, "app@example.com");
}

#[tokio::test]
async fn offers_tls_only_where_it_has_a_certificate() {
    let post = Post::new().await;
    let mut raw = post.raw().await;
    assert!(!raw.greet("EHLO test").await.contains("STARTTLS"));
    assert!(raw.ask("STARTTLS").await.starts_with("502"));
    let made = SelfSigned::new();
    let files = TlsFiles { key: made.files().certificate, ..made.files() };
    let tls = Some(StartTls { files, required: false });
    let error = Receiver::bind(SmtpOptions { tls, ..anywhere() }).await.unwrap_err();
    assert!(error.to_string().contains("must be a private key in PEM"), "{error}");
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_at_once() {
    let (post, made) = with_tls(false).await;
    let renewed = SelfSigned::new();
    made.replace_by(&renewed);
    let mut raw = post.raw().await;
    raw.greet("EHLO test").await;
    raw.ask("STARTTLS").await;
    let mut raw = raw.secure(&renewed).await;
    assert!(raw.greet("EHLO test").await.starts_with("250"));
}

#[tokio::test]
async fn nobody_vouches_for_himself() {
    let room = Mailroom::open(&[ALICE]).await;
    let servers = vec!["mx.own.example".to_owned()];
    let senders = Senders { authenticated: true, servers, ..Senders::default() };
    let mail = "From: codes@acme.example\r\n\
                Authentication-Results: mx.own.example; dmarc=pass header.from=acme.example\r\n\r\n\
                Your code is 482915\r\n.";
    for behind_server in [false, true] {
        let receiver = Receiver::bind(SmtpOptions { behind_server, ..anywhere() }).await.unwrap();
        let address = receiver.local_addr();
        let receiving = Receiving::start(receiver, address, Arc::new(room.inbox.clone()));
        let asked = CodeRequest { senders: senders.clone(), ..request(ALICE) };
        let mut ticket = room.inbox.request(asked, soon()).await.unwrap();
        let mut raw = Raw::connect(receiving.address).await;
        raw.say(&format!("EHLO test\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<{ALICE}>\r\nDATA\r\n")).await;
        while !raw.read().await.starts_with("354") {}
        assert!(raw.ask(mail).await.starts_with("250"));
        if behind_server {
            assert_eq!(next(&mut ticket).await, "482915");
        } else {
            let error = ticket.next_code(at_once()).await.unwrap_err().to_string();
            assert!(error.contains("came straight from whoever sent it"), "{error}");
        }
        receiving.end().await;
    }
}
