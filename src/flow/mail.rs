use std::fmt::Display;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

use super::halt::StepError;
use super::session::Session;
use super::values::ValueError;
use crate::inbox::extract::ExtractHints;
use crate::inbox::links::{LinkHints, MailedLink, address_secrets};
use crate::inbox::{Request, Ticket};
use crate::playbook::Step;
use crate::redact;

/// Mail takes its time, whatever the playbook says of its steps.
const MAIL: Duration = Duration::from_secs(60);

impl Session<'_> {
    /// The code that the app mailed for what was last clicked. Waits as long as the step's own `timeout`, if it
    /// has one.
    pub(super) async fn mailed_code(
        &mut self,
        step: &Step,
        within: Option<Duration>,
    ) -> Result<SecretString, ValueError> {
        let host = self.origins().next().and_then(|url| url.host_str().map(str::to_owned));
        let hints = ExtractHints { digits: None, origin_host: host };
        let began = Instant::now();
        let code = async {
            let code = self.ask(hints)?.next_code(self.mail_by(within)).await;
            code.map_err(not_received)
        };
        let code = self.awaited(step, "wait for the mailed code", code).await?;
        self.took_its_time(began);
        redact::register(&code);
        Ok(code)
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
        let link = async {
            let link = self.ask(hints)?.next_link(self.mail_by(within)).await;
            link.map_err(not_received)
        };
        let link = self.awaited(step, "wait for the mailed link", link).await?;
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
        self.context.playbook.origins.iter().filter_map(|(_, origin)| Url::parse(origin.as_str()).ok())
    }

    /// Opens a request for what the app mailed to the account's managed address.
    fn ask<S>(&self, hints: S) -> Result<Ticket<S>, StepError> {
        let context = self.context;
        let address = context.account.address.clone().ok_or(StepError::NoAddress)?;
        let inbox =
            context.inbox.as_ref().ok_or_else(|| StepError::CodeNotReceived("no inbox is running here: its address is in use, as by a worker; submit the job for that worker, or name a free one with --inbox-url".into()))?;
        let request = Request { job: context.job.id, address, asked_at: self.values.asked_at, hints };
        inbox.request(request).map_err(not_received)
    }

    fn mail_by(&self, within: Option<Duration>) -> Instant {
        Instant::now() + within.unwrap_or_else(|| self.within(None).max(MAIL))
    }

    /// Waits for mail, in a line of the log of its own.
    async fn awaited<T>(
        &self,
        step: &Step,
        what: &str,
        mail: impl Future<Output = Result<T, StepError>>,
    ) -> Result<T, ValueError> {
        let log = self.context.steps.begin(&step.id, what);
        let mail = tokio::select! {
            mail = mail => mail,
            halt = self.context.must_stop() => return Err(halt.into()),
        };
        match &mail {
            Ok(_) => log.ok(),
            Err(error) => log.failed(error.to_string()),
        }
        Ok(mail?)
    }
}

fn not_received(error: impl Display) -> StepError {
    StepError::CodeNotReceived(error.to_string())
}
