//! Somebody at a terminal looks on while a flow is walked: `turnlock playbook run --watch`.

mod command;
mod console;
mod lines;
mod source;

pub use console::Console;
pub use source::Source;
