//! Which of the states came that a step expects.

use std::time::Duration;

use tokio::time::Instant;

use super::session::Session;
use super::values::ValueError;
use crate::playbook::{End, Expect, State, Target};

/// So long an app may take to say whether what shows somebody signed in is there to stay.
const TO_STAY: Duration = Duration::from_secs(5);

impl Session<'_> {
    /// Waits for one of the states, and says which came first.
    ///
    /// That somebody is signed in is what credentials are proved by, so it has to outlast the answers that its page still
    /// awaits: some pages draw their *Sign out* while they ask whether the password is right.
    pub(super) async fn expect(&self, expect: &Expect) -> Result<usize, ValueError> {
        let targets: Vec<&Target> = expect.branches.iter().map(|branch| &branch.see).collect();
        let within = self.bounded(expect.timeout.unwrap_or(self.playbook.timeouts.step));
        let awaited = format!("one of the states {expect}");
        let until = Instant::now() + within;
        let left = |by: Instant| by.saturating_duration_since(Instant::now());
        let mut stays_by = None;
        loop {
            let came = self.page.first_of(&targets, &awaited, left(until)).await?;
            if expect.branches[came].state != State::End(End::SignedIn) {
                return Ok(came);
            }
            let stays_by = *stays_by.get_or_insert_with(|| until.min(Instant::now() + TO_STAY));
            if left(stays_by).is_zero() || !self.page.hear_answers(left(stays_by)).await {
                return Ok(came);
            }
        }
    }
}
