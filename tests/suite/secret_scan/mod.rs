//! The secret scan: after every flow, well or ill, every byte that Turnlock wrote or said is searched for every secret,
//! in every form in which a program may have written it. `flow_secrets` has the cases that need a page of their own.
#![cfg(feature = "failpoints")]

mod failures;
mod flows;
mod pictures;
mod process;
mod recorded;
mod servers;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use acme::{Acme, NewUser, Options, TotpShape};
use async_trait::async_trait;
use secrecy::ExposeSecret;
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use turnlock::credential::{RecoveryCodes, TotpSecret};
use turnlock::inbox::{Arrival, Content, Desk, DeskClosed, Inbox, Taken};
use turnlock::job::AccountRef;
use turnlock::store::LogQuery;
use turnlock::vault::{NewAccount, Vault};

use crate::harness::canary::{Canaries, Named};
use crate::harness::desk::Receiving;
use crate::harness::home::Home;

/// Each way to escape a text writes this one differently, and it has a part that can be read in a picture.
const PASSWORD: &str = "Kanarienvogel\"&<%+\\/é7";

/// The wrong one, which is a secret too: it may be right elsewhere.
const WRONG: &str = "Rotkehlchen'\">&%2B\\n/ü8";

/// Says all that can be said.
const LOUD: [(&str, &str); 2] = [("TURNLOCK_LOG", "trace"), ("RUST_BACKTRACE", "full")];

/// Eight digits: what is found of them is no chance hit.
const SHAPE: TotpShape = TotpShape { digits: 8, period: 6, algorithm: acme::Algorithm::SHA1 };

/// The app, a home, and all that was said and is secret.
struct Scene {
    app: Acme,
    home: Home,
    vault: Vault,
    accounts: Vec<AccountRef>,
    said: Vec<u8>,
    named: Named,
    post: Arc<Post>,
    since: u64,
    _mail: Receiving,
    _texts: JoinSet<()>,
}

impl Scene {
    async fn set(playbook: &str) -> Self {
        Self::on(playbook, None).await
    }

    /// With rows in that database.
    async fn on(playbook: &str, database: Option<String>) -> Self {
        let app = Acme::start(Options { totp: SHAPE, ..Options::default() }).await.unwrap();
        let mut home = Home::new(&app, playbook);
        if let Some(database) = database {
            home.keep_rows_in(database);
        }
        let vault = home.vault().await;
        // Messages come in by a process other than the one whose job awaits them, and are known here.
        let inbox = Inbox::new(vault.store().clone(), vault.message_seal());
        let post = Arc::new(Post { inbox, seen: Mutex::default() });
        let mail = Receiving::mail_to(post.clone()).await;
        app.set_smtp(Some(mail.address));
        let (sms, mut sent) = mpsc::unbounded_channel();
        app.set_sms(Some(sms));
        let mut texts = JoinSet::new();
        texts.spawn({
            let post = post.clone();
            async move {
                while let Some((number, text)) = sent.recv().await {
                    post.deliver(text_message(number, text)).await.unwrap();
                }
            }
        });
        let mut named = Named::default();
        named.add("the first password", PASSWORD);
        named.add("the wrong password", WRONG);
        Self {
            app,
            home,
            vault,
            accounts: Vec::new(),
            said: Vec::new(),
            named,
            post,
            since: now(),
            _mail: mail,
            _texts: texts,
        }
    }

    /// An account of the app `acme`, in the app as it is given, and in the vault with this password.
    async fn account(&mut self, user: NewUser, password: &str) -> AccountRef {
        let account = format!("acme/{}", user.username).parse().unwrap();
        self.account_of(account, user, password).await
    }

    async fn account_of(&mut self, account: AccountRef, user: NewUser, password: &str) -> AccountRef {
        let new = NewAccount {
            account: account.clone(),
            username: user.username.clone(),
            address: Some(format!("{}@managed.test", user.username)),
            number: Some(number(self.accounts.len())),
            password: Some(password.into()),
            totp: None,
        };
        self.vault.add_account(&new).await.unwrap();
        self.app.add_user(user).unwrap();
        self.accounts.push(account.clone());
        account
    }

