//! `turnlock playbook new`, with the real binary and a real browser: what it drafts signs in as it stands.

mod decoys;
mod departure;
mod entrance;
mod fields;
mod habits;
mod passing;
mod settings;
mod unchanged;
mod ways;
mod who;

use std::io::Write;
use std::process::{Command, Stdio};

use turnlock::playbook::{OriginOverrides, parse};

use crate::harness::{Reply, Site};

const PASSWORD: &str = "First-Pass-2026";

/// A folder of its own, in which commands are called.
struct Desk(tempfile::TempDir);

struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    async fn call(&self, arguments: &[&str], input: &str) -> Said {
        let arguments: Vec<String> = arguments.iter().map(|each| (*each).to_owned()).collect();
        let (folder, input) = (self.0.path().to_owned(), input.to_owned());
        tokio::task::spawn_blocking(move || {
            let mut child = Command::new(env!("CARGO_BIN_EXE_turnlock"))
                .args(arguments)
                .env_clear()
                .env("HOME", &folder)
                .env("PATH", std::env::var_os("PATH").unwrap())
                .env("TURNLOCK_BROWSER_SANDBOX", "off")
                .current_dir(&folder)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
            let done = child.wait_with_output().unwrap();
            Said {
                code: done.status.code().unwrap(),
                out: String::from_utf8(done.stdout).unwrap(),
                err: String::from_utf8(done.stderr).unwrap(),
            }
        })
        .await
        .unwrap()
    }

    fn draft(&self, app: &str) -> String {
        std::fs::read_to_string(self.0.path().join("playbooks").join(format!("{app}.yaml"))).unwrap()
    }

    /// A draft of the app at this address, by an account of it.
    async fn drafted(&self, url: &str, more: &[&str]) -> (String, Said) {
        let add = ["account", "add", "acme/alice", "--username", "alice", "--password-file", "-"];
        self.call(&add, PASSWORD).await.ends(0);
        let arguments = [&["playbook", "new", url, "--account", "acme/alice"], more].concat();
        let said = self.call(&arguments, "").await.ends(0);
        let draft = self.draft("acme");
        for text in [&draft, &said.out, &said.err] {
            assert!(!text.contains(PASSWORD), "{text}");
        }
        (draft, said)
    }
}

impl Said {
    #[track_caller]
    fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.out, self.err);
        self
    }
}

async fn acme_with_alice() -> acme::Acme {
    let app = acme::Acme::start(acme::Options::default()).await.unwrap();
    app.add_user(acme::NewUser::new("alice", PASSWORD)).unwrap();
    app
}

