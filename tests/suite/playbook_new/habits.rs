//! What real apps do and no standard says: off-screen twins, menus that are in the page all the time, forms that are closed by
//! buttons outside of them.

use super::*;
use crate::harness::Request;

/// An app with this login, and these pages behind it; the first is where the login ends.
pub(super) async fn app(login: &'static str, pages: &'static [(&'static str, &'static str)]) -> Site {
    let body =
        move |request: &Request| pages.iter().find(|(path, _)| *path == request.path).map(|(_, body)| *body);
    Site::new(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/") if request.body.contains(PASSWORD) => {
            let headers = vec![("location", pages[0].0.to_owned()), ("set-cookie", "s=1; Path=/".into())];
            Reply::Answer(303, headers, String::new())
        }
        (_, "/") => Reply::html(login),
        _ if request.cookie.contains("s=1") => {
            body(&request).map_or_else(|| Reply::status(404, "<h1>Not here</h1>"), Reply::html)
        }
        _ => Reply::status(404, "<h1>Not here</h1>"),
    })
    .await
}

pub(super) async fn drafted_of(site: &Site) -> (Desk, String, Said) {
    let desk = Desk::new();
    let add = ["account", "add", "site/x", "--username", "quirin", "--password-file", "-"];
    desk.call(&add, PASSWORD).await.ends(0);
    let said = desk.call(&["playbook", "new", &site.url(), "--account", "site/x"], "").await.ends(0);
    let draft = desk.draft("site");
    (desk, draft, said)
}

impl Desk {
    pub(super) async fn run(&self, flow: &str, more: &[&str]) -> Said {
        let file = self.0.path().join("playbooks/site.yaml").to_str().unwrap().to_owned();
        let arguments = [&["playbook", "run", &file, flow, "--account", "site/x"], more].concat();
        self.call(&arguments, "").await
    }
}

pub(super) fn sent(site: &mut Site) -> Vec<Request> {
    let all = std::iter::from_fn(|| site.requests.try_recv().ok());
    all.filter(|request| request.method == "POST").collect()
}

const OFF_SCREEN: &str = "style='position: absolute; left: -9999px; top: -9999px'";
pub(super) const SIGN_IN: &str = "<h1>Sign in</h1><form method=post><label>Username <input name=u></label>\
    <label>Password <input type=password name=p></label><button>Sign in</button></form>";

/// A login that says `new-password`, as many do to keep browsers from filling it, and beside whose button there is one that nobody
/// sees; a way out for screen readers; and menus that are closed.
#[tokio::test(flavor = "multi_thread")]
async fn twins_that_nobody_sees_are_left_alone() {
    const LOGIN: &str = "<form method=post><label>Username <input name=u></label>
        <label>Password <input type=password name=p autocomplete=new-password></label>
        <span role=button tabindex=0 onclick='document.forms[0].submit()'>Log in</span>
        <input type=submit value='' aria-hidden=true tabindex=-1 style='position: absolute; left: -9999px; top: -9999px'></form>";
    const HOME: &str = "<a href=/bye style='position: absolute; top: -1000px'>Log Out</a>
        <div data-bs-toggle=dropdown class=nav-link onclick='m.hidden = !m.hidden'><div>Q</div></div>
        <ul id=m hidden><li><a href=/me>Quirin Test</a></li><li><a href=/bye>Sign out</a></li></ul><h1>Projects</h1>";
    const ME: &str = "<h1>Quirin Test</h1><form><label>Password <input type=password></label>
        <label>Password again <input type=password></label></form><p><button type=button>Save</button></p>";
    assert!(LOGIN.contains(OFF_SCREEN));
    let mut site = app(LOGIN, &[("/home", HOME), ("/me", ME)]).await;
    let (desk, draft, said) = drafted_of(&site).await;
    assert!(said.out.contains("signed in once"), "{}{}\n{draft}", said.out, said.err);
    let requests = sent(&mut site);
    assert!(requests.iter().all(|request| request.body.contains(PASSWORD)), "{requests:?}");
    let logout = "logout:\n    # opens the menu\n    - click: { css: \"div[data-bs-toggle=\\\"dropdown\\\"]\" }\n    - click: { role: link, name: Sign out }\n";
    assert!(draft.contains(logout), "{draft}");
    let change = "change_password:
    - open: /me
    - fill: { into: { label: Password, exact: true }, with: new_password }
    - fill: { into: { label: Password again }, with: new_password }
    - commit: { click: { role: button, name: Save } }\n";
    assert!(draft.contains(change), "{draft}");
    let said = desk.run("change_password", &["--rehearse"]).await;
    assert_eq!(said.code, 0, "{}{}\n{draft}", said.out, said.err);
    let said = desk.run("logout", &[]).await;
    assert!(said.out.contains("click role link \"Sign out\""), "{}{}", said.out, said.err);
}

