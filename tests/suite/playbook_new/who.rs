//! Who is signed in, and who is not: what is sent off, and what comes of it.

use super::habits::SIGN_IN;
use super::*;
use crate::harness::Request;

pub(super) const HOME: &str = "<h1>Projects</h1><a href=/out>Log out</a>";

pub(super) fn has_session(request: &Request) -> bool {
    request.cookie.contains("s=1")
}

/// An app with its login at this path: with the right password a session, and this to the others.
pub(super) fn answer(request: &Request, login: &str, form: &str, refusal: &str) -> Reply {
    match (request.method.as_str(), request.path.as_str()) {
        (_, "/home") if has_session(request) => Reply::html(HOME),
        ("POST", path) if path == login && request.body.contains(PASSWORD) => {
            let headers = vec![("location", "/home".into()), ("set-cookie", "s=1; Path=/".into())];
            Reply::Answer(303, headers, String::new())
        }
        ("POST", path) if path == login => Reply::html(format!("{refusal}{form}")),
        (_, path) if path == login => Reply::html(form),
        _ => Reply::status(404, "<h1>Not here</h1>"),
    }
}

/// By an account of this name, with this password.
pub(super) async fn by(site: &Site, username: &str, password: &str, code: i32) -> (Desk, Said) {
    let desk = Desk::new();
    let add = ["account", "add", "site/x", "--username", username, "--password-file", "-"];
    desk.call(&add, password).await.ends(0);
    let said = desk.call(&["playbook", "new", &site.url(), "--account", "site/x"], "").await.ends(code);
    (desk, said)
}

