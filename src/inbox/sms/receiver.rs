//! The receiver of text messages as a source.

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use url::Url;

use super::routes::{From, router};
use super::{SmsLimits, SmsOptions};
use crate::inbox::net::{BindError, Clients, Door, Guest, Hall, Stream, Tls, told_to_stop};
use crate::inbox::source::{Desk, Source, SourceFailed};

/// How long a request may take that is under way when its connection ends.
const LAST_REQUEST: Duration = Duration::from_secs(5);

/// An HTTP server for text messages. It listens from the beginning, and takes them in while it runs.
pub struct Receiver {
    door: Door,
    options: SmsOptions,
    tls: Option<Arc<Tls>>,
    clients: Arc<Clients>,
}

impl Receiver {
    /// Listens as the options say.
    ///
    /// # Errors
    /// When the address cannot be listened on, the certificate not be used, or the options do not fit together.
    pub async fn bind(options: SmsOptions) -> Result<Self, BindError> {
        if options.twilio_tokens.is_empty() && options.secret.is_none() {
            return Err(BindError::Options(
                "nobody could send a text message here: give Twilio's auth token, or a secret for others",
            ));
        }
        if !options.twilio_tokens.is_empty() && !options.public_url.as_deref().is_some_and(is_public_url) {
            return Err(BindError::Options(
                "Twilio signs the URL that it was told: give what stands in it before /sms/twilio, as https://sms.example.com, \
                 without a user's name and password",
            ));
        }
        let tls =
            options.tls.clone().map(|files| Tls::load(files, &[b"http/1.1"])).transpose()?.map(Arc::new);
        let door = Door::bind(options.listen.clone(), "--inbox-url").await?;
        let clients = Arc::new(Clients::new(options.limits.client));
        Ok(Self { door, options, tls, clients })
    }

    /// Where it listens; `None` where that is a Unix socket.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.door.local_addr()
    }
}

#[async_trait]
impl Source for Receiver {
    fn describe(&self) -> String {
        format!("SMS receiver on {}", self.door.listen())
    }

    /// Each worker may have one, behind a proxy that knows which are there.
    fn runs_alone(&self) -> bool {
        false
    }

    async fn run(&self, desk: Arc<dyn Desk>, stop: watch::Receiver<bool>) -> Result<(), SourceFailed> {
        let failed =
            |error: BindError| SourceFailed { source_name: self.describe(), reason: error.to_string() };
        let listener = self.door.open().await.map_err(failed)?;
        // A proxy's connections are everybody's.
        let unbounded = Arc::new(Clients::new(None));
        let hall = Hall {
            connections: self.options.limits.connections,
            clients: if self.options.behind_proxy { &unbounded } else { &self.clients },
            no_room: b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        };
        let counter = Counter {
            router: router(&self.options, desk, Arc::clone(&self.clients)),
            tls: self.tls.clone(),
            limits: self.options.limits,
            stop: stop.clone(),
        };
        hall.serve(listener, stop, |stream, from, guest| counter.clone().attend(stream, from, guest)).await;
        Ok(())
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("options", &self.options).finish_non_exhaustive()
    }
}

/// Whether Twilio can have been told that. A password in it would be for nothing, and be seen.
fn is_public_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
    })
}

/// Where one connection is attended to.
#[derive(Clone)]
struct Counter {
    router: Router,
    tls: Option<Arc<Tls>>,
    limits: SmsLimits,
    stop: watch::Receiver<bool>,
}

impl Counter {
    async fn attend(self, stream: Box<dyn Stream>, from: Option<IpAddr>, _guest: Guest) {
        let Some(tls) = self.tls.clone() else { return self.converse(stream, from).await };
        match timeout(self.limits.request, tls.acceptor().accept(stream)).await {
            Ok(Ok(stream)) => self.converse(Box::new(stream), from).await,
            Ok(Err(error)) => tracing::debug!(%error, "a client did not get through the TLS handshake"),
            Err(_) => {}
        }
    }

    async fn converse(mut self, stream: Box<dyn Stream>, from: Option<IpAddr>) {
        let service = TowerToHyperService::new(self.router);
        let service = service_fn(move |mut request: hyper::Request<_>| {
            request.extensions_mut().insert(From(from));
            let answer = service.call(request);
            async move {
                Ok::<_, Infallible>(match answer.await {
                    Ok(response) => response,
                    Err(never) => match never {},
                })
            }
        });
        let mut connection = std::pin::pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(self.limits.request)
                .serve_connection(TokioIo::new(stream), service)
        );
        tokio::select! {
            _ = connection.as_mut() => return,
            () = told_to_stop(&mut self.stop) => {}
            () = sleep(self.limits.connection) => {}
        }
        // The request that is under way is answered, and no other.
        connection.as_mut().graceful_shutdown();
        let _ = timeout(LAST_REQUEST, connection).await;
    }
}
