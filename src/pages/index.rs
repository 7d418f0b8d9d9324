//! What the folder of an app's recorded pages holds, as its `index.json` says.

use serde::{Deserialize, Serialize};

/// The index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// The app's name.
    pub app: String,
    /// The pages, in the order of the steps that saw them first.
    pub pages: Vec<KeptPage>,
    /// What was seen, in the playbook's order.
    pub steps: Vec<KeptStep>,
}

/// A page: its own document, and those of its frames.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptPage {
    /// The page's own document.
    #[serde(flatten)]
    pub main: Document,
    /// The documents in its frames.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<Document>,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its file.
    pub file: String,
    /// Where it was, as a playbook writes it: `app:/login`. An origin that none declares stands there as a whole.
    pub at: String,
    /// The HTTP status that it came with, where it has one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub status: u16,
}

/// What a step saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptStep {
    /// Its way: `login.3`.
    pub step: String,
    /// What it did, in words.
    pub does: String,
    /// The state that an `expect` found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The file of the page.
    pub page: String,
    /// What each of its locators found there.
    pub found: Vec<Seen>,
}

/// What a locator found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// It, in words.
    pub locator: String,
    /// The frame that it looks in, by the playbook's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<String>,
    /// The way to each visible element: `html > body > x-login >>> form > input:nth-of-type(2)`.
    pub elements: Vec<String>,
}

impl Index {
    /// The page of that file.
    #[must_use]
    pub fn page(&self, file: &str) -> Option<&KeptPage> {
        self.pages.iter().find(|page| page.main.file == file)
    }
}

impl KeptStep {
    /// The elements that the step was about, and the frame that they are in: those of the first locator that found any.
    #[must_use]
    pub fn elements(&self) -> (Option<&str>, Vec<String>) {
        let Some(first) = self.found.iter().find(|seen| !seen.elements.is_empty()) else {
            return (None, Vec::new());
        };
        let here = self.found.iter().filter(|seen| seen.frame == first.frame);
        let mut elements: Vec<String> = here.flat_map(|seen| seen.elements.iter().cloned()).collect();
        elements.sort();
        elements.dedup();
        (first.frame.as_deref(), elements)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(status: &u16) -> bool {
    *status == 0
}
