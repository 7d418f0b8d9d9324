use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use jiff::Timestamp;

use crate::job::Outcome;
use crate::store::{Lately, Store, StoreError};

/// So many of an app's attempts are looked at: enough for a rate, and no more to read for an app of many accounts.
pub const LATELY: u32 = 200;

/// How an app has fared of late, by its last attempts. Those that were interrupted, and those that never reached it, tell
/// nothing of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrackRecord {
    /// So many attempts ended, those aside that tell nothing of the app.
    pub ended: usize,
    /// So many of them succeeded.
    pub succeeded: usize,
    /// By kind of job, how long those that succeeded took: half of them no longer.
    pub medians: BTreeMap<&'static str, Duration>,
    /// The SHA-256 of the playbook's text that the last one was made with, and since when it is that one, as far back as
    /// these attempts reach.
    pub playbook: Option<(String, Timestamp)>,
}

impl TrackRecord {
    /// Those of these apps; an app without attempts has none.
    pub async fn of(store: &dyn Store, apps: &[String]) -> Result<HashMap<String, Self>, StoreError> {
        let mut by_app: HashMap<String, Vec<Lately>> = HashMap::new();
        for row in store.lately(apps, LATELY).await? {
            by_app.entry(row.app.clone()).or_default().push(row);
        }
        Ok(by_app.into_iter().map(|(app, rows)| (app, Self::from(&*rows))).collect())
    }

    /// In percent, rounded down: 100 means all.
    pub fn percent(&self) -> Option<usize> {
        (self.succeeded * 100).checked_div(self.ended)
    }
}

impl From<&[Lately]> for TrackRecord {
    /// From the newest to the oldest.
    fn from(rows: &[Lately]) -> Self {
        let mut times: BTreeMap<&'static str, Vec<Duration>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.outcome == Outcome::Succeeded) {
            times.entry(row.kind.as_str()).or_default().push(row.duration);
        }
        let median = |mut times: Vec<Duration>| {
            times.sort();
            times[(times.len() - 1) / 2]
        };
        let mut hashes = rows.iter().filter_map(|row| Some((row.playbook_hash.as_deref()?, row.started_at)));
        let playbook = hashes.next().map(|(newest, at)| {
            let same = hashes.take_while(|(hash, _)| *hash == newest);
            (newest.to_owned(), same.map(|(_, at)| at).last().unwrap_or(at))
        });
        Self {
            ended: rows.iter().filter(|row| tells(row)).count(),
            succeeded: times.values().map(Vec::len).sum(),
            medians: times.into_iter().map(|(kind, times)| (kind, median(times))).collect(),
            playbook,
        }
    }
}

fn tells(row: &Lately) -> bool {
    row.outcome != Outcome::Interrupted && !row.code.never_reached_the_app()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::job::{Code, Kind};

    #[test]
    fn tells_how_an_app_fares() {
        let row = |seconds: u64, code: Code, hash: &str, at: i64| Lately {
            app: "acme".to_owned(),
            kind: Kind::VerifyLogin,
            outcome: code.outcome(),
            code,
            duration: Duration::from_secs(seconds),
            playbook_hash: Some(hash.to_owned()).filter(|hash| !hash.is_empty()),
            started_at: Timestamp::from_second(at).unwrap(),
        };
        let rows = [
            row(9, Code::LoggedIn, "b", 60),
            row(0, Code::BudgetExhausted, "", 55),
            row(1, Code::BadCredentials, "", 50),
            row(2, Code::LoggedIn, "b", 40),
            row(1, Code::WorkerStopped, "a", 30),
            row(4, Code::LoggedIn, "b", 20),
        ];
        let record = TrackRecord::from(&rows[..]);
        assert_eq!((record.ended, record.succeeded, record.percent()), (4, 3, Some(75)));
        assert_eq!(record.medians, BTreeMap::from([("verify_login", Duration::from_secs(4))]));
        assert_eq!(record.playbook, Some(("b".to_owned(), Timestamp::from_second(40).unwrap())));
        assert_eq!(TrackRecord::from(&[][..]), TrackRecord::default());
        assert_eq!(TrackRecord::default().percent(), None);
    }
}
