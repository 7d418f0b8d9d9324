//! Nodes → typed tree.
//!
//! The reader never stops: what is wrong is noted, what depends on it left out, and the rest read.

mod address;
mod destination;
mod expect;
mod fields;
mod frames;
mod header;
mod locator;
mod origins;
mod parameters;
mod passwords;
mod playbook;
mod scalars;
mod selectors;
mod shown;
mod steps;
mod target;
pub(super) mod words;

pub(crate) use passwords::{PASSWORD, names_a_secret};
pub(super) use playbook::KEYS;

use std::collections::BTreeSet;

use super::findings::Findings;
use super::{Frame, Origin, OriginOverrides, Parameter, Parameters, Place};

/// Reads one playbook.
pub(super) struct Reader<'a> {
    /// The playbook's text and, behind it, its family's.
    source: &'a str,
    /// Where the playbook's own text ends.
    own: usize,
    overrides: &'a OriginOverrides,
    /// What is wrong, so far.
    pub(super) findings: Findings,
    parameters: Vec<Parameter>,
    /// What is put in their places.
    values: Parameters,
    origins: Vec<Declared>,
    /// Names first, so that a frame may nest in one that is declared further down.
    frame_names: Vec<(String, Place)>,
    frames: Vec<Frame>,
    frames_used: BTreeSet<String>,
    /// Steps left out without a word, since what they build on has been complained of.
    left_out: usize,
}

/// A declared origin, and the one that stands in for it.
struct Declared {
    name: String,
    written: Origin,
    used: Origin,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a str, own: usize, overrides: &'a OriginOverrides) -> Self {
        Self {
            source,
            own,
            parameters: Vec::new(),
            values: Parameters::new(),
            overrides,
            findings: Findings::default(),
            origins: Vec::new(),
            frame_names: Vec::new(),
            frames: Vec::new(),
            frames_used: BTreeSet::new(),
            left_out: 0,
        }
    }

    /// For a target by itself: these frames are declared elsewhere.
    pub(super) fn know_frames(&mut self, frames: &[Frame]) {
        self.frame_names.extend(frames.iter().map(|frame| (frame.name.clone(), frame.place)));
    }
}
