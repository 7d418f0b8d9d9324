//! Where the app asks for something that only a person can do, such as an approval on a phone: the job waits, if it may, until
//! the page goes on or somebody says how.

use secrecy::ExposeSecret as _;
use tokio::time::sleep;

use super::halt::{Halt, StepError};
use super::human::{Asked, Came, LOOK};
use super::session::{Session, Walked};
use crate::job::{Decision, Wanted};
use crate::playbook::{Expect, Step, Target};

impl Session<'_> {
    /// The `expect` has seen `needs_human`, its state at this place. How the flow goes on where a person sees to it; `None` if
    /// it ends as that.
    pub(super) async fn seen_to(
        &mut self,
        step: &Step,
        expect: &Expect,
        seen: usize,
    ) -> Result<Option<Walked>, Halt> {
        // Whoever gave a wrong password or code is not asked for that: the app counts nothing, however this ends. What
        // it says when it has gone on is about what was sent, though.
        let sent = std::mem::take(&mut self.values.sent);
        if !self.waits_for_people() {
            return Ok(None);
        }
        let others: Vec<usize> = (0..expect.branches.len()).filter(|place| *place != seen).collect();
        let targets: Vec<&Target> = others.iter().map(|place| &expect.branches[*place].see).collect();
        let went_on = async {
            loop {
                match self.page.first_of(&targets, "", self.context.patience()).await {
                    Ok(place) => return others[place],
                    // A page that cannot be reached for a moment has not gone on.
                    Err(_) => sleep(LOOK).await,
                }
            }
        };
        let Asked { came, log, began } = self.ask_people(step, Wanted::Decision, went_on).await?;
        self.took_its_time(began);
        let decision = match came {
            Came::Gone(gone) => {
                let error = StepError::from(gone);
                log.failed(error.words(&step.id));
                return Err(self.halted(step, error));
            }
            Came::Page(place) => {
                log.ok_with(format!("the page went on: {}", expect.branches[place].state));
                self.values.sent = sent;
                return Box::pin(self.came_to(step, expect, place)).await.map(Some);
            }
            Came::Answer(said, by) => {
                let decision = said.expose_secret().parse().unwrap_or(Decision::GiveUp);
                log.ok_with(format!("{decision}, says {by}"));
                decision
            }
            Came::Nothing => {
                log.failed(format!("nobody has said anything within {} s", began.elapsed().as_secs()));
                Decision::GiveUp
            }
            Came::Stop(reason) if self.context.counts(reason) => return Err(Halt::Stopped(reason)),
            Came::Stop(_) => {
                log.failed("the attempt is to stop");
                Decision::GiveUp
            }
        };
        match decision {
            Decision::GiveUp => Ok(None),
            Decision::GoOn => {
                self.values.sent = sent;
                let then = &expect.branches[seen].then;
                match Box::pin(self.walk_steps(then, None)).await? {
                    Walked::On => Box::pin(self.walk_step(step)).await.map(Some),
                    other => Ok(Some(other)),
                }
            }
        }
    }
}
