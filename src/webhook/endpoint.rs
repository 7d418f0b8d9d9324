use std::collections::HashSet;
use std::path::{Path, PathBuf};

use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::outcome::{ANSWER, Tried};
use super::{Event, Key};
use crate::net::{Caller, is_loopback};
use crate::redact;
use crate::store::NewDelivery;

const SHAPE: &str = "write https://HOST/PATH#secret_file=PATH";

/// A server that is told what happens.
#[derive(Clone)]
pub struct Endpoint {
    name: String,
    /// Some hold a token in their path.
    url: Url,
    secret: Secret,
    events: Vec<Event>,
    ca_file: Option<PathBuf>,
}

#[derive(Clone)]
enum Secret {
    Given(SecretString),
    File(PathBuf),
}

/// An endpoint cannot be used as it was named. Says nothing of its URL but the host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("webhook_url: {0}")]
pub struct BadEndpoint(String);

impl Endpoint {
    /// Reads `https://HOST/PATH#PARAMETER=VALUE&…`, each; plain `http` to this machine only. Parameters are
    /// `secret_file`, `events`, `name` and `ca_file`. What stands behind the `#` is not sent. The secret goes to the one
    /// that names no file.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse_all(urls: &[SecretString], secret: Option<&SecretString>) -> Result<Vec<Self>, BadEndpoint> {
        let mut given = secret.cloned();
        let mut names = HashSet::new();
        let mut all = Vec::new();
        for url in urls {
            let endpoint = Self::parse(url, &mut given)?;
            if !names.insert(endpoint.name.clone()) {
                let name = endpoint.name;
                return Err(BadEndpoint(format!("two are called {name}: give them names by #name=NAME")));
            }
            all.push(endpoint);
        }
        Ok(all)
    }

    fn parse(url: &SecretString, given: &mut Option<SecretString>) -> Result<Self, BadEndpoint> {
        let bad = |what: &str| BadEndpoint(format!("{what}: {SHAPE}"));
        let mut url = Url::parse(url.expose_secret()).map_err(|_| bad("one is no URL"))?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| bad("one has no host"))?;
        let mut name = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let of = |what: &str| BadEndpoint(format!("that of {host} {what}"));
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(of("goes over a network in the clear: write https://")),
            _ => return Err(bad("one is of another kind")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(of("has a user in it, which is not sent: messages are signed instead"));
        }
        let (mut file, mut events, mut ca_file) = (None, Event::USUAL.to_vec(), None);
        for (key, value) in form_urlencoded::parse(url.fragment().unwrap_or_default().as_bytes()) {
            match (&*key, &*value) {
                ("secret_file", path) if !path.is_empty() => file = Some(PathBuf::from(path)),
                ("ca_file", path) if !path.is_empty() => ca_file = Some(PathBuf::from(path)),
                ("name", text) if is_name(text) => text.clone_into(&mut name),
                ("name", _) => return Err(of("has a name that is none: letters, digits, and - _ . :")),
                ("events", all) => {
                    let read =
                        all.split(',').map(|text| text.trim().parse()).collect::<Result<Vec<Event>, _>>();
                    let named =
                        read.map_err(|why| of(&format!("asks for an event that is not known: {why}")))?;
                    // Each once, however often it is named.
                    events = Event::ALL.into_iter().filter(|event| named.contains(event)).collect();
                }
                // It is not shown: somebody may have put a secret there.
                _ => {
                    let known = "secret_file=PATH, events=EVENT,…, name=NAME and ca_file=PATH";
                    return Err(of(&format!(
                        "has a parameter that is not known behind its #: there are {known}"
                    )));
                }
            }
        }
        let secret = match file {
            Some(file) => Secret::File(file),
            None => Secret::Given(given.take().ok_or_else(|| {
                of("has no secret to sign with: add #secret_file=PATH, or set TURNLOCK_WEBHOOK_SECRET for one; each has its own")
            })?),
        };
        url.set_fragment(None);
        Ok(Self { name, url, secret, events, ca_file })
    }

    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is told.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Reads the files that it names.
    ///
    /// # Errors
    /// Which of them cannot be used.
    pub fn check(&self) -> Result<(), BadEndpoint> {
        self.keys()?;
        self.caller().map(|_| ())
    }

    /// Tries to deliver the message, once.
    pub async fn deliver(&self, message: &NewDelivery) -> Tried {
        let endpoint = self.clone();
        // The files are read anew, so that a secret can be changed while everything runs.
        let read = tokio::task::spawn_blocking(move || Ok((endpoint.keys()?, endpoint.caller()?))).await;
        let (keys, caller) = match read {
            Ok(Ok(read)) => read,
            Ok(Err(BadEndpoint(why))) => return Tried::unfit(why),
            Err(_) => return Tried::unfit("its files could not be read".to_owned()),
        };
        let at = Timestamp::now();
        let signatures: Vec<_> = keys.iter().map(|key| key.sign(message.id, at, &message.body)).collect();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in [
            ("webhook-id", message.id.to_string()),
            ("webhook-timestamp", at.as_second().to_string()),
            ("webhook-signature", signatures.join(" ")),
        ] {
            // Of digits, letters and base64.
            let Ok(value) = HeaderValue::from_str(&value) else { continue };
            headers.insert(HeaderName::from_static(name), value);
        }
        Tried::by(caller.post(&self.url, headers, message.body.clone().into_bytes(), ANSWER)).await
    }

    fn keys(&self) -> Result<Vec<Key>, BadEndpoint> {
        let (text, from) = match &self.secret {
            Secret::Given(text) => (text.clone(), "webhook_secret".to_owned()),
            Secret::File(path) => (read(path).map_err(|why| self.wrong(&why))?, path.display().to_string()),
        };
        for line in text.expose_secret().lines().map(str::trim).filter(|line| !line.is_empty()) {
            redact::register(&line.into());
        }
        Key::read_all(&text).map_err(|why| self.wrong(&format!("{from} {why}")))
    }

    fn caller(&self) -> Result<Caller, BadEndpoint> {
        Caller::new(self.ca_file.as_deref()).map_err(|why| self.wrong(&why.to_string()))
    }

    fn wrong(&self, why: &str) -> BadEndpoint {
        BadEndpoint(format!("{}: {why}", self.name))
    }
}

