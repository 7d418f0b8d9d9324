//! A YAML document with all that its author put beside its data: comments, empty lines, anchors, brackets.

use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle, options};

use crate::playbook::yaml::{quoted, scalar};

/// A document.
#[derive(Debug)]
pub(super) struct Document {
    /// The comments above the first key, with `None` for an empty line.
    pub(super) head: Vec<Option<String>>,
    pub(super) root: Value,
    /// The comments below the last key.
    pub(super) tail: Vec<Option<String>>,
    /// Whether something is written once and repeated: then what comes first has to stay there, and nothing is put in order.
    pub(super) has_anchors: bool,
}

/// A value, as it is to be written.
#[derive(Debug)]
pub(super) struct Value {
    /// `&name `, or nothing.
    pub(super) anchor: String,
    pub(super) shape: Shape,
}

#[derive(Debug)]
pub(super) enum Shape {
    /// A scalar or an alias, on one line.
    Word(String),
    List {
        bracketed: bool,
        items: Vec<Member>,
    },
    Map {
        bracketed: bool,
        entries: Vec<Member>,
    },
}

/// An item of a list, or a key with its value.
#[derive(Debug)]
pub(super) struct Member {
    /// The comments above it, with `None` for an empty line.
    pub(super) above: Vec<Option<String>>,
    /// As it is to be written; `None` in a list.
    pub(super) key: Option<String>,
    pub(super) value: Value,
    /// The comment at the end of its first line.
    pub(super) beside: Option<String>,
    /// The comments below it, behind which nothing comes in the list or map that it is in, with `None` for an empty line.
    pub(super) below: Vec<Option<String>>,
    /// Where it began, for comments to find their place by.
    column: usize,
}