pub(super) fn sent(site: &mut Site) -> Vec<String> {
    let all = std::iter::from_fn(|| site.requests.try_recv().ok());
    all.filter(|request| request.method == "POST").map(|request| request.path).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_makes_an_account_is_never_sent_off() {
    const REGISTER: &str = "<h1>Create your free account</h1><form method=post action=/register><label>Email <input type=email name=e></label>\
        <label>Password <input type=password name=n></label><button>Sign up</button></form>";
    let join = format!("{REGISTER}<p>Already a member? <a href=/members>Sign in</a></p>");
    let mut site = Site::new(move |request| match request.path.as_str() {
        "/" => Reply::html(join.clone()),
        _ => answer(&request, "/members", SIGN_IN, ""),
    })
    .await;
    let (desk, said) = by(&site, "quirin", PASSWORD, 0).await;
    assert!(said.out.contains("signed in once"), "{}{}", said.out, said.err);
    assert!(desk.draft("site").contains("- open: /members\n"), "{}", desk.draft("site"));
    assert_eq!(sent(&mut site), ["/members"]);

    // Both on one page; and the other one behind a tab.
    let beside = format!("{}<h2>Anmelden</h2>{SIGN_IN}", REGISTER.replace("Sign up", "Registrieren"));
    let tabs = format!(
        "<button type=button onclick='a.hidden = true; b.hidden = false'>Sign in</button>\
         <div id=a>{}</div><div id=b hidden>{SIGN_IN}</div>",
        REGISTER.replace("Sign up", "Continue")
    );
    // Words that say it less plainly.
    let create = REGISTER.replace("Create your free account", "Welcome").replace("Sign up", "Create");
    let customer = format!(
        "<div role=tablist><button type=button role=tab>New customer</button>\
         <button type=button role=tab onclick='a.hidden = true; b.hidden = false'>I have an account</button></div>\
         <div id=a>{create}</div><div id=b hidden>{SIGN_IN}</div>"
    );
    let started = REGISTER
        .replace("Create your free account", "Get started for free")
        .replace("Sign up", "Get started");
    let started = format!(
        "<div id=a>{started}<a href='#' onclick='a.hidden = true; b.hidden = false'>Have an account? Sign in</a></div>\
         <div id=b hidden>{SIGN_IN}</div>"
    );
    for form in [beside, tabs, customer, started] {
        let mut site = Site::new(move |request| answer(&request, "/", &form, "")).await;
        let (desk, said) = by(&site, "quirin", PASSWORD, 0).await;
        assert!(said.out.contains("signed in once"), "{}{}\n{}", said.out, said.err, desk.draft("site"));
        assert_eq!(sent(&mut site), ["/"]);
    }

    let mut site = Site::new(|request| match request.path.as_str() {
        "/" => Reply::html(REGISTER),
        _ => Reply::status(404, "<h1>Not here</h1>"),
    })
    .await;
    let (_, said) = by(&site, "quirin", PASSWORD, 1).await;
    assert!(said.err.contains("whose form makes a new account and is left alone"), "{}", said.err);
    assert!(sent(&mut site).is_empty());
}

/// `me` is a part of `Username`, and nobody is named there.
#[tokio::test(flavor = "multi_thread")]
async fn a_short_name_takes_no_word_from_the_page() {
    for name in ["me", "username"] {
        let site = Site::new(|request| answer(&request, "/", SIGN_IN, "")).await;
        let (desk, said) = by(&site, name, PASSWORD, 0).await;
        assert!(said.out.contains("signed in once"), "{}{}", said.out, said.err);
        let draft = desk.draft("site");
        assert!(draft.contains("- fill: { into: { label: Username }, with: username }"), "{draft}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_asks_for_a_code_is_no_login_though_it_offers_the_way_out() {
    const CODE: &str = "<h1>One more step</h1><form method=post action=/code><label>Code <input name=c></label>\
        <button>Verify</button></form><a href=/out>Log out</a>";
    let site = Site::new(|request| match request.path.as_str() {
        "/" if request.method == "GET" && has_session(&request) => Reply::html(CODE),
        "/home" => Reply::html(CODE),
        _ => answer(&request, "/", SIGN_IN, ""),
    })
    .await;
    let (desk, said) = by(&site, "quirin", PASSWORD, 0).await;
    assert!(said.out.contains("not signed in: the app asked for a code"), "{}{}", said.out, said.err);
    let draft = desk.draft("site");
    assert!(draft.contains("code_wanted:\n          see: { label: Code }"), "{draft}");

    // In boxes, in words that nobody knows, or by mail: none of them shows who is in.
    let boxes: String =
        (0..6).map(|nth| format!("<input id=d{nth} maxlength=1 inputmode=numeric>")).collect();
    for (asks, told) in [
        (format!("<h1>Almost there</h1><form method=post action=/code>{boxes}<button>Verify</button></form>"), "asked for a code"),
        (
            "<h1>Enn sammu</h1><form method=post action=/code><label>Salasõna <input name=c maxlength=6></label>\
             <button>Edasi</button></form><a href=/help>Abi</a>"
                .to_owned(),
            "asked for a code",
        ),
        (
            "<h1>Check your inbox</h1><p>We sent you a link to go on by.</p><a href=/again>Again</a>".to_owned(),
            "the app has sent something by which the login goes on",
        ),
    ] {
        let site = Site::new(move |request| match request.path.as_str() {
            "/home" => Reply::html(asks.clone()),
            _ => answer(&request, "/", SIGN_IN, ""),
        })
        .await;
        let (desk, said) = by(&site, "quirin", PASSWORD, 0).await;
        assert!(said.out.contains("not signed in: ") && said.out.contains(told), "{}{}", said.out, said.err);
        assert!(!desk.draft("site").contains("signed_in: { role: heading"), "{}", desk.draft("site"));
    }

    // Who is in may be asked for a code of another kind.
    let home =
        format!("{HOME}<form><label>Voucher code <input name=v></label><button>Redeem</button></form>");
    let site = Site::new(move |request| match request.path.as_str() {
        "/home" | "/" if request.method == "GET" && has_session(&request) => Reply::html(home.clone()),
        _ => answer(&request, "/", SIGN_IN, ""),
    })
    .await;
    let (_, said) = by(&site, "quirin", PASSWORD, 0).await;
    assert!(said.out.contains("signed in once"), "{}{}", said.out, said.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_on_standard_output_is_a_playbook() {
    let site = Site::new(|request| answer(&request, "/", SIGN_IN, "")).await;
    let desk = Desk::new();
    let add = ["account", "add", "site/x", "--username", "quirin", "--password-file", "-"];
    desk.call(&add, PASSWORD).await.ends(0);
    let new = ["playbook", "new", &site.url(), "--account", "site/x", "--output", "-"];
    let said = desk.call(&new, "").await.ends(0);
    assert!(said.err.contains("signed in once"), "{}", said.err);
    parse("site.yaml", &said.out, &OriginOverrides::new())
        .unwrap_or_else(|report| panic!("{report}\n{}", said.out));
}

/// In whatever words and wherever on the page: what is there now and was not before.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_app_says_to_a_wrong_password_is_in_the_draft() {
    let refused = "not signed in: the app refused the credentials: ";
    let unclear = "not signed in: the login form is still there, and the page says: ";
    for (says, told) in [
        ("Benutzername oder Kennwort stimmen nicht.", refused),
        ("No such user or passphrase", refused),
        ("Wrong user or password", refused),
        ("Hier kommst du nicht rein", unclear),
    ] {
        let refusal = format!("<p>{says}</p>");
        let site = Site::new(move |request| answer(&request, "/", SIGN_IN, &refusal)).await;
        let (desk, said) = by(&site, "quirin", "Another-Pass-1", 0).await;
        assert!(said.out.contains(&format!("{told}{says}")), "{}{}", said.out, said.err);
        let draft = desk.draft("site");
        assert!(draft.contains(&format!("bad_credentials: {{ text: {says} }}")), "{draft}");
    }
}

/// The login asks whoever comes by, and the page behind it names no way out: that no stranger sees it tells who is in.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_strangers_do_not_see_shows_who_is_in() {
    let site = Site::new(|request| match request.path.as_str() {
        "/home" if has_session(&request) => Reply::html("<h1>Dashboard</h1><a href=/prefs>Preferences</a>"),
        "/prefs" if has_session(&request) => Reply::html("<h1>Preferences</h1>"),
        _ => answer(&request, "/", SIGN_IN, ""),
    })
    .await;
    let (desk, said) = by(&site, "quirin", PASSWORD, 0).await;
    assert!(said.out.contains("signed in once"), "{}{}", said.out, said.err);
    let draft = desk.draft("site");
    assert!(draft.contains("signed_in: { role: link, name: Preferences }"), "{draft}");
}

/// Nobody is in where the page behind the form is everybody's, though it never rests and never says the same twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_strangers_see_shows_nothing() {
    let site = Site::new(|request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", _) => Reply::redirect(303, "/news"),
        (_, "/news") => Reply::html(
            "<h1>News</h1><a href=/more>More</a><p id=t></p><script>setInterval(() => t.textContent = performance.now(), 200)</script>",
        ),
        (_, "/") => Reply::html(SIGN_IN),
        _ => Reply::status(404, "<h1>Not here</h1>"),
    })
    .await;
    let (desk, said) = by(&site, "quirin", PASSWORD, 0).await;
    assert!(said.out.contains("not signed in: News"), "{}{}", said.out, said.err);
    assert!(!desk.draft("site").contains("signed_in: { role: link, name: More }"), "{}", desk.draft("site"));
}

/// A password that is a word of the page names nothing in the draft, and the login is gone through all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_a_word_of_the_page_is_not_in_the_draft() {
    const WORD: &str = "Passphrase-of-yours";
    let form = SIGN_IN
        .replace(">Sign in</button>", &format!(" name={WORD} aria-label='Sign in with {WORD}'>Go</button>"));
    let site = Site::new(move |request| match (request.method.as_str(), request.path.as_str()) {
        (_, "/home") if has_session(&request) => Reply::html(HOME),
        ("POST", _) if request.body.contains(WORD) => {
            let headers = vec![("location", "/home".into()), ("set-cookie", "s=1; Path=/".into())];
            Reply::Answer(303, headers, String::new())
        }
        (_, "/") => Reply::html(form.clone()),
        _ => Reply::status(404, "<h1>Not here</h1>"),
    })
    .await;
    let (desk, said) = by(&site, "quirin", WORD, 0).await;
    assert!(said.out.contains("signed in once"), "{}{}", said.out, said.err);
    assert!(!desk.draft("site").contains(WORD), "{}", desk.draft("site"));
}

