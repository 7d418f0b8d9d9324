use std::io::{self, Write, stdout};
use std::path::{Path, PathBuf};

use askama::Template as _;
use clap::Args;
use tempfile::NamedTempFile;

use super::document::Document;
use super::dossier::Dossier;
use super::{Context, Exit, Failure};
use crate::cli::output::short_id;
use crate::cli::{parts, which_job};

pub const HELP: &str = "\
Examples:
  turnlock job export 30b2a4d7                   # job-30b2a4d7.html, in this folder
  turnlock job export 30b2a4d7 -o /tmp/ticket-4711.html --force

The file holds what the log and the evidence folder do: secrets are covered there, and masked once more here. It has no \
script, and asks nothing of any other place. Only its owner may read it; whom it is sent to may see what the page showed.";

#[derive(Debug, Args)]
pub struct Export {
    /// The job: its id, or the end of it, as `turnlock log` shows it
    #[arg(value_name = "ID")]
    job: String,
    /// The file to write [default: job-ID.html, with the end of the id, in this folder]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file if there is one
    #[arg(long)]
    force: bool,
}

impl Export {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let store = parts::open_store(&config).await?;
        let id = which_job::identify(store.as_ref(), &self.job).await?;
        let dossier = Dossier::of(id, &store, &config).await?;
        let name = self.output.unwrap_or_else(|| format!("job-{}.html", short_id(id)).into());
        let html = Document::of(&dossier).render();
        let html =
            html.map_err(|error| Failure::environment(format_args!("the file cannot be made: {error}")))?;
        let file = name.display();
        write(&context.environment.folder().join(&name), &html, self.force).map_err(|error| {
            match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    Failure::usage(format_args!("there is a file {file} already; --force replaces it"))
                }
                _ => Failure::environment(format_args!("{file} cannot be written: {error}")),
            }
        })?;
        writeln!(stdout(), "{}", name.display())?;
        Ok(Exit::Done)
    }
}

/// Writes it whole or not at all, for its owner only.
fn write(path: &Path, html: &str, force: bool) -> io::Result<()> {
    // A temporary file has mode 0600, and keeps it under its new name.
    let mut file = NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(html.as_bytes())?;
    file.as_file().sync_all()?;
    let done = if force { file.persist(path) } else { file.persist_noclobber(path) };
    done.map(|_| ()).map_err(|error| error.error)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_its_owners_and_replaced_only_when_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("job.html");
        write(&path, "one", false).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(write(&path, "two", false).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one");
        write(&path, "two", true).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
