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
        let mut stays_by = None;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let came = self.page.first_of(&targets, &awaited, left).await?;
            if expect.branches[came].state != State::End(End::SignedIn) {
                return Ok(came);
            }
            let left = until.saturating_duration_since(Instant::now());
            let stays_by = *stays_by.get_or_insert_with(|| Instant::now() + left.min(TO_STAY));
            let left = stays_by.saturating_duration_since(Instant::now());
            if left.is_zero() || !self.page.hear_answers(left).await {
                return Ok(came);
            }
        }
    }
}
