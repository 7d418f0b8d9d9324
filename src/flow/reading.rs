use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;

use super::halt::StepError;
use super::session::Session;
use super::values::{Totp, ValueError};
use crate::browser::PageError;
use crate::credential::{RecoveryCodes, TotpSecret, qr};
use crate::playbook::{Action, CodesSource, SecretForm, SecretSource, Step, Target};
use crate::redact;
use crate::store::CandidateKind;

impl Session<'_> {
    /// Reads the TOTP secret that the page shows, and writes it to the ledger as pending.
    ///
    /// All forms that the page shows are read: a link and a QR picture carry the settings (digits, period, hash)
    /// that a bare text leaves out, so they are preferred; and two forms that differ are an error.
    pub(super) async fn read_secret(&mut self, sources: &[SecretSource]) -> Result<(), ValueError> {
        let mut left: Vec<&SecretSource> = sources.iter().collect();
        let mut read: Vec<(SecretForm, TotpSecret)> = Vec::new();
        let mut failures = Vec::new();
        while !left.is_empty() {
            let targets: Vec<&Target> = left.iter().map(|source| &source.from).collect();
            // Only the first is waited for; the others are there with it or not at all.
            let within =
                if read.is_empty() && failures.is_empty() { self.within(Some(targets[0])) } else { QUICK };
            match self.page.first_of(&targets, "the TOTP secret", within).await.map_err(nameless) {
                Ok(first) => {
                    let source = left.remove(first);
                    match self.read_source(source).await {
                        Ok(secret) => read.push((source.how, secret)),
                        Err(ReadError::Page(error)) if read.is_empty() && left.is_empty() => {
                            return Err(error.into());
                        }
                        Err(error) => failures.push(format!("the {} {error}", source.how.as_str())),
                    }
                }
                Err(error) if read.is_empty() && failures.is_empty() => return Err(error.into()),
                Err(_) => break,
            }
        }
        read.sort_by_key(|(how, _)| match how {
            SecretForm::Link => 0,
            SecretForm::Qr => 1,
            SecretForm::Text => 2,
        });
        for (_, secret) in &read {
            redact::register(&secret.base32());
            redact::register(&secret.to_uri());
        }
        if let Some(pair) = read.windows(2).find(|pair| !same_key(&pair[0].1, &pair[1].1)) {
            let (one, other) = (pair[0].0.as_str(), pair[1].0.as_str());
            return Err(
                StepError::Unreadable(format!("the {one} and the {other} hold different secrets")).into()
            );
        }
        let Some((_, secret)) = read.into_iter().next() else {
            return Err(StepError::Unreadable(failures.join("; ")).into());
        };
        let held = self.propose(CandidateKind::Totp, &secret.to_uri()).await?;
        crate::failpoint::reach("enrol_mfa.proposed");
        self.read_totp = Some(held.clone());
        self.values.totp = Some(Totp { held, secret });
        Ok(())
    }

    /// Has known to be secret what the playbook's own steps would read off the page as it is now: a page may show it long
    /// before the step that reads it, or right behind a login, and what is kept of the page is to hold nothing of it.
    pub(super) async fn know_what_is_shown(&self) {
        let playbook = Arc::clone(&self.playbook);
        let mut steps: Vec<&Step> = playbook.flows.iter().flat_map(|flow| &flow.steps).collect();
        while let Some(step) = steps.pop() {
            match &step.action {
                Action::ReadSecret { sources } => {
                    for source in sources {
                        for secret in self.glimpse(source).await {
                            redact::register(&secret.base32());
                            redact::register(&secret.to_uri());
                        }
                    }
                }
                Action::ReadRecoveryCodes { from: CodesSource::Element(element), count } => {
                    for seen in self.page.glimpse(element).await {
                        if let Ok(codes) = RecoveryCodes::parse(seen.text.expose_secret(), *count) {
                            codes.iter().for_each(redact::register);
                        }
                    }
                }
                Action::Expect(expect) => {
                    steps.extend(expect.branches.iter().flat_map(|branch| &branch.then))
                }
                _ => {}
            }
        }
    }

    /// What a source shows now. Pictures are covered whatever they show, and are not read.
    async fn glimpse(&self, source: &SecretSource) -> Vec<TotpSecret> {
        let seen = self.page.glimpse(&source.from).await;
        let read = seen.iter().filter_map(|seen| match source.how {
            SecretForm::Text => from_text(seen.text.expose_secret()).ok(),
            SecretForm::Link => TotpSecret::from_uri(seen.link.expose_secret()).ok(),
            SecretForm::Qr => None,
        });
        read.collect()
    }

    async fn read_source(&self, source: &SecretSource) -> Result<TotpSecret, ReadError> {
        let within = self.within(Some(&source.from));
        match source.how {
            SecretForm::Text => {
                let text = self.page.read_text(&source.from, within).await.map_err(nameless)?;
                from_text(text.expose_secret())
            }
            SecretForm::Link => {
                let link = self.page.read_link(&source.from, within).await.map_err(nameless)?;
                TotpSecret::from_uri(link.expose_secret())
                    .map_err(|error| ReadError::Content(error.to_string()))
            }
            SecretForm::Qr => {
                let picture = self.page.picture(&source.from, within).await.map_err(nameless)?;
                let codes = tokio::task::spawn_blocking(move || qr::decode(&picture)).await;
                let codes = codes.map_err(|error| ReadError::Content(error.to_string()))?;
                let codes = codes.map_err(|error| ReadError::Content(error.to_string()))?;
                let secrets = codes.iter().map(|code| TotpSecret::from_uri(code.expose_secret()));
                secrets
                    .reduce(|one, other| one.or(other))
                    .unwrap_or_else(|| TotpSecret::from_uri(""))
                    .map_err(|error| ReadError::Content(error.to_string()))
            }
        }
    }

    /// Reads the recovery codes that the page shows or offers as a file, and writes them to the ledger as pending.
    pub(super) async fn read_recovery_codes(
        &mut self,
        from: &CodesSource,
        count: Option<usize>,
    ) -> Result<(), ValueError> {
        let text = match from {
            CodesSource::Element(element) => self.page.read_text(element, self.within(Some(element))).await,
            CodesSource::Download(button) => self.page.download(button, self.within(Some(button))).await,
        };
        let text = text.map_err(nameless)?;
        let codes = RecoveryCodes::parse(text.expose_secret(), count)
            .map_err(|error| StepError::Unreadable(error.to_string()))?;
        for code in codes.iter() {
            redact::register(code);
        }
        let held = self.propose(CandidateKind::RecoveryCodes, &codes.to_json()).await?;
        if self.committed {
            // The app knows them already: they came with its answer.
            self.context.vault.mark_submitted(held.candidate).await.map_err(super::halt::Halt::from)?;
        }
        crate::failpoint::reach("enrol_mfa.codes_proposed");
        self.read_codes = Some(held);
        Ok(())
    }
}

