//! A TCP proxy that can cut its connections, as a network does, or keep them and carry nothing.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A way to a server on this machine.
pub struct Proxy {
    address: SocketAddr,
    open: Arc<watch::Sender<bool>>,
    frozen: Arc<watch::Sender<bool>>,
    connections: Arc<watch::Sender<usize>>,
}

/// What comes in goes out, once nothing is frozen.
async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut frozen: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        let _ = frozen.wait_for(|frozen| !frozen).await;
        if read == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..read]).await?;
    }
}

/// One of the connections, until it is dropped.
struct Counted(Arc<watch::Sender<usize>>);

impl Counted {
    fn new(connections: &Arc<watch::Sender<usize>>) -> Self {
        connections.send_modify(|count| *count += 1);
        Self(Arc::clone(connections))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

impl Proxy {
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let open = Arc::new(watch::Sender::new(true));
        let connections = Arc::new(watch::Sender::new(0));
        let frozen = Arc::new(watch::Sender::new(false));
        let (is_open, is_frozen, counter) = (open.subscribe(), frozen.subscribe(), Arc::clone(&connections));
        tokio::spawn(async move {
            loop {
                let Ok((near, _)) = listener.accept().await else { return };
                let (mut is_open, counted) = (is_open.clone(), Counted::new(&counter));
                let is_frozen = is_frozen.clone();
                tokio::spawn(async move {
                    if !*is_open.borrow() {
                        return;
                    }
                    let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { return };
                    let ((from_near, to_near), (from_far, to_far)) = (split(near), split(far));
                    let there = carry(from_near, to_far, is_frozen.clone());
                    let back = carry(from_far, to_near, is_frozen);
                    // What is under way either way is lost.
                    tokio::select! {
                        _ = async { tokio::try_join!(there, back) } => {}
                        _ = is_open.wait_for(|open| !open) => {}
                    }
                    drop(counted);
                });
            }
        });
        Self { address, open, frozen, connections }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Lets no connection through, and returns when every one is cut: nothing that happens afterwards is heard of.
    pub async fn cut(&self) {
        self.open.send_replace(false);
        self.connections.subscribe().wait_for(|count| *count == 0).await.unwrap();
    }

    pub fn mend(&self) {
        self.open.send_replace(true);
    }

    /// Keeps every connection and carries nothing, as where a process stands still; or goes on.
    pub fn freeze(&self, frozen: bool) {
        self.frozen.send_replace(frozen);
    }
}
