use std::io::{Write, stderr, stdin, stdout};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::library::{files, read};
use crate::cli::{Context, Exit, Failure};
use crate::playbook::{self, Formatted, Unformatted};

#[derive(Debug, Args)]
#[command(after_help = "\
Comments and empty lines stay, and so does what a playbook says: that is read again and compared before a file is written.

Examples:
  turnlock playbook fmt playbooks/acme.yaml
  turnlock playbook fmt --check
  turnlock playbook fmt - < draft.yaml > playbooks/acme.yaml

Ends with 1 if --check finds a playbook that is written otherwise, with 4 if one cannot be read.")]
pub struct Fmt {
    /// Write nothing, and name the playbooks that are written otherwise
    #[arg(long)]
    check: bool,
    /// Playbooks, or folders of them; `-` for standard input, which comes out formatted [default: those that are configured]
    #[arg(value_name = "FILE")]
    paths: Vec<PathBuf>,
}

impl Fmt {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        if self.paths.iter().any(|path| path == Path::new("-")) {
            return self.between_the_streams(context);
        }
        let config = context.config()?;
        let files = files(if self.paths.is_empty() { &config.playbooks } else { &self.paths })?;
        if files.is_empty() {
            return Err(Failure::usage("there is no playbook to format: name one"));
        }
        let mut exit = Exit::Done;
        for file in files {
            let name = file.display().to_string();
            let source = read(&file)?;
            let formatted = playbook::format(&name, &source).map(|formatted| told(&name, formatted));
            match formatted {
                Ok(formatted) if formatted == source => {}
                Ok(_) if self.check => {
                    writeln!(stdout(), "{name}: would be written otherwise: turnlock playbook fmt {name}")?;
                    if exit == Exit::Done {
                        exit = Exit::JobFailed;
                    }
                }
                Ok(formatted) => {
                    replace(&file, &formatted)?;
                    writeln!(stdout(), "{name}: formatted")?;
                }
                Err(Unformatted::Unreadable(report)) => {
                    writeln!(stderr(), "{}", report.render(context.colour).trim_end())?;
                    exit = Exit::PlaybookInvalid;
                }
                Err(other) => {
                    writeln!(stderr(), "{other}")?;
                    exit = Exit::PlaybookInvalid;
                }
            }
        }
        Ok(exit)
    }
}

impl Fmt {
    /// From standard input to standard output, as editors do it. What cannot be formatted comes out nowhere.
    fn between_the_streams(&self, context: &Context) -> Result<Exit, Failure> {
        if self.paths.len() > 1 {
            return Err(Failure::usage("standard input is formatted by itself: leave out `-`, or the files"));
        }
        let source = std::io::read_to_string(stdin())
            .map_err(|error| Failure::environment(format_args!("standard input cannot be read: {error}")))?;
        match playbook::format("standard input", &source).map(|formatted| told("standard input", formatted)) {
            Ok(formatted) if self.check => {
                if formatted == source {
                    return Ok(Exit::Done);
                }
                writeln!(stdout(), "standard input: would be written otherwise")?;
                Ok(Exit::JobFailed)
            }
            Ok(formatted) => {
                write!(stdout(), "{formatted}")?;
                Ok(Exit::Done)
            }
            Err(Unformatted::Unreadable(report)) => {
                Err(Failure::new(Exit::PlaybookInvalid, report.render(context.colour).trim_end()))
            }
            Err(other) => Err(Failure::new(Exit::PlaybookInvalid, other)),
        }
    }
}

/// The text; and a word about what the author may wonder at.
fn told(name: &str, formatted: Formatted) -> String {
    if formatted.out_of_order {
        // Whoever has closed the terminal has nothing to read.
        let _ = writeln!(
            stderr(),
            "note: {name}: the keys keep the order that they have, for an anchor (`&name`) has to stand above what repeats it"
        );
    }
    formatted.text
}

/// Puts a new text in a file's place, of which there is always all or nothing. A link stays one: what it leads to is written.
fn replace(file: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::environment(format_args!("{} cannot be written: {error}", file.display()))
    };
    let file = &file.canonicalize().map_err(failed)?;
    let folder = file.parent().unwrap_or(Path::new("/"));
    let permissions = std::fs::metadata(file).map_err(failed)?.permissions();
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    new.write_all(text.as_bytes()).map_err(failed)?;
    new.as_file().set_permissions(permissions).map_err(failed)?;
    new.persist(file).map_err(|error| failed(error.error))?;
    Ok(())
}