/// Where something is that is not known, and what.
type Unknown = (usize, &'static str);

impl Document {
    pub(super) fn read(source: &str) -> Result<Self, Unknown> {
        let parser = Parser::new_from_str_with_options(source, options! { emit_anchor_events: true });
        let mut events = Vec::new();
        let mut mark = None;
        for event in parser {
            let (event, span) = event.map_err(|_| (1, "this is not YAML"))?;
            match event {
                Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
                Event::DocumentStart(false, None) => {}
                // A file holds one document anyway.
                Event::DocumentStart(true, None) if mark.is_none() => mark = Some(span.start.line()),
                Event::DocumentStart(_, None) => return Err((span.start.line(), "a second document")),
                Event::DocumentStart(..) => return Err((span.start.line(), "a directive (`%`)")),
                event => events.push((event, span)),
            }
        }
        let mut reader =
            Reader { source, events: events.into(), pending: Vec::new(), line: 0, mark, has_anchors: false };
        reader.comments();
        // What stands above the first key is about the whole file, whichever key comes first.
        let head = reader.above();
        let mut root = reader.value()?;
        reader.comments();
        if let Shape::Map { entries, bracketed: false } = &mut root.shape {
            reader.sink(entries, 0);
        }
        let tail = reader.above();
        let has_anchors = reader.has_anchors;
        Ok(Self { head, root, tail, has_anchors })
    }
}

struct Comment {
    line: usize,
    column: usize,
    text: String,
}

struct Reader<'s> {
    source: &'s str,
    events: std::collections::VecDeque<(Event<'s>, Span)>,
    /// Comments that have not found their place yet.
    pending: Vec<Comment>,
    /// The line on which the last thing ended.
    line: usize,
    /// The line of the document's mark (`---`), which is left out.
    mark: Option<usize>,
    has_anchors: bool,
}

impl Reader<'_> {
    /// Takes the comments that come next.
    fn comments(&mut self) {
        while let Some((Event::Comment(text, _), span)) = self.events.front() {
            let text = text.trim_end();
            let text = match text.starts_with([' ', '!', '#']) || text.is_empty() {
                true => format!("#{text}"),
                false => format!("# {text}"),
            };
            self.pending.push(Comment { line: span.start.line(), column: span.start.col(), text });
            self.events.pop_front();
        }
    }

    /// The pending comments, with the empty lines between them and what was before them and comes behind.
    fn above(&mut self) -> Vec<Option<String>> {
        let next = self.events.front().map(|(_, span)| span.start.line());
        let mut above = Vec::new();
        let mut line = self.line;
        let mark = self.mark;
        let empty_between = |line: usize, next: usize| {
            let marked = mark.is_some_and(|mark| line < mark && mark < next);
            line > 0 && next > line + 1 + usize::from(marked)
        };
        for comment in std::mem::take(&mut self.pending) {
            if empty_between(line, comment.line) {
                above.push(None);
            }
            line = comment.line;
            above.push(Some(comment.text));
        }
        if let Some(next) = next {
            if empty_between(line, next) {
                above.push(None);
            }
            // What comes next may begin with something that comes next itself.
            self.line = next.saturating_sub(1);
        }
        above
    }

    /// The comment on the line on which the last thing ended.
    fn beside(&mut self) -> Option<String> {
        self.comments();
        let first = self.pending.first()?;
        (first.line == self.line).then(|| self.pending.remove(0).text)
    }

    fn value(&mut self) -> Result<Value, Unknown> {
        self.comments();
        let Some((event, span)) = self.events.pop_front() else {
            return Ok(Value { anchor: String::new(), shape: Shape::Word(String::new()) });
        };
        let mut anchor = String::new();
        if let Some((Event::Anchor(_, name), _)) = self.events.front() {
            anchor = format!("&{name} ");
            self.has_anchors = true;
            self.events.pop_front();
        }
        let tagged = Err((span.start.line(), "a tag (`!name`)"));
        let shape = match event {
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, _, Some(_))
            | Event::MappingStart(_, _, Some(_)) => {
                return tagged;
            }
            Event::Scalar(text, style, ..) => {
                self.line = span.end.line();
                if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
                    // It ends with the line break behind it.
                    self.line = self.line.saturating_sub(1);
                }
                Shape::Word(self.word(&text, style, span))
            }
            Event::Alias(_) => {
                self.has_anchors = true;
                self.line = span.end.line();
                Shape::Word(self.written(span).to_owned())
            }
            Event::SequenceStart(style, ..) => {
                let items = self.members(
                    span,
                    |reader| matches!(reader.events.front(), Some((Event::SequenceEnd, _))),
                    false,
                )?;
                Shape::List { bracketed: style == StructureStyle::Flow, items }
            }
            Event::MappingStart(style, ..) => {
                let entries = self.members(
                    span,
                    |reader| matches!(reader.events.front(), Some((Event::MappingEnd, _))),
                    true,
                )?;
                Shape::Map { bracketed: style == StructureStyle::Flow, entries }
            }
            _ => return Err((span.start.line(), "something that no playbook has")),
        };
        Ok(Value { anchor, shape })
    }

    fn members(
        &mut self,
        start: Span,
        ends: impl Fn(&Self) -> bool,
        keyed: bool,
    ) -> Result<Vec<Member>, Unknown> {
        let mut members: Vec<Member> = Vec::new();
        if self.line == 0 {
            self.line = start.start.line();
        }
        loop {
            self.comments();
            if ends(self) {
                if let Some((_, span)) = self.events.pop_front()
                    && span.end.col() > 0
                    && self.written(span).ends_with(['}', ']'])
                {
                    self.line = span.end.line();
                }
                return Ok(members);
            }
            let Some((_, next)) = self.events.front() else {
                return Ok(members);
            };
            let column = if keyed { next.start.col() } else { start.start.col() };
            self.sink(&mut members, column);
            let mut above = self.above();
            let mut key = None;
            if keyed {
                let Some((Event::Scalar(text, style, anchor, None), span)) = self.events.pop_front() else {
                    return Err((start.start.line(), "a key that is no plain text"));
                };
                if anchor != 0 {
                    return Err((span.start.line(), "an anchor on a key"));
                }
                self.line = span.end.line();
                key = Some(self.word(&text, style, span));
            }
            let mut beside = self.beside();
            let value = self.value()?;
            if matches!(value.shape, Shape::Word(_)) || is_bracketed(&value) {
                // A comment between a key and a value on a line of its own.
                above.extend(self.pending.drain(..).map(|comment| Some(comment.text)));
                beside = beside.or(self.beside());
            }
            members.push(Member { above, key, value, beside, below: Vec::new(), column });
        }
    }

    /// Gives the pending comments that stand further in than what comes next to what they stand in.
    fn sink(&mut self, members: &mut [Member], column: usize) {
        if members.is_empty() {
            return;
        }
        while let Some(first) = self.pending.first()
            && first.column > column
        {
            let Comment { line, column, text } = self.pending.remove(0);
            let behind_a_gap = line > self.line + 1;
            self.line = line;
            settle(members, column, behind_a_gap.then_some(None).into_iter().chain([Some(text)]));
        }
    }

    fn written(&self, span: Span) -> &str {
        let bytes = span.start.byte_offset().zip(span.end.byte_offset());
        bytes.and_then(|(start, end)| self.source.get(start..end)).unwrap_or_default()
    }

    /// A scalar with the quotes that it needs.
    fn word(&self, text: &str, style: ScalarStyle, span: Span) -> String {
        let written = self.written(span).trim_end();
        match style {
            ScalarStyle::Plain if !written.contains('\n') => written.to_owned(),
            // Backslashes and quotes read better within '…'.
            ScalarStyle::SingleQuoted if text.contains(['"', '\\']) && !written.contains('\n') => {
                written.to_owned()
            }
            ScalarStyle::Plain | ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => scalar(text),
            ScalarStyle::Literal | ScalarStyle::Folded => quoted(text),
        }
    }
}

/// Puts a comment behind the last of the members that it does not stand within.
fn settle(members: &mut [Member], column: usize, lines: impl Iterator<Item = Option<String>>) {
    let Some(last) = members.last_mut() else { return };
    let is_open = !is_bracketed(&last.value);
    match &mut last.value.shape {
        Shape::List { items: inner, .. } | Shape::Map { entries: inner, .. }
            if is_open && inner.first().is_some_and(|first| first.column <= column) =>
        {
            settle(inner, column, lines);
        }
        _ => last.below.extend(lines),
    }
}

pub(super) fn is_bracketed(value: &Value) -> bool {
    match &value.shape {
        Shape::Word(_) => false,
        Shape::List { bracketed, .. } | Shape::Map { bracketed, .. } => *bracketed,
    }
}
