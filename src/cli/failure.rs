use std::fmt;
use std::io;

use super::Exit;
use crate::audit::WhyNot;
use crate::config::ConfigError;
use crate::telemetry::BadLevel;

/// Why a command could not be done: what the process says, and what the person reads.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    /// A failure of this sort, with what happened and what to do.
    pub fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self { exit, message: message.to_string() }
    }

    /// The arguments make no sense.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// The environment or the configuration is at fault.
    pub fn environment(message: impl fmt::Display) -> Self {
        Self::new(Exit::Environment, message)
    }

    /// What the process says to its caller.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        self.exit
    }

    /// Was it told already, or is there nothing to tell?
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.message.is_empty()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// What went wrong at the shell is told in words alone.
impl WhyNot for Failure {}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::environment(error)
    }
}

impl From<BadLevel> for Failure {
    fn from(error: BadLevel) -> Self {
        Self::environment(error)
    }
}

impl From<io::Error> for Failure {
    /// For the command's own output. A reader that has seen enough (`turnlock log | head`) is no failure.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::new(Exit::Done, "");
        }
        Self::environment(format_args!("the output cannot be written: {error}"))
    }
}