/// Nobody is in where the login is offered as before, or where what is said is said to everybody.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_a_login_in_a_dialog_is_told() {
    let start = |notice: &str| {
        format!(
            "<header><button onclick='d.hidden = false'>Log in</button></header><h1>Acme shop</h1>{notice}\
             <div id=d role=dialog aria-label='Log in' hidden>{}</div>",
            SIGN_IN.replace("<form method=post>", "<form method=post action=/in>")
        )
    };
    const SAID: &str = "We could not find that customer.";
    let notice = format!("<p>{SAID}</p>");
    let refused = "not signed in: the app refused the credentials: ";
    for (refusal, told, password) in [
        (start(&notice), format!("{refused}{SAID}"), "Another-Pass-1"),
        (format!("<h1>Acme shop</h1>{notice}"), format!("{refused}{SAID}"), "Another-Pass-1"),
        (
            "<h1>Willkommen</h1><p>Das war nichts</p>".to_owned(),
            "not signed in: Das war nichts".to_owned(),
            "Another-Pass-1",
        ),
        (String::new(), "signed in once".to_owned(), PASSWORD),
    ] {
        let home = start("");
        let site = Site::new(move |request| match (request.method.as_str(), request.path.as_str()) {
            (_, "/") => Reply::html(home.clone()),
            ("GET", "/in") => Reply::status(404, "<h1>Not here</h1>"),
            _ => answer(&request, "/in", "", &refusal),
        })
        .await;
        let (desk, said) = by(&site, "quirin", password, 0).await;
        let draft = desk.draft("site");
        assert!(said.out.contains(&told), "{told}: {}{}\n{draft}", said.out, said.err);
        if let Some((_, said)) = told.rsplit_once(": ") {
            assert!(draft.contains(&format!("bad_credentials: {{ text: {said} }}")), "{draft}");
        }
    }
}

