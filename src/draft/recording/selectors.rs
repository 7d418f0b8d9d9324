//! The recorder's selectors as locators: `aria/`, `text/`, `pierce/`, `xpath/`, and CSS.

use crate::playbook::{By, Locator};

/// What an element is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Filling,
    /// A checkbox, or what is used like one.
    Ticking,
    Clicking,
}

/// The locators, what people see first. A playbook looks for all of them at once, where a recording tries one after the
/// other: so what finds more than the best ones do is left out, unless it is all that there is. That is a place in the
/// document, a tag or a class, and the words of a control by themselves, which a heading may have too.
pub(super) fn locators(selectors: &[Vec<String>], purpose: Purpose) -> Vec<Locator> {
    let fills = purpose == Purpose::Filling;
    let kind = match (purpose, kind(selectors)) {
        (Purpose::Filling, _) => Kind::Unknown,
        (Purpose::Ticking, Kind::Unknown | Kind::Other) => Kind::Input,
        (_, known) => known,
    };
    let mut found: Vec<(u8, Locator)> = Vec::new();
    for chain in selectors {
        for (rank, locator) in chained(chain, fills, kind) {
            if !found.iter().any(|(_, known)| *known == locator) {
                found.push((rank, locator));
            }
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    let best = found.first().map_or(0, |(rank, _)| *rank);
    let named: Vec<String> = found
        .iter()
        .filter_map(|(_, locator)| match &locator.by {
            By::Role { name, .. } | By::Label(name) => Some(folded(&name.concat())),
            _ => None,
        })
        .collect();
    let repeats = |locator: &Locator| match &locator.by {
        By::Text(words) => {
            let words = folded(&words.concat());
            named.iter().any(|name| name.contains(&words) || words.contains(name.as_str()))
        }
        _ => false,
    };
    found
        .into_iter()
        .filter(|(rank, locator)| (*rank == best || *rank < 3) && !repeats(locator))
        .map(|(_, locator)| locator)
        .collect()
}

fn folded(words: &str) -> String {
    words.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// What the element of a name is, as far as the other selectors tell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Button,
    Link,
    Input,
    /// Another one.
    Other,
    Unknown,
}

impl Kind {
    /// What an element of this kind may be that is only known by its name.
    const fn roles(self) -> &'static [&'static str] {
        match self {
            Self::Button | Self::Input => &["button"],
            Self::Link => &["link"],
            Self::Other => &["button", "link", "menuitem"],
            Self::Unknown => &["button", "link"],
        }
    }
}

/// What each chain says of the element itself, without what that is in. Of a field within a component, the component's own
/// element says it where the field's is a mere tag.
pub(super) fn own_parts(selectors: &[Vec<String>]) -> Vec<&str> {
    selectors.iter().filter_map(|chain| own_of_chain(chain)).collect()
}

fn own_of_chain(chain: &[String]) -> Option<&str> {
    let mere = |part: &str| !part.contains(['#', '.', '[', '/']);
    let (last, before) = chain.split_last()?;
    let last = own_part(last);
    let host = before.last().map(|host| own_part(host)).filter(|host| mere(last) && !mere(host));
    Some(host.unwrap_or(last))
}

/// The last step of a path; a name as a whole.
fn own_part(selector: &str) -> &str {
    if selector.starts_with("aria/") || selector.starts_with("text/") {
        return selector;
    }
    let (path, parts): (_, &[char]) = match selector.strip_prefix("xpath/") {
        Some(path) => (path, &['/']),
        None => (selector.strip_prefix("pierce/").unwrap_or(selector).trim_end(), &[' ', '>', '+', '~']),
    };
    // What divides a path stands within no brackets.
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, c) in path.char_indices() {
        match c {
            '[' | '(' => depth += 1,
            ']' | ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 && parts.contains(&c) => start = at + c.len_utf8(),
            _ => {}
        }
    }
    &path[start..]
}

