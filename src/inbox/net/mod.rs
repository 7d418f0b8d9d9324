//! What the servers to which messages are sent have in common: where they listen, whom they let in, and TLS.

mod clients;
mod error;
mod listen;
mod serve;
mod stream;
mod tls;

pub use clients::ClientLimits;
pub(super) use clients::{Clients, Guest};
pub use error::BindError;
pub(super) use listen::Door;
pub use listen::Listen;
pub(super) use serve::{Hall, told_to_stop};
pub(super) use stream::Stream;
pub(super) use tls::Tls;
pub use tls::{TlsError, TlsFiles};
