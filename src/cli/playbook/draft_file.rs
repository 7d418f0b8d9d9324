use std::fs::OpenOptions;
use std::io::{Write, stderr, stdout};
use std::path::{Path, PathBuf};

use crate::cli::{Context, Exit, Failure};
use crate::draft::{Draft, SCHEMA_FILE};
use crate::playbook::{self, Rule};

/// Where a draft goes: a file that is not there yet, or standard output.
pub struct DraftFile {
    path: PathBuf,
}

impl DraftFile {
    /// The file that was named, or the one that the app's playbook is looked for in.
    ///
    /// # Errors
    /// If it is there already: somebody's work may be in it.
    pub fn new(named: Option<PathBuf>, app: &str) -> Result<Self, Failure> {
        let path = named.unwrap_or_else(|| Path::new("playbooks").join(format!("{app}.yaml")));
        if path.exists() && path != Path::new("-") {
            return Err(Failure::usage(format_args!(
                "{} is there already: name another file with --output, or move it away",
                path.display()
            )));
        }
        Ok(Self { path })
    }

    /// Says something about the draft: not in its midst.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn say(&self, text: &str) -> Result<(), Failure> {
        if self.path == Path::new("-") {
            writeln!(stderr(), "{text}")?
        } else {
            writeln!(stdout(), "{text}")?
        }
        Ok(())
    }

    /// Writes it, and says what was found, what remains and what comes next.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn keep(&self, draft: &Draft, context: &Context) -> Result<Exit, Failure> {
        let mut said = String::new();
        for found in &draft.found {
            said.push_str(&format!("  found     {found}\n"));
        }
        for question in &draft.questions {
            said.push_str(&format!("  question  {question}\n"));
        }
        if self.path == Path::new("-") {
            write!(stdout(), "{}", draft.yaml)?;
            write!(stderr(), "{said}")?;
            return Ok(Exit::Done);
        }
        let failed =
            |error| Failure::environment(format_args!("{} cannot be written: {error}", self.path.display()));
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        // Not one that has come to be since it was looked for.
        let mut file = OpenOptions::new().write(true).create_new(true).open(&self.path).map_err(failed)?;
        file.write_all(draft.yaml.as_bytes()).map_err(failed)?;
        // What the draft's first line names. It is Turnlock's own, and so always this version's.
        let schema = self.path.with_file_name(SCHEMA_FILE);
        std::fs::write(&schema, format!("{:#}\n", playbook::schema())).map_err(|error| {
            Failure::environment(format_args!("{} cannot be written: {error}", schema.display()))
        })?;
        let name = self.path.display().to_string();
        writeln!(stdout(), "{said}wrote {name}")?;
        let origins = context.config()?.origins;
        let mut open = false;
        if let Err(mut report) = playbook::parse(&name, &draft.yaml, &origins) {
            // Those are told above, in words.
            let all = report.diagnostics.len();
            report.diagnostics.retain(|found| found.rule != Rule::QuestionOpen);
            open = report.diagnostics.len() < all;
            if report.has_errors() {
                writeln!(stderr(), "{}", report.render(context.colour).trim_end())?;
            }
        }
        if open {
            writeln!(stdout(), "it cannot run yet: where it types \"?\", write what is to be typed")?;
        }
        writeln!(stdout(), "next: answer its questions, then turnlock playbook check {name}")?;
        Ok(Exit::Done)
    }
}
