//! Whatever buttons and links are called: a look sends nothing but one login.

use super::habits::{SIGN_IN, app, drafted_of, sent};
use super::*;

const OVERLAY: &str = "<a href=/out>Sign out</a><a href=/account>Account</a><h1>Home</h1>
    <div role=dialog aria-modal=true style='position: fixed; inset: 0; background: #fff'>";

/// What lies over the page is closed by nothing that orders, agrees, or ends something; where its words do not tell, the browser
/// sends nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_lies_over_the_page_orders_and_ends_nothing() {
    const DIALOGS: [&str; 8] = [
        "<h2>Your free plan ends</h2><form method=post action=/buy><button>Next</button></form>",
        "<h2>Sign out of other sessions?</h2><form method=post action=/end><button>Continue</button></form>",
        "<h2>Terms of service</h2><form method=post action=/tos><button>Got it, I accept</button></form>",
        "<h2>By going on you agree to pay 10 € a month</h2><button type=button onclick=\"fetch('/agree', { method: 'POST' })\">Continue</button>",
        "<h2>Hello</h2><button type=button onclick=\"navigator.sendBeacon('/beacon', 'x'); fetch('/agree', { method: 'PUT' })\">OK</button>",
        "<h2>Delete draft?</h2><button type=button onclick=\"fetch('/delete', { method: 'POST' })\">Dismiss</button>",
        // By what only seems to read.
        "<h2>Old projects go away</h2><button type=button onclick=\"location = '/gone'\">Got it</button>",
        "<h2>Press OK to begin with the paid plan</h2><button type=button onclick=\"fetch('/gone')\">OK</button>",
    ];
    for dialog in DIALOGS {
        let home: &'static str = format!("{OVERLAY}{dialog}</div>").leak();
        let pages: &'static [(&str, &str)] = vec![("/home", home), ("/account", "<h1>Account</h1>")].leak();
        let mut site = app(SIGN_IN, pages).await;
        let (_, draft, said) = drafted_of(&site).await;
        assert!(said.out.contains("signed in once"), "{dialog}: {}{}", said.out, said.err);
        let all = std::iter::from_fn(|| site.requests.try_recv().ok());
        let sent: Vec<_> = all.filter(|request| request.method != "GET" || request.path == "/gone").collect();
        assert!(matches!(sent.as_slice(), [login] if login.body.contains(PASSWORD)), "{dialog}: {sent:?}");
        assert!(!draft.contains("\ninterruptions:"), "{dialog}\n{draft}");
    }
}

/// A form whose answer goes to a window of its own is sent from there, and so is what that window loads.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_from_a_window_either() {
    const SENDING: [&str; 2] = [
        "<form method=post action=/sent target=_blank></form><button type=button onclick='document.forms[0].submit()'>Security settings</button>",
        "<button type=button onclick=\"window.open('/sent')\">Security settings</button>",
    ];
    for sending in SENDING {
        let home: &'static str = format!("<h1>Home</h1><a href=/out>Sign out</a>{sending}").leak();
        let mut site = app(SIGN_IN, vec![("/home", home)].leak()).await;
        let (_, draft, said) = drafted_of(&site).await;
        assert!(said.out.contains("signed in once"), "{}{}", said.out, said.err);
        let all = std::iter::from_fn(|| site.requests.try_recv().ok());
        let sent: Vec<_> = all.filter(|request| request.path == "/sent").collect();
        assert!(sent.is_empty(), "{sent:?}\n{draft}");
    }
}

/// What closes a dialog may tell the app so: that stands in the draft as a question, and is not done meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn what_tells_the_app_that_it_was_closed_is_asked_about() {
    let home: &'static str = format!(
        "{OVERLAY}<h2>What is new</h2><button type=button onclick=\"this.parentNode.remove(); fetch('/seen', {{ method: 'PUT' }})\">Skip</button></div>"
    )
    .leak();
    let mut site = app(SIGN_IN, vec![("/home", home)].leak()).await;
    let (_, draft, _) = drafted_of(&site).await;
    let all = std::iter::from_fn(|| site.requests.try_recv().ok());
    assert!(!all.into_iter().any(|request| request.method == "PUT"));
    assert!(draft.contains("\ninterruptions:\n  - see: { text: What is new }\n"), "{draft}");
    let question = "closing what lies over the page, by { role: button, name: Skip }, sends PUT /seen";
    assert!(draft.contains(question), "{draft}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_says_that_it_does_something_is_neither_opened_nor_clicked() {
    const DEEDS: [&str; 22] = [
        "Zwei-Faktor-Anmeldung abschalten",
        "Stop using two-step verification",
        "Отключить двухфакторную аутентификацию",
        "二要素認証を解除",
        "关闭双因素认证",
        "2단계 인증 끄기",
        "Undo password change",
        "Request password change",
        "Renew password",
        "Disconnect security key",
        "Unregister security device",
        "Deauthorize security apps",
        "Accept security policy",
        "Share account",
        "Two-factor: text me",
        "Unlink Google login",
        "Security lockdown",
        "Trust this device for security",
        "Use strict password policy",
        "セキュリティ退会手続き",
        "Konto kündigen",
        "Approve account",
    ];
    let links = DEEDS.iter().enumerate().map(|(at, deed)| format!("<a href=/go/{at}>{deed}</a> "));
    let buttons = DEEDS.iter().map(|deed| {
        format!("<button type=button onclick=\"fetch('/clicked/' + this.textContent)\">{deed}</button>")
    });
    // These are called as pages are, and send something all the same.
    let sending = ["Two-factor authentication", "Change password"].map(|name| {
        format!("<button type=button onclick=\"fetch('/enable', {{ method: 'POST' }})\">{name}</button>")
    });
    let deeds: String = links.chain(buttons).chain(sending).collect();
    let home = "<h1>Home</h1><a href=/out>Sign out</a> <a href=/account>Account</a>";
    let account: &'static str = format!("<h1>Account</h1><a href=/out>Sign out</a>{deeds}").leak();
    let mut site = app(SIGN_IN, vec![("/home", home), ("/account", account)].leak()).await;
    let (_, draft, _) = drafted_of(&site).await;
    let all: Vec<_> = std::iter::from_fn(|| site.requests.try_recv().ok()).collect();
    let did = |path: &str| ["/go/", "/clicked/", "/enable"].iter().any(|deed| path.starts_with(deed));
    assert!(all.iter().any(|request| request.path == "/account"));
    assert!(!all.iter().any(|request| did(&request.path)), "{all:?}");
    assert!(draft.contains("the click sends POST /enable, which was held back"), "{draft}");
}

