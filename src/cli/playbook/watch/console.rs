use std::io::{Write, stdout};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::Source;
use super::command::{Command, HELP};
use super::lines::Lines;
use crate::browser::{Found, Tried, TriedElement};
use crate::cli::output;
use crate::evidence;
use crate::flow::{Done, Failure, Next, View, Watch};
use crate::playbook::{Playbook, parse_target};
use crate::redact::redact;

/// What is printed about a step stands this far in.
const INDENT: &str = "    ";

/// Shows the steps on standard output, and asks on standard input how to go on.
#[derive(Debug)]
pub struct Console {
    source: Source,
    editor: Option<String>,
    /// Each step is asked about before it is done.
    step: bool,
    colour: bool,
    lines: Lines,
    /// How many pictures were kept.
    pictures: AtomicUsize,
    followed: Mutex<Option<Arc<Playbook>>>,
}

impl Console {
    pub fn new(source: Source, editor: Option<String>, step: bool, colour: bool) -> Self {
        Self {
            source,
            editor,
            step,
            colour,
            lines: Lines::new(),
            pictures: AtomicUsize::default(),
            followed: Mutex::default(),
        }
    }

    /// The playbook that was followed at last, if any was.
    pub fn followed(&self) -> Option<Arc<Playbook>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn follow(&self, playbook: &Arc<Playbook>) {
        *self.followed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(playbook));
    }

    /// Prints, each line of it indented, and no secret in it. Whoever has closed the terminal has nothing to read.
    fn say(&self, words: &str) {
        let words = redact(words);
        let mut out = stdout().lock();
        for line in words.lines() {
            let _ = writeln!(out, "{INDENT}{line}");
        }
        let _ = out.flush();
    }

    /// The name for the next picture: pictures sort as they were taken.
    fn name(&self, of: &str) -> String {
        evidence::numbered(self.pictures.fetch_add(1, Ordering::Relaxed) + 1, of)
    }

    async fn keep(&self, view: &View<'_>) {
        match view.keep(&self.name(&view.step.id)).await {
            Ok(path) => self.say(&format!("{}  {}", view.page().url(), path.display())),
            Err(why) => self.say(&format!("{}  no screenshot: {why}", view.page().url())),
        }
    }

    /// Asks until it is said how to go on. `failed`: the step has been tried.
    async fn ask(&self, view: &View<'_>, failed: bool) -> Next {
        loop {
            {
                let mut out = stdout().lock();
                let _ = write!(out, "{}> ", view.step.id);
                let _ = out.flush();
            }
            let Some(line) = self.lines.next().await else {
                let state = if failed { "which has failed" } else { "which was not begun" };
                self.say(&format!(
                    "The input has ended at step {}, {state}: the run ends here.",
                    view.step.id
                ));
                return Next::End;
            };
            let next = match Command::parse(&line) {
                Command::Empty if !failed => Next::Go,
                Command::Empty | Command::Help => {
                    self.say(HELP);
                    if !failed {
                        self.say("  Enter      do the step");
                    }
                    continue;
                }
                Command::Retry => Next::Go,
                Command::Skip => Next::Skip,
                Command::Quit => return Next::End,
                Command::Edit => match self.edit().await {
                    Some(next) => next,
                    None => continue,
                },
                Command::Keep => {
                    self.keep(view).await;
                    continue;
                }
                Command::Try(locator) => {
                    self.try_locator(view, &locator).await;
                    continue;
                }
                Command::Unknown(said) => {
                    self.say(&format!("`{said}` means nothing here; `h` says what does"));
                    continue;
                }
            };
            match view.may_go(&next) {
                Ok(()) => {
                    if let Next::With(playbook) = &next {
                        self.say("fine; going on from this step");
                        self.follow(playbook);
                    }
                    return next;
                }
                Err(why) => self.say(&format!("no: {why}")),
            }
        }
    }

    /// Has the file edited, and reads it again; `None` if there is nothing to go on with.
    async fn edit(&self) -> Option<Next> {
        let path = self.source.path.display();
        match &self.editor {
            Some(editor) => {
                let mut shell = tokio::process::Command::new("sh");
                // The editor may be given with arguments, as in `code --wait`.
                let shell = shell.arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(&self.source.path);
                match shell.kill_on_drop(true).status().await {
                    Ok(status) if status.success() => {}
                    Ok(status) => {
                        self.say(&format!("`{editor}` ended with {status}"));
                        return None;
                    }
                    Err(error) => {
                        self.say(&format!("`{editor}` cannot be started: {error}"));
                        return None;
                    }
                }
            }
            None => {
                self.say(&format!("edit {path} (no EDITOR is set), then press Enter"));
                self.lines.next().await?;
            }
        }
        match self.source.read() {
            Ok(Ok(playbook)) => {
                let warnings = playbook.warnings.render(self.colour);
                if !warnings.is_empty() {
                    self.say(&warnings);
                }
                Some(Next::With(playbook))
            }
            Ok(Err(report)) => {
                self.say(report.render(self.colour).trim_end());
                None
            }
            Err(failure) => {
                self.say(&failure.to_string());
                None
            }
        }
    }

    async fn try_locator(&self, view: &View<'_>, locator: &str) {
        let target = match parse_target(locator, view.playbook()) {
            Ok(target) => target,
            Err(report) => return self.say(report.render(self.colour).trim_end()),
        };
        match view.try_target(&target, &self.name("tried")).await {
            Ok((tried, picture)) => self.say(&found(&tried, &picture)),
            Err(why) => self.say(&why),
        }
    }
}

