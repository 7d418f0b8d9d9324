use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use tokio::sync::watch;

use super::pulse::Pulse;
use super::site::{AppInfo, Site};
use super::turned_away::TurnedAway;
use super::watched::Watched;
use super::{api, guard, headers, pages, whole};
use crate::net::{BindError, ClientLimits, Clients, Door, Hall, Http, Listen, Tls, TlsFiles};
use crate::queue::Queue;
use crate::reveal::Reveal;
use crate::store::{Store, WorkerId};
use crate::traces::Tracer;

/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(10);
/// How long a connection may last; a browser that watches begins another.
const CONNECTION: Duration = Duration::from_secs(12 * 60 * 60);
/// Connections at once, of all clients together.
const CONNECTIONS: usize = 4096;
/// Of each client by itself.
const CLIENT: ClientLimits = ClientLimits { connections: 1024, messages_per_minute: 3000 };
/// How often a client may try to sign in.
const SIGN_INS: ClientLimits = ClientLimits { connections: 1, messages_per_minute: 20 };

/// What a server is told.
#[derive(Clone)]
pub struct Options {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Its certificate and key.
    pub tls: Option<TlsFiles>,
    /// A proxy of one's own stands before it, which speaks HTTPS.
    pub behind_proxy: bool,
    /// The folder for evidence.
    pub artifacts: PathBuf,
    /// The apps that are described here.
    pub apps: Vec<AppInfo>,
    /// What shows passwords and codes to those who may see them; without it this server opens nothing.
    pub reveal: Option<Reveal>,
    /// How long a stream of events lasts: whoever watches asks again then, and may do so no more if the token was revoked
    /// meanwhile.
    pub stream: Duration,
    /// What takes the spans of jobs that are submitted here.
    pub tracer: Tracer,
    /// Whether a worker's process is known to have ended, on this machine.
    pub is_dead: fn(&WorkerId) -> bool,
}

/// The web server.
pub struct Server {
    door: Door,
    tls: Option<Arc<Tls>>,
    site: Arc<Site>,
}

impl Server {
    /// Listens as the options say.
    ///
    /// # Errors
    /// When the address cannot be listened on, the certificate not be used, or when tokens would cross a network in the
    /// clear.
    pub async fn bind(
        options: Options,
        store: Arc<dyn Store>,
        queue: Arc<dyn Queue>,
    ) -> Result<Self, BindError> {
        if !is_loopback(options.listen.ip()) && options.tls.is_none() && !options.behind_proxy {
            return Err(BindError::Options(
                "tokens would cross the network in the clear: give --tls-certificate and --tls-key, say --behind-proxy if a \
                 proxy of yours speaks HTTPS before this, or listen on 127.0.0.1",
            ));
        }
        let tls = options.tls.map(|files| Tls::load(files, &[b"http/1.1"])).transpose()?.map(Arc::new);
        let door = Door::bind(Listen::Tcp(options.listen), "--listen").await?;
        let site = Arc::new(Site {
            store,
            queue,
            artifacts: options.artifacts,
            apps: options.apps,
            reveal: options.reveal,
            secure: tls.is_some() || options.behind_proxy,
            behind_proxy: options.behind_proxy,
            clients: Arc::new(Clients::new(Some(CLIENT))),
            sign_ins: Arc::new(Clients::new(Some(SIGN_INS))),
            turned_away: TurnedAway::default(),
            pulse: Pulse::new(),
            used: Mutex::new(HashMap::new()),
            watched: Watched::default(),
            stream: options.stream,
            tracer: options.tracer,
            is_dead: options.is_dead,
        });
        Ok(Self { door, tls, site })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.door.local_addr()
    }

    /// Serves until it is told to stop.
    ///
    /// # Errors
    /// When the address cannot be listened on any more.
    pub async fn run(self, stop: watch::Receiver<bool>) -> Result<(), BindError> {
        let listener = self.door.open().await?;
        let pulse = self.site.pulse.clone().run(Arc::clone(&self.site.store), stop.clone());
        let unbounded = Arc::new(Clients::new(None));
        let hall = Hall {
            connections: CONNECTIONS,
            clients: if self.site.behind_proxy { &unbounded } else { &self.site.clients },
            no_room: b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        };
        let http = Http {
            router: router(&self.site, self.tls.is_some()),
            tls: self.tls.clone(),
            head: HEAD,
            connection: CONNECTION,
            stop: stop.clone(),
        };
        let serving = hall.serve(listener, stop, |stream, from, guest| {
            let http = http.clone();
            async move {
                http.attend(stream, from).await;
                drop(guest);
            }
        });
        tokio::join!(serving, pulse);
        Ok(())
    }
}

fn router(site: &Arc<Site>, tls: bool) -> Router {
    let inside = Router::new().merge(api::routes()).merge(pages::routes());
    let inside = inside.method_not_allowed_fallback(guard::wrong_method);
    let inside = inside.layer(from_fn_with_state(Arc::clone(site), guard::known));
    Router::new()
        .merge(inside)
        .merge(pages::open_routes())
        .merge(api::open_routes())
        .method_not_allowed_fallback(guard::wrong_method)
        .fallback(pages::nothing_there)
        .layer(from_fn(whole::to_its_end))
        .layer(from_fn_with_state(Arc::clone(site), guard::within_bounds))
        .layer(from_fn_with_state(tls, headers::strict))
        .with_state(Arc::clone(site))
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}
