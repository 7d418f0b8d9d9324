//! What stands before a login: whose app it is, other ways to sign in, and doors for people without an account.

use super::habits::{SIGN_IN, app, drafted_of, sent};
use super::who::answer;
use super::*;

const HOME: &[(&str, &str)] = &[("/home", "<h1>Home</h1><a href=/bye>Log out</a>")];

/// What only the app's people know is asked for, and nothing is sent off without it.
#[tokio::test(flavor = "multi_thread")]
async fn whose_app_it_is_becomes_a_question() {
    for (label, button) in [("Workspace URL", "Continue"), ("Organisation", "Next"), ("Firma", "Weiter")] {
        let page = format!(
            "<h1>Hello</h1><form method=post><label>{label} <input name=login-place></label><button>{button}</button></form>"
        );
        let mut site = Site::new(move |request| match request.path.as_str() {
            "/" => Reply::html(page.clone()),
            _ => Reply::status(404, "<h1>Not here</h1>"),
        })
        .await;
        let (desk, draft, said) = drafted_of(&site).await;
        let told = format!("not signed in: the login also asks for \"{label}\"");
        assert!(said.out.contains(&told), "{}{}\n{draft}", said.out, said.err);
        let steps = [
            format!("# ? the login also asks for \"{label}\" (required): what is typed there?"),
            format!("- fill: {{ into: {{ label: {label} }}, with: {{ text: \"?\" }} }}"),
            format!("- click: {{ role: button, name: {button} }}"),
            "# ? what does the page behind that ask for?".to_owned(),
            "with: username\n".to_owned(),
            "with: password }".to_owned(),
        ];
        let mut rest = draft.as_str();
        for step in steps {
            let at = rest.find(&step);
            assert!(at.is_some(), "`{step}` is not in its place:\n{draft}");
            rest = &rest[at.unwrap()..];
        }
        let said = desk.run("login", &[]).await;
        assert!(said.code != 0 && said.err.contains("P0415"), "{}{}", said.out, said.err);
        assert!(sent(&mut site).is_empty());
    }
}

/// A link by mail is what the page would rather have.
#[tokio::test(flavor = "multi_thread")]
async fn the_password_is_chosen_instead_of_a_link_by_mail() {
    const LOGIN: &str = "<h1>Sign in</h1><form method=post><label>E-mail <input name=u></label>
        <button id=mail>Email me a link</button>
        <a href='#' onclick=\"w.innerHTML = '<label>Password <input type=password name=p></label><button>Sign in</button>';
            mail.remove(); this.remove(); return false\">Use a password instead</a><div id=w></div></form>";
    let mut site = app(LOGIN, HOME).await;
    let (desk, draft, said) = drafted_of(&site).await;
    assert!(said.out.contains("signed in once"), "{}{}\n{draft}", said.out, said.err);
    let steps = "    - click: { role: link, name: Use a password instead }
    - fill: { into: { label: E-mail }, with: username }
    - fill: { into: { label: Password }, with: password }
    - click: { role: button, name: Sign in }\n";
    assert!(draft.contains(steps), "{draft}");
    assert!(matches!(sent(&mut site).as_slice(), [login] if login.body.contains(PASSWORD)));
    let said = desk.run("login", &[]).await;
    assert_eq!(said.code, 0, "{}{}\n{draft}", said.out, said.err);
}

/// The same where the page goes on to the password with the name only.
#[tokio::test(flavor = "multi_thread")]
async fn the_choice_of_the_password_sends_the_name() {
    const LOGIN: &str = "<h1>Sign in</h1><form method=post><label>E-mail <input name=u required></label>
        <button name=way value=mail>Send me a sign-in link</button><button name=way value=known>Use a password instead</button></form>";
    const NEXT: &str = "<h1>Sign in</h1><form method=post><label>Password <input type=password name=p></label><button>Sign in</button></form>";
    let mut site = Site::new(|request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/") if request.body.contains(PASSWORD) => {
            let headers = vec![("location", "/home".into()), ("set-cookie", "s=1; Path=/".into())];
            Reply::Answer(303, headers, String::new())
        }
        ("POST", "/") if request.body.contains("u=quirin&way=known") => Reply::html(NEXT),
        ("POST", _) => Reply::html("<h1>Look into your mail</h1>"),
        (_, "/") => Reply::html(LOGIN),
        (_, "/home") if request.cookie.contains("s=1") => Reply::html(HOME[0].1),
        _ => Reply::status(404, "<h1>Not here</h1>"),
    })
    .await;
    let (desk, draft, said) = drafted_of(&site).await;
    assert!(said.out.contains("signed in once"), "{}{}\n{draft}", said.out, said.err);
    let steps = "    - fill: { into: { label: E-mail }, with: username }
    - click: { role: button, name: Use a password instead }
    - fill: { into: { label: Password }, with: password }\n";
    assert!(draft.contains(steps), "{draft}");
    assert_eq!(sent(&mut site).len(), 2);
    let said = desk.run("login", &[]).await;
    assert_eq!(said.code, 0, "{}{}\n{draft}", said.out, said.err);
}

