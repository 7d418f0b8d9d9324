//! The assembly: where messages come from, as it is configured.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;
use tokio::sync::watch;
use url::{Host, Url};

use super::{Failure, secret_input};
use crate::config::{Config, Inbox, Way};
use crate::inbox::Source;
use crate::inbox::imap::{Imap, ImapOptions, ImapUrl};
use crate::inbox::sms::{self, SmsOptions};
use crate::inbox::smtp::{Receiver, SmtpOptions, StartTls};
use crate::net::{BindError, Listen, TlsFiles};

/// The sources that are configured, and what they listen on.
pub struct Sources {
    /// They listen already, and bring messages when they run.
    pub all: Vec<Box<dyn Source>>,
    /// By which they are told whether anybody awaits a message.
    pub awaited: watch::Sender<bool>,
    /// Where the built-in receiver listens, if it does.
    pub mail: Option<SocketAddr>,
    /// Those that could not listen since their address is in use, in words.
    pub in_use: Vec<String>,
}

impl Sources {
    /// Opens all of them.
    ///
    /// # Errors
    /// With [`super::Exit::Environment`] for a URL that says nothing, and what cannot be listened on but for its being in
    /// use.
    pub async fn open(config: &Config) -> Result<Self, Failure> {
        let mut sources =
            Self { all: Vec::new(), awaited: watch::Sender::new(false), mail: None, in_use: Vec::new() };
        for inbox in &config.inbox {
            match inbox.way {
                Way::Smtp | Way::Lmtp => sources.receiver(inbox).await?,
                Way::Imap => sources.mailboxes(inbox)?,
                Way::Sms => sources.texts(inbox).await?,
            }
        }
        Ok(sources)
    }

    fn mailboxes(&mut self, inbox: &Inbox) -> Result<(), Failure> {
        let url = ImapUrl::parse(inbox.url.secret().expose_secret()).map_err(Failure::environment)?;
        let options = ImapOptions { awaited: Some(self.awaited.subscribe()), ..ImapOptions::default() };
        self.all.push(Box::new(Imap::new(url, options)));
        Ok(())
    }

    async fn receiver(&mut self, inbox: &Inbox) -> Result<(), Failure> {
        match Receiver::bind(receiver_options(inbox)?).await {
            Ok(receiver) => {
                self.mail = self.mail.or(receiver.local_addr());
                self.all.push(Box::new(receiver));
                Ok(())
            }
            Err(error) => self.not_bound(error),
        }
    }

    async fn texts(&mut self, inbox: &Inbox) -> Result<(), Failure> {
        match sms::Receiver::bind(sms_options(inbox)?).await {
            Ok(receiver) => {
                self.all.push(Box::new(receiver));
                Ok(())
            }
            Err(error) => self.not_bound(error),
        }
    }

    fn not_bound(&mut self, error: BindError) -> Result<(), Failure> {
        if !error.is_in_use() {
            return Err(Failure::environment(error));
        }
        self.in_use.push(error.to_string());
        Ok(())
    }
}

/// How the built-in receiver is set up by its URL.
///
/// # Errors
/// With [`super::Exit::Environment`] for one that says nothing.
pub fn receiver_options(inbox: &Inbox) -> Result<SmtpOptions, Failure> {
    let url = parsed(inbox)?;
    let listen = listen(inbox, &url)?;
    let mut options = match (inbox.way, listen) {
        (Way::Lmtp, listen) => SmtpOptions::lmtp(listen),
        (_, Listen::Tcp(address)) => SmtpOptions::smtp(address),
        (_, Listen::Unix(_)) => return Err(bad(inbox, "name an address and a port")),
    };
    let (mut tls, mut required) = (TlsPair::default(), false);
    for (name, value) in url.query_pairs() {
        match &*name {
            _ if tls.takes(&name, &value) => {}
            "tls" if value == "required" => required = true,
            "behind_server" if value == "yes" => options.behind_server = true,
            _ => {
                let takes = "it takes tls_certificate=FILE, tls_key=FILE, tls=required and behind_server=yes";
                return Err(bad(inbox, takes));
            }
        }
    }
    options.tls = tls.files(inbox)?.map(|files| StartTls { files, required });
    if required && options.tls.is_none() {
        return Err(bad(inbox, "tls=required needs tls_certificate=FILE and tls_key=FILE"));
    }
    Ok(options)
}

/// How the receiver of text messages is set up by its URL. Secrets lie in files.
fn sms_options(inbox: &Inbox) -> Result<SmsOptions, Failure> {
    let url = parsed(inbox)?;
    let mut options = SmsOptions::new(listen(inbox, &url)?);
    let mut tls = TlsPair::default();
    for (name, value) in url.query_pairs() {
        let secret = || secret_input::from_file(Path::new(value.as_ref()), &name);
        match &*name {
            _ if tls.takes(&name, &value) => {}
            "public_url" => options.public_url = Some(value.into_owned()),
            "twilio_token_file" => options.twilio_tokens.push(secret()?),
            "secret_file" => options.secret = Some(secret()?),
            "behind_proxy" if value == "yes" => options.behind_proxy = true,
            _ => {
                let takes = "it takes public_url=URL, twilio_token_file=FILE, secret_file=FILE, behind_proxy=yes, \
                             tls_certificate=FILE and tls_key=FILE";
                return Err(bad(inbox, takes));
            }
        }
    }
    options.tls = tls.files(inbox)?;
    Ok(options)
}

/// The two files of TLS, as they are named one after the other.
#[derive(Default)]
struct TlsPair {
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
}

impl TlsPair {
    fn takes(&mut self, name: &str, value: &str) -> bool {
        let file = match name {
            "tls_certificate" => &mut self.certificate,
            "tls_key" => &mut self.key,
            _ => return false,
        };
        *file = Some(value.into());
        true
    }

    fn files(self, inbox: &Inbox) -> Result<Option<TlsFiles>, Failure> {
        match (self.certificate, self.key) {
            (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate, key })),
            (None, None) => Ok(None),
            _ => Err(bad(inbox, "for TLS name both tls_certificate=FILE and tls_key=FILE")),
        }
    }
}

fn parsed(inbox: &Inbox) -> Result<Url, Failure> {
    Url::parse(inbox.url.secret().expose_secret()).map_err(|error| bad(inbox, &error.to_string()))
}

fn listen(inbox: &Inbox, url: &Url) -> Result<Listen, Failure> {
    let port = || url.port().ok_or_else(|| bad(inbox, "name a port"));
    match url.host() {
        None if url.path().len() > 1 => Ok(Listen::Unix(url.path().into())),
        Some(Host::Ipv4(address)) => Ok(Listen::Tcp((address, port()?).into())),
        Some(Host::Ipv6(address)) => Ok(Listen::Tcp((address, port()?).into())),
        // Other schemes than those of the web leave an address as text.
        Some(Host::Domain(name)) => {
            let address: Result<IpAddr, _> =
                if name == "localhost" { Ok([127, 0, 0, 1].into()) } else { name.parse() };
            let address = address.map_err(|_| bad(inbox, "name the address to listen on, not a host"))?;
            Ok(Listen::Tcp((address, port()?).into()))
        }
        None => Err(bad(inbox, "name the address and port to listen on")),
    }
}

fn bad(inbox: &Inbox, why: &str) -> Failure {
    Failure::environment(format_args!("{} says nothing of use: {why}", inbox.url))
}
