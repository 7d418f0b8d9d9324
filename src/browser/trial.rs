//! Trying steps on a page that was kept and then changed: whether they act on what they acted on before.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Wait;
use super::ask::is_gone;
use super::error::{BrowserError, PageError};
use super::page::Page;
use super::protocol::Argument;
use super::query::{self, FrameName};
use crate::playbook::Locator;

const CALL: Duration = Duration::from_secs(20);

const MUTATE: &str = concat!(
    "(request) => { 'use strict';\n",
    "const { fold, bare, textOf, rootsOf, parentOf } = turnlock.tools;\n",
    include_str!("page/mutate.js"),
    "return mutate(request); }"
);

const ACTED: &str = "() => { const at = turnlock.acted; return { what: at ? turnlock.tools.describe(at) : null, \
                     marked: !!at?.hasAttribute('data-turnlock-step'), clicks: turnlock.trial?.clicks ?? [] }; }";

/// Of a page that has been read to its end.
const FINDS: &str = "async (target) => { \
    if (document.readyState !== 'complete') await new Promise((done) => addEventListener('load', done, { once: true })); \
    return turnlock.tools.matches(target.alternatives, turnlock.tools.rootsOf(document)).visible.length; }";

/// What became of a change to a page.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Marked {
    /// So many of the elements that the step is about were there.
    pub marked: usize,
    /// The change touched them, or what they stand in.
    pub applied: bool,
}

/// What a step did in a frame.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Acted {
    /// The element that it acted on, if it did; what its page says of it.
    pub what: Option<String>,
    /// It is the one that the step is about.
    pub marked: bool,
    /// For each click that the page saw, whether it was on that.
    pub clicks: Vec<bool>,
}

impl Page {
    /// Marks the elements at these places in a frame, and makes a change to the page; `None` changes nothing.
    ///
    /// # Errors
    /// If the frame is not there in time.
    pub async fn mutate(
        &self,
        frame: Option<&str>,
        places: &[String],
        mutation: Option<&str>,
        within: Duration,
    ) -> Result<Marked, PageError> {
        let wait = Wait::new(within, "the page that was kept".to_owned());
        let request = json!({ "places": places, "mutation": mutation });
        self.asked(&frame.map(str::to_owned), MUTATE, request, &wait).await
    }

    /// What was acted on last in a frame.
    ///
    /// # Errors
    /// If the frame is not there.
    pub async fn acted(&self, frame: Option<&str>) -> Result<Acted, PageError> {
        let world = self.world_now(&frame.map(str::to_owned))?;
        let answer = self.call_in(&world, ACTED, Vec::new(), CALL).await;
        understood(answer.map_err(|error| self.failure(error))?)
    }

    /// How many visible elements a locator finds, once the page is there.
    ///
    /// # Errors
    /// If its frame is not there in time, or the page cannot evaluate it.
    pub async fn finds(&self, locator: &Locator, within: Duration) -> Result<usize, PageError> {
        let wait = Wait::new(within, locator.to_string());
        self.asked(&locator.frame, FINDS, query::single(locator), &wait).await
    }

    /// Asks a frame's document, and the one that replaces it if it goes before it answers.
    async fn asked<T: for<'de> Deserialize<'de>>(
        &self,
        frame: &FrameName,
        script: &'static str,
        request: Value,
        wait: &Wait,
    ) -> Result<T, PageError> {
        loop {
            let world = self.world(frame, wait).await?;
            match self.call_in(&world, script, vec![Argument::Plain(request.clone())], CALL).await {
                Err(error) if is_gone(&error) => self.after_loss(&world, wait).await?,
                answer => return understood(answer.map_err(|error| self.failure(error))?),
            }
        }
    }
}

fn understood<T: for<'de> Deserialize<'de>>(value: Value) -> Result<T, PageError> {
    serde_json::from_value(value).map_err(|error| {
        BrowserError::Protocol { method: "Runtime.callFunctionOn", message: error.to_string() }.into()
    })
}
