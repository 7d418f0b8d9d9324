//! A connection of whatever kind.

use tokio::io::{AsyncRead, AsyncWrite};

/// TCP, a Unix socket, or either within TLS.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}
