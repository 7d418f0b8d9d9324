//! What Turnlock writes to people by mail: that a job waits for one or has ended and needs one, that the breaker of an
//! app is open, or that an app's canary has begun to fail.
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
pub use occasion::Occasion;
pub use pace::Pace;
pub use server::{BadMailServer, MailServer};
