//! How long ago the server took a mail in, though its clock is not ours and tells whole seconds.
//!
//! What is known of a mail: the server's date of it, `taken_in`, in whole seconds of its clock; a moment of ours by which
//! it had come, `seen`; and mostly a moment of ours at which it had not come yet, `absent`: then a look at the mailbox
//! was begun that did not find it. So each mail bounds what the server's clock shows beyond ours:
//!
//! ```text
//! taken_in − seen  ≤  ahead  <  taken_in + 1 s − absent
//! ```
//!
//! The bounds of the last mails together are narrow: a mail that is announced at once gives the lower one to within the
//! second that dates are rounded by; one that comes soon after a look gives the upper one. All moments of ours are of the
//! clock that nobody sets. Of a mail's age, then, there are two bounds as well, and each is used where it does no harm:
//!
//! - **A mail that comes while the mailbox is watched** gets the lower one: nobody dates it before a request that it
//!   came after, so that no code is lost. It is too low by what the server held the announcement back, and by no more than
//!   a second and that the lower bound is off; and never by more than the time since the last look. Where a code is awaited
//!   there is one every tenth of a second.
//! - **A mail that is found** when the mailbox is opened, or opened again, gets the upper one: it may be old, and must not
//!   be taken for newer than a request. It came after the last look that did not find it, though, be it another process's
//!   (`MailboxMark`): a look that was begun behind a request settles that exactly. Where no bound of the clock is known
//!   yet, the server's is taken to show our time.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::inbox::source::MailboxMark;

/// So many mails are remembered.
const REMEMBERED: usize = 32;

/// How long a server that announces mail is presumed to take for that at most, so that mail which came long after the last
/// look gives an upper bound as well. Dovecot takes half a second.
const ANNOUNCED_WITHIN: f64 = 2.0;

/// What is known of a mail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// The server's date of it.
    pub taken_in: Timestamp,
    /// By then it had come.
    pub seen: Instant,
    /// Then it had not come yet.
    pub absent: Option<Instant>,
    /// Whether it came while the mailbox was watched.
    pub live: bool,
}

/// A server's clock, as its mails show it.
#[derive(Debug)]
pub(super) struct ServerClock {
    /// The moment from which ours are counted, in seconds.
    start: Instant,
    /// What the server's clock shows beyond that count, by each of the last mails: at least, and less than.
    bounds: VecDeque<(f64, f64)>,
}

impl ServerClock {
    pub fn new() -> Self {
        Self { start: Instant::now(), bounds: VecDeque::new() }
    }

    /// Learns from a mail.
    pub fn learn(&mut self, mail: &Known) {
        let date = seconds(mail.taken_in);
        let seen = self.count(mail.seen);
        let absent = mail.absent.map_or(f64::NEG_INFINITY, |absent| self.count(absent));
        let (least, mut below) = (date - seen, date + 1.0 - absent);
        let (known_least, known_below) = self.ahead();
        if least > known_below || below < known_least {
            // One of the clocks was set: what was known of them holds no more.
            self.bounds.clear();
        }
        let presumed = date + 1.0 - (seen - ANNOUNCED_WITHIN);
        // What contradicts it was held back, by a connection that did not work.
        if mail.live && presumed >= known_least {
            below = below.min(presumed);
        }
        if self.bounds.len() == REMEMBERED {
            self.bounds.pop_front();
        }
        self.bounds.push_back((least, below));
    }

    /// How long ago the server took it in. `now` is ours, and `wall` what our clock on the wall shows then.
    pub fn age(&self, mail: &Known, now: Instant, wall: Timestamp) -> Duration {
        let date = seconds(mail.taken_in);
        let (least, below) = self.ahead();
        let moment = if mail.live {
            (date + 1.0 - least).min(self.count(mail.seen))
        } else {
            // Bounds that are far apart say little: then the clocks are taken to agree as far as the bounds let them.
            let presumed = (seconds(wall) - self.count(now)).min(below).max(least);
            let ahead = if below - least <= ANNOUNCED_WITHIN + 1.0 { below } else { presumed };
            // A server that shows its mail late has shown none at a look that was there: the date bounds that.
            mail.absent
                .map_or(date - ahead, |absent| (date - ahead).max(self.count(absent).min(date + 1.0 - least)))
        };
        let age = self.count(now) - moment;
        Duration::try_from_secs_f64(age.max(0.0)).unwrap_or_default()
    }

