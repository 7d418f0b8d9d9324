//! No secret leaves the vault but into the app: after every flow, all that was written or said is searched.
#![cfg(feature = "failpoints")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use acme::{Acme, NewUser, Options, TotpShape};
use lettre::message::MultiPart;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};
use turnlock::browser::{Piece, PieceKind};
use turnlock::credential::{RecoveryCodes, TotpSecret};
use turnlock::inbox::extract::ExtractHints;
use turnlock::inbox::{CodeRequest, Senders};
use turnlock::job::{AccountRef, Kind};
use turnlock::store::LogQuery;
use turnlock::vault::{Credentials, NewAccount, Vault};
use uuid::Uuid;

use crate::harness::canary::Named;
use crate::harness::desk::Receiving;
use crate::harness::home::Home;
use crate::harness::mailroom::{Mailroom, account_of};
use crate::harness::rig::{FIRST_PASSWORD, Plan};

use crate::harness::{Reply, SOON, Site, Stage};

/// Eight digits: what is found of them is no chance hit.
const SHAPE: TotpShape = TotpShape { digits: 8, period: 6, algorithm: acme::Algorithm::SHA1 };

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

async fn start(changes: &[(&str, &str)]) -> (Acme, Home, Vault, AccountRef) {
    let app = Acme::start(Options { totp: SHAPE, ..Options::default() }).await.unwrap();
    let home = Home::new(&app, &Plan::changed("acme", changes).playbook);
    let vault = home.vault().await;
    app.add_user(NewUser::new("alice", FIRST_PASSWORD)).unwrap();
    let account: AccountRef = "acme/alice".parse().unwrap();
    let new = NewAccount {
        account: account.clone(),
        username: "alice".to_owned(),
        address: None,
        number: None,
        password: Some(SecretString::from(FIRST_PASSWORD)),
        totp: None,
    };
    vault.add_account(&new).await.unwrap();
    (app, home, vault, account)
}

/// Runs a job with everything said that can be said; gives what it said, and whether it succeeded.
async fn run(home: &Home, kind: Kind, account: &AccountRef, said: &mut Vec<u8>) -> bool {
    let told = [("TURNLOCK_LOG", "trace")];
    let output = home.run(kind, account, Uuid::now_v7(), &["--evidence"], &told).await;
    said.extend(&output.stdout);
    said.extend(&output.stderr);
    output.status.success()
}

