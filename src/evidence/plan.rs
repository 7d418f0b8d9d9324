use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use uuid::Uuid;

/// Whose evidence it is: the job, and the number of its attempt.
pub type Place = (Uuid, u32);

/// The evidence of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Whose it is.
    pub place: Place,
    /// When the last of it was written.
    pub written: SystemTime,
    /// How large its files are together.
    pub bytes: u64,
}

/// How long evidence stays, and how much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// So long; `None` is for ever.
    pub retention: Option<Duration>,
    /// So many bytes at most; `None` is as many as come.
    pub bytes: Option<u64>,
}

impl Limits {
    /// Whether there is a bound at all.
    #[must_use]
    pub const fn any(&self) -> bool {
        self.retention.is_some() || self.bytes.is_some()
    }
}

/// Which evidence goes, the oldest first: what is older than the retention, and then as much as it takes for the rest to
/// be within the limit. What belongs to an attempt under way counts, but stays.
#[must_use]
pub fn to_remove(
    mut kept: Vec<Kept>,
    limits: &Limits,
    now: SystemTime,
    under_way: &HashSet<Place>,
) -> Vec<Kept> {
    // By the place too, so that all processes that do this choose the same.
    kept.sort_by_key(|kept| (kept.written, kept.place));
    let mut rest: u64 = kept.iter().map(|kept| kept.bytes).sum();
    // What was written by a clock that is ahead has no age yet.
    let age = |kept: &Kept| now.duration_since(kept.written).unwrap_or_default();
    kept.retain(|kept| {
        let old = limits.retention.is_some_and(|retention| age(kept) > retention);
        let large = limits.bytes.is_some_and(|limit| rest > limit);
        // What is empty is no help, but nor is it of use.
        let goes = (old || (large && kept.bytes > 0)) && !under_way.contains(&kept.place);
        if goes {
            rest -= kept.bytes;
        }
        goes
    });
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    /// Each with its age in hours and its size; the job's number is its place in the list.
    fn planned(kept: &[(u32, u64)], limits: Limits, under_way: &[u128]) -> Vec<u128> {
        let now = SystemTime::UNIX_EPOCH + 100_000 * HOUR;
        let place = |job: u128| (Uuid::from_u128(job), 1);
        let kept = kept.iter().zip(0..).map(|((age, bytes), job)| Kept {
            place: place(job),
            written: now - *age * HOUR,
            bytes: *bytes,
        });
        let under_way = under_way.iter().map(|job| place(*job)).collect();
        let gone = to_remove(kept.collect(), &limits, now, &under_way);
        gone.iter().map(|kept| kept.place.0.as_u128()).collect()
    }

    fn limits(hours: Option<u32>, bytes: Option<u64>) -> Limits {
        Limits { retention: hours.map(|hours| hours * HOUR), bytes }
    }

    const FOUR: [(u32, u64); 4] = [(1, 10), (4, 10), (2, 10), (3, 10)];

    #[test]
    fn without_limits_all_stays() {
        assert_eq!(planned(&FOUR, limits(None, None), &[]), [0; 0]);
        assert!(!limits(None, None).any() && limits(None, Some(1)).any() && limits(Some(1), None).any());
    }

    #[test]
    fn what_is_older_than_its_retention_goes() {
        assert_eq!(planned(&FOUR, limits(Some(2), None), &[]), [1, 3], "two hours are not more than two");
        assert_eq!(planned(&FOUR, limits(Some(9), None), &[]), [0; 0]);
    }

    #[test]
    fn the_oldest_goes_until_the_rest_is_within_the_limit() {
        assert_eq!(planned(&FOUR, limits(None, Some(40)), &[]), [0; 0], "just as much as may be");
        assert_eq!(planned(&FOUR, limits(None, Some(39)), &[]), [1]);
        assert_eq!(planned(&FOUR, limits(None, Some(15)), &[]), [1, 3, 2]);
        assert_eq!(planned(&FOUR, limits(None, Some(0)), &[]), [1, 3, 2, 0]);
    }

    #[test]
    fn what_is_old_makes_room_for_the_rest() {
        assert_eq!(planned(&FOUR, limits(Some(2), Some(20)), &[]), [1, 3]);
        assert_eq!(planned(&FOUR, limits(Some(2), Some(19)), &[]), [1, 3, 2]);
    }

    #[test]
    fn what_is_under_way_counts_and_stays() {
        assert_eq!(planned(&FOUR, limits(Some(2), None), &[1]), [3]);
        assert_eq!(planned(&FOUR, limits(None, Some(20)), &[1, 3]), [2, 0]);
        assert_eq!(planned(&FOUR, limits(None, Some(0)), &[0, 1, 2, 3]), [0; 0]);
    }

    #[test]
    fn an_empty_folder_goes_by_its_age_only() {
        let kept = [(5, 0), (1, 10)];
        assert_eq!(planned(&kept, limits(None, Some(5)), &[]), [1]);
        assert_eq!(planned(&kept, limits(Some(2), None), &[]), [0]);
    }
}
