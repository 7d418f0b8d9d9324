//! Settings behind what lies over the page, and behind addresses that are one account's only.

use super::*;
use crate::harness::Request;

const OWN: &str = "/people/29e17ab1-7f18-448a-b996-609123142e26";
const SIGN_IN: &str = "<h1>Sign in</h1><form method=post><label>Username <input name=u></label>\
    <label>Password <input type=password name=p></label><button>Sign in</button></form>";
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

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_ones_own_is_gone_to_by_its_link_once_what_lies_over_it_is_closed() {
    let site = Site::new(|request| answer(&request)).await;
    let desk = Desk::new();
    let add = ["account", "add", "site/x", "--username", "quirin", "--password-file", "-"];
    desk.call(&add, PASSWORD).await.ends(0);
    let said = desk.call(&["playbook", "new", &site.url(), "--account", "site/x"], "").await.ends(0);
    let draft = desk.draft("site");
    assert!(said.out.contains("signed in once"), "{}{}\n{draft}", said.out, said.err);
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
