//! One client's conversation.

use std::sync::Arc;

use jiff::Timestamp;
use smtp_proto::{Error, Request};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::reader::{Data, Ended, Reader};
use super::{ManagedAddresses, SmtpLimits, told_to_stop};
use crate::inbox::desk::Inbox;
use crate::inbox::message::Message;

pub(super) struct Session {
    reader: Reader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    inbox: Inbox,
    managed: Arc<dyn ManagedAddresses>,
    limits: SmtpLimits,
    stopped: watch::Receiver<bool>,
    deadline: Instant,
    /// Replies that wait for those to commands sent ahead.
    replies: Vec<u8>,
    greeted: bool,
    /// `MAIL` was said.
    mail: bool,
    recipients: Vec<String>,
    messages: usize,
    errors: usize,
}

/// Whether the conversation goes on.
enum Next {
    Go,
    Quit,
}

impl Session {
    pub fn new(
        stream: TcpStream,
        inbox: Inbox,
        managed: Arc<dyn ManagedAddresses>,
        limits: SmtpLimits,
        stopped: watch::Receiver<bool>,
    ) -> Self {
        let deadline = Instant::now() + limits.connection;
        let (input, writer) = stream.into_split();
        Self {
            reader: Reader::new(input, limits, deadline),
            writer,
            inbox,
            managed,
            limits,
            stopped,
            deadline,
            replies: Vec::new(),
            greeted: false,
            mail: false,
            recipients: Vec::new(),
            messages: 0,
            errors: 0,
        }
    }

    pub async fn run(mut self) {
        let last_words = match self.converse().await {
            Ok(()) | Err(Ended::Closed) => None,
            Err(Ended::TimedOut) => {
                self.reply("421 4.4.2 Too slow, closing the connection");
                None
            }
            Err(Ended::LineTooLong) => Some("500 5.5.6 Line too long, closing the connection"),
            Err(Ended::Overflow) => Some("552 5.3.4 Message too large, closing the connection"),
            Err(Ended::TooManyErrors) => Some("421 4.7.0 Too many errors, closing the connection"),
        };
        if let Some(reply) = last_words {
            self.reply(reply);
        }
        let _ = self.flush().await;
        let _ = self.writer.shutdown().await;
        if last_words.is_some() {
            self.reader.discard().await;
        }
    }

    async fn converse(&mut self) -> Result<(), Ended> {
        self.reply("220 turnlock ESMTP, mail for managed addresses only");
        loop {
            if !self.reader.has_line() {
                self.flush().await?;
            }
            let mut stopped = self.stopped.clone();
            let line = tokio::select! {
                line = self.reader.line() => line?,
                () = told_to_stop(&mut stopped) => {
                    self.reply("421 4.3.2 Shutting down");
                    return Ok(());
                }
            };
            if let Next::Quit = self.answer(&line).await? {
                return Ok(());
            }
            if self.errors > self.limits.errors {
                return Err(Ended::TooManyErrors);
            }
        }
    }

    async fn answer(&mut self, line: &[u8]) -> Result<Next, Ended> {
        match Request::parse(&mut line.iter()) {
            Ok(Request::Ehlo { .. }) => {
                self.start_over();
                self.greeted = true;
                self.reply("250-turnlock");
                self.reply("250-PIPELINING");
                self.reply(&format!("250-SIZE {}", self.limits.message));
                self.reply("250 8BITMIME");
            }
            Ok(Request::Helo { .. }) => {
                self.start_over();
                self.greeted = true;
                self.reply("250 turnlock");
            }
            Ok(Request::Mail { from }) => self.mail(from.size),
            Ok(Request::Rcpt { to }) => self.rcpt(&to.address).await,
            Ok(Request::Data) => return self.data().await,
            Ok(Request::Rset) => {
                self.start_over();
                self.reply("250 2.0.0 Started over");
            }
            Ok(Request::Noop { .. }) => self.reply("250 2.0.0 Nothing done"),
            Ok(Request::Vrfy { .. }) => self.reply("252 2.5.0 Send it and see"),
            Ok(Request::Quit) => {
                self.reply("221 2.0.0 Bye");
                return Ok(Next::Quit);
            }
            Ok(other) => self.refuse(&format!("502 5.5.1 {} is not spoken here", other.name())),
            Err(Error::UnknownCommand) => self.refuse("500 5.5.1 Unknown command"),
            Err(error) => self.refuse(&format!("501 5.5.4 {error}")),
        }
        Ok(Next::Go)
    }

    fn mail(&mut self, size: usize) {
        if !self.greeted {
            self.refuse("503 5.5.1 Say EHLO first");
        } else if self.mail {
            self.refuse("503 5.5.1 One MAIL at a time");
        } else if size > self.limits.message {
            self.refuse("552 5.3.4 Message too large");
        } else if self.messages >= self.limits.messages {
            self.refuse("452 4.5.3 Enough messages for one connection");
        } else {
            self.mail = true;
            self.reply("250 2.1.0 Sender taken");
        }
    }

    async fn rcpt(&mut self, address: &str) {
        if !self.mail {
            return self.refuse("503 5.5.1 Say MAIL first");
        }
        if self.recipients.len() >= self.limits.recipients {
            return self.refuse("452 4.5.3 Too many recipients");
        }
        // An address of line breaks and other oddities is nobody's.
        let plain = !address.is_empty() && !address.chars().any(|c| c.is_control() || c.is_whitespace());
        let managed = if plain { self.managed.manages(address).await } else { Ok(false) };
        match managed {
            Ok(true) => {
                if !self.recipients.iter().any(|known| known.eq_ignore_ascii_case(address)) {
                    self.recipients.push(address.to_owned());
                }
                self.reply("250 2.1.5 Recipient taken");
            }
            Ok(false) => self.refuse("550 5.1.1 No such address here"),
            Err(error) => {
                tracing::warn!(%error, "a recipient was put off");
                self.refuse("451 4.3.0 Cannot look up the address now, try again later");
            }
        }
    }

    async fn data(&mut self) -> Result<Next, Ended> {
        if self.recipients.is_empty() {
            self.refuse("503 5.5.1 Name a recipient first");
            return Ok(Next::Go);
        }
        self.reply("354 Send the message, and a line with a dot");
        self.flush().await?;
        match self.reader.data().await? {
            Data::Whole(raw) => {
                self.messages += 1;
                let received_at = Timestamp::now();
                for recipient in std::mem::take(&mut self.recipients) {
                    self.inbox.deliver(Message::from_mail(recipient, received_at, &raw));
                }
                tracing::debug!(bytes = raw.len(), "mail taken in");
                self.reply("250 2.0.0 Taken in");
            }
            Data::TooLarge => self.refuse("552 5.3.4 Message too large"),
            Data::LineTooLong => self.refuse("500 5.5.6 Line too long"),
        }
        self.start_over();
        Ok(Next::Go)
    }

    fn start_over(&mut self) {
        self.mail = false;
        self.recipients.clear();
    }

    fn refuse(&mut self, line: &str) {
        self.errors += 1;
        self.reply(line);
    }

    fn reply(&mut self, line: &str) {
        self.replies.extend_from_slice(line.as_bytes());
        self.replies.extend_from_slice(b"\r\n");
    }

    async fn flush(&mut self) -> Result<(), Ended> {
        // At the deadline there is still a moment to say so.
        let until = self.deadline.max(Instant::now()).min(Instant::now() + self.limits.idle);
        let sent = timeout_at(until, self.writer.write_all(&self.replies)).await;
        self.replies.clear();
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Ended::Closed),
            Err(_) => Err(Ended::TimedOut),
        }
    }
}
