//! Driving a browser over the Chrome DevTools Protocol (CDP).
//!
//! From the bottom up:
//!
//! - [`Process`]: starts Chromium in a process group and with a profile of its own, and ends both;
//! - `pipe`: the transport, two inherited pipes that no other process can open;
//! - `connection`: calls with deadlines, events to the session that they belong to;
//! - `protocol`: the few commands that Turnlock sends, typed;
//! - `state`: what the events say of a page's frames: their worlds, origins and navigations;
//! - `settle`: waiting until a frame has a document, and nothing is about to replace it;
//! - `ask`: asking the page's script there, through interruptions, navigations and deadlines;
//! - [`Page`]: one context's page; its steps are in `action` (open, click, fill, read), `frames` (the way to a
//!   frame, and from a point in it to the main page), `download` (a file that it offers) and `capture` (pictures, and
//!   pieces of text; `place` says where those of frames are drawn, and `closed` lets the script see into closed shadow roots);
//! - [`Survey`]: what a page has, with the locators that name it, for drafts of playbooks;
//! - [`Tried`]: what a locator names now, for a person who tries one;
//! - [`Snapshot`]: a page to be kept; [`Replay`]: what was kept, shown again without the app; `trial`: changing it, and
//!   looking at what a step does then;
//! - `onlooker`: holding back what a click would send, while an app is only looked at;
//! - [`Pool`]: contexts prepared ahead, and the browser replaced before it grows old.
//!
//! Finding and checking elements happens inside the page (`page/*.js`), in an isolated world, so that
//! one round trip finds a target, waits until it can be acted on, and answers.

mod action;
mod answer;
mod ask;
mod capture;
mod closed;
mod connection;
mod download;
mod error;
mod events;
mod frames;
mod glimpse;
mod input;
mod launch;
mod onlooker;
mod page;
mod pipe;
mod place;
mod pool;
mod process;
mod protocol;
mod query;
mod replay;
mod settle;
mod snapshot;
mod state;
mod survey;
mod trial;
mod tried;
mod unanswered;
mod world;

pub use answer::Field;
pub use capture::{Box4, Controls, NamedControl, Piece, PieceKind, Shot};
pub use error::{BrowserError, Overview, PageError};
pub use glimpse::Glimpse;
pub use launch::{Display, Options, Sandbox, is_headless_shell};
pub use onlooker::{HeldBack, Sends};
pub use page::{Found, Guide, Page, Typed};
pub use pool::Pool;
pub use process::Process;
pub use replay::Replay;
pub use snapshot::{FrameSnapshot, Matched, Part, PartKind, Snapshot};
pub use survey::{Control, ControlKind, HiddenLink, Survey, SurveyedFrame};
pub use trial::{Acted, Marked};
pub use tried::{Tried, TriedElement};
