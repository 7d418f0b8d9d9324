//! What the terminal is like: how wide, and whether it shows pictures. Texts that fit it.

use std::io::{IsTerminal, stdout};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::output;
use crate::config::Environment;

/// How a terminal takes pictures within its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pictures {
    /// By kitty's graphics protocol.
    Kitty,
    /// As iTerm2 does.
    Iterm,
}

/// How standard output takes pictures, if it does for certain: a terminal that knows nothing of them would show what
/// they are made of.
#[must_use]
pub fn pictures(environment: &Environment) -> Option<Pictures> {
    if stdout().is_terminal() { understood(environment) } else { None }
}

fn understood(environment: &Environment) -> Option<Pictures> {
    let term = environment.get("TERM").unwrap_or_default();
    // What stands between passes no pictures on.
    if ["TMUX", "STY"].iter().any(|name| environment.get(name).is_some()) || term.starts_with("screen") {
        return None;
    }
    match environment.get("TERM_PROGRAM") {
        Some("iTerm.app" | "WezTerm") => Some(Pictures::Iterm),
        Some("ghostty") => Some(Pictures::Kitty),
        _ if term == "xterm-kitty" || environment.get("KITTY_WINDOW_ID").is_some() => Some(Pictures::Kitty),
        _ => None,
    }
}

/// The columns and lines of the terminal that is standard output. Neither is known where that is none; and some terminals
/// say that they have 0, and mean that they do not know.
#[must_use]
pub fn size() -> (Option<usize>, Option<usize>) {
    let size = stdout().is_terminal().then(|| rustix::termios::tcgetwinsize(stdout()).ok()).flatten();
    let known = |number: u16| (number > 0).then_some(number.into());
    size.map_or((None, None), |size| (known(size.ws_col), known(size.ws_row)))
}

/// The width of standard output in columns, if lines are to fit one.
#[must_use]
pub fn width() -> Option<usize> {
    size().0
}

/// How many columns a text takes.
#[must_use]
pub fn columns(text: &str) -> usize {
    text.width()
}

/// The text in exactly so many columns: cut, with `…` for what is missing, or filled up with spaces. What would confuse a
/// terminal is taken out.
#[must_use]
pub fn fit(text: &str, width: usize) -> String {
    let mut text = cut(text, width);
    text.extend(std::iter::repeat_n(' ', width.saturating_sub(columns(&text))));
    text
}

/// The text in so many columns at most.
#[must_use]
pub fn cut(text: &str, width: usize) -> String {
    let text = output::printable(text);
    if columns(&text) <= width {
        return text;
    }
    let (mut kept, mut taken) = (String::new(), 0);
    for c in text.chars() {
        taken += c.width().unwrap_or(0);
        if taken >= width {
            break;
        }
        kept.push(c);
    }
    if width > 0 {
        kept.push('…');
    }
    kept
}

/// The text in lines of so many columns at most, broken between words where that can be; as it is where there is no
/// width. What would confuse a terminal is taken out.
#[must_use]
pub fn wrap(text: &str, width: Option<usize>) -> Vec<String> {
    let Some(width) = width else { return text.lines().map(output::printable).collect() };
    let width = width.max(1);
    let mut lines = Vec::new();
    for line in text.lines().map(output::printable) {
        let mut current = String::new();
        for word in line.split(' ') {
            if !current.is_empty() && columns(&current) + 1 + columns(word) > width {
                lines.push(std::mem::take(&mut current));
            } else if !current.is_empty() {
                current.push(' ');
            }
            for c in word.chars() {
                if columns(&current) + c.width().unwrap_or(0) > width && !current.is_empty() {
                    lines.push(std::mem::take(&mut current));
                }
                current.push(c);
            }
        }
        lines.push(current);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_terminals_that_are_known_for_it_get_pictures() {
        let of = |variables: [(&str, &str); 3]| understood(&Environment::of(".", variables));
        let other = ("OTHER", "1");
        assert_eq!(of([("TERM", "xterm-kitty"), other, other]), Some(Pictures::Kitty));
        assert_eq!(of([("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "1"), other]), Some(Pictures::Kitty));
        assert_eq!(
            of([("TERM", "xterm-256color"), ("TERM_PROGRAM", "iTerm.app"), other]),
            Some(Pictures::Iterm)
        );
        assert_eq!(of([("TERM", "xterm-256color"), ("TERM_PROGRAM", "vscode"), other]), None);
        assert_eq!(
            of([("TERM", "screen-256color"), ("TERM_PROGRAM", "iTerm.app"), ("KITTY_WINDOW_ID", "1")]),
            None
        );
        assert_eq!(
            of([("TERM", "xterm-kitty"), ("TMUX", "/tmp/tmux-0/default,1,0"), ("KITTY_WINDOW_ID", "1")]),
            None
        );
    }

    #[test]
    fn texts_fit() {
        assert_eq!(fit("acme/alice", 12), "acme/alice  ");
        assert_eq!(fit("acme/alice", 6), "acme/…");
        assert_eq!(fit("会社の人", 5), "会社…");
        assert_eq!(fit("a\u{1b}[31mb", 9), "a\u{fffd}[31mb  ");
        assert_eq!(fit("abc", 0), "");
    }

    #[test]
    fn texts_are_wrapped_between_words() {
        assert_eq!(wrap("click the button\nSign in", Some(9)), ["click the", "button", "Sign in"]);
        assert_eq!(wrap("aaaaabbbbbc de", Some(5)), ["aaaaa", "bbbbb", "c de"]);
        assert_eq!(wrap("as it is, however long", None), ["as it is, however long"]);
        assert_eq!(wrap("a\u{1b}[2Jb", None), ["a\u{fffd}[2Jb"]);
    }
}
