//! A private Dovecot, on free ports in a folder of its own: one mailbox, which takes in the mail of every address.

use std::path::PathBuf;
use std::time::Instant;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use url::Url;

use super::server::Server;

/// A server with one user.
pub struct Dovecot {
    /// Lent out while it is spoken to.
    server: Option<Server>,
}

impl Dovecot {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With settings of `scripts/servers/dovecot`.
    pub async fn start_with(settings: &'static [(&'static str, &'static str)]) -> Self {
        let server = spawn_blocking(|| Server::start("dovecot", settings)).await.unwrap();
        Self { server: Some(server) }
    }

    fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    /// Where the mailbox is, without TLS.
    pub fn url(&self) -> Url {
        self.server().url.clone()
    }

    pub fn port(&self) -> u16 {
        self.server().port()
    }

    /// Where it is by TLS from the first byte.
    pub fn secure_url(&self) -> Url {
        let mut url = self.url().as_str().replacen("imap:", "imaps:", 1).parse::<Url>().unwrap();
        url.set_port(Some(self.named("SECURE_PORT"))).unwrap();
        url
    }

    /// The server's certificate, which it has made by itself.
    pub fn certificate(&self) -> PathBuf {
        self.server().folder.join("certificate.pem")
    }

    fn named(&self, port: &str) -> u16 {
        let environment = std::fs::read_to_string(self.server().folder.join("environment")).unwrap();
        let named = environment.lines().find_map(|line| line.strip_prefix(port)?.strip_prefix('='));
        named.unwrap().parse().unwrap()
    }

    /// Delivers a mail, in full, to an address. Returns when the server had taken it in.
    pub async fn deliver(&self, to: &str, raw: &str) -> Instant {
        let tcp = TcpStream::connect(("127.0.0.1", self.named("LMTP_PORT"))).await.unwrap();
        let mut lmtp = BufReader::new(tcp);
        said(&mut lmtp, "220").await;
        let text = raw.replace("\r\n", "\n").replace('\n', "\r\n").replace("\r\n.", "\r\n..");
        for (words, answer) in [
            ("LHLO tests.example".to_owned(), "250"),
            ("MAIL FROM:<codes@app.example>".to_owned(), "250"),
            (format!("RCPT TO:<{to}>"), "250"),
            ("DATA".to_owned(), "354"),
            (format!("{text}\r\n."), "250"),
        ] {
            lmtp.write_all(format!("{words}\r\n").as_bytes()).await.unwrap();
            said(&mut lmtp, answer).await;
        }
        Instant::now()
    }

    /// What the server knows of the connections of its user: a line each.
    pub async fn who(&self) -> Vec<String> {
        let all = self.control(&["who", "-1"]).await;
        all.lines().skip(1).map(str::to_owned).collect()
    }

    /// The flags of all mails in a mailbox, a line each.
    pub async fn flags(&self) -> Vec<String> {
        let all = self.control(&["-f", "flow", "fetch", "-u", "otp", "flags", "mailbox", "INBOX"]).await;
        all.lines().map(str::to_owned).collect()
    }

    /// Puts a mail into the mailbox `Codes`.
    pub async fn save(&self, raw: &str) {
        let file = self.server().folder.join("saved");
        std::fs::write(&file, raw).unwrap();
        self.control(&["save", "-u", "otp", "-m", "Codes", file.to_str().unwrap()]).await;
    }

    /// Removes the mailbox `Codes` with all that is in it, and makes it anew: its UIDs begin again.
    pub async fn make_anew(&self) {
        self.control(&["mailbox", "delete", "-u", "otp", "Codes"]).await;
        self.control(&["mailbox", "create", "-u", "otp", "Codes"]).await;
    }

    async fn control(&self, words: &[&str]) -> String {
        let config = self.server().folder.join("dovecot.conf");
        let done = tokio::process::Command::new("doveadm").arg("-c").arg(config).args(words).output().await;
        let done = done.unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap()
    }

    /// Ends it as an administrator does.
    pub async fn stop(&mut self) {
        self.say("stop").await;
    }

    pub async fn start_again(&mut self) {
        self.say("start").await;
    }

    async fn say(&mut self, word: &'static str) {
        let mut server = self.server.take().unwrap();
        let said = spawn_blocking(move || {
            server.say(word);
            server
        });
        self.server = Some(said.await.unwrap());
    }
}

/// Reads an answer to its last line, which begins with those digits.
async fn said(lmtp: &mut BufReader<TcpStream>, digits: &str) {
    loop {
        let mut line = String::new();
        lmtp.read_line(&mut line).await.unwrap();
        assert!(line.starts_with(digits), "{line}");
        if line.as_bytes().get(3) != Some(&b'-') {
            return;
        }
    }
}
