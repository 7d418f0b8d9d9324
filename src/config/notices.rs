use lettre::message::Mailbox;

use super::resolve::bad_url;
use super::{ConfigError, Key, Raw, ServerUrl, Source};

/// Whom Turnlock writes to when people are wanted, and which server takes the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notices {
    /// The server.
    pub server: ServerUrl,
    /// From whom the mail comes.
    pub from: Mailbox,
    /// Who gets it; at least one.
    pub to: Vec<Mailbox>,
}

impl Notices {
    /// What the three settings say together.
    pub(super) fn understood(
        url: Option<&Raw>,
        from: Option<&Raw>,
        to: Option<&Raw>,
    ) -> Result<Option<Self>, ConfigError> {
        let said = [(Key::NoticeUrl, url), (Key::NoticeFrom, from), (Key::NoticeTo, to)]
            .map(|(key, raw)| (key, raw.filter(|raw| !raw.values.is_empty())));
        let [(_, Some(url)), (_, Some(from)), (_, Some(to))] = said else {
            let Some(at) = said.iter().find_map(|(_, raw)| *raw) else { return Ok(None) };
            let missing: Vec<_> =
                said.iter().filter(|(_, raw)| raw.is_none()).map(|(key, _)| key.as_str()).collect();
            return Err(ConfigError::Incomplete { at: at.source.clone(), missing: missing.join(" and ") });
        };
        let from_all = mailboxes(from)?;
        let [from] = &from_all[..] else {
            return Err(bad_address(&from.source, &from.values.join(", ")));
        };
        Ok(Some(Self { server: server(url)?, from: from.clone(), to: mailboxes(to)? }))
    }
}

fn server(raw: &Raw) -> Result<ServerUrl, ConfigError> {
    match &raw.values[..] {
        [url] if url.starts_with("smtps://") || url.starts_with("smtp://") => Ok(ServerUrl::new(url)),
        urls => {
            let url = urls.first().map_or("", String::as_str);
            Err(bad_url(&raw.source, url, "write smtps://USER:PASSWORD@HOST, or smtp://HOST:PORT"))
        }
    }
}

fn mailboxes(raw: &Raw) -> Result<Vec<Mailbox>, ConfigError> {
    raw.values.iter().map(|text| text.parse().map_err(|_| bad_address(&raw.source, text))).collect()
}

fn bad_address(at: &Source, text: &str) -> ConfigError {
    let hint = "write an address, for example ops@example.com or \"Ops <ops@example.com>\"".to_owned();
    ConfigError::BadValue { at: at.clone(), value: text.to_owned(), hint }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::config::{Config, Environment, Layer};

    fn resolved(variables: [(&str, &str); 3]) -> Result<Config, String> {
        let [a, b, c] = variables;
        let environment = Environment::of("/nowhere", [("HOME", "/nowhere"), a, b, c]);
        Config::resolve(Layer::new(), None, &environment).map_err(|error| error.to_string())
    }

    const URL: (&str, &str) = ("TURNLOCK_NOTICE_URL", "smtps://u:hunter2@mail.example");
    const FROM: (&str, &str) = ("TURNLOCK_NOTICE_FROM", "turnlock@example.com");
    const TO: (&str, &str) = ("TURNLOCK_NOTICE_TO", "a@example.com, Ops <b@example.com>");
    const NOTHING: (&str, &str) = ("TURNLOCK_SLOTS", "");

    #[test]
    fn all_three_or_none() {
        assert_eq!(resolved([NOTHING; 3]).unwrap().notices, None);
        let config = resolved([URL, FROM, TO]).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
        let to = config.notices.unwrap().to;
        assert_eq!(
            to.iter().map(|to| to.email.to_string()).collect::<Vec<_>>(),
            ["a@example.com", "b@example.com"]
        );
        let error = resolved([URL, NOTHING, NOTHING]).unwrap_err();
        assert!(
            error.starts_with("TURNLOCK_NOTICE_URL is set without notice_from and notice_to:"),
            "{error}"
        );
    }

    #[test]
    fn what_is_no_address_and_no_server_is_refused() {
        for (wrong, place) in [
            (("TURNLOCK_NOTICE_TO", "ops"), "TURNLOCK_NOTICE_TO is `ops`"),
            (("TURNLOCK_NOTICE_FROM", "ops@"), "TURNLOCK_NOTICE_FROM is `ops@`"),
            (("TURNLOCK_NOTICE_URL", "http://u:hunter2@x"), "TURNLOCK_NOTICE_URL is `http://…`"),
        ] {
            let all = [URL, FROM, TO].map(|right| if right.0 == wrong.0 { wrong } else { right });
            let error = resolved(all).unwrap_err();
            assert!(error.starts_with(place) && !error.contains("hunter2"), "{error}");
        }
    }
}