fn read(path: &Path) -> Result<SecretString, String> {
    let read = std::fs::read_to_string(path).map(Zeroizing::new);
    match read {
        Ok(text) => Ok(text.as_str().into()),
        Err(error) => Err(format!("the secret in {} cannot be read: {error}", path.display())),
    }
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parse(urls: &[&str], secret: Option<&str>) -> Result<Vec<Endpoint>, String> {
        let urls: Vec<SecretString> = urls.iter().map(|url| (*url).into()).collect();
        Endpoint::parse_all(&urls, secret.map(Into::into).as_ref()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_url_is_read_and_its_settings_are_not_sent() {
        let all = parse(
            &[
                "https://ops.example/hooks/T0K3N?team=a#secret_file=/run/a&events=job.finished,breaker.opened",
                "http://127.0.0.1:9/x#name=local",
            ],
            Some("whsec_x"),
        )
        .unwrap();
        assert_eq!(all[0].url.as_str(), "https://ops.example/hooks/T0K3N?team=a");
        assert_eq!(all[0].events(), [Event::JobFinished, Event::BreakerOpened]);
        assert_eq!((all[0].name(), all[1].name()), ("ops.example", "local"));
        assert_eq!(all[1].events(), Event::USUAL);
    }

    #[test]
    fn what_is_wrong_is_refused_and_not_repeated() {
        for (urls, why) in [
            (&["https://h/T0K3N"][..], "that of h has no secret to sign with"),
            (&["http://h/T0K3N#secret_file=/x"], "goes over a network in the clear"),
            (&["http://localhost.h/#secret_file=/x"], "goes over a network in the clear"),
            (&["ftp://h/T0K3N"], "one is of another kind"),
            (&["https://u:T0K3N@h/"], "has a user in it"),
            (&["https://h/#secret=T0K3N"], "has a parameter that is not known"),
            (&["https://h/#secret_file=/x&events=job.lost"], "the events are attempt.ended, "),
            (&["https://h/1#secret_file=/x", "https://h/2#secret_file=/y"], "two are called h"),
        ] {
            let error = parse(urls, None).err().unwrap();
            assert!(error.contains(why) && !error.contains("T0K3N"), "{error}");
        }
        let error = parse(&["https://a/", "https://b/"], Some("whsec_x")).err().unwrap();
        assert!(error.contains("that of b has no secret"), "{error}");
        let file = parse(&["https://a/#secret_file=/no/such/file"], None).unwrap();
        assert!(file[0].check().unwrap_err().to_string().contains("/no/such/file"));
        let given = parse(&["https://a/"], Some("hunter2")).unwrap();
        let error = given[0].check().unwrap_err().to_string();
        assert!(error.contains("webhook_secret is no secret") && !error.contains("hunter2"), "{error}");
    }
}
