//! What a page shows: pictures and pieces of text. What of it is secret is for the caller to say.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::answer::Wait;
use super::ask::is_gone;
use super::error::{BrowserError, PageError};
use super::input::Point;
use super::page::{Page, short_url};
use super::place::{Places, WayOut};
use super::protocol::{Argument, CaptureScreenshot, Clip};
use super::state::World;
use super::survey::ControlKind;
use crate::playbook::Locator;

const CALL: Duration = Duration::from_secs(15);
/// So many controls of a frame are named.
const CONTROLS: usize = 60;
/// How long the next document may take to begin.
const ABOUT_TO: Duration = Duration::from_secs(2);

/// A box in the main page's viewport: x, y, width, height, in CSS pixels.
pub type Box4 = [f64; 4];

/// One piece of what a frame shows, in document order.
#[derive(Debug, Clone, Deserialize)]
pub struct Piece {
    /// What it is.
    pub kind: PieceKind,
    /// Its text, the label of a field, or the alternative text of a picture. May hold secrets.
    pub text: String,
    /// What a field shows: what it holds, or its placeholder. May hold secrets, and is never kept.
    #[serde(default)]
    pub value: String,
    /// Whether a field holds anything.
    #[serde(default)]
    pub filled: bool,
    /// A password field, or one that a secret was typed into: its value is a secret whatever it is.
    #[serde(default)]
    pub secret: bool,
    /// Where it is drawn.
    pub boxes: Vec<Box4>,
}

/// The kinds of [`Piece`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PieceKind {
    /// Text.
    Text,
    /// A field, with its label.
    Field,
    /// A button of an `<input>`.
    Button,
    /// Text that the style sheet adds: before or behind an element, or as the marker of a list.
    Drawn,
    /// An image, canvas or drawing.
    Picture,
    /// A frame that did not tell what it shows.
    Untold,
    /// An element with a picture behind it.
    Background,
    /// The beginning of an element that structures the page; its text is the tag.
    Open,
}

/// What can be used in one frame, as a playbook names it.
#[derive(Debug, Clone, Deserialize)]
pub struct Controls {
    /// The name that the playbook gives the frame; the main page and frames without one have none.
    #[serde(skip)]
    pub frame: Option<String>,
    /// The frame's address without query and fragment.
    #[serde(skip)]
    pub url: String,
    /// In document order; of very many the first.
    pub controls: Vec<NamedControl>,
    /// So many are left out.
    pub more: usize,
}

/// Something that a person can use, or a picture that shows more than an icon does.
#[derive(Debug, Clone, Deserialize)]
pub struct NamedControl {
    /// What it is for.
    pub kind: ControlKind,
    /// Of a toggle, whether it is on.
    pub on: Option<bool>,
    /// It cannot be used now.
    pub disabled: bool,
    /// What names it and nothing else in its frame, if anything does.
    pub locator: Option<Locator>,
}

/// What one frame shows.
#[derive(Debug, Clone)]
pub struct Shot {
    /// The frame's address without query and fragment.
    pub url: String,
    /// The document's title.
    pub title: String,
    /// What it shows.
    pub pieces: Vec<Piece>,
}

impl Shot {
    /// What is known of a frame that does not tell.
    fn untold(url: &str, whole: Box4) -> Self {
        let piece = Piece {
            kind: PieceKind::Untold,
            text: String::new(),
            value: String::new(),
            filled: false,
            secret: false,
            boxes: vec![whole],
        };
        Self { url: short_url(url), title: String::new(), pieces: vec![piece] }
    }
}

#[derive(Deserialize)]
struct Boxes {
    title: String,
    pieces: Vec<Piece>,
}

impl Page {
    /// The visible part of the page as PNG, or the given box of the viewport.
    ///
    /// # Errors
    /// If the browser does not give one.
    pub async fn screenshot(&self, part: Option<Box4>) -> Result<Vec<u8>, PageError> {
        let clip = match part {
            None => None,
            Some([x, y, width, height]) => {
                // What Chromium clips is the document, from its very beginning.
                let Point { x: scrolled_x, y: scrolled_y } = self.scrolled().await?;
                let (x, y) = ((x + scrolled_x).max(0.0), (y + scrolled_y).max(0.0));
                Some(Clip { x, y, width, height, scale: 1.0 })
            }
        };
        let capture = CaptureScreenshot { format: "png", clip, optimize_for_speed: true };
        let shot =
            self.connection.call(&self.session, &capture, CALL).await.map_err(|error| self.failure(error))?;
        STANDARD.decode(shot.data).map_err(|error| {
            BrowserError::Protocol { method: "Page.captureScreenshot", message: error.to_string() }.into()
        })
    }

