//! A connection to the server: commands out, responses in, both within a time limit.
//!
//! Commands are written by hand, several in one go where the protocol allows: a round trip less is what counts when a
//! code is awaited. Reading is `async-imap`'s.

use std::fmt;
use std::time::Duration;

use async_imap::Client;
use async_imap::imap_proto::{Response, Status};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::error::Failed;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// More of what a server says is not shown.
const SHOWN: usize = 200;

/// What bytes go over: TCP, or TLS on it.
pub(super) trait Stream: AsyncRead + AsyncWrite + fmt::Debug + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + fmt::Debug + Send + Unpin> Stream for S {}

/// What the server says, in its parts. The crate's own type for it has no name outside.
pub(super) trait Said: Send + Sync {
    fn parsed(&self) -> &Response<'_>;
}

struct Read<R> {
    response: R,
    parsed: for<'a> fn(&'a R) -> &'a Response<'a>,
}

impl<R: Send + Sync> Said for Read<R> {
    fn parsed(&self) -> &Response<'_> {
        (self.parsed)(&self.response)
    }
}

/// The name of a command that was sent, by which the server says how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag(String);

/// How a command ended.
#[derive(Debug)]
pub(super) enum Ended {
    Ok,
    /// It was refused, in the server's words.
    No(String),
}

/// A connection.
pub(super) struct Wire {
    client: Client<Box<dyn Stream>>,
    commands: u32,
    /// What is sent with the next [`flush`](Self::flush).
    out: Zeroizing<Vec<u8>>,
}

impl Wire {
    pub fn new(stream: Box<dyn Stream>) -> Self {
        Self { client: Client::new(stream), commands: 0, out: Zeroizing::default() }
    }

    /// The bare connection; what the server has sent ahead is dropped.
    pub fn into_stream(self) -> Box<dyn Stream> {
        self.client.into_inner()
    }

    /// Adds a command to those that are sent next.
    pub fn add(&mut self, command: &str) -> Tag {
        self.commands += 1;
        let tag = Tag(format!("T{}", self.commands));
        self.out.extend_from_slice(tag.0.as_bytes());
        self.out.push(b' ');
        self.add_line(command);
        tag
    }

    /// Adds a line that is no command, such as the end of one.
    pub fn add_line(&mut self, line: &str) {
        self.out.extend_from_slice(line.as_bytes());
        self.out.extend_from_slice(b"\r\n");
    }

    /// Sends what was added.
    pub async fn flush(&mut self) -> Result<(), Failed> {
        let out = std::mem::take(&mut self.out);
        let stream = self.client.get_mut();
        let sent = timeout(PATIENCE, async {
            stream.write_all(&out).await?;
            stream.flush().await
        });
        sent.await
            .map_err(|_| Failed::silent(PATIENCE))?
            .map_err(|error| Failed::Passing(format!("the connection broke: {error}")))
    }

    /// The next response, however long it takes. Dropped while it waits, it has read nothing.
    pub async fn listen(&mut self) -> Result<Box<dyn Said>, Failed> {
        match self.client.read_response().await {
            Ok(Some(response)) => {
                if let Response::Data { status: Status::Bye, outcome } = response.parsed() {
                    let why = shown(outcome.information.as_deref());
                    return Err(Failed::Passing(format!("the server says good-bye: {why}")));
                }
                Ok(Box::new(Read { response, parsed: |response| response.parsed() }))
            }
            Ok(None) => Err(Failed::Passing("the server ended the connection".to_owned())),
            Err(error) => Err(Failed::reading(&error)),
        }
    }

    /// The next response, of which the server owes one.
    pub async fn read(&mut self) -> Result<Box<dyn Said>, Failed> {
        timeout(PATIENCE, self.listen()).await.map_err(|_| Failed::silent(PATIENCE))?
    }

    /// Sends a command alone, and reads to its end.
    pub async fn run(&mut self, command: &str, mut each: impl FnMut(&Response<'_>)) -> Result<Ended, Failed> {
        let tag = self.add(command);
        self.flush().await?;
        loop {
            let response = self.read().await?;
            if let Some(ended) = tag.ended_by(response.parsed()) {
                each(response.parsed());
                return Ok(ended);
            }
            each(response.parsed());
        }
    }
}

impl Tag {
    /// How the command ended, if this says so.
    pub fn ended_by(&self, response: &Response<'_>) -> Option<Ended> {
        let Response::Done { tag, status, outcome } = response else { return None };
        if tag.0 != self.0 {
            return None;
        }
        Some(match status {
            Status::Ok => Ended::Ok,
            _ => Ended::No(shown(outcome.information.as_deref())),
        })
    }
}

impl Ended {
    /// That a command is refused which a server has no reason to refuse.
    pub fn ok_or_passing(self, what: &str) -> Result<(), Failed> {
        match self {
            Self::Ok => Ok(()),
            Self::No(why) => Err(Failed::Passing(format!("the server refuses {what}: {why}"))),
        }
    }
}

/// What a server says, as it may be shown.
pub(super) fn shown(words: Option<&str>) -> String {
    let words = words.unwrap_or("it does not say why").trim();
    let words = &words[..words.floor_char_boundary(SHOWN)];
    words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A text as commands have it.
pub(super) fn quoted(text: &str) -> Zeroizing<String> {
    Zeroizing::new(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}
