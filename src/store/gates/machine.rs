//! What becomes of a gate: decided here, alike for every store. All times are milliseconds of the store's own clock.
//!
//! ```text
//!            failures in a row         it is time, or a person runs a job
//! closed ────────────────────▶ open ◀────────────────────────────────────▶ probing
//!   ▲                            │     it fails (waits double), or tells nothing │
//!   └────────── reset ───────────┴──────────────── it does not fail ─────────────┘
//! ```

use jiff::Timestamp;
use uuid::Uuid;

use super::{AppLimits, Breaker, Entry, Left, Refusal, Visit, Why};
use crate::job::{BreakerPolicy, Code, Sign};

/// The row of a gate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::store) struct GateState {
    /// As the last worker told them.
    pub limits: AppLimits,
    /// No attempt may begin before then: so many have begun lately.
    pub full_until: i64,
    /// How many attempts in a row have failed.
    pub failures: u32,
    /// How the last of them ended.
    pub code: Option<Code>,
    /// Since when the breaker is open; `None` if it is closed.
    pub opened_at: Option<i64>,
    /// No probe may be made before then.
    pub probe_after: i64,
    /// How many probes have failed since it opened.
    pub failed_probes: u32,
    /// The last probe, by the claim under which it is made.
    pub probe: Option<ClaimId>,
}

/// A claim: its job and its token.
pub(in crate::store) type ClaimId = (Uuid, u64);

/// What a job finds at the gate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::store) struct Scene {
    /// What the store's clock shows.
    pub now: i64,
    /// By this claim the job has entered before.
    pub entered: bool,
    /// How many other jobs have a place.
    pub taken: u32,
    /// When the oldest began of the newest attempts that fill the window, if there are so many.
    pub oldest: Option<i64>,
    /// The same of one attempt fewer.
    pub second_oldest: Option<i64>,
    /// The claim of the last probe stands.
    pub probing: bool,
}

/// What keeps a job out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Bar {
    Full,
    TooSoon,
    Broken,
}

/// What the end of an attempt has done to the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Ended {
    Unmoved,
    Opened,
    StaysOpen,
    Closed,
}

impl GateState {
    /// Whether there is nothing to remember.
    pub fn is_trivial(&self) -> bool {
        self.limits.are_none() && self.failures == 0 && self.opened_at.is_none()
    }

    /// Lets a job in by this claim, or says what keeps it out.
    pub fn admit(&mut self, limits: &AppLimits, by: ClaimId, visit: Visit, scene: &Scene) -> Result<(), Bar> {
        self.limits = *limits;
        let Scene { now, taken, oldest, second_oldest, .. } = *scene;
        let window = limits.beginnings.map(|limit| (limit.most, millis(limit.window)));
        let full_until = |oldest: Option<i64>| match (oldest, window) {
            (Some(oldest), Some((_, window))) => oldest.saturating_add(window),
            _ => 0,
        };
        if scene.entered {
            return Ok(());
        }
        self.full_until = full_until(oldest);
        if self.opened_at.is_some() && (scene.probing || (now < self.probe_after && visit == Visit::Queued)) {
            return Err(Bar::Broken);
        }
        if limits.concurrent.is_some_and(|places| taken >= places) {
            return Err(Bar::Full);
        }
        if self.full_until > now {
            return Err(Bar::TooSoon);
        }
        // With this one the window may be full: then others need not come and ask.
        let alone = window.is_some_and(|(most, _)| most <= 1);
        self.full_until = full_until(if alone { Some(now) } else { second_oldest });
        self.probe = self.opened_at.map(|_| by);
        Ok(())
    }

    /// An attempt has ended that was made by this claim.
    pub fn ended(&mut self, by: ClaimId, code: Code, policy: &BreakerPolicy, now: i64) -> Ended {
        let wait = |failed| now.saturating_add(millis(policy.wait(failed)));
        let probed = self.opened_at.is_some() && self.probe == Some(by);
        match code.sign() {
            Sign::Ill if probed => {
                self.failures = self.failures.saturating_add(1);
                self.failed_probes = self.failed_probes.saturating_add(1);
                self.code = Some(code);
                self.probe = None;
                self.probe_after = wait(self.failed_probes);
                Ended::StaysOpen
            }
            Sign::Well if probed => {
                self.reset();
                Ended::Closed
            }
            // Another may be made at once.
            Sign::Silent if probed => {
                self.probe = None;
                Ended::Unmoved
            }
            // It began before the breaker opened, and tells nothing new.
            _ if self.opened_at.is_some() => Ended::Unmoved,
            Sign::Ill => {
                self.failures = self.failures.saturating_add(1);
                self.code = Some(code);
                if self.failures < policy.failures {
                    return Ended::Unmoved;
                }
                self.opened_at = Some(now);
                self.probe_after = wait(0);
                Ended::Opened
            }
            Sign::Well => {
                self.reset();
                Ended::Unmoved
            }
            Sign::Silent => Ended::Unmoved,
        }
    }

