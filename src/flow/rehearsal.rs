//! A rehearsal keeps the page from handing over the new credential, and has a fresh login prove that the app has not got it.

use std::time::Duration;

use super::codelike::without_what_may_be_secret;
use super::context::Context;
use super::halt::{Halt, StepError, end_verdict};
use super::session::Session;
use super::settle::Settled;
use super::values::ValueError;
use crate::browser::{HeldBack, Sends};
use crate::job::{Code, Verdict};
use crate::playbook::{Action, Branch, End, Expect, FlowKind, Step};
use crate::redact::redact;

/// What the login is called that proves that a rehearsal changed nothing.
const BEHIND: &str = "the fresh login behind the rehearsal";

/// So long a page is given to send by itself what was typed, where it waits for a pause in the typing.
const BY_ITSELF: Duration = Duration::from_millis(500);

impl Session<'_> {
    /// What is to become the account's credential is about to be typed: from now on a rehearsal lets the page read, and send no
    /// more than what it has sent by itself before and what tells no secret.
    pub(super) fn hold_back(&self) {
        if self.context.rehearsing && !self.values.candidate_typed {
            self.page.let_send(Sends::Known);
        }
    }

    /// Notes a step that may have handed the app the candidate before the commit step.
    pub(super) fn note_early(&mut self, step: &Step) {
        if self.flow.commits() && self.values.candidate_typed && !self.committed {
            self.values.early.push(format!("{} ({})", step.id, step.summary()));
        }
    }

    /// What became of a step, once it is known what the page was kept from sending in it: a form, and what a click sends with the
    /// credential in it, would have handed that over.
    pub(super) async fn kept_from_sending(
        &mut self,
        step: &Step,
        result: Result<Option<usize>, ValueError>,
    ) -> Result<Option<usize>, ValueError> {
        if !self.context.rehearsing || !self.values.candidate_typed {
            return result;
        }
        let sends = matches!(step.action, Action::Click(_) | Action::Press { .. });
        let ends = matches!(result, Err(ValueError::Halt(Halt::Rehearsed { .. })));
        let held =
            if sends || ends { self.page.held_back_within(BY_ITSELF).await } else { self.page.held_back() };
        let handed = held.iter().find(|held| held.form || (sends && held.tells));
        let words = |held: &HeldBack| redact(&without_what_may_be_secret(&held.what)).into_owned();
        let handed = handed.map(words);
        for what in held.iter().map(words) {
            self.page.note(format!("{what} was held back, for this is a rehearsal"));
            if !self.values.held.contains(&what) {
                self.values.held.push(what);
            }
        }
        match (result, handed) {
            (Ok(_), Some(what)) => Err(StepError::SentEarly { what, early: Vec::new() }.into()),
            (Err(ValueError::Halt(Halt::Rehearsed { early, .. })), Some(what)) => {
                Err(StepError::SentEarly { what, early }.into())
            }
            (Err(ValueError::Halt(Halt::Rehearsed { step, early, .. })), None) => {
                Err(Halt::Rehearsed { step, early, held: self.values.held.clone() }.into())
            }
            (result, _) => result,
        }
    }

    /// That no state shows yet by which the app's answer to the commit step would be told.
    pub(super) async fn is_unanswered(&self, commit: &Step) -> Result<(), ValueError> {
        let mut flows = self.playbook.flows.iter();
        let Some(expect) = flows.find_map(|flow| behind(&flow.steps, &commit.id)) else { return Ok(()) };
        for Branch { state, see, .. } in &expect.branches {
            if self.page.first_of(&[see], &see.to_string(), AT_ONCE).await.is_ok() {
                let (state, target) = (state.to_string(), see.to_string());
                return Err(StepError::AnsweredAlready { state, target }.into());
            }
        }
        Ok(())
    }
}

