//! A page as it is now, as HTML that needs nothing else, in parts: what of them must not be kept is for the caller to say.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Wait;
use super::ask::is_gone;
use super::error::{BrowserError, PageError};
use super::page::Page;
use super::protocol::{Argument, CallFunction};
use super::query::{self, FrameName};
use super::state::World;
use crate::playbook::Target;

const CALL: Duration = Duration::from_secs(20);
/// How long the next document may take to begin.
const ABOUT_TO: Duration = Duration::from_secs(10);

const SCRIPT: &str = concat!(
    "(request) => { 'use strict';\nconst { fold, rootsOf, parentOf, isVisible, matches, statusOf } = turnlock.tools;\n",
    include_str!("page/snapshot.js"),
    "return snapshot(request); }"
);

/// A page with all its frames; the main page is the first, and each stands behind the one around it.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The documents.
    pub frames: Vec<FrameSnapshot>,
}

/// One document of it.
#[derive(Debug, Clone)]
pub struct FrameSnapshot {
    /// What the frame's element is written with: [`PartKind::Frame`].
    pub id: String,
    /// The place of the frame around it.
    pub parent: Option<usize>,
    /// Its whole address. Query and fragment may hold secrets.
    pub url: SecretString,
    /// The HTTP status that it came with; 0 if it has none.
    pub status: u16,
    /// It, in order.
    pub parts: Vec<Part>,
    /// Which of its elements can be seen: a digit for each.
    pub visible: String,
    /// What the targets find in it: for each that looks here its place in the list, the place of the alternative, and
    /// the way to each element.
    pub found: Vec<Matched>,
}

/// What one locator of a target finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matched {
    /// The place of the target in the list that was asked for.
    pub target: usize,
    /// The place of the locator in the target.
    pub alternative: usize,
    /// The ways to the visible elements: `html > body > x-login >>> form > input:nth-of-type(2)`.
    pub elements: Vec<String>,
}

/// A piece of a document. Its text may hold secrets.
#[derive(Debug, Clone, Deserialize)]
pub struct Part(pub PartKind, pub String);

impl Part {
    fn is_frame(&self, id: &str) -> bool {
        self.0 == PartKind::Frame && self.1 == id
    }
}

/// The kinds of [`Part`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum PartKind {
    /// Markup of Turnlock's own writing.
    #[serde(rename = "m")]
    Markup,
    /// Text.
    #[serde(rename = "t")]
    Text,
    /// What stands in an attribute.
    #[serde(rename = "a")]
    Attribute,
    /// An address in an attribute.
    #[serde(rename = "u")]
    Address,
    /// The id of a frame, where its address belongs.
    #[serde(rename = "f")]
    Frame,
    /// A text or a value that the page did not tell.
    #[serde(rename = "x")]
    Untold,
}

#[derive(Deserialize)]
struct Answer {
    url: SecretString,
    status: u16,
    parts: Vec<Part>,
    visible: String,
    found: Vec<Option<Vec<Vec<String>>>>,
}

impl Page {
    /// The page as it is now, and what the targets find in it. Of the elements that `masked` name no text is handed
    /// out, and of no field what it holds.
    ///
    /// # Errors
    /// If the main page does not tell. A child frame that goes away meanwhile is left out.
    pub async fn snapshot(&self, targets: &[&Target], masked: &[&Target]) -> Result<Snapshot, PageError> {
        let wait = Wait::new(ABOUT_TO, "a page to keep".to_owned());
        loop {
            self.world(&None, &wait).await?;
            match self.snapshot_now(targets, masked).await {
                Err(PageError::Browser(error)) if is_gone(&error) && !wait.left().is_zero() => {}
                snapshot => return snapshot,
            }
        }
    }