/// What has no word of a page's name is not clicked, wherever it is; what says that it opens something may be. What nobody knows
/// is asked about.
#[tokio::test(flavor = "multi_thread")]
async fn pictures_and_marks_are_not_clicked_and_an_unknown_button_is_asked_about() {
    const HOME: &str = "<a href=/out>Log out</a><a href=/account/password>Password</a><h1>Home</h1>";
    const FORM: &str = "<h1>Profile</h1><a href='#'>&#128465;</a> <a href='#'>&times;</a> <a href='#x'>+</a> <a href='#'>x</a>
        <button type=button>Reset my password</button>
        <button type=button aria-expanded=false onclick='f.hidden = false'>Set New Password</button>
        <form id=f hidden><label>New password <input autocomplete=new-password value=made-up></label>
        <label>E-mail <input type=email></label><button type=button>Reveal</button></form>
        <script>addEventListener('click', (event) => {
            if (!event.target.matches('[aria-expanded],input')) fetch('/done/' + event.target.textContent);
        })</script>";
    let mut site = app(SIGN_IN, &[("/home", HOME), ("/account/password", FORM)]).await;
    let (desk, draft, _) = drafted_of(&site).await;
    let all: Vec<_> =
        std::iter::from_fn(|| site.requests.try_recv().ok()).map(|request| request.path).collect();
    assert!(!all.iter().any(|path| path.starts_with("/done")), "{all:?}");
    let change = "  # ? change_password: which button sends the form off? the one below is a guess";
    assert!(draft.contains(change), "{draft}");
    let way = "  # change_password:
  #   - open: /account/password
  #   - click: { role: button, name: Set New Password }
  #   - fill: { into: [{ label: New password }";
    assert!(draft.contains(way) || draft.contains(&way.replace("[{", "{")), "{draft}");
    assert!(
        draft.contains("# ? is the password changed behind") || !draft.contains("Reset my password"),
        "{draft}"
    );
    // What is not known keeps nobody from trying the rest.
    let said = desk.run("login", &[]).await;
    assert_eq!(said.code, 0, "{}{}\n{draft}", said.out, said.err);
}

/// A dialog with one button is closed by it, and its heading is no mark; nor is a menu that is there for everybody. A form that
/// is where the login ends is found there.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_for_everybody_or_goes_away_shows_nobody_in() {
    const LOGIN: &str = "<div aria-haspopup=true role=menuitem tabindex=0>Settings</div><h1>Sign in</h1><form method=post>
        <label>Username <input name=u></label><label>Password <input type=password name=p></label><button>Sign in</button></form>";
    const HOME: &str = "<div aria-haspopup=true role=menuitem tabindex=0 onclick='m.hidden = !m.hidden'>Settings</div>
        <div id=m hidden><a href=/out>Log out</a></div><h1>Boards</h1>
        <form><label>Old password <input type=password></label><label>New password <input type=password></label>
        <button type=button>Change</button></form>
        <div role=dialog aria-modal=true style='position: fixed; inset: 0; background: #fffd'><h1>Welcome to all this!</h1>
        <form onsubmit='event.preventDefault(); this.parentNode.remove()'><button>Continue</button></form></div>";
    let site = app(LOGIN, &[("/home", HOME)]).await;
    let (desk, draft, said) = drafted_of(&site).await;
    let over = "interruptions:
  - see: { text: \"Welcome to all this!\" }
    click: { role: button, name: Continue }\n";
    assert!(draft.contains(over), "{}\n{draft}", said.out);
    assert!(draft.contains("signed_in: { role: heading, name: Boards }\n"), "{draft}");
    assert!(draft.contains("- click: { role: link, name: Log out }\n"), "{draft}");
    let said = desk.run("login", &[]).await;
    assert_eq!(said.code, 0, "{}{}\n{draft}", said.out, said.err);
    let said = desk.run("change_password", &["--rehearse"]).await;
    assert_eq!(said.code, 0, "{}{}\n{draft}", said.out, said.err);
}

/// Nobody is in before a second factor is set up, and none is asked for yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_that_has_to_be_set_up_is_no_code() {
    const SET_UP: &str =
        "<h1>Authenticator application configuration</h1><p>Scan this QR code, then type the code.</p>
        <form method=post><input readonly value=made-up-secret>
        <label>Code <input autocomplete=one-time-code></label><button>Validate</button></form>";
    let site = app(SIGN_IN, &[("/set-up", SET_UP)]).await;
    let (_, draft, said) = drafted_of(&site).await;
    assert!(
        said.out.contains("the app wants a second factor to be set up before it lets anybody in"),
        "{}",
        said.out
    );
    assert!(!draft.contains("code_wanted"), "{draft}");
}

