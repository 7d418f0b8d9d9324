use std::net::IpAddr;
use std::time::{Duration, Instant};

/// How often it is said that somebody was turned away.
const SAY: Duration = Duration::from_secs(60);

/// Why somebody is turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// There are as many connections as there may be.
    Hall,
    /// This client has as many as one may have.
    Client,
}

/// Tells of connections that were refused: of one at once, and how many there were since, now and then.
#[derive(Debug, Default)]
pub struct TurnedAway {
    said: Option<Instant>,
    others: u32,
}

impl TurnedAway {
    /// One was.
    pub fn note(&mut self, from: Option<IpAddr>, why: Full) {
        let Some(others) = self.admit(Instant::now()) else { return };
        let client = from.map_or_else(|| "a local socket".to_owned(), |from| from.to_canonical().to_string());
        match why {
            Full::Hall => tracing::warn!(
                client,
                others,
                "a connection was refused: there are as many at once as there may be of all clients together"
            ),
            Full::Client => tracing::warn!(
                client,
                others,
                "a connection was refused: its client has as many at once as one client may have"
            ),
        }
    }

    /// `None` if it is merely counted; else how many others were since the last that was told.
    fn admit(&mut self, now: Instant) -> Option<u32> {
        if self.said.is_some_and(|said| now.duration_since(said) < SAY) {
            self.others = self.others.saturating_add(1);
            return None;
        }
        self.said = Some(now);
        Some(std::mem::take(&mut self.others))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_told_of_once_in_a_while() {
        let mut turned_away = TurnedAway::default();
        let now = Instant::now();
        assert_eq!([now; 3].map(|at| turned_away.admit(at)), [Some(0), None, None]);
        assert_eq!(turned_away.admit(now + SAY), Some(2));
        assert_eq!(turned_away.admit(now + SAY * 2), Some(0));
    }
}
