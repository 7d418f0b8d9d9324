use jiff::Timestamp;

use super::Performed;
use crate::job::{Code, Outcome, Retry, RetryPolicy};
use crate::store::Next;

/// For how long a job may stay with its worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// It may wait in the queue for another try.
    Queue,
    /// It is run here and now: what cannot go on at once has ended.
    Now,
}

/// Decides what becomes of a job when its attempt ended like this after so many others that counted.
pub(super) fn next(
    policy: &RetryPolicy,
    tries_before: u32,
    performed: &Performed,
    cancelled: bool,
    patience: Patience,
) -> Next {
    let verdict = &performed.verdict;
    // A cancelled job goes on only to find out which credential opens the account.
    let unwanted = (cancelled && verdict.outcome != Outcome::Unknown) || verdict.code == Code::Cancelled;
    let now = Timestamp::now();
    let (at, counts) = match (verdict.outcome, performed.not_before) {
        _ if unwanted => return Next::Ended,
        (Outcome::RetryLater, Some(at)) => (at, false),
        (outcome, _) => match policy.after(tries_before + 1, outcome) {
            Retry::Never => return Next::Ended,
            Retry::After(wait) => {
                let wait = jiff::SignedDuration::try_from(wait).unwrap_or(jiff::SignedDuration::MAX);
                (now.saturating_add(wait).unwrap_or(Timestamp::MAX), outcome != Outcome::Interrupted)
            }
        },
    };
    let at_once = verdict.outcome == Outcome::Unknown;
    match patience {
        Patience::Now if !at_once => Next::Ended,
        _ => Next::Again { at, counts },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Verdict;

    fn after(code: Code, tries_before: u32, cancelled: bool, patience: Patience) -> Next {
        let performed = Performed::new(Verdict::new(code, ""));
        next(&RetryPolicy::default(), tries_before, &performed, cancelled, patience)
    }

    #[test]
    fn only_what_may_change_is_tried_again() {
        use Patience::{Now, Queue};
        let again = |next| matches!(next, Next::Again { .. });
        assert!(!again(after(Code::LoggedIn, 0, false, Queue)));
        assert!(!again(after(Code::BadCredentials, 0, false, Queue)));
        assert!(again(after(Code::AppError, 0, false, Queue)));
        assert!(!again(after(Code::AppError, 3, false, Queue)), "attempts are used up");
        assert!(!again(after(Code::AppError, 0, true, Queue)), "cancelled");
        assert!(!again(after(Code::Cancelled, 0, false, Queue)));
        assert!(matches!(after(Code::WorkerStopped, 9, false, Queue), Next::Again { counts: false, .. }));
        assert!(again(after(Code::AnswerLost, 0, true, Now)), "an unknown outcome is reconciled in any case");
        assert!(!again(after(Code::AppError, 0, false, Now)), "nobody waits at a shell for minutes");
    }

    #[test]
    fn a_time_that_the_performer_names_is_kept_and_costs_no_try() {
        let at = Timestamp::MAX;
        let mut performed = Performed::new(Verdict::new(Code::BudgetExhausted, ""));
        performed.not_before = Some(at);
        let next = next(&RetryPolicy::default(), 9, &performed, false, Patience::Queue);
        assert_eq!(next, Next::Again { at, counts: false });
    }
}
