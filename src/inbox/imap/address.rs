//! Where mailboxes are, how one signs in there, and which they are, read from one URL.

use std::net::IpAddr;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use url::Url;
use zeroize::Zeroizing;

/// The mailboxes of one user on one server. Shows no secret.
#[derive(Debug, Clone)]
pub struct ImapUrl {
    /// The server's name, to which its certificate must be made out.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is secured.
    pub security: Security,
    /// Who signs in.
    pub user: String,
    /// With what.
    pub secret: Secret,
    /// What kind of secret that is.
    pub method: Method,
    /// The certificates that are trusted instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Which mailboxes are watched.
    pub mailboxes: Vec<String>,
}

/// How a connection is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS after STARTTLS, without which nothing is said.
    StartTls,
    /// Not at all, on this machine.
    Loopback,
}

/// Where a password or an access token is.
#[derive(Debug, Clone)]
pub enum Secret {
    /// In the URL.
    Given(SecretString),
    /// In a file, which is read anew whenever it is needed.
    File(PathBuf),
}

/// What the secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A password.
    Password,
    /// An access token of OAuth 2.
    XOAuth2,
}

/// The URL is not one that leads to mailboxes. Says what to write instead, and nothing of the URL that may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the URL of the mailbox {0}")]
pub struct BadImapUrl(String);

const SHAPE: &str = "write imaps://USER:PASSWORD@HOST/MAILBOX";

impl ImapUrl {
    /// Reads `imaps://USER:PASSWORD@HOST[:PORT]/[MAILBOX,…][?PARAMETER=VALUE&…]`, or the same with `imap`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(url: &str) -> Result<Self, BadImapUrl> {
        let bad = |what: &str| BadImapUrl(what.to_owned());
        let url = Url::parse(url).map_err(|_| BadImapUrl(format!("is not one: {SHAPE}")))?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| BadImapUrl(format!("names no host: {SHAPE}")))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let user = decoded(url.username())?;
        if user.is_empty() {
            return Err(BadImapUrl(format!("names no user: {SHAPE}, with `@` in the user's name as %40")));
        }
        let options = Options::of(&url)?;
        let security = match (url.scheme(), options.starttls) {
            ("imaps", false) => Security::Tls,
            ("imaps", true) => {
                return Err(bad("asks for STARTTLS within TLS: write imap:// or leave out starttls"));
            }
            ("imap", false) if is_loopback(&host) => Security::Loopback,
            ("imap", _) => Security::StartTls,
            _ => return Err(bad("is of another scheme: write imaps://, or imap:// for STARTTLS")),
        };
        let port = url.port().unwrap_or(if security == Security::Tls { 993 } else { 143 });
        let password = url.password().map(|password| decoded(password).map(Zeroizing::new)).transpose()?;
        let given = password.map(|password| Secret::Given(SecretString::from(password.as_str())));
        let file = options.password_file.map(|file| (Method::Password, file));
        let token = options.token_file.map(|file| (Method::XOAuth2, file));
        let (method, secret) = match (given, file, token) {
            (Some(secret), None, None) => (options.method.unwrap_or(Method::Password), secret),
            (None, Some((method, file)), None) | (None, None, Some((method, file))) => {
                if options.method.is_some_and(|asked| asked != method) {
                    return Err(bad("has a file that does not fit to auth: \
                        token_file goes with auth=xoauth2, password_file with auth=password"));
                }
                (method, Secret::File(file))
            }
            (None, None, None) => {
                return Err(bad("has no password: write USER:PASSWORD@, or password_file=PATH, \
                    or token_file=PATH behind a `?`"));
            }
            _ => return Err(bad("has more than one password: leave one, or one file")),
        };
        let mailboxes = mailboxes(url.path())?;
        Ok(Self { host, port, security, user, secret, method, ca_file: options.ca_file, mailboxes })
    }

    /// The user as others know it: `otp@mail.example` on whatever host, or `otp` on `mail.example`.
    pub(super) fn account(&self) -> String {
        let Self { user, host, .. } = self;
        if user.contains('@') { format!("{user} on {host}") } else { format!("{user}@{host}") }
    }
}

impl Secret {
    /// What it is now.
    ///
    /// # Errors
    /// Why a file cannot be read.
    pub(super) fn read(&self) -> Result<SecretString, String> {
        let secret = match self {
            Self::Given(secret) => secret.clone(),
            Self::File(path) => {
                let text = std::fs::read_to_string(path).map(Zeroizing::new);
                let text = text.map_err(|error| format!("cannot read {}: {error}", path.display()))?;
                SecretString::from(text.trim_end_matches(['\r', '\n']))
            }
        };
        if secret.expose_secret().is_empty() {
            return Err("the password is empty".to_owned());
        }
        Ok(secret)
    }
}

/// What stands behind the `?`.
#[derive(Default)]
struct Options {
    method: Option<Method>,
    starttls: bool,
    password_file: Option<PathBuf>,
    token_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
}

