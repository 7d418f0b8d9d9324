//! Bounded reading of lines and message data, and replies.

use std::time::Duration;

use smtp_proto::request::receiver::DataReceiver;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsAcceptor;

use super::SmtpLimits;
use crate::net::Stream;

/// How long a client that was turned away may take to notice.
const LINGER: Duration = Duration::from_secs(2);

/// Why nothing more is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The client went.
    Closed,
    /// The client was silent, or connected, for too long.
    TimedOut,
    /// A command line past its bound.
    LineTooLong,
    /// A message far past its bound, with no end in sight.
    Overflow,
    /// One refused command too many.
    TooManyErrors,
    /// Something was sent ahead of the handshake, to be taken for a part of what TLS protects.
    SentAhead,
}

/// A message, or why it was not kept. Its end was read in either case.
#[derive(Debug)]
pub(super) enum Data {
    Whole(Vec<u8>),
    TooLarge,
    LineTooLong,
}

/// The connection with a client: what it sent ahead, and what it is yet to be told.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    /// Read, but not yet consumed.
    ahead: Vec<u8>,
    /// Replies that wait for those to commands sent ahead.
    replies: Vec<u8>,
    limits: SmtpLimits,
    deadline: Instant,
}

impl Wire {
    pub fn new(stream: Box<dyn Stream>, limits: SmtpLimits) -> Self {
        let deadline = Instant::now() + limits.connection;
        Self { stream, ahead: Vec::new(), replies: Vec::new(), limits, deadline }
    }

    /// Whether a whole line was read ahead: then replies may wait for the others (RFC 2920).
    pub fn has_line(&self) -> bool {
        self.ahead.contains(&b'\n')
    }

    /// The next line with its end.
    pub async fn line(&mut self) -> Result<Vec<u8>, Ended> {
        loop {
            if let Some(end) = self.ahead.iter().position(|&b| b == b'\n') {
                if end >= self.limits.command_line {
                    return Err(Ended::LineTooLong);
                }
                return Ok(self.ahead.drain(..=end).collect());
            }
            if self.ahead.len() >= self.limits.command_line {
                return Err(Ended::LineTooLong);
            }
            self.fill().await?;
        }
    }

    /// A message up to the line with a single dot, dots unstuffed. One past its bounds is read to its end but
    /// not kept, so that the client learns why it was refused.
    pub async fn data(&mut self) -> Result<Data, Ended> {
        let mut receiver = DataReceiver::new();
        let mut message = Vec::new();
        let (mut size, mut line) = (0_usize, 0_usize);
        let mut refused = None;
        loop {
            let mut bytes = self.ahead.iter();
            let done = receiver.ingest(&mut bytes, &mut message);
            let used = self.ahead.len() - bytes.len();
            for &byte in &self.ahead[..used] {
                line = if byte == b'\n' { 0 } else { line + 1 };
                if line > self.limits.data_line {
                    refused = refused.or(Some(Data::LineTooLong));
                }
            }
            size += used;
            self.ahead.drain(..used);
            if message.len() > self.limits.message {
                refused = Some(Data::TooLarge);
            }
            if done {
                return Ok(refused.unwrap_or(Data::Whole(message)));
            }
            if refused.is_some() {
                message.clear();
                if size > self.limits.message.saturating_mul(8) {
                    return Err(Ended::Overflow);
                }
            }
            self.fill().await?;
        }
    }

    /// Notes a reply; it goes out with the next [`flush`](Self::flush).
    pub fn reply(&mut self, line: &str) {
        self.replies.extend_from_slice(line.as_bytes());
        self.replies.extend_from_slice(b"\r\n");
    }

    pub async fn flush(&mut self) -> Result<(), Ended> {
        // At the deadline there is still a moment to say so.
        let until = self.deadline.max(Instant::now()).min(Instant::now() + self.limits.idle);
        let send = async {
            self.stream.write_all(&self.replies).await?;
            self.stream.flush().await
        };
        let sent = timeout_at(until, send).await;
        self.replies.clear();
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Ended::Closed),
            Err(_) => Err(Ended::TimedOut),
        }
    }

    /// Goes on within TLS, once the client was told to begin. Nothing of what was read before counts behind it.
    pub async fn secure(self, acceptor: &TlsAcceptor) -> Result<Self, Ended> {
        let until = self.until();
        match timeout_at(until, acceptor.accept(self.stream)).await {
            Err(_) => Err(Ended::TimedOut),
            Ok(Err(error)) => {
                tracing::debug!(%error, "a client did not get through the TLS handshake");
                Err(Ended::Closed)
            }
            Ok(Ok(stream)) => Ok(Self { stream: Box::new(stream), ahead: Vec::new(), ..self }),
        }
    }

    /// Whether anything was read that is not consumed.
    pub fn is_ahead(&self) -> bool {
        !self.ahead.is_empty()
    }

    /// Ends the connection in good order.
    pub async fn close(&mut self) {
        let _ = timeout_at(self.until(), self.stream.shutdown()).await;
    }

    /// Reads on for a moment, into nothing: closed with input unread, the connection would be reset, and the
    /// client would not see the last reply.
    pub async fn discard(&mut self) {
        let until = Instant::now() + self.limits.idle.min(LINGER);
        let mut nothing = tokio::io::sink();
        let _ = timeout_at(until, tokio::io::copy(&mut self.stream, &mut nothing)).await;
    }

    async fn fill(&mut self) -> Result<(), Ended> {
        match timeout_at(self.until(), self.stream.read_buf(&mut self.ahead)).await {
            Err(_) => Err(Ended::TimedOut),
            Ok(Ok(0) | Err(_)) => Err(Ended::Closed),
            Ok(Ok(_)) => Ok(()),
        }
    }

    /// How long the client may let one thing wait.
    fn until(&self) -> Instant {
        self.deadline.min(Instant::now() + self.limits.idle)
    }
}