impl Context<'_> {
    /// Proves that nothing was changed, and gives up the candidate that nobody submitted.
    ///
    /// A page may send off by itself what was typed: until a fresh login has proved the current credentials once more,
    /// the candidate could be the one that opens the account.
    pub(super) async fn after_rehearsal(
        &self,
        flow: FlowKind,
        step: &str,
        early: &[String],
        held: &[String],
    ) -> Result<Verdict, Halt> {
        let words = format!(
            "{flow} was rehearsed up to its commit step {step}, which could be performed and was left out.{}",
            held_words(held)
        );
        // Who recovers an account may well not know what opens it.
        let recovers = flow == FlowKind::Recover;
        let login = match self.log_in_with_current().await {
            Err(Halt::Verdict(verdict)) if verdict.code == Code::AnswerLost && !recovers => {
                return self.settle_early("", early).await;
            }
            Err(halt) if !recovers => return self.unproved(&words, halt).await,
            login => login?,
        };
        let end = login.end;
        if end == End::SignedIn {
            self.reject_unsubmitted(&login.session).await?;
        }
        drop(login.session);
        if end == End::SignedIn {
            let message = format!("{words} A fresh login with the same credentials as before succeeded.");
            return Ok(Verdict::new(Code::Rehearsed, message));
        }
        let ended = end_verdict(end, BEHIND);
        if recovers {
            let reason = ended.message;
            let message = format!("{words} Nothing was submitted; the new password stays pending. {reason}");
            return Ok(Verdict::new(Code::Rehearsed, message));
        }
        self.unproved(&words, ended.into()).await
    }

    /// The login that was to prove that a rehearsal changed nothing came to no such end, and not to a refusal either: the
    /// candidate counts as submitted, so that a reconciliation tries it and the old one.
    async fn unproved(&self, words: &str, halt: Halt) -> Result<Verdict, Halt> {
        if let Halt::Stopped(_) = halt {
            return Err(halt);
        }
        self.submit_pending().await?;
        let message = format!(
            "{words} But a page may send off by itself what was typed, and the fresh login that was to prove that nothing was \
             changed did not succeed. {}",
            halt.after_commit().message
        );
        Ok(Verdict::new(Code::AnswerLost, message))
    }

    /// A rehearsal failed after the candidate was typed, so the app may have it already: a fresh login tells.
    pub(super) async fn after_early(&self, failed: Verdict, early: &[String]) -> Result<Verdict, Halt> {
        let words = &failed.message;
        let login = match self.log_in_with_current().await {
            Err(Halt::Verdict(verdict)) if verdict.code == Code::AnswerLost => {
                return self.settle_early(words, early).await;
            }
            Err(halt) => return self.unproved(words, halt).await,
            Ok(login) => login,
        };
        let end = login.end;
        if end == End::SignedIn {
            self.reject_unsubmitted(&login.session).await?;
        }
        drop(login.session);
        if end != End::SignedIn {
            return self.unproved(words, end_verdict(end, BEHIND).into()).await;
        }
        let message = format!(
            "{words} Nothing was changed: a fresh login with the same credentials as before succeeded."
        );
        Ok(Verdict { message, ..failed })
    }

    /// What opened the account before the rehearsal does so no more: the app was changed by a step before the commit step.
    /// Finds out at once what opens it now.
    async fn settle_early(&self, words: &str, early: &[String]) -> Result<Verdict, Halt> {
        let changed = early_words(early);
        match self.settle_submitted().await {
            Ok(Some(Settled { words: found, promoted })) if promoted.is_empty() => {
                let message = format!(
                    "{words} The app refused the current credentials behind the rehearsal, and then took them. {found}"
                );
                Ok(Verdict::new(Code::PageNotAsDescribed, message.trim_start()))
            }
            Ok(settled) => {
                let settled = settled.map(|settled| settled.words).unwrap_or_default();
                let message = format!(
                    "This was a rehearsal, and the app was changed all the same. {changed}No credential is lost. {settled} {words}"
                );
                Ok(Verdict::new(Code::PageNotAsDescribed, message.trim_end()))
            }
            Err(halt) => {
                let lost = halt.after_commit();
                let message = format!("{changed}{}", lost.message);
                Ok(Verdict::new(lost.code, message))
            }
        }
    }
}

/// Which steps before the commit step are likely to have changed the app, and what to do about it.
fn early_words(early: &[String]) -> String {
    match early {
        [] => "The app seems to have taken the change at a step before the commit step: mark that step as `commit`. "
            .to_owned(),
        steps => format!(
            "The app seems to have taken the change at {}: mark that step as `commit`. ",
            early_steps(steps)
        ),
    }
}

/// Steps by their ids, or the one that it is said of.
pub(super) fn early_steps(early: &[String]) -> String {
    match early {
        [] => "this step".to_owned(),
        [one] => format!("step {one}"),
        several => format!("one of the steps {}", several.join(", ")),
    }
}

/// What the page was kept from sending, if it was anything.
pub(super) fn held_words(held: &[String]) -> String {
    if held.is_empty() {
        return String::new();
    }
    format!(
        " The page would have sent {} by itself once the new credential was typed; this was held back, for it was a rehearsal.",
        held.join(", ")
    )
}

/// What is on the page without being waited for.
const AT_ONCE: Duration = Duration::from_millis(100);

/// The `expect` behind the step of this id, here or within a branch.
fn behind<'a>(steps: &'a [Step], id: &str) -> Option<&'a Expect> {
    steps.iter().enumerate().find_map(|(nth, step)| match (&step.action, steps.get(nth + 1)) {
        (_, Some(Step { action: Action::Expect(expect), .. })) if step.id == id => Some(expect),
        (Action::Expect(expect), _) => expect.branches.iter().find_map(|branch| behind(&branch.then, id)),
        _ => None,
    })
}
