//! What the YAML parser says, in the words of a playbook's author.

use serde_saphyr::Error;

use super::findings::Findings;
use super::node::MAX_DEPTH;
use super::{Diagnostic, Place, Rule};

/// The largest playbook, in bytes.
pub(super) const MAX_BYTES: usize = 256 * 1024;

/// The source is larger than [`MAX_BYTES`].
pub(super) fn too_large(source: &str) -> Vec<Diagnostic> {
    let mut findings = Findings::default();
    let place = Place { line: 1, column: 1, offset: 0, length: 0 };
    findings
        .error(
            Rule::TooLarge,
            place,
            format!("the playbook has {} bytes; at most {MAX_BYTES} are read", source.len()),
        )
        .help(
            "a playbook describes one app in a few hundred lines; see that this is one, and split it by app",
        );
    findings.into_sorted()
}

/// The source is not YAML, or is more than a playbook may be.
pub(super) fn explain(error: &Error, source: &str) -> Vec<Diagnostic> {
    let error = innermost(error);
    let mut findings = Findings::default();
    let place = error.location().map(Place::of).unwrap_or_default();
    let place = to_line(place, source);
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap_or_default();
    match error {
        Error::DuplicateMappingKey { key, .. } => {
            let key = key.as_deref().unwrap_or("this key");
            findings
                .error(Rule::DuplicateKey, place, format!("`{key}` is given twice"))
                .label("the second one")
                .help(format!(
                    "keep one of them; in `expect`, a state that shows in two ways is one state \
                     with a list of targets: `{key}: [ {{ text: … }}, {{ text: … }} ]`"
                ));
        }
        Error::UnknownAnchor { .. } => {
            findings
                .error(Rule::UnknownAnchor, place, "this alias stands for nothing")
                .label("no anchor of this name above")
                .help("define it above with `&name`, or write the value out; text that begins with `*` needs quotes");
        }
        Error::MergeKeyNotAllowed { .. } => {
            findings
                .error(Rule::MergeKey, place, "merge keys (`<<`) are not part of a playbook")
                .label("not merged")
                .help("write the keys out, or use an alias (`*name`) for the whole value");
        }
        Error::Budget { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => beyond(&mut findings, place, said),
        _ if said.contains("recursion limit") => beyond(&mut findings, place, said),
        _ => {
            findings
                .error(Rule::YamlSyntax, place, format!("this is not YAML: {said}"))
                .label("the parser stopped here")
                .help(advice(said, line_of(place, source)));
        }
    }
    findings.into_sorted()
}

fn beyond(findings: &mut Findings, place: Place, said: &str) {
    let (message, help) = if said.contains("Depth") || said.contains("recursion limit") {
        (
            format!("this is nested more than {MAX_DEPTH} levels deep"),
            "a playbook needs no such depth: let an interim state go on behind its `expect` instead of nesting the next one",
        )
    } else if said.contains("Documents") {
        (
            "a second YAML document begins here".to_owned(),
            "a file holds one playbook: remove the `---`, or move what follows to a file of its own",
        )
    } else {
        (
            "the playbook grows beyond all bounds when its aliases are written out".to_owned(),
            "use fewer aliases (`*name`), and none within what another one stands for",
        )
    };
    findings
        .error(Rule::TooMuch, place, message)
        .label("given up here")
        .help(help)
        .note(format!("the parser said: {said}"));
}

fn line_of(place: Place, source: &str) -> &str {
    source.lines().nth(place.line.saturating_sub(1)).unwrap_or_default()
}

/// Whether a line has `${…}` outside of quotes: within `{ … }` its braces are taken for those of a map.
fn has_bare_parameter(line: &str) -> bool {
    line.match_indices("${").any(|(at, _)| {
        let before = &line[..at];
        before.contains(['{', '[']) && ['"', '\''].iter().all(|quote| before.matches(*quote).count() % 2 == 0)
    })
}

/// What to do about the mistakes that people make most.
fn advice(said: &str, line: &str) -> &'static str {
    if has_bare_parameter(line) {
        "within `{ … }`, put text with `${…}` in quotes: `{ text: \"Wrong ${tenant}\" }`"
    } else if said.contains("may not precede") {
        "put a space after the colon: `into: { … }`"
    } else if said.contains("tabs") {
        "indent with spaces; YAML allows no tabs there"
    } else if said.contains("mapping values are not allowed") {
        "put text that holds `: ` in quotes, as in `rules: \"minlength: 12\"`; and see that a key is not indented further than its neighbours"
    } else if said.contains("unclosed bracket") || said.contains("flow") {
        "close every `{` with `}` and every `[` with `]`"
    } else if said.contains("unexpected character") {
        "put text that begins with a special character (`@`, `%`, `` ` ``) in quotes"
    } else if said.contains("escape character") {
        "within \"…\" a backslash is written `\\\\`; within '…' it is just a backslash"
    } else if said.contains("quoted") {
        "close the quote; a `'` within '…' is written twice, a `\"` within \"…\" as `\\\"`"
    } else {
        "see that neighbours are indented alike, with spaces, and that text with `:`, `#`, quotes or brackets in it stands in quotes"
    }
}

fn innermost(error: &Error) -> &Error {
    match error.without_snippet() {
        Error::AliasError { error, .. } => innermost(error),
        other => other,
    }
}

/// The parser gives a point, and in part no byte offset: finds it by line and column, and takes the
/// word that begins there.
fn to_line(place: Place, source: &str) -> Place {
    let line = place.line.max(1);
    let mut offset = 0;
    let mut text = "";
    for (nth, each) in source.split_inclusive('\n').enumerate() {
        if nth > 0 {
            offset += text.len();
        }
        text = each;
        if nth + 1 == line {
            break;
        }
    }
    let text = text.trim_end_matches(['\n', '\r']);
    let skipped: usize = text.chars().take(place.column.saturating_sub(1)).map(char::len_utf8).sum();
    let rest = &text[skipped..];
    let length = rest
        .find(|c: char| c.is_whitespace() || matches!(c, ':' | ',' | '}' | ']'))
        .unwrap_or(rest.len())
        .max(rest.chars().next().map_or(0, char::len_utf8));
    Place { line, column: place.column.max(1), offset: offset + skipped, length }
}
