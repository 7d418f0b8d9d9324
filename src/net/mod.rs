//! What Turnlock's servers have in common: where they listen, whom they let in, TLS and HTTP; and calls to the servers of
//! others.

mod call;
mod clients;
mod error;
mod http;
mod listen;
mod serve;
mod stream;
mod tls;
mod turned_away;

pub use call::{Answer, CallError, Caller, is_loopback};
pub use clients::ClientLimits;
pub use clients::{Clients, Guest};
pub use error::BindError;
pub use http::{Http, Peer, forwarded};
pub use listen::Door;
pub use listen::Listen;
pub use serve::{Hall, told_to_stop};
pub use stream::Stream;
pub use tls::Tls;
pub use tls::{TlsError, TlsFiles};
