use std::io::Write;

use clap::Args;
use serde_json::Value;

use super::list::as_json;
use super::{Failure, find, what};
use crate::cli::output::{local_time, printable};
use crate::queue::rabbit::{DeadLetters, Letter, Why};

#[derive(Debug, Args)]
pub struct Show {
    /// The letter as `turnlock dead list` calls it, or the id of its job
    #[arg(value_name = "LETTER")]
    letter: String,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

impl Show {
    pub fn say(&self, letters: &DeadLetters, out: &mut impl Write) -> Result<(), Failure> {
        let place = find(letters, &self.letter)?;
        let Some(letter) = letters.letter(place) else { return Ok(()) };
        if self.json {
            let mut whole = as_json(letter);
            whole["looks"] = Value::from(letter.looks);
            whole["headers"] = Value::Object(letter.headers.clone());
            whole["body"] = letter.body.clone();
            writeln!(out, "{whole}")?;
            return Ok(());
        }
        let mut line = |name: &str, value: &str| writeln!(out, "{name:<12}{}", printable(value));
        line("letter", letter.name())?;
        line("laid aside", &letter.at.map_or_else(|| "nothing says when".to_owned(), local_time))?;
        line("from", letter.queue.unwrap_or("nothing says where from"))?;
        line("why", &letter.why.to_string())?;
        line("asks for", &what(letter))?;
        line("deliveries", deliveries(letter))?;
        line("looks", &format!("looked at {} times before", letter.looks))?;
        if let Some(id) = letter.message_id {
            line("message id", &id.to_string())?;
        }
        for (name, value) in &letter.headers {
            line("header", &format!("{name}: {value}"))?;
        }
        line("body", &format!("{}   (what its fields held is not shown)", letter.body))?;
        match letter.job() {
            Ok(job) => {
                line("what to do", &format!("turnlock dead requeue {}", letter.short_name()))?;
                line("", &format!("what became of the job: turnlock log --job {}", job.id))?;
            }
            Err(why) => {
                line("what to do", &format!("{why}; then: turnlock dead drop {}", letter.short_name()))?
            }
        }
        Ok(())
    }
}

fn deliveries(letter: &Letter) -> &'static str {
    match letter.why {
        Why::Unanswered => "as many as its queue allows (20, if no policy says fewer), none answered",
        Why::NoJob(_) => "answered when it was laid aside",
        Why::Other(_) | Why::Unsaid => "not known",
    }
}
