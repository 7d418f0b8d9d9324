//! A private RabbitMQ, on free ports in a folder of its own.

use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use turnlock::queue::rabbit;

use super::PATIENCE;

/// A broker. However this process ends, the broker ends with it and its folder goes: the shell that started it waits for
/// the end of a pipe that only this process holds.
pub struct Broker {
    folder: PathBuf,
    port: u16,
    /// The port of its management plugin, if that is on.
    management: Option<u16>,
    /// The port of its name server.
    names: u16,
    words: Option<ChildStdin>,
    guardian: Child,
}

/// `$1` is the folder, `$2` the port of the name server that Erlang wants. All are ended by the very process id.
const GUARDIAN: &str = r#"
    folder=$1
    epmd -port "$2" -address 127.0.0.1 > /dev/null 2>&1 & names=$!
    launch() { /usr/lib/rabbitmq/bin/rabbitmq-server >> "$folder/log" 2>&1 & server=$!; }
    halt() { kill -"$1" "$server"; wait "$server"; }
    launch
    while read -r word; do
        case $word in
            start) launch ;;
            stop) halt TERM ;;
            kill) halt KILL ;;
        esac
        echo done >> "$folder/done"
    done
    halt KILL
    kill "$names"
    # Its helpers end by themselves when they find it gone.
    while ! rm -rf "$folder"; do sleep 0.1; done
"#;

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Broker {
    pub async fn start() -> Self {
        Self::start_with(None).await
    }

    /// With the management plugin, by which rabbitmqadmin works.
    pub async fn start_managed() -> Self {
        Self::start_with(Some(free_port())).await
    }

    async fn start_with(management: Option<u16>) -> Self {
        assert!(
            Path::new("/usr/lib/rabbitmq/bin/rabbitmq-server").exists(),
            "scripts/install-test-deps installs RabbitMQ"
        );
        let folder = tempfile::Builder::new().prefix("turnlock-rabbit-").tempdir().unwrap().keep();
        let plugins = if management.is_some() { "[rabbitmq_management].\n" } else { "[].\n" };
        std::fs::write(folder.join("plugins"), plugins).unwrap();
        let mut conf = "log.console.level = warning\n".to_owned();
        if let Some(port) = management {
            conf += &format!("management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {port}\n");
        }
        std::fs::write(folder.join("rabbitmq.conf"), conf).unwrap();
        let (port, distribution, names) = (free_port(), free_port(), free_port());
        let path = |name: &str| folder.join(name);
        let mut guardian = Command::new("/bin/sh")
            .args(["-c", GUARDIAN, "guardian"])
            .arg(&folder)
            .arg(names.to_string())
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .env("LANG", "C.UTF-8")
            .env("HOME", &folder)
            .env("RABBITMQ_NODENAME", format!("turnlock-{port}@localhost"))
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", port.to_string())
            .env("RABBITMQ_DIST_PORT", distribution.to_string())
            .env("RABBITMQ_MNESIA_BASE", path("mnesia"))
            .env("RABBITMQ_LOG_BASE", path("logs"))
            .env("RABBITMQ_PID_FILE", path("pid"))
            .env("RABBITMQ_CONFIG_FILE", path("rabbitmq"))
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", path("plugins"))
            // The script becomes the server, so that its process id is the server's.
            .env("RUNNING_UNDER_SYSTEMD", "true")
            .env("ERL_EPMD_PORT", names.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let words = guardian.stdin.take();
        let broker = Self { folder, port, management, names, words, guardian };
        broker.answers().await;
        broker
    }

    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.port)
    }

    pub fn management(&self) -> Option<u16> {
        self.management
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// No queue of such a name takes more messages than that, by a policy of its administrator's.
    pub async fn limit(&self, queues: &str, most: u32) {
        let definition = format!(r#"{{"max-length":{most}}}"#);
        let set = tokio::process::Command::new("/usr/lib/rabbitmq/bin/rabbitmqctl")
            .args(["--node", &format!("turnlock-{}@localhost", self.port)])
            .args(["set_policy", "limit", queues, &definition, "--apply-to", "queues"])
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .env("LANG", "C.UTF-8")
            // Where the broker's cookie lies.
            .env("HOME", &self.folder)
            .env("RABBITMQ_CONF_ENV_FILE", "/dev/null")
            .env("ERL_EPMD_PORT", self.names.to_string())
            .output()
            .await
            .unwrap();
        assert!(set.status.success(), "{set:?}");
    }

    /// Ends it as an administrator does.
    pub async fn stop(&mut self) {
        self.say("stop").await;
    }

    pub async fn start_again(&mut self) {
        self.say("start").await;
        self.answers().await;
    }

    async fn say(&mut self, word: &str) {
        let done = self.folder.join("done");
        let count = || std::fs::read_to_string(&done).unwrap_or_default().lines().count();
        let before = count();
        writeln!(self.words.as_mut().unwrap(), "{word}").unwrap();
        let until = tokio::time::Instant::now() + PATIENCE;
        while count() == before {
            assert!(tokio::time::Instant::now() < until, "the broker does not {word}: {}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn answers(&self) {
        let until = tokio::time::Instant::now() + PATIENCE;
        while let Err(error) = rabbit::look(&self.url().into()).await {
            assert!(tokio::time::Instant::now() < until, "{error}: {}", self.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        drop(self.words.take());
        let _ = self.guardian.wait();
    }
}
