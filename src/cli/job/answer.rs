use std::io::{Write, stderr, stdout};
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::{Context, Exit, Failure};
use crate::answer::{Answer as Said, NotGiven, asked, give, is_taken};
use crate::cli::output::{local_time, printable, short_id};
use crate::cli::{parts, secret_input, which_job, who};
use crate::job::{Decision, Wanted};
use crate::store::QuestionRow;

pub const HELP: &str = "\
Examples:
  turnlock job answer 30b2a4d7               # asks for the code, and does not show it
  oathtool --totp -b @seed | turnlock job answer 30b2a4d7
  turnlock job answer 30b2a4d7 --go-on       # what the app asked of a person is done

A job waits for a person only if it was submitted with --wait-for-human, or `wait_for_human` in its message. The code is \
never taken from the arguments, where every process of the machine could read it. It is sealed for the one worker that \
waits; the database holds nothing else of it. It is waited for up to 5 s that the worker takes it. A job that waits for a decision takes --go-on or --give-up. The exit code is 1 if the job waits for nothing, or its worker has not taken what was given.";

/// A worker that lives takes what it is given sooner.
const TAKES: Duration = Duration::from_secs(5);

/// The command that answers it.
pub fn hint(question: &QuestionRow) -> String {
    let decide = if question.wanted == Wanted::Decision { " --go-on, or --give-up" } else { "" };
    format!("turnlock job answer {}{decide}", short_id(question.job))
}

#[derive(Debug, Args)]
pub struct Answer {
    /// The job: its id, or the end of it, as `turnlock log` shows it
    #[arg(value_name = "ID")]
    job: String,
    /// What the app asked of a person is done: the job goes on in its page
    #[arg(long, conflicts_with = "give_up")]
    go_on: bool,
    /// It will not be done: the job ends as needs_human
    #[arg(long)]
    give_up: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

impl Answer {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let store = parts::open_store(&context.config()?).await?;
        let job = which_job::identify(store.as_ref(), &self.job).await?;
        let refused = |why: NotGiven| match why {
            NotGiven::Refused(why) => Failure::new(Exit::JobFailed, format_args!("job {job}: {why}")),
            NotGiven::Unfit(why) => Failure::usage(why),
            NotGiven::Store(error) => error.into(),
        };
        let question = asked(store.as_ref(), job, None).await.map_err(refused)?;
        let words = format!(
            "{} asks for {}, for its step {}, until {}",
            question.account,
            question.wanted.words(),
            question.step,
            local_time(question.until)
        );
        writeln!(stderr(), "{}", printable(&words))?;
        let answer = self.answer(&question)?;
        let who = who::at_the_shell();
        give(store.as_ref(), &who, &question, &answer).await.map_err(refused)?;
        let taken = is_taken(store.as_ref(), question.id, TAKES).await?;
        let mut out = stdout().lock();
        if self.json {
            let line =
                json!({ "job": job, "question": question.id, "wanted": question.wanted, "taken": taken });
            writeln!(out, "{line}")?;
        } else if taken {
            let goes = if self.give_up { "ends" } else { "goes on" };
            writeln!(out, "given; the job {goes}: turnlock job show {}", short_id(job))?;
        }
        drop(out);
        if taken {
            return Ok(Exit::Done);
        }
        let attempt = store.attempt(question.attempt).await?;
        let worker = attempt.map_or_else(|| "its worker".to_owned(), |row| format!("worker {}", row.worker));
        let words = format!(
            "given to {worker}, which has not taken it within {} s. If it is gone, another worker takes the job up and \
             asks anew: turnlock job show {}",
            TAKES.as_secs(),
            short_id(job)
        );
        Err(Failure::new(Exit::JobFailed, printable(&words)))
    }

    /// What is said to it: by a flag, or by what comes in.
    fn answer(&self, question: &QuestionRow) -> Result<Said, Failure> {
        Ok(match (self.go_on, self.give_up) {
            (true, _) => Said::Decision(Decision::GoOn),
            (_, true) => Said::Decision(Decision::GiveUp),
            _ if question.wanted == Wanted::Decision => {
                return Err(Failure::usage("it waits for a decision: say --go-on or --give-up"));
            }
            _ => Said::Code(secret_input::from_prompt_or_stdin("the code")?),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::store::QuestionState;

    #[test]
    fn the_hint_is_what_the_question_takes() {
        let question = |wanted| QuestionRow {
            id: Uuid::nil(),
            job: Uuid::from_u128(0x30b2_a4d7),
            attempt: Uuid::nil(),
            account: "acme/alice".parse().unwrap(),
            wanted,
            step: "login.4".to_owned(),
            refused: None,
            key: Vec::new(),
            asked_at: Timestamp::UNIX_EPOCH,
            until: Timestamp::UNIX_EPOCH,
            state: QuestionState::Open,
            answer: None,
            answered_by: None,
            watched: false,
        };
        assert_eq!(hint(&question(Wanted::Totp)), "turnlock job answer 30b2a4d7");
        assert_eq!(hint(&question(Wanted::Decision)), "turnlock job answer 30b2a4d7 --go-on, or --give-up");
    }
}
