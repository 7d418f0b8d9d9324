//! What steps do on a page: click, fill, select, press, read.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::{Either, select};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::answer::{Answer, Field, Wait};
use super::ask::{Question, is_gone};
use super::error::{BrowserError, PageError};
use super::input::{self, Point};
use super::page::{Page, Typed, VIEWPORT};
use super::protocol::Argument;
use super::query::{self, FrameName};
use crate::playbook::{Key, Target};

/// How long a busy page may take to say what came of a click that the browser has handled.
const MOMENT: Duration = Duration::from_secs(2);

impl Page {
    /// Clicks the one element that the target names, once it is visible, still, enabled and receives the click.
    ///
    /// # Errors
    /// If it does not become so in time, or lies outside the declared origins.
    pub async fn click(&self, target: &Target, within: Duration) -> Result<(), PageError> {
        let wait = Wait::new(within, target.to_string());
        self.click_as("click", target, json!({}), &wait).await
    }

    /// Sets a checkbox, radio button or switch.
    ///
    /// # Errors
    /// As for [`Page::click`].
    pub async fn check(&self, target: &Target, on: bool, within: Duration) -> Result<(), PageError> {
        let wait = Wait::new(within, target.to_string());
        self.click_as("check", target, json!({ "on": on }), &wait).await
    }

    /// Moves the mouse over the element.
    ///
    /// # Errors
    /// As for [`Page::click`].
    pub async fn hover(&self, target: &Target, within: Duration) -> Result<(), PageError> {
        self.point_at("hover", target, within).await
    }

    /// Waits until the element would take a click, and moves the mouse there.
    ///
    /// # Errors
    /// As for [`Page::click`].
    pub async fn ready(&self, target: &Target, within: Duration) -> Result<(), PageError> {
        self.point_at("ready", target, within).await
    }

    /// The same for a button that sends a form: waits, too, until the browser would send it. A form in which a field is
    /// required and empty, say, is never sent, and nothing on the page need tell so.
    ///
    /// # Errors
    /// As for [`Page::click`].
    pub async fn ready_to_send(&self, target: &Target, within: Duration) -> Result<(), PageError> {
        self.point_at("send", target, within).await
    }

    /// Waits until the browser would send the form of this field on Enter.
    ///
    /// # Errors
    /// If it does not become so in time.
    pub async fn ready_for_enter(&self, target: &Target, within: Duration) -> Result<(), PageError> {
        let wait = Wait::new(within, target.to_string());
        self.act("enter", target, json!({}), None, &wait).await.map(drop)
    }

    async fn point_at(&self, verb: &'static str, target: &Target, within: Duration) -> Result<(), PageError> {
        let wait = Wait::new(within, target.to_string());
        let (frame, answer) = self.act(verb, target, json!({}), None, &wait).await?;
        let Some(point) = answer.point else { return Ok(()) };
        let point = self.in_main_viewport(&frame, point, &wait).await?;
        let hovered = input::hover(&self.connection, &self.session, point, wait.left_for_call());
        let hovered = hovered.await.map_err(|error| self.failure(error));
        self.mouse_rests.store(verb != "hover", Ordering::Relaxed);
        drop(self.call_off(&frame));
        hovered
    }

    /// Moves the mouse to a corner, away from what it rests on.
    pub(super) async fn move_aside(&self, wait: &Wait) -> Result<(), PageError> {
        let corner = Point { x: 0.0, y: f64::from(VIEWPORT.1) - 1.0 };
        self.mouse_rests.store(false, Ordering::Relaxed);
        let moved = input::hover(&self.connection, &self.session, corner, wait.left_for_call());
        moved.await.map_err(|error| self.failure(error))
    }

