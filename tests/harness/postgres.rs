//! A private PostgreSQL server, on a free port and a socket in a folder of its own.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sqlx::{Connection, Executor, PgConnection};

use super::{SOON, server};

/// A server, as durable as servers are. Nobody needs a password on it.
pub struct Server(server::Server);

impl Server {
    /// Makes a cluster and starts its server.
    pub fn start() -> Self {
        Self(server::Server::start("postgresql", &[("POSTGRES_HOST_AUTH_METHOD", "trust")]))
    }

    /// The URL of a database on it, by its port.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://turnlock@127.0.0.1:{}/{database}", self.0.port())
    }

    /// The same, by its socket.
    pub fn socket_url(&self, database: &str) -> String {
        format!(
            "postgres:///{database}?host={}&port={}&user=turnlock",
            self.0.folder.display(),
            self.0.port()
        )
    }

    /// Offers TLS from now on, by a certificate for `localhost` of an authority of its own; returns the authority's
    /// file.
    pub async fn offer_tls(&self) -> PathBuf {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        for (name, text) in [
            ("server.crt", pem("CERTIFICATE", made.cert.der())),
            ("server.key", pem("PRIVATE KEY", &made.signing_key.serialize_der())),
        ] {
            let path = self.0.folder.join("data").join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            let owner = std::fs::metadata(&self.0.folder).unwrap();
            std::os::unix::fs::chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        let authority = self.0.folder.join("authority.crt");
        std::fs::write(&authority, pem("CERTIFICATE", made.cert.der())).unwrap();
        let mut connection = PgConnection::connect(&self.url("postgres")).await.unwrap();
        connection.execute("ALTER SYSTEM SET ssl = on").await.unwrap();
        connection.execute("SELECT pg_reload_conf()").await.unwrap();
        self.wait("offer TLS", || self.log().contains("\"ssl\" changed to \"on\""));
        authority
    }

    /// A new, empty database.
    pub async fn database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut connection = PgConnection::connect(&self.url("postgres")).await.unwrap();
        connection.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        connection.close().await.unwrap();
        self.url(&name)
    }

    /// Stops it as an administrator does: connections are cut, what was committed stands.
    pub fn stop(&mut self) {
        self.0.say("stop");
    }

    /// Stops it as a crash does.
    pub fn kill(&mut self) {
        self.0.say("kill");
    }

    /// Starts it again.
    pub fn start_again(&mut self) {
        self.0.say("start");
    }

    /// Where all of its files are.
    pub fn folder(&self) -> &std::path::Path {
        &self.0.folder
    }

    /// What the server has written down.
    pub fn log(&self) -> String {
        self.0.log()
    }

    fn wait(&self, what: &str, until: impl Fn() -> bool) {
        let began = Instant::now();
        while !until() {
            assert!(began.elapsed() < SOON, "the server does not {what}: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The server that the tests of this process share; it starts when it is first asked for.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

fn pem(what: &str, bytes: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    format!("-----BEGIN {what}-----\n{text}\n-----END {what}-----\n")
}
