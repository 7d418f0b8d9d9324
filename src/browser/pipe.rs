//! The transport: Chromium reads commands from its descriptor 3 and writes answers to its descriptor 4,
//! each message ended by a NUL (`--remote-debugging-pipe`).

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe;

/// Turnlock's ends of the two pipes.
pub(super) struct Pipe {
    pub reader: PipeReader,
    pub writer: PipeWriter,
}

/// The browser's ends, to be handed to it as descriptors 3 and 4.
pub(super) struct BrowserEnds {
    pub commands: OwnedFd,
    pub answers: OwnedFd,
}

pub(super) struct PipeReader(BufReader<pipe::Receiver>);
pub(super) struct PipeWriter(pipe::Sender);

impl Pipe {
    /// Both pipes. When the last copy of Turnlock's ends is closed, even by SIGKILL, Chromium ends by itself.
    pub fn new() -> io::Result<(Self, BrowserEnds)> {
        let (commands, to_browser) = io::pipe()?;
        let (from_browser, answers) = io::pipe()?;
        let reader = pipe::Receiver::from_owned_fd(from_browser.into())?;
        let writer = pipe::Sender::from_owned_fd(to_browser.into())?;
        let pipe = Self {
            reader: PipeReader(BufReader::with_capacity(64 * 1024, reader)),
            writer: PipeWriter(writer),
        };
        Ok((pipe, BrowserEnds { commands: commands.into(), answers: answers.into() }))
    }
}

impl PipeReader {
    /// The next message without its NUL, or `None` when the browser closed its end.
    pub async fn next<'a>(&mut self, buffer: &'a mut Vec<u8>) -> io::Result<Option<&'a [u8]>> {
        buffer.clear();
        if self.0.read_until(0, buffer).await? == 0 || buffer.pop() != Some(0) {
            return Ok(None);
        }
        Ok(Some(buffer))
    }
}

impl PipeWriter {
    /// Writes one message, which must end with a NUL.
    pub async fn send(&mut self, message: &[u8]) -> io::Result<()> {
        self.0.write_all(message).await
    }
}
