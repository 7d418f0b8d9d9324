//! Everything that is wrong with a playbook, drawn for people.

use std::borrow::Cow;
use std::fmt::{self, Write};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::{Diagnostic, Family, Place, Rule, Severity, secrets};

/// What the checker found in one playbook, in the order of the source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The playbook's name.
    pub name: String,
    /// Its source, for the lines that are shown.
    pub source: String,
    /// The family that it extends. Its places are behind the playbook's own.
    pub family: Option<Family>,
    /// The findings.
    pub diagnostics: Vec<Diagnostic>,
}

/// Findings beyond this many are counted, not drawn.
const MOST_DRAWN: usize = 50;

impl Report {
    /// Whether anything keeps the playbook from running.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|found| found.severity == Severity::Error)
    }

    /// The file that a place is in: its name, its text, and where its text begins.
    pub fn file_of(&self, place: Place) -> (&str, &str, usize) {
        let behind = self.source.len() + 1;
        match &self.family {
            Some(family) if place.offset >= behind => (&family.file, &family.source, behind),
            _ => (&self.name, &self.source, 0),
        }
    }

    /// Draws every finding: what is wrong, file, line and column, the line with the place
    /// underlined, and what to write instead. With `color`, for a terminal.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut drawn = String::new();
        for found in self.diagnostics.iter().take(MOST_DRAWN) {
            if !drawn.is_empty() {
                drawn.push('\n');
            }
            drawn.push_str(&self.draw(&renderer, found));
            drawn.push('\n');
        }
        if let Some(more @ 1..) = self.diagnostics.len().checked_sub(MOST_DRAWN) {
            let _ = writeln!(drawn, "\n… and {more} more; mend these first");
        }
        drawn
    }

    /// The text of a file that begins there, with asterisks for the passwords that stand in it.
    fn without_passwords<'s>(&self, source: &'s str, start: usize) -> Cow<'s, str> {
        let mut source = Cow::Borrowed(source);
        for found in self.diagnostics.iter().filter(|found| found.rule == Rule::PasswordLiteral) {
            let range = found.place.range();
            if let (Some(from), Some(to)) = (range.start.checked_sub(start), range.end.checked_sub(start))
                && let Some(literal) = source.get(from..to)
            {
                let stars: String =
                    literal.bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' }).collect();
                source.to_mut().replace_range(from..to, &stars);
            }
        }
        if let Cow::Owned(hidden) = secrets::hidden(&source) {
            source = Cow::Owned(hidden);
        }
        source
    }

    fn draw(&self, renderer: &Renderer, found: &Diagnostic) -> String {
        let level = match found.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let (name, source, start) = self.file_of(found.place);
        let source = &*self.without_passwords(source, start);
        let span = found.place.range();
        let span = span.start - start..span.end - start;
        // What is said of an address may repeat it.
        let [message, label, help] =
            [&found.message, &found.label, &found.help].map(|words| secrets::hidden(words));
        let mut group = level.primary_title(&*message).id(found.rule.code()).element(
            Snippet::source(source).path(name).annotation(AnnotationKind::Primary.span(span).label(&*label)),
        );
        if !help.is_empty() {
            group = group.element(Level::HELP.message(&*help));
        }
        for note in &found.notes {
            group = group.element(Level::NOTE.message(secrets::hidden(note)));
        }
        renderer.render(&[group])
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(false).trim_end())
    }
}

impl std::error::Error for Report {}
