//! What a login's fields and buttons are, however its page is made.

use super::who::{HOME, answer, by, has_session, sent};
use super::*;

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
