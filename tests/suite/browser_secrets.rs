//! What is typed goes into its field and nowhere else.

mod files;

use std::io::Write;
use std::sync::{Arc, Mutex};

use turnlock::browser::{PageError, Typed};

use crate::harness::{BRIEFLY, SOON, Site, Stage};

const SECRET: &str = "Correct-Horse-7-Staple";

/// Keeps all that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_log_line_no_error_and_no_process_shows_a_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // Everything runs on this one thread, but for what the browser prints.
    let _guard = tracing::subscriber::set_default(subscriber);
    let app = acme::Acme::start(acme::Options::default()).await.unwrap();
    app.add_user(acme::NewUser::new("alice", SECRET)).unwrap();
    let stage = Stage::set(app.url(), "").await;
    stage.goto("/login").await.unwrap();
    stage.fill("{ label: Username }", "alice").await.unwrap();
    stage.fill_secret("{ label: Password }", SECRET).await.unwrap();
    let (_, group) = stage.browser.pool.browser().await.unwrap();
    let mut processes = 0;
    for pid in super::browser_process::members(group, "") {
        for file in ["cmdline", "environ"] {
            let bytes = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            assert!(!String::from_utf8_lossy(&bytes).contains(SECRET), "{file}");
            processes += usize::from(!bytes.is_empty());
        }
    }
    assert!(processes > 1);
    // The field holds the secret; what errors say of the page does not.
    let missing = stage.page.click(&stage.target("{ text: Never }"), BRIEFLY).await.unwrap_err();
    let several = stage.page.click(&stage.target("{ css: input }"), BRIEFLY).await.unwrap_err();
    for error in [missing, several] {
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error:?}");
    }
    stage.click("{ role: button, name: Sign in }").await.unwrap();
    stage.see("{ role: button, name: Sign out }").await.unwrap();
    tracing::info!("the end of it");
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("the end of it"));
    assert!(!log.contains(SECRET), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_sees_nothing_of_the_script_that_looks_at_it() {
    let site = Site::page(
        r#"<label>Password<input type=password></label><p id=out></p><script>
        const before = new Set(Object.getOwnPropertyNames(globalThis));
        for (const name of ['querySelectorAll', 'createTreeWalker', 'elementFromPoint', 'evaluate'])
          Document.prototype[name] = () => { throw new Error('tampered') };
        Element.prototype.checkVisibility = () => false;
        Element.prototype.getBoundingClientRect = () => { throw new Error('tampered') };
        document.querySelector('input').addEventListener('keyup', () => {
          const now = Object.getOwnPropertyNames(globalThis).filter((name) => !before.has(name));
          out.textContent = `turnlock: ${typeof globalThis.turnlock}, new: ${now.filter((name) => !['before'].includes(name))}`;
        });</script>"#,
    )
    .await;
    let stage = Stage::open(&site.url()).await;
    stage.fill_secret("{ label: Password }", SECRET).await.unwrap();
    stage.see("{ text: \"turnlock: undefined, new:\", exact: true }").await.unwrap();
}

/// The lines of `/proc/PID/limits` that bound its core dumps: in bytes, now and at most.
fn core_limits(pid: i32) -> Vec<String> {
    let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max core file size")).unwrap();
    line.split_whitespace().take(2).map(str::to_owned).collect()
}

#[tokio::test]
async fn neither_the_worker_nor_its_browser_leaves_a_core_dump() {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Stdio;

    use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
    use tokio::io::{AsyncBufReadExt, BufReader};

    let home = tempfile::tempdir().unwrap();
    let sandbox = if rustix::process::geteuid().is_root() { "off" } else { "on" };
    // On a machine that keeps every core dump, as far as this one lets itself be made such.
    let mut worker = tokio::process::Command::new("sh")
        .args(["-c", "ulimit -c unlimited; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_turnlock"), "worker"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", home.path())
        .env("TMPDIR", home.path())
        .env("TURNLOCK_BROWSER_SANDBOX", sandbox)
        .env("TURNLOCK_INBOX_URL", "smtp://127.0.0.1:0")
        .env("TURNLOCK_PLAYBOOKS", concat!(env!("CARGO_MANIFEST_DIR"), "/playbooks/acme.yaml"))
        .current_dir(home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(worker.stderr.take().unwrap()).lines();
    while !lines.next_line().await.unwrap().expect("the worker ended").contains("ready for jobs") {}
    let pid = i32::try_from(worker.id().unwrap()).unwrap();
    let mut processes = super::browser_process::users_of(home.path());
    assert!(processes.len() > 1, "its browser was not found: {processes:?}");
    processes.push(pid);
    for process in processes {
        for limit in core_limits(process) {
            assert!(["0", "1"].contains(&limit.as_str()), "{process}: {limit}");
        }
    }
    // Whoever may lift the limit again, as root mostly may, sees that the process is not to be dumped at all.
    let worker_id = Pid::from_raw(pid).unwrap();
    let _ = prlimit(Some(worker_id), Resource::Core, Rlimit { current: None, maximum: None });
    kill_process(worker_id, Signal::ABORT).unwrap();
    let status = tokio::time::timeout(SOON, worker.wait()).await.unwrap().unwrap();
    assert_eq!(status.signal(), Some(Signal::ABORT.as_raw()));
    assert!(!status.core_dumped());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_certificate_is_fatal() {
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut stream = acceptor.accept(stream).await.ok()?;
                use tokio::io::AsyncWriteExt;
                let page =
                    b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<label>Password<input></label>";
                stream.write_all(page).await.ok()?;
                stream.shutdown().await.ok()
            });
        }
    });
    let site = Site::page(&format!("<a href={url}/login>Go on</a>")).await;
    let stage = Stage::set(&url, &format!("  plain: {}", site.url())).await;
    let opened = stage.goto("/login").await.unwrap_err();
    assert_eq!(
        opened.to_string(),
        format!("{url}/login could not be reached: net::ERR_CERT_AUTHORITY_INVALID")
    );
    let password = stage.target("{ label: Password }");
    let secret = SECRET.into();
    let typed = stage.page.fill(&password, Typed::Secret(&secret), SOON).await.unwrap_err();
    assert!(matches!(typed, PageError::Unreachable { .. }), "{typed}");
    // Nor on the way of a link.
    stage.page.open(&site.url().parse().unwrap(), SOON).await.unwrap();
    stage.click("{ role: link, name: Go on }").await.unwrap();
    let linked = stage.page.fill(&password, Typed::Secret(&secret), SOON).await.unwrap_err();
    assert_eq!(linked.to_string(), opened.to_string());
    server.abort();
}

