use std::collections::BTreeMap;
use std::io::{Write, stderr, stdout};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::browser::{Options, Pool, Sandbox};
use crate::cli::library::{self, files, read};
use crate::cli::{Context, Exit, Failure, output};
use crate::config::Config;
use crate::mutate::{Count, MUTATIONS, Only, Score, Tried, UNCHANGED, run};
use crate::pages::{Pages, PagesError};
use crate::playbook::{Playbook, Report};

/// Between these lines of a document stand the scores.
const BEGIN: &str = "<!-- scores: written by `make mutations` -->";
const END: &str = "<!-- end of the scores -->";

#[derive(Debug, Args)]
#[command(after_help = "\
Each step is performed on its recorded page (`playbooks/pages/APP`, see `turnlock playbook test --record`), changed as an
app may change it without a word: no app, no account and no network are needed. `--list` names the changes.

Examples:
  turnlock playbook mutate playbooks/acme.yaml
  turnlock playbook mutate playbooks/acme.yaml --step login.2 --mutation another-language

Ends with 1 if a step was misled (it acted on something else), fails already on the page as it was recorded, or could not be
tried at all, or if fewer survived than `--at-least`.")]
pub struct Mutate {
    /// Playbooks, or folders of them [default: those that are configured]
    #[arg(value_name = "FILE")]
    paths: Vec<PathBuf>,
    /// Only this step, as login.2
    #[arg(long, value_name = "STEP")]
    step: Option<String>,
    /// Only this change
    #[arg(long, value_name = "NAME", value_parser = known)]
    mutation: Option<String>,
    /// How many percent must survive
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(..=100))]
    at_least: Option<u8>,
    /// Write the scores into this document, between its two marks; those of other playbooks stay
    #[arg(long, value_name = "DOCUMENT", conflicts_with_all = ["step", "mutation"])]
    write: Option<PathBuf>,
    /// Name the changes, and try none
    #[arg(long)]
    list: bool,
    /// One JSON object for each playbook
    #[arg(long)]
    json: bool,
}

fn known(name: &str) -> Result<String, String> {
    if MUTATIONS.iter().any(|mutation| mutation.name == name) {
        return Ok(name.to_owned());
    }
    Err("there is no such change: `turnlock playbook mutate --list` names them".to_owned())
}

impl Mutate {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        if self.list {
            let mut table = output::table(["change", "what it does"]);
            for mutation in MUTATIONS {
                table.add_row([mutation.name, mutation.does]);
            }
            writeln!(stdout(), "{table}")?;
            return Ok(Exit::Done);
        }
        let config = context.config()?;
        let files = files(if self.paths.is_empty() { &config.playbooks } else { &self.paths })?;
        let pool = start(&config).await?;
        let scores = self.scores(&pool, &files, &config).await;
        pool.close().await;
        let scores = scores?;
        if scores.is_empty() {
            return Err(Failure::usage("there is no playbook with recorded pages: name one"));
        }
        for score in &scores {
            if self.json {
                writeln!(stdout(), "{}", score.json())?;
            } else {
                show(score)?;
            }
        }
        if let Some(document) = &self.write {
            write_into(document, &scores)?;
        }
        let wanted = usize::from(self.at_least.unwrap_or(0));
        let well = |score: &Score| {
            let whole = !score.tried.is_empty() && score.untried.is_empty() && score.stale().next().is_none();
            whole && score.misled().count() == 0 && score.total().percent() >= wanted
        };
        Ok(if scores.iter().all(well) { Exit::Done } else { Exit::JobFailed })
    }

    async fn scores(&self, pool: &Pool, files: &[PathBuf], config: &Config) -> Result<Vec<Score>, Failure> {
        let only = Only { step: self.step.clone(), mutation: self.mutation.clone() };
        let mut scores = Vec::new();
        for file in files {
            let name = file.display().to_string();
            let playbook = library::parse(file, &read(file)?, &config.origins)
                .map_err(|report| Failure::new(Exit::PlaybookInvalid, report))?;
            let pages = match Pages::load(&Pages::folder(&playbook)) {
                // One of a folder's.
                Err(PagesError::None(_)) if !self.paths.contains(file) => {
                    writeln!(stderr(), "{name}: left out, for no pages of it were recorded")?;
                    continue;
                }
                pages => pages.map_err(Failure::environment)?,
            };
            let told = |step: &str| {
                // Nobody reads it where it cannot be written.
                let _ = writeln!(stderr(), "{name}: {step}");
            };
            scores.push(run(pool, &playbook, &pages, &only, told).await);
        }
        Ok(scores)
    }
}

/// A browser that is needed for a moment.
pub async fn start(config: &Config) -> Result<Pool, Failure> {
    let program = config.browser.find()?;
    config.browser.check_sandbox()?;
    let sandbox = if config.browser.sandbox { Sandbox::On } else { Sandbox::Off };
    let options = Options::new(program, sandbox, config.temporary.clone());
    Pool::start(options).await.map_err(Failure::environment)
}

