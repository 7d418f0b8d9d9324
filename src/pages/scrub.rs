//! What is not kept of a page: secrets, what may be one, and whatever an address holds for one visit.

use std::fmt::Write as _;

use secrecy::ExposeSecret;

use crate::browser::{FrameSnapshot, Part, PartKind};
use crate::flow::{may_be_secret, without_codes};
use crate::playbook::{FlowKind, Playbook};
use crate::redact;

/// Of an address or an attribute: a word of so many characters, with digits in it, was made up for this visit.
const TOKEN: usize = 16;
/// No attribute that is written for people or styles is longer, in bytes.
const LONG: usize = 200;
/// What stands in a token's place.
const LEFT_OUT: &str = "left-out";
/// Attributes by which elements name each other, and styles and selectors them.
const NAMES: [&str; 12] = [
    "id",
    "class",
    "for",
    "name",
    "form",
    "list",
    "aria-labelledby",
    "aria-describedby",
    "aria-controls",
    "data-testid",
    "data-test-id",
    "data-test",
];
/// Attributes that people read.
const WORDS: [&str; 6] = ["aria-label", "aria-placeholder", "placeholder", "title", "alt", "value"];

/// The document as it is kept. Every secret that was registered by now is masked, wherever it stands; in a flow in
/// which the app shows new ones, whatever could be one is as well. `frame` says where the frame of an id is.
pub(super) fn document(
    flow: FlowKind,
    frame: &FrameSnapshot,
    at_of: impl Fn(&str) -> Option<String>,
) -> String {
    let origin = url::Url::parse(frame.url.expose_secret());
    let origin = origin.map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    let hidden = spread(&frame.parts);
    let mut html = String::new();
    let mut attribute = String::new();
    for (Part(kind, text), hidden) in frame.parts.iter().zip(hidden) {
        match kind {
            PartKind::Markup => {
                html.push_str(text);
                attribute = name_of(text).to_owned();
            }
            PartKind::Text if hidden => html.push_str(redact::MASK),
            PartKind::Text if flow.enrols() => escape(&mut html, &redact::redact(&without_codes(text))),
            PartKind::Text => escape(&mut html, &redact::redact(text)),
            PartKind::Attribute => escape(&mut html, &attribute_value(flow, &attribute, text)),
            PartKind::Address => escape(&mut html, &address(&redact::redact(text), &origin)),
            PartKind::Untold => html.push_str(redact::MASK),
            PartKind::Frame => escape(&mut html, &at_of(text).unwrap_or_default()),
        }
    }
    html
}

/// Where a document was, as a playbook writes it.
pub(super) fn at(playbook: &Playbook, frame: &FrameSnapshot, number: usize, around: Option<&str>) -> String {
    let parsed = url::Url::parse(frame.url.expose_secret()).ok().filter(url::Url::has_host);
    let Some(url) = parsed else {
        // It has the origin of the page around it, and no address of its own.
        let origin = around.and_then(|at| at.split_once(":/")).map_or("app", |(origin, _)| origin);
        return format!("{origin}:/turnlock-frame-{number}");
    };
    let declared = playbook.origins.iter().find(|(_, origin)| origin.matches(&url));
    // Before anything is left out: of a secret that lost a part the rest would stay.
    let whole = redact::redact(&url[url::Position::BeforePath..url::Position::AfterQuery]);
    let path = address(&whole, "");
    match declared {
        Some((name, _)) => format!("{name}:{path}"),
        None => format!("{}{path}", url.origin().ascii_serialization()),
    }
}

/// For each part whether it is text in which a secret stands, also one that is spread over several.
fn spread(parts: &[Part]) -> Vec<bool> {
    let mut whole = String::new();
    let spans: Vec<_> = parts
        .iter()
        .map(|Part(kind, text)| {
            let start = whole.len();
            if *kind == PartKind::Text {
                whole.push_str(text);
                whole.push(' ');
            }
            start..whole.len().saturating_sub(1).max(start)
        })
        .collect();
    let secrets = redact::find(&whole);
    spans
        .iter()
        .map(|span| secrets.iter().any(|secret| secret.start < span.end && span.start < secret.end))
        .collect()
}

/// The attribute that a piece of markup ends with: ` name="`.
fn name_of(markup: &str) -> &str {
    let Some(open) = markup.strip_suffix("=\"") else { return "" };
    open.rsplit(' ').next().unwrap_or_default()
}

fn attribute_value(flow: FlowKind, name: &str, value: &str) -> String {
    if NAMES.contains(&name) {
        return redact::redact(value).into_owned();
    }
    if (WORDS.contains(&name) || name.starts_with("data-")) && flow.enrols() && may_be_secret(value) {
        return redact::MASK.to_owned();
    }
    // What a component was given to work with: nobody reads it, and it may be anything.
    if value.contains("{\"") || name.starts_with("data-") && value.len() > LONG {
        return LEFT_OUT.to_owned();
    }
    let mut kept = String::new();
    let value = redact::redact(value);
    for run in value.split_inclusive(|c: char| !is_plain(c)) {
        let word = run.trim_end_matches(|c: char| !is_plain(c));
        kept.push_str(if is_token(word) { LEFT_OUT } else { word });
        kept.push_str(&run[word.len()..]);
    }
    kept
}