/// Other forms of a secret stand beside the first, so they are not waited for.
const QUICK: Duration = Duration::from_millis(50);

#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error("could not be read: {0}")]
    Page(#[from] PageError),
    #[error("holds no TOTP secret: {0}")]
    Content(String),
}

/// What is wrong with the place of a secret, without the names of what is there: they may be the secret, of whatever
/// look. Nor with the page's messages, which often are what shows it.
fn nameless(mut error: PageError) -> PageError {
    if let PageError::NotAsDescribed { instead, near, page, .. } = &mut error {
        *instead = without_quoted(instead);
        near.clear();
        if !page.messages.is_empty() {
            page.messages = vec!["left out, as they may hold the secret".to_owned()];
        }
    }
    error
}

/// The text with `…` for everything that stands in quotation marks.
fn without_quoted(text: &str) -> String {
    let mut left = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '"' {
            left.push(c);
            continue;
        }
        left.push('…');
        while let Some(c) = chars.next() {
            match c {
                '"' => break,
                // Whatever is escaped does not end it.
                '\\' => drop(chars.next()),
                _ => {}
            }
        }
    }
    left
}

/// The secret itself, or an `otpauth://` address as text, or the secret behind a label (`Secret: ABCD …`).
fn from_text(text: &str) -> Result<TotpSecret, ReadError> {
    let text = text.trim();
    if let Some(at) = text.find("otpauth://") {
        let uri = text[at..].split_whitespace().next().unwrap_or_default();
        return TotpSecret::from_uri(uri).map_err(|error| ReadError::Content(error.to_string()));
    }
    let unlabelled = text.rsplit_once(':').map_or(text, |(_, secret)| secret.trim());
    TotpSecret::from_text(unlabelled).map_err(|error| ReadError::Content(error.to_string()))
}

fn same_key(one: &TotpSecret, other: &TotpSecret) -> bool {
    one.base32().expose_secret() == other.base32().expose_secret()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_left_out_where_a_secret_was_to_be_read() {
        let instead = r#"2 elements match: <td id="a"> "kq\"wm", <td> "xzhp""#;
        assert_eq!(without_quoted(instead), "2 elements match: <td id=…> …, <td> …");
        assert_eq!(without_quoted("nothing on the page matches"), "nothing on the page matches");
    }
}