/// What of the playbook matches nothing that was recorded for it.
pub async fn mismatches(pool: &Pool, playbook: &Playbook) -> Result<Report, Failure> {
    let pages = match Pages::load(&Pages::folder(playbook)) {
        Err(error @ PagesError::None(_)) => {
            writeln!(stderr(), "{}: {error}", playbook.name)?;
            return Ok(Report::default());
        }
        pages => pages.map_err(Failure::environment)?,
    };
    if pages.index.steps.is_empty() {
        writeln!(stderr(), "{}: its folder of recorded pages holds no step", playbook.name)?;
    }
    let unrecorded = crate::mutate::unrecorded(playbook, &pages);
    if !unrecorded.is_empty() {
        writeln!(
            stderr(),
            "{}: not looked at, since nothing was recorded of it: {}",
            playbook.name,
            unrecorded.join(", ")
        )?;
    }
    let found = crate::mutate::mismatches(pool, playbook, &pages).await;
    Ok(Report::of_mismatches(playbook, &found))
}

fn show(score: &Score) -> Result<(), Failure> {
    let mut out = stdout().lock();
    let mut table = output::table(["change"; 1]);
    let heads: Vec<&str> = ["change"].into_iter().chain(score.flows()).chain(["all"]).collect();
    table.set_header(heads);
    for (name, counts) in score.rows() {
        let cell = |count: &Option<Count>| {
            count.map_or("–".to_owned(), |count| format!("{}/{}", count.survived, count.of))
        };
        table.add_row([name.to_owned()].into_iter().chain(counts.iter().map(cell)));
    }
    writeln!(out, "{table}")?;
    let mut lines = |title: &str, tried: Vec<&Tried>| -> Result<(), Failure> {
        if tried.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n{title}")?;
        for each in tried {
            let state = each.state.as_ref().map(|state| format!(" ({state})")).unwrap_or_default();
            let change = each.mutation.unwrap_or(UNCHANGED);
            writeln!(
                out,
                "  {}:{}: {}{state}: {change}: {}",
                score.file,
                each.place,
                each.step,
                each.fate.why()
            )?;
        }
        Ok(())
    };
    lines("Misled, which must not be:", score.misled().collect())?;
    lines("Broken, and said so:", score.broken().collect())?;
    lines("Not tried, since their pages cannot be shown:", score.untried.iter().collect())?;
    if !score.unrecorded.is_empty() {
        writeln!(out, "\nNot recorded: {}", score.unrecorded.join(", "))?;
    }
    if score.tried.is_empty() && score.untried.is_empty() {
        writeln!(
            out,
            "\nNothing was recorded that could be tried: `turnlock playbook test FILE --account REF --record` records it"
        )?;
    }
    let total = score.total();
    writeln!(
        out,
        "\n{}: {} of {} survived ({} %), {} misled",
        score.file,
        total.survived,
        total.of,
        total.percent(),
        score.misled().count()
    )?;
    Ok(())
}

/// Replaces what stands between the marks of these scores. Each app's stands under a heading of its own, by name.
fn write_into(document: &Path, scores: &[Score]) -> Result<(), Failure> {
    let text = read(document)?;
    let marks = text.find(BEGIN).map(|at| at + BEGIN.len()).zip(text.find(END));
    let Some((begin, end)) = marks.filter(|(begin, end)| begin <= end) else {
        return Err(Failure::usage(format_args!(
            "{} has no lines `{BEGIN}` and `{END}` for the scores to stand between",
            document.display()
        )));
    };
    let text = format!("{}\n\n{}\n{}", &text[..begin], sections(&text[begin..end], scores), &text[end..]);
    std::fs::write(document, text).map_err(|error| {
        Failure::environment(format_args!("{} cannot be written: {error}", document.display()))
    })
}

/// The sections that were there, with those of the scores in their places.
fn sections(before: &str, scores: &[Score]) -> String {
    let old = before.split("\n### ").skip(1).map(|section| {
        let app = section.lines().next().unwrap_or_default();
        (app.to_owned(), format!("### {}\n", section.trim_end()))
    });
    let mut sections: BTreeMap<String, String> = old.collect();
    sections.extend(scores.iter().map(|score| (score.app.clone(), score.markdown())));
    sections.into_values().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_of_other_playbooks_stay_as_they_are() {
        let score = |app: &str| Score { app: app.to_owned(), ..Score::default() };
        let before = format!("\n\n{}\n{}\n", score("acme").markdown(), score("directus").markdown());
        let old = before.replace("0 of 0", "7 of 9");
        let new = sections(&old, &[score("acme"), score("allauth")]);
        let heads: Vec<_> = new.lines().filter(|line| line.starts_with("###")).collect();
        assert_eq!(heads, ["### acme", "### allauth", "### directus"]);
        assert_eq!((new.matches("0 of 0").count(), new.matches("7 of 9").count()), (2, 1), "{new}");
        // To write the same once more changes nothing.
        assert_eq!(sections(&format!("\n\n{new}\n"), &[score("allauth")]), new);
    }
}