/// The field for the password comes later than another one that has the word in its name.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_waits_for_a_field_that_is_for_one() {
    const LATE: &str = "<label>Password hint <input id=h></label><div id=f></div>\
        <script>setTimeout(() => { f.innerHTML = `<label>Your password <input id=p type=password></label>` }, 300)</script>";
    let site = Site::page(LATE).await;
    let stage = Stage::open(&site.url()).await;
    let (secret, password) = (SECRET.into(), stage.target("{ label: Password }"));
    stage.page.fill(&password, Typed::Password(&secret), SOON).await.unwrap();
    assert_eq!(
        (stage.text("{ css: '#p' }").await, stage.text("{ css: '#h' }").await),
        (SECRET.into(), "".into())
    );

    // Where it never comes, what was there is told; where a field is called so as a whole, it is the one. So is one that is
    // made for passwords, however it shows them.
    const PLAIN: &str = "<label>Password hint <input id=h></label><label>Passphrase: <input id=p></label>\
        <label>Old PIN <input id=o autocomplete=current-password></label><label>The PIN <input id=d style='-webkit-text-security: disc'></label>";
    let site = Site::page(PLAIN).await;
    let stage = Stage::open(&site.url()).await;
    let error = stage.page.fill(&password, Typed::Password(&secret), BRIEFLY).await.unwrap_err().to_string();
    let told = "<input id=\"h\"> \"Password hint\" has only a part of its name in common, and is no field for a password: none is typed there";
    assert!(error.contains(told) && error.contains("{ label: Password hint }"), "{error}");
    for (label, field) in [("Passphrase", "#p"), ("Password hint", "#h"), ("Old", "#o"), ("The", "#d")] {
        let target = stage.target(&format!("{{ label: {label} }}"));
        stage.page.fill(&target, Typed::Password(&secret), SOON).await.unwrap();
        assert_eq!(stage.text(&format!("{{ css: '{field}' }}")).await, SECRET, "{label}");
    }
    // A code has no field of its own kind.
    let pass = stage.target("{ label: hint }");
    stage.page.fill(&pass, Typed::Secret(&secret), SOON).await.unwrap();
}
