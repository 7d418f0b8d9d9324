use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::sync::watch;

use super::library::Library;
use super::stops::Stops;
use super::{Context, Exit, Failure, parts};
use crate::net::TlsFiles;
use crate::reveal::Reveal;
use crate::web::{AppInfo, Options, Server};
use crate::worker::identity;

/// How long a stream of events lasts before its viewer asks again.
const STREAM: Duration = Duration::from_secs(60);

/// Serve the automation log to browsers, and the API to programs, until Ctrl-C
#[derive(Debug, Args)]
#[command(after_help = "\
Everybody needs a token: `turnlock token create NAME`. Browsers are signed in with it, programs send it with each request as
`Authorization: Bearer …`; the API describes itself at /api/v1/openapi.json.

Examples:
  turnlock serve
  turnlock serve --listen 0.0.0.0:8443 --tls-certificate cert.pem --tls-key key.pem
  turnlock serve --listen 0.0.0.0:8080 --behind-proxy

Without --with-vault it opens nothing, and has no secret to show.")]
pub struct Serve {
    /// Where to listen; elsewhere than on this machine only with TLS, or behind a proxy that speaks it
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The certificate and those that vouch for it, in PEM; read again when it was renewed
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// Its private key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// A proxy of yours stands before this, speaks HTTPS, and says in X-Forwarded-For for whom
    #[arg(long)]
    behind_proxy: bool,
    /// Open the vault with the master key, so that passwords and TOTP codes are shown to those who may see them
    #[arg(long)]
    with_vault: bool,
}

impl Serve {
    /// Does it.
    ///
    /// # Errors
    /// If the database cannot be opened, or the address not be listened on.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let endpoints = parts::endpoints(&config)?;
        let (tracer, exporting) = parts::tracer(&config)?;
        let mut stops = Stops::new()?;
        let store = parts::await_store(&config).await?;
        let _delivering = parts::deliver(&store, endpoints);
        let queue = parts::queue(&config, store.clone());
        let reveal = match self.with_vault {
            true => Some(Reveal::new(parts::open_vault_in(&config, store.clone()).await?)),
            false => None,
        };
        // Of an invalid playbook the worker tells.
        let library = Library::load(&config.playbooks, &config.origins, false).unwrap_or_default();
        let apps = library.iter().map(|playbook| AppInfo {
            app: playbook.app.to_string(),
            title: playbook.title.clone(),
            file: playbook.name.clone(),
            hash: playbook.hash.clone(),
            quotes: playbook.quotes(),
            flows: playbook.flows.iter().map(|flow| flow.kind.as_str().to_owned()).collect(),
        });
        let tls = self.tls_certificate.zip(self.tls_key);
        let options = Options {
            listen: self.listen,
            tls: tls.map(|(certificate, key)| TlsFiles { certificate, key }),
            behind_proxy: self.behind_proxy,
            artifacts: config.artifacts.clone(),
            apps: apps.collect(),
            reveal,
            stream: STREAM,
            tracer,
            is_dead: identity::is_dead,
        };
        let scheme = if options.tls.is_some() { "https" } else { "http" };
        let server = Server::bind(options, store, queue).await.map_err(Failure::environment)?;
        let address = server.local_addr().map(|address| address.to_string()).unwrap_or_default();
        tracing::info!("listening on {scheme}://{address}");
        let (stop, stopped) = watch::channel(false);
        let serving = server.run(stopped);
        tokio::pin!(serving);
        tokio::select! {
            done = &mut serving => done,
            () = stops.next() => {
                stop.send_replace(true);
                serving.await
            }
        }
        .map_err(Failure::environment)?;
        exporting.end().await;
        Ok(Exit::Done)
    }
}
