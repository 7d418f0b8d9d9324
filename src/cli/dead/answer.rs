use std::collections::BTreeSet;
use std::io::Write;

use clap::Args;

use super::{Failure, find, what};
use crate::audit::entry;
use crate::cli::output::printable;
use crate::cli::who;
use crate::queue::rabbit::{DeadLetters, Letter, RequeueError};
use crate::store::NewAudit;

/// Which letters are meant.
#[derive(Debug, Args)]
pub struct Which {
    /// The letters as `turnlock dead list` calls them, or the ids of their jobs
    #[arg(value_name = "LETTER", required_unless_present = "all")]
    letters: Vec<String>,
    /// All that lie there
    #[arg(long, conflicts_with = "letters")]
    all: bool,
}

impl Which {
    /// What is about to be done to them, for the audit.
    pub fn entry(&self, action: &str, letters: &DeadLetters) -> NewAudit {
        let places = self.places(letters).unwrap_or_default();
        let jobs = places.iter().filter_map(|place| letters.letter(*place)?.job().ok());
        let accounts: BTreeSet<_> = jobs.map(|job| job.account.clone()).collect();
        let named = if self.all { "all".to_owned() } else { self.letters.join(" ") };
        NewAudit {
            // One affair of several accounts is nobody's own.
            account: accounts.first().filter(|_| accounts.len() == 1 && places.len() == 1).cloned(),
            detail: Some(format!("letters: {}", places.len())),
            ..entry(&who::at_the_shell(), action, printable(&named))
        }
    }

    /// Gives them back to the workers.
    pub async fn requeue(&self, letters: &mut DeadLetters, out: &mut impl Write) -> Result<(), Failure> {
        let said = letters.requeue(self.places(letters)?).await.map_err(Failure::environment)?;
        let mut failed = None;
        for (place, done) in said {
            let (name, asked) = described(letters, place);
            match done {
                Ok(()) => writeln!(out, "requeued {name}: {asked}")?,
                Err(RequeueError::NotAJob(why)) if self.all => {
                    writeln!(out, "left {name}: {}", printable(&why.to_string()))?;
                }
                Err(RequeueError::NotAJob(why)) => {
                    failed.get_or_insert_with(|| {
                        Failure::usage(format_args!(
                            "letter {name} cannot be requeued: {}",
                            printable(&why.to_string())
                        ))
                    });
                }
                Err(RequeueError::Broker(why)) => {
                    failed.get_or_insert_with(|| {
                        Failure::environment(format_args!("letter {name} stays where it is: {why}"))
                    });
                }
            }
        }
        match failed {
            Some(failed) => Err(failed),
            None => self.say_rest(letters, out),
        }
    }

    /// Removes them for good.
    pub async fn drop(&self, letters: &mut DeadLetters, out: &mut impl Write) -> Result<(), Failure> {
        let places = self.places(letters)?;
        letters.discard(places.iter().copied()).await.map_err(Failure::environment)?;
        for place in places {
            let (name, asked) = described(letters, place);
            writeln!(out, "dropped {name}: {asked}")?;
        }
        self.say_rest(letters, out)
    }

    /// Each once, in their order.
    fn places(&self, letters: &DeadLetters) -> Result<BTreeSet<usize>, Failure> {
        if self.all {
            return Ok((0..letters.letters().len()).collect());
        }
        self.letters.iter().map(|name| find(letters, name)).collect()
    }

    fn say_rest(&self, letters: &DeadLetters, out: &mut impl Write) -> Result<(), Failure> {
        if self.all && letters.letters().len() == 0 {
            writeln!(out, "no dead letters")?;
        }
        if self.all && letters.behind() > 0 {
            writeln!(out, "{} more wait behind these: do it again", letters.behind())?;
        }
        Ok(())
    }
}

/// What a letter is called, and what it asked for or why it was laid aside.
fn described(letters: &DeadLetters, place: usize) -> (String, String) {
    let of = |letter: &Letter| {
        let asked = match letter.job() {
            Ok(_) => what(letter),
            Err(_) => format!("no job ({})", letter.why),
        };
        (letter.short_name().to_owned(), printable(&asked))
    };
    letters.letter(place).map(of).unwrap_or_default()
}
