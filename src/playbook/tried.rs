//! A target by itself, as a person types it to try it on a page.

use super::node::Node;
use super::read::Reader;
use super::read::words::{BY, MODIFIERS};
use super::{OriginOverrides, Place, Playbook, Report, Target, syntax};

/// Reads a target for this playbook's frames: as YAML, `{ role: button, name: Save }` or a list of such, or in short,
/// `role=button name=Save`.
///
/// # Errors
/// A report of everything that is wrong with it, and what to write instead.
pub fn parse_target(text: &str, playbook: &Playbook) -> Result<Target, Report> {
    let text = text.trim();
    let source = if text.starts_with(['{', '[']) { text.to_owned() } else { in_long(text) };
    let report = |diagnostics| Report {
        name: "locator".to_owned(),
        source: source.clone(),
        family: None,
        diagnostics,
    };
    if source.len() > syntax::MAX_BYTES {
        return Err(report(syntax::too_large(&source)));
    }
    let node = Node::read(&source).map_err(|error| report(syntax::explain(&error, &source)))?;
    let overrides = OriginOverrides::new();
    let mut reader = Reader::new(&source, source.len(), &overrides);
    reader.know_frames(&playbook.frames);
    let target = reader.target(&node, Place::default(), "the locator");
    let report = report(reader.findings.into_sorted());
    target.filter(|_| !report.has_errors()).ok_or(report)
}

/// `role=button name=Sign in` as `{ role: "button", name: "Sign in" }`: a value goes on to the next key.
fn in_long(text: &str) -> String {
    let keys: Vec<&str> = BY.into_iter().chain(MODIFIERS).collect();
    let mut entries: Vec<(&str, String)> = Vec::new();
    for word in text.split_whitespace() {
        // What it begins with is meant for a key, known or not: the reader says which is near.
        let meant =
            |key: &str| entries.is_empty() && !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase());
        match word.split_once('=').filter(|(key, _)| keys.contains(key) || meant(key)) {
            Some((key, value)) => entries.push((key, value.to_owned())),
            None => match entries.last_mut() {
                Some((_, value)) => {
                    value.push(' ');
                    value.push_str(word);
                }
                // As it stands; the reader says what is wrong with it.
                None => return text.to_owned(),
            },
        }
    }
    let entries: Vec<_> = entries
        .iter()
        .map(|(key, value)| {
            let bare = value.trim_matches('"');
            // `true`, `20s` and `{ css: form }` are what they are in YAML.
            let plain = *key == "exact" || *key == "timeout" || bare.starts_with('{');
            if plain { format!("{key}: {bare}") } else { format!("{key}: {}", quoted(bare)) }
        })
        .collect();
    format!("{{ {} }}", entries.join(", "))
}

/// Within single quotes nothing but the quote itself means anything.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const PLAYBOOK: &str = "app: acme\ntitle: Acme\norigins: { app: https://acme.example }\n\
        frames: { inner: { css: iframe } }\nflows:\n  login:\n    - open: /login\n    - fill: { into: { label: User, frame: inner }, with: username }\n    \
        - fill: { into: { label: Password }, with: password }\n    \
        - click: { role: button, name: Go }\n    - expect: { signed_in: { text: Welcome } }\n";

    #[test]
    fn a_target_is_read_in_long_and_in_short() {
        let playbook = crate::playbook::parse("acme.yaml", PLAYBOOK, &OriginOverrides::new()).unwrap();
        for (short, long) in [
            ("role=button name=Save", "{ role: button, name: Save }"),
            ("role=button name=Sign in exact=true", "{ role: button, name: Sign in, exact: true }"),
            ("role=button name=\"Sign in\"", "{ role: button, name: Sign in }"),
            ("css=a[href=\"/x\"]", "{ css: 'a[href=\"/x\"]' }"),
            ("text=It's done", "{ text: It's done }"),
            ("label=User frame=inner", "{ label: User, frame: inner }"),
        ] {
            let short = parse_target(short, &playbook).unwrap();
            let long = parse_target(long, &playbook).unwrap();
            assert_eq!(short.alternatives, long.alternatives);
        }
        assert_eq!(parse_target("[{ text: A }, { text: B }]", &playbook).unwrap().alternatives.len(), 2);
    }

    #[test]
    fn what_is_wrong_is_said_as_the_checker_says_it() {
        let playbook = crate::playbook::parse("acme.yaml", PLAYBOOK, &OriginOverrides::new()).unwrap();
        for (text, part) in [
            ("role=buton name=Save", "did you mean `button`?"),
            ("Save", "{ text: Save }"),
            ("lable=User name", "did you mean `label`?"),
            ("label=User frame=outer", "outer"),
            ("{ role: button", "YAML"),
        ] {
            let report = parse_target(text, &playbook).unwrap_err().render(false);
            assert!(report.contains(part), "{text}: {report}");
        }
    }
}
