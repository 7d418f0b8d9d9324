//! A private RabbitMQ, on free ports in a folder of its own.

use std::process::Stdio;

use tokio::task::spawn_blocking;

use super::server::Server;

/// A broker, with a user that has a password.
pub struct Broker {
    /// Lent out while it is spoken to.
    server: Option<Server>,
}

impl Broker {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With the management plugin, by which rabbitmqadmin works.
    pub async fn start_managed() -> Self {
        Self::start_with(&[("MANAGEMENT", "on")]).await
    }

    async fn start_with(environment: &'static [(&'static str, &'static str)]) -> Self {
        let server = spawn_blocking(|| Server::start("rabbitmq", environment)).await.unwrap();
        Self { server: Some(server) }
    }

    fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    /// Where all of its files are.
    pub fn folder(&self) -> &std::path::Path {
        &self.server().folder
    }

    pub fn url(&self) -> String {
        self.server().url.to_string()
    }

    pub fn port(&self) -> u16 {
        self.server().port()
    }

    /// Where it is managed by HTTP.
    pub fn management(&self) -> u16 {
        let environment = std::fs::read_to_string(self.server().folder.join("environment")).unwrap();
        let port = environment.lines().find_map(|line| line.strip_prefix("export MANAGEMENT_PORT="));
        port.unwrap().parse().unwrap()
    }

    /// No queue of such a name takes more messages than that, by a policy of its administrator's.
    pub async fn limit(&self, queues: &str, most: u32) {
        let definition = format!(r#"{{"max-length":{most}}}"#);
        self.control(&["set_policy", "limit", queues, &definition, "--apply-to", "queues"]).await;
    }

    /// That limit is no more.
    pub async fn lift_limit(&self) {
        self.control(&["clear_policy", "limit"]).await;
    }

    async fn control(&self, words: &[&str]) {
        let ctl = r#"set -a; . "$0/environment"; exec /usr/lib/rabbitmq/bin/rabbitmqctl --node "$RABBITMQ_NODENAME" "$@""#;
        let done = tokio::process::Command::new("bash")
            .args(["-c", ctl])
            .arg(&self.server().folder)
            .args(words)
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap();
        assert!(done.status.success(), "{done:?}");
    }

    /// Ends it as an administrator does.
    pub async fn stop(&mut self) {
        self.say("stop").await;
    }

    pub async fn start_again(&mut self) {
        self.say("start").await;
    }

    async fn say(&mut self, word: &'static str) {
        let mut server = self.server.take().unwrap();
        let said = spawn_blocking(move || {
            server.say(word);
            server
        });
        self.server = Some(said.await.unwrap());
    }
}
