//! Where there may be settings, the most promising first.

use std::collections::HashSet;

use url::Url;

use crate::draft::findings::Move;
use crate::draft::yaml::step;

/// Where one of them is.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// At this address, for everybody.
    Address(Url),
    /// At an address that is one account's only. The link to it is clicked by these moves; none, if nothing names it.
    OnesOwn(Url, Vec<Move>),
    /// Behind these clicks.
    Clicks(Vec<Move>),
}

impl Place {
    fn key(&self) -> String {
        match self {
            Self::Address(url) | Self::OnesOwn(url, _) => url.to_string(),
            // The same item is on many pages.
            Self::Clicks(way) => way.last().map(step).unwrap_or_default(),
        }
    }
}

/// What has yet to be looked at, and what was.
#[derive(Debug, Default)]
pub(super) struct Trail {
    waiting: Vec<(u32, Place)>,
    seen: HashSet<String>,
}

impl Trail {
    /// A place, and how much it promises.
    pub(super) fn add(&mut self, worth: u32, place: Place) {
        self.waiting.push((worth, place));
    }

    /// The first of the most promising that was not looked at yet.
    pub(super) fn next(&mut self) -> Option<Place> {
        self.waiting.retain(|(_, place)| !self.seen.contains(&place.key()));
        let best = self.waiting.iter().map(|(worth, _)| *worth).max()?;
        let at = self.waiting.iter().position(|(worth, _)| *worth == best)?;
        let (_, place) = self.waiting.remove(at);
        self.seen.insert(place.key());
        Some(place)
    }
}
