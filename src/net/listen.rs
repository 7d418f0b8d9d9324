//! Where a server listens.

use std::fmt;
use std::fs;
use std::io::{ErrorKind, Result};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tokio::net::{TcpListener, UnixListener, UnixStream};

use super::error::BindError;
use super::stream::Stream;

/// Owner and group may connect to a Unix socket; its folder says which group that is.
const SOCKET_MODE: u32 = 0o660;

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// An address and port; port 0 is a free one.
    Tcp(SocketAddr),
    /// A socket in the file system, for servers on the same machine.
    Unix(PathBuf),
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

/// Something that listens.
pub enum Listener {
    Tcp(TcpListener),
    Unix(UnixDoor),
}

impl Listener {
    /// The setting is the one that says where, for who has to change it.
    async fn bind(listen: &Listen, setting: &'static str) -> std::result::Result<Self, BindError> {
        let bound = match listen {
            Listen::Tcp(address) => TcpListener::bind(address).await.map(Self::Tcp),
            Listen::Unix(path) => bind_unix(path).await,
        };
        bound.map_err(|source| BindError::Address { listen: listen.clone(), source, setting })
    }

    /// Where it listens, with the port that it has got.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    /// The next connection, and from where it comes.
    pub async fn accept(&self) -> Result<(Box<dyn Stream>, Option<IpAddr>)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, from) = listener.accept().await?;
                // Replies are small and awaited.
                let _ = stream.set_nodelay(true);
                Ok((Box::new(stream), Some(from.ip())))
            }
            Self::Unix(door) => Ok((Box::new(door.listener.accept().await?.0), None)),
        }
    }
}

/// A Unix socket; its file goes with it.
pub struct UnixDoor {
    listener: UnixListener,
    path: PathBuf,
}

impl Drop for UnixDoor {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

async fn bind_unix(path: &Path) -> Result<Listener> {
    // What a process that was killed has left behind is in the way; what answers is another's.
    let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    if is_socket {
        match UnixStream::connect(path).await {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path)?,
            _ => return Err(ErrorKind::AddrInUse.into()),
        }
    }
    let door = UnixDoor { listener: UnixListener::bind(path)?, path: path.to_owned() };
    fs::set_permissions(path, fs::Permissions::from_mode(SOCKET_MODE))?;
    Ok(Listener::Unix(door))
}

/// The listener of a source: there before the source runs, so that its port is known, and made anew for the next run.
pub struct Door {
    listen: Listen,
    setting: &'static str,
    local_addr: Option<SocketAddr>,
    listener: Mutex<Option<Listener>>,
}

impl Door {
    /// Listens; the setting is the one that says where, for who has to change it.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn bind(listen: Listen, setting: &'static str) -> std::result::Result<Self, BindError> {
        let listener = Listener::bind(&listen, setting).await?;
        let local_addr = listener.local_addr();
        // With the port that was found free, a second run listens on the same.
        let listen = local_addr.map_or(listen, Listen::Tcp);
        Ok(Self { listen, setting, local_addr, listener: Mutex::new(Some(listener)) })
    }

    /// Where it listens; `None` where that is a Unix socket.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.local_addr
    }

    /// What it was told, with the port that it got.
    pub fn listen(&self) -> &Listen {
        &self.listen
    }

    /// The listener, for as long as one run lasts.
    pub async fn open(&self) -> std::result::Result<Listener, BindError> {
        let bound = self.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
        match bound {
            Some(listener) => Ok(listener),
            None => Listener::bind(&self.listen, self.setting).await,
        }
    }
}
