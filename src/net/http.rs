//! HTTP on connections that were let in.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, HeaderName};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::{Stream, Tls, told_to_stop};

/// How long a request may take that is under way when its connection ends.
const LAST_REQUEST: Duration = Duration::from_secs(5);

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// From which address a connection comes, where it has one; every request carries it.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub Option<IpAddr>);

/// Whom the proxy in front speaks for: the last that is named, for the others are hearsay.
pub fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    // Whatever a client has written before it, the proxy's own word is behind the last comma.
    let last =
        headers.get_all(FORWARDED_FOR).iter().next_back()?.as_bytes().rsplit(|byte| *byte == b',').next()?;
    let last = std::str::from_utf8(last).ok()?.trim();
    last.parse().ok().or_else(|| last.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// How one connection is attended to.
#[derive(Clone)]
pub struct Http {
    /// What is answered.
    pub router: Router,
    /// Whether it is spoken within TLS.
    pub tls: Option<Arc<Tls>>,
    /// How long the head of a request, or the TLS handshake, may take.
    pub head: Duration,
    /// How long the connection may last.
    pub connection: Duration,
    /// Whether everything is to end.
    pub stop: watch::Receiver<bool>,
}

impl Http {
    /// Until the connection ends.
    pub async fn attend(self, stream: Box<dyn Stream>, from: Option<IpAddr>) {
        let Some(tls) = self.tls.clone() else { return self.converse(stream, from).await };
        match timeout(self.head, tls.acceptor().accept(stream)).await {
            Ok(Ok(stream)) => self.converse(Box::new(stream), from).await,
            Ok(Err(error)) => tracing::debug!(%error, "a client did not get through the TLS handshake"),
            Err(_) => {}
        }
    }

    async fn converse(mut self, stream: Box<dyn Stream>, from: Option<IpAddr>) {
        let service = TowerToHyperService::new(self.router);
        let service = service_fn(move |mut request: hyper::Request<_>| {
            request.extensions_mut().insert(Peer(from));
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
                .header_read_timeout(self.head)
                .serve_connection(TokioIo::new(stream), service)
        );
        tokio::select! {
            _ = connection.as_mut() => return,
            () = told_to_stop(&mut self.stop) => {}
            () = sleep(self.connection) => {}
        }
        // The request that is under way is answered, and no other.
        connection.as_mut().graceful_shutdown();
        let _ = timeout(LAST_REQUEST, connection).await;
    }
}
