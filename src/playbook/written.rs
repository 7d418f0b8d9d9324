//! Locators as a playbook writes them: YAML that means what it says, whatever a page has in it.

use super::yaml::scalar;
use super::{By, Locator};

impl Locator {
    /// As a playbook writes it: `{ role: button, name: Sign in }`.
    #[must_use]
    pub fn written(&self) -> String {
        locator(self)
    }
}

/// A locator.
fn locator(locator: &Locator) -> String {
    let texts = |texts: &[String]| match texts {
        [one] => scalar(one),
        several => format!("[{}]", several.iter().map(|text| scalar(text)).collect::<Vec<_>>().join(", ")),
    };
    let mut out = match &locator.by {
        By::Label(names) => format!("label: {}", texts(names)),
        By::Role { role, name } if name.is_empty() => format!("role: {}", scalar(role)),
        By::Role { role, name } => format!("role: {}, name: {}", scalar(role), texts(name)),
        By::Placeholder(names) => format!("placeholder: {}", texts(names)),
        By::Text(names) => format!("text: {}", texts(names)),
        By::TestId(id) => format!("test_id: {}", scalar(id)),
        By::Autocomplete(token) => format!("autocomplete: {}", scalar(token)),
        By::Css(selector) => format!("css: {}", scalar(selector)),
        By::Xpath(path) => format!("xpath: {}", scalar(path)),
    };
    if locator.exact {
        out.push_str(", exact: true");
    }
    if !locator.containing.is_empty() {
        out.push_str(&format!(", containing: {}", texts(&locator.containing)));
    }
    if let Some(within) = &locator.within {
        out.push_str(&format!(", within: {}", self::locator(within)));
    }
    if let Some(frame) = &locator.frame {
        out.push_str(&format!(", frame: {}", scalar(frame)));
    }
    format!("{{ {out} }}")
}
