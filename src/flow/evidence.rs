//! What is kept of a page: a screenshot and a page snapshot, with every secret covered.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::codelike::{looks_secret, without_codes, without_what_may_be_secret};
use super::picture;
use super::session::Session;
use crate::browser::{Box4, ControlKind, Controls, NamedControl, PageError, Piece, PieceKind, Shot};
use crate::credential::qr;
use crate::evidence::{PAGE, PICTURE};
use crate::playbook::Locator;
use crate::redact;
use crate::store::Step;

/// Covers reach this much further than what they cover, in pixels.
const MARGIN: f64 = 3.0;
/// Neighbouring pieces of as many characters each, and at most so many, may be the groups of one word.
const SHORT: usize = 4;
/// So many fields of one character each are a row of boxes.
const ROW: usize = 3;
/// So often is a page photographed that moves while its secrets are located.
const SHOTS: usize = 3;
/// A page that is being replaced gets this long; no event tells when a picture can be had again.
const SWAP: Duration = Duration::from_millis(150);

/// Keeps what the page shows now. That there is no evidence is no reason to fail the attempt, so it is only noted.
pub(super) async fn keep(session: &Session<'_>) {
    let folder = &session.context.evidence;
    let log = session.context.steps.begin(Step::EVIDENCE, "keep evidence of the page");
    match take(session, folder).await {
        Ok(()) => log.ok(),
        Err(error) => log.failed(redact::redact(&without_what_may_be_secret(&error))),
    }
}

/// Keeps what the page shows now under a name of its own, with some boxes of it outlined; gives the screenshot's path.
pub(super) async fn keep_as(session: &Session<'_>, name: &str, outlined: &[Box4]) -> Result<PathBuf, String> {
    let masked = |error: String| redact::redact(&without_what_may_be_secret(&error)).into_owned();
    let folder = &session.context.evidence;
    let (text, picture) = look(session).await.map_err(masked)?;
    let written = |error: io::Error| format!("{} cannot be written: {error}", folder.display());
    write_private(folder, &format!("{name}.txt"), text.as_bytes()).map_err(written)?;
    let mut picture = picture.map_err(masked)?;
    if !outlined.is_empty() {
        picture =
            picture::repaint(&picture, |canvas| outlined.iter().for_each(|each| canvas.outline(*each)))?;
    }
    write_private(folder, &format!("{name}.png"), &picture).map_err(written)?;
    Ok(folder.join(format!("{name}.png")))
}

/// What the page looks like now.
pub(super) async fn picture(session: &Session<'_>) -> Result<Vec<u8>, String> {
    let picture = look(session).await.and_then(|(_, picture)| picture);
    picture.map_err(|error| redact::redact(&without_what_may_be_secret(&error)).into_owned())
}

async fn take(session: &Session<'_>, folder: &Path) -> Result<(), String> {
    let (text, picture) = look(session).await?;
    write_private(folder, PAGE, text.as_bytes()).map_err(|error| error.to_string())?;
    session.context.learn(|learnt| learnt.evidence = Some(folder.to_owned()));
    write_private(folder, PICTURE, &picture?).map_err(|error| error.to_string())
}

/// The page snapshot, and the screenshot with its secrets covered if the page let one be taken.
async fn look(session: &Session<'_>) -> Result<(String, Result<Vec<u8>, String>), String> {
    let page = &session.page;
    let words = |error: PageError| error.to_string();
    let enrolling = session.flow.enrols();
    // Before, for what may go meanwhile, and behind each look, for what may have come.
    session.know_what_is_shown().await;
    let mut before = page.shots().await.map_err(words)?;
    session.know_what_is_shown().await;
    let register = |shots: &[Shot]| shots.iter().for_each(|shot| session.cover_address(&shot.url));
    register(&before);
    let controls = page.controls().await;
    let mut missing = String::new();
    for _ in 0..SHOTS {
        let (png, after) = (page.screenshot(None).await, page.shots().await.map_err(words)?);
        register(&after);
        session.know_what_is_shown().await;
        let (covered, still) = (covers(enrolling, &before), covers(enrolling, &after));
        match png {
            Ok(png) if covered == still => {
                let picture = tokio::task::spawn_blocking(move || cover(&png, &covered)).await;
                let picture = picture.map_err(|error| error.to_string()).and_then(|picture| picture);
                return Ok((snapshot(&before, &controls, enrolling), picture));
            }
            // Something moved or changed meanwhile, so the covers could miss it.
            Ok(_) => missing = "the page kept moving, so no screenshot was kept".to_owned(),
            // A page that is just being replaced, by the browser's own error page for example, has none to give.
            Err(error) => {
                missing = words(error);
                tokio::time::sleep(SWAP).await;
            }
        }
        before = after;
    }
    Ok((snapshot(&before, &controls, enrolling), Err(missing)))
}

