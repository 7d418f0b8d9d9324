//! Targets: the one element that a step is about.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::{Locator, Place};

/// The element that a step is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Target {
    /// Ways to find it, tried together: all that match must be one and the same element. Never empty.
    pub alternatives: Vec<Locator>,
    /// How long to wait for it, if not the playbook's `timeouts.step`.
    #[serde(skip)]
    pub timeout: Option<Duration>,
    /// Where the playbook names it.
    #[serde(skip)]
    pub place: Place,
}

impl Target {
    /// Whether this shows wherever the other one does, as far as the locators alone tell.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let covered = |each: &Locator| self.alternatives.iter().any(|ours| ours.covers(each));
        other.alternatives.iter().all(covered)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, locator) in self.alternatives.iter().enumerate() {
            let or = if nth == 0 { "" } else { " or " };
            write!(f, "{or}{locator}")?;
        }
        Ok(())
    }
}
