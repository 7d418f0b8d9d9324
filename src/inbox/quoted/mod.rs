//! Tells what a message says itself from what it passes on and from the older messages that it answers.
//!
//! An answer's quotes are old, so a code in them is not the one that is awaited. A forwarded message is what
//! the mail is about, so it counts, but behind what the sender wrote.

mod marks;

use std::ops::Range;

use super::shown::Shown;
use marks::{FIELDS, FORWARDED, FROM, ORIGINAL, WROTE};

/// A text by who wrote it.
#[derive(Default)]
pub(in crate::inbox) struct Layers {
    /// What the sender wrote.
    pub own: Shown,
    /// What is passed on, the newest first.
    pub forwarded: Vec<Shown>,
    /// What is answered.
    pub quoted: Shown,
}

/// What the subject says of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::inbox) enum Kind {
    Fresh,
    Answer,
    Forward,
}

impl Kind {
    /// `Re:`, `Fwd:` and what they are in other languages.
    pub fn of_subject(subject: &str) -> Self {
        let Some((first, _)) = subject.trim().split_once([':', '：']) else { return Self::Fresh };
        // `Re[2]:`
        let word = first.split(['[', '(']).next().unwrap_or_default().trim().to_lowercase();
        match word.as_str() {
            "re"
            | "aw"
            | "antw"
            | "sv"
            | "vs"
            | "odp"
            | "ynt"
            | "res"
            | "rif"
            | "r"
            | "回复"
            | "回覆"
            | "答复"
            | "返信"
            | "회신"
            | "답장"
            | "رد"
            | "trả lời"
            | "ответ"
            | "на"
            | "απ"
            | "σχετ"
            | "vá"
            | "відп"
            | "отг"
            | "bls"
            | "balas"
            | "ตอบกลับ"
            | "پاسخ"
            | "উত্তর"
            | "תגובה"
            | "השב" => Self::Answer,
            "fw"
            | "fwd"
            | "wg"
            | "tr"
            | "rv"
            | "enc"
            | "i"
            | "doorst"
            | "vb"
            | "vs "
            | "pd"
            | "ilt"
            | "转发"
            | "轉寄"
            | "転送"
            | "전달"
            | "إعادة توجيه"
            | "chuyển tiếp"
            | "пересл"
            | "fs"
            | "i̇lt"
            | "vl"
            | "továbbítás"
            | "πρθ"
            | "препр"
            | "trs"
            | "ส่งต่อ"
            | "הועבר"
            | "vidarebefordrat" => Self::Forward,
            _ => Self::Fresh,
        }
    }
}

/// Longer lines head no message.
const HEADING: usize = 300;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Own,
    /// In a forwarded message, the nth.
    Forwarded(usize),
    /// Down to the end.
    Quoted,
}

/// Nobody forwards so often what somebody has forwarded.
const MOST_FORWARDED: usize = 5;

/// Parts a text by its marks; the kind says how to take those that mean either.
pub(in crate::inbox) fn layers(shown: &Shown, kind: Kind) -> Layers {
    let lines = lines(&shown.text);
    let mut layers = Layers::default();
    let mut state = State::Own;
    let mut quotes = shown.quotes.iter().peekable();
    for (at, range) in lines.iter().enumerate() {
        let line = &shown.text[range.clone()];
        let (depth, rest) = unquoted(line);
        if state != State::Quoted {
            let heading = opens_forward(rest);
            if heading == Some(Kind::Forward) || (heading.is_some() && kind == Kind::Forward) {
                let nth = layers.forwarded.len();
                if nth < MOST_FORWARDED {
                    layers.forwarded.push(Shown::default());
                }
                state = State::Forwarded(nth.min(MOST_FORWARDED - 1));
                continue;
            }
            if heading.is_some() {
                state = State::Quoted;
                continue;
            }
            if is_field_block(&shown.text, &lines[at..]) {
                // The fields under `Forwarded message` belong to that one.
                let fresh = matches!(state, State::Forwarded(nth) if layers.forwarded[nth].is_blank());
                if !fresh {
                    let passed_on = kind == Kind::Forward || (kind == Kind::Fresh && layers.own.is_blank());
                    if passed_on && layers.forwarded.len() < MOST_FORWARDED {
                        state = State::Forwarded(layers.forwarded.len());
                        layers.forwarded.push(Shown::default());
                    } else {
                        state = State::Quoted;
                    }
                }
            } else if wrote(rest, at.checked_sub(1).map(|above| &shown.text[lines[above].clone()]))
                && let Some(next) =
                    lines[at + 1..].iter().find(|line| !shown.text[(*line).clone()].trim().is_empty())
            {
                let marked =
                    unquoted(&shown.text[next.clone()]).0 > depth || covers(&shown.quotes, next.start);
                if !marked {
                    state = State::Quoted;
                }
                continue;
            }
        }
        while quotes.peek().is_some_and(|quote| quote.end <= range.start) {
            quotes.next();
        }
        let marked = quotes.peek().is_some_and(|quote| quote.start < range.end) && !line.trim().is_empty();
        let start = range.end - rest.len();
        let end = (range.end + 1).min(shown.text.len());
        let to = match state {
            State::Own if depth > 0 || marked => &mut layers.quoted,
            State::Own => &mut layers.own,
            // What is forwarded may be marked as quoted as a whole.
            State::Forwarded(nth) if depth < 2 => &mut layers.forwarded[nth],
            State::Forwarded(_) | State::Quoted => &mut layers.quoted,
        };
        to.push(shown, start..end);
    }
    layers
}