impl Options {
    fn of(url: &Url) -> Result<Self, BadImapUrl> {
        let mut all = Self::default();
        for (name, value) in url.query_pairs() {
            match (&*name, &*value) {
                ("auth", "password") => all.method = Some(Method::Password),
                ("auth", "xoauth2") => all.method = Some(Method::XOAuth2),
                ("auth", _) => {
                    return Err(BadImapUrl("says auth: write auth=password or auth=xoauth2".to_owned()));
                }
                ("starttls", "required") => all.starttls = true,
                ("starttls", _) => {
                    return Err(BadImapUrl(
                        "says starttls: write starttls=required, or leave it out".to_owned(),
                    ));
                }
                ("password_file" | "token_file" | "ca_file", "") => {
                    return Err(BadImapUrl(format!("says {name}: write {name}=PATH")));
                }
                ("password_file", path) => all.password_file = Some(path.into()),
                ("token_file", path) => all.token_file = Some(path.into()),
                ("ca_file", path) => all.ca_file = Some(path.into()),
                // Its name is not shown: somebody may have put a password there.
                _ => {
                    return Err(BadImapUrl(
                        "has a parameter that is not known: \
                        there are auth, password_file, token_file, starttls and ca_file"
                            .to_owned(),
                    ));
                }
            }
        }
        Ok(all)
    }
}

/// `INBOX` where none is named.
fn mailboxes(path: &str) -> Result<Vec<String>, BadImapUrl> {
    let path = path.trim_start_matches('/');
    if path.is_empty() {
        return Ok(vec!["INBOX".to_owned()]);
    }
    let mut all = Vec::new();
    for one in path.split(',') {
        let one = decoded(one)?;
        // In other alphabets names are written in a form of their own (RFC 3501, 5.1.3).
        if one.is_empty() || one.contains(|c: char| !c.is_ascii() || c.is_ascii_control()) {
            return Err(BadImapUrl(
                "names a mailbox with other characters than ASCII, or none: \
                write it as the server lists it, in modified UTF-7"
                    .to_owned(),
            ));
        }
        if !all.contains(&one) {
            all.push(one);
        }
    }
    Ok(all)
}

fn decoded(text: &str) -> Result<String, BadImapUrl> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = |at: usize| tail.get(at).and_then(|c| char::from(*c).to_digit(16));
        match (first, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    let text = String::from_utf8(bytes).ok().filter(|text| !text.contains(['\0', '\r', '\n']));
    text.ok_or_else(|| BadImapUrl("has a %-escape that is no text: write UTF-8".to_owned()))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_in_full() {
        let url = ImapUrl::parse("imaps://otp%40example.com:p%3Aw%2F%c3%a9@mail.example/INBOX,App%20codes")
            .unwrap();
        assert_eq!((&*url.host, url.port, url.security), ("mail.example", 993, Security::Tls));
        assert_eq!((&*url.user, url.method), ("otp@example.com", Method::Password));
        assert_eq!(url.secret.read().unwrap().expose_secret(), "p:w/é");
        assert_eq!(url.mailboxes, ["INBOX", "App codes"]);
        let url = ImapUrl::parse("imap://otp:t@mail.example:1143?auth=xoauth2").unwrap();
        assert_eq!((url.port, url.security, url.method), (1143, Security::StartTls, Method::XOAuth2));
        assert_eq!(url.mailboxes, ["INBOX"]);
        for (url, security) in [
            ("imap://otp:t@127.0.0.1", Security::Loopback),
            ("imap://otp:t@[::1]", Security::Loopback),
            ("imap://otp:t@localhost", Security::Loopback),
            ("imap://otp:t@localhost?starttls=required", Security::StartTls),
            ("imap://otp:t@127.0.0.1.example", Security::StartTls),
        ] {
            assert_eq!(ImapUrl::parse(url).unwrap().security, security, "{url}");
        }
    }

    #[test]
    fn a_file_is_read_whenever_it_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let url = format!("imaps://otp@mail.example?token_file={}", file.display());
        let url = ImapUrl::parse(&url).unwrap();
        assert_eq!(url.method, Method::XOAuth2);
        assert!(url.secret.read().unwrap_err().contains("token"));
        for token in ["first", "second"] {
            std::fs::write(&file, format!("{token}\n")).unwrap();
            assert_eq!(url.secret.read().unwrap().expose_secret(), token);
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_secret() {
        for (url, says) in [
            ("hunter2", "is not one"),
            ("imaps:///hunter2", "names no host"),
            ("imaps://mail.example", "names no user"),
            ("imaps://otp@mail.example", "has no password"),
            ("imaps://otp:hunter2@mail.example?password_file=/x", "more than one password"),
            ("imaps://otp@mail.example?password_file=/x&auth=xoauth2", "does not fit"),
            ("imaps://otp:hunter2@mail.example?auth=hunter2", "auth=xoauth2"),
            ("imaps://otp:hunter2@mail.example?hunter2=1", "not known"),
            ("imaps://otp:hunter2@mail.example?starttls=required", "within TLS"),
            ("imaps://otp:hunter2%ff@mail.example", "no text"),
            ("imaps://otp:hunter2@mail.example/%0a", "mailbox"),
            ("smtp://otp:hunter2@mail.example", "another scheme"),
        ] {
            let error = ImapUrl::parse(url).unwrap_err().to_string();
            assert!(error.contains(says), "{url}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let shown = format!("{:?}", ImapUrl::parse("imaps://otp:hunter2@mail.example").unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
