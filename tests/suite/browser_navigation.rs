//! What was just done is answered by the document that follows, and by no other.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use turnlock::browser::PageError;

use crate::harness::{BRIEFLY, Reply, SOON, Site, Stage};

/// A login form whose old page shows what the next step looks for, too; `/script.js` keeps it loading.
const OLD: &str = "<p>You are signed in</p><form method=post action=/in><button>Sign in</button></form>\
                   <script async src=/script.js></script><img src=/picture.png>";

#[tokio::test(flavor = "multi_thread")]
async fn the_old_page_never_answers_for_the_one_that_is_on_its_way() {
    let go = Arc::new(Notify::new());
    let released = Arc::clone(&go);
    let site = Site::with(move |request| {
        let released = Arc::clone(&released);
        Box::pin(async move {
            match (request.method.as_str(), request.path.as_str()) {
                ("POST", _) => {
                    released.notified().await;
                    Reply::redirect(303, "/next")
                }
                (_, "/next") => Reply::redirect(302, "/home"),
                (_, "/home") => Reply::html("<h1>Wrong password</h1>"),
                // Their ends come in the middle of the next navigation.
                (_, "/script.js" | "/picture.png") => {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    Reply::Answer(404, Vec::new(), String::new())
                }
                _ => Reply::html(OLD),
            }
        })
    })
    .await;
    let stage = Stage::open(&site.url()).await;
    let (right, wrong) = (stage.target("{ text: signed in }"), stage.target("{ text: Wrong password }"));
    for _ in 0..3 {
        stage.goto("/").await.unwrap();
        stage.click("{ role: button, name: Sign in }").await.unwrap();
        let late = stage.page.first_of(&[&right, &wrong], "an end", Duration::from_millis(700)).await;
        match late {
            Err(PageError::NoAnswer { url, .. }) => assert_eq!(url, format!("{}/in", site.url())),
            other => panic!("{other:?}"),
        }
        let ends = [&right, &wrong];
        let (end, ()) = tokio::join!(stage.page.first_of(&ends, "an end", SOON), async { go.notify_one() });
        assert_eq!(end.unwrap(), 1);
        assert_eq!(stage.page.url(), format!("{}/home", site.url()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_navigation_that_comes_to_nothing_leaves_the_page_usable() {
    let site = Site::new(|request| match request.path.as_str() {
        "/empty" => Reply::Answer(204, Vec::new(), String::new()),
        "/file" => Reply::Answer(
            200,
            vec![("content-disposition", "attachment; filename=a.csv".into())],
            "a,b".into(),
        ),
        _ => Reply::Answer(
            200,
            vec![
                ("content-type", "text/html".into()),
                ("content-security-policy", "form-action 'none'".into()),
            ],
            r##"<title>Test</title><a href=/empty>Empty</a> <a href=/file>File</a> <a href="otpauth://totp/x?secret=A">App</a>
            <a href="mailto:a@example.org">Mail</a> <a href="#part">Part</a> <a href="javascript:void 0">Nothing</a>
            <form method=post action=/x><button>Forbidden</button></form>
            <button onclick="location.assign('/silent'); stop()">Stopped</button>
            <button onclick="history.pushState({}, '', '/pushed')">Push</button>
            <button onclick="window.open('/popup')">Popup</button> <a href=/popup target=_blank>Tab</a>
            <button id=count onclick="out.textContent = +out.textContent + 1">Count</button><p id=out>0</p>"##
                .into(),
        ),
    })
    .await;
    let stage = Stage::open(&site.url()).await;
    let mut counted = 0;
    for (role, name) in [
        ("link", "Empty"),
        ("link", "File"),
        ("link", "App"),
        ("link", "Mail"),
        ("link", "Part"),
        ("link", "Nothing"),
        ("button", "Forbidden"),
        ("button", "Stopped"),
        ("button", "Push"),
        ("button", "Popup"),
        ("link", "Tab"),
    ] {
        stage
            .click(&format!("{{ role: {role}, name: {name} }}"))
            .await
            .unwrap_or_else(|e| panic!("{name}: {e}"));
        counted += 1;
        stage.click("{ css: \"#count\" }").await.unwrap_or_else(|e| panic!("after {name}: {e}"));
        assert_eq!(stage.text("{ css: \"#out\" }").await, counted.to_string(), "after {name}");
    }
    assert_eq!(stage.page.url(), format!("{}/pushed", site.url()));
    for path in ["/empty", "/file"] {
        stage.goto(path).await.unwrap();
        stage.see("{ css: \"#count\" }").await.unwrap();
    }
    let notes = stage.page.take_notes();
    let downloads = notes.iter().filter(|note| note.contains("download")).count();
    let windows = notes.iter().filter(|note| note.contains("window")).count();
    assert_eq!((downloads, windows), (2, 2), "{notes:?}");
    assert!(stage.page.take_notes().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn dialogs_are_dismissed_and_noted() {
    let app = acme::Acme::start(acme::Options::default()).await.unwrap();
    let stage = Stage::set(app.url(), "").await;
    stage.goto("/dialog").await.unwrap();
    for (button, said) in
        [("Show alert", "Alert closed"), ("Ask, exact: true", "You declined"), ("Ask for a name", "No name")]
    {
        stage.click(&format!("{{ role: button, name: {button} }}")).await.unwrap();
        stage.see(&format!("{{ text: {said} }}")).await.unwrap();
    }
    let notes = stage.page.take_notes();
    for kind in ["alert", "confirm", "prompt"] {
        assert!(notes.iter().any(|note| note.contains(kind)), "{kind}: {notes:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_asks_whether_to_leave_it_is_left() {
    let site = Site::page(
        "<button onclick=\"window.addEventListener('beforeunload', (e) => e.preventDefault()); out.textContent = 'Guarded'\">\
         Guard</button><p id=out></p><a href=/left>Leave</a><p>at <script>document.write(location.pathname)</script></p>",
    )
    .await;
    let stage = Stage::open(&site.url()).await;
    stage.click("{ role: button, name: Guard }").await.unwrap();
    stage.see("{ text: Guarded }").await.unwrap();
    stage.click("{ role: link, name: Leave }").await.unwrap();
    stage.see("{ text: at /left }").await.unwrap();
    assert_eq!(stage.page.take_notes(), ["the dialog beforeunload was agreed to, so that the page is left"]);
    stage.click("{ role: button, name: Guard }").await.unwrap();
    stage.goto("/opened").await.unwrap();
    stage.see("{ text: at /opened }").await.unwrap();
    assert_eq!(stage.page.take_notes().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_never_idle_or_loads_late_is_used_at_once() {
    let app = acme::Acme::start(acme::Options::default()).await.unwrap();
    app.add_user(acme::NewUser::new("alice", "First-Pass-2026")).unwrap();
    app.switch(|switches| switches.never_idle = true);
    for base in ["", "/spa", "/shadow"] {
        let stage = Stage::set(app.url(), "").await;
        stage.goto(&format!("{base}/login")).await.unwrap();
        stage.fill("{ label: Username }", "alice").await.unwrap();
        stage.fill_secret("{ label: Password }", "First-Pass-2026").await.unwrap();
        stage.click("{ role: button, name: Sign in }").await.unwrap();
        stage.see("{ role: button, name: Sign out }").await.unwrap_or_else(|e| panic!("{base}: {e}"));
    }
    let stage = Stage::set(app.url(), "").await;
    stage.goto("/slow-script?ms=60000").await.unwrap();
    stage.see("{ text: This is here at once }").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_for_later_is_no_answer_and_one_for_now_is() {
    let site = Site::new(|request| match request.path.as_str() {
        "/" => Reply::html("<form method=post action=/sent><button>Send</button></form>"),
        "/sent" => {
            Reply::html("<meta http-equiv=refresh content='0; url=/done'><p>Please wait</p><p>Done?</p>")
        }
        "/later" => Reply::html("<meta http-equiv=refresh content='600; url=/done'><p>Waiting</p>"),
        _ => Reply::html("<p>Done</p>"),
    })
    .await;
    let stage = Stage::open(&site.url()).await;
    stage.click("{ role: button, name: Send }").await.unwrap();
    stage.see("{ text: Done, exact: true }").await.unwrap();
    stage.goto("/later").await.unwrap();
    stage.see("{ text: Waiting }").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_a_page_from_coming_has_its_own_error() {
    let site =
        Site::new(|request| match (request.method.as_str(), request.path.split('?').next().unwrap()) {
            ("POST", "/cut") => Reply::Cut,
            ("POST", "/broken") => Reply::status(500, "<h1>Something went wrong</h1>"),
            ("POST", "/refused") => Reply::redirect(303, "http://127.0.0.1:1/x?token=abc"),
            ("POST", "/silent") => Reply::Silence,
            (_, "/silent") => Reply::Silence,
            _ => Reply::html(
                ["cut", "broken", "refused", "silent"]
                    .map(|to| {
                        format!("<form method=post action=/{to}?token=abc><button>{to}</button></form>")
                    })
                    .concat(),
            ),
        })
        .await;
    let stage = Stage::open(&site.url()).await;
    for (how, words) in [
        ("cut", "/cut could not be reached: net::ERR_EMPTY_RESPONSE"),
        ("broken", "the app answered with an error: HTTP 500; the page"),
        ("refused", "http://127.0.0.1:1/x could not be reached: net::ERR_UNSAFE_PORT"),
    ] {
        stage.goto("/").await.unwrap();
        stage.click(&format!("{{ role: button, name: {how} }}")).await.unwrap();
        let error = stage.see("{ text: Never there }").await.unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert!(!error.contains("abc"), "{error}");
    }
    let broken = "{ text: Something went wrong }";
    stage.goto("/").await.unwrap();
    stage.click("{ role: button, name: broken }").await.unwrap();
    // What the playbook expects of an error page is looked for first.
    stage.see(broken).await.unwrap();
    let click = stage.click("{ role: button, name: cut }").await.unwrap_err();
    assert!(matches!(click, PageError::AppError { .. }), "{click}");

    stage.goto("/").await.unwrap();
    stage.click("{ role: button, name: silent }").await.unwrap();
    let silent = stage.page.first_of(&[&stage.target("{ text: x }")], "an end", BRIEFLY).await.unwrap_err();
    assert!(matches!(silent, PageError::NoAnswer { .. }), "{silent}");
    let open =
        stage.page.open(&format!("{}/silent", site.url()).parse().unwrap(), BRIEFLY).await.unwrap_err();
    assert!(matches!(open, PageError::NoAnswer { .. }), "{open}");
    // And the page goes on from there.
    stage.goto("/").await.unwrap();
    stage.see("{ role: button, name: cut }").await.unwrap();

    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let open = stage.page.open(&format!("http://{nobody}/").parse().unwrap(), SOON).await.unwrap_err();
    assert!(open.to_string().ends_with("could not be reached: net::ERR_CONNECTION_REFUSED"), "{open}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_opened_is_not_taken_for_what_is_opened_next() {
    let site = Site::new(|request| match request.path.as_str() {
        "/cut" => Reply::Cut,
        _ => Reply::html("<p>Here</p>"),
    })
    .await;
    let stage = Stage::set(&site.url(), "").await;
    for _ in 0..20 {
        stage.goto("/cut").await.unwrap_err();
        stage.goto("/").await.unwrap();
        stage.see("{ text: Here }").await.unwrap();
    }
}

/// A page takes clicks before its scripts have run, and does nothing then. One that never ends loading is clicked all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_click_waits_for_the_scripts_of_its_page() {
    let site = Site::with(|request| {
        Box::pin(async move {
            match request.path.as_str() {
                "/script.js" => {
                    tokio::time::sleep(Duration::from_millis(700)).await;
                    let script = "b.onclick = () => { document.title = b.textContent = 'Opened' }";
                    Reply::Answer(200, vec![("content-type", "text/javascript".into())], script.to_owned())
                }
                "/never.png" => Reply::Silence,
                "/endless" => Reply::html(
                    "<button id=b onclick='b.textContent = `Opened`'>Menu</button><img src=/never.png>",
                ),
                _ => Reply::html("<button id=b>Menu</button><script defer src=/script.js></script>"),
            }
        })
    })
    .await;
    let stage = Stage::open(&site.url()).await;
    for path in ["/", "/endless"] {
        stage.goto(path).await.unwrap();
        stage.click("{ role: button, name: Menu }").await.unwrap();
        stage.see("{ role: button, name: Opened }").await.unwrap();
    }
}
