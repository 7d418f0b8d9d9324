//! In a real browser: more pages at once than a browser keeps connections to one server.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::*;

/// More tabs than a browser keeps connections to one server: one that nobody looks at gives its up, and catches up.
#[tokio::test(flavor = "multi_thread")]
async fn many_tabs_are_open_at_once() {
    let web = Web::start_streaming(None, LONG).await;
    let account = web.account("acme/alice", "alice").await;
    let mut tabs = Script::start(&web, "tabs.mjs").await;
    assert_eq!(tabs.says().await.as_deref(), Some("turned"));
    web.begun(&account).await;
    tabs.go().await;
    tabs.ends().await;
    web.end().await;
}

/// More windows than that, all of them looked at: one has the stream, and tells the others.
#[tokio::test(flavor = "multi_thread")]
async fn many_windows_are_looked_at_at_once() {
    let web = Web::start_streaming(None, LONG).await;
    let mut windows = Script::start(&web, "windows.mjs").await;
    assert_eq!(windows.says().await.as_deref(), Some("open"));
    for account in ["acme/alice", "acme/bob", "acme/carol"] {
        web.begun(&web.account(account, account).await).await;
        windows.go().await;
        assert_eq!(windows.says().await.as_deref(), Some("seen"));
    }
    windows.ends().await;
    web.end().await;
}

/// What looks at pages in a browser of many tabs.
struct Script {
    runs: Child,
    told: ChildStdin,
    said: Lines<BufReader<ChildStdout>>,
}

impl Script {
    async fn start(web: &Web, name: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let modules = root.join("target/looks");
        assert!(
            modules.join("installed").is_file(),
            "scripts/install-test-deps installs what looks at pages"
        );
        let token = web.named("me", Scope::ALL, false).await;
        let mut runs = Command::new("node")
            .arg(root.join("tests/looks").join(name))
            .args([&modules, &crate::harness::browser_program()])
            .arg(&web.url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut told = runs.stdin.take().unwrap();
        told.write_all(format!("{}\n", token.expose()).as_bytes()).await.unwrap();
        let said = BufReader::new(runs.stdout.take().unwrap()).lines();
        Self { runs, told, said }
    }

    async fn says(&mut self) -> Option<String> {
        self.said.next_line().await.unwrap()
    }

    async fn go(&mut self) {
        self.told.write_all(b"go\n").await.unwrap();
    }

    /// It has nothing more to say.
    async fn ends(&mut self) {
        assert_eq!(self.says().await, None);
        assert!(self.runs.wait().await.unwrap().success());
    }
}
