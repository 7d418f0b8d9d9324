//! OpenTelemetry traces, one a job: from its submission through the queue and each attempt with its steps, to the code that
//! is awaited in the inbox.
//!
//! Spans are made of what a worker tells anyway ([`crate::worker::Event`]): what the automation log has, in its words, so that
//! nothing else can get into a trace. They go by OTLP over HTTP, in its JSON form, to where the configuration says; where
//! it says nothing, nothing is made.

mod attempts;
mod exporter;
mod otlp;
mod span;

pub use exporter::{Exporting, Submission, Tracer};
pub use span::{Kind, Span};
