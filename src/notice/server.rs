use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use secrecy::{ExposeSecret as _, SecretString};
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use crate::redact;

/// How long the server may take for an answer.
const ANSWER: Duration = Duration::from_secs(30);

const SHAPE: &str = "write smtps://USER:PASSWORD@HOST, or smtp://HOST:PORT";

/// The mail server that takes notices.
#[derive(Debug, Clone)]
pub struct MailServer {
    host: String,
    port: u16,
    security: Security,
    login: Option<(String, Password)>,
    /// Whose certificates are trusted, instead of the system's.
    ca_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS before anything is said.
    StartTls,
    /// None: it never leaves this machine.
    Loopback,
}

#[derive(Debug, Clone)]
enum Password {
    Given(SecretString),
    File(PathBuf),
}

/// The mail server cannot be used as it was named. Says nothing of the URL that may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the mail server for notices (notice_url) {0}")]
pub struct BadMailServer(String);

impl MailServer {
    /// Reads `smtps://[USER:PASSWORD@]HOST[:PORT][?PARAMETER=VALUE&…]`, or the same with `smtp`, which is STARTTLS
    /// wherever it leaves this machine. Parameters are `password_file`, `ca_file` and `starttls=required`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(url: &SecretString) -> Result<Self, BadMailServer> {
        let bad = |what: &str| BadMailServer(format!("{what}: {SHAPE}"));
        let url = Url::parse(url.expose_secret()).map_err(|_| bad("has no URL"))?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| bad("has no name"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let (mut file, mut ca_file, mut starttls) = (None, None, false);
        for (name, value) in url.query_pairs() {
            match (&*name, &*value) {
                ("password_file", path) if !path.is_empty() => file = Some(PathBuf::from(path)),
                ("ca_file", path) if !path.is_empty() => ca_file = Some(PathBuf::from(path)),
                ("starttls", "required") => starttls = true,
                // It is not shown: somebody may have put a password there.
                _ => {
                    let known = "password_file=PATH, ca_file=PATH and starttls=required";
                    return Err(BadMailServer(format!(
                        "has a parameter that is not known: there are {known}"
                    )));
                }
            }
        }
        let loopback =
            host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let (security, port) = match url.scheme() {
            "smtps" if !starttls => (Security::Tls, 465),
            "smtp" if loopback && !starttls => (Security::Loopback, 25),
            "smtp" => (Security::StartTls, 587),
            _ => return Err(bad("is of another kind")),
        };
        let login = match (url.username(), url.password(), file) {
            ("", None, None) => None,
            (user, Some(password), None) if !user.is_empty() => {
                Some((decoded(user).to_string(), Password::Given(decoded(password).as_str().into())))
            }
            (user, None, Some(file)) if !user.is_empty() => {
                Some((decoded(user).to_string(), Password::File(file)))
            }
            ("", ..) => return Err(bad("has a password and no user")),
            (_, None, None) => return Err(bad("has a user and no password, nor password_file=PATH")),
            _ => return Err(bad("has two passwords")),
        };
        Ok(Self { host, port: url.port().unwrap_or(port), security, login, ca_file })
    }

    /// Reads the files that it names.
    ///
    /// # Errors
    /// Which of them cannot be used.
    pub fn check(&self) -> Result<(), BadMailServer> {
        self.transport().map(|_| ())
    }

    /// What connects to it, with what the files say now.
    pub(super) async fn open(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, BadMailServer> {
        let server = self.clone();
        let opened = tokio::task::spawn_blocking(move || server.transport()).await;
        opened.unwrap_or_else(|_| Err(BadMailServer("could not be opened".to_owned())))
    }

    fn transport(&self) -> Result<AsyncSmtpTransport<Tokio1Executor>, BadMailServer> {
        let tls = match self.security {
            Security::Tls => Tls::Wrapper(self.tls()?),
            Security::StartTls => Tls::Required(self.tls()?),
            Security::Loopback => Tls::None,
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.host)
            .port(self.port)
            .timeout(Some(ANSWER))
            .tls(tls);
        let Some((user, password)) = &self.login else { return Ok(transport.build()) };
        let password = password.read()?;
        redact::register(&password);
        let login = Credentials::new(user.clone(), password.expose_secret().to_owned());
        Ok(transport.credentials(login).build())
    }

    fn tls(&self) -> Result<TlsParameters, BadMailServer> {
        let mut tls = TlsParameters::builder(self.host.clone());
        if let Some(path) = &self.ca_file {
            let pem = read(path)?;
            let trusted = Certificate::from_pem(pem.as_bytes()).map_err(|error| unfit(path, &error))?;
            tls = tls.certificate_store(CertificateStore::None).add_root_certificate(trusted);
        }
        tls.build().map_err(|error| BadMailServer(format!("cannot be reached by TLS: {error}")))
    }
}

impl Password {
    fn read(&self) -> Result<SecretString, BadMailServer> {
        match self {
            Self::Given(password) => Ok(password.clone()),
            Self::File(path) => Ok(read(path)?.trim_end_matches(['\r', '\n']).into()),
        }
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>, BadMailServer> {
    std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| unfit(path, &error))
}

fn unfit(path: &Path, error: &dyn std::error::Error) -> BadMailServer {
    BadMailServer(format!("names the file {}, which cannot be used: {error}", path.display()))
}

/// A part of a URL without its escapes.
fn decoded(text: &str) -> Zeroizing<String> {
    // What a form would read otherwise than a URL does.
    let escaped = Zeroizing::new(text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D"));
    let text = form_urlencoded::parse(escaped.as_bytes()).next();
    Zeroizing::new(text.map(|(text, _)| text.into_owned()).unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<MailServer, BadMailServer> {
        MailServer::parse(&url.into())
    }

    #[test]
    fn a_url_is_read_in_full() {
        let server = parse("smtps://ops%40example.com:p%3Aw+%26%c3%a9@mail.example").unwrap();
        assert_eq!((&*server.host, server.port, server.security), ("mail.example", 465, Security::Tls));
        let Some((user, password)) = &server.login else { panic!("it has a login") };
        assert_eq!((&**user, password.read().unwrap().expose_secret()), ("ops@example.com", "p:w+&é"));
        assert!(!format!("{server:?}").contains("p:w"));
        for (url, port, security) in [
            ("smtp://127.0.0.1:2525", 2525, Security::Loopback),
            ("smtp://[::1]", 25, Security::Loopback),
            ("smtp://localhost?starttls=required", 587, Security::StartTls),
            ("smtp://mail.example", 587, Security::StartTls),
        ] {
            let server = parse(url).unwrap();
            assert_eq!(
                (server.port, server.security, server.login.is_none()),
                (port, security, true),
                "{url}"
            );
        }
    }

    #[test]
    fn a_url_that_is_wrong_is_refused_and_not_repeated() {
        for (url, why) in [
            ("smtp://hunter2@mail.example", "has a user and no password"),
            ("smtp://u:hunter2@mail.example?password_file=/x", "has two passwords"),
            ("smtp://mail.example?password_file=/hunter2", "has a password and no user"),
            ("smtp://mail.example?password=hunter2", "has a parameter that is not known"),
            ("http://u:hunter2@mail.example", "is of another kind"),
        ] {
            let error = parse(url).unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("hunter2"), "{error}");
        }
        let server = parse("smtps://u@mail.example?password_file=/no/such/file").unwrap();
        assert!(server.check().unwrap_err().to_string().contains("/no/such/file"));
    }
}