/// The innermost button, link or field of the paths; a click may have met something within it.
fn kind(selectors: &[Vec<String>]) -> Kind {
    let mut known = Kind::Unknown;
    for selector in selectors.iter().filter_map(|chain| chain.last()) {
        let path = selector.strip_prefix("xpath/").or(selector.strip_prefix("pierce/")).unwrap_or(selector);
        if path.starts_with("aria/") || path.starts_with("text/") {
            continue;
        }
        // Within brackets is no tag.
        let mut depth = 0_usize;
        let bare: String = path
            .chars()
            .filter(|c| {
                depth = if matches!(*c, '[' | '(') { depth + 1 } else { depth };
                let outside = depth == 0;
                depth = if matches!(*c, ']' | ')') { depth.saturating_sub(1) } else { depth };
                outside
            })
            .collect();
        let steps = bare.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/' | '+' | '~'));
        let tags = steps.rev().map(|step| step.split(['.', '#', ':']).next().unwrap_or_default());
        for tag in tags.filter(|tag| !matches!(*tag, "" | "*")) {
            match tag.to_ascii_lowercase().as_str() {
                "button" => return Kind::Button,
                "a" => return Kind::Link,
                "input" if path.contains("submit") => return Kind::Button,
                "input" => return Kind::Input,
                _ => known = Kind::Other,
            }
        }
    }
    known
}

/// The last link of a chain, within the ones before it where these say more than where shadow roots are: locators see
/// through those by themselves.
fn chained(chain: &[String], fills: bool, kind: Kind) -> Vec<(u8, Locator)> {
    let Some((last, before)) = chain.split_last() else { return Vec::new() };
    let mut found = single(last, fills, kind);
    if found.is_empty() {
        return before.split_last().map(|(outer, _)| single(outer, fills, kind)).unwrap_or_default();
    }
    let host = |selector: &String| {
        selector.contains('-') && selector.chars().all(|c| c.is_ascii_lowercase() || c == '-')
    };
    if let Some(outer) = before.last().filter(|outer| !host(outer))
        && let Some((_, outer)) =
            single(outer, false, kind).into_iter().find(|(_, outer)| matches!(outer.by, By::Css(_)))
    {
        found.iter_mut().for_each(|(_, locator)| locator.within = Some(Box::new(outer.clone())));
    }
    found
}

/// With how much it is worth: 0 and 1 for words, 2 for names in the document, 3 for classes and tags, 5 and more for
/// places.
fn single(selector: &str, fills: bool, kind: Kind) -> Vec<(u8, Locator)> {
    let of = |by: By| Locator { by, exact: false, frame: None, within: None, containing: Vec::new() };
    if let Some(aria) = selector.strip_prefix("aria/") {
        let (name, role) = match aria.split_once("[role=\"") {
            Some((name, rest)) => (name.trim(), rest.strip_suffix("\"]")),
            None => (aria.trim(), None),
        };
        if name.is_empty() {
            return Vec::new();
        }
        let name = vec![name.to_owned()];
        let named = |role: &str| of(By::Role { role: role.to_owned(), name: name.clone() });
        return match role {
            _ if fills => vec![(0, of(By::Label(name.clone())))],
            Some(
                role @ ("button" | "link" | "menuitem" | "tab" | "checkbox" | "switch" | "radio" | "option"),
            ) => vec![(0, named(role))],
            Some(_) => vec![(1, of(By::Text(name)))],
            None => {
                let mut guesses: Vec<_> = kind.roles().iter().map(|role| (0, named(role))).collect();
                if kind == Kind::Input {
                    // A checkbox has its name from a label.
                    guesses.push((0, of(By::Label(name.clone()))));
                }
                guesses
            }
        };
    }
    if let Some(text) = selector.strip_prefix("text/") {
        return if fills || text.trim().is_empty() {
            Vec::new()
        } else {
            vec![(1, of(By::Text(vec![text.trim().to_owned()])))]
        };
    }
    if let Some(path) = selector.strip_prefix("xpath/") {
        return vec![(6, of(By::Xpath(path.to_owned())))];
    }
    let css = selector.strip_prefix("pierce/").unwrap_or(selector).trim();
    let rank = match css {
        "" => return Vec::new(),
        css if css.contains("nth-") || css.contains(" > ") => 5,
        // An id with a number in it was counted, and is another one's next time.
        css if (css.contains('[') && !css.contains("[type="))
            || (css.contains('#') && !css.contains(|c: char| c.is_ascii_digit())) =>
        {
            2
        }
        _ => 3,
    };
    vec![(rank, of(By::Css(css.to_owned())))]
}
