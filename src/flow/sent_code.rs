//! A code that the app does not take: the next one is awaited, a few times.

use jiff::Timestamp;
use uuid::Uuid;

use super::halt::Halt;
use super::mail::Channel;
use super::session::{Session, Walked};
use crate::playbook::{Action, End, Step, Value};

/// So many codes are tried at most where the app takes none: each may count as a wrong attempt.
const MOST: u32 = 2;

/// The last code that was sent to the account, and the steps since, which are done again for the next one.
#[derive(Default)]
pub(super) struct SentCode {
    from: Option<Received>,
    /// The step that typed the code, and those behind it.
    steps: Vec<Step>,
    tried: u32,
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
        self.from = Some(Received { channel, request, sent_at });
    }

    /// When the last code was sent, by the sender's clock: no earlier one is of use any more.
    pub fn last_sent(&self, channel: Channel) -> Option<Timestamp> {
        self.from.filter(|from| from.channel == channel).and_then(|from| from.sent_at)
    }
}

impl Session<'_> {
    /// The app did not take the code: notes that, has it send another where the playbook says how, and does with the
    /// next one what was done with this one. `None` if there is nothing more to try; how the flow goes on otherwise.
    pub(super) async fn try_next_code(&mut self, expect: &Step) -> Result<Option<Walked>, Halt> {
        let Some(Received { channel, request, .. }) = self.sent.from else { return Ok(None) };
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
        let again =
            Step { action: Action::Click(resend), id: format!("{}.resend", expect.id), place: expect.place };
        for step in std::iter::once(&again).chain(&steps) {
            self.sent.note(step);
            // Whoever edits the playbook here goes on in it.
            if let edited @ Walked::Edited { .. } = self.walk_step(step).await? {
                return Ok(Some(edited));
            }
        }
        self.walk_step(expect).await.map(Some)
    }
}