    /// Closes the breaker and forgets the failures.
    pub fn reset(&mut self) {
        *self = Self { limits: self.limits, full_until: self.full_until, ..Self::default() };
    }

    /// How many more jobs may enter, when so many are under way and so many have begun within the window.
    pub fn room(&self, now: i64, running: u32, begun: u32) -> u32 {
        if self.full_until > now || (self.opened_at.is_some() && self.probe_after > now) {
            return 0;
        }
        let places = if self.opened_at.is_some() { Some(1) } else { self.limits.concurrent };
        let places = places.map_or(u32::MAX, |places| places.saturating_sub(running));
        let beginnings = self.limits.beginnings.map_or(u32::MAX, |limit| limit.most.saturating_sub(begun));
        places.min(beginnings)
    }

    /// What a job is answered that was admitted, or was not. `here` tells a time of the store's clock by this process's
    /// own.
    pub fn answer(
        &self,
        app: &str,
        admitted: Result<(), Bar>,
        probing: bool,
        here: impl Fn(i64) -> Timestamp,
    ) -> Entry {
        let bar = match admitted {
            Ok(()) => return Entry::Entered { troubled: self.failures > 0 },
            Err(bar) => bar,
        };
        let (why, until) = match (bar, self.opened_at) {
            (Bar::TooSoon, _) => (self.limits.beginnings.map(Why::TooSoon), Some(self.full_until)),
            (Bar::Broken, Some(since)) => {
                let (failures, code, since) = (self.failures, self.code, here(since));
                let until = (!probing).then_some(self.probe_after);
                (Some(Why::Broken { failures, code, since, probing }), until)
            }
            (Bar::Full | Bar::Broken, _) => (None, None),
        };
        let why = why.unwrap_or(Why::Full { places: self.limits.concurrent.unwrap_or(1) });
        Entry::Refused(Refusal { app: app.to_owned(), why, until: until.map(here) })
    }

    /// What a worker is told that has left.
    pub fn left(&self, ended: Ended, here: impl Fn(i64) -> Timestamp) -> Left {
        let probe_at = here(self.probe_after);
        match ended {
            Ended::Unmoved => Left::Unmoved,
            Ended::Opened => Left::Opened { failures: self.failures, probe_at },
            Ended::StaysOpen => Left::StaysOpen { probe_at },
            Ended::Closed => Left::Closed,
        }
    }

    /// The breaker, as people want to know it.
    pub fn breaker(&self, probing: bool, here: impl Fn(i64) -> Timestamp) -> Breaker {
        match self.opened_at {
            None => Breaker::Closed,
            Some(since) => Breaker::Open { since: here(since), probe_at: here(self.probe_after), probing },
        }
    }
}

fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::time::Duration;

    use crate::store::Limit;

    const POLICY: BreakerPolicy = BreakerPolicy {
        failures: 3,
        first_wait: Duration::from_millis(100),
        longest_wait: Duration::from_millis(300),
    };
    const NONE: AppLimits = AppLimits { concurrent: None, beginnings: None };

    fn by(n: u128) -> ClaimId {
        (Uuid::from_u128(n), 1)
    }

    fn at(now: i64) -> Scene {
        Scene { now, ..Scene::default() }
    }

    fn opened() -> GateState {
        let mut gate = GateState::default();
        let ends = [1, 2, 3].map(|n| gate.ended(by(n), Code::AppError, &POLICY, 1000));
        assert_eq!(ends, [Ended::Unmoved, Ended::Unmoved, Ended::Opened]);
        gate
    }

    #[test]
    fn only_failures_in_a_row_open_it() {
        let mut gate = GateState::default();
        let codes = [
            Code::AppError,
            Code::PageNotAsDescribed,
            Code::BadCredentials,
            Code::AppError,
            Code::AppUnreachable,
            Code::WorkerStopped,
        ];
        for code in codes {
            assert_eq!(gate.ended(by(1), code, &POLICY, 0), Ended::Unmoved);
        }
        assert_eq!((gate.failures, gate.is_trivial()), (2, false), "what tells nothing changes nothing");
        assert_eq!(gate.ended(by(1), Code::AppError, &POLICY, 0), Ended::Opened);
    }

    #[test]
    fn one_probe_at_a_time_when_it_is_time() {
        let mut gate = opened();
        assert_eq!(gate.admit(&NONE, by(4), Visit::Queued, &at(1099)), Err(Bar::Broken));
        assert_eq!(gate.room(1099, 0, 0), 0);
        assert_eq!(gate.room(1100, 0, 0), 1);
        assert_eq!(gate.admit(&NONE, by(4), Visit::Queued, &at(1100)), Ok(()));
        let probing = Scene { probing: true, ..at(1100) };
        assert_eq!(gate.admit(&NONE, by(5), Visit::Queued, &probing), Err(Bar::Broken));
        assert_eq!(gate.admit(&NONE, by(5), Visit::ByHand, &probing), Err(Bar::Broken), "nor does a person");
        // What began before it opened does not count, whatever its end.
        assert_eq!(gate.ended(by(3), Code::LoggedIn, &POLICY, 1150), Ended::Unmoved);
        assert_eq!(gate.ended(by(3), Code::AppError, &POLICY, 1150), Ended::Unmoved);
        let mut waits = Vec::new();
        for _ in 0..3 {
            let now = gate.probe_after;
            gate.admit(&NONE, by(6), Visit::Queued, &at(now)).unwrap();
            assert_eq!(gate.ended(by(6), Code::AppError, &POLICY, now), Ended::StaysOpen);
            waits.push(gate.probe_after - now);
        }
        assert_eq!(waits, [200, 300, 300]);
        assert_eq!(gate.admit(&NONE, by(7), Visit::ByHand, &at(1200)), Ok(()), "a person need not wait");
        assert_eq!(gate.ended(by(7), Code::BrowserCrashed, &POLICY, 1200), Ended::Unmoved);
        gate.admit(&NONE, by(8), Visit::ByHand, &at(1200)).unwrap();
        assert_eq!(gate.ended(by(8), Code::BadCredentials, &POLICY, 1200), Ended::Closed);
        assert!(gate.is_trivial());
    }

    #[test]
    fn the_window_is_known_to_be_full_at_once() {
        let limit = |most| Some(Limit { most, window: Duration::from_millis(100) });
        let two = AppLimits { concurrent: None, beginnings: limit(2) };
        let mut gate = GateState::default();
        gate.admit(&two, by(1), Visit::Queued, &at(1000)).unwrap();
        assert_eq!(gate.room(1000, 1, 1), 1);
        let second = Scene { second_oldest: Some(1000), ..at(1030) };
        gate.admit(&two, by(2), Visit::Queued, &second).unwrap();
        assert_eq!((gate.full_until, gate.room(1030, 2, 2)), (1100, 0));
        let third = Scene { oldest: Some(1000), second_oldest: Some(1030), ..at(1099) };
        assert_eq!(gate.admit(&two, by(3), Visit::ByHand, &third), Err(Bar::TooSoon));
        let third = Scene { oldest: None, second_oldest: Some(1030), ..at(1100) };
        gate.admit(&two, by(3), Visit::Queued, &third).unwrap();
        assert_eq!(gate.full_until, 1130);
        let one = AppLimits { concurrent: None, beginnings: limit(1) };
        gate.admit(&one, by(4), Visit::Queued, &at(2000)).unwrap();
        assert_eq!(gate.full_until, 2100);
        gate.admit(&NONE, by(5), Visit::Queued, &at(2001)).unwrap();
        assert_eq!((gate.full_until, gate.is_trivial()), (0, true), "limits may go");
    }

    #[test]
    fn places_are_counted_and_nobody_enters_twice() {
        let limits = AppLimits { concurrent: Some(2), beginnings: None };
        let mut gate = GateState::default();
        let taken = |taken| Scene { taken, ..at(0) };
        assert_eq!(gate.admit(&limits, by(1), Visit::Queued, &taken(1)), Ok(()));
        assert_eq!(gate.admit(&limits, by(2), Visit::ByHand, &taken(2)), Err(Bar::Full));
        let again = Scene { entered: true, ..taken(2) };
        assert_eq!(gate.admit(&limits, by(1), Visit::Queued, &again), Ok(()));
        assert_eq!((gate.room(0, 0, 0), gate.room(0, 2, 2), gate.room(0, 3, 0)), (2, 0, 0));
    }
}
