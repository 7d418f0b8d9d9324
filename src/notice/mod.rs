//! What Turnlock writes to people by mail: that a job needs a human, or that the breaker of an app is open.
//!
//! A notice says what happened in the words of the automation log, masked once more, and what to do. Of the page it
//! holds nothing else. The worker waits for none of it.

mod letter;
mod notifier;
mod occasion;
mod pace;
mod post;
mod server;
mod throttle;

pub use notifier::{Notifier, Notifying};
pub use pace::Pace;
pub use server::{BadMailServer, MailServer};