/// On a page of its own an app says no in a sentence below its heading; words that hold the password are left out.
#[tokio::test(flavor = "multi_thread")]
async fn the_sentence_of_a_refusal_is_told_and_not_its_heading() {
    for (refusal, told, guess) in [
        (
            "<h1>Error</h1><p>Invalid credentials. Please go back.</p><a href=/>Back</a>",
            "Invalid credentials. Please go back.",
            true,
        ),
        (
            "<h1>Login failed</h1><p>Nobody has this name and password.</p>",
            "Nobody has this name and password.",
            true,
        ),
        ("<h1>Acme</h1><p>Call the help desk first.</p>", "not signed in: Call the help desk first.", true),
        (
            "<h1>Sign in</h1><p>Nobody has Another-Pass-1</p>FORM",
            "the app answered in words that repeat the password",
            false,
        ),
    ] {
        let refusal = refusal.replace("FORM", SIGN_IN);
        let site = Site::new(move |request| {
            answer(&request, "/", if request.method == "POST" { "" } else { SIGN_IN }, &refusal)
        })
        .await;
        let (desk, said) = by(&site, "quirin", "Another-Pass-1", 0).await;
        let draft = desk.draft("site");
        assert!(
            said.out.contains("not signed in") && said.out.contains(told),
            "{told}: {}{}\n{draft}",
            said.out,
            said.err
        );
        let text = told.trim_start_matches("not signed in: ");
        assert_eq!(draft.contains(&format!("bad_credentials: {{ text: {text} }}")), guess, "{draft}");
        assert_eq!(draft.contains("in words that repeat the password"), !guess, "{draft}");
    }
}

/// An app that draws itself behind its login has its way out there all the time.
#[tokio::test(flavor = "multi_thread")]
async fn a_way_out_that_was_there_before_shows_nobody_in() {
    const APP: &str = "<a href=/bye>Logout</a><form method=post><label>Username <input name=u></label>
        <label>Password <input type=password name=p></label><button>Log in</button></form>";
    // What groups fields is no heading by its role.
    const IN: &str = "<a href=/bye>Logout</a><fieldset><legend>Transfer</legend>None</fieldset><h1>Torrents</h1><p>None yet</p>";
    let site = Site::new(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/") if request.body.contains(PASSWORD) => {
            let headers = vec![("location", "/".to_owned()), ("set-cookie", "s=1; Path=/".into())];
            Reply::Answer(303, headers, String::new())
        }
        (_, "/") if request.cookie.contains("s=1") => Reply::html(IN),
        (_, "/") => Reply::html(APP),
        _ => Reply::status(404, "<h1>Not here</h1>"),
    })
    .await;
    for (password, is_in) in [(PASSWORD, true), ("Wrong-Password-1!", false)] {
        let desk = Desk::new();
        let add = ["account", "add", "site/x", "--username", "quirin", "--password-file", "-"];
        desk.call(&add, password).await.ends(0);
        let said = desk.call(&["playbook", "new", &site.url(), "--account", "site/x"], "").await.ends(0);
        let draft = desk.draft("site");
        assert_eq!(said.out.contains("signed in once"), is_in, "{}{}\n{draft}", said.out, said.err);
        if is_in {
            assert!(draft.contains("signed_in: { role: heading, name: Torrents }"), "{draft}");
        }
    }
}