    /// Replaces what the field holds. The origin of its document is checked in the same task of the page
    /// that types.
    ///
    /// # Errors
    /// If the field does not become editable in time, does not keep the text, or lies outside the declared origins.
    pub async fn fill(&self, target: &Target, text: Typed<'_>, within: Duration) -> Result<(), PageError> {
        let wait = Wait::new(within, target.to_string());
        let (secret, password) = match text {
            Typed::Plain(_) => (false, false),
            Typed::Secret(_) => (true, false),
            Typed::Password(_) => (true, true),
        };
        let text = match text {
            Typed::Plain(text) => SecretString::from(text),
            Typed::Secret(text) | Typed::Password(text) => text.clone(),
        };
        let with = json!({ "secret": secret, "password": password });
        self.state.act();
        let (frame, answer) = self.act("fill", target, with, Some(&text), &wait).await?;
        if let Some(boxes) = answer.boxes {
            self.fill_boxes(&frame, boxes, &text, &wait).await?;
        }
        if let Some(differs) = answer.differs {
            return Err(PageError::FieldRefused { field: wait.awaited, how: differs.words() });
        }
        // Nobody waits for the answer: whatever comes next is sent behind it and handled after it.
        tokio::spawn(input::nudge(&self.connection, &self.session));
        Ok(())
    }

    /// Picks an option of a `<select>` by its text.
    ///
    /// # Errors
    /// If there is no such option, or the element is no `<select>`.
    pub async fn select(&self, target: &Target, option: &str, within: Duration) -> Result<(), PageError> {
        let wait = Wait::new(within, target.to_string());
        let (_, answer) = self.act("select", target, json!({ "option": option }), None, &wait).await?;
        let Some(options) = answer.options else { return Ok(()) };
        let how = format!("it has no single option {option:?}, but {}", options.join(", "));
        Err(PageError::FieldRefused { field: wait.awaited, how })
    }

    /// Presses a key in the element, or wherever the focus is.
    ///
    /// # Errors
    /// If the element does not become enabled in time.
    pub async fn press(&self, key: Key, target: Option<&Target>, within: Duration) -> Result<(), PageError> {
        let wait = Wait::new(within, target.map_or_else(|| format!("key {key}"), Target::to_string));
        let frame = match target {
            Some(target) => self.act("focus", target, json!({}), None, &wait).await?.0,
            None => {
                self.require_declared_origin(&format!("press {key}"))?;
                None
            }
        };
        self.state.act();
        input::press(&self.connection, &self.session, key, wait.left_for_call())
            .await
            .map_err(|error| self.failure(error))?;
        // By the time the document answers again, a navigation that the key caused has been announced.
        let Ok(world) = self.world_now(&frame) else { return Ok(()) };
        match self.call_in(&world, "() => null", Vec::new(), wait.left_for_call()).await {
            Err(error) if !is_gone(&error) => Err(self.failure(error)),
            _ => Ok(()),
        }
    }

    /// Reads the element's text, or what a field holds.
    ///
    /// # Errors
    /// If it is not visible in time.
    pub async fn read_text(&self, target: &Target, within: Duration) -> Result<SecretString, PageError> {
        let wait = Wait::new(within, target.to_string());
        let (_, answer) = self.act("read", target, json!({}), None, &wait).await?;
        Ok(answer.text.unwrap_or_default())
    }

    /// What a field takes, once it is visible.
    ///
    /// # Errors
    /// If it is not visible in time.
    pub async fn field(&self, target: &Target, within: Duration) -> Result<Field, PageError> {
        let wait = Wait::new(within, target.to_string());
        let (_, answer) = self.act("read", target, json!({ "attribute": "field" }), None, &wait).await?;
        Ok(answer.field)
    }

    /// Reads the address that the element links to.
    ///
    /// # Errors
    /// If it is not visible in time.
    pub async fn read_link(&self, target: &Target, within: Duration) -> Result<SecretString, PageError> {
        let wait = Wait::new(within, target.to_string());
        let (_, answer) = self.act("read", target, json!({ "attribute": "href" }), None, &wait).await?;
        Ok(answer.text.unwrap_or_default())
    }

