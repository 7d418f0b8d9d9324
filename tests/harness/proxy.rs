//! A TCP proxy that can cut its connections, as a network does.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// A way to a server on this machine.
pub struct Proxy {
    address: SocketAddr,
    open: Arc<watch::Sender<bool>>,
    connections: Arc<watch::Sender<usize>>,
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
        let (is_open, counter) = (open.subscribe(), Arc::clone(&connections));
        tokio::spawn(async move {
            loop {
                let Ok((mut near, _)) = listener.accept().await else { return };
                let (mut is_open, counted) = (is_open.clone(), Counted::new(&counter));
                tokio::spawn(async move {
                    if !*is_open.borrow() {
                        return;
                    }
                    let Ok(mut far) = TcpStream::connect(("127.0.0.1", port)).await else { return };
                    // What is under way either way is lost.
                    tokio::select! {
                        _ = copy_bidirectional(&mut near, &mut far) => {}
                        _ = is_open.wait_for(|open| !open) => {}
                    }
                    drop((near, far, counted));
                });
            }
        });
        Self { address, open, connections }
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
}
