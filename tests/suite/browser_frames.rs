//! Reaching into the frames that a playbook names, in whatever process they run.

use turnlock::browser::{PageError, PieceKind};

use crate::harness::{BRIEFLY, Reply, SOON, Site, Stage};

async fn signs_in_within_a_frame(cross_site_frame: bool) {
    let app = acme::Acme::start(acme::Options { cross_site_frame, ..Default::default() }).await.unwrap();
    app.add_user(acme::NewUser::new("alice", "First-Pass-2026")).unwrap();
    let extra =
        format!("  sso: {}\nframes: {{ sign_in: {{ css: iframe.sign-in, origin: sso }} }}", app.frame_url());
    let stage = Stage::set(app.url(), &extra).await;
    stage.goto("/framed/login").await.unwrap();
    stage.fill("{ label: Username, frame: sign_in }", "alice").await.unwrap();
    stage.fill_secret("{ label: Password, frame: sign_in }", "First-Pass-2026").await.unwrap();
    stage.click("{ role: button, name: Sign in, frame: sign_in }").await.unwrap();
    let (out, wrong) = (
        stage.target("{ role: button, name: Sign out }"),
        stage.target("{ text: Wrong username or password, frame: sign_in }"),
    );
    assert_eq!(stage.page.first_of(&[&wrong, &out], "an end", SOON).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn signs_in_within_a_frame_of_another_port() {
    signs_in_within_a_frame(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signs_in_within_a_frame_of_another_site() {
    signs_in_within_a_frame(true).await;
}

/// A page around a frame around a frame, each scrolled, bordered and padded; `hosts` are those of the two frames.
async fn nested(outer: &'static str, inner: &'static str) -> Site {
    let frame = |name: &str, host: &str, path: &str| {
        format!(
            r#"<div style="height:1500px"></div><iframe id={name} style="border:7px solid;padding:13px 5px;width:600px;height:400px"></iframe>
            <div style="height:1500px"></div>
            <script>document.getElementById("{name}").src = `http://{host}:${{location.port}}{path}`</script>"#
        )
    };
    Site::new(move |request| match request.path.as_str() {
        "/outer" => Reply::html(frame("inner", inner, "/inner")),
        "/inner" => Reply::html(
            r#"<div style="height:900px"></div><label for=a>Code</label><input id=a style="width:30px">
            <button style="padding:0;width:20px;height:8px" onclick="b.textContent = 'clicked with ' + a.value">Go</button>
            <select aria-label=Pick onchange="b.textContent += ' ' + this.value"><option>one<option>two</select>
            <p id=b></p><form action=/inner2><input aria-label=Enter></form><div style="height:900px"></div>"#,
        ),
        "/inner2?" => Reply::html("<p>Entered</p><img alt=dot width=40 height=40>"),
        _ => Reply::html(frame("outer", outer, "/outer")),
    })
    .await
}

async fn reaches_two_deep(outer: &'static str, inner: &'static str) {
    let site = nested(outer, inner).await;
    let stage = Stage::set(
        &site.url(),
        &format!(
            "  other: {}\nframes:\n  outer: {{ css: '#outer', origin: {} }}\n  inner: {{ css: '#inner', frame: outer, origin: {} }}",
            site.other_site(),
            if outer == "localhost" { "other" } else { "app" },
            if inner == "localhost" { "other" } else { "app" },
        ),
    )
    .await;
    stage.goto("/").await.unwrap();
    let code = stage.page.field(&stage.target("{ label: Code, frame: inner }"), SOON).await.unwrap();
    assert_eq!(code.frame_host.as_deref(), Some(inner));
    stage.fill_secret("{ label: Code, frame: inner }", "4711").await.unwrap();
    stage.click("{ role: button, name: Go, frame: inner }").await.unwrap();
    stage.page.select(&stage.target("{ label: Pick, frame: inner }"), "two", SOON).await.unwrap();
    assert_eq!(stage.text("{ css: \"#b\", frame: inner }").await, "clicked with 4711 two");
    // What the page shows is told in the main page's coordinates.
    let shots = stage.page.shots().await.unwrap();
    assert_eq!(shots.len(), 3);
    let go = shots.iter().flat_map(|shot| &shot.pieces).find(|piece| piece.text.contains("clicked with"));
    let [x, y, ..] = go.unwrap().boxes[0];
    assert!(x > 20.0 && y > 0.0 && y < 900.0, "{x} {y}");
    let enter = stage.target("{ label: Enter, frame: inner }");
    stage.page.press(turnlock::playbook::Key::Enter, Some(&enter), SOON).await.unwrap();
    stage.see("{ text: Entered, frame: inner }").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn reaches_into_nested_frames_of_the_same_origin() {
    reaches_two_deep("127.0.0.1", "127.0.0.1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reaches_into_nested_frames_of_another_site() {
    reaches_two_deep("localhost", "localhost").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reaches_through_a_frame_of_another_site_back_to_the_apps_own() {
    reaches_two_deep("localhost", "127.0.0.1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_of_an_undeclared_origin_gets_nothing() {
    let site = Site::new(|request| match request.path.as_str() {
        "/form" => Reply::html("<label>Password<input type=password></label><p>Signed in</p>"),
        _ => Reply::html(
            "<iframe id=f></iframe><script>f.src = `http://localhost:${location.port}/form`</script>",
        ),
    })
    .await;
    let stage = Stage::set(&site.url(), "frames: { f: { css: '#f', origin: app } }").await;
    stage.goto("/").await.unwrap();
    let password = "{ label: Password, frame: f }";
    match stage.fill_secret(password, "s3cret-value").await {
        Err(PageError::OriginBlocked { origin, .. }) => assert_eq!(origin, site.other_site()),
        other => panic!("{other:?}"),
    }
    let decided = stage.target("{ text: Signed in, frame: f }");
    stage.page.first_of(&[&decided], "signed_in", BRIEFLY).await.unwrap_err();
    let shots = stage.page.shots().await.unwrap();
    let fields: Vec<_> =
        shots.iter().flat_map(|shot| &shot.pieces).filter(|piece| piece.kind == PieceKind::Field).collect();
    assert_eq!(fields.len(), 1);
    assert!(!fields[0].filled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dialog_over_a_frame_is_clicked_away_before_anything_in_the_frame_is_clicked() {
    for host in ["localhost", "127.0.0.1"] {
        let site = Site::new(move |request| match request.path.as_str() {
            "/form" => Reply::html("<button onclick=\"document.body.textContent = 'Done'\">Go</button>"),
            _ => Reply::html(format!(
                "<div id=nag style='position:fixed;inset:0;background:#fff' onclick=\"document.title = 'astray'\">\
                 <p>Cookies?</p><button onclick=\"setTimeout(() => nag.remove(), 200)\">Fine</button></div>\
                 <iframe id=f></iframe><script>f.src = `http://{host}:${{location.port}}/form`</script>"
            )),
        })
        .await;
        let origin = if host == "localhost" { "other" } else { "app" };
        let nag = "interruptions: [{ see: { text: Cookies? }, click: { role: button, name: Fine } }]";
        let extra = format!(
            "  other: {}\n{nag}\nframes: {{ f: {{ css: '#f', origin: {origin} }} }}",
            site.other_site()
        );
        let stage = Stage::set(&site.url(), &extra).await;
        stage.goto("/").await.unwrap();
        stage.click("{ role: button, name: Go, frame: f }").await.unwrap();
        stage.see("{ text: Done, frame: f }").await.unwrap();

        let extra =
            format!("  other: {}\nframes: {{ f: {{ css: '#f', origin: {origin} }} }}", site.other_site());
        let stage = Stage::set(&site.url(), &extra).await;
        stage.goto("/").await.unwrap();
        let go = stage.target("{ role: button, name: Go, frame: f }");
        let error = stage.page.click(&go, BRIEFLY).await.unwrap_err().to_string();
        assert!(error.contains("<iframe id=\"f\"> is covered by <p>"), "{error}");
        assert!(!error.contains("astray"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_is_missing_or_broken_is_named() {
    let site = Site::new(|request| match request.path.as_str() {
        "/broken" => Reply::Cut,
        "/silent" => Reply::Silence,
        _ => Reply::html(
            "<iframe id=broken src=/broken></iframe><iframe id=silent src=/silent></iframe><div id=none>x</div>",
        ),
    })
    .await;
    let frames = "frames:\n  broken: { css: '#broken', origin: app }\n  missing: { css: '#missing', origin: app }\n  \
                  none: { css: '#none', origin: app }\n  silent: { css: '#silent', origin: app }";
    let stage = Stage::set(&site.url(), frames).await;
    stage.goto("/").await.unwrap();
    for (frame, words) in [
        ("broken", "/broken could not be reached: net::ERR_EMPTY_RESPONSE"),
        ("missing", "nothing on the page matches"),
        ("none", "frame none is no <iframe>"),
        ("silent", "/silent did not answer"),
    ] {
        let target = stage.target(&format!("{{ text: x, frame: {frame} }}"));
        let error = stage.page.click(&target, BRIEFLY).await.unwrap_err().to_string();
        assert!(error.contains(words), "{frame}: {error}");
    }
}

/// What runs beside a page is a target of its own, as a frame may be, and must not be kept waiting for its debugger.
#[tokio::test(flavor = "multi_thread")]
async fn workers_of_a_page_and_of_its_frames_run() {
    const WORKERS: &str = r#"<p id=here></p><script>
        const start = (source, options) => new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })), options);
        const inner = 'postMessage("done")';
        const outer = `new Worker(URL.createObjectURL(new Blob([${JSON.stringify(inner)}]))).onmessage = () => postMessage(1)`;
        start(inner).onmessage = () => here.append('classic ');
        start(inner, { type: 'module' }).onmessage = () => here.append('module ');
        start(outer).onmessage = () => here.append('nested ');
        </script>"#;
    let site = Site::new(|request| match request.path.as_str() {
        "/frame" => Reply::html(WORKERS),
        _ => Reply::html(format!("{WORKERS}<script>document.write(`<iframe src=\"http://localhost:${{location.port}}/frame\"></iframe>`)</script>")),
    })
    .await;
    let other = site.url().replace("127.0.0.1", "localhost");
    let extra = format!("  other: {other}\nframes: {{ other: {{ css: iframe, origin: other }} }}");
    let stage = Stage::set(&site.url(), &extra).await;
    stage.goto("/").await.unwrap();
    for kind in ["classic", "module", "nested"] {
        stage.see(&format!("{{ text: {kind} }}")).await.unwrap();
        stage.see(&format!("{{ text: {kind}, frame: other }}")).await.unwrap();
    }
}