    /// How far the main page is scrolled.
    async fn scrolled(&self) -> Result<Point, PageError> {
        let world = self.world_now(&None)?;
        let script = "() => ({ x: scrollX, y: scrollY })";
        let scrolled = self.call_in(&world, script, Vec::new(), CALL).await;
        serde_json::from_value(scrolled.map_err(|error| self.failure(error))?).map_err(|error| {
            BrowserError::Protocol { method: "Runtime.callFunctionOn", message: error.to_string() }.into()
        })
    }

    /// What every frame shows, the main page first; boxes are in the main page's viewport.
    ///
    /// # Errors
    /// If the main page does not tell. A child frame that goes away meanwhile is left out, and one that does not tell is
    /// [`PieceKind::Untold`].
    pub async fn shots(&self) -> Result<Vec<Shot>, PageError> {
        let wait = Wait::new(ABOUT_TO, "a page to look at".to_owned());
        loop {
            // The page may be about to show something else; if that does not come, what there is must do.
            let _ = self.world(&None, &wait).await;
            match self.shots_now().await {
                Err(PageError::Browser(error)) if is_gone(&error) && !wait.left().is_zero() => {}
                shots => return shots,
            }
        }
    }

    async fn shots_now(&self) -> Result<Vec<Shot>, PageError> {
        let mut silent = self.know_closed_roots().await;
        if let Some(at) = silent.iter().position(|(session, _)| *session == self.session) {
            return Err(self.failure(silent.swap_remove(at).1));
        }
        let mut frames = self.state.frames();
        frames.sort_by_key(|(id, _)| *id != self.main);
        let mut places = Places::new();
        let mut shots = Vec::new();
        for (id, frame) in frames {
            let way = match self.way_out(&id, &mut places).await {
                Ok(way) => way,
                // It has just gone, or the one around it.
                Err(BrowserError::SessionGone | BrowserError::Refused { .. }) => continue,
                Err(error) => return Err(self.failure(error)),
            };
            let known = |world: &World| silent.iter().all(|(session, _)| *session != world.session);
            let shot = match frame.world.filter(known) {
                Some(world) => self.shot(&world, &frame.url, &way).await,
                None => Err(PageError::Browser(BrowserError::SessionGone)),
            };
            match (shot, way.whole()) {
                (Ok(shot), _) => shots.push(shot),
                // It is not drawn.
                (Err(_), Some([_, _, width, height])) if width * height == 0.0 => {}
                (Err(_), Some(whole)) => shots.push(Shot::untold(&frame.url, whole)),
                (Err(error), None) => return Err(error),
            }
        }
        Ok(shots)
    }

    /// What can be used in every frame, the main page first. What does not tell is left out.
    pub async fn controls(&self) -> Vec<Controls> {
        let mut frames = self.state.frames();
        frames.sort_by_key(|(id, _)| *id != self.main);
        let mut all = Vec::new();
        for (id, frame) in frames {
            let Some(world) = frame.world else { continue };
            let most = vec![Argument::Plain(CONTROLS.into())];
            let called = self.call_in(&world, "(most) => turnlock.controls(most)", most, CALL).await;
            let Some(controls) = called.ok().and_then(|value| serde_json::from_value(value).ok()) else {
                continue;
            };
            let frame = Controls { frame: self.known.name_of(&id), url: short_url(&frame.url), ..controls };
            all.push(frame);
        }
        all
    }

    async fn shot(&self, world: &World, url: &str, way: &WayOut) -> Result<Shot, PageError> {
        let boxes = self.call_in(world, "() => turnlock.textBoxes()", Vec::new(), CALL).await;
        let boxes = boxes.map_err(|error| self.failure(error))?;
        let mut boxes: Boxes = serde_json::from_value(boxes).map_err(|error| BrowserError::Protocol {
            method: "Runtime.callFunctionOn",
            message: error.to_string(),
        })?;
        for each in boxes.pieces.iter_mut().flat_map(|piece| &mut piece.boxes) {
            *each = way.of(*each);
        }
        Ok(Shot { url: short_url(url), title: boxes.title, pieces: boxes.pieces })
    }
}
