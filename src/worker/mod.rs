//! A worker takes jobs from the queue and sees each of them through.
//!
//! It holds the account's lease, watches the deadline, writes the automation log and decides about another
//! try. What an attempt consists of is the work of a [`Performer`].

mod event;
mod performer;
mod steps;
mod stop;

pub use event::Event;
pub use performer::{Attempt, Performed, Performer};
pub use steps::{OpenStep, StepSink};
pub use stop::{Stop, StopReason, Stopper};