    /// What the server's clock showed at a moment, if both bounds are known: at least, and at most.
    pub fn shown(&self, at: Instant) -> Option<(Timestamp, Timestamp)> {
        let (least, below) = self.ahead();
        // Infinite ones are beyond what a timestamp holds.
        let at = |ahead: f64| (self.count(at) + ahead) * 1e3;
        let moment = |millis: f64| Timestamp::from_millisecond(millis as i64).ok();
        moment(at(least).floor()).zip(moment(at(below).ceil()))
    }

    /// Learns what another process knew, of which nothing is known here.
    pub fn take_over(&mut self, mark: &MailboxMark) {
        if let (true, Some((least, most))) = (self.bounds.is_empty(), mark.shown) {
            let then = self.count(mark.looked);
            self.bounds.push_back((seconds(least) - then, seconds(most) - then));
        }
    }

    /// What the server's clock shows beyond our count: at least, and less than.
    fn ahead(&self) -> (f64, f64) {
        self.bounds.iter().fold((f64::NEG_INFINITY, f64::INFINITY), |(least, below), bound| {
            (least.max(bound.0), below.min(bound.1))
        })
    }

    /// Moments before the start count as well: a mailbox may have been looked at by then.
    fn count(&self, moment: Instant) -> f64 {
        match moment.checked_duration_since(self.start) {
            Some(since) => since.as_secs_f64(),
            None => -(self.start - moment).as_secs_f64(),
        }
    }
}

