//! A worker takes jobs from the queue and sees each of them through.
//!
//! It holds the account's lease, watches the deadline, writes the automation log and decides about another
//! try. What an attempt consists of is the work of a [`Performer`].

mod attempt;
mod chores;
mod config;
mod error;
mod event;
mod gate;
pub mod identity;
mod intake;
mod next;
mod performer;
mod presence;
mod progress;
mod run;
mod steps;
mod stop;

pub use config::WorkerConfig;
pub use error::WorkerError;
pub use event::Event;
pub use performer::{Attempt, Performed, Performer};
pub use run::Worker;
pub use steps::{OpenStep, StepSink};
pub use stop::{StandStill, Stop, StopReason, Stopper};