/// A form whose fields have names that nobody knows is no way to the login: it is the login, or nothing.
#[tokio::test(flavor = "multi_thread")]
async fn without_an_account_no_form_is_sent_off() {
    let form = |fields: &str, button: &str| {
        format!("<h1>Welcome</h1><form method=post action=/login>{fields}<button>{button}</button></form>")
    };
    let named = |name: &str| format!("<label>{name} <input name=u></label>");
    let known = [(named("Member ID"), "Log in"), (named("Kundennummer"), "Anmelden")];
    let unknown = [
        (format!("{}<input size=1><input size=1><input size=1>", named("Card number")), "Sign in"),
        (named("Customer number") + &named("Access code").replace("name=u", "name=p value=1"), "Log in"),
    ];
    for (code, forms) in [(0, &known[..]), (1, &unknown[..])] {
        for (fields, button) in forms {
            let page = form(fields, button);
            let mut site = Site::new(move |request| match request.path.as_str() {
                "/" | "/login" => Reply::html(page.clone()),
                _ => Reply::status(404, "<h1>Not here</h1>"),
            })
            .await;
            let desk = Desk::new();
            let said = desk.call(&["playbook", "new", &site.url(), "--app", "site"], "").await;
            assert_eq!(said.code, code, "{fields}: {}{}", said.out, said.err);
            assert!(sent(&mut site).is_empty(), "{fields}");
            if code == 0 {
                let draft = desk.draft("site");
                assert!(draft.contains("with: username }"), "{fields}\n{draft}");
            }
        }
    }
}

/// Whom a password belongs to is chosen there: it is not tried on whoever stands first.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_users_is_asked_about() {
    const LIST: &str =
        "<h1>Sign in</h1><form method=post><select aria-label=User name=u><option>anna<option>quirin</select>
        <label>Password <input type=password name=p></label><button>Sign in</button></form>";
    let mut site = app(LIST, &[("/home", "<h1>Home</h1>")]).await;
    let (_, draft, said) = drafted_of(&site).await;
    assert!(said.out.contains("not signed in"), "{}", said.out);
    assert!(sent(&mut site).is_empty());
    assert!(draft.contains("the login has a choice, \"User\""), "{draft}");
}

/// Where there is one user, nothing is to be chosen; and what a page searches by is nobody's name.
#[tokio::test(flavor = "multi_thread")]
async fn one_choice_is_none_and_a_search_is_no_login() {
    const HOME: &str = "<h1>Home</h1><a href=/out>Sign out</a>";
    const ONE: &str =
        "<h1>Sign in</h1><form method=post><select name=u aria-label=User><option>Manager</select>
        <label>Password <input type=password name=p></label><button>Sign in</button></form>";
    let one = app(ONE, &[("/home", HOME)]).await;
    let (_, draft, said) = drafted_of(&one).await;
    assert!(said.out.contains("signed in once"), "{}{}\n{draft}", said.out, said.err);

    let search: &'static str = format!(
        "<input id=s role=combobox placeholder='Search packages'><button type=button onclick='d.hidden = false'>Login</button>
         <div id=d hidden>{SIGN_IN}</div>"
    )
    .leak();
    let site = app(search, &[("/home", HOME)]).await;
    let (_, draft, said) = drafted_of(&site).await;
    assert!(said.out.contains("signed in once"), "{}{}\n{draft}", said.out, said.err);
    assert!(!draft.contains("Search packages"), "{draft}");
}

