//! Ways to the settings that say little of themselves: pictures, headings, addresses that nothing leads to.

use super::habits::{SIGN_IN, app, drafted_of};
use super::*;

/// What only a hand under the mouse, and a title, tell to be for clicking; and a list of choices, which is no menu.
#[tokio::test(flavor = "multi_thread")]
async fn titles_headings_and_links_without_an_address_are_clicked() {
    const HOME: &str = "<style>[title],a,dt,h2 { cursor: pointer } [title] { width: 20px; height: 20px; background: #888 }</style>
        <header><button aria-haspopup=listbox onclick=\"fetch('/listed')\">Account: Acme</button><div title='My Account' id=menu-0017></div></header>
        <div id=m hidden><a id=s-0018>Settings</a> <a id=o-0019>Log out</a></div><main id=a><h1>Projects</h1></main>
        <script>
          const on = (query, act) => document.querySelector(query).addEventListener('click', act);
          on('[title]', () => { m.hidden = false; });
          on('a', () => { a.innerHTML = '<h1>Settings</h1><dl><dt>Security</dt></dl>'; on('dt', security); });
          const security = () => { a.innerHTML = '<h2>Change password</h2><div id=w></div>'; on('h2', form); };
          const form = () => { w.innerHTML = '<label>Old password <input type=password></label>' +
            '<label>New password <input type=password></label><button type=button>OK</button>'; };
        </script>";
    let mut site = app(SIGN_IN, &[("/home", HOME)]).await;
    let (desk, draft, said) = drafted_of(&site).await;
    assert!(said.out.contains("signed in once"), "{}{}\n{draft}", said.out, said.err);
    let change = r#"change_password:
    - click: { css: "div[title=\"My Account\"]" }
    - click: { text: Settings }
    - click: { text: Security }
    - click: { text: Change password }
    - fill: { into: { label: Old password }, with: password }
    - fill: { into: { label: New password }, with: new_password }
    - commit: { click: { role: button, name: OK } }
"#;
    assert!(draft.contains(change), "{}\n{draft}", said.out);
    let all = std::iter::from_fn(|| site.requests.try_recv().ok());
    assert!(!all.into_iter().any(|request| request.path == "/listed"));
    let said = desk.run("change_password", &["--rehearse"]).await;
    assert_eq!(said.code, 0, "{}{}\n{draft}", said.out, said.err);
}

/// Where nothing else opens a menu, a picture at the top of the page may.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_without_a_word_is_opened_as_a_last_resort() {
    const HOME: &str = "<header><a href=/home>Cakes</a> <button onclick='m.hidden = false'><img src=/1.png width=24 height=24></button></header>
        <div id=m hidden><a href=/bye>Log out</a></div><h1>Projects</h1>
        <main><button onclick=\"fetch('/clicked')\"><img src=/2.png width=24 height=24></button></main>";
    let mut site = app(SIGN_IN, &[("/home", HOME)]).await;
    let (desk, draft, said) = drafted_of(&site).await;
    assert!(
        draft.contains("    - click: { role: link, name: Log out }\n"),
        "{}{}\n{draft}",
        said.out,
        said.err
    );
    let all = std::iter::from_fn(|| site.requests.try_recv().ok());
    assert!(!all.into_iter().any(|request| request.path == "/clicked"));
    let said = desk.run("logout", &[]).await;
    assert!(said.out.contains("click role link \"Log out\""), "{}{}\n{draft}", said.out, said.err);
}

/// A server that finds everything finds the page of the password, too.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_counts_by_its_page_where_the_server_finds_everything() {
    const FORM: &str =
        "<h1>Password</h1><form method=post action=/p><label>Old password <input type=password></label>
        <label>New password <input type=password></label><button>Save</button></form>";
    let site = Site::new(|request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/") if request.body.contains(PASSWORD) => {
            let headers = vec![("location", "/home".into()), ("set-cookie", "s=1; Path=/".into())];
            Reply::Answer(303, headers, String::new())
        }
        (_, path) if path == "/" || !request.cookie.contains("s=1") => Reply::html(SIGN_IN),
        (_, "/change-password") => Reply::html(FORM),
        (_, "/home") => Reply::html("<h1>Home</h1><a href=/bye>Log out</a>"),
        _ => Reply::html(
            "<h1>Nothing here</h1><a href=/bye>Log out</a><a href=/settings/of/nothing>Settings</a>",
        ),
    })
    .await;
    let (_, draft, said) = drafted_of(&site).await;
    assert!(
        draft.contains("change_password:\n    - open: /change-password\n"),
        "{}{}\n{draft}",
        said.out,
        said.err
    );
    assert!(!said.out.contains("/settings/of/nothing"), "{}", said.out);
}

/// What the page tells of today shows nobody in, and what was not dared is told with its place.
#[tokio::test(flavor = "multi_thread")]
async fn links_to_elsewhere_are_no_mark_and_what_was_not_dared_has_its_place() {
    const HOME: &str = "<a href=https://news.example/cakes>Your account and cakes</a> <a href=/orders>Orders</a> <a href=/profile>Profile</a>";
    const PROFILE: &str = "<h1>You</h1><button type=button>Reset my password</button>";
    let site = app(SIGN_IN, &[("/home", HOME), ("/profile", PROFILE)]).await;
    let (_, draft, said) = drafted_of(&site).await;
    assert!(said.out.contains("signed in once"), "{}{}\n{draft}", said.out, said.err);
    assert!(
        !draft.contains("cakes") && draft.contains("signed_in: { role: link, name: Profile }"),
        "{draft}"
    );
    assert!(
        draft.contains("# ? is the password changed behind \"Reset my password\" on /profile?"),
        "{draft}"
    );
}