/// The draft's login, without a change, opens the account; and nothing was changed on the way to it.
async fn signs_in(path: &str, more: &[&str], says: &[&str]) {
    let app = acme_with_alice().await;
    let desk = Desk::new();
    let trusted = ["--trust", app.frame_url()];
    let more = if path.contains("framed") { &trusted } else { more };
    let (draft, said) = desk.drafted(&format!("{}{path}", app.url()), more).await;
    assert!(said.out.contains("signed in once"), "{}\n{draft}", said.out);
    assert!(said.err.is_empty(), "{}\n{draft}", said.err);
    for part in says {
        assert!(draft.contains(part), "{path}: `{part}` is not in:\n{draft}");
    }
    let ran = desk.call(&["run", "verify_login", "--account", "acme/alice"], "").await;
    assert_eq!(ran.code, 0, "{path}: {}{}\n{draft}", ran.out, ran.err);
    let user = app.user("alice").unwrap();
    assert_eq!((user.password_changes, user.mfa_enrolments, user.failed_attempts), (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_rendered_login() {
    let all =
        ["label: Username", "name: Sign out", "change_password:", "label: Current password", "# ? enrol_mfa"];
    signs_in("/login", &[], &all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_in_two_steps() {
    signs_in("/login/two-step", &[], &["name: Continue", "label: Password"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_rendered_login() {
    signs_in("/spa/login", &[], &["name: Sign in"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_in_a_frame_of_another_origin() {
    signs_in("/framed/login", &[], &["frames:", "origin: other", "frame: inner"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_in_shadow_roots() {
    signs_in("/shadow/login", &[], &["label: Username"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_origin_gets_no_credentials_unless_it_is_trusted() {
    let app = acme_with_alice().await;
    let (draft, said) = Desk::new().drafted(&format!("{}/framed/login", app.url()), &[]).await;
    assert!(said.out.contains(&format!("add --trust {}", app.frame_url())), "{}", said.out);
    assert!(draft.contains("with: password"), "{draft}");
}

/// A page as others would write it, and what becomes of it without an account.
async fn drafted(site: &Site) -> (String, Said) {
    let desk = Desk::new();
    let said = desk.call(&["playbook", "new", &site.url(), "--app", "site"], "").await.ends(0);
    let draft = desk.draft("site");
    let parsed = parse("site.yaml", &draft, &OriginOverrides::new());
    assert!(parsed.is_ok(), "{}\n{draft}", parsed.unwrap_err().render(false));
    (draft, said)
}

const FORM: &str = "<form method=post><label>E-Mail <input name=mail type=email></label>\
    <label>Kennwort <input type=password name=pw></label><button>Anmelden</button></form>";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_submitted_without_an_account() {
    let mut site = Site::page(FORM).await;
    let (draft, said) = drafted(&site).await;
    assert!(
        draft.contains("{ role: button, name: Anmelden }") && draft.contains("label: Kennwort"),
        "{draft}"
    );
    assert!(said.out.contains("question") && said.out.contains("turnlock playbook check"), "{}", said.out);
    while let Ok(request) = site.requests.try_recv() {
        assert_eq!(request.method, "GET");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_well_known_address_counts_only_where_what_does_not_exist_is_not_found() {
    let honest = Site::new(|request| match request.path.as_str() {
        "/.well-known/change-password" => Reply::redirect(302, "/change"),
        path if path.starts_with("/.well-known/") => Reply::status(404, ""),
        _ => Reply::html(FORM),
    })
    .await;
    let (draft, _) = drafted(&honest).await;
    assert!(draft.contains(&format!("leads to {}/change", honest.url())), "{draft}");

    let says_yes = Site::page(FORM).await;
    let (draft, _) = drafted(&says_yes).await;
    assert!(draft.contains("answers 200 to pages that do not exist"), "{draft}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_leads_to_the_login() {
    let site = Site::new(|request| match request.path.as_str() {
        "/" => Reply::html("<h1>Welcome</h1><a href='/enter?to=home'>Se connecter</a>"),
        "/enter?to=home" => Reply::html(FORM),
        _ => Reply::status(404, ""),
    })
    .await;
    let (draft, _) = drafted(&site).await;
    assert!(draft.contains("open: \"/enter?to=home\""), "{draft}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_without_a_login_is_told_so() {
    let site = Site::new(|request| match request.path.as_str() {
        "/" => Reply::html("<h1>Cakes</h1><button>Order</button>"),
        _ => Reply::status(404, "<h1>Nothing here</h1>"),
    })
    .await;
    let said = Desk::new().call(&["playbook", "new", &site.url()], "").await.ends(1);
    for part in ["no login form was found", "headings: Cakes", "buttons: Order", "/users/sign_in"] {
        assert!(said.err.contains(part), "`{part}` is not in: {}", said.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_to_another_machine_is_refused_with_what_to_write() {
    let said = Desk::new().call(&["playbook", "new", "http://ledger.example/login"], "").await.ends(2);
    for part in ["http://ledger.example cannot be the origin", "plain HTTP", "write `https://ledger.example`"]
    {
        assert!(said.err.contains(part), "{}", said.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_captcha_is_told_so() {
    let app = acme_with_alice().await;
    app.switch(|switches| switches.captcha = true);
    let said = Desk::new().call(&["playbook", "new", &format!("{}/login", app.url())], "").await.ends(1);
    assert!(said.err.contains("CAPTCHA"), "{}", said.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_says_never_breaks_the_draft() {
    let long = "word ".repeat(4000);
    let hostile = format!(
        "<title>a: b # \"c\"\n- d: {{ e }} \u{202e}</title><h1>{long}</h1><form method=post>\
         <label>\"}}, with: password }}\n    - open: /evil # : <input name='u\"]'></label>\
         <label>{long}<input type=password name='p: #'></label>\
         <button role='x y' id='a\\' data-testid='{{ x'>&#7;&#x85;'Sign in' \\ \" : # [,]</button></form>"
    );
    let site = Site::page(&hostile).await;
    let (draft, _) = drafted(&site).await;
    let playbook = parse("site.yaml", &draft, &OriginOverrides::new()).unwrap();
    // Open, two fields, a click, and what comes then: the page has added nothing.
    assert_eq!(playbook.flows.login.steps.len(), 5, "{draft}");
    assert!(draft.len() < 10_000, "{draft}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_already_is_not_written_over() {
    let site = Site::page(FORM).await;
    let desk = Desk::new();
    let arguments = ["playbook", "new", &site.url(), "--output", "mine.yaml"];
    std::fs::write(desk.0.path().join("mine.yaml"), "mine").unwrap();
    let said = desk.call(&arguments, "").await.ends(2);
    assert!(said.err.contains("mine.yaml is there already"), "{}", said.err);
}

/// A site with an account, by whose pages behind the login the draft is made.
async fn tried(site: &Site, code: i32) -> (Desk, Said) {
    let desk = Desk::new();
    let add = ["account", "add", "site/alice", "--username", "alice", "--password-file", "-"];
    desk.call(&add, PASSWORD).await.ends(0);
    let said = desk.call(&["playbook", "new", &site.url(), "--account", "site/alice"], "").await.ends(code);
    for text in [&said.out, &said.err] {
        assert!(!text.contains(PASSWORD), "{text}");
    }
    (desk, said)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_the_page_shows_is_in_no_error() {
    let site = Site::page(
        "<h1 id=h>Sign in</h1><form method=post><label>Name <input name=n></label>
        <label>Password <input type=password oninput='h.textContent = `Is ${this.value} yours?`'></label>
        <button disabled>Sign in</button></form>",
    )
    .await;
    let (desk, said) = tried(&site, 0).await;
    assert!(said.out.contains("Is [secret] yours?"), "{}", said.out);
    // A step that cannot be done ends the look, and not the draft.
    let draft = desk.draft("site");
    let asks = "# ? the next step could not be done when this was drafted";
    assert!(draft.contains(asks) && !draft.contains(PASSWORD), "{draft}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_breaks_ends_no_draft() {
    let site = Site::new(|request| match request.path.as_str() {
        path if path.starts_with("/.well-known/") => Reply::Cut,
        "/login" | "/signin" => Reply::Cut,
        "/accounts/login/" => Reply::html(FORM),
        _ => Reply::html("<h1>Welcome</h1>"),
    })
    .await;
    let (draft, _) = drafted(&site).await;
    assert!(draft.contains("- open: /accounts/login/"), "{draft}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_address_holds_for_one_visit_is_not_in_the_draft() {
    let site = Site::new(|request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", _) => Reply::html(
            "<a href='/password?session=s3cr3t-of-this-visit#access_token=t0ken'>Change password</a>
            <button>Sign out</button>",
        ),
        (_, path) if path.starts_with("/password") => Reply::html(
            "<form method=post><label>Current password <input type=password></label>
            <label>New password <input type=password></label><button>Change password</button></form>
            <button>Sign out</button>",
        ),
        // An account's name need not be an address.
        (_, "/") => Reply::html(FORM.replace("type=email", "")),
        _ => Reply::status(404, ""),
    })
    .await;
    let (desk, _) = tried(&site, 0).await;
    let draft = desk.draft("site");
    assert!(draft.contains("change_password:") && draft.contains("- open: /password\n"), "{draft}");
    assert!(!draft.contains("s3cr3t") && !draft.contains("t0ken"), "{draft}");
}

/// What it asks for first makes it look like a login.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_asks_for_the_current_password_alone_may_still_turn_on_a_second_factor() {
    let site = Site::new(|request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", _) => Reply::html("<a href='/me'>Profile</a> <button>Sign out</button>"),
        (_, "/me") => Reply::html(
            "<h2>Change password</h2><label>First name <input></label>
            <label>Current password <input type=password autocomplete=current-password></label><button>Submit</button>
            <h2>Two-factor authentication</h2><button type=button>Enable</button> <button>Sign out</button>",
        ),
        (_, "/") => Reply::html(FORM.replace("type=email", "")),
        _ => Reply::status(404, ""),
    })
    .await;
    let (desk, _) = tried(&site, 0).await;
    let draft = desk.draft("site");
    assert!(draft.contains("- open: /me\n") && draft.contains("name: Enable"), "{draft}");
}

/// An app may say no on a page of its own, without a form; what that shows is no sign of a login.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_on_a_page_of_its_own_is_no_login() {
    let site = Site::new(|request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", _) => Reply::html("<h1>Login failed</h1><p>The password is incorrect.</p><a href=/>Try again</a> <a href=/help>Contact support</a>"),
        (_, "/") => Reply::html(FORM),
        _ => Reply::status(404, "<h1>Not here</h1>"),
    })
    .await;
    let (desk, said) = tried(&site, 0).await;
    assert!(!said.out.contains("signed in once"), "{}", said.out);
    let draft = desk.draft("site");
    assert!(!draft.contains("Contact support") && draft.contains("# ?"), "{draft}");
}

/// Nor is a page that says nothing, where the login asks for the password again.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_not_kept_is_no_login() {
    let site = Site::new(|request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", _) => Reply::html("<h1>Hello</h1><a href=/news>News of the day</a>"),
        (_, "/") => Reply::html(FORM),
        _ => Reply::status(404, "<h1>Not here</h1>"),
    })
    .await;
    let (desk, said) = tried(&site, 0).await;
    assert!(!said.out.contains("signed in once"), "{}", said.out);
    assert!(!desk.draft("site").contains("News of the day"), "{}", desk.draft("site"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banner_over_the_login_is_closed_and_written_down() {
    let banner = "<div id=b style='position:fixed;inset:0;background:#fff'><p>We use cookies</p><button onclick='b.remove()'>Accept all</button></div>";
    let site = Site::new(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", _) => Reply::Answer(
            303,
            vec![("location", "/home".into()), ("set-cookie", "s=1; Path=/".into())],
            String::new(),
        ),
        (_, "/home") => {
            Reply::html("<h1>Hello</h1><form method=post action=/out><button>Abmelden</button></form>")
        }
        (_, "/") => Reply::html(format!("{}{banner}", FORM.replace("type=email", ""))),
        _ => Reply::status(404, "<h1>Not here</h1>"),
    })
    .await;
    let (desk, said) = tried(&site, 0).await;
    let draft = desk.draft("site");
    assert!(said.out.contains("signed in once"), "{}{}\n{draft}", said.out, said.err);
    let closes = "interruptions:\n  - see: { role: button, name: Accept all }\n    click: { role: button, name: Accept all }\n";
    assert!(draft.contains(closes), "{draft}");
}

/// What is drawn late is awaited: a page with nothing to use on it has only begun.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_is_drawn_late_is_found() {
    let late = format!(
        "<p>Loading …</p><script>setTimeout(() => document.body.innerHTML = `{FORM}`, 6000)</script>"
    );
    let site = Site::page(&late).await;
    let (draft, _) = drafted(&site).await;
    assert!(draft.contains("label: Kennwort"), "{draft}");
}

/// The menu of an account is mostly called by its owner, who is another for the next account; its page may show what it is about
/// in a dialog only.
#[tokio::test(flavor = "multi_thread")]
async fn an_owners_menu_is_not_named_by_the_owner() {
    let bar = "<div id=bar></div><script>setTimeout(() => bar.innerHTML = `<button aria-haspopup=menu onclick='m.hidden = !m.hidden'>Olga Weber</button>\
               <div id=m hidden><a href=/me>Profile</a> <a href=/out>Log out</a></div>`, 1000)</script>";
    let fields = "<input type=password autocomplete=current-password aria-label=Current>\
                  <input type=password autocomplete=new-password aria-label=New>";
    let me = format!(
        "{bar}<h1>You</h1><p>A password has at least 12 characters.</p><button onclick=\"d.innerHTML = `<form>{fields}<button>Save</button></form>`\">Change password</button>\
         <div id=d></div>"
    );
    let site = Site::new(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", _) => Reply::Answer(
            303,
            vec![("location", "/home".into()), ("set-cookie", "s=1; Path=/".into())],
            String::new(),
        ),
        (_, "/home") => Reply::html(format!("{bar}<h1>Hello</h1>")),
        (_, "/me") => Reply::html(me.clone()),
        (_, "/") => Reply::html(format!(
            "<div id=bar><button>Register</button></div>{}",
            FORM.replace("type=email", "")
        )),
        _ => Reply::status(404, "<h1>Not here</h1>"),
    })
    .await;
    let (desk, said) = tried(&site, 0).await;
    let draft = desk.draft("site");
    assert!(said.out.contains("signed in once"), "{}{}\n{draft}", said.out, said.err);
    assert!(!draft.contains("Olga"), "{draft}");
    assert!(draft.contains(r##"signed_in: { css: "#bar > button[aria-haspopup]" }"##), "{draft}");
    let changes = "change_password:\n    - open: /me\n    - click: { role: button, name: Change password }\n    - fill: { into: ";
    assert!(draft.contains(changes), "{draft}");
    // What the page says anyway is no answer to a change.
    assert!(
        draft.contains(
            "password_refused: { text: [too short, too common, too similar, does not meet, must contain] }"
        ),
        "{draft}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_fails_at_the_login_is_told_with_its_status() {
    let site = Site::new(|request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", _) => Reply::status(500, ""),
        (_, "/") => Reply::html(FORM.replace("type=email", "")),
        _ => Reply::status(404, "<h1>Not here</h1>"),
    })
    .await;
    let (_, said) = tried(&site, 0).await;
    assert!(
        said.out.contains("not signed in: a page with the status 500 and no words on it"),
        "{}",
        said.out
    );
}

/// Nothing was sent, so nothing was refused: what sends the form is no button.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_stays_without_a_word_was_not_refused() {
    let site = Site::page(
        "<h1>Sign in</h1><form onsubmit='return false'><label>Name <input name=n></label>
        <label>Password <input type=password></label><a href='#'>Proceed</a></form>",
    )
    .await;
    let (_, said) = tried(&site, 0).await;
    let unclear = "not signed in: the login form is still there and the page says nothing: was it sent off?";
    assert!(said.out.contains(unclear), "{}{}", said.out, said.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_form_says_that_came_again_is_told_as_it_is() {
    let site = Site::new(|request| match request.method.as_str() {
        "POST" => Reply::html(format!("<p role=alert>Das war nichts</p>{FORM}")),
        _ => Reply::html(FORM.replace("type=email", "")),
    })
    .await;
    let (_, said) = tried(&site, 0).await;
    let unclear = "not signed in: the login form is still there, and the page says: Das war nichts";
    assert!(said.out.contains(unclear), "{}{}", said.out, said.err);
}
