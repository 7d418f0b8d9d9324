use std::io::{Write, stderr, stdout};

use clap::Args;
use serde_json::json;

use super::{Context, Exit, Failure};
use crate::cli::output::{local_time, printable};
use crate::cli::token::at_the_shell;
use crate::cli::{parts, secret_input, which_job};
use crate::credential::GivenCode;
use crate::store::NewAudit;

pub const HELP: &str = "\
Examples:
  turnlock job answer 30b2a4d7               # asks for the code, and does not show it
  oathtool --totp -b @seed | turnlock job answer 30b2a4d7

A job waits for a person only if it was submitted with --wait-for-human, or `wait_for_human` in its message. The code is \
never taken from the arguments, where every process of the machine could read it. It is sealed for the one worker that \
waits; the database holds nothing else of it. The exit code is 1 if the job waits for nothing.";

#[derive(Debug, Args)]
pub struct Answer {
    /// The job: its id, or the end of it, as `turnlock log` shows it
    #[arg(value_name = "ID")]
    job: String,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

impl Answer {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let store = parts::open_store(&context.config()?).await?;
        let job = which_job::identify(store.as_ref(), &self.job).await?;
        let refused = |why: &str| Failure::new(Exit::JobFailed, format_args!("job {job}: {why}"));
        let nothing = || refused("it asks for nothing");
        let question = store.question_of(job).await?.ok_or_else(nothing)?;
        if let Some(why) = question.refusal() {
            return Err(refused(&why));
        }
        let asked = format!(
            "{} asks for {}, for its step {}, until {}",
            question.account,
            question.wanted.words(),
            question.step,
            local_time(question.until)
        );
        writeln!(stderr(), "{}", printable(&asked))?;
        let text = secret_input::from_prompt_or_stdin("the code")?;
        let code = GivenCode::read(secrecy::ExposeSecret::expose_secret(&text)).map_err(Failure::usage)?;
        let sealed = code.seal(question.id, &question.key).map_err(|error| refused(&error.to_string()))?;
        let who = at_the_shell(context);
        let audit = NewAudit {
            who: who.clone(),
            action: "job.answer".to_owned(),
            target: job.to_string(),
            detail: Some(format!("{}, question {}", question.wanted, question.id)),
        };
        store.audit(&audit).await?;
        if !store.answer(question.id, &sealed, &who).await? {
            let now = store.question(question.id).await?.and_then(|row| row.refusal());
            return Err(now.map_or_else(nothing, |why| refused(&why)));
        }
        let mut out = stdout().lock();
        if self.json {
            let line = json!({ "job": job, "question": question.id, "wanted": question.wanted });
            writeln!(out, "{line}")?;
        } else {
            writeln!(out, "given; the job goes on: turnlock job show {}", crate::cli::output::short_id(job))?;
        }
        Ok(Exit::Done)
    }
}
