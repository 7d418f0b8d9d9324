//! Frames that steps may reach into.

use super::{Locator, Origin, Place};

/// A named frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The name that locators give as `frame`.
    pub name: String,
    /// Finds the frame's element; its own `frame` names the frame around it, if it is nested.
    pub locator: Locator,
    /// The origin that the frame's document must have. Without one no secret is typed in it.
    pub origin: Option<Origin>,
    /// Where the playbook declares it.
    pub place: Place,
}

impl Frame {
    /// The name of the frame around this one; `None` when the main page holds it.
    pub fn parent(&self) -> Option<&str> {
        self.locator.frame.as_deref()
    }
}
