//! What looks like the thing that is sought, and stands before it.

use super::habits::{SIGN_IN, app, drafted_of};
use super::*;

/// Other things are left than a session, or ended for good.
#[tokio::test(flavor = "multi_thread")]
async fn the_way_out_is_none_of_a_list_of_mails_and_none_of_the_account() {
    const WAYS: [(&str, &str); 4] = [
        ("注销账号", "退出登录"),
        ("Abmelden vom Newsletter", "Abmelden"),
        ("Выйти из рассылки", "Выйти"),
        ("Log out of the demo mode", "Log out"),
    ];
    for (decoy, way) in WAYS {
        let home: &'static str =
            format!("<h1>Home</h1><a href=/left>{decoy}</a> <a href=/out>{way}</a>").leak();
        let site = app(SIGN_IN, vec![("/home", home)].leak()).await;
        let (_, draft, _) = drafted_of(&site).await;
        let click = format!("  logout:\n    - click: {{ role: link, name: {way}");
        let named = [" }\n", ", exact: true }\n"].map(|end| format!("{click}{end}"));
        assert!(named.iter().any(|click| draft.contains(click)), "{decoy}\n{draft}");
    }
}

/// Those who delete an account are asked for the password twice, too.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_ends_the_account_changes_no_password() {
    const SETTINGS: &str = "<h1>Settings</h1><form method=post action=/end><h2>Delete account</h2>
        <label>Password <input type=password name=d></label><label>Type password again <input type=password name=e></label>
        <button>Close my account</button></form>
        <form method=post action=/change><h2>Password</h2><label>Current password <input type=password name=c></label>
        <label>New password <input type=password name=n></label><label>Repeat <input type=password name=r></label>
        <button>Save</button></form>";
    const HOME: &str = "<h1>Home</h1><a href=/settings>Settings</a> <a href=/out>Sign out</a>";
    let site = app(SIGN_IN, &[("/home", HOME), ("/settings", SETTINGS)]).await;
    let (_, draft, _) = drafted_of(&site).await;
    assert!(draft.contains("with: password }\n    - fill: { into: { label: New password }"), "{draft}");
    assert!(draft.contains("commit: { click: { role: button, name: Save } }"), "{draft}");
    assert!(!draft.contains("Close my account"), "{draft}");
}

/// The words of a table say nothing of a login.
#[tokio::test(flavor = "multi_thread")]
async fn the_head_of_a_table_is_no_refusal() {
    const HOME: &str =
        "<h1>Runs</h1><table><tr><th>Template<th>Duration<th>Error</table><a href=/a>Runs of today</a>";
    let site = app(SIGN_IN, &[("/home", HOME)]).await;
    let (_, draft, said) = drafted_of(&site).await;
    assert!(!said.out.contains("refused"), "{}", said.out);
    assert!(!draft.contains("Template"), "{draft}");
}

/// What workers of several pages send is seen by nobody: there are none.
#[tokio::test(flavor = "multi_thread")]
async fn pages_that_are_looked_at_have_no_workers_of_several_pages() {
    const HOME: &str = "<h1>Home</h1><a href=/out>Sign out</a><button type=button onclick=tell()>Security settings</button><script>
        const shared = window.SharedWorker && new SharedWorker('/worker.js');
        navigator.serviceWorker?.register('/worker.js');
        const tell = () => { shared && shared.port.postMessage(1); navigator.serviceWorker?.controller?.postMessage(1); };</script>";
    const WORKER: &str =
        "onconnect = (event) => event.ports[0].onmessage = () => fetch('/sent', { method: 'POST' })";
    let mut site = Site::new(|request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/") => Reply::redirect(303, "/home"),
        ("GET", "/home") => Reply::html(HOME),
        ("GET", "/worker.js") => {
            Reply::Answer(200, vec![("content-type", "text/javascript".into())], WORKER.into())
        }
        ("GET", "/") => Reply::html(SIGN_IN),
        _ => Reply::status(404, ""),
    })
    .await;
    drafted_of(&site).await;
    let all: Vec<_> =
        std::iter::from_fn(|| site.requests.try_recv().ok()).map(|request| request.path).collect();
    assert!(all.iter().any(|path| path == "/home"), "{all:?}");
    assert!(!all.iter().any(|path| path == "/sent" || path == "/worker.js"), "{all:?}");
}