/// Only the owner may read evidence: secrets are covered, but it still shows what is in the account.
fn write_private(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    let make = || std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    // Once more, for the job's folder may go in the middle: with its last evidence, whose retention was over.
    make().or_else(|_| make())?;
    let path = folder.join(name);
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    file.write_all(content).inspect_err(|_| {
        // Half a picture is none: where the disk is full there is to be nothing.
        let _ = std::fs::remove_file(&path);
    })
}

/// The boxes that hold a secret. While MFA is turned on, a picture may be the secret, and a text may be one that was
/// not read yet.
fn covers(enrolling: bool, shots: &[Shot]) -> Vec<Box4> {
    let may_be = |text: &str| enrolling && without_codes(text) != text;
    let hidden = |text: &str| holds_secret(text) || may_be(text);
    let mut covers = Vec::new();
    for shot in shots {
        let written = secret_pieces(&shot.pieces, &[PieceKind::Text, PieceKind::Button]);
        // What the style sheet adds may be a part of a secret, or stand between the parts of one.
        let drawn = secret_pieces(&shot.pieces, &[PieceKind::Text, PieceKind::Button, PieceKind::Drawn]);
        // One field may hold a part of a secret, and the next the rest.
        let held = secret_pieces(&shot.pieces, &[PieceKind::Field]);
        let row = rows_of_boxes(&shot.pieces);
        for (at, piece) in shot.pieces.iter().enumerate() {
            let secret = match piece.kind {
                PieceKind::Field => {
                    (piece.filled && (piece.secret || row[at])) || held[at] || may_be(&piece.value)
                }
                PieceKind::Text | PieceKind::Button | PieceKind::Drawn => {
                    written[at] || drawn[at] || may_be(&piece.text)
                }
                PieceKind::Picture => hidden(&piece.text) || (enrolling && !is_tiny(&piece.boxes)),
                PieceKind::Background => enrolling && is_squarish(&piece.boxes),
                PieceKind::Untold => true,
                PieceKind::Open => false,
            };
            if secret {
                covers.extend(&piece.boxes);
            }
        }
    }
    covers
}

/// For each piece, whether its text is part of a secret; secrets may be spread over neighbouring pieces of these
/// kinds, as groups of characters in elements of their own.
///
/// A short secret counts only as a word of its own: so pieces are read once as words each, and once with groups as one word.
fn secret_pieces(pieces: &[Piece], kinds: &[PieceKind]) -> Vec<bool> {
    let mut secret = vec![false; pieces.len()];
    for glued in [false, true] {
        let mut whole = String::new();
        let mut spans = Vec::new();
        let mut last = 0;
        for (at, piece) in pieces.iter().enumerate().filter(|(_, piece)| kinds.contains(&piece.kind)) {
            let shown = shown(piece).trim();
            let length = shown.chars().count();
            if !(glued && length == last && length <= SHORT) {
                whole.push(' ');
            }
            last = length;
            let start = whole.len();
            whole.push_str(shown);
            spans.push((at, start..whole.len()));
        }
        let secrets = redact::find(&whole);
        for (at, span) in spans {
            secret[at] |= secrets.iter().any(|found| found.start < span.end && span.start < found.end);
        }
    }
    secret
}

/// For each piece, whether it is one of several fields in a row that show one character each. Those are a code's or a
/// password's, whatever of it they hold.
fn rows_of_boxes(pieces: &[Piece]) -> Vec<bool> {
    let mut boxes = vec![false; pieces.len()];
    let fields: Vec<_> =
        pieces.iter().enumerate().filter(|(_, piece)| piece.kind == PieceKind::Field).collect();
    let is_box = |piece: &Piece| piece.value.chars().count() == 1;
    for row in fields.chunk_by(|(_, one), (_, next)| is_box(one) == is_box(next)) {
        let is_row = row.len() >= ROW && is_box(row[0].1);
        row.iter().for_each(|(at, _)| boxes[*at] = is_row);
    }
    boxes
}

