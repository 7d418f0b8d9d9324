//! What the page's script answers, and the wait that it answers within.

use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use tokio::time::Instant;

use super::error::Overview;
use super::input::Point;
use crate::playbook::Locator;

/// An answer of the page's script. Which of these are set says how the question ended.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    /// Where to click, in the frame's viewport.
    pub point: Option<Point>,
    /// Instead of the target, an interruption is to be clicked: its place in the list.
    pub interruption: Option<usize>,
    /// The mouse is to be moved away: what covers the element may be there for it alone.
    pub aside: bool,
    /// The first of several targets that is visible.
    pub first: Option<usize>,
    /// The time was up.
    pub timeout: Option<Obstacle>,
    /// What the page shows, with a time-out.
    pub page: Overview,
    /// The element found.
    pub what: String,
    /// The locator is none.
    pub invalid: Option<String>,
    /// The document's origin, which is none of those declared.
    pub blocked: Option<String>,
    /// What the element would have to be.
    pub not: Option<String>,
    /// The options that a `<select>` has instead.
    pub options: Option<Vec<String>>,
    /// The field holds something else than was typed.
    pub differs: Option<Differs>,
    /// The field is the first of so many that take one character each.
    pub boxes: Option<usize>,
    /// What the field takes.
    pub field: Field,
    /// What was read.
    pub text: Option<SecretString>,
    /// Where the element is drawn, in the frame's viewport.
    pub r#box: Option<[f64; 4]>,
    /// The document is a complete error page of the app.
    pub error_status: bool,
    /// The element that was found, and by which alternatives of those asked for in this frame.
    pub found: Option<FoundBy>,
}

/// An element that was found.
#[derive(Debug, Deserialize)]
pub(super) struct FoundBy {
    pub what: String,
    pub by: Vec<usize>,
}

/// What a field takes, as far as its page says so.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Field {
    /// Characters at most.
    pub maxlength: Option<usize>,
    /// Characters at least.
    pub minlength: Option<usize>,
    /// A regular expression that the whole has to match.
    pub pattern: Option<String>,
    /// Digits only.
    pub numeric: bool,
    /// It is the first of so many fields that take one character each.
    pub boxes: Option<usize>,
    /// The host of the frame that it is in; `None` in the page itself.
    pub frame_host: Option<String>,
}

/// What kept a wait from ending.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Obstacle {
    why: String,
    what: Vec<String>,
    count: usize,
    by: Option<String>,
    near: Vec<Locator>,
}

/// How what a field holds differs from what was typed; never the text itself.
#[derive(Debug, Deserialize)]
pub(super) struct Differs {
    wanted: usize,
    has: usize,
    most: Option<usize>,
}

impl Obstacle {
    pub fn words(&self) -> String {
        let what = self.what.join(", ");
        match self.why.as_str() {
            "several" => format!("{} elements match: {what}", self.count),
            "hidden" => format!("it is there but not visible: {what}"),
            "covered" => format!("{what} is covered by {}", self.by.as_deref().unwrap_or("something")),
            "unsent" => format!(
                "the browser would not send the form: {}",
                self.by.as_deref().unwrap_or("something in it")
            ),
            "unfit" => format!(
                "{what} has only a part of its name in common, and is no field for a password: none is typed there. If it is the \
                 one, write its name in full, or its `autocomplete` or `css`"
            ),
            "missing" | "" => "nothing on the page matches".to_owned(),
            why => format!("{what} is {why}"),
        }
    }
}

impl Obstacle {
    /// What comes near, as a playbook would name it.
    pub fn near(&self) -> Vec<String> {
        self.near.iter().map(Locator::written).collect()
    }
}

impl Differs {
    pub fn words(&self) -> String {
        let Self { wanted, has, most } = *self;
        match most {
            Some(most) if wanted > most => {
                format!("it takes {most} characters at most, and {wanted} were typed")
            }
            _ if wanted == has => "it holds something else of the same length".to_owned(),
            _ => format!("{wanted} characters were typed, and it holds {has}"),
        }
    }
}

/// A deadline and what is done until then, for messages.
pub(super) struct Wait {
    started: Instant,
    pub deadline: Instant,
    pub awaited: String,
}

impl Wait {
    /// The page's own clock decides when a wait is over; the browser gets this much longer to say so.
    const SLACK: Duration = Duration::from_secs(5);

    pub fn new(within: Duration, awaited: String) -> Self {
        let started = Instant::now();
        Self { started, deadline: started + within, awaited }
    }

    pub fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// How long a call to the page may take.
    pub fn left_for_call(&self) -> Duration {
        self.left() + Self::SLACK
    }

    pub fn waited(&self) -> Duration {
        self.started.elapsed()
    }
}