/// Every secret there is, by name.
fn secrets(held: &Credentials, since: u64) -> Named {
    let mut all = Named::default();
    all.add("the first password", FIRST_PASSWORD);
    let mut add = |name: &str, secret: &SecretString| all.add(name, secret.expose_secret());
    for held in held.password.iter().chain(&held.pending_password) {
        add("a password", &held.secret);
    }
    for held in held.totp.iter().chain(&held.pending_totp) {
        let totp = TotpSecret::from_uri(held.secret.expose_secret()).unwrap();
        add("the TOTP link", &held.secret);
        add("the TOTP secret", &totp.base32());
        for step in since / totp.period()..=now() / totp.period() + 1 {
            add("a TOTP code", &totp.code_at(step * totp.period()).digits);
        }
    }
    for held in held.recovery_codes.iter().chain(&held.pending_recovery_codes) {
        for code in RecoveryCodes::from_json(&held.secret).unwrap().iter() {
            add("a recovery code", code);
        }
    }
    all
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Searches all that was said, and every file; gives the screenshots.
fn assert_nothing_leaked(home: &Home, said: &[u8], secrets: &Named) -> Vec<PathBuf> {
    let canaries = secrets.ready();
    canaries.assert_not_in("what was said", said);
    let mut all = canaries.assert_not_below(home.path(), &[home.key_file()]);
    assert!(all.iter().any(|path| path.ends_with("turnlock.db")), "{all:?}");
    all.retain(|path| path.extension().is_some_and(|extension| extension == "png"));
    all
}

/// The share of the picture that is painted over.
fn painted(picture: &Path) -> f64 {
    let decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(picture).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let samples = info.color_type.samples();
    let grey = pixels.chunks_exact(samples).filter(|pixel| pixel[..3] == [0x60; 3]).count();
    let all = f64::from(info.width) * f64::from(info.height);
    f64::from(u32::try_from(grey).unwrap()) / all
}

#[tokio::test(flavor = "multi_thread")]
async fn after_every_flow_no_secret_is_anywhere() {
    let since = now();
    let (_app, home, vault, account) = start(&[]).await;
    let mut said = Vec::new();
    for kind in [Kind::VerifyLogin, Kind::EnrolMfa, Kind::ChangePassword, Kind::VerifyLogin] {
        let succeeded = run(&home, kind, &account, &mut said).await;
        assert!(succeeded, "{}", String::from_utf8_lossy(&said));
    }
    // A wrong code and a wrong password are typed as well.
    let held = vault.credentials(&account).await.unwrap();
    let mut secrets = secrets(&held, since);
    let wrong = "Some-Other-Password-7";
    let new = NewAccount {
        account: account.clone(),
        username: "alice".to_owned(),
        address: None,
        number: None,
        password: Some(SecretString::from(wrong)),
        totp: None,
    };
    vault.add_account(&new).await.unwrap();
    assert!(!run(&home, Kind::VerifyLogin, &account, &mut said).await);
    secrets.add("the wrong password", wrong);
    assert!(secrets.len() > 15, "password, link, secret, codes and ten recovery codes");
    assert!(holds(&said, b"DEBUG"), "everything was to be said: {}", String::from_utf8_lossy(&said));
    // Evidence of five jobs, successes included, since it was asked for.
    assert_eq!(assert_nothing_leaked(&home, &said, &secrets).len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_of_the_enrolment_shows_no_secret() {
    let since = now();
    // It fails while the page shows the secret as text, link and picture.
    let confirm = "    - commit: { click: { role: button, name: Confirm } }";
    let fails = format!("    - see: {{ text: Nowhere to be seen, timeout: 1s }}\n{confirm}");
    let (_app, home, vault, account) = start(&[(confirm, &fails)]).await;
    let mut said = Vec::new();
    assert!(!run(&home, Kind::EnrolMfa, &account, &mut said).await);
    let held = vault.credentials(&account).await.unwrap();
    assert!(held.pending_totp.is_some());
    let pictures = assert_nothing_leaked(&home, &said, &secrets(&held, since));
    keep_for_a_look(&pictures[0], "enrolment.png");
    assert!((0.02..0.5).contains(&painted(&pictures[0])), "{}", painted(&pictures[0]));
    let page = std::fs::read_to_string(pictures[0].with_file_name("page.txt")).unwrap();
    assert!(page.contains("[secret]") && page.contains("[picture]") && page.contains("Confirm"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_of_recovery_codes_that_could_not_be_read_does_not_show_them() {
    let since = now();
    let (_app, home, vault, account) = start(&[("count: 10", "count: 11")]).await;
    let mut said = Vec::new();
    // The secret is found to open the account afterwards, so that the job succeeds in the end.
    assert!(run(&home, Kind::EnrolMfa, &account, &mut said).await, "{}", String::from_utf8_lossy(&said));
    assert!(holds(&said, b"let it make new ones"), "{}", String::from_utf8_lossy(&said));
    let held = vault.credentials(&account).await.unwrap();
    assert!(held.recovery_codes.is_none());
    let pictures = assert_nothing_leaked(&home, &said, &secrets(&held, since));
    let first = pictures.iter().find(|picture| picture.parent().unwrap().ends_with("1")).unwrap();
    keep_for_a_look(first, "codes.png");
    // Nobody but the app knows the codes, so what they look like is searched for.
    let page = std::fs::read_to_string(first.with_file_name("page.txt")).unwrap();
    assert!(page.contains("Recovery codes") && page.contains("[secret]"), "{page}");
    let code =
        |word: &str| word.len() >= 8 && word.chars().any(|c| c.is_ascii_digit()) && !word.contains("://");
    let shown: Vec<_> = page.split_whitespace().filter(|word| code(word)).collect();
    assert!(shown.is_empty(), "{shown:?}");
    assert!(painted(first) > 0.005, "{}", painted(first));
}

const CODES: [&str; 10] = [
    "q7wm-k2xz",
    "h4tn-p9rb",
    "x59a7-wvrzj",
    "svegw-wxzvz",
    "3f9a1c20",
    "77120934",
    "m2kd8s",
    "kkwm-zzxp",
    "b8t2-r4nn",
    "zq31-ab7c",
];

/// An enrolment that ends at a table of recovery codes, which a message on the page shows as well.
async fn enrolment_with_a_table(read: &str, told: &str) {
    let codes = CODES.map(|code| format!("<tr><td>{code}</td></tr>")).concat();
    let codes =
        format!("<h1>Backup codes</h1><p role=alert>Backup codes: {}<table>{codes}</table>", CODES.join(" "));
    let site = Site::new(move |request| match request.path.trim_end_matches('?') {
        "/codes" => Reply::html(codes.clone()),
        "/mfa" => Reply::html("<code>JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP</code><form action=/codes><button>Confirm</button></form>"),
        "/in" => Reply::html("<h1>Hello</h1>"),
        _ => Reply::html("<form action=/in><label>Password <input type=password></label><button>Sign in</button></form>"),
    })
    .await;
    let app = Acme::start(Options::default()).await.unwrap();
    let playbook = format!(
        "app: acme\ntitle: T\norigins:\n  app: http://127.0.0.1:4180\n  site: {}\npassword: {{ rules: \"minlength: 12\" }}\n\
         mfa: {{ methods: [totp] }}\nflows:\n  login:\n    - open: site:/\n    - fill: {{ into: {{ label: Password }}, with: password }}\n    - click: {{ role: button, name: Sign in }}\n    - expect: {{ signed_in: {{ text: Hello }} }}\n  \
         enrol_mfa:\n    - open: site:/mfa\n    - read_secret: {{ text: {{ css: code }} }}\n    - open: site:/codes\n    - {read}\n    \
         - commit: {{ click: {{ role: button, name: Confirm }} }}\n    - expect: {{ mfa_enabled: {{ text: Done }} }}\n",
        site.url()
    );
    let home = Home::new(&app, &playbook);
    let vault = home.vault().await;
    let account: AccountRef = "acme/alice".parse().unwrap();
    let new = NewAccount {
        account: account.clone(),
        username: "alice".to_owned(),
        address: None,
        number: None,
        password: Some(SecretString::from(FIRST_PASSWORD)),
        totp: None,
    };
    vault.add_account(&new).await.unwrap();
    let mut said = Vec::new();
    run(&home, Kind::EnrolMfa, &account, &mut said).await;
    // The attempts as the automation log has them; their steps are in the database's file.
    let attempts = format!("{:?}", vault.store().log(&LogQuery::default()).await.unwrap());
    said.extend(attempts.as_bytes());
    assert!(holds(&said, told.as_bytes()), "{}", String::from_utf8_lossy(&said));
    let mut secrets = Named::default();
    CODES.iter().for_each(|code| secrets.add("an unread recovery code", code));
    assert_nothing_leaked(&home, &said, &secrets);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_about_recovery_codes_that_could_not_be_read_do_not_hold_them() {
    // Each code by itself is one match too many; and a text that does not come, while the codes are shown.
    let several = "read_recovery_codes: { from: { css: td, timeout: 1s }, count: 10 }";
    let missing = "see: { text: Nowhere to be seen, timeout: 1s }";
    futures::future::join(
        enrolment_with_a_table(several, "10 elements match: <td> …"),
        enrolment_with_a_table(missing, "messages: Backup codes: [secret]"),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_shows_a_text_is_told_with_it() {
    let site = Site::page(
        "<style>#a::before { content: 'KEY1' attr(data-key) } #b::after { content: 'KEY2'; position: absolute }
        li::marker { content: 'KEY3' } ul { list-style-type: 'KEY4' }</style>
        <input placeholder=KEY5><textarea placeholder=KEY6></textarea><input value=typed placeholder=unseen>
        <select><option value=v>KEY7</select><img alt=KEY8 src=/none.png><canvas width=300 height=20></canvas>
        <b id=a data-key=KEY9></b><b id=b>b</b><ol><li>x</ol><ul><p style='display:list-item'>y</ul>
        <script>
        addEventListener('load', () => document.body.append('all is there'))</script>",
    )
    .await;
    let stage = Stage::open(&site.url()).await;
    stage.see("{ text: all is there }").await.unwrap();
    let shots = stage.page.shots().await.unwrap();
    let pieces = &shots[0].pieces;
    let drawn = |piece: &Piece| piece.boxes.iter().any(|b| b[2] > 0.0 && b[3] > 0.0);
    let held = |kind: PieceKind, key: &str| {
        let mut of_kind = pieces.iter().filter(|piece| piece.kind == kind && drawn(piece));
        of_kind.any(|piece| piece.text.contains(key) || piece.value.contains(key))
    };
    for key in ["KEY1KEY9", "KEY2", "KEY3", "KEY4"] {
        assert!(held(PieceKind::Drawn, key), "{key}: {pieces:#?}");
    }
    for key in ["KEY5", "KEY6", "KEY7", "typed"] {
        assert!(held(PieceKind::Field, key), "{key}: {pieces:#?}");
    }
    assert!(!held(PieceKind::Field, "unseen") && held(PieceKind::Picture, "KEY8"), "{pieces:#?}");
    assert!(pieces.iter().any(|piece| piece.kind == PieceKind::Picture && piece.boxes[0][2] == 300.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailed_code_is_nowhere_after_it_was_typed() {
    let (app, mut home, vault, _) = start(&[]).await;
    let address = "carol@managed.test";
    app.add_user(NewUser::new("carol", FIRST_PASSWORD).email(address).code_login()).unwrap();
    let account: AccountRef = "acme/carol".parse().unwrap();
    let new = NewAccount {
        account: account.clone(),
        username: "carol".to_owned(),
        address: Some(address.to_owned()),
        number: None,
        password: Some(SecretString::from(FIRST_PASSWORD)),
        totp: None,
    };
    vault.add_account(&new).await.unwrap();
    // The mail comes by here, so that the code is known, and goes on from here.
    let passing = Mailroom::open(&[address]).await;
    let receiver = Receiving::mail(passing.inbox.clone()).await;
    app.set_smtp(Some(receiver.address));
    let port = home.inbox_port();
    let request = CodeRequest {
        job: Uuid::now_v7(),
        account: account_of(address),
        fence: None,
        address: address.to_owned(),
        asked_at: tokio::time::Instant::now(),
        sent_after: None,
        senders: Senders::default(),
        hints: ExtractHints::default(),
    };
    let mut ticket = passing.inbox.request(request, tokio::time::Instant::now() + SOON).await.unwrap();
    let relay = async {
        let code = ticket.next_code(tokio::time::Instant::now() + SOON).await.unwrap().found;
        let mail = lettre::Message::builder()
            .from("no-reply@acme.test".parse().unwrap())
            .to(address.parse().unwrap())
            .subject("Your sign-in code")
            .body(format!("Your sign-in code is {}.\n", code.expose_secret()))
            .unwrap();
        let smtp = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1").port(port).build();
        smtp.send(mail).await.unwrap();
        code
    };
    let mut said = Vec::new();
    let (succeeded, code) =
        futures::future::join(run(&home, Kind::VerifyLogin, &account, &mut said), relay).await;
    assert!(succeeded, "{}", String::from_utf8_lossy(&said));
    let mut secrets = Named::default();
    secrets.add_code("the mailed code", code.expose_secret());
    assert_nothing_leaked(&home, &said, &secrets);
}

/// The tokens of the mailed link and of the page that it leads on to.
const LINK_SECRETS: [&str; 3] = ["Zk3uQ9vX1rT7", "kqwmzxhpbvtr", "9fK2mQx81Lpe"];

/// A login by a mailed link, whose page shows the link, and which leads on to an address with another token.
async fn login_by_mail(expected: &str, answers: bool, told: &[&str]) {
    let [token, key, next] = LINK_SECRETS;
    let place = Arc::new(OnceLock::<(String, u16)>::new());
    let known = Arc::clone(&place);
    let mut site = Site::with(move |request| {
        let (url, port) = known.get().unwrap().clone();
        let link = format!("{url}/in/{token}?key={key}&n=1");
        Box::pin(async move {
            match request.path.split(['?', '/']).nth(1).unwrap_or_default() {
                "sent" => {
                    let mail = lettre::Message::builder()
                        .from("no-reply@acme.test".parse().unwrap())
                        .to("carol@managed.test".parse().unwrap())
                        .subject("Sign in")
                        .multipart(MultiPart::alternative_plain_html(
                            format!("Sign in here: {link}\n\nHelp: {url}/help\n"),
                            format!("<a href=\"{}\">Sign in</a> <a href='{url}/help'>Help</a>", link.replace('&', "&amp;")),
                        ))
                        .unwrap();
                    let smtp = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1").port(port);
                    smtp.build().send(mail).await.unwrap();
                    Reply::html("<h1>Mail sent</h1>")
                }
                "in" if !answers => Reply::Cut,
                "in" => Reply::redirect(302, &format!("/session/{next}/start?key={key}")),
                "session" => Reply::html(format!(
                    "<title>{key}</title><h1>Hello {next}</h1><p role=alert>You came by {link}<form><button>Sign out</button></form>"
                )),
                _ => Reply::html("<form action=/sent><label>Password <input type=password></label><button>Sign in</button></form>"),
            }
        })
    })
    .await;
    let app = Acme::start(Options::default()).await.unwrap();
    let playbook = format!(
        "app: acme\ntitle: T\norigins:\n  app: http://127.0.0.1:4180\n  site: {}\nflows:\n  login:\n    - open: site:/\n    \
         - fill: {{ into: {{ label: Password }}, with: password }}\n    - click: {{ role: button, name: Sign in }}\n    \
         - open: email_link\n    - expect: {{ signed_in: {{ text: {expected} }}, timeout: 2s }}\n",
        site.url()
    );
    let mut home = Home::new(&app, &playbook);
    place.set((site.url(), home.inbox_port())).unwrap();
    let vault = home.vault().await;
    let account: AccountRef = "acme/carol".parse().unwrap();
    let new = NewAccount {
        account: account.clone(),
        username: "carol".to_owned(),
        address: Some("carol@managed.test".to_owned()),
        number: None,
        password: Some(SecretString::from(FIRST_PASSWORD)),
        totp: None,
    };
    vault.add_account(&new).await.unwrap();
    let mut said = Vec::new();
    run(&home, Kind::VerifyLogin, &account, &mut said).await;
    let attempts = format!("{:?}", vault.store().log(&LogQuery::default()).await.unwrap());
    said.extend(attempts.as_bytes());
    for told in ["wait for the mailed link", "open email_link"].iter().chain(told) {
        assert!(holds(&said, told.as_bytes()), "{told}: {}", String::from_utf8_lossy(&said));
    }
    let mut secrets = Named::default();
    LINK_SECRETS.iter().for_each(|secret| secrets.add("a token of the mailed link", secret));
    assert_nothing_leaked(&home, &said, &secrets);
    let mut asked = Vec::new();
    while let Ok(request) = site.requests.try_recv() {
        asked.push(request.path);
    }
    assert!(asked.contains(&format!("/in/{token}?key={key}&n=1")), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailed_link_is_nowhere_after_it_was_opened() {
    login_by_mail("Hello", true, &["LoggedIn"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailed_link_is_in_no_message_about_the_page_behind_it() {
    login_by_mail("Nowhere to be seen", true, &["/session/[secret]/start", "Hello [secret]"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailed_link_that_does_not_answer_is_not_named() {
    login_by_mail("Hello", false, &["[secret] could not be reached"]).await;
}

/// For a person's eyes, when asked for.
fn keep_for_a_look(picture: &Path, name: &str) {
    if let Some(folder) = std::env::var_os("TURNLOCK_TEST_PICTURES") {
        std::fs::copy(picture, Path::new(&folder).join(name)).unwrap();
    }
}
