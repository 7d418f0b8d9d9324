//! Who is signed in, and who is not: what is sent off, and what comes of it.

use super::*;
use crate::harness::Request;

const HOME: &str = "<h1>Projects</h1><a href=/out>Log out</a>";
const SIGN_IN: &str = "<h1>Sign in</h1><form method=post><label>Username <input name=u></label>\
    <label>Password <input type=password name=p></label><button>Sign in</button></form>";

fn has_session(request: &Request) -> bool {
    request.cookie.contains("s=1")
}

/// An app with its login at this path: with the right password a session, and this to the others.
fn answer(request: &Request, login: &str, form: &str, refusal: &str) -> Reply {
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
async fn by(site: &Site, username: &str, password: &str, code: i32) -> (Desk, Said) {
    let desk = Desk::new();
    let add = ["account", "add", "site/x", "--username", username, "--password-file", "-"];
    desk.call(&add, password).await.ends(0);
    let said = desk.call(&["playbook", "new", &site.url(), "--account", "site/x"], "").await.ends(code);
    (desk, said)
}

fn sent(site: &mut Site) -> Vec<String> {
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

/// A script makes a button of anything.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_script_makes_a_button_of_is_one() {
    const FORM: &str = "<h3>Espace client</h3><input placeholder=Identifiant id=a><input placeholder='Mot de passe' type=password id=b>\
        <div tabindex=0 onclick='go()'>Se connecter</div><p id=m></p><script>async function go() {\
        const sent = await fetch('/', { method: 'POST', body: new URLSearchParams({ u: a.value, p: b.value }) });\
        if (sent.redirected) location = '/home'; else m.textContent = 'Mot de passe erroné'; }</script>";
    for (password, told) in
        [(PASSWORD, "signed in once"), ("Another-Pass-1", "refused the credentials: Mot de passe erroné")]
    {
        let site = Site::new(|request| answer(&request, "/", FORM, "")).await;
        let (desk, said) = by(&site, "quirin", password, 0).await;
        assert!(said.out.contains(told), "{}{}", said.out, said.err);
        assert!(desk.draft("site").contains("- click: { text: Se connecter }"), "{}", desk.draft("site"));
    }
}

/// Old pages put words before their fields, in a cell of a table or in the line, and no label.
#[tokio::test(flavor = "multi_thread")]
async fn words_before_a_field_tell_what_it_is() {
    const NAME: &str = "<form method=post action=/two><table><tr><td>Benutzername:</td><td><input name=f1></td></tr></table>\
        <input type=submit value=Weiter></form>";
    const TENANT: &str = "<form method=post><p>Kennwort: <input type=password name=f2></p>\
        <select name=t aria-label=Mandant><option>Nord</option></select><button>Anmelden</button></form>";
    let site = Site::new(|request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/two") if request.body.contains("f1=quirin") => {
            Reply::html(TENANT.replace("<form method=post>", "<form method=post action=/three>"))
        }
        (_, "/") => Reply::html(NAME),
        _ => answer(&request, "/three", TENANT, ""),
    })
    .await;
    let (desk, said) = by(&site, "quirin", PASSWORD, 0).await;
    assert!(said.out.contains("signed in once"), "{}{}", said.out, said.err);
    assert!(desk.draft("site").contains("with: username"), "{}", desk.draft("site"));
}

/// Pages keep fields that nobody sees for password managers, and for the step after: the password goes into none of them. Where the
/// app lets people choose how they sign in, it is by the password.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_field_that_nobody_sees_is_no_field_of_the_page() {
    const DECOYS: [&str; 7] = [
        "style='opacity:0;height:1px;width:1px;position:absolute'",
        "style='opacity:0'",
        "style='height:1px;width:1px;padding:0;border:0'",
        "style='position:absolute;left:-9999px'",
        "style='position:absolute;top:-900px'",
        "style='position:absolute;clip:rect(0,0,0,0)'",
        "aria-hidden=true",
    ];
    const CHOICE: &str = "<h1>Hello</h1><form method=post action=/choice><p>How do you want to sign in?</p>\
        <button name=m value=link>Email me a link</button><a href=/forgot>Forgot your password?</a>\
        <button name=m value=pw>Enter your password</button></form>";
    const LAST: &str = "<form method=post action=/last><label>Enter it <input type=password name=p></label><button>Next</button></form>";
    let decoy = |how: &str| format!("<input type=password name=q {how}>");
    let around = |how: &str| format!("<div style='{how}'><input type=password></div>");
    let all: String = DECOYS
        .iter()
        .map(|how| decoy(how))
        .chain([around("opacity:0"), around("height:0;overflow:hidden")])
        .collect();
    for decoys in [decoy(DECOYS[0]), all] {
        let name = format!(
            "<h1>Sign in</h1><form method=post action=/name><label>Email or phone <input name=u></label>{decoys}<button>Next</button></form>"
        );
        let mut site = Site::new(move |request| match (request.method.as_str(), request.path.as_str()) {
            (_, "/home") if has_session(&request) => Reply::html(HOME),
            ("POST", "/name") => Reply::html(CHOICE),
            ("POST", "/choice") if request.body == "m=pw" => Reply::html(LAST),
            (_, "/") => Reply::html(name.clone()),
            _ => answer(&request, "/last", LAST, ""),
        })
        .await;
        let (desk, said) = by(&site, "quirin", PASSWORD, 0).await;
        let draft = desk.draft("site");
        assert!(said.out.contains("signed in once"), "{}{}\n{draft}", said.out, said.err);
        assert!(
            draft.contains("- click: { role: button, name: Enter your password }\n    - fill: "),
            "{draft}"
        );
        assert_eq!(sent(&mut site), ["/name", "/choice", "/last"]);
    }
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