    /// A picture of the element as it is drawn, as PNG: whether it is an image, a canvas or a drawing.
    ///
    /// # Errors
    /// If it is not visible and still in time.
    pub async fn picture(&self, target: &Target, within: Duration) -> Result<Vec<u8>, PageError> {
        let wait = Wait::new(within, target.to_string());
        let (frame, answer) = self.act("picture", target, json!({}), None, &wait).await?;
        let Some([x, y, width, height]) = answer.r#box else { return Ok(Vec::new()) };
        let middle = Point { x: x + width / 2.0, y: y + height / 2.0 };
        let middle = self.in_main_viewport(&frame, middle, &wait).await?;
        drop(self.call_off(&frame));
        // A margin all around: a QR code needs its quiet zone, and a page may draw the picture to its very edge.
        let (width, height) = (width + 16.0, height + 16.0);
        self.screenshot(Some([middle.x - width / 2.0, middle.y - height / 2.0, width, height])).await
    }

    async fn click_as(
        &self,
        verb: &'static str,
        target: &Target,
        with: Value,
        wait: &Wait,
    ) -> Result<(), PageError> {
        loop {
            let (frame, answer) = self.act(verb, target, with.clone(), None, wait).await?;
            let Some(point) = answer.point else { return Ok(()) };
            self.state.act();
            match self.click_at(&frame, point, wait).await? {
                // Something slid in between while the mouse was on its way; nothing of the page saw that click.
                Some(_) if !wait.left().is_zero() => tracing::debug!("clicked again"),
                Some(missed) => {
                    let instead = format!("the click on {} went to {missed}", answer.what);
                    return Err(self.not_as_described(wait, instead).await);
                }
                None => return Ok(()),
            }
        }
    }

    /// Clicks; `Some` if the click went to something else, which then was kept from receiving it.
    ///
    /// Only a guard that saw that says so: a click of which nothing was seen may yet have done its work, and is
    /// never made again.
    pub(super) async fn click_at(
        &self,
        frame: &FrameName,
        point: Point,
        wait: &Wait,
    ) -> Result<Option<String>, PageError> {
        let point = self.in_main_viewport(frame, point, wait).await?;
        // The frame may be gone by now, and the click has lost its target.
        let Ok(world) = self.world_now(frame) else { return Ok(Some("a page that went away".to_owned())) };
        let within = wait.left_for_call();
        self.mouse_rests.store(true, Ordering::Relaxed);
        let clicked = Box::pin(input::click(&self.connection, &self.session, point, within));
        // The question travels with the click and may overtake it: the page answers once it has seen the click.
        let landed = Box::pin(self.call_in(&world, "() => turnlock.landed()", Vec::new(), within));
        let (landed, around) = match select(clicked, landed).await {
            Either::Right((landed, clicked)) => {
                self.input_went(clicked.await)?;
                if frame.is_some() {
                    drop(self.call_off(frame));
                }
                (landed, None)
            }
            Either::Left((clicked, landed)) => {
                self.input_went(clicked)?;
                // A busy page is given a moment to say; a click that went to another frame is never told of here.
                match select(landed, Box::pin(tokio::time::sleep(MOMENT))).await {
                    Either::Left((landed, _)) => (landed, None),
                    Either::Right(((), landed)) => {
                        let around = self.call_off(frame);
                        (landed.await, around.await)
                    }
                }
            }
        };
        match landed {
            Ok(value) => Ok(value.as_str().filter(|seen| *seen != "hit").map(str::to_owned).or(around)),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(self.failure(error)),
        }
    }

    fn input_went(&self, result: Result<(), BrowserError>) -> Result<(), PageError> {
        match result {
            // The click closed the very page or frame that it went to.
            Ok(()) | Err(BrowserError::SessionGone) => self.require_alive(),
            Err(error) => Err(self.failure(error)),
        }
    }

