//! The built-in mail server: takes in mail for managed addresses, and for nobody else.
//!
//! It speaks what apps need to hand over a message (RFC 5321 with PIPELINING, SIZE and 8BITMIME), relays
//! nothing and stores nothing but in the [`Inbox`]. Everything a client sends is bounded: size, lines,
//! recipients, time, connections.

mod addresses;
mod reader;
mod session;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::desk::Inbox;
pub use addresses::{LookupFailed, ManagedAddresses};
use session::Session;

const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// How long a message may take that is being received at shutdown.
const LAST_MESSAGE: Duration = Duration::from_secs(5);

/// Bounds of what a client may do.
#[derive(Debug, Clone, Copy)]
pub struct SmtpLimits {
    /// Bytes of a message.
    pub message: usize,
    /// Recipients of a message.
    pub recipients: usize,
    /// Bytes of a command line.
    pub command_line: usize,
    /// Bytes of a line within a message.
    pub data_line: usize,
    /// Messages in one connection.
    pub messages: usize,
    /// Commands in one connection that are refused before it is closed.
    pub errors: usize,
    /// How long the client may be silent, or let a reply wait.
    pub idle: Duration,
    /// How long a connection may last.
    pub connection: Duration,
    /// Connections at once.
    pub connections: usize,
}

impl Default for SmtpLimits {
    fn default() -> Self {
        Self {
            message: 1024 * 1024,
            recipients: 20,
            command_line: 4096,
            data_line: 64 * 1024,
            messages: 50,
            errors: 10,
            idle: Duration::from_secs(60),
            connection: Duration::from_secs(300),
            connections: 64,
        }
    }
}

/// The address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error(
    "the inbox cannot listen on {address}: {source}; choose another address with --inbox-url, or end what uses it"
)]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// Why.
    pub source: std::io::Error,
}

/// A running mail server. It ends with [`shutdown`](Self::shutdown), or at once when dropped.
#[derive(Debug)]
pub struct Receiver {
    local_addr: SocketAddr,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Listens on `address` (port 0: a free one) and delivers to `inbox` what is sent to `managed` addresses.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn bind(
        address: SocketAddr,
        inbox: Inbox,
        managed: Arc<dyn ManagedAddresses>,
        limits: SmtpLimits,
    ) -> Result<Self, BindError> {
        let error = |source| BindError { address, source };
        let listener = TcpListener::bind(address).await.map_err(error)?;
        let local_addr = listener.local_addr().map_err(error)?;
        let (stop, stopped) = watch::channel(false);
        let server = Server { inbox, managed, limits, stopped };
        let task = Some(tokio::spawn(server.run(listener)));
        Ok(Self { local_addr, stop, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Takes no more connections and no more messages; a message that is being received is taken in first.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        if let Some(task) = self.task.take() {
            // The task ends by itself; it could only fail by a panic, which was reported already.
            let _ = task.await;
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

struct Server {
    inbox: Inbox,
    managed: Arc<dyn ManagedAddresses>,
    limits: SmtpLimits,
    stopped: watch::Receiver<bool>,
}

impl Server {
    async fn run(self, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(self.limits.connections));
        let mut stopped = self.stopped.clone();
        let mut sessions = JoinSet::new();
        loop {
            let stream = tokio::select! {
                () = told_to_stop(&mut stopped) => break,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        // Out of file descriptors, most likely. Nothing tells when there are some again.
                        tracing::warn!(%error, "the inbox could not accept a connection");
                        tokio::time::sleep(ACCEPT_AGAIN).await;
                        continue;
                    }
                },
                Some(_) = sessions.join_next() => continue,
            };
            match Arc::clone(&places).try_acquire_owned() {
                Ok(place) => {
                    let session = self.session(stream);
                    sessions.spawn(async move {
                        session.run().await;
                        drop(place);
                    });
                }
                Err(_) => {
                    // One line fits the socket's buffer, so that this does not wait.
                    let _ = stream.try_write(b"421 4.7.0 Too many connections, try again later\r\n");
                }
            }
        }
        drop(listener);
        let all_done = async { while sessions.join_next().await.is_some() {} };
        // Sessions are told too; one in the middle of a message gets a moment. The rest are cut off here.
        let _ = tokio::time::timeout(LAST_MESSAGE, all_done).await;
    }

    fn session(&self, stream: TcpStream) -> Session {
        Session::new(stream, self.inbox.clone(), Arc::clone(&self.managed), self.limits, self.stopped.clone())
    }
}

async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    // An error means that the receiver is gone, which is as good a reason.
    let _ = stopped.wait_for(|stop| *stop).await;
}
