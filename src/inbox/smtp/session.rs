//! One client's conversation.

use std::sync::Arc;

use smtp_proto::{Error, MailFrom, Request};
use tokio::sync::watch;

use super::delivery::{Fate, deliver};
use super::wire::{Data, Ended, Wire};
use super::{Protocol, SmtpLimits};
use crate::inbox::source::{Content, Desk};
use crate::net::{Guest, Stream, Tls, told_to_stop};

/// What all conversations of a receiver have in common.
#[derive(Clone)]
pub(super) struct House {
    pub desk: Arc<dyn Desk>,
    pub protocol: Protocol,
    /// As what a mail is handed over.
    pub content: fn(Vec<u8>) -> Content,
    pub limits: SmtpLimits,
    pub tls: Option<Arc<Tls>>,
    pub tls_required: bool,
    pub stop: watch::Receiver<bool>,
}

pub(super) struct Session {
    wire: Wire,
    guest: Guest,
    house: House,
    secure: bool,
    greeted: bool,
    /// From whom the next message is, once `MAIL` was said.
    sender: Option<String>,
    /// As often as each was taken: LMTP answers for each.
    recipients: Vec<String>,
    messages: usize,
    errors: usize,
}

/// How the conversation goes on.
enum Next {
    Go,
    Secure,
    Quit,
}

impl Session {
    pub fn new(stream: Box<dyn Stream>, guest: Guest, house: House) -> Self {
        Self {
            wire: Wire::new(stream, house.limits),
            guest,
            house,
            secure: false,
            greeted: false,
            sender: None,
            recipients: Vec::new(),
            messages: 0,
            errors: 0,
        }
    }

    pub async fn run(mut self) {
        self.wire.reply(match self.house.protocol {
            Protocol::Smtp => "220 turnlock ESMTP, mail for managed addresses only",
            Protocol::Lmtp => "220 turnlock LMTP, mail for managed addresses only",
        });
        let ended = loop {
            match self.converse().await {
                Ok(Next::Secure) => {}
                other => break other.map(|_| ()),
            }
            let Some(tls) = &self.house.tls else { return };
            // Whoever fails at the handshake cannot be told anything.
            let Ok(wire) = self.wire.secure(&tls.acceptor()).await else { return };
            self.wire = wire;
            // What was said in the clear is forgotten, for others may have said it.
            self.secure = true;
            self.greeted = false;
            self.start_over();
        };
        let last_words = match ended {
            Ok(()) | Err(Ended::Closed) => None,
            Err(Ended::TimedOut) => {
                self.wire.reply("421 4.4.2 Too slow, closing the connection");
                None
            }
            Err(Ended::LineTooLong) => Some("500 5.5.6 Line too long, closing the connection"),
            Err(Ended::Overflow) => Some("552 5.3.4 Message too large, closing the connection"),
            Err(Ended::TooManyErrors) => Some("421 4.7.0 Too many errors, closing the connection"),
            Err(Ended::SentAhead) => Some("503 5.5.1 Nothing may follow STARTTLS, closing the connection"),
        };
        if let Some(reply) = last_words {
            self.wire.reply(reply);
        }
        let _ = self.wire.flush().await;
        self.wire.close().await;
        if last_words.is_some() {
            self.wire.discard().await;
        }
    }

    async fn converse(&mut self) -> Result<Next, Ended> {
        loop {
            if !self.wire.has_line() {
                self.wire.flush().await?;
            }
            let line = tokio::select! {
                line = self.wire.line() => line?,
                () = told_to_stop(&mut self.house.stop) => {
                    self.wire.reply("421 4.3.2 Shutting down");
                    return Ok(Next::Quit);
                }
            };
            match self.answer(&line).await? {
                Next::Go => {}
                next => return Ok(next),
            }
            if self.errors > self.house.limits.errors {
                return Err(Ended::TooManyErrors);
            }
        }
    }

    async fn answer(&mut self, line: &[u8]) -> Result<Next, Ended> {
        match Request::parse(&mut line.iter()) {
            Ok(Request::Quit) => {
                self.wire.reply("221 2.0.0 Bye");
                return Ok(Next::Quit);
            }
            Ok(Request::Noop { .. }) => self.wire.reply("250 2.0.0 Nothing done"),
            Ok(Request::StartTls) if self.house.tls.is_some() => return self.start_tls().await,
            Ok(Request::Ehlo { .. }) if self.house.protocol == Protocol::Smtp => self.greet_at_length(),
            Ok(Request::Lhlo { .. }) if self.house.protocol == Protocol::Lmtp => self.greet_at_length(),
            Ok(Request::Helo { .. }) if self.house.protocol == Protocol::Smtp => {
                self.start_over();
                self.greeted = true;
                self.wire.reply("250 turnlock");
            }
            Ok(Request::Ehlo { .. } | Request::Helo { .. }) => {
                self.refuse("500 5.5.1 This is LMTP: say LHLO")
            }
            Ok(Request::Lhlo { .. }) => self.refuse("500 5.5.1 This is SMTP: say EHLO"),
            Ok(_) if self.house.tls_required && !self.secure => {
                self.refuse("530 5.7.0 Say STARTTLS first");
            }
            Ok(Request::Mail { from }) => self.mail(&from),
            Ok(Request::Rcpt { to }) => self.rcpt(&to.address).await,
            Ok(Request::Data) => self.data().await?,
            Ok(Request::Rset) => {
                self.start_over();
                self.wire.reply("250 2.0.0 Started over");
            }
            Ok(Request::Vrfy { .. }) => self.wire.reply("252 2.5.0 Send it and see"),
            Ok(other) => self.refuse(&format!("502 5.5.1 {} is not spoken here", other.name())),
            Err(Error::UnknownCommand) => self.refuse("500 5.5.1 Unknown command"),
            Err(error) => self.refuse(&format!("501 5.5.4 {error}")),
        }
        Ok(Next::Go)
    }

