use std::io::{IsTerminal, stdout};

use super::{Failure, Globals};
use crate::config::{Config, Environment};

/// What every command is given.
#[derive(Debug, Clone)]
pub struct Context {
    /// The flags that every command understands.
    pub globals: Globals,
    /// The process's environment.
    pub environment: Environment,
    /// Are colours welcome on standard output?
    pub colour: bool,
}

impl Context {
    /// Of these flags in this environment. `NO_COLOR` is respected, whatever its value.
    #[must_use]
    pub fn new(globals: Globals, environment: Environment) -> Self {
        let colour = stdout().is_terminal() && colours_welcome(&environment);
        Self { globals, environment, colour }
    }

    /// The configuration; read when a command first needs it, since some need none.
    ///
    /// # Errors
    /// A failure with [`super::Exit::Environment`] that names the place that is wrong.
    pub fn config(&self) -> Result<Config, Failure> {
        for (name, meant) in self.environment.misspelt() {
            tracing::warn!("the variable {name} means nothing; did you mean {meant}?");
        }
        Ok(Config::resolve(self.globals.layer(), self.globals.config.clone(), &self.environment)?)
    }
}

/// Does the environment allow colours?
#[must_use]
pub fn colours_welcome(environment: &Environment) -> bool {
    environment.get("NO_COLOR").is_none() && environment.get("TERM") != Some("dumb")
}
