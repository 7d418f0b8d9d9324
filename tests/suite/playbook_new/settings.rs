//! Settings behind what lies over the page, and behind addresses that are one account's only.

use super::habits::SIGN_IN;
use super::*;
use crate::harness::Request;

const OWN: &str = "/people/29e17ab1-7f18-448a-b996-609123142e26";
/// Two dialogs, one after the other and late; neither says that it is one.
const GREETINGS: &str = "<script>
    const veil = (title, button, next) => {
        const over = document.createElement('div');
        over.style = 'position: fixed; inset: 0; background: #fff8';
        over.innerHTML = `<div style='margin: 200px'><b>${title}</b><p>Enter it.</p>
            <button type=button>${button}</button><button type=button>Save</button></div>`;
        over.querySelector('button').onclick = () => { over.remove(); next?.(); };
        document.body.append(over);
    };
    if (!sessionStorage.greeted) setTimeout(() => veil('Have a key?', 'Skip', () =>
        veil('No owner is set', 'Remind me later', () => { sessionStorage.greeted = 1; })), 1000);
    </script>";

fn page(content: &str) -> String {
    format!(
        "<nav><a href=/content>Content</a> <a href='{OWN}' class=button><span class='v-icon avatar'>&#9787;</span></a></nav>
         <style>.avatar {{ font-size: 0 }} .button {{ display: block; width: 40px; height: 40px }}</style>
         <main><h1>Content</h1>{content}</main>{GREETINGS}"
    )
    .replace("&#9787;", "")
}

fn answer(request: &Request) -> Reply {
    let has_session = request.cookie.contains("s=1");
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/") if request.body.contains(PASSWORD) => {
            let headers = vec![("location", "/content".into()), ("set-cookie", "s=1; Path=/".into())];
            Reply::Answer(303, headers, String::new())
        }
        (_, "/") => Reply::html(SIGN_IN),
        (_, "/content") if has_session => Reply::html(page("<p>Nothing yet.</p>")),
        (_, OWN) if has_session => Reply::html(page(
            "<header><button type=button>Save</button></header>
             <input name=first placeholder='First name'>
             <input type=password autocomplete=new-password placeholder='Value securely stored'>
             <input type=password autocomplete=off placeholder='Token'>",
        )),
        _ => Reply::status(404, "<h1>Not here</h1>"),
    }
}

async fn signed_in(site: &Site) -> (Desk, String, Said) {
    let (desk, said) = by(site).await;
    let draft = desk.draft("site");
    assert!(said.out.contains("signed in once"), "{}{}\n{draft}", said.out, said.err);
    (desk, draft, said)
}

