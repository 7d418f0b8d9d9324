//! Asking the page's script, through interruptions and navigations, until it answers or the time is up.

use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};

use super::answer::{Answer, Wait};
use super::error::{BrowserError, Overview, PageError};
use super::page::{Page, short_url};
use super::protocol::{Argument, CallFunction};
use super::query::{self, FrameName};
use super::state::{Over, World};
use crate::playbook::{Origin, Target};

/// So often may one step be interrupted by what covers the page.
const INTERRUPTIONS: usize = 12;
/// How long the page may take to say what it shows, once a step has failed.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// The questions: functions of `page/*.js`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Question {
    Act,
    First,
    Gone,
    Clear,
    Through,
}

impl Question {
    const fn script(self) -> &'static str {
        match self {
            Self::Act => "(request, text) => turnlock.act(request, text)",
            Self::First => "(request) => turnlock.first(request)",
            Self::Gone => "(request) => turnlock.gone(request)",
            Self::Clear => "(request) => turnlock.clear(request)",
            Self::Through => "(request) => turnlock.through(request)",
        }
    }
}

impl Page {
    /// Waits until one of the targets is visible, and says which; the first of the list if several are.
    ///
    /// Only documents of declared origins are looked at.
    ///
    /// # Errors
    /// If none is visible in time, or the app shows an error page instead.
    pub async fn first_of(
        &self,
        targets: &[&Target],
        awaited: &str,
        within: Duration,
    ) -> Result<usize, PageError> {
        let wait = Wait::new(within, awaited.to_owned());
        let mut races = Vec::new();
        for frame in query::frames(targets.iter().copied()) {
            races.push(Box::pin(self.first_in(frame, targets, &wait)));
        }
        let mut failure: Option<(FrameName, PageError)> = None;
        while !races.is_empty() {
            let ((frame, result), _, rest) = futures::future::select_all(races).await;
            let error = match result {
                Ok(first) => return Ok(first),
                Err(error) => error,
            };
            let in_time = !matches!(error, PageError::NotAsDescribed { .. } | PageError::NoAnswer { .. });
            if frame.is_none() && in_time {
                return Err(error);
            }
            // The main page's words say more than those of a frame that never came.
            if frame.is_none() || failure.is_none() {
                failure = Some((frame, error));
            }
            races = rest;
        }
        Err(failure.map_or(PageError::Browser(BrowserError::SessionGone), |(_, error)| error))
    }

    async fn first_in(
        &self,
        frame: FrameName,
        targets: &[&Target],
        wait: &Wait,
    ) -> (FrameName, Result<usize, PageError>) {
        let here: Vec<Value> = targets.iter().map(|target| query::within(target, &frame)).collect();
        let request = json!({ "targets": here, "origins": self.origins(&frame) });
        let answer = self.ask(&frame, Question::First, request, None, wait).await;
        if let Ok(answer) = &answer
            && let Some(target) = answer.first.and_then(|first| targets.get(first))
        {
            self.note_found(target, &frame, answer);
        }
        let first =
            answer.and_then(|answer| answer.first.ok_or(PageError::Browser(BrowserError::SessionGone)));
        (frame, first)
    }

    /// Waits until the target is not visible, or not there.
    ///
    /// # Errors
    /// If it still is after that time.
    pub async fn gone(&self, target: &Target, within: Duration) -> Result<(), PageError> {
        let wait = Wait::new(within, format!("{target} to go"));
        for frame in query::frames([target]) {
            let request = json!({ "target": query::within(target, &frame) });
            self.ask(&frame, Question::Gone, request, None, &wait).await?;
        }
        Ok(())
    }

    /// Clicks away what covers the page now and then (`interruptions`), as a step that acts on these targets would, and
    /// waits until it is gone.
    ///
    /// # Errors
    /// If something is still there after that time.
    pub async fn clear(&self, targets: &[&Target], within: Duration) -> Result<(), PageError> {
        let wait = Wait::new(within, "what covers the page to go".to_owned());
        let mut frames = query::frames(targets.iter().copied());
        if !frames.contains(&None) {
            frames.insert(0, None);
        }
        for frame in frames {
            self.ask(&frame, Question::Clear, json!({}), None, &wait).await?;
        }
        Ok(())
    }

    /// Asks once the frame is there, again after what interrupts, and again in the next document when one
    /// comes in between.
    pub(super) async fn ask(
        &self,
        frame: &FrameName,
        question: Question,
        mut request: Value,
        text: Option<&SecretString>,
        wait: &Wait,
    ) -> Result<Answer, PageError> {
        let (places, interruptions) = query::interruptions(&self.guide.interruptions, frame);
        request["interruptions"] = interruptions;
        let mut interrupted = 0;
        loop {
            let world = self.world(frame, wait).await?;
            request["milliseconds"] = json!(wait.left().as_secs_f64() * 1000.0);
            let mut arguments = vec![Argument::Plain(request.clone())];
            arguments.extend(text.cloned().map(Argument::Text));
            let answer = self.call_in(&world, question.script(), arguments, wait.left_for_call()).await;
            let answer: Answer = match answer {
                Ok(value) => serde_json::from_value(value).map_err(|error| BrowserError::Protocol {
                    method: "Runtime.callFunctionOn",
                    message: error.to_string(),
                })?,
                Err(error) if is_gone(&error) => {
                    self.after_loss(&world, wait).await?;
                    continue;
                }
                Err(error) => return Err(self.failure(error)),
            };
            if let (Some(at), Some(point)) = (answer.interruption, answer.point) {
                interrupted += 1;
                if interrupted == INTERRUPTIONS {
                    request["interruptions"] = json!([]);
                }
                if let Some(place) = places.get(at).and_then(|place| self.guide.interruptions.get(*place)) {
                    tracing::debug!(see = %place.see, "an interruption is clicked away");
                }
                // Best effort: whether it worked shows in what the step finds next.
                Box::pin(self.click_at(frame, point, wait)).await?;
                continue;
            }
            if answer.aside {
                request["aside"] = json!(false);
                self.move_aside(wait).await?;
                continue;
            }
            return self.verdict(answer, frame, wait);
        }
    }

