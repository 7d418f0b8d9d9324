//! The way out, as the draft has taken it: what asks once more, what says goodbye, and what a look must not send.

use super::habits::{SIGN_IN, drafted_of};
use super::who::{answer, has_session, sent};
use super::*;

/// An app with this on its page for those who are in, and this at `/out`; a session ends where `/bye` is opened or sent to.
async fn leaving(home: &'static str, out: &'static str) -> Site {
    let over = |to: &str| {
        let headers = vec![("location", to.to_owned()), ("set-cookie", "s=0; Path=/".to_owned())];
        Reply::Answer(303, headers, String::new())
    };
    Site::new(move |request| match (request.method.as_str(), request.path.as_str()) {
        (_, "/bye") => over("/gone"),
        ("POST", "/out") => over("/"),
        (_, "/out") => Reply::html(out),
        (_, "/gone") => Reply::html("<h1>See you soon</h1>"),
        (_, "/home") if has_session(&request) => Reply::html(home),
        _ => answer(&request, "/", SIGN_IN, ""),
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_out_that_asks_once_more_is_drafted_to_its_end() {
    const LINK: &str = "<h1>Projects</h1><a href=/out>Log out</a>";
    const PAGE: &str = "<h1>Leave?</h1><nav><a href=/out>Log out</a></nav><p>Do you really want to?</p>\
        <form method=post action=/all><button>Log out of all devices</button></form>\
        <form method=post action=/out><button>Log out</button></form>";
    const DIALOG: &str = "<h1>Projects</h1><a href='#' onclick='d.showModal()'>Log out</a>\
        <dialog id=d><h2>Log out?</h2><button onclick='d.close()'>No</button>\
        <button onclick='fetch(`/out`, { method: `POST` }).then(() => { location = `/` })'>Yes</button></dialog>";
    for (home, page, steps) in [
        (
            LINK,
            PAGE,
            "- click: { role: link, name: Log out }\n    # the app asks once more\n    - click: { role: button, name: Log out, exact: true }",
        ),
        (
            DIALOG,
            "",
            "- click: { role: link, name: Log out }\n    # the app asks once more\n    - click: { role: button, name: \"Yes\" }",
        ),
    ] {
        let mut site = leaving(home, page).await;
        let (desk, draft, said) = drafted_of(&site).await;
        assert!(said.out.contains("signed in once"), "{}{}", said.out, said.err);
        assert!(draft.contains(steps), "{draft}");
        assert_eq!(sent(&mut site), ["/"], "the login, and nothing else");
        let said = desk.run("logout", &[]).await;
        assert_eq!(said.code, 0, "{}{}\n{draft}", said.out, said.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_says_goodbye_shows_the_end_of_the_session() {
    let site = leaving("<h1>Projects</h1><a href=/bye>Log out</a>", "").await;
    let (desk, draft, said) = drafted_of(&site).await;
    assert!(draft.contains("{ role: heading, name: See you soon }"), "{draft}{}", said.err);
    let said = desk.run("logout", &[]).await;
    assert_eq!(said.code, 0, "{}{}\n{draft}", said.out, said.err);
}

/// What ends a session by sending something may do more than that.
#[tokio::test(flavor = "multi_thread")]
async fn a_way_out_that_sends_is_not_taken() {
    let mut site =
        leaving("<h1>Projects</h1><form method=post action=/out><button>Log out</button></form>", "").await;
    let (desk, draft, _) = drafted_of(&site).await;
    assert_eq!(sent(&mut site), ["/"]);
    let said = desk.run("logout", &[]).await;
    assert_eq!(said.code, 0, "{}{}\n{draft}", said.out, said.err);
}