/// Fields of other keys, and others, that say `new-password` to keep browsers from filling them are no password's. Where a menu
/// opens under the mouse and a click would follow its link, it is hovered over.
#[tokio::test(flavor = "multi_thread")]
async fn keys_are_no_passwords_and_menus_open_under_the_mouse() {
    const HOME: &str =
        "<a href=/settings aria-haspopup=true onmouseenter='m.hidden = false'>Howdy, quirin</a>
        <div id=m hidden><a href=/bye>Log out</a></div><h1>Boards</h1>";
    const KEYS: &str = "<h1>Settings</h1><form><label for=base>Primary URL</label>
        <input id=base autocomplete=new-password placeholder='https://'>
        <label for=box>Steam API key</label><div id=box><input type=password autocomplete=new-password></div>
        <button>Save</button></form><a href=/settings/security>Security</a>";
    const SECURITY: &str = "<h1>Security</h1><form><label>Current password <input type=password></label>
        <label>New password <input type=password></label><button>Update</button></form>";
    let pages = &[("/home", HOME), ("/settings", KEYS), ("/settings/security", SECURITY)];
    let site = app(SIGN_IN, pages).await;
    let (desk, draft, said) = drafted_of(&site).await;
    assert!(
        draft.contains("    - hover: ") && draft.contains("    - click: { role: link, name: Log out }\n"),
        "{draft}"
    );
    let change = "change_password:
    - open: /settings/security
    - fill: { into: { label: Current password }, with: password }
    - fill: { into: { label: New password }, with: new_password }
    - commit: { click: { role: button, name: Update } }\n";
    assert!(draft.contains(change) && !draft.contains("Steam"), "{}{}\n{draft}", said.out, said.err);
    let said = desk.run("login", &[]).await;
    assert_eq!(said.code, 0, "{}{}\n{draft}", said.out, said.err);
}

/// An app that has a folder and not the whole server; a menu that style sheets alone open; a notice with one button and a link to
/// read; a word in what nobody sees; and links whose queries hold anything.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_in_a_folder_with_a_menu_of_style_sheets_alone() {
    const HOME: &str = "<style>li ul { display: none } li:hover ul { display: block }</style>
        <ul><li><a href=/demo/summary?id=27>Q.</a><ul><li><a href=/demo/out>Logout</a></ul></ul>
        <a href='/demo/found?format=%3Ca%20href%3D%3C%2FA%3E'>All</a><h1>Projects</h1>
        <div role=dialog style='position: fixed; inset: 0; background: #fff'><h2>Graphics error</h2>
        <a href=https://docs.example/>Read more</a><button type=button onclick='this.parentNode.remove()'>OK</button></div>";
    const PASSWORDS: &str = "<h1>Password</h1><form><label>Old password <input type=password></label>
        <label>New password <input type=password></label><label>New password again <input type=password></label><button>Save</button></form>";
    let mut site = Site::new(|request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/demo/") if request.body.contains(PASSWORD) => {
            let headers = vec![("location", "/demo/home".to_owned()), ("set-cookie", "s=1; Path=/".into())];
            Reply::Answer(303, headers, String::new())
        }
        (_, "/demo/" | "/demo/out") => Reply::html(format!("{SIGN_IN}<div hidden>Captcha reading</div>")),
        (_, "/demo/home") if request.cookie.contains("s=1") => Reply::html(HOME),
        (_, "/demo/account/password") if request.cookie.contains("s=1") => Reply::html(PASSWORDS),
        _ => Reply::status(404, "<h1>Not here</h1>"),
    })
    .await;
    let desk = Desk::new();
    let add = ["account", "add", "site/x", "--username", "quirin", "--password-file", "-"];
    desk.call(&add, PASSWORD).await.ends(0);
    let url = format!("{}/demo/", site.url().trim_end_matches('/'));
    let said = desk.call(&["playbook", "new", &url, "--account", "site/x"], "").await.ends(0);
    let draft = desk.draft("site");
    assert!(said.out.contains("signed in once"), "{}{}\n{draft}", said.out, said.err);
    assert!(draft.contains("change_password:\n    - open: /demo/account/password\n"), "{draft}");
    let closed = "  - see: { text: Graphics error }\n    click: { role: button, name: OK }\n";
    assert!(draft.contains(closed), "{draft}");
    let out = ":has(+ ul)\" }\n    - click: { role: link, name: Logout }\n";
    assert!(draft.contains("- hover: { css: ") && draft.contains(out), "{draft}");
    let all = std::iter::from_fn(|| site.requests.try_recv().ok());
    assert!(!all.into_iter().any(|request| request.path == "/demo/found"), "its query says nothing");
    let said = desk.run("logout", &[]).await;
    assert_eq!(said.code, 0, "{}{}\n{draft}", said.out, said.err);
}

