//! Targets as the page's script takes them, sorted by the frame that they are in.

use serde_json::{Value, json};

use crate::playbook::{Interruption, Locator, Target};

/// The name of a frame that the playbook declares; `None` is the main page.
pub(super) type FrameName = Option<String>;

/// The frames that the targets are in, each once, in the order of their first mention.
pub(super) fn frames<'a>(targets: impl IntoIterator<Item = &'a Target>) -> Vec<FrameName> {
    let mut frames = Vec::new();
    for locator in targets.into_iter().flat_map(|target| &target.alternatives) {
        if !frames.contains(&locator.frame) {
            frames.push(locator.frame.clone());
        }
    }
    frames
}

/// Those alternatives of the target that are in this frame; null if there are none.
pub(super) fn within(target: &Target, frame: &FrameName) -> Value {
    let alternatives: Vec<Value> =
        target.alternatives.iter().filter(|locator| locator.frame == *frame).map(locator_json).collect();
    if alternatives.is_empty() { Value::Null } else { json!({ "alternatives": alternatives }) }
}

/// A target that is one locator.
pub(super) fn single(locator: &Locator) -> Value {
    json!({ "alternatives": [locator_json(locator)] })
}

fn locator_json(locator: &Locator) -> Value {
    json!({
        "by": locator.by,
        "exact": locator.exact,
        "within": locator.within.as_deref().map(locator_json),
        "containing": locator.containing,
    })
}

/// The interruptions that lie wholly in this frame, with their places in the playbook's list.
pub(super) fn interruptions(list: &[Interruption], frame: &FrameName) -> (Vec<usize>, Value) {
    let mut places = Vec::new();
    let mut requests = Vec::new();
    for (place, interruption) in list.iter().enumerate() {
        let (see, click) = (within(&interruption.see, frame), within(&interruption.click, frame));
        if !see.is_null() && !click.is_null() {
            places.push(place);
            requests.push(json!({ "see": see, "click": click }));
        }
    }
    (places, Value::Array(requests))
}