/// The login of an app that has it elsewhere, as with single sign-on: by itself, and behind a link.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_of_another_origin_is_declared_and_gone_to() {
    const HOME: &str = "<h1>Projects</h1><a href=/out>Sign out</a>";
    for by_link in [false, true] {
        let (to_app, app_is) = tokio::sync::watch::channel(String::new());
        let identity = Site::new(move |request| match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/sso") if request.body.contains(PASSWORD) => {
                let back = format!("{}/back", app_is.borrow().trim_end_matches('/'));
                Reply::Answer(303, vec![("location", back)], String::new())
            }
            (_, "/sso") => Reply::html(SIGN_IN.replace("<form", "<form action=/sso")),
            _ => Reply::status(404, "<h1>Not here</h1>"),
        })
        .await;
        let other = identity.url().trim_end_matches('/').to_owned();
        let sso = format!("{other}/sso");
        let site = Site::new(move |request| match request.path.as_str() {
            "/back" => {
                let headers = vec![("location", "/".to_owned()), ("set-cookie", "s=1; Path=/".into())];
                Reply::Answer(303, headers, String::new())
            }
            "/" if request.cookie.contains("s=1") => Reply::html(HOME),
            "/" if by_link => Reply::html(format!("<h1>Welcome</h1><a href='{sso}'>Log in</a>")),
            "/" => Reply::Answer(303, vec![("location", sso.clone())], String::new()),
            _ => Reply::status(404, "<h1>Not here</h1>"),
        })
        .await;
        to_app.send_replace(site.url());
        let desk = Desk::new();
        let add = ["account", "add", "site/x", "--username", "quirin", "--password-file", "-"];
        desk.call(&add, PASSWORD).await.ends(0);
        let new = ["playbook", "new", &site.url(), "--account", "site/x", "--trust", &other];
        let said = desk.call(&new, "").await.ends(0);
        let draft = desk.draft("site");
        assert!(said.out.contains("signed in once"), "{}{}\n{draft}", said.out, said.err);
        assert!(draft.contains(&format!("other: {other:?}")), "{draft}");
        let ran = desk.run("login", &[]).await;
        assert_eq!(ran.code, 0, "{by_link}: {}{}\n{draft}", ran.out, ran.err);
    }
}

/// A slip in an address or a name gives no app the password of another.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_signs_in_to_its_own_app_only() {
    let home = &[("/home", "<h1>Home</h1><a href=/out>Sign out</a>")];
    let site = app(SIGN_IN, home).await;
    let mut other = app(SIGN_IN, home).await;
    let (desk, _, _) = drafted_of(&site).await;
    let new = ["playbook", "new", &other.url(), "--account", "site/x", "--output", "-"];
    let said = desk.call(&new, "").await.ends(2);
    assert!(said.err.contains("site/x is an account of the app that"), "{}", said.err);
    assert!(said.err.contains("its password would be typed at http://127.0.0.1:"), "{}", said.err);
    let said = desk.call(&[&new[..], &["--app", "elsewhere"]].concat(), "").await.ends(2);
    assert!(said.err.contains("name one as elsewhere/NAME"), "{}", said.err);
    assert!(sent(&mut other).is_empty());
    // Whoever knows that it is the same app says so.
    let here = other.url().trim_end_matches('/').to_owned();
    let said = desk.call(&[&new[..], &["--trust", &here]].concat(), "").await.ends(0);
    assert!(said.err.contains("signed in once") || said.out.contains("signed in once"), "{}", said.err);
}

/// A service worker that answers for its pages would ask the network in their place: while an app is looked at, there is none.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_service_worker_would_send_for_the_page_is_held_back() {
    const WORKER: &str = "addEventListener('install', () => skipWaiting()); addEventListener('activate', (e) => e.waitUntil(clients.claim()));
        addEventListener('fetch', (e) => e.respondWith(fetch(e.request)));";
    const HOME: &str = "<a href=/out>Sign out</a><h1>Home</h1><button type=button onclick=\"fetch('/turned', { method: 'PUT' })\">Security</button>
        <script>navigator.serviceWorker.register('/sw.js');</script>";
    let mut site = Site::new(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/") if request.body.contains(PASSWORD) => {
            let headers = vec![("location", "/home".to_owned()), ("set-cookie", "s=1; Path=/".into())];
            Reply::Answer(303, headers, String::new())
        }
        (_, "/") => Reply::html(SIGN_IN),
        (_, "/sw.js") => {
            Reply::Answer(200, vec![("content-type", "text/javascript".to_owned())], WORKER.to_owned())
        }
        (_, "/home") if request.cookie.contains("s=1") => Reply::html(HOME),
        _ => Reply::status(404, "<h1>Not here</h1>"),
    })
    .await;
    let (_, draft, _) = drafted_of(&site).await;
    let all: Vec<_> = std::iter::from_fn(|| site.requests.try_recv().ok()).collect();
    assert!(all.iter().any(|request| request.path == "/home"), "{all:?}");
    assert!(!all.iter().any(|request| request.path == "/sw.js"), "{all:?}");
    assert!(!all.iter().any(|request| request.method == "PUT"), "{all:?}\n{draft}");
    assert!(draft.contains("sends PUT /turned"), "{draft}");
}