    fn greet_at_length(&mut self) {
        self.start_over();
        self.greeted = true;
        self.wire.reply("250-turnlock");
        self.wire.reply("250-PIPELINING");
        self.wire.reply("250-ENHANCEDSTATUSCODES");
        self.wire.reply(&format!("250-SIZE {}", self.house.limits.message));
        if self.house.tls.is_some() && !self.secure {
            self.wire.reply("250-STARTTLS");
        }
        self.wire.reply("250 8BITMIME");
    }

    async fn start_tls(&mut self) -> Result<Next, Ended> {
        if self.secure {
            self.refuse("503 5.5.1 It is encrypted already");
            return Ok(Next::Go);
        }
        if self.wire.is_ahead() {
            return Err(Ended::SentAhead);
        }
        self.wire.reply("220 2.0.0 Begin with TLS");
        self.wire.flush().await?;
        Ok(Next::Secure)
    }

    fn mail<T: AsRef<str>>(&mut self, from: &MailFrom<T>) {
        if !self.greeted {
            self.refuse(match self.house.protocol {
                Protocol::Smtp => "503 5.5.1 Say EHLO first",
                Protocol::Lmtp => "503 5.5.1 Say LHLO first",
            });
        } else if self.sender.is_some() {
            self.refuse("503 5.5.1 One MAIL at a time");
        } else if from.size > self.house.limits.message {
            self.refuse("552 5.3.4 Message too large");
        } else if self.messages >= self.house.limits.messages {
            self.refuse("452 4.5.3 Enough messages for one connection");
        } else if !self.guest.may_send() {
            self.refuse("450 4.7.1 Too many messages, try again later");
        } else {
            self.sender = Some(from.address.as_ref().to_owned());
            self.wire.reply("250 2.1.0 Sender taken");
        }
    }

    async fn rcpt(&mut self, address: &str) {
        if self.sender.is_none() {
            return self.refuse("503 5.5.1 Say MAIL first");
        }
        if self.recipients.len() >= self.house.limits.recipients {
            return self.refuse("452 4.5.3 Too many recipients");
        }
        // An address of line breaks and other oddities is nobody's.
        let plain = !address.is_empty() && !address.chars().any(|c| c.is_control() || c.is_whitespace());
        let managed = if plain { self.house.desk.manages(address).await } else { Ok(false) };
        match managed {
            Ok(true) => {
                self.recipients.push(address.to_owned());
                self.wire.reply("250 2.1.5 Recipient taken");
            }
            Ok(false) => self.refuse(Fate::NotManaged.reply()),
            Err(error) => {
                tracing::warn!(%error, "a recipient was put off");
                self.refuse("451 4.3.0 Cannot look up the address now, try again later");
            }
        }
    }

    async fn data(&mut self) -> Result<(), Ended> {
        if self.recipients.is_empty() {
            self.refuse("503 5.5.1 Name a recipient first");
            return Ok(());
        }
        self.wire.reply("354 Send the message, and a line with a dot");
        self.wire.flush().await?;
        let data = self.wire.data().await?;
        let sender = self.sender.take().unwrap_or_default();
        let recipients = std::mem::take(&mut self.recipients);
        match data {
            Data::Whole(raw) => {
                self.messages += 1;
                let fates = deliver(&*self.house.desk, &sender, &recipients, self.house.content, &raw).await;
                tracing::debug!(bytes = raw.len(), ?fates, "a mail came");
                self.conclude(fates);
            }
            Data::TooLarge => self.refuse_all("552 5.3.4 Message too large", recipients.len()),
            Data::LineTooLong => self.refuse_all("500 5.5.6 Line too long", recipients.len()),
        }
        Ok(())
    }

    /// Says what became of a message: of each recipient, or of all in one word.
    fn conclude(&mut self, fates: Vec<Fate>) {
        match self.house.protocol {
            Protocol::Smtp => {
                let fate = fates.into_iter().max().unwrap_or(Fate::PutOff);
                self.wire.reply(fate.reply());
            }
            Protocol::Lmtp => {
                for fate in fates {
                    self.wire.reply(fate.reply());
                }
            }
        }
    }

    fn refuse_all(&mut self, line: &str, recipients: usize) {
        self.refuse(line);
        if self.house.protocol == Protocol::Lmtp {
            for _ in 1..recipients {
                self.wire.reply(line);
            }
        }
    }

    fn start_over(&mut self) {
        self.sender = None;
        self.recipients.clear();
    }

    fn refuse(&mut self, line: &str) {
        self.errors += 1;
        self.wire.reply(line);
    }
}
