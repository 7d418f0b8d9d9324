use std::path::{Path, PathBuf};

use clap::Args;
use secrecy::SecretString;

use super::draft_file::DraftFile;
use crate::cli::{Context, Exit, Failure};
use crate::draft::{recording, write};
use crate::playbook::AppName;

#[derive(Debug, Args)]
#[command(after_help = "\
What was typed is never written out: `username`, `password`, `new_password` and `totp` stand for it, or a question.

Example:
  turnlock playbook import recording.json --app ledger")]
pub struct Import {
    /// What Chrome DevTools Recorder exports as JSON
    #[arg(value_name = "RECORDING")]
    recording: PathBuf,
    /// The app's name [default: the file's]
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// Where the draft goes; `-` for standard output [default: playbooks/NAME.yaml]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Import {
    pub fn run(self, context: &Context) -> Result<Exit, Failure> {
        let app = self.app.clone().unwrap_or_else(|| name_of(&self.recording));
        if AppName::parse(&app).is_none() {
            return Err(Failure::usage(format_args!(
                "{app:?} is no app's name: give one with --app, of small letters, digits and `-`"
            )));
        }
        let file = DraftFile::new(self.output, &app)?;
        let name = self.recording.display();
        let json = std::fs::read_to_string(&self.recording).map(SecretString::from);
        let json =
            json.map_err(|error| Failure::environment(format_args!("{name} cannot be read: {error}")))?;
        let findings = recording::import(&json, &app)
            .map_err(|error| Failure::usage(format_args!("{name}: {error}")))?;
        file.keep(&write(&findings), context)
    }
}

/// `My Recording (1).json` is of `my-recording-1`.
fn name_of(file: &Path) -> String {
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().to_lowercase()).unwrap_or_default();
    // Letters that no name has are left in, so that it is said which.
    let words = stem.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_is_called_as_its_file_is() {
        for (file, name) in [("My Recording (1).json", "my-recording-1"), ("a/ledger_v2.json", "ledger-v2")] {
            assert_eq!(name_of(Path::new(file)), name);
        }
    }
}
