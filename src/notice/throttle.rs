use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::occasion::Alike;

/// Of occasions that are alike, tells one within some time and counts the others.
pub(super) struct Throttle {
    quiet: Duration,
    told: HashMap<Alike, Told>,
}

struct Told {
    at: Instant,
    more: u32,
}

impl Throttle {
    pub fn new(quiet: Duration) -> Self {
        Self { quiet, told: HashMap::new() }
    }

    /// `None` if it is merely counted; else how many were, since the last that was told.
    pub fn admit(&mut self, alike: Alike, now: Instant) -> Option<u32> {
        let Some(told) = self.told.get_mut(&alike) else {
            // What is over and has counted nothing is as good as never told.
            self.told.retain(|_, told| told.more > 0 || now.duration_since(told.at) < self.quiet);
            self.told.insert(alike, Told { at: now, more: 0 });
            return Some(0);
        };
        if now.duration_since(told.at) < self.quiet {
            told.more = told.more.saturating_add(1);
            return None;
        }
        told.at = now;
        Some(std::mem::take(&mut told.more))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Code;

    #[test]
    fn those_alike_are_counted_and_told_with_the_next() {
        let mut throttle = Throttle::new(Duration::from_secs(600));
        let begin = Instant::now();
        let mut at = |app: &str, code, seconds| {
            throttle.admit(("needs_human", app.to_owned(), Some(code)), begin + Duration::from_secs(seconds))
        };
        assert_eq!(at("acme", Code::Captcha, 0), Some(0));
        assert_eq!([at("acme", Code::Captcha, 1), at("acme", Code::Captcha, 599)], [None, None]);
        assert_eq!(at("acme", Code::AccountLocked, 2), Some(0), "another code");
        assert_eq!(at("wiki", Code::Captcha, 2), Some(0), "another app");
        assert_eq!(at("acme", Code::Captcha, 600), Some(2));
        assert_eq!(at("acme", Code::Captcha, 601), None);
        assert_eq!(at("acme", Code::Captcha, 1200), Some(1));
    }
}
