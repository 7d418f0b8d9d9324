//! The codes and links that the app sends to the account.

use std::fmt::Display;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

use super::halt::{Halt, StepError};
use super::session::Session;
use super::values::ValueError;
use crate::inbox::extract::{CodePattern, Expected, ExtractHints};
use crate::inbox::links::{LinkHints, MailedLink, address_secrets};
use crate::inbox::{Request, Senders, Ticket};
use crate::job::{Code, Verdict, Wanted};
use crate::playbook::{Flow, MessagePolicy, Step, Target};
use crate::redact;

/// Mail takes its time, whatever the playbook says of its steps.
const MAIL: Duration = Duration::from_secs(60);

/// The way that the app sends its codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    Mail,
    Sms,
}

impl Channel {
    /// What a person is asked for instead.
    pub(super) const fn wanted(self) -> Wanted {
        match self {
            Self::Mail => Wanted::EmailCode,
            Self::Sms => Wanted::SmsCode,
        }
    }

    /// The line of the log in which it is waited for.
    const fn awaited(self) -> &'static str {
        match self {
            Self::Mail => "wait for the mailed code",
            Self::Sms => "wait for the code in a text message",
        }
    }
}

impl Session<'_> {
    /// The code that the app sent for what was last clicked. Waits as long as the field's own `timeout`, if it
    /// has one.
    pub(super) async fn sent_code(
        &mut self,
        step: &Step,
        channel: Channel,
        into: &Target,
    ) -> Result<SecretString, ValueError> {
        let hints = self.code_hints(channel, into).await?;
        let began = Instant::now();
        let by = self.mail_by(into.timeout);
        let held = if channel == Channel::Sms { self.number_held.take() } else { None };
        let code = async {
            let mut ticket = self.ask(channel, hints, by).await?;
            if let Some(held) = held {
                // What it was held for is what is asked for.
                held.settle().await;
            }
            ticket.next_code(by).await.map_err(not_received)
        };
        let answer = self.awaited(step, channel.awaited(), self.waits_for_people(), code).await?;
        self.took_its_time(began);
        redact::register(&answer.found);
        self.sent.received(channel, answer.request, answer.sent_at);
        let flow = self.playbook.flows.get(self.flow);
        if channel == Channel::Sms && flow.is_some_and(Flow::may_send_texts_again) {
            // It is anybody's since this one came, and another may be on its way before it is asked for.
            self.hold_number().await?;
        }
        Ok(answer.found)
    }

    /// What is known of the code: by the playbook, by the app's origins, and by the field that it goes into.
    async fn code_hints(&self, channel: Channel, into: &Target) -> Result<ExtractHints, ValueError> {
        let pattern = self.policy(channel).pattern.as_deref().map(CodePattern::new);
        let unusable =
            |error| StepError::CodeNotReceived(format!("the playbook's pattern cannot be used: {error}"));
        let field = self.page.field(into, self.within(Some(into))).await?;
        Ok(ExtractHints {
            pattern: pattern.transpose().map_err(unusable)?,
            origin_hosts: self.origins().filter_map(|url| url.host_str().map(str::to_owned)).collect(),
            frame_host: field.frame_host,
            expected: Expected {
                maxlength: field.maxlength,
                minlength: field.minlength,
                pattern: field.pattern,
                numeric: field.numeric,
                boxes: field.boxes,
            },
            ..ExtractHints::default()
        })
    }

    /// What the playbook says of such messages.
    fn policy(&self, channel: Channel) -> &MessagePolicy {
        let playbook = &self.playbook;
        match channel {
            Channel::Mail => &playbook.mail,
            Channel::Sms => &playbook.sms,
        }
    }

    /// What has the app send another code.
    pub(super) fn resend(&self, channel: Channel) -> Option<&'_ Target> {
        self.policy(channel).resend.as_ref()
    }

    /// Of several accounts that share a number only one at a time may have the app send codes there: else nobody knows
    /// whose they are. So a flow in which a code may be sent holds the number from its beginning, and again before it has
    /// another code sent.
    pub(super) async fn hold_number(&mut self) -> Result<(), Halt> {
        self.number_held = None;
        if self.context.account.number.is_none() {
            return Ok(());
        }
        let began = Instant::now();
        let lasts = MAIL.max(self.playbook.timeouts.flow);
        // Holding asks for nothing: what was asked for before is waited for from when it was asked.
        let asked_at = std::mem::replace(&mut self.values.asked_at, began);
        let turn = |by| self.ask(Channel::Sms, ExtractHints::default(), by);
        let held = async {
            let waited = turn(began + lasts).await?;
            // However long that took: it is held for a whole flow from now on.
            let held = turn(Instant::now() + lasts).await?;
            waited.settle().await;
            Ok::<_, StepError>(held)
        };
        let held = tokio::select! {
            held = held => held,
            halt = self.context.must_stop() => return Err(halt),
        };
        self.values.asked_at = asked_at;
        self.took_its_time(began);
        self.number_held = Some(held.map_err(|error| {
            Halt::Verdict(Verdict::new(
                Code::AccountBusy,
                format!("The account's number is in use: {error}."),
            ))
        })?);
        Ok(())
    }

    /// The link that the app mailed for what was last clicked, if it leads to a declared origin. From here on
    /// nothing that is said shows any of it.
    pub(super) async fn mailed_link(
        &mut self,
        step: &Step,
        containing: &[String],
        within: Option<Duration>,
    ) -> Result<MailedLink, ValueError> {
        let origins = self.origins().map(|url| url.origin()).collect();
        let hints = LinkHints { origins, containing: containing.to_vec() };
        let began = Instant::now();
        let by = self.mail_by(within);
        let link = async {
            let link = self.ask(Channel::Mail, hints, by).await?.next_link(by).await;
            Ok(link.map_err(not_received)?.found)
        };
        let link = self.awaited(step, "wait for the mailed link", false, link).await?;
        self.took_its_time(began);
        self.register_all(link.secrets());
        Ok(link)
    }

    /// Opens a mailed link as any other address: origin and certificate are looked at.
    pub(super) async fn open_mailed(&mut self, link: &MailedLink) -> Result<(), ValueError> {
        // It is as good as a code that is typed and sent off.
        self.values.typed = true;
        self.values.sent = true;
        self.link_opened = true;
        self.page.open(&link.url(), self.within(None)).await?;
        Ok(())
    }

    /// Registers what of an address may be a secret: a mailed link may lead on to a page whose address holds
    /// another one.
    pub(super) fn cover_address(&self, address: &str) {
        if let (true, Ok(url)) = (self.link_opened, Url::parse(address)) {
            self.register_all(address_secrets(&url));
        }
    }

    fn register_all(&self, secrets: Vec<SecretString>) {
        let account = &self.context.account;
        let known = [Some(&account.username), account.address.as_ref()];
        let public = |secret: &SecretString| {
            known.iter().flatten().any(|name| name.eq_ignore_ascii_case(secret.expose_secret()))
        };
        secrets.iter().filter(|secret| !public(secret)).for_each(redact::register);
    }

    fn origins(&self) -> impl Iterator<Item = Url> {
        self.playbook.origins.iter().filter_map(|(_, origin)| Url::parse(origin.as_str()).ok())
    }

    /// Opens a request for what the app sent to the account.
    async fn ask<S>(&self, channel: Channel, hints: S, by: Instant) -> Result<Ticket<S>, StepError> {
        let context = self.context;
        let (address, missing) = match channel {
            Channel::Mail => (&context.account.address, StepError::NoAddress),
            Channel::Sms => (&context.account.number, StepError::NoNumber),
        };
        let policy = self.policy(channel);
        let request = Request {
            job: context.job.id,
            account: context.job.account.clone(),
            fence: context.vault.fence().cloned(),
            address: address.clone().ok_or(missing)?,
            asked_at: self.values.asked_at,
            sent_after: self.sent.last_sent(channel),
            senders: Senders {
                from: policy.from.clone(),
                authenticated: policy.authenticated,
                servers: context.mail_servers.clone(),
            },
            hints,
        };
        context.inbox.request(request, by).await.map_err(not_received)
    }

    fn mail_by(&self, within: Option<Duration>) -> Instant {
        Instant::now() + within.unwrap_or_else(|| self.within(None).max(MAIL))
    }

    /// Waits for mail, in a line of the log of its own. Where a person is asked for what does not come, nothing has failed
    /// yet.
    async fn awaited<T>(
        &self,
        step: &Step,
        what: &str,
        or_of_a_person: bool,
        mail: impl Future<Output = Result<T, StepError>>,
    ) -> Result<T, ValueError> {
        let log = self.context.steps.begin(&step.id, what);
        let mail = tokio::select! {
            mail = mail => mail,
            halt = self.context.must_stop() => return Err(halt.into()),
        };
        match &mail {
            Ok(_) => log.ok(),
            Err(error) if or_of_a_person => log.skipped(format!("{error}; a person is asked for it")),
            Err(error) => log.failed(error.to_string()),
        }
        Ok(mail?)
    }
}

fn not_received(error: impl Display) -> StepError {
    StepError::CodeNotReceived(error.to_string())
}