fn seconds(moment: Timestamp) -> f64 {
    moment.as_duration().as_secs_f64()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A server whose clock is ahead of ours, and the mails in it.
    struct Server {
        start: Instant,
        wall: Timestamp,
        ahead: f64,
    }

    impl Server {
        fn ahead(ahead: f64) -> Self {
            Self { start: Instant::now(), wall: "2026-01-01T00:00:00.25Z".parse().unwrap(), ahead }
        }

        fn at(&self, seconds: f64) -> Instant {
            self.start + Duration::from_secs_f64(10_000.0 + seconds)
        }

        fn mail(&self, came: f64, seen: f64, absent: Option<f64>, live: bool) -> Known {
            let shown = (seconds(self.wall) + came + self.ahead).floor();
            Known {
                taken_in: Timestamp::from_second(shown as i64).unwrap(),
                seen: self.at(seen),
                absent: absent.map(|absent| self.at(absent)),
                live,
            }
        }

        fn age(&self, clock: &ServerClock, mail: &Known, now: f64) -> f64 {
            let wall = self.wall + jiff::SignedDuration::from_secs_f64(now);
            clock.age(mail, self.at(now), wall).as_secs_f64()
        }
    }

    #[test]
    fn a_live_mail_is_never_dated_before_it_came_and_never_far_behind() {
        for ahead in [-7200.0, -3.3, -0.4, 0.0, 0.7, 12.0, 86_400.0] {
            let server = Server::ahead(ahead);
            let mut clock = ServerClock::new();
            for n in 0..40 {
                let came = f64::from(n) * 7.13;
                let mail = server.mail(came, came + 0.5, Some(came - 5.0), true);
                clock.learn(&mail);
                let age = server.age(&clock, &mail, came + 0.5);
                assert!(age <= 0.5 + 1e-6, "{ahead} {n}: {age}");
            }
            // One that a dead connection held back for a minute.
            let mail = server.mail(300.0, 360.0, Some(299.0), true);
            clock.learn(&mail);
            let age = server.age(&clock, &mail, 360.0);
            assert!((58.0..=60.001).contains(&age), "{ahead}: {age}");
        }
    }

    #[test]
    fn a_found_mail_is_never_taken_for_younger_than_it_is() {
        for ahead in [-3600.0, -0.4, 0.0, 0.7, 30.0] {
            let server = Server::ahead(ahead);
            let mut clock = ServerClock::new();
            for n in 0..10 {
                let came = f64::from(n) * 7.13;
                clock.learn(&server.mail(came, came + 0.5, Some(came - 0.1), true));
            }
            let mail = server.mail(100.0, 160.0, Some(80.0), false);
            clock.learn(&mail);
            let age = server.age(&clock, &mail, 160.0);
            assert!((60.0..=62.0).contains(&age), "{ahead}: {age}");
            // It was not there at the last look, whatever the clock says.
            let mail = server.mail(100.0, 160.0, Some(99.9), false);
            assert!(server.age(&clock, &mail, 160.0) <= 60.1 + 1e-6);
        }
    }

    #[test]
    fn where_nothing_is_known_the_clocks_are_taken_to_agree() {
        let server = Server::ahead(0.0);
        let mut clock = ServerClock::new();
        let mail = server.mail(-30.0, 0.0, None, false);
        clock.learn(&mail);
        let age = server.age(&clock, &mail, 0.0);
        assert!((30.0..=31.0).contains(&age), "{age}");
        // A date to come proves that the server is ahead.
        let server = Server::ahead(600.0);
        let mail = server.mail(-1.0, 0.0, None, false);
        clock.learn(&mail);
        let older = server.mail(-100.0, 0.0, None, false);
        let age = server.age(&clock, &older, 0.0);
        assert!((98.0..=101.0).contains(&age), "{age}");
    }

    #[test]
    fn what_another_process_knew_of_the_clock_is_taken_over() {
        for ahead in [-3600.0, -0.4, 0.7, 30.0] {
            let server = Server::ahead(ahead);
            let mut first = ServerClock::new();
            assert_eq!(first.shown(server.at(0.0)), None, "nothing is known yet");
            for n in 0..10 {
                let came = f64::from(n) * 7.13;
                first.learn(&server.mail(came, came + 0.1, Some(came - 0.1), true));
            }
            let (looked, shown) = (server.at(90.0), first.shown(server.at(90.0)));
            let (least, most) = shown.unwrap();
            let shows = seconds(server.wall) + 90.0 + ahead;
            assert!(seconds(least) <= shows && shows <= seconds(most), "{ahead}: {least} {most}");
            let mut second = ServerClock::new();
            second.take_over(&MailboxMark { validity: 1, next: 2, looked, shown });
            // Without that it would be taken for as much younger as the server's clock is ahead of ours.
            let mail = server.mail(100.0, 160.0, Some(90.0), false);
            second.learn(&mail);
            let age = server.age(&second, &mail, 160.0);
            assert!((60.0..=61.5).contains(&age), "{ahead}: {age}");
        }
    }

    #[test]
    fn a_look_that_a_server_answers_late_makes_no_mail_younger_than_its_date() {
        let server = Server::ahead(0.0);
        let mut clock = ServerClock::new();
        for n in 0..10 {
            let came = f64::from(n) * 7.13;
            clock.learn(&server.mail(came, came + 0.05, Some(came - 0.05), true));
        }
        let mail = server.mail(100.0, 160.0, Some(110.0), false);
        assert!(server.age(&clock, &mail, 160.0) >= 59.0);
    }

    #[test]
    fn a_clock_that_was_set_is_learned_anew() {
        let mut clock = ServerClock::new();
        let mut server = Server::ahead(0.0);
        for (n, ahead) in [(0, 0.0), (1, 0.0), (2, -600.0), (3, -600.0), (4, 50.0)] {
            server.ahead = ahead;
            let came = f64::from(n) * 10.0;
            let mail = server.mail(came, came + 0.1, Some(came - 0.1), true);
            clock.learn(&mail);
            let age = server.age(&clock, &mail, came + 0.1);
            assert!(age <= 0.1 + 1e-6, "{n}: {age}");
        }
    }
}