#[async_trait]
impl Watch for Console {
    async fn before(&self, view: &View<'_>) -> Next {
        let playbook = view.playbook();
        self.follow(playbook);
        let step = view.step;
        let (name, ..) = playbook.warnings.file_of(step.place);
        let _ = writeln!(stdout(), "{name}:{}  {}  {}", step.place.line, step.id, redact(&step.summary()));
        if let Some(awaits) = view.awaits() {
            self.say(&awaits);
        }
        if self.step { self.ask(view, false).await } else { Next::Go }
    }

    async fn after(&self, view: &View<'_>, done: &Done) {
        let mut words = format!("done in {}", output::duration(done.took));
        if let Some(state) = &done.state {
            words.push_str(&format!(": {state}"));
        }
        if let Some(Found { what, by }) = &done.found {
            let by: Vec<_> = by.iter().map(ToString::to_string).collect();
            words.push_str(&format!(", found {what} by {}", by.join(" and by ")));
        }
        self.say(&words);
        if !done.notes.is_empty() {
            self.say(&done.notes);
        }
        self.keep(view).await;
    }

    async fn failed(&self, view: &View<'_>, failure: &Failure) -> Next {
        self.say(&format!("failed after {}: {}", output::duration(failure.took), failure.words));
        self.keep(view).await;
        self.ask(view, true).await
    }
}

/// What a locator that was tried has found, in words.
fn found(tried: &Tried, picture: &Result<PathBuf, String>) -> String {
    let Tried { elements, visible, hidden, missing_frames } = tried;
    let count = match visible {
        0 => "nothing that can be seen matches".to_owned(),
        1 => "1 element matches".to_owned(),
        several => format!("{several} elements match; a step wants exactly one"),
    };
    let mut lines = vec![count];
    let line = |element: &TriedElement| {
        let TriedElement { role, name, what, frame, .. } = element;
        let frame = frame.as_ref().map(|frame| format!("  in frame {frame}")).unwrap_or_default();
        format!("  {role} {name:?}  {what}{frame}")
    };
    lines.extend(elements.iter().filter(|element| element.seen).map(line));
    if *hidden > 0 {
        lines.push(format!("{hidden} more cannot be seen"));
        lines.extend(elements.iter().filter(|element| !element.seen).map(line));
    }
    lines.extend(missing_frames.iter().map(|frame| format!("the frame {frame} is not there")));
    lines.push(match picture {
        Ok(path) if *visible > 0 => format!("outlined in {}", path.display()),
        Ok(path) => format!("the page: {}", path.display()),
        Err(why) => format!("no screenshot: {why}"),
    });
    lines.join("\n")
}