    fn verdict(&self, answer: Answer, frame: &FrameName, wait: &Wait) -> Result<Answer, PageError> {
        let awaited = || wait.awaited.clone();
        if let Some(message) = answer.invalid {
            return Err(PageError::BadLocator { awaited: awaited(), message });
        }
        if let Some(origin) = answer.blocked {
            return Err(PageError::OriginBlocked { step: awaited(), origin });
        }
        if answer.error_status {
            return Err(PageError::AppError { page: Box::new(self.located(answer.page, frame)) });
        }
        if let Some(obstacle) = answer.timeout {
            if self.url().starts_with("http") {
                self.require_declared_origin(&wait.awaited)?;
            }
            return Err(PageError::NotAsDescribed {
                awaited: awaited(),
                instead: obstacle.words(),
                near: obstacle.near(),
                page: Box::new(self.located(answer.page, frame)),
                waited: wait.waited(),
            });
        }
        Ok(answer)
    }

    fn located(&self, mut page: Overview, frame: &FrameName) -> Overview {
        let id = self.id_now(frame).unwrap_or_else(|| self.main.clone());
        page.url = self.state.frame(&id).map(|frame| short_url(&frame.url)).unwrap_or_default();
        page
    }

    /// The error for a step that found something else, with what the main page shows.
    pub(super) async fn not_as_described(&self, wait: &Wait, instead: String) -> PageError {
        let page = match self.world_now(&None) {
            Ok(world) => self.call_in(&world, "() => turnlock.overview()", Vec::new(), LAST_WORDS).await.ok(),
            Err(_) => None,
        };
        let page = page.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default();
        PageError::NotAsDescribed {
            awaited: wait.awaited.clone(),
            instead,
            near: Vec::new(),
            page: Box::new(self.located(page, &None)),
            waited: wait.waited(),
        }
    }

    /// The origins in which this frame's document may be acted on.
    pub(super) fn origins(&self, frame: &FrameName) -> Vec<&str> {
        let named = frame.as_deref().and_then(|name| self.declared(name));
        match named.and_then(|frame| frame.origin.as_ref()) {
            Some(origin) => vec![origin.as_str()],
            None => self.guide.origins.iter().map(Origin::as_str).collect(),
        }
    }

    pub(super) fn require_declared_origin(&self, step: &str) -> Result<(), PageError> {
        let url = self.state.frame(&self.main).map(|frame| frame.url).unwrap_or_default();
        let parsed = url::Url::parse(&url).ok().filter(url::Url::has_host);
        let origin = match parsed {
            Some(url) if self.guide.origins.iter().any(|origin| origin.matches(&url)) => return Ok(()),
            Some(url) => url.origin().ascii_serialization(),
            None => short_url(&url),
        };
        Err(PageError::OriginBlocked { step: step.to_owned(), origin })
    }

    /// Calls a function of the page's script in a world.
    pub(super) async fn call_in(
        &self,
        world: &World,
        script: &'static str,
        arguments: Vec<Argument>,
        within: Duration,
    ) -> Result<Value, BrowserError> {
        let call = CallFunction {
            function_declaration: script,
            unique_context_id: Some(world.unique.clone()),
            object_id: None,
            arguments,
            return_by_value: true,
            await_promise: true,
        };
        let called = self.connection.call(&world.session, &call, within).await?;
        match called.exception_details {
            None => Ok(called.result.value),
            Some(details) => {
                let message =
                    details.exception.and_then(|exception| exception.description).unwrap_or(details.text);
                Err(BrowserError::Refused { message })
            }
        }
    }

    /// A failure of a call, in the page's words where the page is the reason.
    pub(super) fn failure(&self, error: BrowserError) -> PageError {
        match (self.state.is_over(), error) {
            (Some(Over::Crashed), _) => PageError::Crashed,
            _ if self.connection.is_closed() => PageError::Browser(BrowserError::Gone),
            (_, BrowserError::NoAnswer { after, .. }) => {
                PageError::NoAnswer { url: self.url(), waited: after }
            }
            (_, error) => PageError::Browser(error),
        }
    }
}

/// Whether the world that a call went to is gone, as after a navigation. These are Chromium's own words.
pub(super) fn is_gone(error: &BrowserError) -> bool {
    match error {
        BrowserError::SessionGone => true,
        BrowserError::Refused { message } => [
            "Cannot find context",
            "uniqueContextId not found",
            "context was destroyed",
            "navigated or closed",
            "Promise was collected",
            "Session with given id not found",
            "Target closed",
            "Could not find object",
        ]
        .iter()
        .any(|words| message.contains(words)),
        _ => false,
    }
}