    async fn snapshot_now(&self, targets: &[&Target], masked: &[&Target]) -> Result<Snapshot, PageError> {
        let frames = self.state.frames();
        // The frame's element has to know its id before the document around it is written.
        let mut children: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (id, frame) in &frames {
            let Some(parent) = frame.parent.as_deref() else { continue };
            if self.name_frame(parent, id).await.is_ok() {
                children.entry(parent).or_default().push(id);
            }
        }
        let mut snapshot = Snapshot { frames: Vec::new() };
        let mut next: Vec<(&str, Option<usize>)> = vec![(&self.main, None)];
        while let Some((id, parent)) = next.pop() {
            let world = self.state.frame(id).and_then(|frame| frame.world);
            let written = match world {
                Some(world) => self.write_frame(&world, id, parent, targets, masked).await,
                None => Err(BrowserError::SessionGone),
            };
            match written {
                Ok(written) => {
                    let here = snapshot.frames.len();
                    // The first in the page is the next, however the browser came to tell of them.
                    let place = |child: &&&str| written.parts.iter().position(|part| part.is_frame(child));
                    let mut inner: Vec<&&str> = children.get(id).into_iter().flatten().collect();
                    inner.sort_by_key(|child| std::cmp::Reverse(place(child)));
                    next.extend(inner.into_iter().map(|child| (*child, Some(here))));
                    snapshot.frames.push(written);
                }
                Err(error) if parent.is_none() => return Err(self.failure(error)),
                Err(_) => {}
            }
        }
        Ok(snapshot)
    }

    async fn write_frame(
        &self,
        world: &World,
        id: &str,
        parent: Option<usize>,
        targets: &[&Target],
        masked: &[&Target],
    ) -> Result<FrameSnapshot, BrowserError> {
        let names = self.names_now(id);
        let here = |target: &&Target| -> Value {
            let mut found =
                names.iter().map(|name| query::within(target, name)).filter(|each| !each.is_null());
            found.next().unwrap_or(Value::Null)
        };
        let request = json!({
            "targets": targets.iter().map(here).collect::<Vec<_>>(),
            "masked": masked.iter().map(here).collect::<Vec<_>>(),
        });
        let answer = self.call_in(world, SCRIPT, vec![Argument::Plain(request)], CALL).await?;
        let Answer { url, status, parts, visible, found } =
            serde_json::from_value(answer).map_err(|error| BrowserError::Protocol {
                method: "Runtime.callFunctionOn",
                message: error.to_string(),
            })?;
        let of_target = |(target, lists): (usize, Option<Vec<Vec<String>>>)| {
            let locators = &targets[target].alternatives;
            let first = locators.iter().find(|locator| names.contains(&locator.frame));
            let frame = first.map(|locator| locator.frame.clone()).unwrap_or_default();
            let places = (0..locators.len()).filter(move |at| locators[*at].frame == frame);
            let found = places.zip(lists.into_iter().flatten());
            found
                .map(move |(alternative, elements)| Matched { target, alternative, elements })
                .collect::<Vec<_>>()
        };
        let found = found.into_iter().enumerate().flat_map(of_target).collect();
        Ok(FrameSnapshot { id: id.to_owned(), parent, url, status, parts, visible, found })
    }

    /// The names by which steps have reached this frame.
    fn names_now(&self, id: &str) -> Vec<FrameName> {
        let declared = self.guide.frames.iter().map(|frame| Some(frame.name.clone()));
        [None].into_iter().chain(declared).filter(|name| self.id_now(name).as_deref() == Some(id)).collect()
    }

    /// Has the frame's element know its id.
    async fn name_frame(&self, parent: &str, id: &str) -> Result<(), BrowserError> {
        let (world, element) = self.element_of_frame(parent, id).await?;
        let call = CallFunction {
            function_declaration: "function (id) { turnlock.frameIds.set(this, id); }",
            unique_context_id: None,
            object_id: element,
            arguments: vec![Argument::Plain(json!(id))],
            return_by_value: true,
            await_promise: false,
        };
        self.connection.call(&world.session, &call, CALL).await.map(|_| ())
    }
}
