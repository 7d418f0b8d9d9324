//! Requests to servers of others: HTTPS, or plain HTTP, as a rule to this machine only; one connection each, no proxy, no redirect
//! followed, and no more of an answer read than is wanted.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderMap, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

use super::Stream;

/// The most of an answer that is read.
const ANSWER: usize = 64 * 1024;

/// Who asks.
const AGENT: &str = concat!("turnlock/", env!("CARGO_PKG_VERSION"));

/// Calls servers. Cheap to clone.
#[derive(Clone)]
pub struct Caller {
    tls: TlsConnector,
    /// Plain HTTP may go to other machines too.
    plain_anywhere: bool,
}

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// How long to wait before the next call, if it says so in seconds.
    pub retry_after: Option<Duration>,
    /// The beginning of what it said, as text.
    pub text: String,
}

/// A call came to nothing. Says no more of the URL than its host.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CallError(String);

impl Caller {
    /// One that trusts the system's certificates, or those in the file.
    ///
    /// # Errors
    /// When there is nothing to trust.
    pub fn new(ca_file: Option<&Path>) -> Result<Self, CallError> {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| CallError(error.to_string()))?
            .with_root_certificates(roots(ca_file)?)
            .with_no_client_auth();
        Ok(Self { tls: Arc::new(config).into(), plain_anywhere: false })
    }

    /// The same, for what anybody may read on its way: plain HTTP may go to other machines too.
    #[must_use]
    pub fn plain_anywhere(self) -> Self {
        Self { plain_anywhere: true, ..self }
    }

    /// Posts the body there, and waits no longer than that for the answer.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn post(
        &self,
        url: &Url,
        headers: HeaderMap,
        body: Vec<u8>,
        within: Duration,
    ) -> Result<Answer, CallError> {
        let call = self.exchange(url, headers, body);
        match timeout(within, call).await {
            Ok(answered) => answered,
            Err(_) => Err(CallError(format!("no answer within {} s", within.as_secs()))),
        }
    }

    async fn exchange(&self, url: &Url, headers: HeaderMap, body: Vec<u8>) -> Result<Answer, CallError> {
        let broken = |error: hyper::Error| CallError(format!("the connection broke: {error}"));
        let stream = self.connect(url).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let request = request(url, headers, body)?;
        let exchange = async {
            let answer = sender.send_request(request).await.map_err(broken)?;
            let (status, retry_after) = (answer.status(), retry_after(answer.headers()));
            // What is longer, or breaks off, says no less by its status.
            let text = Limited::new(answer.into_body(), ANSWER).collect().await;
            let text = text.map(|text| String::from_utf8_lossy(&text.to_bytes()).into_owned());
            Ok(Answer { status, retry_after, text: text.unwrap_or_default() })
        };
        tokio::pin!(exchange, connection);
        tokio::select! {
            // The connection ends when the answer is there, and is of no more use.
            biased;
            answer = &mut exchange => answer,
            ended = &mut connection => match ended {
                Ok(()) => exchange.await,
                Err(error) => Err(broken(error)),
            },
        }
    }

    async fn connect(&self, url: &Url) -> Result<Box<dyn Stream>, CallError> {
        let host = url.host().ok_or_else(|| CallError("the URL names no host".to_owned()))?;
        let name = host.to_string();
        let name = name.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port_or_known_default().unwrap_or(443);
        let failed = |error: std::io::Error| CallError(format!("cannot connect to {host}:{port}: {error}"));
        let mut addresses: Vec<SocketAddr> = lookup_host((&*name, port)).await.map_err(failed)?.collect();
        let plain = url.scheme() != "https";
        if plain && !self.plain_anywhere {
            // Whatever a name leads to: nothing goes over a network in the clear.
            addresses.retain(|address| address.ip().to_canonical().is_loopback());
            if addresses.is_empty() {
                return Err(CallError(format!("{host} is not this machine: use https://")));
            }
        }
        let tcp = TcpStream::connect(&*addresses).await.map_err(failed)?;
        let _ = tcp.set_nodelay(true);
        if plain {
            return Ok(Box::new(tcp));
        }
        let name = ServerName::try_from(name)
            .map_err(|_| CallError(format!("{host} is no name that a certificate can be made out to")))?;
        let tls = self.tls.connect(name, tcp).await;
        Ok(Box::new(tls.map_err(|error| CallError(format!("no TLS with {host}: {error}")))?))
    }
}

/// Whether plain HTTP to this host stays on this machine.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn request(url: &Url, headers: HeaderMap, body: Vec<u8>) -> Result<Request<Full<Bytes>>, CallError> {
    let unfit = |_| CallError("the URL makes no request".to_owned());
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let mut request =
        Request::builder().method(Method::POST).uri(path).body(Full::from(body)).map_err(unfit)?;
    *request.headers_mut() = headers;
    let host = HeaderValue::from_str(host).map_err(|_| CallError("the host is no header".to_owned()))?;
    request.headers_mut().insert(HOST, host);
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(AGENT));
    Ok(request)
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

/// Whom to trust.
fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, CallError> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(path) => {
            let unfit = |why: &dyn std::fmt::Display| {
                CallError(format!("cannot use the certificates in {}: {why}", path.display()))
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
    Ok(roots)
}
