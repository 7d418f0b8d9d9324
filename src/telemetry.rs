//! Tracing set-up: where lines go, how much is said, what dependencies may say at most, and the masking of
//! secrets on the way out. Panics go the same way.

mod json;

use std::io::{self, Write};

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::redact::redact;

/// How lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// What was asked of telemetry.
#[derive(Debug, Clone, Default)]
pub struct Telemetry {
    /// How lines are written.
    pub format: Format,
    /// `warn`, `debug`, or directives such as `turnlock::flow=trace,info`.
    pub level: String,
    /// Are colours welcome?
    pub colour: bool,
}

/// The level is not one.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a log level: write error, warn, info, debug or trace, or turnlock::PART=LEVEL,…")]
pub struct BadLevel(String);

/// Sets up tracing to standard error for the whole process, and the panic hook.
///
/// # Errors
/// [`BadLevel`] if the level is not one.
pub fn start(telemetry: &Telemetry) -> Result<(), BadLevel> {
    let bad = || BadLevel(telemetry.level.clone());
    let asked = EnvFilter::builder()
        .with_default_directive(LevelFilter::WARN.into())
        .parse(&telemetry.level)
        .map_err(|_| bad())?;
    let lines = tracing_subscriber::fmt::layer().with_writer(Redacting).with_ansi(telemetry.colour);
    let layer = match telemetry.format {
        Format::Text => lines.boxed(),
        Format::Json => {
            lines.with_ansi(false).fmt_fields(JsonFields::new()).event_format(json::JsonLines).boxed()
        }
    };
    // The filters are for all layers, not for this one alone: such a one loses the line that follows when somebody
    // merely asks whether one would be wanted, as sqlx does with each statement.
    let lines = tracing_subscriber::registry().with(layer).with(asked).with(filter_fn(within_cap));
    // A second set-up in one process (as tests do) keeps the first.
    let _ = lines.try_init();
    set_panic_hook(telemetry.format);
    Ok(())
}

/// Dependencies may warn and no more, whatever was asked for: at finer levels they print statements,
/// protocol messages and headers, and with them secrets. What the broker refuses on a channel (that a queue is
/// missing, say) lapin calls an error even where that was the question; whoever asked is told anyway.
fn within_cap(line: &Metadata<'_>) -> bool {
    if line.target() == "lapin::channel" {
        return false;
    }
    let own = ["turnlock", "acme"].iter().any(|name| {
        line.target().strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    });
    own || *line.level() <= Level::WARN
}

/// A panic is one redacted line on standard error: no backtrace, no arguments.
fn set_panic_hook(format: Format) {
    std::panic::set_hook(Box::new(move |panic| {
        let message = panic.payload_as_str().unwrap_or("no message");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let what = format!("internal error at {place}: {message}");
        let line = match format {
            Format::Text => format!("turnlock: {what}\n"),
            Format::Json => format!("{}\n", json::line(Level::ERROR, "turnlock", &what)),
        };
        let _ = io::stderr().write_all(redact(&line).as_bytes());
    }));
}

/// Forbids core dumps of this process and of those that it starts, and other processes of this user to read this
/// one's memory.
///
/// # Errors
/// The kernel's answer, if it refuses.
pub fn harden() -> io::Result<()> {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};
    // One byte is less than any dump, and the one bound that also holds where dumps are piped to a program, as
    // Ubuntu's apport is: zero does not keep the kernel from that, see core(5). The browser, whose pages hold what
    // was typed, has nothing but this bound, for to be dumpable is not inherited.
    let limit = getrlimit(Resource::Core).maximum.map_or(1, |most| most.min(1));
    setrlimit(Resource::Core, Rlimit { current: Some(limit), maximum: Some(limit) })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    Ok(())
}

/// Standard error behind [`redact`].
#[derive(Debug, Clone, Copy)]
struct Redacting;

impl<'a> MakeWriter<'a> for Redacting {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

impl Write for Redacting {
    /// Tracing hands over a whole event in one call, so that no secret is cut in two.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        io::stderr().write_all(redact(&text).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_level_is_refused_with_what_to_write() {
        let telemetry = Telemetry { level: "turnlock=loud".to_owned(), ..Telemetry::default() };
        let error = start(&telemetry).unwrap_err().to_string();
        assert!(error.starts_with("`turnlock=loud` is not a log level"), "{error}");
    }

    #[test]
    fn after_hardening_nothing_is_dumped_and_again_is_no_error() {
        use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};
        for _ in 0..2 {
            harden().unwrap();
            let limit = getrlimit(Resource::Core);
            assert!(limit.current <= Some(1) && limit.maximum == limit.current, "{limit:?}");
            assert!(limit.current.is_some());
            assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
        }
    }
}
