//! Structured header fields, word by word (RFC 5322): comments that nest, and quoted strings with escapes in them.

use std::str::Chars;

/// A header is not of the form that it should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// Goes through a header's value.
#[derive(Clone)]
pub(super) struct Scanner<'a> {
    rest: Chars<'a>,
}

impl<'a> Scanner<'a> {
    pub fn new(value: &'a str) -> Self {
        Self { rest: value.chars() }
    }

    pub fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    pub fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.rest.next();
        }
        found
    }

    /// Goes over space and comments.
    pub fn skip(&mut self) -> Result<(), Malformed> {
        let mut depth = 0_u32;
        while let Some(c) = self.peek() {
            match c {
                '(' => depth += 1,
                ')' if depth == 0 => return Err(Malformed),
                ')' => depth -= 1,
                '\\' if depth > 0 => {
                    self.rest.next();
                }
                c if depth > 0 || is_space(c) => {}
                _ => break,
            }
            self.rest.next();
        }
        if depth == 0 { Ok(()) } else { Err(Malformed) }
    }

    /// What stands before the next space, comment, `;`, or one of these: of several quoted strings and what is written
    /// without quotes, only a quoted string alone, or with the domain behind it that it is the local part for. May be empty.
    pub fn word(&mut self, end: Option<char>) -> Result<String, Malformed> {
        let quoted = if self.take('"') { Some(self.quoted()?) } else { None };
        let mut plain = String::new();
        while let Some(c) = self.peek() {
            match c {
                '(' | ';' => break,
                c if is_space(c) || Some(c) == end => break,
                '"' | '\\' | ')' => return Err(Malformed),
                c if c.is_control() => return Err(Malformed),
                c => plain.push(c),
            }
            self.rest.next();
        }
        match quoted {
            Some(quoted) if plain.is_empty() || plain.starts_with('@') => Ok(quoted + &plain),
            Some(_) => Err(Malformed),
            None => Ok(plain),
        }
    }

    /// What stands before the closing quote.
    fn quoted(&mut self) -> Result<String, Malformed> {
        let mut quoted = String::new();
        loop {
            match self.rest.next().ok_or(Malformed)? {
                '"' => return Ok(quoted),
                '\\' => quoted.push(self.rest.next().ok_or(Malformed)?),
                c => quoted.push(c),
            }
        }
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}
