//! The recording's JSON. Errors say where, and what kind of thing is there; never a value of it.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

/// Why a file is no recording, or none of a login.
#[derive(Debug, PartialEq, Eq)]
pub struct BadRecording {
    what: &'static str,
    at: String,
    why: String,
}

impl BadRecording {
    pub(super) fn new(at: impl Into<String>, why: impl Into<String>) -> Self {
        Self { what: "this is no recording of Chrome DevTools Recorder", at: at.into(), why: why.into() }
    }

    /// It is a recording, and of something else.
    pub(super) fn without_login(at: impl Into<String>, why: impl Into<String>) -> Self {
        Self { what: "this recording shows no login", at: at.into(), why: why.into() }
    }
}

impl fmt::Display for BadRecording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.what, self.at, self.why)
    }
}

impl std::error::Error for BadRecording {}

/// A step as it was recorded.
#[derive(Debug)]
pub(super) struct Recorded {
    /// Its place in `steps`.
    pub at: usize,
    /// Its `type`.
    pub kind: &'static str,
    pub act: Act,
    /// Ways to its element, each a chain of selectors from the outside in.
    pub selectors: Vec<Vec<String>>,
    /// The way to its frame, by numbers.
    pub frame: Vec<u64>,
    /// The address of the frame that is a target of its own.
    pub target: Option<String>,
    /// The address that the page went to with it.
    pub leads_to: Option<String>,
}