    /// The binary, told to say everything; whether it did what it was to do.
    async fn turnlock(&mut self, arguments: &[&str]) -> bool {
        self.turnlock_in(arguments, &[]).await
    }

    async fn turnlock_in(&mut self, arguments: &[&str], environment: &[(&str, &str)]) -> bool {
        let mut command = self.command(arguments);
        let output = command.envs(environment.iter().copied()).output().await.unwrap();
        self.said.extend(output.stdout);
        self.said.extend(output.stderr);
        output.status.success()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.turnlock();
        command.args(arguments).envs(LOUD);
        command
    }

    fn words(&self) -> String {
        String::from_utf8_lossy(&self.said).into_owned()
    }

    /// Every secret there was, by name.
    async fn canaries(&mut self) -> Canaries {
        for account in &self.accounts {
            let held = self.vault.credentials(account).await.unwrap();
            let passwords =
                held.password.iter().chain(&held.pending_password).chain(&held.previous_passwords);
            for password in passwords {
                self.named.add("a password", password.secret.expose_secret());
            }
            for held in held.totp.iter().chain(&held.pending_totp) {
                let totp = TotpSecret::from_uri(held.secret.expose_secret()).unwrap();
                self.named.add("a TOTP link", held.secret.expose_secret());
                self.named.add("a TOTP secret", totp.base32().expose_secret());
                let key =
                    data_encoding::BASE32_NOPAD.decode(totp.base32().expose_secret().as_bytes()).unwrap();
                self.named.add("the bytes of a TOTP secret", key);
                for step in self.since / totp.period()..=now() / totp.period() + 1 {
                    let code = totp.code_at(step * totp.period()).digits;
                    self.named.add_code("a TOTP code", code.expose_secret());
                }
            }
            for held in held.recovery_codes.iter().chain(&held.pending_recovery_codes) {
                for code in RecoveryCodes::from_json(&held.secret).unwrap().iter() {
                    self.named.add("a recovery code", code.expose_secret());
                }
            }
        }
        for text in self.post.seen.lock().unwrap().iter() {
            for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_') {
                if word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit()) {
                    self.named.add_code("a code that was sent", word);
                }
            }
            for (_, rest) in text.match_indices("/reset/").map(|(at, begun)| text.split_at(at + begun.len()))
            {
                let token = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').next();
                self.named.add("the token of a link", token.unwrap());
            }
        }
        self.named.ready()
    }

    /// Searches all that was said, every file, and what every command and page tells of it afterwards; gives the files.
    async fn search(&mut self) -> Vec<PathBuf> {
        self.tell_everything().await;
        let canaries = self.canaries().await;
        assert!((self.words() + &self.home.words()).contains("DEBUG"), "everything was to be said");
        canaries.assert_not_in("what was said", &self.said);
        // The key opens the vault, and the playbook is the test's.
        let except = [self.home.key_file()];
        let files = canaries.assert_not_below(self.home.path(), &except);
        assert!(!files.is_empty());
        files
    }

    /// Has all that is known told: by every command, every page and the API, into what was said and into files.
    async fn tell_everything(&mut self) {
        let rows = self.vault.store().log(&LogQuery { limit: 1000, ..LogQuery::default() }).await.unwrap();
        let mut jobs: Vec<_> = rows.iter().map(|row| row.job.to_string()).collect();
        jobs.dedup();
        for arguments in
            [&["log", "--limit", "1000"][..], &["log", "--json"], &["account", "list"], &["app", "list"]]
        {
            assert!(self.turnlock(arguments).await, "{arguments:?}: {}", self.words());
        }
        for account in self.accounts.iter().take(2).cloned().collect::<Vec<_>>() {
            assert!(self.turnlock(&["account", "show", &account.to_string()]).await);
        }
        // A process each; a failure has more to tell.
        let failed = rows.iter().filter(|row| row.user_action.is_some()).map(|row| row.job.to_string());
        let mut shown: Vec<String> = failed.chain(jobs.iter().cloned()).take(2).collect();
        shown.dedup();
        for job in &shown {
            assert!(self.turnlock(&["job", "show", job]).await);
            assert!(self.turnlock(&["job", "show", job, "--json"]).await);
            assert!(self.turnlock(&["job", "export", job, "--force"]).await);
        }
        self.said.extend(format!("{rows:?}").into_bytes());
        for row in &rows {
            self.said
                .extend(format!("{:?}", self.vault.store().log_steps(row.id).await.unwrap()).into_bytes());
        }
        self.serve(&jobs).await;
    }

    /// Asks `turnlock serve` for every page and every answer.
    async fn serve(&mut self, jobs: &[String]) {
        let create =
            self.home.turnlock().args(["token", "create", "scan", "--scope", "read"]).output().await.unwrap();
        assert!(create.status.success(), "{create:?}");
        let out = String::from_utf8(create.stdout).unwrap();
        let token =
            out.split_whitespace().find(|word| word.len() > 40).expect("a token is printed").to_owned();
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut server = command.spawn().unwrap();
        let mut lines = tokio::io::BufReader::new(server.stderr.take().unwrap());
        let mut begun = String::new();
        let url = loop {
            let from = begun.len();
            let read = tokio::io::AsyncBufReadExt::read_line(&mut lines, &mut begun).await.unwrap();
            assert!(read > 0, "the server does not start: {begun}");
            if let Some((_, rest)) = begun[from..].split_once("listening on ") {
                break rest.trim().to_owned();
            }
        };
        let rest = tokio::spawn(async move {
            let mut rest = String::new();
            tokio::io::AsyncReadExt::read_to_string(&mut lines, &mut rest).await.unwrap();
            rest
        });
        let client = reqwest::Client::builder().cookie_store(true).build().unwrap();
        let form = [("token", token.as_str()), ("next", "/log")];
        let signed_in = client.post(format!("{url}/login")).form(&form).send().await.unwrap();
        assert!(signed_in.status().is_success(), "{signed_in:?}");
        let mut pages: Vec<String> =
            ["/log", "/needs-you", "/apps", "/accounts", "/fleet"].map(str::to_owned).into();
        pages.extend(jobs.iter().map(|job| format!("/jobs/{job}")));
        let mut answers: Vec<String> =
            ["/metrics", "/api/v1/attempts", "/api/v1/accounts", "/api/v1/apps", "/healthz", "/readyz"]
                .map(str::to_owned)
                .into();
        answers.extend(jobs.iter().map(|job| format!("/api/v1/jobs/{job}")));
        for path in pages {
            let response = client.get(format!("{url}{path}")).send().await.unwrap();
            assert!(response.status().is_success(), "{path}: {response:?}");
            self.said.extend(response.bytes().await.unwrap());
        }
        for path in answers {
            let response = client.get(format!("{url}{path}")).bearer_auth(&token).send().await.unwrap();
            assert!(response.status().is_success(), "{path}: {response:?}");
            self.said.extend(format!("{:?}", response.headers()).into_bytes());
            self.said.extend(response.bytes().await.unwrap());
        }
        server.kill().await.unwrap();
        self.said.extend(rest.await.unwrap().into_bytes());
        self.said.extend(begun.into_bytes());
        // The token is a secret too, from where it was printed on.
        self.named.add("the token of the web pages", token);
        assert!(self.turnlock(&["token", "revoke", "scan"]).await);
    }
}

/// Where messages come in, and are looked at on their way.
struct Post {
    inbox: Inbox,
    seen: Mutex<Vec<String>>,
}

#[async_trait]
impl Desk for Post {
    async fn manages(&self, address: &str) -> Result<bool, DeskClosed> {
        self.inbox.manages(address).await
    }

    async fn deliver(&self, arrival: Arrival) -> Result<Taken, DeskClosed> {
        let text = match &arrival.content {
            Content::Mail(raw) | Content::DirectMail(raw) => {
                let mail = mail_parser::MessageParser::default().parse(raw).unwrap();
                mail.body_text(0).unwrap().into_owned()
            }
            Content::Text(text) => text.clone(),
        };
        self.seen.lock().unwrap().push(text);
        self.inbox.deliver(arrival).await
    }
}

fn text_message(number: String, text: String) -> Arrival {
    let content = Content::Text(text);
    Arrival {
        recipient: number,
        sender: "ACME".to_owned(),
        content,
        key: None,
        age: std::time::Duration::ZERO,
    }
}

fn number(of: usize) -> String {
    format!("+4366012345{of:03}")
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}