/// What tokens are made of.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.+/=:%".contains(c)
}

/// Whether a word was made up by a program, for a visit or a form.
fn is_token(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let base32 = |c: char| c.is_ascii_uppercase() || ('2'..='7').contains(&c);
    word.len() >= TOKEN && word.chars().all(is_plain) && (digits >= 3 || word.chars().all(base32))
        || word.len() >= 2 * TOKEN && word.chars().all(|c| is_plain(c) && c != '/' && c != '-' && c != '.')
}

/// An address without the site it is on, where that is the document's own, and without what it holds for one visit.
fn address(written: &str, origin: &str) -> String {
    let written = written.trim();
    if let Some((scheme, rest)) = written.split_once(':')
        && !scheme.contains(['/', '?', '#'])
        && !matches!(scheme, "http" | "https")
    {
        return match scheme {
            // What kind of picture it is, and nothing of the picture.
            "data" => format!("data:{},", rest.split(',').next().unwrap_or_default()),
            "otpauth" => "otpauth://totp/".to_owned(),
            _ => format!("{scheme}:"),
        };
    }
    let written = match written.strip_prefix(origin) {
        Some(rest) if !origin.is_empty() && (rest.is_empty() || rest.starts_with(['/', '?', '#'])) => rest,
        _ => written,
    };
    let (rest, fragment) = written.split_once('#').map_or((written, None), |(rest, end)| (rest, Some(end)));
    let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
    let segment = |part: &str| if is_token(part) { LEFT_OUT.to_owned() } else { part.to_owned() };
    let mut kept = path.split('/').map(segment).collect::<Vec<_>>().join("/");
    if let Some(query) = query {
        let pair = |pair: &str| match pair.split_once('=') {
            Some((key, value)) if is_word(value) => format!("{key}={value}"),
            Some((key, _)) => format!("{key}="),
            None if is_word(pair) => pair.to_owned(),
            None => LEFT_OUT.to_owned(),
        };
        let _ = write!(kept, "?{}", query.split('&').map(pair).collect::<Vec<_>>().join("&"));
    }
    if let Some(fragment) = fragment {
        // Some keep in it what belongs into a query.
        let holds_more = fragment.contains(['=', '&', '?', '@']) || is_token(fragment);
        let _ = write!(kept, "#{}", if holds_more { LEFT_OUT } else { fragment });
    }
    kept
}

/// A word of somebody's choosing, as in `?tab=security`.
fn is_word(text: &str) -> bool {
    text.len() <= 32 && text.chars().all(|c| c.is_ascii_alphabetic() || "-_:/".contains(c))
}

fn escape(html: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\u{a0}' => html.push_str("&nbsp;"),
            other => html.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_where_they_lead_and_nothing_of_the_visit() {
        for (written, kept) in [
            ("/login?next=/account&csrf=8f3a9c1d", "/login?next=/account&csrf="),
            ("http://127.0.0.1:40349/account/mfa", "/account/mfa"),
            ("https://other.example/a", "https://other.example/a"),
            ("/reset/MTIz/c9x2ab-0f3b1c77d2e8a9b0/", "/reset/MTIz/left-out/"),
            ("data:image/svg+xml;base64,PHN2Zz4=", "data:image/svg+xml;base64,"),
            ("otpauth://totp/Acme:alice?secret=JBSWY3DPEHPK3PXP", "otpauth://totp/"),
            ("javascript:void(0)", "javascript:"),
            ("#main", "#main"),
            ("#access_token=abcdef&token_type=bearer", "#left-out"),
            ("#/verify?email=a@b.example", "#left-out"),
            ("?tab=security", "?tab=security"),
        ] {
            assert_eq!(address(written, "http://127.0.0.1:40349"), kept, "{written}");
        }
    }

    #[test]
    fn what_components_were_given_to_work_with_is_left_out() {
        let kept = |name, value: &str| attribute_value(FlowKind::Login, name, value);
        assert_eq!(kept("data-page", r#"{"props":{"csrf":"8f3a"}}"#), "left-out");
        assert_eq!(kept("data-url", "/otp?session=8f3a9c1d77e2b0c4"), "/otp?left-out");
        assert_eq!(kept("title", "Change your password, please"), "Change your password, please");
        let codes = "a1b2c3d4\ne5f6g7h8\n1122aabb";
        let enrolling = |name, value: &str| attribute_value(FlowKind::EnrolMfa, name, value);
        assert_eq!(enrolling("data-clipboard-text", codes), redact::MASK);
        // Like a code in groups, but a name that a locator may go by.
        assert_eq!(enrolling("data-view", "fork-vire"), redact::MASK);
        assert_eq!(enrolling("data-test", "fork-vire"), "fork-vire");
        assert_eq!(enrolling("data-view", "form-view"), "form-view");
    }

    #[test]
    fn made_up_words_are_told_from_names() {
        for token in ["c9x2ab-0f3b1c77d2e8a9b0", "JBSWY3DPEHPK3PXP", "QWxhZGRpbjpvcGVuIHNlc2FtZSBvciBub3Q"] {
            assert!(is_token(token), "{token}");
        }
        for name in ["change-password-form", "id_password1", "two_factor:profile", "Special:ChangePassword"] {
            assert!(!is_token(name), "{name}");
        }
    }
}
