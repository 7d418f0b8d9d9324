//! What a mail server of one's own hands over: an answer for each recipient.

use std::os::unix::fs::PermissionsExt;

use super::*;

const CAROL: &str = "carol@accounts.example";

async fn start(listen: Listen) -> (Arc<Tray>, Receiving) {
    let tray = Tray::new(&[ALICE, BOB, CAROL]);
    let receiver = Receiver::bind(SmtpOptions::lmtp(listen)).await.unwrap();
    let address = receiver.local_addr();
    (tray.clone(), Receiving::start(receiver, address, tray))
}

fn anywhere() -> Listen {
    Listen::Tcp(([127, 0, 0, 1], 0).into())
}

/// Names the recipients; what is said to each of them.
async fn name(raw: &mut Raw, recipients: &[&str]) -> Vec<String> {
    assert!(raw.ask("MAIL FROM:<app@example.com>").await.starts_with("250"));
    let mut replies = Vec::new();
    for recipient in recipients {
        replies.push(raw.ask(&format!("RCPT TO:<{recipient}>")).await[..9].to_owned());
    }
    replies
}

/// Sends the message; that many answers.
async fn send(raw: &mut Raw, answers: usize) -> Vec<String> {
    assert!(raw.ask("DATA").await.starts_with("354"));
    raw.say("Message-ID: <three@example.com>\r\n\r\nYour code is 482915\r\n.\r\n").await;
    let mut replies = Vec::new();
    for _ in 0..answers {
        replies.push(raw.read().await[..9].to_owned());
    }
    replies
}

#[tokio::test]
async fn answers_for_each_recipient() {
    let (tray, receiver) = start(anywhere()).await;
    let mut raw = Raw::connect(receiver.address).await;
    assert!(raw.read().await.starts_with("220 turnlock LMTP"));
    let offered = raw.greet("LHLO mx.example").await;
    assert!(offered.contains("PIPELINING") && offered.contains("ENHANCEDSTATUSCODES"), "{offered}");
    let named = name(&mut raw, &[ALICE, "eve@elsewhere.example", BOB, ALICE, CAROL]).await;
    assert_eq!(named, ["250 2.1.5", "550 5.1.1", "250 2.1.5", "250 2.1.5", "250 2.1.5"]);
    tray.close_for(&[BOB]);
    tray.manage(&[ALICE, BOB]);
    let sent = send(&mut raw, 4).await;
    assert_eq!(sent, ["250 2.0.0", "451 4.3.0", "250 2.0.0", "550 5.1.1"]);
    assert_eq!((tray.next().await.recipient.as_str(), tray.waiting()), (ALICE, 0));
    // The one that was put off comes again, alone.
    tray.close_for(&[]);
    name(&mut raw, &[BOB]).await;
    assert_eq!(send(&mut raw, 1).await, ["250 2.0.0"]);
    assert_eq!(tray.next().await.recipient, BOB);
    assert!(raw.ask("QUIT").await.starts_with("221"));
}

#[tokio::test]
async fn refuses_for_each_recipient() {
    let tray = Tray::new(&[ALICE, BOB]);
    let limits = SmtpLimits { message: 100, ..SmtpLimits::own_server() };
    let receiver = Receiver::bind(SmtpOptions { limits, ..SmtpOptions::lmtp(anywhere()) }).await.unwrap();
    let address = receiver.local_addr();
    let receiver = Receiving::start(receiver, address, tray.clone());
    let mut raw = Raw::connect(receiver.address).await;
    raw.read().await;
    raw.greet("LHLO mx.example").await;
    name(&mut raw, &[ALICE, BOB]).await;
    assert!(raw.ask("DATA").await.starts_with("354"));
    raw.say(&format!("{}.\r\n", "many words\r\n".repeat(20))).await;
    assert_eq!([raw.read().await, raw.read().await].map(|line| line[..9].to_owned()), ["552 5.3.4"; 2]);
    name(&mut raw, &["eve@elsewhere.example"]).await;
    assert!(raw.ask("DATA").await.starts_with("503"), "no recipient, one answer");
    assert!(raw.ask("NOOP").await.starts_with("250"), "and no more");
    assert_eq!(tray.waiting(), 0);
}

#[tokio::test]
async fn each_server_speaks_its_own_protocol() {
    let (_, receiver) = start(anywhere()).await;
    let mut raw = Raw::connect(receiver.address).await;
    raw.read().await;
    for other in ["EHLO test", "HELO test"] {
        assert!(raw.ask(other).await.starts_with("500 5.5.1"), "{other}");
    }
    assert!(raw.ask("MAIL FROM:<app@example.com>").await.starts_with("503"));
    let smtp = Receiver::bind(SmtpOptions::smtp(([127, 0, 0, 1], 0).into())).await.unwrap();
    let address = smtp.local_addr();
    let smtp = Receiving::start(smtp, address, Tray::new(&[]));
    let mut raw = Raw::connect(smtp.address).await;
    raw.read().await;
    assert!(raw.ask("LHLO test").await.starts_with("500 5.5.1"));
}

#[tokio::test]
async fn listens_on_a_unix_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lmtp.sock");
    // One that a killed process has left behind is in nobody's use.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let (tray, receiver) = start(Listen::Unix(path.clone())).await;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    let taken = Receiver::bind(SmtpOptions::lmtp(Listen::Unix(path.clone()))).await.unwrap_err();
    assert!(taken.is_in_use() && taken.to_string().contains("lmtp.sock"), "{taken}");
    let mut raw = Raw::connect_unix(&path).await;
    raw.read().await;
    raw.greet("LHLO mx.example").await;
    name(&mut raw, &[ALICE]).await;
    assert_eq!(send(&mut raw, 1).await, ["250 2.0.0"]);
    assert_eq!(code_in(&tray.next().await).as_deref(), Some("482915"));
    receiver.end().await;
    assert!(raw.last_words().await.starts_with("421"));
    assert!(!path.exists());
    // What is no socket is left alone.
    std::fs::write(&path, "precious").unwrap();
    assert!(Receiver::bind(SmtpOptions::lmtp(Listen::Unix(path.clone()))).await.unwrap_err().is_in_use());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}
