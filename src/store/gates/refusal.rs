use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::job::Code;
use crate::store::Limit;

/// No attempt may begin at the app, for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The app.
    pub app: String,
    /// Why not.
    pub why: Why,
    /// When there may be room again, by this process's own clock, where that is known.
    pub until: Option<Timestamp>,
}

/// Why no attempt may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// As many are under way as may be.
    Full {
        /// So many.
        places: u32,
    },
    /// As many have begun lately as may.
    TooSoon(Limit),
    /// The breaker is open.
    Broken {
        /// So many attempts in a row had failed when it opened.
        failures: u32,
        /// The last of them like this.
        code: Option<Code>,
        /// When it opened, by this process's own clock.
        since: Timestamp,
        /// A probe is under way.
        probing: bool,
    },
}

impl fmt::Display for Refusal {
    /// A sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let app = &self.app;
        match self.why {
            Why::Full { places: 1 } => {
                write!(f, "One attempt at {app} is under way, and no more may be at once")
            }
            Why::Full { places } => {
                write!(f, "{places} attempts at {app} are under way, and no more may be at once")
            }
            Why::TooSoon(Limit { most, window }) => {
                let seconds = window.as_secs_f64();
                write!(f, "{most} attempts at {app} have begun within {seconds} s, and no more may")
            }
            Why::Broken { failures, code, since, probing } => {
                write!(f, "The breaker of {app} is open since {}", clock(since))?;
                write!(f, ", for {failures} attempts in a row had failed")?;
                if let Some(code) = code {
                    write!(f, ", the last as {code}")?;
                }
                if probing {
                    write!(f, "; an attempt that probes the app is under way")?;
                }
                Ok(())
            }
        }?;
        match self.until {
            Some(until) => write!(f, "; the next may begin at {}.", clock(until)),
            None => f.write_str("."),
        }
    }
}

fn clock(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%H:%M:%S").to_string()
}