    /// Lets the guards of the frame and of those around it rest; the answer is what a guard around it saw. Nobody
    /// need wait for it: whatever comes next is sent behind.
    fn call_off(&self, frame: &FrameName) -> impl Future<Output = Option<String>> + use<> {
        let mut answers = Vec::new();
        let mut next = Some(frame.clone());
        while let Some(frame) = next {
            if let Ok(world) = self.world_now(&frame) {
                answers.push(self.call_soon(&world, "() => turnlock.callOff()"));
            }
            next = frame
                .map(|name| self.declared(&name).and_then(|declared| declared.parent().map(str::to_owned)));
        }
        async move {
            let answers = futures::future::join_all(answers).await;
            let seen = answers.into_iter().flatten().find_map(|value| value.as_str().map(str::to_owned));
            seen.filter(|result| result != "hit")
        }
    }

    /// Types a code into boxes that take one character each.
    async fn fill_boxes(
        &self,
        frame: &FrameName,
        boxes: usize,
        text: &SecretString,
        wait: &Wait,
    ) -> Result<(), PageError> {
        let refused = |how: String| PageError::FieldRefused { field: wait.awaited.clone(), how };
        for (at, character) in text.expose_secret().chars().take(boxes).enumerate() {
            let last = at + 1 == boxes;
            let world = self.world(frame, wait).await?;
            let request = json!({ "at": at, "boxes": boxes, "origins": self.origins(frame) });
            let character = Argument::Text(SecretString::from(character.to_string()));
            let arguments = vec![Argument::Plain(request), character];
            let script = "(request, text) => turnlock.typeInBox(request, text)";
            let answer = match self.call_in(&world, script, arguments, wait.left_for_call()).await {
                Ok(answer) => answer,
                // A page that sends the code off with its last character is gone by then.
                Err(error) if is_gone(&error) && last => return Ok(()),
                Err(error) => return Err(self.failure(error)),
            };
            if let Some(origin) = answer["blocked"].as_str() {
                return Err(PageError::OriginBlocked {
                    step: wait.awaited.clone(),
                    origin: origin.to_owned(),
                });
            }
            if answer["typed"] != true {
                return Err(refused(format!("box {} of {boxes} did not take its character", at + 1)));
            }
        }
        Ok(())
    }

    /// Finds the one element, waits until it can be acted on, and performs the verb or says where to click.
    async fn act(
        &self,
        verb: &'static str,
        target: &Target,
        with: Value,
        text: Option<&SecretString>,
        wait: &Wait,
    ) -> Result<(FrameName, Answer), PageError> {
        let mut frames = query::frames([target]);
        // Alternatives in several frames: the first frame that shows one is the one meant.
        let frame = if frames.len() > 1 {
            let per_frame: Vec<Target> = frames.iter().map(|frame| only_in(target, frame)).collect();
            let per_frame: Vec<&Target> = per_frame.iter().collect();
            let first = self.first_of(&per_frame, &wait.awaited, wait.left()).await?;
            frames.swap_remove(first)
        } else {
            frames.pop().unwrap_or_default()
        };
        let mut request = json!({
            "verb": verb,
            "target": query::within(target, &frame),
            "origins": self.origins(&frame),
            "aside": self.mouse_rests.load(Ordering::Relaxed),
        });
        if let (Some(request), Value::Object(with)) = (request.as_object_mut(), with) {
            request.extend(with);
        }
        let answer = self.ask(&frame, Question::Act, request, text, wait).await?;
        self.note_found(target, &frame, &answer);
        if let Some(not) = answer.not {
            return Err(self.not_as_described(wait, format!("it is not {not}")).await);
        }
        Ok((frame, answer))
    }
}

/// The target with only those alternatives that are in this frame.
fn only_in(target: &Target, frame: &FrameName) -> Target {
    let mut part = target.clone();
    part.alternatives.retain(|locator| locator.frame == *frame);
    part
}