/// A way out that is a picture without a word is one all the same, whatever else has no words on the login's page; and a field
/// outside of the login's form is not the name's.
#[tokio::test(flavor = "multi_thread")]
async fn a_way_out_without_words_shows_who_is_in() {
    const LOGIN: &str = "<h1>Sign in</h1><a href=/help><svg width=20 height=20></svg></a>
        <div><label>Password <input type=password id=p></label><button type=button onclick=\"f.p.value = p.value; f.submit()\">Sign in</button></div>
        <form id=f method=post><input type=hidden name=p></form><div><label>Your email for our news <input id=news></label></div>";
    const HOME: &str = "<h1>Home</h1><a href=/logout><svg width=20 height=20></svg></a>";
    let mut site = super::habits::app(LOGIN, &[("/home", HOME)]).await;
    let (_, draft, said) = super::habits::drafted_of(&site).await;
    assert!(said.out.contains("signed in once"), "{}{}\n{draft}", said.out, said.err);
    assert!(said.out.contains("found     logout"), "{}\n{draft}", said.out);
    assert!(!draft.contains("with: username"), "{draft}");
    assert_eq!(super::habits::sent(&mut site).len(), 1);
}

/// Where the form goes is the app's doing, and who gets the password the owner's.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_to_another_origin_is_asked_about() {
    let form = format!(
        "{SIGN_IN}<script>document.forms[0].setAttribute('action', `http://localhost:${{location.port}}/`)</script>"
    );
    let site = Site::new(move |request| answer(&request, "/", &form, "")).await;
    let (_, said) = by(&site, "quirin", PASSWORD, 0).await;
    let other = site.other_site();
    let why = format!("its form sends the password to {other}: if that is right, add --trust {other}");
    assert!(said.out.contains(&why), "{}{}", said.out, said.err);
}

/// A frame that is written into its page has the page's origin, whatever its address says.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_in_a_frame_that_its_page_has_written_is_the_page_s() {
    let framed = format!(
        "<iframe id=login srcdoc='{}'></iframe>",
        SIGN_IN.replace("<form", "<form target=_top action=/")
    );
    let site = Site::new(move |request| answer(&request, "/", &framed, "")).await;
    let (desk, said) = by(&site, "quirin", PASSWORD, 0).await;
    assert!(said.out.contains("signed in once"), "{}{}", said.out, said.err);
    let ran = desk.call(&["run", "verify_login", "--account", "site/x"], "").await;
    assert_eq!(ran.code, 0, "{}{}\n{}", ran.out, ran.err, desk.draft("site"));
}

/// Only who is in sees the project, and everybody the news, that there are on the front page.
#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_see_at_the_same_address_is_no_mark() {
    let site = Site::new(|request| {
        const NEWS: &str = "<h2>News of the day</h2>";
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/home") if has_session(&request) => Reply::html(format!("{NEWS}<h2>My projects</h2>")),
            ("GET", "/home") => Reply::html(NEWS),
            _ => answer(&request, "/", SIGN_IN, ""),
        }
    })
    .await;
    let (desk, said) = by(&site, "quirin", PASSWORD, 0).await;
    assert!(said.out.contains("signed in once"), "{}{}", said.out, said.err);
    let draft = desk.draft("site");
    assert!(draft.contains("signed_in: { role: heading, name: My projects }"), "{draft}");
}

/// A page that is drawn as a picture says nothing that could be a refusal.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_without_a_word_of_refusal_says_is_none() {
    let site = Site::new(|request| match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/home") => Reply::html("<canvas></canvas><span>tt</span> <span>tt</span> <span>tt</span>"),
        _ => answer(&request, "/", SIGN_IN, ""),
    })
    .await;
    let (desk, said) = by(&site, "quirin", PASSWORD, 0).await;
    let draft = desk.draft("site");
    assert!(!draft.contains("tt tt"), "{draft}{}", said.out);
}