/// What a style sheet hides is there before the style sheet is.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_a_style_sheet_hides_is_none() {
    let shown = std::sync::Arc::new(tokio::sync::Notify::new());
    let site = Site::with(move |request| {
        let shown = shown.clone();
        Box::pin(async move {
            match request.path.as_str() {
                "/" => {
                    let hidden = SIGN_IN.replace("<form", "<form class=over action=/login");
                    Reply::html(format!(
                        "<body><a href=/login>Login</a>{hidden}<script>setTimeout(() => fetch('/shown'), 1000)</script>
                         <link rel=stylesheet href=/late.css>"
                    ))
                }
                "/shown" => {
                    shown.notify_one();
                    Reply::status(204, "")
                }
                "/late.css" => {
                    shown.notified().await;
                    let css = vec![("content-type", "text/css".to_owned())];
                    Reply::Answer(200, css, ".over { display: none }".to_owned())
                }
                "/login" => Reply::html(SIGN_IN),
                _ => Reply::status(404, "<h1>Not here</h1>"),
            }
        })
    })
    .await;
    let desk = Desk::new();
    desk.call(&["playbook", "new", &site.url(), "--app", "site"], "").await.ends(0);
    assert!(desk.draft("site").contains("- open: /login\n"), "{}", desk.draft("site"));
}

/// The way out stands on the page twice: any of them shows who is in, and no way through the document has to.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_twice_shows_who_is_in_by_its_words() {
    const HOME: &str = "<h1>Projects</h1><div><button type=button>Log out</button></div><p><button type=button>Log out</button></p>";
    let site = app(SIGN_IN, &[("/home", HOME)]).await;
    let (desk, draft, _) = drafted_of(&site).await;
    assert!(draft.contains("signed_in: { role: button, name: Log out }"), "{draft}");
    let said = desk.run("login", &[]).await;
    assert_eq!(said.code, 0, "{}{}\n{draft}", said.out, said.err);
}

/// Many an app ends a session on a page that everybody sees, and not at the form of its login.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_may_end_on_a_page_that_everybody_sees() {
    const FRONT: &str = "<h1>Wiki</h1><p>News of the day</p><a href=/enter>Log in</a>";
    const HOME: &str = "<h1>Wiki</h1><p>News of the day</p><a href=/bye>Log out</a>";
    let entered = |to: &str, cookie: &str| {
        let headers = vec![("location", to.to_owned()), ("set-cookie", format!("s={cookie}; Path=/"))];
        Reply::Answer(303, headers, String::new())
    };
    let site = Site::new(move |request| {
        let is_in = request.cookie.contains("s=1");
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/enter") if request.body.contains(PASSWORD) => entered("/", "1"),
            (_, "/enter") => Reply::html(SIGN_IN),
            (_, "/bye") => entered("/", "0"),
            (_, "/") => Reply::html(if is_in { HOME } else { FRONT }),
            _ => Reply::status(404, "<h1>Not here</h1>"),
        }
    })
    .await;
    for address in [site.url(), format!("{}/enter", site.url())] {
        let desk = Desk::new();
        let add = ["account", "add", "site/x", "--username", "quirin", "--password-file", "-"];
        desk.call(&add, PASSWORD).await.ends(0);
        desk.call(&["playbook", "new", &address, "--account", "site/x"], "").await.ends(0);
        let draft = desk.draft("site");
        let ends = "signed_out: [{ label: Username }, { role: link, name: Log in }]";
        assert!(draft.contains(ends), "{draft}");
        let said = desk.run("logout", &[]).await;
        assert_eq!(said.code, 0, "{}{}\n{draft}", said.out, said.err);
    }
}

/// Where nothing is called settings, what belongs nowhere else is looked at.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_may_be_changed_among_the_tools() {
    const HOME: &str = "<h1>Links</h1><a href=/box>Tools</a> <a href=/bye>Log out</a>";
    const TOOLS: &str = "<h1>Tools</h1><p><a href=/wipe>Delete all</a></p><p><a href=/key title=x><span>Change password</span></a></p>";
    const KEY: &str =
        "<h1>Change password</h1><form method=post><label>Current password <input type=password></label>
        <label>New password <input type=password></label><button>Save</button></form>";
    let mut site = app(SIGN_IN, &[("/home", HOME), ("/box", TOOLS), ("/key", KEY)]).await;
    let (desk, draft, said) = drafted_of(&site).await;
    assert!(draft.contains("change_password:\n    - open: /key\n"), "{draft}{}", said.out);
    assert!(sent(&mut site).len() == 1);
    let said = desk.run("change_password", &["--rehearse"]).await;
    assert_eq!(said.code, 0, "{}{}\n{draft}", said.out, said.err);
}
