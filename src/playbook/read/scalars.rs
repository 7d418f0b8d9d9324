//! Texts, durations, numbers.

use std::time::Duration;

use super::Reader;
use crate::playbook::Rule;
use crate::playbook::node::{Kind, Node};

impl Reader<'_> {
    /// Text with something in it.
    pub(super) fn text<'n>(&mut self, node: &'n Node, what: &str, example: &str) -> Option<&'n str> {
        match &node.kind {
            Kind::Text(text) if !text.trim().is_empty() => Some(text),
            Kind::Text(_) => {
                self.empty(node, what, example);
                None
            }
            _ => {
                self.wrong_type(node, what, "text", example);
                None
            }
        }
    }

    /// Text, or a list of texts that are alternatives.
    pub(super) fn texts(&mut self, node: &Node, what: &str, example: &str) -> Option<Vec<String>> {
        match &node.kind {
            Kind::List(items) if items.is_empty() => {
                self.empty(node, what, example);
                None
            }
            Kind::List(items) => {
                items.iter().map(|item| self.text(item, what, example).map(str::to_owned)).collect()
            }
            Kind::Text(_) => self.text(node, what, example).map(|text| vec![text.to_owned()]),
            _ => {
                self.wrong_type(node, what, "text or a list of texts", example);
                None
            }
        }
    }

    /// A whole number within bounds.
    pub(super) fn count(&mut self, node: &Node, what: &str, least: u64, most: u64) -> Option<u64> {
        match node.kind {
            Kind::Integer(number) if (least..=most).contains(&number) => Some(number),
            Kind::Integer(_) | Kind::Number => {
                let written = self.written(node.place).to_owned();
                self.findings
                    .error(Rule::OutOfRange, node.place, format!("{what} cannot be {written}"))
                    .label(format!("not from {least} to {most}"))
                    .help(format!("write a whole number from {least} to {most}"));
                None
            }
            _ => {
                self.wrong_type(node, what, "a whole number", &least.max(5).to_string());
                None
            }
        }
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, node: &Node, what: &str) -> Option<bool> {
        if let Kind::Bool(flag) = node.kind {
            return Some(flag);
        }
        self.wrong_type(node, what, "true or false", "true");
        None
    }

    /// A duration: `500ms`, `20s`, `15m`, `1h`; more than nothing, at most `most`.
    pub(super) fn duration(&mut self, node: &Node, what: &str, most: Duration) -> Option<Duration> {
        let written = match &node.kind {
            Kind::Text(text) => text.clone(),
            Kind::Integer(_) | Kind::Number => self.written(node.place).to_owned(),
            _ => {
                self.wrong_type(node, what, "a duration", "20s");
                return None;
            }
        };
        let Some(duration) = parse_duration(&written) else {
            let help = if written.bytes().all(|b| b.is_ascii_digit()) {
                format!("say of what: `{written}s` for seconds, `{written}m` for minutes")
            } else {
                "write a whole number and its unit, without a space: `500ms`, `20s`, `15m`, `1h`".to_owned()
            };
            self.findings
                .error(Rule::Duration, node.place, format!("{what} is no duration: {written}"))
                .label("a number and `ms`, `s`, `m` or `h`")
                .help(help);
            return None;
        };
        if duration.is_zero() || duration > most {
            let most = short(most);
            self.findings
                .error(Rule::OutOfRange, node.place, format!("{what} cannot be {written}"))
                .label(format!("more than 0s, and at most {most}"))
                .help(format!("write a duration up to {most}"));
            return None;
        }
        Some(duration)
    }

    fn empty(&mut self, node: &Node, what: &str, example: &str) {
        self.findings
            .error(Rule::Empty, node.place, format!("{what} is empty"))
            .label("nothing in it")
            .help(format!("write `{example}`"));
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(milliseconds).map(Duration::from_millis)
}

fn short(duration: Duration) -> String {
    match duration.as_secs() {
        seconds if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        seconds if seconds % 60 == 0 => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}
