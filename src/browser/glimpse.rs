//! A look at what an element says now: nothing is waited for, nothing clicked away, and nothing on the page changes.

use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;

use super::page::Page;
use super::protocol::Argument;
use super::query;
use crate::playbook::Target;

const CALL: Duration = Duration::from_secs(5);

/// What an element says.
#[derive(Debug, Deserialize)]
pub struct Glimpse {
    /// Its text, or what a field holds.
    pub text: SecretString,
    /// The address that it links to; empty if to none.
    pub link: SecretString,
}

impl Page {
    /// What the target's element says in each frame that has one, and only one that can be seen. What cannot be looked at now
    /// says nothing.
    pub async fn glimpse(&self, target: &Target) -> Vec<Glimpse> {
        let mut seen = Vec::new();
        for frame in query::frames([target]) {
            let Ok(world) = self.world_now(&frame) else { continue };
            let request = json!({ "target": query::within(target, &frame), "origins": self.origins(&frame) });
            let script = "(request) => turnlock.glimpse(request)";
            let answer = self.call_in(&world, script, vec![Argument::Plain(request)], CALL).await;
            let glimpse =
                answer.ok().and_then(|answer| serde_json::from_value::<Option<Glimpse>>(answer).ok());
            seen.extend(glimpse.flatten());
        }
        seen
    }
}