async fn by(site: &Site) -> (Desk, Said) {
    let desk = Desk::new();
    let add = ["account", "add", "site/x", "--username", "quirin", "--password-file", "-"];
    desk.call(&add, PASSWORD).await.ends(0);
    let said = desk.call(&["playbook", "new", &site.url(), "--account", "site/x"], "").await.ends(0);
    (desk, said)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_ones_own_is_gone_to_by_its_link_once_what_lies_over_it_is_closed() {
    let site = Site::new(|request| answer(&request)).await;
    let (desk, draft, _) = signed_in(&site).await;
    let closes = "interruptions:
  - see: { text: \"Have a key?\" }
    click: { role: button, name: Skip }
  - see: { text: No owner is set }
    click: { role: button, name: Remind me later }\n";
    assert!(draft.contains(closes), "{draft}");
    let own = r#"{ css: "a[href^=\"/people/\"]" }"#;
    assert!(draft.contains(&format!("signed_in: {own}\n")), "{draft}");
    let change = format!(
        "change_password:
    - click: {own}
    - fill: {{ into: {{ placeholder: Value securely stored }}, with: new_password }}
    - commit: {{ click: {{ role: button, name: Save }} }}\n"
    );
    // The field's token may be named as well.
    let plain = draft.replace(
        "[{ placeholder: Value securely stored }, { autocomplete: new-password }]",
        "{ placeholder: Value securely stored }",
    );
    assert!(plain.contains(&change), "{draft}");
    assert!(!draft.contains("29e17ab1"), "{draft}");
    let file = desk.0.path().join("playbooks/site.yaml").to_str().unwrap().to_owned();
    let rehearse = ["playbook", "run", &file, "change_password", "--account", "site/x", "--rehearse"];
    let said = desk.call(&rehearse, "").await;
    assert_eq!(said.code, 0, "{}{}\n{draft}", said.out, said.err);
}

/// An app whose one page behind the login is this.
async fn with_home(home: &'static str) -> Site {
    Site::new(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/") if request.body.contains(PASSWORD) => answer(&request),
        (_, "/") => Reply::html(SIGN_IN),
        (_, "/content") if request.cookie.contains("s=1") => Reply::html(home),
        _ => Reply::status(404, "<h1>Not here</h1>"),
    })
    .await
}

/// What switches, enables, sends or ends something at once is left alone, whether a button or a link does it.
#[tokio::test(flavor = "multi_thread")]
async fn what_acts_at_once_is_neither_clicked_nor_opened() {
    let mut site = with_home(
        "<h1>Security</h1>
         <button role=switch aria-checked=true aria-label='Two-factor authentication'>On</button>
         <button aria-pressed=true>Two-factor authentication</button>
         <button>Enable two-factor</button><button>Activate 2FA</button>
         <button>Password: send me a new one</button><button>Password, please</button>
         <div role=menuitemcheckbox tabindex=0 aria-checked=true>Two-step verification</div>
         <a href=/done/2fa/off>Two-factor authentication</a> <a href=/done/2fa/toggle>Two-step</a>
         <a href=/done/1>E-mail me a new password</a> <a href=/done/2>Lock account</a>
         <a href=/done/3>Two-factor backup codes: make new ones</a> <a href=/done/4>Settings: restore defaults</a>
         <a href=/done/5>Security: end my other sessions</a> <a href=/done/6>New two-factor secret</a>
         <a href='/done/8?action=enable&way=totp'>Two-factor authentication</a>
         <a href=/done/7>Sign out of all devices</a> <a href=/out>Log out</a>
         <script>addEventListener('click', (event) => event.target.closest('button,[role]') && fetch('/done/' + event.target.textContent, { method: 'POST' }))</script>",
    )
    .await;
    let (_, draft, said) = signed_in(&site).await;
    let all: Vec<_> =
        std::iter::from_fn(|| site.requests.try_recv().ok()).map(|request| request.path).collect();
    assert!(!all.iter().any(|path| path.starts_with("/done")), "{all:?}");
    // The session is ended when nothing is left to look at.
    assert_eq!(all.iter().position(|path| path == "/out"), Some(all.len() - 1), "{all:?}");
    assert!(all.iter().any(|path| path == "/settings/security"), "{all:?}");
    assert!(said.out.contains("looked at: ") && said.out.contains("/settings/security"), "{}", said.out);
    // The session's own end, not that of all.
    let logout = "  logout:\n    - click: { role: link, name: Log out }\n";
    assert!(draft.contains(logout) && !draft.contains("all devices"), "{draft}");
}

/// A menu, a page in it that is no link, a tab, a dialog: none has an address.
#[tokio::test(flavor = "multi_thread")]
async fn settings_without_an_address_are_gone_to_by_clicks() {
    let site = with_home(
        "<button aria-haspopup=menu aria-label='Open user menu' onclick='m.hidden = !m.hidden'>Q</button>
         <ul id=m role=menu hidden><li role=menuitem tabindex=-1 onclick='m.hidden = true; page()'>Settings</li>
         <li role=menuitem tabindex=-1>Log out</li></ul><main id=a><h1>Projects</h1></main>
         <script>
           const page = () => a.innerHTML = `<h1>Settings</h1><div role=tablist><div role=tab tabindex=0>Display</div>
               <div role=tab tabindex=-1 onclick='tab()'>Security</div></div><div id=t></div>`;
           const tab = () => t.innerHTML = `<button type=button onclick='dialog()'>Change password</button><div id=d></div>`;
           const dialog = () => d.innerHTML = `<div role=dialog><label>Current password <input type=password></label>
               <label>New password <input type=password></label><button type=button>Save</button></div>`;
         </script>",
    )
    .await;
    let (desk, draft, _) = signed_in(&site).await;
    let way = "change_password:
    - click: { role: button, name: Open user menu }
    - click: { role: menuitem, name: Settings }
    - click: { role: tab, name: Security }
    - click: { role: button, name: Change password }
    - fill: { into: { label: Current password }, with: password }\n";
    assert!(draft.contains(way), "{draft}");
    let file = desk.0.path().join("playbooks/site.yaml").to_str().unwrap().to_owned();
    let rehearse = ["playbook", "run", &file, "change_password", "--account", "site/x", "--rehearse"];
    let said = desk.call(&rehearse, "").await;
    assert_eq!(said.code, 0, "{}{}\n{draft}", said.out, said.err);
}

/// What the form of an expired password says is no refusal of the old one.
#[tokio::test(flavor = "multi_thread")]
async fn an_expired_password_is_told_so() {
    let site = with_home(
        "<h1>Your password has expired</h1><form method=post><label>Old password <input type=password></label>
         <label>New password <input type=password></label><label>Repeat <input type=password></label>
         <button>Change</button></form>",
    )
    .await;
    let (desk, said) = by(&site).await;
    let told = "not signed in: the app wants a new password before it lets anybody in";
    let draft = desk.draft("site");
    assert!(
        said.out.contains(told) && !draft.contains("bad_credentials: { text: Old"),
        "{}\n{draft}",
        said.out
    );
}

/// As web components have it: links that repeat their name within, the way out on one's own page alone, and a form that shows the
/// fields for a new password only once the current one is typed.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_grows_with_the_current_password_is_found() {
    let home = "<nav role=listbox><a role=option href=/config><div role=option>Settings</div></a>
        <a role=option href=/own aria-label=Profile><div role=option>Quirin</div></a></nav><h1>Overview</h1>";
    let own = "<h1>Change password</h1><label>Current password <input type=password id=old></label><div id=more></div>
        <button type=button>Submit</button><hr><button type=button>Log out</button>
        <script>old.oninput = () => {
            if (!more.childElementCount) more.innerHTML = '<label>New password <input type=password></label><label>Confirm new password <input type=password></label>';
        }</script>";
    let mut site = Site::new(move |request| {
        let has_session = request.cookie.contains("s=1");
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/") if request.body.contains(PASSWORD) => answer(&request),
            (_, "/") => Reply::html(SIGN_IN),
            (_, "/content") if has_session => Reply::html(home),
            (_, "/own") if has_session => Reply::html(own),
            _ => Reply::status(404, "<h1>Not here</h1>"),
        }
    })
    .await;
    let (desk, draft, _) = signed_in(&site).await;
    assert!(draft.contains("signed_in: { role: option, name: Profile }\n"), "{draft}");
    assert!(
        draft.contains("logout:\n    - open: /own\n    - click: { role: button, name: Log out }\n"),
        "{draft}"
    );
    let change = "change_password:
    - open: /own
    - fill: { into: { label: Current password }, with: password }
    - fill: { into: { label: New password, exact: true }, with: new_password }
    - fill: { into: { label: Confirm new password }, with: new_password }
    - commit: { click: { role: button, name: Submit } }\n";
    assert!(draft.contains(change), "{draft}");
    let file = desk.0.path().join("playbooks/site.yaml").to_str().unwrap().to_owned();
    let rehearse = ["playbook", "run", &file, "change_password", "--account", "site/x", "--rehearse"];
    let said = desk.call(&rehearse, "").await;
    assert_eq!(said.code, 0, "{}{}\n{draft}", said.out, said.err);
    // The login's form and no other was sent off.
    let all = std::iter::from_fn(|| site.requests.try_recv().ok());
    let sent: Vec<_> = all.filter(|request| request.method == "POST").map(|request| request.path).collect();
    assert!(!sent.is_empty() && sent.iter().all(|path| path == "/"), "{sent:?}");
}
