//! The recorder's selectors as locators: `aria/`, `text/`, `pierce/`, `xpath/`, and CSS.

use crate::playbook::{By, Locator};

/// The locators, what people see first. Positions within the document are left out where anything else is there.
pub(super) fn locators(selectors: &[Vec<String>], fills: bool) -> Vec<Locator> {
    let mut found: Vec<(u8, Locator)> = Vec::new();
    for chain in selectors {
        for (rank, locator) in chained(chain, fills) {
            if !found.iter().any(|(_, known)| *known == locator) {
                found.push((rank, locator));
            }
        }
    }
    found.sort_by_key(|(rank, _)| *rank);
    let best = found.first().map_or(0, |(rank, _)| *rank);
    found.into_iter().filter(|(rank, _)| *rank == best || *rank < 4).map(|(_, locator)| locator).collect()
}

/// The last link of a chain, within the ones before it where these say more than where shadow roots are: locators see
/// through those by themselves.
fn chained(chain: &[String], fills: bool) -> Vec<(u8, Locator)> {
    let Some((last, before)) = chain.split_last() else { return Vec::new() };
    let mut found = single(last, fills);
    if found.is_empty() {
        return before.split_last().map(|(outer, _)| single(outer, fills)).unwrap_or_default();
    }
    let host = |selector: &String| {
        selector.contains('-') && selector.chars().all(|c| c.is_ascii_lowercase() || c == '-')
    };
    if let Some(outer) = before.last().filter(|outer| !host(outer))
        && let Some((_, outer)) =
            single(outer, false).into_iter().find(|(_, outer)| matches!(outer.by, By::Css(_)))
    {
        found.iter_mut().for_each(|(_, locator)| locator.within = Some(Box::new(outer.clone())));
    }
    found
}

/// With how much it is worth: 0 and 1 for words, 2 for names in the document, 5 and more for places in it.
fn single(selector: &str, fills: bool) -> Vec<(u8, Locator)> {
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
            None => vec![(0, named("button")), (0, named("link"))],
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
        css if css.contains('#') || css.contains('[') => 2,
        _ => 3,
    };
    vec![(rank, of(By::Css(css.to_owned())))]
}
