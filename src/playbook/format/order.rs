//! The order of keys.

use super::tree::{Document, Member, Shape, Value};
use crate::playbook::FlowKind;
use crate::playbook::read::KEYS;
use crate::playbook::read::words::BY;

/// Whether the order of the keys in the map under `key` means something: of an `expect`'s states, the one further up
/// counts, and names of one's own stand as their author put them.
pub(super) fn counts_in(key: &str) -> bool {
    matches!(key, "expect" | "origins" | "frames" | "params")
}

/// Puts keys into the order in which the reference has them.
pub(super) fn put_in_order(document: &mut Document) {
    order(&mut document.root, None);
}

fn order(value: &mut Value, key: Option<&str>) {
    match &mut value.shape {
        Shape::Word(_) => {}
        Shape::List { items, .. } => items.iter_mut().for_each(|item| order(&mut item.value, Some(""))),
        Shape::Map { entries, .. } => {
            for entry in &mut *entries {
                let name = entry.key.clone().unwrap_or_default();
                order(&mut entry.value, Some(&name));
            }
            let has = |name: &str| entries.iter().any(|entry| entry.key.as_deref() == Some(name));
            let flows = FlowKind::ALL.map(FlowKind::as_str);
            match key {
                Some(key) if counts_in(key) => {}
                None => sort(entries, &KEYS),
                Some("flows") => sort(entries, &flows),
                Some("fill") => sort(entries, &["into", "with"]),
                Some("press") => sort(entries, &["key", "in"]),
                Some("select") => sort(entries, &["in", "option"]),
                Some("read_secret") => sort(entries, &["text", "link", "qr"]),
                Some("read_recovery_codes") => sort(entries, &["from", "download", "count"]),
                Some("mail" | "sms") => sort(entries, &["from", "authenticated", "pattern", "resend"]),
                Some("lockout") => sort(entries, &["attempts", "window", "cleared_by_login"]),
                Some("limits") => sort(entries, &["concurrent", "per_minute"]),
                Some("timeouts") => sort(entries, &["step", "flow"]),
                Some("email_link") => sort(entries, &["containing", "timeout"]),
                Some(_) if has("see") => sort(entries, &["see", "then", "click"]),
                Some(_) if BY.iter().any(|by| has(by)) => {
                    let rest = ["name", "exact", "containing", "within", "frame", "origin", "timeout"];
                    sort(entries, &BY.into_iter().chain(rest).collect::<Vec<_>>());
                }
                Some(_) => {}
            }
        }
    }
}

/// Known keys first, in their order; the others stay as they are, behind them.
fn sort(entries: &mut [Member], known: &[&str]) {
    let place = |entry: &Member| {
        let key = entry.key.as_deref().unwrap_or_default();
        known.iter().position(|known| *known == key).unwrap_or(known.len())
    };
    entries.sort_by_key(place);
}