fn shown(piece: &Piece) -> &str {
    if piece.kind == PieceKind::Field { &piece.value } else { &piece.text }
}

fn holds_secret(text: &str) -> bool {
    !redact::find(text).is_empty()
}

/// Icons show no secret.
fn is_tiny(boxes: &[Box4]) -> bool {
    boxes.iter().all(|[_, _, width, height]| width.max(*height) < 24.0)
}

fn is_squarish(boxes: &[Box4]) -> bool {
    boxes.iter().any(|[_, _, width, height]| {
        *width >= 48.0 && *height >= 48.0 && width / height < 2.0 && height / width < 2.0
    })
}

/// The picture with the boxes, and every QR code in it, painted over.
fn cover(png: &[u8], boxes: &[Box4]) -> Result<Vec<u8>, String> {
    let found = qr::find(png).map_err(|error| error.to_string())?;
    let boxes: Vec<Box4> =
        boxes.iter().copied().chain(found.iter().map(|code| around(&code.bounds))).collect();
    picture::repaint(png, |canvas| {
        for [x, y, width, height] in boxes {
            canvas.cover([x - MARGIN, y - MARGIN, width + 2.0 * MARGIN, height + 2.0 * MARGIN]);
        }
    })
}

fn around(corners: &[(i32, i32); 4]) -> Box4 {
    let (xs, ys) = (corners.map(|(x, _)| x), corners.map(|(_, y)| y));
    let edge = |values: [i32; 4]| {
        let low = values.into_iter().min().unwrap_or_default();
        let high = values.into_iter().max().unwrap_or_default();
        (f64::from(low), f64::from(high - low))
    };
    let ((x, width), (y, height)) = (edge(xs), edge(ys));
    [x, y, width, height]
}

