//! The receiver of text messages as a source.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;
use url::Url;

use super::SmsOptions;
use super::routes::router;
use crate::inbox::source::{Desk, Source, SourceFailed};
use crate::net::{BindError, Clients, Door, Hall, Http, Tls};

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
        let http = Http {
            router: router(&self.options, desk, Arc::clone(&self.clients)),
            tls: self.tls.clone(),
            head: self.options.limits.request,
            connection: self.options.limits.connection,
            stop: stop.clone(),
        };
        hall.serve(listener, stop, |stream, from, guest| {
            let http = http.clone();
            async move {
                http.attend(stream, from).await;
                drop(guest);
            }
        })
        .await;
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
