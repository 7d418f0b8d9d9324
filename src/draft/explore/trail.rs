//! Where there may be settings, the most promising first.

use std::collections::HashSet;

use url::Url;

use crate::draft::findings::Move;
use crate::draft::yaml::step;

/// What leads to one of them.
#[derive(Debug, Clone)]
pub(super) enum Lead {
    /// At this address, for everybody.
    Address(Url),
    /// Perhaps at this address, where every address has a page.
    Guess(Url),
    /// At an address that is one account's only. The link to it is clicked by these moves; none, if nothing names it.
    OnesOwn(Url, Vec<Move>),
    /// Behind these clicks.
    Clicks(Vec<Move>),
}

impl Lead {
    fn key(&self) -> String {
        match self {
            // However its query is written.
            Self::Address(url) | Self::Guess(url) | Self::OnesOwn(url, _) => {
                let query: Vec<_> = url.query_pairs().collect();
                format!("{} {query:?} {:?}", url.path(), url.fragment())
            }
            // The same item is on many pages.
            Self::Clicks(way) => way.last().map(step).unwrap_or_default(),
        }
    }
}

/// What has yet to be looked at, and what was.
#[derive(Debug, Default)]
pub(super) struct Trail {
    waiting: Vec<(u32, Lead)>,
    seen: HashSet<String>,
}

impl Trail {
    /// A lead, and how much it promises.
    pub(super) fn add(&mut self, worth: u32, lead: Lead) {
        self.waiting.push((worth, lead));
    }

    /// The first of the most promising that was not looked at yet.
    pub(super) fn next(&mut self) -> Option<Lead> {
        self.waiting.retain(|(_, lead)| !self.seen.contains(&lead.key()));
        let best = self.waiting.iter().map(|(worth, _)| *worth).max()?;
        let at = self.waiting.iter().position(|(worth, _)| *worth == best)?;
        let (_, lead) = self.waiting.remove(at);
        self.seen.insert(lead.key());
        Some(lead)
    }
}