/// What opens at the registration has the login in a tab.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_behind_the_door_for_new_people_is_found() {
    const FRONT: &str = "<h1>Cakes for all</h1><button onclick='d.showModal()'>Join</button>
        <dialog id=d><button type=button role=tab onclick='f.hidden = true; l.hidden = false'>Log in</button>
        <form id=f method=post action=/made><label>E-mail <input name=u></label>
            <label>Password <input type=password name=p></label><button>Sign up</button></form>
        <form id=l hidden method=post><label>E-mail <input name=u></label>
            <label>Password <input type=password name=p></label><button>Go on</button></form></dialog>";
    let mut site = app(FRONT, HOME).await;
    let (desk, draft, said) = drafted_of(&site).await;
    assert!(said.out.contains("signed in once"), "{}{}\n{draft}", said.out, said.err);
    let steps = "    - open: /
    - click: { role: button, name: Join }
    - click: { role: tab, name: Log in }\n";
    assert!(draft.contains(steps), "{draft}");
    assert!(matches!(sent(&mut site).as_slice(), [login] if login.path == "/"));
    assert!(draft.contains("signed_out: [{ label: E-mail"), "{draft}");
    let said = desk.run("login", &[]).await;
    assert_eq!(said.code, 0, "{}{}\n{draft}", said.out, said.err);
}

/// A page of its own asks whether to stay signed in, and holds up whoever comes in.
/// A menu that is closed leads there.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_a_closed_menu_leads_to_is_found() {
    const FRONT: &str = "<details><summary>Menu</summary><a href=/-/enter>Log in</a></details><h1>Data</h1>";
    let site = Site::new(|request| match request.path.as_str() {
        "/" => Reply::html(FRONT),
        _ => answer(&request, "/-/enter", SIGN_IN, ""),
    })
    .await;
    let (_, draft, said) = drafted_of(&site).await;
    assert!(
        said.out.contains("signed in once") && draft.contains("- open: /-/enter\n"),
        "{}{}\n{draft}",
        said.out,
        said.err
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_asks_whether_to_stay_signed_in_is_told_no() {
    let mut site = Site::new(|request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/") if request.body.contains(PASSWORD) => Reply::html(
            "<h1>Stay signed in?</h1><form method=post action=/stay><button name=stay value=1>Yes</button>
             <button name=stay value=0>No</button></form>",
        ),
        ("POST", "/stay") if request.body == "stay=0" => {
            let headers = vec![("location", "/home".into()), ("set-cookie", "s=1; Path=/".into())];
            Reply::Answer(303, headers, String::new())
        }
        (_, "/") => Reply::html(super::habits::SIGN_IN),
        (_, "/home") if request.cookie.contains("s=1") => Reply::html(HOME[0].1),
        _ => Reply::status(404, "<h1>Not here</h1>"),
    })
    .await;
    let (desk, draft, said) = drafted_of(&site).await;
    assert!(said.out.contains("signed in once"), "{}{}\n{draft}", said.out, said.err);
    let declines = "  - see: { text: \"Stay signed in?\" }\n    click: { role: button, name: \"No\" }\n";
    assert!(draft.contains(declines), "{draft}");
    assert!(draft.contains("signed_in: { role: link, name: Log out }"), "{draft}");
    assert_eq!(sent(&mut site).len(), 2);
    let said = desk.run("login", &[]).await;
    assert_eq!(said.code, 0, "{}{}\n{draft}", said.out, said.err);
}

/// What the browser itself would ask for has no form.
#[tokio::test(flavor = "multi_thread")]
async fn http_authentication_is_told_so() {
    for body in ["<h1>Authorization required</h1>", ""] {
        let site = Site::new(move |_| {
            let ask = vec![
                ("www-authenticate", "Basic realm=\"Cakes\"".into()),
                ("content-type", "text/html".into()),
            ];
            Reply::Answer(401, ask, body.into())
        })
        .await;
        let said = Desk::new().call(&["playbook", "new", &site.url()], "").await.ends(1);
        assert!(
            said.err.contains("signs in by the browser's own dialog (HTTP authentication)"),
            "{}",
            said.err
        );
    }
    // A page that is refused and shows a login all the same has one.
    let site = Site::new(|_| {
        let ask = vec![("www-authenticate", "Basic".into()), ("content-type", "text/html".into())];
        Reply::Answer(401, ask, super::habits::SIGN_IN.into())
    })
    .await;
    drafted(&site).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_its_scheme_is_told_what_to_write() {
    for address in ["127.0.0.1:7871", "example.com", "localhost:80/login"] {
        let said = Desk::new().call(&["playbook", "new", address], "").await.ends(2);
        let write = format!("write `http://{address}` or `https://{address}`");
        assert!(said.err.contains(&write), "{}", said.err);
    }
}

/// Guesses are in the language that the login asks in.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_guessed_in_the_language_of_the_page() {
    let (german, _) = super::drafted(&Site::page(FORM).await).await;
    assert!(german.contains("bad_credentials: { text: [falsch, ungültig,"), "{german}");
    let form = FORM.replace("Kennwort", "Password").replace("Anmelden", "Accedi");
    let page = format!("<script>document.documentElement.lang = 'it-IT'</script>{form}");
    let (italian, _) = super::drafted(&Site::page(&page).await).await;
    assert!(italian.contains("bad_credentials: { text: [errat, non valid, non corrett] }"), "{italian}");
}
