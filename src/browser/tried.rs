//! Trying a locator on a page as it is now: what it names, seen or not, without waiting.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::answer::Wait;
use super::capture::Box4;
use super::error::{BrowserError, PageError};
use super::page::Page;
use super::place::Places;
use super::protocol::Argument;
use super::query;
use crate::playbook::Target;

const CALL: Duration = Duration::from_secs(15);
/// A frame that is not there after this long is missing.
const FRAME: Duration = Duration::from_secs(2);

/// What a target names on the page.
#[derive(Debug, Clone, Default)]
pub struct Tried {
    /// The elements, frame by frame; of very many the first.
    pub elements: Vec<TriedElement>,
    /// How many can be seen.
    pub visible: usize,
    /// How many are there but cannot be seen.
    pub hidden: usize,
    /// The frames that the target names and that are not there.
    pub missing_frames: Vec<String>,
}

/// An element that a tried locator names.
#[derive(Debug, Clone, Deserialize)]
pub struct TriedElement {
    /// `button`
    pub tag: String,
    /// The ARIA role.
    pub role: String,
    /// The accessible name. May hold what the page shows.
    pub name: String,
    /// Tag and attributes, as errors describe an element.
    pub what: String,
    /// Whether it can be seen.
    pub seen: bool,
    /// Where it is drawn, in the main page's viewport.
    pub r#box: Box4,
    /// The named frame that it is in; the main page if `None`.
    #[serde(skip)]
    pub frame: Option<String>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Answer {
    found: Vec<TriedElement>,
    visible: usize,
    hidden: usize,
    invalid: Option<String>,
}

impl Page {
    /// What the target names now.
    ///
    /// # Errors
    /// If the main page does not tell, or the locator cannot be evaluated.
    pub async fn try_target(&self, target: &Target) -> Result<Tried, PageError> {
        let mut tried = Tried::default();
        for frame in query::frames([target]) {
            let world = match (self.world(&frame, &Wait::new(FRAME, target.to_string())).await, &frame) {
                (Ok(world), _) => world,
                (Err(PageError::NotAsDescribed { .. } | PageError::NoAnswer { .. }), Some(name)) => {
                    tried.missing_frames.push(name.clone());
                    continue;
                }
                (Err(error), _) => return Err(error),
            };
            let request = json!({ "target": query::within(target, &frame) });
            let script = "(request) => turnlock.tried(request)";
            let answer = self.call_in(&world, script, vec![Argument::Plain(request)], CALL).await;
            let answer = answer.map_err(|error| self.failure(error))?;
            let answer: Answer = serde_json::from_value(answer).map_err(|error| BrowserError::Protocol {
                method: "Runtime.callFunctionOn",
                message: error.to_string(),
            })?;
            if let Some(message) = answer.invalid {
                return Err(PageError::BadLocator { awaited: target.to_string(), message });
            }
            let Some(id) = self.id_now(&frame) else { return Err(self.failure(BrowserError::SessionGone)) };
            let way = self.way_out(&id, &mut Places::new()).await.map_err(|error| self.failure(error))?;
            tried.visible += answer.visible;
            tried.hidden += answer.hidden;
            tried.elements.extend(answer.found.into_iter().map(|mut element| {
                element.r#box = way.of(element.r#box);
                element.frame.clone_from(&frame);
                element
            }));
        }
        Ok(tried)
    }
}