/// What was done.
#[derive(Debug)]
pub(super) enum Act {
    Navigate {
        url: String,
    },
    Click {
        double: bool,
    },
    Change(SecretString),
    Hover,
    Wait {
        gone: bool,
    },
    Key(&'static str),
    /// A key that types something.
    Character(SecretString),
    /// What was clicked or pressed character by character, from here on.
    Pad,
    /// A click on what shows a password that was typed.
    Show,
    /// Nothing that a playbook would say: its other half is a step already, or it is about the browser's window.
    Nothing,
    /// Nobody here knows what it does.
    Unknown,
    /// There is no such step; why, and what to do.
    Unlike(&'static str),
}

/// The types of steps, and whether they have an element.
const TYPES: [(&str, bool); 14] = [
    ("click", true),
    ("doubleClick", true),
    ("hover", true),
    ("change", true),
    ("keyDown", false),
    ("keyUp", false),
    ("scroll", false),
    ("setViewport", false),
    ("navigate", false),
    ("close", false),
    ("emulateNetworkConditions", false),
    ("waitForElement", true),
    ("waitForExpression", false),
    ("customStep", false),
];

/// The keys that a playbook can press.
const KEYS: [(&str, &str); 13] = [
    ("Enter", "Enter"),
    ("Tab", "Tab"),
    ("Escape", "Escape"),
    (" ", "Space"),
    ("Backspace", "Backspace"),
    ("Delete", "Delete"),
    ("ArrowUp", "ArrowUp"),
    ("ArrowDown", "ArrowDown"),
    ("ArrowLeft", "ArrowLeft"),
    ("ArrowRight", "ArrowRight"),
    ("Home", "Home"),
    ("PageUp", "PageUp"),
    ("PageDown", "PageDown"),
];

pub(super) fn parse(json: &SecretString) -> Result<Vec<Recorded>, BadRecording> {
    let value: Value = serde_json::from_str(json.expose_secret()).map_err(|error| {
        let what = if error.is_eof() { "the JSON ends in the middle" } else { "this is no JSON" };
        BadRecording::new(format!("line {}, column {}", error.line(), error.column()), what)
    })?;
    let Value::Object(mut top) = value else {
        return Err(BadRecording::new(
            "the whole file",
            format!("must be an object with `steps`, and is {}", kind(&value)),
        ));
    };
    match top.remove("steps") {
        Some(Value::Array(steps)) if !steps.is_empty() => {
            steps.into_iter().enumerate().map(|(at, step)| recorded(at, step)).collect()
        }
        Some(Value::Array(_)) => Err(BadRecording::new("steps", "there is none: record the login first")),
        Some(other) => Err(BadRecording::new("steps", format!("must be a list, and is {}", kind(&other)))),
        None => Err(BadRecording::new("steps", "is missing: export the recording as JSON, not as a script")),
    }
}

fn recorded(at: usize, step: Value) -> Result<Recorded, BadRecording> {
    let place = format!("steps[{at}]");
    let Value::Object(mut step) = step else {
        return Err(BadRecording::new(place, format!("must be an object, and is {}", kind(&step))));
    };
    let given = text(&mut step, "type", &place)?;
    let Some((name, on_element)) = TYPES.into_iter().find(|(name, _)| *name == given) else {
        // Recorders learn new steps; what it is called may be anything, and is not repeated.
        return Ok(Recorded {
            at,
            kind: "a step of a type that is not known here",
            act: Act::Unknown,
            selectors: Vec::new(),
            frame: Vec::new(),
            target: None,
            leads_to: None,
        });
    };
    let selectors = match step.remove("selectors") {
        Some(value) => selectors(value, &place)?,
        None if on_element => {
            return Err(BadRecording::new(
                format!("{place}.selectors"),
                "is missing: nothing says which element was meant",
            ));
        }
        None => Vec::new(),
    };
    let act = match name {
        "navigate" => Act::Navigate { url: text(&mut step, "url", &place)? },
        "click" => Act::Click { double: false },
        "doubleClick" => Act::Click { double: true },
        "change" => Act::Change(SecretString::from(text(&mut step, "value", &place)?)),
        "hover" => Act::Hover,
        "waitForElement" => {
            let hidden = step.get("visible") == Some(&Value::Bool(false));
            Act::Wait { gone: hidden || step.get("count").and_then(Value::as_u64) == Some(0) }
        }
        "keyDown" => {
            let key = SecretString::from(text(&mut step, "key", &place)?);
            match KEYS.into_iter().find(|(name, _)| *name == key.expose_secret()) {
                // Fields are left by the next step anyway.
                Some((_, "Tab")) => Act::Nothing,
                Some((_, ours)) => Act::Key(ours),
                None if matches!(key.expose_secret(), "Shift" | "Control" | "Alt" | "Meta") => Act::Nothing,
                None if key.expose_secret().chars().count() == 1 => Act::Character(key),
                None => Act::Unlike("there is no step for this key; what is typed goes by `fill`"),
            }
        }
        "keyUp" | "scroll" | "setViewport" | "close" => Act::Nothing,
        "emulateNetworkConditions" => {
            Act::Unlike("there is no such step; where the app is slow, give a `timeout`")
        }
        "waitForExpression" => {
            Act::Unlike("playbooks run no JavaScript; write what a person would see: `see: { text: … }`")
        }
        _ => Act::Unlike("there is no such step; write what it does by `click`, `fill` and `see`"),
    };
    let frame = match step.remove("frame") {
        None => Vec::new(),
        Some(Value::Array(way)) => way
            .iter()
            .enumerate()
            .map(|(nth, part)| {
                part.as_u64().ok_or_else(|| {
                    BadRecording::new(
                        format!("{place}.frame[{nth}]"),
                        format!("must be a number, and is {}", kind(part)),
                    )
                })
            })
            .collect::<Result<_, _>>()?,
        Some(other) => {
            return Err(BadRecording::new(
                format!("{place}.frame"),
                format!("must be a list of numbers, and is {}", kind(&other)),
            ));
        }
    };
    let target = step.get("target").and_then(Value::as_str).map(str::to_owned);
    let events = step.get("assertedEvents").and_then(Value::as_array).into_iter().flatten();
    let leads_to = events.filter_map(|event| event.get("url")?.as_str()).next_back().map(str::to_owned);
    Ok(Recorded { at, kind: name, act, selectors, frame, target, leads_to })
}

fn text(step: &mut Map<String, Value>, key: &str, place: &str) -> Result<String, BadRecording> {
    match step.remove(key) {
        Some(Value::String(text)) => Ok(text),
        Some(other) => Err(BadRecording::new(
            format!("{place}.{key}"),
            format!("must be a text, and is {}", kind(&other)),
        )),
        None => Err(BadRecording::new(format!("{place}.{key}"), "is missing")),
    }
}

/// Each is a text, or a chain of texts through shadow roots.
fn selectors(value: Value, place: &str) -> Result<Vec<Vec<String>>, BadRecording> {
    let Value::Array(list) = value else {
        return Err(BadRecording::new(
            format!("{place}.selectors"),
            format!("must be a list, and is {}", kind(&value)),
        ));
    };
    let wrong = |nth: usize, value: &Value| {
        BadRecording::new(
            format!("{place}.selectors[{nth}]"),
            format!("must be a text or a list of texts, and is {}", kind(value)),
        )
    };
    list.into_iter()
        .enumerate()
        .map(|(nth, each)| match each {
            Value::String(text) => Ok(vec![text]),
            Value::Array(chain) => chain
                .into_iter()
                .map(|part| match part {
                    Value::String(text) => Ok(text),
                    other => Err(wrong(nth, &other)),
                })
                .collect(),
            other => Err(wrong(nth, &other)),
        })
        .collect()
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