/// What every frame shows, as text that holds no secret and no field's value.
fn snapshot(shots: &[Shot], controls: &[Controls], enrolling: bool) -> String {
    let mut text = String::new();
    for shot in shots {
        // Writing to a String does not fail.
        let _ = writeln!(text, "── {} ── {}", shot.url, shot.title);
        let mut line = String::new();
        for piece in &shot.pieces {
            match piece.kind {
                PieceKind::Open => {
                    flush(&mut text, &mut line);
                    match piece.text.as_str() {
                        "button" | "a" | "h1" | "h2" | "h3" | "label" | "iframe" | "dialog" => {
                            let _ = write!(line, "<{}> ", piece.text);
                        }
                        _ => {}
                    }
                }
                PieceKind::Text => line.push_str(&piece.text),
                PieceKind::Button => {
                    flush(&mut text, &mut line);
                    let _ = write!(line, "<button> {}", piece.text);
                    flush(&mut text, &mut line);
                }
                PieceKind::Field => {
                    flush(&mut text, &mut line);
                    let state = if piece.filled { "filled" } else { "empty" };
                    let _ = write!(line, "[{}: {state}]", piece.text);
                    flush(&mut text, &mut line);
                }
                PieceKind::Picture => {
                    let _ = write!(line, " [picture] ");
                }
                PieceKind::Drawn | PieceKind::Background => {}
                PieceKind::Untold => line.push_str("(this frame did not tell what it shows)"),
            }
        }
        flush(&mut text, &mut line);
        text.push('\n');
    }
    for frame in controls.iter().filter(|frame| !frame.controls.is_empty()) {
        let within = frame.frame.as_ref().map(|name| format!(" ── frame: {name}")).unwrap_or_default();
        let _ = writeln!(text, "── what can be used, as a playbook names it ── {}{within}", frame.url);
        for NamedControl { kind, on, disabled, locator } in &frame.controls {
            let kind = match kind {
                ControlKind::Field => "field",
                ControlKind::Button => "button",
                ControlKind::Link => "link",
                ControlKind::Toggle => "toggle",
                ControlKind::Image => "image",
            };
            let on = match on {
                Some(true) => "  (on)",
                Some(false) => "  (off)",
                None => "",
            };
            let name = locator.as_ref().map_or_else(|| "nothing names it alone".to_owned(), Locator::written);
            let name = if enrolling { without_what_may_be_secret(&name) } else { name };
            let _ = writeln!(text, "{kind:<6}  {name}{on}{}", if *disabled { "  (disabled)" } else { "" });
        }
        if frame.more > 0 {
            let _ = writeln!(text, "… and {} more", frame.more);
        }
        text.push('\n');
    }
    // Once over the whole, so that a secret spread over lines is found as well.
    let text = redact::redact(&text).into_owned();
    text.lines()
        .map(|line| match line {
            _ if looks_secret(line) => redact::MASK.to_owned(),
            _ if enrolling => without_codes(line),
            _ => line.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn flush(text: &mut String, line: &mut String) {
    let folded = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if !folded.is_empty() {
        text.push_str(&folded);
        text.push('\n');
    }
    line.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(kind: PieceKind, text: &str, value: &str, size: [f64; 2]) -> Piece {
        Piece {
            kind,
            text: text.to_owned(),
            value: value.to_owned(),
            filled: false,
            secret: false,
            boxes: vec![[1.0, 1.0, size[0], size[1]]],
        }
    }

    fn shot(pieces: Vec<Piece>) -> Shot {
        Shot { url: String::new(), title: String::new(), pieces }
    }

    /// Which of the pieces are covered that show these texts, one after the other.
    fn covered(kind: PieceKind, texts: &[&str]) -> String {
        let lefts = || (0u8..).map(f64::from);
        let pieces = texts.iter().zip(lefts()).map(|(text, left)| {
            let filled = piece(kind, text, text, [1.0, 1.0]);
            Piece { filled: true, boxes: vec![[left, 0.0, 1.0, 1.0]], ..filled }
        });
        let covers = covers(false, &[shot(pieces.collect())]);
        let is_covered = |left: f64| covers.contains(&[left, 0.0, 1.0, 1.0]);
        texts.iter().zip(lefts()).map(|(_, left)| if is_covered(left) { '#' } else { '.' }).collect()
    }

    #[test]
    fn a_secret_that_is_spread_over_fields_or_texts_is_covered() {
        let word = |code: &str| redact::register_word(&secrecy::SecretString::from(code));
        word("705316");
        redact::register(&secrecy::SecretString::from("Spread-Over-Boxes-7"));
        for (texts, are) in [
            (&["alice", "705316", "x"][..], ".#."),
            (&["alice", "705", "316", "alice"], ".##."),
            (&["alice", "Spread-Over-", "Boxes-7", "x"], ".##."),
            (&["alice", "70", "53", "17"], "...."),
        ] {
            assert_eq!(covered(PieceKind::Field, texts), are, "{texts:?}");
            assert_eq!(covered(PieceKind::Text, texts), are, "{texts:?}");
        }
        // Digits that are drawn in elements of their own, and boxes that hold one character each, whatever they hold.
        let digits = ["Code", "7", "0", "5", "3", "1", "6", "ends here"];
        assert_eq!(covered(PieceKind::Text, &digits), ".######.");
        assert_eq!(covered(PieceKind::Text, &["Step", "1", "2", "3", "4", "of many"]), "......");
        assert_eq!(covered(PieceKind::Field, &["alice", "7", "0", "5", "x@y"]), ".###.");
        assert_eq!(covered(PieceKind::Field, &["alice", "7", "0", "x@y"]), "....");
    }

    #[test]
    fn what_shows_a_secret_is_covered_whatever_shows_it() {
        let secret = "KRSXG5CTMVRXEZLUKN2HE2LO";
        redact::register(&secrecy::SecretString::from(secret));
        let covered = |enrolling, piece: Piece| !covers(enrolling, &[shot(vec![piece])]).is_empty();
        let wide = [300.0, 20.0];
        for enrolling in [false, true] {
            assert!(covered(enrolling, piece(PieceKind::Field, "Key", secret, wide)), "a placeholder");
            assert!(covered(enrolling, piece(PieceKind::Drawn, secret, "", wide)), "::before");
            assert!(covered(enrolling, piece(PieceKind::Picture, secret, "", wide)), "alt");
            assert_eq!(covered(enrolling, piece(PieceKind::Picture, "", "", wide)), enrolling, "a canvas");
            assert!(covered(enrolling, piece(PieceKind::Untold, "", "", wide)), "a frame that does not tell");
            assert!(!covered(enrolling, piece(PieceKind::Picture, "", "", [16.0, 16.0])), "an icon");
            assert!(!covered(enrolling, piece(PieceKind::Drawn, "•", "", wide)));
        }
    }
}
