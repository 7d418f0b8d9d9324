//! From nothing to a connection on which the user is signed in.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_imap::imap_proto::{Capability, Response, ResponseCode, Status};
use rustix::net::sockopt;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

use super::address::{ImapUrl, Security};
use super::error::Failed;
use super::sign_in::sign_in;
use super::wire::{Ended, Stream, Wire, shown};

/// How long a connection may take, up to where a user signs in.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection over which nothing has come for so long is asked whether it is still there…
const QUIET: Duration = Duration::from_secs(30);
/// … this often, …
const ASK: Duration = Duration::from_secs(5);
/// … and given up when so many questions were not answered.
const ASKED: u32 = 4;

/// What the server says that it can do, in capitals.
#[derive(Debug, Default, Clone)]
pub(super) struct Abilities(Vec<String>);

impl Abilities {
    pub fn has(&self, ability: &str) -> bool {
        self.0.iter().any(|known| known == ability)
    }

    /// What a response says of it, if it does.
    fn said_in(response: &Response<'_>) -> Option<Self> {
        let named = |all: &[Capability<'_>]| Self(all.iter().map(name).collect());
        match response {
            Response::Capabilities(all) => Some(named(all)),
            Response::Data { outcome, .. } | Response::Done { outcome, .. } => match &outcome.code {
                Some(ResponseCode::Capabilities(all)) => Some(named(all)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Asks for it.
    async fn ask(wire: &mut Wire) -> Result<Self, Failed> {
        let mut said = None;
        let ended = wire.run("CAPABILITY", |response| said = Self::said_in(response).or(said.take())).await?;
        ended.ok_or_passing("to say what it can do")?;
        Ok(said.unwrap_or_default())
    }
}

/// Connects and signs in.
pub(super) async fn connect(url: &ImapUrl) -> Result<(Wire, Abilities), Failed> {
    let (mut wire, before) =
        timeout(PATIENCE, secured(url)).await.map_err(|_| Failed::silent(PATIENCE))??;
    let secret = url.secret.read().map_err(Failed::Lasting)?;
    crate::redact::register(&secret);
    let mut said = None;
    let ended = sign_in(&mut wire, url, &secret, &before, |response| {
        said = Abilities::said_in(response).or(said.take());
    });
    match ended.await? {
        Ended::Ok => {}
        Ended::No(why) => return Err(refused(&url.account(), &why)),
    }
    let after = match said {
        Some(after) => after,
        None => Abilities::ask(&mut wire).await?,
    };
    Ok((wire, after))
}

/// A server that is in trouble with its accounts refuses as well, and says so by a code of RFC 5530.
fn refused(account: &str, why: &str) -> Failed {
    let passing =
        ["[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]"].iter().any(|code| why.contains(code));
    if passing {
        return Failed::Passing(format!("the server does not sign in anybody now: {why}"));
    }
    Failed::Lasting(format!(
        "the server refuses the password or token of {account}: {why}; give the right one"
    ))
}

/// A connection that nobody listens in on, greeted by the server.
async fn secured(url: &ImapUrl) -> Result<(Wire, Abilities), Failed> {
    let tcp = tcp(&url.host, url.port).await?;
    match url.security {
        Security::Tls => greeted(Wire::new(tls(url, tcp).await?)).await,
        Security::Loopback => greeted(Wire::new(Box::new(tcp))).await,
        Security::StartTls => {
            let (mut wire, abilities) = greeted(Wire::new(Box::new(tcp))).await?;
            if !abilities.has("STARTTLS") {
                return Err(Failed::Lasting(
                    "the server offers no STARTTLS, and without TLS no password is sent to another machine: \
                     use imaps://, or have the server offer it"
                        .to_owned(),
                ));
            }
            wire.run("STARTTLS", |_| {}).await?.ok_or_passing("STARTTLS")?;
            // What it could do before anybody could have said, and is asked again.
            let mut wire = Wire::new(tls(url, wire.into_stream()).await?);
            let abilities = Abilities::ask(&mut wire).await?;
            Ok((wire, abilities))
        }
    }
}

async fn greeted(mut wire: Wire) -> Result<(Wire, Abilities), Failed> {
    let greeting = wire.read().await?;
    match greeting.parsed() {
        Response::Data { status: Status::Ok, .. } => {}
        Response::Data { outcome, .. } => {
            let why = shown(outcome.information.as_deref());
            return Err(Failed::Passing(format!("the server greets with: {why}")));
        }
        _ => return Err(Failed::Passing("what answers is no IMAP server".to_owned())),
    }
    let abilities = match Abilities::said_in(greeting.parsed()) {
        Some(abilities) => abilities,
        None => Abilities::ask(&mut wire).await?,
    };
    Ok((wire, abilities))
}

/// The first of the host's addresses that answers.
async fn tcp(host: &str, port: u16) -> Result<TcpStream, Failed> {
    let failed = |error: std::io::Error| Failed::Passing(format!("cannot connect to {host}:{port}: {error}"));
    let addresses: Vec<SocketAddr> = lookup_host((host, port)).await.map_err(failed)?.collect();
    let tcp = TcpStream::connect(&*addresses).await.map_err(failed)?;
    // These only help; whatever else is wrong with the connection shows when it is used.
    let _ = tcp.set_nodelay(true);
    let _ = sockopt::set_socket_keepalive(&tcp, true);
    let _ = sockopt::set_tcp_keepidle(&tcp, QUIET);
    let _ = sockopt::set_tcp_keepintvl(&tcp, ASK);
    let _ = sockopt::set_tcp_keepcnt(&tcp, ASKED);
    Ok(tcp)
}

async fn tls(url: &ImapUrl, stream: impl Stream + 'static) -> Result<Box<dyn Stream>, Failed> {
    let host = &url.host;
    let name = ServerName::try_from(host.clone())
        .map_err(|_| Failed::Lasting(format!("{host} is no name that a certificate can be made out to")))?;
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failed::Lasting(error.to_string()))?
        .with_root_certificates(roots(url)?)
        .with_no_client_auth();
    let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    let stream = connected.map_err(|error| match certificate(&error) {
        Some(why) => Failed::Lasting(format!(
            "the certificate of {host} is not trusted: {why}; use the name that it is made out to, or name \
             the certificate of who issued it by ca_file=PATH"
        )),
        None => Failed::Passing(format!("no TLS with {host}: {error}")),
    })?;
    Ok(Box::new(stream))
}

/// What is wrong with the server's certificate, if that is it.
fn certificate(error: &std::io::Error) -> Option<String> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    match error {
        rustls::Error::InvalidCertificate(why) => Some(why.to_string()),
        _ => None,
    }
}

/// Whom to trust: the system's certificates, or those of the file that the URL names.
fn roots(url: &ImapUrl) -> Result<RootCertStore, Failed> {
    let mut roots = RootCertStore::empty();
    match &url.ca_file {
        Some(path) => {
            let unfit = |why: &dyn std::fmt::Display| {
                Failed::Lasting(format!("cannot use the certificates in {}: {why}", path.display()))
            };
            for one in CertificateDer::pem_file_iter(path).map_err(|error| unfit(&error))? {
                let one = one.map_err(|error| unfit(&error))?;
                roots.add(one).map_err(|error| unfit(&error))?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(Failed::Lasting(
            "there are no certificates to trust: install the system's (ca-certificates), or name a file by \
             ca_file=PATH"
                .to_owned(),
        ));
    }
    Ok(roots)
}

fn name(capability: &Capability<'_>) -> String {
    match capability {
        Capability::Imap4rev1 => "IMAP4REV1".to_owned(),
        Capability::Auth(method) => format!("AUTH={}", method.to_uppercase()),
        Capability::Atom(atom) => atom.to_uppercase(),
    }
}
