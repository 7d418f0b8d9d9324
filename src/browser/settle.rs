//! Waiting until a frame has a document that can be asked, and nothing is about to replace it.

use serde_json::json;
use tokio::time::Instant;

use super::answer::Wait;
use super::ask::{Question, is_gone};
use super::error::{BrowserError, PageError};
use super::page::{Page, short_url};
use super::query::{self, FrameName};
use super::state::{Navigation, Over, World};
use crate::playbook::Frame;

impl Page {
    /// The frame's world, once it is there and nothing is about to replace it.
    pub(super) async fn world(&self, frame: &FrameName, wait: &Wait) -> Result<World, PageError> {
        let Some(name) = frame else { return self.settled(&self.main, wait).await };
        loop {
            let id = Box::pin(self.frame_id(name, wait)).await?;
            match self.settled(&id, wait).await {
                // The frame was replaced while its document was awaited.
                Err(PageError::Browser(BrowserError::SessionGone)) if !wait.left().is_zero() => {}
                Err(PageError::Browser(BrowserError::SessionGone)) => {
                    let instead = format!("the document of frame {name} did not load");
                    return Err(self.not_as_described(wait, instead).await);
                }
                settled => return settled,
            }
        }
    }

    async fn settled(&self, id: &str, wait: &Wait) -> Result<World, PageError> {
        let mut changes = self.state.subscribe();
        loop {
            changes.mark_unchanged();
            self.require_alive()?;
            let frame = self.state.frame(id).ok_or(PageError::Browser(BrowserError::SessionGone))?;
            // A frame waits for the page around it, too: it goes when that goes.
            let main = self.state.frame(&self.main).and_then(|main| main.navigating);
            let busy = [frame.navigating, main].into_iter().flatten().find(is_under_way);
            match (frame.world, &busy, frame.unreachable) {
                (_, None, Some(failed)) => {
                    return Err(PageError::Unreachable { url: short_url(&failed.url), error: failed.error });
                }
                (Some(world), None, _) => return Ok(world),
                _ => {}
            }
            let starts_by = busy.as_ref().and_then(Navigation::starts_by).unwrap_or(wait.deadline);
            let next = tokio::time::timeout_at(starts_by.min(wait.deadline), changes.changed()).await;
            if next.is_err() && Instant::now() >= wait.deadline {
                let url = short_url(busy.as_ref().map_or(&frame.url, |navigation| &navigation.url));
                return Err(PageError::NoAnswer { url, waited: wait.waited() });
            }
        }
    }

    /// The id of a frame that the playbook names: found by its locator in the frame around it.
    async fn frame_id(&self, name: &str, wait: &Wait) -> Result<String, PageError> {
        let Some(frame) = self.declared(name) else {
            let message = format!("the playbook declares no frame {name}");
            return Err(PageError::BadLocator { awaited: wait.awaited.clone(), message });
        };
        let around: FrameName = frame.parent().map(str::to_owned);
        loop {
            let request = json!({
                "verb": "frame",
                "frame": name,
                "target": query::single(&frame.locator),
                "origins": self.origins(&around),
            });
            Box::pin(self.ask(&around, Question::Act, request, None, wait)).await?;
            let world = Box::pin(self.world(&around, wait)).await?;
            match self.frame_behind(&world, name).await {
                Ok(Some(id)) => {
                    self.known.remember(name, &id);
                    return Ok(id);
                }
                Ok(None) => {
                    let instead = format!("frame {name} is no <iframe>");
                    return Err(self.not_as_described(wait, instead).await);
                }
                Err(error) if is_gone(&error) && !wait.left().is_zero() => {}
                Err(error) => return Err(self.failure(error)),
            }
        }
    }

    /// What the playbook says of a frame.
    pub(super) fn declared(&self, name: &str) -> Option<&Frame> {
        self.guide.frames.iter().find(|frame| frame.name == name)
    }

    pub(super) fn require_alive(&self) -> Result<(), PageError> {
        match self.state.is_over() {
            Some(Over::Crashed) => Err(PageError::Crashed),
            Some(Over::Closed) => Err(PageError::Browser(BrowserError::Gone)),
            None if self.connection.is_closed() => Err(PageError::Browser(BrowserError::Gone)),
            None => Ok(()),
        }
    }

    /// The world went away during a call: waits until the events have said so, so that it is not asked again.
    pub(super) async fn after_loss(&self, lost: &World, wait: &Wait) -> Result<(), PageError> {
        let mut changes = self.state.subscribe();
        loop {
            changes.mark_unchanged();
            self.require_alive()?;
            let there = self.state.frames().iter().any(|(_, frame)| frame.world.as_ref() == Some(lost));
            if !there {
                return Ok(());
            }
            if tokio::time::timeout_at(wait.deadline, changes.changed()).await.is_err() {
                return Err(PageError::NoAnswer { url: self.url(), waited: wait.waited() });
            }
        }
    }
}

/// Whether a navigation that was asked for has begun, or still may.
fn is_under_way(navigation: &Navigation) -> bool {
    navigation.starts_by().is_none_or(|by| Instant::now() < by)
}
