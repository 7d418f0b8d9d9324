use std::io::Write;

use clap::Args;
use comfy_table::{Cell, ColumnConstraint};
use serde_json::{Value, json};

use super::Failure;
use crate::cli::output::{self, local_time};
use crate::queue::rabbit::{DeadLetters, Letter, Why};

#[derive(Debug, Args)]
pub struct List {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    /// At most so many, the first in the queue
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

impl List {
    pub fn say(&self, letters: &DeadLetters, out: &mut impl Write) -> Result<(), Failure> {
        let shown = letters.letters().take(self.limit as usize);
        if self.json {
            return Ok(shown.map(as_json).try_for_each(|line| writeln!(out, "{line}"))?);
        }
        if letters.letters().len() == 0 {
            writeln!(out, "no dead letters")?;
            return Ok(());
        }
        let mut table = output::table(["letter", "laid aside", "from", "job", "why"]);
        for letter in shown {
            let job = letter.job().map(|job| format!("{}\n{}", job.kind, job.account));
            table.add_row([
                Cell::new(letter.short_name()),
                Cell::new(letter.at.map(local_time).unwrap_or_default().replace(' ', "\n")),
                Cell::new(letter.queue.unwrap_or_default().trim_start_matches("turnlock.")),
                Cell::new(job.unwrap_or_default()),
                Cell::new(&letter.why),
            ]);
        }
        table.column_iter_mut().take(2).for_each(|column| {
            column.set_constraint(ColumnConstraint::ContentWidth);
        });
        writeln!(out, "{table}")?;
        let all = letters.letters().len() + letters.behind() as usize;
        if all > self.limit as usize {
            writeln!(out, "{} of {all}; --limit shows more", self.limit)?;
        }
        Ok(())
    }
}

/// The letter as programs read it. Fields may be added, none is taken away or renamed.
pub(super) fn as_json(letter: &Letter) -> Value {
    let job = letter.job().ok();
    json!({
        "letter": letter.name(),
        "at": letter.at.map(|at| at.to_string()),
        "queue": letter.queue,
        "by": match letter.why {
            Why::NoJob(_) => Some("turnlock"),
            Why::Unanswered | Why::Other(_) => Some("rabbitmq"),
            Why::Unsaid => None,
        },
        "reason": letter.why.to_string(),
        "message_id": letter.message_id,
        "job": job.map(|job| job.id),
        "kind": job.map(|job| job.kind),
        "account": job.map(|job| &job.account),
        "priority": job.map(|job| job.priority),
        "requeueable": job.is_some(),
    })
}
