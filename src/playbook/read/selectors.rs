//! CSS and XPath: whether they can be right. The browser has the last word.

use super::Reader;
use crate::playbook::Rule;
use crate::playbook::node::Node;

impl Reader<'_> {
    pub(super) fn css(&mut self, node: &Node) -> Option<String> {
        let selector = self.text(node, "`css`", "css: form.login")?.trim();
        match css_mistake(selector) {
            None => Some(selector.to_owned()),
            Some((why, help)) => {
                self.findings
                    .error(Rule::Css, node.place, format!("this is no CSS selector: {why}"))
                    .label(why)
                    .help(help);
                None
            }
        }
    }

    pub(super) fn xpath(&mut self, node: &Node) -> Option<String> {
        let path = self.text(node, "`xpath`", "xpath: //form//input[@type='password']")?.trim();
        match xpath_mistake(path) {
            None => Some(path.to_owned()),
            Some((why, help)) => {
                self.findings
                    .error(Rule::Xpath, node.place, format!("this is no XPath expression: {why}"))
                    .label(why)
                    .help(help);
                None
            }
        }
    }
}

type Mistake = (String, String);

fn css_mistake(selector: &str) -> Option<Mistake> {
    let mistake = |why: &str, help: &str| Some((why.to_owned(), help.to_owned()));
    if selector.starts_with("//") || selector.starts_with("./") || selector.starts_with("(/") {
        return Some(("it looks like XPath".to_owned(), format!("write `xpath: {selector}`")));
    }
    for engine in ["text=", "css=", "xpath=", "role="] {
        if let Some(rest) = selector.strip_prefix(engine) {
            let key = engine.trim_end_matches('=');
            return Some((
                format!("`{engine}` is not CSS"),
                format!("write `{key}: {rest}` in place of `css: …`"),
            ));
        }
    }
    if selector.contains(">>") {
        return mistake(
            "`>>` is not CSS",
            "locators see through open shadow roots by themselves; to search inside an element, use `within`",
        );
    }
    if selector.contains(":has-text(") || selector.contains(":contains(") {
        return mistake(
            "it asks for text, which CSS cannot",
            "move the text out: `{ css: …, containing: … }`",
        );
    }
    if let Some(why) = unbalanced(selector, Some('\\')) {
        return Some((why, "close every bracket and quote of the selector".to_owned()));
    }
    if selector.starts_with(['>', '+', '~', ',']) {
        return mistake(
            "it begins with a combinator",
            "begin with an element, a class or an id: `form.login > button`",
        );
    }
    if selector.ends_with(['>', '+', '~', ',', '.', '#', ':']) {
        return mistake("it ends in the middle", "finish it, or remove the last character");
    }
    if selector.contains("..") || selector.contains("##") || selector.contains(",,") {
        return mistake("a name is missing in it", "remove the doubled character");
    }
    None
}

fn xpath_mistake(path: &str) -> Option<Mistake> {
    let starts = ["/", "./", "(", ".//", "id(", "descendant::", "ancestor::", "self::"];
    if !starts.iter().any(|start| path.starts_with(start)) {
        return Some((
            "it begins with neither `/`, `./` nor `(`".to_owned(),
            format!("write `//{path}` if any such element is meant, or `css: …` if it is a CSS selector"),
        ));
    }
    if let Some(why) = unbalanced(path, None) {
        return Some((why, "close every bracket and quote of the expression".to_owned()));
    }
    if path.ends_with(['/', '@', ':', '=']) || path.contains("///") {
        return Some((
            "a step is missing in it".to_owned(),
            "finish it: `//form//input[@type='password']`".to_owned(),
        ));
    }
    None
}

/// What is not closed, if anything.
fn unbalanced(text: &str, escape: Option<char>) -> Option<String> {
    let mut open: Vec<char> = Vec::new();
    let mut quote: Option<char> = None;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if Some(c) == escape {
            characters.next();
            continue;
        }
        match (quote, c) {
            (Some(mark), c) if c == mark => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[') => open.push(c),
            (None, ')' | ']') => {
                let wanted = if c == ')' { '(' } else { '[' };
                if open.pop() != Some(wanted) {
                    return Some(format!("`{c}` closes nothing"));
                }
            }
            _ => {}
        }
    }
    if let Some(mark) = quote {
        return Some(format!("`{mark}` is not closed"));
    }
    open.pop().map(|c| format!("`{c}` is not closed"))
}

#[cfg(test)]
mod tests {
    use super::{css_mistake, xpath_mistake};

    #[test]
    fn what_people_write_is_let_pass() {
        for selector in [
            "form.login > button",
            "input[name=\"user[email]\"]",
            "#id, .class:not(.other)",
            "li:nth-child(2n+1)",
            "a[href^='otpauth://']",
            ".a\\:b",
            "*",
        ] {
            assert_eq!(css_mistake(selector), None, "{selector}");
        }
        for path in [
            "//form//input[@type='password']",
            "(//button)[2]",
            "./ancestor::div[contains(., \"it's\")]",
            "/html/body",
        ] {
            assert_eq!(xpath_mistake(path), None, "{path}");
        }
    }

    #[test]
    fn what_cannot_be_right_is_not() {
        for selector in
            ["//div", "text=Hi", "div >> span", "a:has-text('x')", "a[b", "a)", "> a", "a >", "a..b", "a['b]"]
        {
            assert!(css_mistake(selector).is_some(), "{selector}");
        }
        for path in ["div", "//a[", "//a/", "//a['x]", "///a"] {
            assert!(xpath_mistake(path).is_some(), "{path}");
        }
    }
}