/// The lines of a text, without their ends.
fn lines(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let lines = text.split('\n').map(|line| {
        let range = start..start + line.len();
        start = range.end + 1;
        range
    });
    lines.collect()
}

/// How often a line is quoted, and what is left without the marks.
fn unquoted(line: &str) -> (usize, &str) {
    let (mut depth, mut rest) = (0, line);
    while let Some(inner) = rest.trim_start_matches(' ').strip_prefix('>') {
        depth += 1;
        rest = inner;
    }
    (depth, if depth > 0 { rest.strip_prefix(' ').unwrap_or(rest) } else { rest })
}

/// Whether a line opens another message: one that is forwarded, or one that may be either.
fn opens_forward(line: &str) -> Option<Kind> {
    let line = line.trim();
    if line.is_empty() || line.len() > HEADING {
        return None;
    }
    let dash = |c: char| matches!(c, '-' | '_' | '=' | '—' | '–' | '─');
    let inner = line.trim_matches(|c: char| dash(c) || c == ' ');
    let dashes = line.chars().take_while(|c| dash(*c)).count();
    let framed = dashes >= 3 && line.ends_with(dash) || dashes >= 5;
    let headed = line.ends_with([':', '：']) && inner.chars().count() <= 60;
    let lower = inner.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if inner.is_empty() || inner.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if (framed || headed && !lower.contains("http"))
        && says(FORWARDED)
        && (framed || lower.chars().count() <= 45)
    {
        return Some(Kind::Forward);
    }
    (framed && says(ORIGINAL)).then_some(Kind::Answer)
}

/// Whether the fields of a message begin here: its sender, and at least two more.
fn is_field_block(text: &str, lines: &[Range<usize>]) -> bool {
    let field = |line: &Range<usize>, names: &[&str]| {
        let (_, line) = unquoted(&text[line.clone()]);
        let line = line.trim_start_matches(['*', ' ']);
        let name = line.split_once([':', '：']).filter(|(name, _)| name.len() <= 40).map(|(name, _)| name);
        name.is_some_and(|name| {
            names.contains(&name.trim_matches(['*', ' ', '\u{a0}']).to_lowercase().as_str())
        })
    };
    let Some((first, rest)) = lines.split_first() else { return false };
    field(first, FROM)
        && rest
            .iter()
            .filter(|line| !text[(*line).clone()].trim().is_empty())
            .take(4)
            .filter(|line| field(line, FIELDS))
            .count()
            >= 2
}

/// Whether a line says who wrote what follows, and when; `above` is the line above it.
fn wrote(line: &str, above: Option<&str>) -> bool {
    let line = line.trim();
    if line.len() > HEADING || !line.ends_with([':', '：', '>']) {
        return false;
    }
    let lower = line.to_lowercase();
    if !WROTE.iter().any(|word| lower.contains(word)) {
        return false;
    }
    let dated = |text: &str| text.contains('@') || text.contains(|c: char| c.is_numeric());
    dated(line) || above.is_some_and(|above| above.len() <= HEADING && dated(above) && lower.len() <= 60)
}

fn covers(ranges: &[Range<usize>], at: usize) -> bool {
    let next = ranges.partition_point(|range| range.end <= at);
    ranges.get(next).is_some_and(|range| range.start <= at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parted(text: &str, kind: Kind) -> (String, Vec<String>, String) {
        let layers = layers(&Shown::plain(text), kind);
        let one = |shown: &Shown| shown.text.trim().to_owned();
        (one(&layers.own), layers.forwarded.iter().map(one).collect(), one(&layers.quoted))
    }

    #[test]
    fn parts_answers_and_forwards() {
        let (own, forwarded, quoted) =
            parted("new\n\nOn 1 May 2026, Robin wrote:\n> old\n> older\n\nbye", Kind::Answer);
        assert_eq!((own.as_str(), forwarded.len(), quoted.as_str()), ("new\n\n\nbye", 0, "old\nolder"));
        let (own, _, quoted) = parted("new\n\nAm 1.5.2026 schrieb Robin:\nold\nolder", Kind::Answer);
        assert_eq!((own.as_str(), quoted.as_str()), ("new", "old\nolder"));
        let (own, forwarded, _) = parted(
            "see\n\n---------- Forwarded message ---------\nFrom: a\nDate: b\nTo: c\nSubject: d\n\nbody",
            Kind::Forward,
        );
        assert_eq!(own, "see");
        assert!(forwarded[0].ends_with("body"));
        let (own, forwarded, quoted) =
            parted("x\n-----Original Message-----\nFrom: a\nSent: b\nTo: c\n\nold", Kind::Answer);
        assert_eq!((own.as_str(), forwarded.len()), ("x", 0));
        assert!(quoted.ends_with("old"));
        let (_, forwarded, _) = parted("Von: a\nGesendet: b\nAn: c\nBetreff: d\n\nbody", Kind::Fresh);
        assert!(forwarded[0].ends_with("body"));
    }

    #[test]
    fn leaves_other_texts_whole() {
        for text in [
            "From: home\nYour code is 123456",
            "---- 123456 ----",
            "a -> b > c",
            "Enter the code Robin wrote down:\n12",
        ] {
            let (own, forwarded, quoted) = parted(text, Kind::Fresh);
            assert_eq!((own.as_str(), forwarded.len(), quoted.as_str()), (text, 0, ""), "{text}");
        }
    }
}
