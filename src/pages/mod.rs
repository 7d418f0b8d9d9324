//! Recorded pages: what an app looked like at each step, kept beside its playbook, so that changes to either can be
//! tried without the app.
//!
//! - [`Recorder`]: looks at the page as each step finds its element;
//! - `scrub`: what is not kept of a page;
//! - `likeness`: whether a page is one that is kept already;
//! - `alignment`: which recorded step is which of a playbook that was changed since;
//! - [`Pages`]: the folder, an HTML file for each document and an index for people and programs;
//! - [`step`]: what a step looks for.

mod alignment;
mod folder;
mod index;
mod likeness;
mod recorder;
mod scrub;
pub mod step;

pub use folder::{Pages, PagesError};
pub use index::{Document, Index, KeptPage, KeptStep, Seen};
pub use recorder::Recorder;
