//! What a step needs before it is performed: a credential of the vault, what the app sent to the inbox, or a code from a person.

use secrecy::SecretString;
use tokio::time::Instant;

use super::halt::StepError;
use super::mail::Channel;
use super::session::Session;
use super::values::ValueError;
use crate::inbox::links::MailedLink;
use crate::job::Wanted;
use crate::playbook::{Action, Destination, Step, Target, Value};

/// What a step needs of the vault, the inbox or a person.
pub(super) enum Given {
    /// A credential or a code, to be typed.
    Secret(SecretString),
    /// To be opened.
    Link(MailedLink),
}

impl Session<'_> {
    /// What the step needs of the vault, the inbox or a person, if anything.
    pub(super) async fn given_to(&mut self, step: &Step) -> Result<Option<Given>, ValueError> {
        let action = match &step.action {
            Action::Commit(action) => action,
            action => action,
        };
        Ok(match action {
            Action::Fill { into, with } => self.value_of(step, into, with).await?.map(Given::Secret),
            Action::Open(Destination::MailedLink { containing, timeout }) => {
                Some(Given::Link(self.mailed_link(step, containing, *timeout).await?))
            }
            _ => None,
        })
    }

    /// The secret that a field is to hold, if it is one.
    async fn value_of(
        &mut self,
        step: &Step,
        into: &Target,
        with: &Value,
    ) -> Result<Option<SecretString>, ValueError> {
        let context = self.context;
        Ok(match with {
            Value::Username | Value::Address | Value::Number | Value::Text(_) => None,
            Value::Password => Some(self.values.password.secret.clone()),
            Value::NewPassword => {
                let held = self.values.new_password.as_ref().ok_or(StepError::NoValue("new password"))?;
                Some(held.secret.clone())
            }
            Value::Totp => {
                if self.values.totp.is_none() {
                    return self.unmanaged_totp(step, into).await.map(Some);
                }
                // A code lives for seconds, so the field is waited for before it is made.
                self.page.first_of(&[into], &into.to_string(), self.within(Some(into))).await?;
                let began = Instant::now();
                let code = tokio::select! {
                    code = self.values.totp_code(context, &step.id) => code?,
                    halt = context.must_stop() => return Err(halt.into()),
                };
                self.took_its_time(began);
                Some(code)
            }
            Value::EmailCode => Some(self.sent_code_or_given(step, Channel::Mail, into).await?),
            Value::SmsCode => Some(self.sent_code_or_given(step, Channel::Sms, into).await?),
        })
    }

    /// The code that the app sent, from the inbox; or else from a person.
    async fn sent_code_or_given(
        &mut self,
        step: &Step,
        channel: Channel,
        into: &Target,
    ) -> Result<SecretString, ValueError> {
        if self.sent.is_asked_again() {
            let why = StepError::GivenCodeRefused;
            return self.given_by_a_person(step, channel.wanted(), into, why).await;
        }
        match self.sent_code(step, channel, into).await {
            Err(ValueError::Step(why)) if why.is_for_want_of_a_code() => {
                self.given_by_a_person(step, channel.wanted(), into, why).await
            }
            came => came,
        }
    }

    /// A code of a TOTP secret that the vault does not hold, from a person. Where the ledger holds one that is in doubt,
    /// that the app asks for a code tells of it, and no code that is not its own may hide that.
    async fn unmanaged_totp(&mut self, step: &Step, into: &Target) -> Result<SecretString, ValueError> {
        if self.sent.is_asked_again() {
            return self.given_by_a_person(step, Wanted::Totp, into, StepError::GivenCodeRefused).await;
        }
        let why = StepError::NoTotpSecret;
        let known = self.context.credentials().await?;
        let older = &known.previous_totp;
        if known.totp.is_some()
            || known.pending_totp.is_some()
            || !known.refused_totp.is_empty()
            || !older.is_empty()
        {
            return Err(why.into());
        }
        self.given_by_a_person(step, Wanted::Totp, into, why).await
    }
}
