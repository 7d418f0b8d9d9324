//! The mail server as a source of messages.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

use super::SmtpOptions;
use super::session::{House, Session};
use crate::inbox::source::{Content, Desk, Source, SourceFailed};
use crate::net::{BindError, Clients, Door, Hall, Tls};

/// A mail server. It listens from the beginning, and takes in mail while it runs.
pub struct Receiver {
    door: Door,
    options: SmtpOptions,
    tls: Option<Arc<Tls>>,
    clients: Arc<Clients>,
}

impl Receiver {
    /// Listens as the options say.
    ///
    /// # Errors
    /// When the address cannot be listened on, or the certificate not be used.
    pub async fn bind(options: SmtpOptions) -> Result<Self, BindError> {
        let tls = options.tls.clone().map(|tls| Tls::load(tls.files, &[])).transpose()?.map(Arc::new);
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
        format!("{} receiver on {}", self.options.protocol.name(), self.door.listen())
    }

    /// Each worker may have one: whoever sends takes the next where one is away.
    fn runs_alone(&self) -> bool {
        false
    }

    async fn run(&self, desk: Arc<dyn Desk>, stop: watch::Receiver<bool>) -> Result<(), SourceFailed> {
        let failed =
            |error: BindError| SourceFailed { source_name: self.describe(), reason: error.to_string() };
        let listener = self.door.open().await.map_err(failed)?;
        let hall = Hall {
            connections: self.options.limits.connections,
            clients: &self.clients,
            no_room: b"421 4.7.0 Too many connections, try again later\r\n",
        };
        let house = House {
            desk,
            protocol: self.options.protocol,
            content: if self.options.behind_server { Content::Mail } else { Content::DirectMail },
            limits: self.options.limits,
            tls: self.tls.clone(),
            tls_required: self.options.tls.as_ref().is_some_and(|tls| tls.required),
            stop: stop.clone(),
        };
        hall.serve(listener, stop, |stream, _, guest| Session::new(stream, guest, house.clone()).run()).await;
        Ok(())
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("options", &self.options).finish_non_exhaustive()
    }
}
