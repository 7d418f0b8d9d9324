mod canary;
mod draft_file;
mod fmt;
mod import;
mod mutate;
mod new;
mod run;
mod test;
mod watch;

use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::context::colours_welcome;
use crate::cli::library::{self, Library, files, read};
use crate::cli::{Context, Exit, Failure, output};
use crate::playbook::{self, Rule};

/// Draft, check, run and list playbooks
#[derive(Debug, Args)]
pub struct Playbook {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Draft a playbook from an app's own pages
    New(new::New),
    /// Draft a playbook from a recording of Chrome DevTools Recorder
    Import(import::Import),
    /// Run one flow of a playbook: watched step by step, or rehearsed up to its commit step
    Run(run::Run),
    /// Check playbooks, and say of each mistake where it is and what to write instead
    #[command(after_help = "Example:
  turnlock playbook check playbooks/acme.yaml

Ends with 4 if one of them is invalid.")]
    Check {
        /// Playbooks, or folders of them [default: those that are configured]
        #[arg(value_name = "FILE")]
        paths: Vec<PathBuf>,
        /// Look also whether each step finds something on the pages that were recorded for it; starts a browser
        #[arg(long)]
        pages: bool,
    },
    /// Write playbooks the one way: order of keys, indentation, quotes
    Fmt(fmt::Fmt),
    /// Take an account through everything that a playbook describes, and say what may be relied on
    Test(test::Test),
    /// Run logins and rehearse the other flows on test accounts, once or on a schedule, and mark apps that have changed
    Canary(canary::Canary),
    /// Try a playbook on its recorded pages as the app might change them, and count what it survives
    Mutate(mutate::Mutate),
    /// Say more of a message's code, with an example of what is wrong and what is right; without a code, list them all
    #[command(after_help = "Example:
  turnlock playbook explain P0402")]
    Explain {
        /// The code that stands in brackets behind `error` or `warning`, or its name
        #[arg(value_name = "CODE")]
        code: Option<String>,
    },
    /// List the playbooks that are configured, and what they can do
    List,
    /// Print the JSON Schema of playbooks, from which editors complete
    #[command(after_help = "Example, for editors with the YAML language server:
  turnlock playbook schema > playbooks/playbook.schema.json
and begin each playbook there with
  # yaml-language-server: $schema=playbook.schema.json")]
    Schema,
    /// Print the reference: every key with its meaning and an example, in Markdown
    Reference,
}

impl Playbook {
    /// Does it.
    ///
    /// # Errors
    /// If a playbook cannot be read.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            Command::New(new) => new.run(context).await,
            Command::Import(import) => import.run(context),
            Command::Run(run) => run.run(context).await,
            Command::Fmt(fmt) => fmt.run(context),
            Command::Check { paths, pages } => check(paths, pages, context).await,
            Command::Test(test) => test.run(context).await,
            Command::Canary(canary) => canary.run(context).await,
            Command::Mutate(mutate) => mutate.run(context).await,
            Command::Explain { code } => explain(code.as_deref()),
            Command::List => list(context),
            Command::Reference => {
                write!(stdout(), "{}", playbook::reference())?;
                Ok(Exit::Done)
            }
            Command::Schema => {
                writeln!(stdout(), "{:#}", playbook::schema())?;
                Ok(Exit::Done)
            }
        }
    }
}

async fn check(paths: Vec<PathBuf>, pages: bool, context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let files = files(if paths.is_empty() { &config.playbooks } else { &paths })?;
    if files.is_empty() {
        return Err(Failure::usage("there is no playbook to check: name one"));
    }
    let colour = stderr().is_terminal() && colours_welcome(&context.environment);
    let mut exit = Exit::Done;
    let pool = if pages { Some(mutate::start(&config).await?) } else { None };
    for file in files {
        let name = file.display().to_string();
        let source = read(&file)?;
        match library::parse_any(&file, &source, &config.origins) {
            Ok(playbook) => {
                write!(stderr(), "{}", playbook.warnings.render(colour))?;
                if let Some(pool) = &pool {
                    let report = mutate::mismatches(pool, &playbook).await?;
                    write!(stderr(), "{}", report.render(colour))?;
                    if report.has_errors() {
                        exit = Exit::PlaybookInvalid;
                        continue;
                    }
                }
                let flows: Vec<_> = playbook.flows.iter().map(|flow| flow.kind.as_str()).collect();
                writeln!(stdout(), "{name}: fine ({}: {})", playbook.title, flows.join(", "))?;
                let open = source.lines().filter(|line| line.trim_start().starts_with("# ?")).count();
                if open > 0 {
                    let questions = if open == 1 { "question is" } else { "questions are" };
                    writeln!(stderr(), "{name}: {open} {questions} still open in it: the lines with `# ?`")?;
                }
            }
            Err(report) => {
                writeln!(stderr(), "{}", report.render(colour).trim_end())?;
                exit = Exit::PlaybookInvalid;
            }
        }
    }
    if let Some(pool) = pool {
        pool.close().await;
    }
    Ok(exit)
}

fn explain(code: Option<&str>) -> Result<Exit, Failure> {
    let Some(code) = code else {
        let mut table = output::table(["code", "name"]);
        for rule in Rule::ALL {
            table.add_row([rule.code(), rule.name()]);
        }
        writeln!(stdout(), "{table}")?;
        return Ok(Exit::Done);
    };
    let rule = Rule::find(code).ok_or_else(|| {
        let meant =
            Rule::nearest(code).map(|rule| format!("; did you mean {} ({})?", rule.code(), rule.name()));
        let meant = meant.unwrap_or_default();
        Failure::usage(format!(
            "there is no code `{code}`{meant}: `turnlock playbook explain` lists them all"
        ))
    })?;
    writeln!(stdout(), "{}", rule.explanation())?;
    Ok(Exit::Done)
}

fn list(context: &Context) -> Result<Exit, Failure> {
    let config = context.config()?;
    let library = Library::load(&config.playbooks, &config.origins, context.colour)?;
    let mut table = output::table(["app", "title", "at", "flows", "file"]);
    for playbook in library.iter() {
        let flows: Vec<_> = playbook.flows.iter().map(|flow| flow.kind.as_str()).collect();
        table.add_row([
            playbook.app.to_string(),
            playbook.title.clone(),
            playbook.app_origin().to_string(),
            flows.join(", "),
            match &playbook.warnings.family {
                Some(family) => format!("{}, {}", playbook.name, family.file),
                None => playbook.name.clone(),
            },
        ]);
    }
    writeln!(stdout(), "{table}")?;
    match library.complaint() {
        Some(complaint) => {
            Err(Failure::new(Exit::PlaybookInvalid, format_args!("not all can be used\n{complaint}")))
        }
        None => Ok(Exit::Done),
    }
}
