//! A private PostgreSQL server, on a free port and a socket in a folder of its own.

use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sqlx::{Connection, Executor, PgConnection};

use super::SOON;

/// A server. However this process ends, the server ends with it and its folder goes: the shell that started it waits
/// for the end of a pipe that only this process holds.
pub struct Server {
    folder: PathBuf,
    port: u16,
    words: Option<ChildStdin>,
    guardian: Child,
}

/// `$1` is the folder; the rest is the server's command line. It is started and stopped as the words say, always by
/// the very process id.
const GUARDIAN: &str = r#"
    folder=$1; shift
    launch() { "$@" >> "$folder/log" 2>&1 & server=$!; }
    halt() { kill -"$1" "$server" && wait "$server"; }
    launch "$@"
    while read -r word; do
        case $word in
            start) launch "$@" ;;
            stop) halt INT ;;
            kill) halt QUIT ;;
        esac
    done
    halt INT
    rm -rf "$folder"
"#;

impl Server {
    /// Makes a cluster and starts its server. It is as durable as servers are.
    pub fn start() -> Self {
        let bin = programs();
        let folder = tempfile::Builder::new().prefix("turnlock-postgres-").tempdir().unwrap().keep();
        if rustix::process::geteuid().is_root() {
            // The server refuses to run as root; Debian's package has made a user for it.
            let (user, group) = (number("-u"), number("-g"));
            std::os::unix::fs::chown(&folder, Some(user), Some(group)).unwrap();
        }
        let data = folder.join("data");
        let made = as_server(&bin.join("initdb"))
            .args(["--auth=trust", "--username=turnlock", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
            .arg("--pgdata")
            .arg(&data)
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));

        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = as_server(&bin.join("postgres"));
        let mut guardian = Command::new("/bin/sh");
        guardian.args(["-c", GUARDIAN, "guardian"]).arg(&folder);
        guardian.arg(server.get_program()).args(server.get_args());
        guardian.arg("-D").arg(&data).args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k"]).arg(&folder);
        guardian.args(["-c", "fsync=on", "-c", "synchronous_commit=on"]);
        let mut guardian = guardian
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let words = guardian.stdin.take();
        let server = Self { folder, port, words, guardian };
        server.wait_until_it_listens();
        server
    }

    /// The URL of a database on it, by its port.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://turnlock@127.0.0.1:{}/{database}", self.port)
    }

    /// The same, by its socket.
    pub fn socket_url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&port={}&user=turnlock", self.folder.display(), self.port)
    }

    /// Offers TLS from now on, by a certificate for `localhost` of an authority of its own; returns the authority's
    /// file.
    pub async fn offer_tls(&self) -> PathBuf {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        for (name, text) in [
            ("server.crt", pem("CERTIFICATE", made.cert.der())),
            ("server.key", pem("PRIVATE KEY", &made.signing_key.serialize_der())),
        ] {
            let path = self.folder.join("data").join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            let owner = std::fs::metadata(&self.folder).unwrap();
            std::os::unix::fs::chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        let authority = self.folder.join("authority.crt");
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
        self.say("stop");
        self.wait_until_it_is_gone();
    }

    /// Stops it as a crash does.
    pub fn kill(&mut self) {
        self.say("kill");
        self.wait_until_it_is_gone();
    }

    /// Starts it again.
    pub fn start_again(&mut self) {
        self.say("start");
        self.wait_until_it_listens();
    }

    /// What the server has written down.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn say(&mut self, word: &str) {
        writeln!(self.words.as_mut().unwrap(), "{word}").unwrap();
    }

    fn pid_file(&self) -> PathBuf {
        self.folder.join("data/postmaster.pid")
    }

    fn wait_until_it_listens(&self) {
        // The server itself says in this file when it is ready for connections.
        self.wait("start", || {
            std::fs::read_to_string(self.pid_file()).is_ok_and(|text| text.contains("ready"))
        });
    }

    fn wait_until_it_is_gone(&self) {
        self.wait("stop", || std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err());
    }

    fn wait(&self, what: &str, until: impl Fn() -> bool) {
        let began = Instant::now();
        while !until() {
            assert!(began.elapsed() < SOON, "the server does not {what}: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.words.take());
        let _ = self.guardian.wait();
    }
}

/// The server that the tests of this process share; it starts when it is first asked for.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

/// The newest server that is installed, where Debian puts it, or the one in the `PATH`.
fn programs() -> PathBuf {
    let version = |bin: &Path| bin.parent()?.file_name()?.to_str()?.parse::<u32>().ok();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = debian.map(|entry| entry.path().join("bin")).filter(|bin| bin.join("initdb").is_file());
    let path = std::env::var_os("PATH").unwrap_or_default();
    newest
        .max_by_key(|bin| version(bin))
        .or_else(|| std::env::split_paths(&path).find(|bin| bin.join("initdb").is_file()))
        .expect("these tests need PostgreSQL: run scripts/install-test-deps")
}

/// A command that runs as the user that the server wants: root may not, anybody else may.
fn as_server(program: &Path) -> Command {
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}

fn number(of: &str) -> u32 {
    let said = Command::new("id").args([of, "postgres"]).output().unwrap();
    String::from_utf8(said.stdout).unwrap().trim().parse().expect("the user postgres")
}

fn pem(what: &str, bytes: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    format!("-----BEGIN {what}-----\n{text}\n-----END {what}-----\n")
}
