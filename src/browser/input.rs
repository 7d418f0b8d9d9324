//! Mouse and keyboard: the browser's own input events, as a person's hand would cause them.

use std::time::Duration;

use super::connection::{Connection, SessionId};
use super::error::BrowserError;
use super::protocol::{KeyEvent, MouseEvent};
use crate::playbook::Key;

/// How long the answer to a key that nobody waits for may take.
const COURTESY: Duration = Duration::from_secs(30);

/// A point of the main page's viewport, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, serde::Deserialize)]
pub(super) struct Point {
    pub x: f64,
    pub y: f64,
}

/// Moves there, presses and releases. All three are sent at once; the answer to the last comes after the page
/// has handled it.
pub(super) fn click(
    connection: &Connection,
    session: &SessionId,
    point: Point,
    within: Duration,
) -> impl Future<Output = Result<(), BrowserError>> + Send + use<> {
    let event = |kind, button, buttons, click_count| MouseEvent {
        kind,
        x: point.x,
        y: point.y,
        button,
        buttons,
        click_count,
    };
    let moved = connection.call(session, &event("mouseMoved", "none", 0, 0), within);
    let pressed = connection.call(session, &event("mousePressed", "left", 1, 1), within);
    let released = connection.call(session, &event("mouseReleased", "left", 0, 1), within);
    async move {
        let (moved, pressed, released) = futures::join!(moved, pressed, released);
        moved.and(pressed).and(released).map(|_| ())
    }
}

/// Moves there and stays.
pub(super) async fn hover(
    connection: &Connection,
    session: &SessionId,
    point: Point,
    within: Duration,
) -> Result<(), BrowserError> {
    let event =
        MouseEvent { kind: "mouseMoved", x: point.x, y: point.y, button: "none", buttons: 0, click_count: 0 };
    connection.call(session, &event, within).await.map(|_| ())
}

/// Presses and releases a key; whatever has the focus receives it.
pub(super) fn press(
    connection: &Connection,
    session: &SessionId,
    key: Key,
    within: Duration,
) -> impl Future<Output = Result<(), BrowserError>> + Send + use<> {
    let (name, code, number, text) = definition(key);
    key_stroke(connection, session, (name, code, number, text), within)
}

/// A key that changes nothing, so that handlers of `keydown` and `keyup` run after a field was filled.
pub(super) fn nudge(
    connection: &Connection,
    session: &SessionId,
) -> impl Future<Output = Result<(), BrowserError>> + Send + use<> {
    key_stroke(connection, session, ("Shift", "ShiftLeft", 16, ""), COURTESY)
}

fn key_stroke(
    connection: &Connection,
    session: &SessionId,
    (key, code, windows_virtual_key_code, text): (&'static str, &'static str, u32, &'static str),
    within: Duration,
) -> impl Future<Output = Result<(), BrowserError>> + Send + use<> {
    let event = |kind, text| KeyEvent { kind, key, code, windows_virtual_key_code, text };
    let down = connection.call(
        session,
        &event(if text.is_empty() { "rawKeyDown" } else { "keyDown" }, text),
        within,
    );
    let up = connection.call(session, &event("keyUp", ""), within);
    async move {
        let (down, up) = futures::join!(down, up);
        down.and(up).map(|_| ())
    }
}

/// `key`, `code`, Windows virtual key code and text of a key (UI Events specification).
fn definition(key: Key) -> (&'static str, &'static str, u32, &'static str) {
    match key {
        Key::Enter => ("Enter", "Enter", 13, "\r"),
        Key::Tab => ("Tab", "Tab", 9, ""),
        Key::Escape => ("Escape", "Escape", 27, ""),
        Key::Space => (" ", "Space", 32, " "),
        Key::Backspace => ("Backspace", "Backspace", 8, ""),
        Key::Delete => ("Delete", "Delete", 46, ""),
        Key::ArrowUp => ("ArrowUp", "ArrowUp", 38, ""),
        Key::ArrowDown => ("ArrowDown", "ArrowDown", 40, ""),
        Key::ArrowLeft => ("ArrowLeft", "ArrowLeft", 37, ""),
        Key::ArrowRight => ("ArrowRight", "ArrowRight", 39, ""),
        Key::Home => ("Home", "Home", 36, ""),
        Key::End => ("End", "End", 35, ""),
        Key::PageUp => ("PageUp", "PageUp", 33, ""),
        Key::PageDown => ("PageDown", "PageDown", 34, ""),
    }
}
