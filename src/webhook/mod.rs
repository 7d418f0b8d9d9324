//! Messages to servers of others about what happens: signed as [Standard Webhooks](https://www.standardwebhooks.com) has
//! it, tried for about a day, and laid aside after that.
//!
//! What is told comes from the automation log, from a cursor on that moves with the commit that writes the messages down
//! (`gather`); so nobody who writes the log knows of webhooks, and nothing that it says is left out. Each process that
//! has endpoints configured delivers what is due (`courier`); a message is one process's at a time.

mod courier;
mod endpoint;
mod event;
mod gather;
mod key;
mod message;
mod outcome;

pub use courier::{Courier, Delivering, Pace};
pub use endpoint::{BadEndpoint, Endpoint};
pub use event::Event;
pub use key::Key;
pub use message::test_message;
pub use outcome::Tried;
