//! The text.

use super::tree::{Document, Member, Shape, Value, is_bracketed};
use crate::playbook::yaml::WIDTH;

pub(super) fn write(document: &Document) -> String {
    let mut writer = Writer { out: String::new() };
    writer.remarks(&document.head, 0);
    writer.block(&document.root, 0);
    writer.remarks(&document.tail, 0);
    writer.out
}

struct Writer {
    out: String,
}

impl Writer {
    fn line(&mut self, indent: usize, text: &str) {
        let text = text.trim_end();
        self.out.push_str(&format!("{:indent$}{text}\n", ""));
    }

    fn remarks(&mut self, remarks: &[Option<String>], indent: usize) {
        for remark in remarks {
            match remark {
                Some(text) => self.line(indent, text),
                // Never at the beginning, and never two.
                None if self.out.is_empty() || self.out.ends_with("\n\n") => {}
                None => self.out.push('\n'),
            }
        }
    }

    /// A value on lines of its own.
    fn block(&mut self, value: &Value, indent: usize) {
        match &value.shape {
            Shape::Word(word) => self.line(indent, &format!("{}{word}", value.anchor)),
            Shape::List { items, .. } => {
                items.iter().for_each(|item| self.member(item, indent, &format!("{:indent$}- ", ""), true));
            }
            Shape::Map { entries, .. } => {
                entries.iter().for_each(|entry| self.member(entry, indent, &" ".repeat(indent), true));
            }
        }
    }

    /// A member of a list or map. `lead` is what stands before it on its first line.
    fn member(&mut self, member: &Member, indent: usize, lead: &str, with_remarks: bool) {
        if with_remarks {
            self.remarks(&member.above, indent);
        }
        let Value { anchor, shape } = &member.value;
        let mut beside = member.beside.as_deref().map(|text| format!(" {text}")).unwrap_or_default();
        let key = member.key.as_deref().map(|key| format!("{key}: ")).unwrap_or_default();
        let column = lead.chars().count();
        if let Some(text) = on_one_line(&member.value, column + key.chars().count())
            && !is_step(member, &text)
        {
            self.line(0, &format!("{lead}{key}{text}{beside}"));
        } else {
            if member.key.is_none() && !beside.is_empty() {
                // Behind the dash alone it would be read as a comment above what follows.
                self.line(indent, beside.trim_start());
                beside.clear();
            }
            match (member.key.is_some(), shape) {
                // `- key: value`: the first key stands on the line of the dash.
                (false, Shape::Map { entries, .. }) if anchor.is_empty() => {
                    for (nth, entry) in entries.iter().enumerate() {
                        match nth {
                            0 => {
                                self.remarks(&entry.above, indent);
                                self.member(entry, column, lead, false);
                            }
                            _ => self.member(entry, column, &" ".repeat(column), true),
                        }
                    }
                }
                _ => {
                    let first = format!("{lead}{key}{anchor}");
                    self.line(0, &format!("{}{beside}", first.trim_end()));
                    self.block(&member.value, column + if member.key.is_some() { 2 } else { 0 });
                }
            }
        }
        self.remarks(&member.below, indent);
    }
}

/// A list's item that is one key with its value reads better without brackets.
fn is_step(member: &Member, text: &str) -> bool {
    member.key.is_none()
        && text.starts_with('{')
        && matches!(&member.value.shape, Shape::Map { entries, .. } if entries.len() == 1)
}

/// The value on one line, if its author put it there and it fits.
fn on_one_line(value: &Value, column: usize) -> Option<String> {
    if !matches!(value.shape, Shape::Word(_)) && !is_bracketed(value) || has_remarks(value) {
        return None;
    }
    let text = flow(value);
    let fits = column + text.chars().count() <= WIDTH;
    let is_breakable = match &value.shape {
        Shape::Word(_) => false,
        Shape::List { items: members, .. } | Shape::Map { entries: members, .. } => !members.is_empty(),
    };
    (fits || !is_breakable).then_some(text)
}

fn flow(value: &Value) -> String {
    let members = |members: &[Member]| {
        let written = members.iter().map(|member| match &member.key {
            Some(key) => format!("{key}: {}", flow(&member.value)).trim_end().to_owned(),
            None => flow(&member.value),
        });
        written.collect::<Vec<_>>().join(", ")
    };
    let text = match &value.shape {
        Shape::Word(word) => word.clone(),
        Shape::List { items, .. } => format!("[{}]", members(items)),
        Shape::Map { entries, .. } if entries.is_empty() => "{}".to_owned(),
        Shape::Map { entries, .. } => format!("{{ {} }}", members(entries)),
    };
    format!("{}{text}", value.anchor)
}

fn has_remarks(value: &Value) -> bool {
    match &value.shape {
        Shape::Word(_) => false,
        Shape::List { items: members, .. } | Shape::Map { entries: members, .. } => {
            members.iter().any(|member| {
                let above = member.above.iter().any(Option::is_some);
                above || member.beside.is_some() || !member.below.is_empty() || has_remarks(&member.value)
            })
        }
    }
}
