use jiff::Timestamp;
use uuid::Uuid;

use crate::job::{AccountRef, Code, Verdict, Wanted};
use crate::store::AttemptRow;
use crate::worker::Event;

/// Why people are written to.
#[derive(Debug, Clone)]
pub enum Occasion {
    /// A job has ended, and a person has to act.
    NeedsHuman(Box<AttemptRow>, Verdict),
    /// A job waits for a person.
    Asked {
        /// It.
        job: Uuid,
        /// Of which account.
        account: AccountRef,
        /// What it needs.
        wanted: Wanted,
        /// It waits until then.
        until: Timestamp,
    },
    /// The breaker of an app is open.
    BreakerOpened {
        /// The app.
        app: String,
        /// So many attempts in a row have failed.
        failures: u32,
        /// When the first probe may be made.
        probe_at: Timestamp,
        /// The job whose attempt was the last of them.
        job: Uuid,
        /// How that ended.
        verdict: Verdict,
    },
    /// The canary of an app has begun to fail in a flow.
    CanaryFailed(Box<AttemptRow>, String, Verdict),
}

/// Occasions that are alike: of one sort, one app, one code.
pub(super) type Alike = (&'static str, String, Option<Code>);

impl Occasion {
    /// What calls for a notice; most of what happens does not.
    pub(super) fn of(event: Event) -> Option<Self> {
        match event {
            Event::AttemptEnded { row, again_at: None } => {
                let verdict = row.verdict.clone().filter(Verdict::calls_a_person)?;
                Some(Self::NeedsHuman(row, verdict))
            }
            Event::BreakerOpened { app, failures, probe_at, job, verdict } => {
                Some(Self::BreakerOpened { app, failures, probe_at, job, verdict })
            }
            Event::Asked { job, account, wanted, until, .. } => {
                Some(Self::Asked { job, account, wanted, until })
            }
            _ => None,
        }
    }

    /// How it ended what it is about, if it has ended.
    pub(super) const fn verdict(&self) -> Option<&Verdict> {
        match self {
            Self::Asked { .. } => None,
            Self::NeedsHuman(_, verdict)
            | Self::BreakerOpened { verdict, .. }
            | Self::CanaryFailed(_, _, verdict) => Some(verdict),
        }
    }

    /// With what it is counted.
    pub(super) fn alike(&self) -> Alike {
        let (sort, app) = match self {
            Self::NeedsHuman(row, _) => ("needs_human", row.account.app()),
            Self::BreakerOpened { app, .. } => ("breaker", &**app),
            Self::CanaryFailed(row, ..) => ("canary", row.account.app()),
            // Each waits by itself, and not for long.
            Self::Asked { job, .. } => return ("asked", job.to_string(), None),
        };
        (sort, app.to_owned(), self.verdict().map(|verdict| verdict.code))
    }
}