/// What else the login wants is asked for; without it nothing is sent.
#[tokio::test(flavor = "multi_thread")]
async fn what_else_a_login_asks_for_is_a_question() {
    const FORM: &str = "<form method=post><label>Organisation <input name=o required></label><label>User name <input name=u required></label>\
        <label>Password <input type=password name=p required></label><label>Security number (optional) <input name=c></label>\
        <label>Sign in to <select name=t required><option value=''>Choose</option><option>Training</option></select></label>\
        <label><input type=checkbox name=r> Remember me</label><button>Sign in</button></form>";
    let mut site = Site::new(|request| answer(&request, "/", FORM, "")).await;
    let (desk, said) = by(&site, "quirin", PASSWORD, 0).await;
    let draft = desk.draft("site");
    let told = "not signed in: the login also asks for \"Organisation\"";
    assert!(said.out.contains(told), "{}{}\n{draft}", said.out, said.err);
    let asked = "question  the login also asks for \"Organisation\" (required)";
    assert!(said.out.contains(asked), "{}", said.out);
    let step = "`params`";
    let fills = "- fill: { into: { label: Organisation }, with: { text: \"?\" } }\n    - fill: { into: { label: User name }, with: username }";
    let optional = "# ? the login also has a field \"Security number (optional)\"";
    let choice = "# ? the login has a choice, \"Sign in to\" (required)";
    for part in [step, fills, optional, choice] {
        assert!(draft.contains(part), "`{part}` is not in:\n{draft}");
    }
    assert!(!draft.contains("Remember"), "{draft}");
    // The draft says where it cannot run yet, and nothing is wrong with it but that.
    assert!(said.out.contains("it cannot run yet: where it types \"?\""), "{}", said.out);
    assert!(said.err.is_empty(), "{}", said.err);
    desk.call(&["playbook", "check", "playbooks/site.yaml"], "").await.ends(4);
    let answered = draft.replace("{ text: \"?\" }", "{ text: Ledger }");
    parse("site.yaml", &answered, &OriginOverrides::new())
        .unwrap_or_else(|report| panic!("{report}\n{draft}"));
    assert!(sent(&mut site).is_empty());

    // The same where the password comes on a page of its own.
    const FIRST: &str = "<form method=post><label>Organisation <input name=o required></label>\
        <label>User name <input name=u required></label><label>Security answer <input name=s required></label>\
        <button>Sign in</button></form>";
    let mut site = Site::new(|request| answer(&request, "/", FIRST, "")).await;
    let (desk, said) = by(&site, "quirin", PASSWORD, 0).await;
    let draft = desk.draft("site");
    assert!(said.out.contains(told) && said.out.contains(asked), "{}{}\n{draft}", said.out, said.err);
    assert!(draft.contains(fills) && sent(&mut site).is_empty(), "{draft}");
    // No parameter is to hold a secret.
    let secret = "the login also asks for \"Security answer\" (required), which looks like a secret";
    assert!(draft.contains(secret), "{draft}");
}

/// Two forms that are alike go by what stands above them.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_among_others_goes_by_its_heading() {
    let form = |title: &str, more: &str, button: &str| {
        format!(
            "<form method=post><h2>{title}</h2><input name=e placeholder='Email address'><input name=p type=password placeholder=Password>{more}<button>{button}</button></form>"
        )
    };
    let again = "<input type=password placeholder='Repeat password'>";
    let site = Site::page(&format!(
        "{}{}",
        form("New here?", again, "Sign up"),
        form("Already a customer", "", "Log in")
    ))
    .await;
    let (draft, _) = drafted(&site).await;
    let within = "within: { css: form, containing: Already a customer } }";
    for field in ["placeholder: Email address", "placeholder: Password"] {
        assert!(draft.contains(&format!("{{ {field}, exact: true, {within}")), "{field}: {draft}");
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

/// A name's field in a shadow root comes behind the others of its form, wherever it is drawn.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_in_a_component_is_typed_before_the_password_is_sent() {
    const LOGIN: &str = "<h1>Sign in</h1><form method=post><my-field></my-field>
        <label>Password <input type=text style='-webkit-text-security: disc' name=p></label><input type=hidden name=u><button>Sign in</button></form>
        <form hidden><input type=hidden name=captcha></form>
        <script>customElements.define('my-field', class extends HTMLElement {
          connectedCallback() {
            this.attachShadow({ mode: 'open' }).innerHTML = '<label>User name <input></label>';
            const field = this.shadowRoot.querySelector('input');
            field.addEventListener('input', () => { document.forms[0].elements.u.value = field.value; });
          }
        });</script>";
    let mut site = super::habits::app(LOGIN, &[("/home", "<h1>Home</h1><a href=/bye>Log out</a>")]).await;
    let (_, draft, said) = super::habits::drafted_of(&site).await;
    assert!(said.out.contains("signed in once"), "{}{}\n{draft}", said.out, said.err);
    let posts = super::habits::sent(&mut site);
    assert!(matches!(posts.as_slice(), [login] if login.body.contains("u=quirin")), "{posts:?}");
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
