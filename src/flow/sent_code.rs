//! A code that the app does not take: the next one is awaited, a few times.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use super::codelike::without_what_may_be_secret;
use super::halt::Halt;
use super::mail::Channel;
use super::session::{Session, Walked};
use super::watch::guarded;
use crate::playbook::{Action, End, Step, Target, Value};

/// So many codes are tried at most where the app takes none: each may count as a wrong attempt.
const MOST: u32 = 2;

/// A field that the app still shows beside its refusal is there with it.
const STILL_THERE: Duration = Duration::from_secs(1);

/// Of what the app says, so many characters are kept.
const LONGEST: usize = 100;

/// The last code that was sent to the account or given by a person, and the steps since, which are done again for the next
/// one.
#[derive(Default)]
pub(super) struct SentCode {
    from: Option<Source>,
    /// The step that typed the code, and those behind it.
    steps: Vec<Step>,
    tried: u32,
    asked_again: bool,
    /// What the app showed when it refused the last code, without secrets.
    showed: Option<String>,
}

/// Where it came from.
#[derive(Clone, Copy)]
enum Source {
    Message(Received),
    Person,
}

/// A message that was taken.
#[derive(Clone, Copy)]
struct Received {
    channel: Channel,
    request: Uuid,
    sent_at: Option<Timestamp>,
}

impl SentCode {
    /// A step is about to be done.
    pub fn note(&mut self, step: &Step) {
        match &step.action {
            Action::Fill { with: Value::EmailCode | Value::SmsCode, .. } => self.steps = vec![step.clone()],
            // A new secret is handed to the app once.
            Action::Commit(_) => self.steps.clear(),
            Action::Expect(_) => {}
            _ if !self.steps.is_empty() => self.steps.push(step.clone()),
            _ => {}
        }
    }

    pub fn received(&mut self, channel: Channel, request: Uuid, sent_at: Option<Timestamp>) {
        self.tried += 1;
        self.from = Some(Source::Message(Received { channel, request, sent_at }));
    }

    /// A person has given the code for this step.
    pub fn given(&mut self, step: &Step) {
        self.tried += 1;
        self.from = Some(Source::Person);
        self.steps = match step.action {
            Action::Commit(_) => Vec::new(),
            _ => vec![step.clone()],
        };
    }

    /// The app did not take the code that a person gave: another one is asked of people, and looked for nowhere else.
    pub fn is_asked_again(&self) -> bool {
        self.asked_again
    }

    /// The same, with what the app showed, as far as that is known.
    pub fn refusal(&self) -> Option<String> {
        self.asked_again.then(|| self.showed.clone().unwrap_or_default())
    }

    /// When the last code was sent, by the sender's clock: no earlier one is of use any more.
    pub fn last_sent(&self, channel: Channel) -> Option<Timestamp> {
        match self.from {
            Some(Source::Message(from)) if from.channel == channel => from.sent_at,
            _ => None,
        }
    }
}

impl Session<'_> {
    /// The app did not take the code: notes that, has it send another where the playbook says how, and does with the
    /// next one what was done with this one. `seen` is what showed it. `None` if there is nothing more to try; how the
    /// flow goes on otherwise.
    pub(super) async fn try_next_code(
        &mut self,
        expect: &Step,
        seen: &Target,
    ) -> Result<Option<Walked>, Halt> {
        let Received { channel, request, .. } = match self.sent.from {
            Some(Source::Message(received)) => received,
            Some(Source::Person) => return self.try_another_of_the_person(expect, seen).await,
            None => return Ok(None),
        };
        if let Err(error) = self.context.vault.store().refuse_message(request).await {
            tracing::warn!(%error, "it could not be noted that the app did not take a code");
        }
        if self.sent.steps.is_empty() || self.sent.tried >= MOST {
            return Ok(None);
        }
        let Some(resend) = self.resend(channel).cloned() else { return Ok(None) };
        // This one counts against the account, whatever becomes of the next.
        self.context.note_wrong(self.flow, End::CodeRefused).await?;
        let steps = std::mem::take(&mut self.sent.steps);
        if channel == Channel::Sms {
            // It is anybody's again since the last code came.
            self.hold_number().await?;
        }
        let resent =
            Step { action: Action::Click(resend), id: format!("{}.resend", expect.id), place: expect.place };
        self.do_again(std::iter::once(&resent).chain(&steps), expect).await.map(Some)
    }

    /// The same, where a person gave the code and may have mistyped it: asks again, if the app still shows the field.
    async fn try_another_of_the_person(
        &mut self,
        expect: &Step,
        seen: &Target,
    ) -> Result<Option<Walked>, Halt> {
        let Some(Step { action: Action::Fill { into, .. }, .. }) = self.sent.steps.first() else {
            return Ok(None);
        };
        if self.sent.tried >= MOST || !self.waits_for_people() {
            return Ok(None);
        }
        let showed = self.said_by(seen).await;
        if self.page.first_of(&[into], &into.to_string(), STILL_THERE).await.is_err() {
            return Ok(None);
        }
        // This one counts against the account, whatever becomes of the next.
        self.context.note_wrong(self.flow, End::CodeRefused).await?;
        let steps = std::mem::take(&mut self.sent.steps);
        self.sent.asked_again = true;
        self.sent.showed = showed;
        let walked = self.do_again(steps.iter(), expect).await?;
        self.sent.asked_again = false;
        Ok(Some(walked))
    }

    /// What the app says there, in quotes, without secrets; which element it is, where that has no words of its own.
    async fn said_by(&self, seen: &Target) -> Option<String> {
        let masked = |words: &str| without_what_may_be_secret(&guarded(self.flow, words));
        let found = self.page.found().map(|found| masked(&found.what));
        // What a field holds is not the app's to say.
        if found.as_deref().is_some_and(|what| what.starts_with("<input") || what.starts_with("<textarea")) {
            return found;
        }
        let said = self.page.glimpse(seen).await;
        let words = said.iter().map(|said| masked(said.text.expose_secret()));
        let words = words.map(|words| clip(&words)).find(|words| !words.is_empty());
        words.map(|words| format!("\"{words}\"")).or(found)
    }

    async fn do_again(&mut self, steps: impl Iterator<Item = &Step>, expect: &Step) -> Result<Walked, Halt> {
        for step in steps {
            self.sent.note(step);
            // Whoever edits the playbook here goes on in it.
            if let edited @ Walked::Edited { .. } = self.walk_step(step).await? {
                return Ok(edited);
            }
        }
        self.walk_step(expect).await
    }
}

/// The text on one line, and not all of a long one.
fn clip(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
