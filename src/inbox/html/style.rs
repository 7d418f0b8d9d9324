//! What styles say of a text: that it is hidden, that it stands out.

use std::collections::HashMap;

use super::tokens::Tag;

/// How a text is shown, as far as its element says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Style {
    pub hidden: Option<bool>,
    pub emphasised: Option<bool>,
}

impl Style {
    /// Both, of which the second counts where they differ.
    fn then(self, later: Self) -> Self {
        Self {
            hidden: later.hidden.or(self.hidden),
            // Bold, but not large: it stands out all the same.
            emphasised: match (self.emphasised, later.emphasised) {
                (Some(one), Some(other)) => Some(one || other),
                (one, other) => other.or(one),
            },
        }
    }

    /// What declarations say, such as `display:none; font-size: 1px`.
    fn declared(declarations: &str) -> Self {
        let mut style = Self::default();
        for declaration in declarations.split(';') {
            let Some((name, value)) = declaration.split_once(':') else { continue };
            let name = name.trim().to_ascii_lowercase();
            let value = value.to_ascii_lowercase();
            let value = value.trim().trim_end_matches("!important").trim();
            let said = match name.as_str() {
                "display" => Self { hidden: Some(value == "none"), emphasised: None },
                "visibility" if matches!(value, "hidden" | "collapse") => Self::HIDDEN,
                "mso-hide" if value == "all" => Self::HIDDEN,
                "opacity" if number(value) == Some(0.0) => Self::HIDDEN,
                "max-height" | "max-width" if number(value) == Some(0.0) => Self::HIDDEN,
                "color" if value == "transparent" => Self::HIDDEN,
                "font-size" => Self::of_size(value),
                "font-weight" => Self {
                    hidden: None,
                    emphasised: (value.starts_with("bold") || number(value).is_some_and(|n| n >= 600.0))
                        .then_some(true),
                },
                "letter-spacing" if spaced(value) => Self { hidden: None, emphasised: Some(true) },
                _ => continue,
            };
            style = style.then(said);
        }
        style
    }

    const HIDDEN: Self = Self { hidden: Some(true), emphasised: None };

    fn of_size(value: &str) -> Self {
        let Some(size) = number(value) else {
            let large = matches!(value, "large" | "larger" | "x-large" | "xx-large" | "xxx-large");
            return Self { hidden: None, emphasised: large.then_some(true) };
        };
        let pixels = match value.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.') {
            "pt" => size * 4.0 / 3.0,
            "em" | "rem" => size * 16.0,
            "%" => size * 0.16,
            _ => size,
        };
        // A text of one pixel is there for machines alone.
        Self { hidden: (pixels <= 2.0).then_some(true), emphasised: (pixels >= 19.0).then_some(true) }
    }
}

/// The number that a value begins with.
fn number(value: &str) -> Option<f32> {
    let end = value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len());
    value[..end].parse().ok()
}

/// At least a pixel between letters.
fn spaced(value: &str) -> bool {
    let least = if value.ends_with("em") { 0.1 } else { 1.0 };
    number(value).is_some_and(|space| space >= least)
}

/// The rules for classes and ids of a document's own style sheets; others say too little to count.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// By `.class` or `#id`.
    rules: HashMap<String, Style>,
}

/// A mail has some dozens of them.
const MOST_RULES: usize = 2000;

impl Sheet {
    /// Adds the rules of one `<style>`. Those for other media (a small screen, the dark) are left out.
    pub fn read(&mut self, css: &str) {
        let mut rest = css;
        while let Some((selectors, tail)) = rest.split_once('{') {
            let selectors = selectors.rsplit([';', '}']).next().unwrap_or_default();
            let selectors = selectors.rsplit("*/").next().unwrap_or_default().trim();
            if selectors.contains('@') {
                rest = after_block(tail);
                continue;
            }
            let (declarations, after) = tail.split_once('}').unwrap_or((tail, ""));
            let style = Style::declared(declarations);
            if style != Style::default() {
                for selector in selectors.split(',').map(str::trim) {
                    self.add(selector, style);
                }
            }
            rest = after;
        }
    }

    fn add(&mut self, selector: &str, style: Style) {
        let name = selector.find(['.', '#']).map(|at| &selector[at..]);
        let plain = |name: &str| !name[1..].contains([' ', '.', '#', ':', '>', '[', '+', '~', '*']);
        let Some(name) = name.filter(|name| plain(name)) else { return };
        if self.rules.len() < MOST_RULES {
            let known = self.rules.entry(name.to_owned()).or_default();
            *known = known.then(style);
        }
    }

    /// How an element shows its text.
    pub fn style(&self, tag: &Tag<'_>) -> Style {
        let mut style = Style::default();
        if matches!(
            tag.name.as_str(),
            "b" | "strong"
                | "h1"
                | "h2"
                | "h3"
                | "h4"
                | "big"
                | "code"
                | "kbd"
                | "samp"
                | "tt"
                | "mark"
                | "th"
        ) {
            style.emphasised = Some(true);
        }
        for class in tag.attribute("class").unwrap_or_default().split_ascii_whitespace().take(16) {
            if let Some(rule) = self.rules.get(&format!(".{class}")) {
                style = style.then(*rule);
            }
        }
        if let Some(rule) = tag.attribute("id").and_then(|id| self.rules.get(&format!("#{id}"))) {
            style = style.then(*rule);
        }
        if tag.name == "font"
            && tag.attribute("size").is_some_and(|size| matches!(&*size, "5" | "6" | "7" | "+2" | "+3"))
        {
            style.emphasised = Some(true);
        }
        if let Some(declarations) = tag.attribute("style") {
            style = style.then(Style::declared(&declarations));
        }
        if tag.attribute("hidden").is_some() {
            style.hidden = Some(true);
        }
        style
    }
}

/// What follows the block that is open, blocks within it passed over.
fn after_block(css: &str) -> &str {
    let mut depth = 1;
    for (at, c) in css.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &css[at + 1..];
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_is_hidden_and_what_stands_out() {
        let hidden = |css: &str| Style::declared(css).hidden == Some(true);
        for css in [
            "display:none",
            "DISPLAY : none !important",
            "font-size:0",
            "font-size:1px;color:red",
            "opacity:0",
            "max-height:0px",
            "mso-hide:all",
        ] {
            assert!(hidden(css), "{css}");
        }
        for css in ["display:block", "font-size:14px", "opacity:0.5", "max-height:40px", "opacity", ""] {
            assert!(!hidden(css), "{css}");
        }
        let stands_out = |css: &str| Style::declared(css).emphasised == Some(true);
        for css in [
            "font-size:32px",
            "font-size:2em",
            "font-weight:bold",
            "font-weight: 700",
            "letter-spacing:6px",
            "font-size:18pt",
        ] {
            assert!(stands_out(css), "{css}");
        }
        assert!(!stands_out("font-size:14px;font-weight:400;letter-spacing:0.2px"));
    }

    #[test]
    fn reads_style_sheets() {
        let mut sheet = Sheet::default();
        sheet.read("body{font-size:30px} @media (max-width:9px){.a{display:none}} /* x */ .b, td.c{display:none} .d .e{display:none} #f{font-size:40px");
        let names: std::collections::BTreeSet<_> = sheet.rules.keys().map(String::as_str).collect();
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["#f", ".b", ".c"]);
    }
}
