//! An action waits until its element can be acted on, and lands on that element alone.

use secrecy::ExposeSecret;
use turnlock::browser::{Glimpse, PageError};

use crate::harness::{BRIEFLY, SOON, Site, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_moving_covered_button_is_clicked_once_it_is_still_and_free() {
    let app = acme::Acme::start(acme::Options::default()).await.unwrap();
    let stage = Stage::set(app.url(), "").await;
    stage.goto("/moving").await.unwrap();
    let covered = stage.page.click(&stage.target("{ role: button, name: Continue }"), BRIEFLY).await;
    let words = covered.unwrap_err().to_string();
    assert!(words.contains("is covered by") || words.contains("is moving"), "{words}");
    stage.click("{ role: button, name: Got it }").await.unwrap();
    stage.click("{ role: button, name: Continue }").await.unwrap();
    stage.see("{ text: Continued }").await.unwrap();

    let nag =
        "interruptions: [{ see: { text: We value your privacy }, click: { role: button, name: Got it } }]";
    let stage = Stage::set(app.url(), nag).await;
    stage.goto("/moving").await.unwrap();
    stage.click("{ role: button, name: Continue }").await.unwrap();
    stage.see("{ text: Continued }").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn dialogs_that_come_late_are_clicked_away_while_a_step_waits() {
    let site = Site::page(
        r#"<style>.nag { position: fixed; inset: 0; background: white; transition: opacity 300ms }</style>
        <label for=a>Name</label><input id=a><button onclick="done.textContent = `saved ${a.value} ${closed}`">Save</button>
        <p id=done></p><script>
        let closed = 0;
        setTimeout(() => {
          const nag = document.createElement('div');
          nag.className = 'nag';
          nag.innerHTML = '<p>Have a license key?</p><button>Skip</button>';
          document.body.append(nag);
          nag.querySelector('button').onclick = () => {
            closed += 1; nag.style.opacity = 0; setTimeout(() => nag.remove(), 300);
          };
        }, 100);
        </script>"#,
    )
    .await;
    let nag = "interruptions: [{ see: { text: Have a license key? }, click: { role: button, name: Skip } }]";
    let stage = Stage::set(&site.url(), nag).await;
    stage.goto("/").await.unwrap();
    stage.fill("{ label: Name }", "alice").await.unwrap();
    // The dialog is there by now and covers the button; it fades for a while after it was clicked, and is clicked once.
    stage.page.first_of(&[&stage.target("{ text: Nothing }")], "nothing", BRIEFLY).await.unwrap_err();
    stage.click("{ role: button, name: Save }").await.unwrap();
    stage.see("{ text: saved alice 1 }").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_waits_for_what_a_page_does_to_its_button() {
    let site = Site::page(
        r#"<header style="position:fixed;top:0;left:0;right:0;height:200px;background:#ccc">Header</header>
        <div style="height:3000px"></div>
        <label for=a>Name</label><input id=a><button id=send disabled onclick="say('sent')">Send</button>
        <div style="height:3000px"></div>
        <button onclick="say('far')">Far below</button>
        <p id=said></p><div id=spa></div>
        <input type=checkbox id=box style="opacity:0;position:absolute"><label for=box>Agree to all</label>
        <input type=checkbox id=none style="display:none"><label for=none>Drawn by its label</label>
        <button aria-disabled=true id=aria onclick="say('aria')">Aria</button>
        <div style="height:800px"></div>
        <script>
        const say = (what) => { said.textContent += what + ' ' };
        a.oninput = () => setTimeout(() => { send.disabled = false }, 50);
        setTimeout(() => aria.removeAttribute('aria-disabled'), 300);
        // Draws its button anew all the time, as some frameworks do on every event.
        const draw = () => { spa.innerHTML = '<button>Redrawn</button>'; spa.firstChild.onclick = () => say('redrawn') };
        draw();
        let times = 0; const timer = setInterval(() => { draw(); if (++times > 40) clearInterval(timer) }, 10);
        addEventListener('mousemove', draw);
        </script>"#,
    )
    .await;
    let stage = Stage::open(&site.url()).await;
    stage.fill("{ label: Name }", "x").await.unwrap();
    for button in ["Send", "Far below", "Redrawn", "Aria"] {
        stage.click(&format!("{{ role: button, name: {button} }}")).await.unwrap_or_else(|e| panic!("{e}"));
    }
    assert_eq!(stage.text("{ css: \"#said\" }").await, "sent far redrawn aria");
    for label in ["Agree to all", "Drawn by its label"] {
        let target = format!("{{ label: {label} }}");
        stage.check(&target, true).await.unwrap_or_else(|e| panic!("{e}"));
        stage.check(&target, true).await.unwrap();
    }
    stage.see("{ css: \"#box:checked\" }").await.unwrap();
    stage.page.first_of(&[&stage.target("{ css: \"body:has(#none:checked)\" }")], "", SOON).await.unwrap();
    stage.check("{ label: Drawn by its label }", false).await.unwrap();
    stage.see("{ css: \"body:has(#none:not(:checked))\" }").await.unwrap();
    let off =
        stage.page.check(&stage.target("{ role: button, name: Send }"), true, BRIEFLY).await.unwrap_err();
    assert!(off.to_string().contains("not a checkbox"), "{off}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_that_would_land_on_something_else_is_kept_from_it_and_tried_again() {
    let site = Site::page(
        r#"<style>button { position: absolute; left: 100px; width: 200px; height: 60px }</style>
        <button id=wanted style="top:100px" onclick="log.textContent += ' wanted'">Save</button>
        <button id=trap style="top:300px" onclick="log.textContent += ' trap'">Delete account</button>
        <p id=log style="margin-top:500px">log:</p>
        <script>
        let times = 0;
        // Under the mouse as it arrives, three times over.
        addEventListener('mousemove', () => {
          if (++times > 3) return;
          trap.style.top = '100px';
          setTimeout(() => { trap.style.top = '300px' }, 200);
        });
        for (const name of ['pointerdown', 'mousedown', 'mouseup', 'click'])
          trap.addEventListener(name, () => { log.textContent += ` trap saw ${name}` });
        </script>"#,
    )
    .await;
    let stage = Stage::open(&site.url()).await;
    stage.click("{ role: button, name: Save }").await.unwrap();
    assert_eq!(stage.text("{ css: \"#log\" }").await, "log: wanted");

    // Where it stays in the way, the error says what is there.
    let site = Site::page(
        r#"<button onclick="document.title = 'clicked'">Save</button><script>
        addEventListener('mousemove', () => { document.body.insertAdjacentHTML('beforeend',
          '<div id=veil style="position:fixed;inset:0" onclick="document.title = 1"></div>') }, { once: true });
        </script>"#,
    )
    .await;
    let stage = Stage::open(&site.url()).await;
    let error = stage.page.click(&stage.target("{ role: button, name: Save }"), BRIEFLY).await.unwrap_err();
    assert!(error.to_string().contains("<div id=\"veil\">"), "{error}");
    assert!(error.to_string().contains("title \"Test\""), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_is_never_made_twice_by_a_page_that_is_busy_or_written_anew() {
    let site = Site::page(
        r#"<p id=log>0</p><button id=slow>Slow</button><script>
        let n = 0;
        slow.onpointerdown = (event) => event.preventDefault();
        slow.onclick = () => { const until = Date.now() + 700; while (Date.now() < until); log.textContent = ++n };
        </script>"#,
    )
    .await;
    let stage = Stage::open(&site.url()).await;
    stage.click("{ role: button, name: Slow }").await.unwrap();
    assert_eq!(stage.text("{ css: \"#log\" }").await, "1");

    let site = Site::page(
        r#"<button onclick="rewrite()">Rewrite</button><script>
        function rewrite() {
          document.open();
          document.write('<p id=log>0</p><button onclick="log.textContent = +log.textContent + 1">Count</button>');
          document.close();
        }</script>"#,
    )
    .await;
    let stage = Stage::open(&site.url()).await;
    stage.click("{ role: button, name: Rewrite }").await.unwrap();
    stage.click("{ role: button, name: Count }").await.unwrap();
    assert_eq!(stage.text("{ css: \"#log\" }").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_done_on_a_page_of_another_origin() {
    let site = Site::page("<label for=p>Password</label><input id=p type=password><p>Signed in</p>").await;
    let stage = Stage::set(&site.url(), "").await;
    let other = url::Url::parse(&site.other_site()).unwrap();
    stage.page.open(&other, SOON).await.unwrap();
    let origin = site.other_site();
    for result in [
        stage.fill_secret("{ label: Password }", "s3cret-value").await,
        stage.click("{ label: Password }").await,
        stage.page.press(turnlock::playbook::Key::Enter, None, SOON).await,
        stage.page.first_of(&[&stage.target("{ text: Signed in }")], "signed_in", BRIEFLY).await.map(drop),
    ] {
        match result {
            Err(PageError::OriginBlocked { origin: found, .. }) => assert_eq!(found, origin),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(stage.page.shots().await.unwrap()[0].pieces.iter().filter(|piece| piece.filled).count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_s_button_is_clicked_on_the_text_that_it_was_given() {
    let site = Site::page(
        r#"<x-button id=enter style="display:inline-block;position:relative">Log in</x-button><script>
        const shadow = enter.attachShadow({ mode: 'open' });
        shadow.innerHTML = '<button style="width:200px;height:60px;font-size:40px"><slot></slot></button>';
        shadow.querySelector('button').onclick = () => document.title = 'logged in';
        const cover = () => { shadow.innerHTML += '<i style="position:absolute;inset:0"></i>'; };
        </script><p onclick="cover()">Cover it</p>"#,
    )
    .await;
    let stage = Stage::open(&site.url()).await;
    stage.click("{ role: button, name: Log in }").await.unwrap();
    let shown = stage.unseen("{ text: Nothing }").await;
    assert!(shown.contains("the title \"logged in\""), "{shown}");
    // It goes by that text too, which is in no element of the page's own.
    stage.click("{ text: Log in }").await.unwrap();
    // What lies over the text within the component covers it all the same.
    stage.click("{ text: Cover it }").await.unwrap();
    let covered = stage.page.click(&stage.target("{ role: button, name: Log in }"), BRIEFLY).await;
    let words = covered.unwrap_err().to_string();
    assert!(words.contains("is covered by <i>"), "{words}");
}

/// A look at what an element says now neither waits nor clicks away what covers the page, as a step would.
#[tokio::test(flavor = "multi_thread")]
async fn a_glimpse_changes_nothing_on_the_page() {
    let site = Site::page(
        "<p id=key>JBSW Y3DP</p><a id=link href='otpauth://totp/a'>Open</a>\
         <div id=nag><p>Have a license key?</p><button onclick='nag.remove()'>Skip</button></div>",
    )
    .await;
    let nag = "interruptions: [{ see: { text: Have a license key? }, click: { role: button, name: Skip } }]";
    let stage = Stage::set(&site.url(), nag).await;
    stage.goto("/").await.unwrap();
    stage.see("{ text: Have a license key? }").await.unwrap();
    let said = async |target: &str| {
        let seen = stage.page.glimpse(&stage.target(target)).await;
        let both =
            |seen: &Glimpse| (seen.text.expose_secret().to_owned(), seen.link.expose_secret().to_owned());
        seen.iter().map(both).collect::<Vec<_>>()
    };
    assert_eq!(said(r##"{ css: "#key" }"##).await, [("JBSW Y3DP".to_owned(), String::new())]);
    assert_eq!(said(r##"{ css: "#link" }"##).await, [("Open".to_owned(), "otpauth://totp/a".to_owned())]);
    assert_eq!(said("{ text: Nothing }").await, []);
    assert_eq!(said("{ text: Have a license key? }").await.len(), 1, "it is still there");
    // A step clicks it away.
    assert_eq!(stage.text(r##"{ css: "#key" }"##).await, "JBSW Y3DP");
    stage.page.gone(&stage.target("{ text: Have a license key? }"), SOON).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_the_browser_would_send_a_form_is_known_beforehand() {
    let form = |attributes: &str, fields: &str, button: &str| {
        format!(
            "<script>addEventListener('invalid', () => {{ document.title = 'asked' }}, true)</script><form {attributes}>{fields}<button {button}>Send</button></form>"
        )
    };
    let required = "<label>City <input id=c required></label>";
    for (form, fault) in [
        (form("", required, ""), "<input id=\"c\"> \"City\" is required and empty"),
        (
            form(
                "",
                "<input name=hasAttribute><label>City <select required><option value=''>Choose</select></label>",
                "",
            ),
            "is required and empty",
        ),
        (
            form("", "<label>Code <input pattern='[0-9]{6}' value=12></label>", ""),
            "does not match its pattern [0-9]{6}",
        ),
        (form("id=f", "<input type=radio name=r required aria-label=One>", ""), "is required and not chosen"),
        (
            form("", "<input id=o aria-label=Own><script>o.setCustomValidity('Not this one')</script>", ""),
            "is refused by the page: \"Not this one\"",
        ),
        (
            form("", "<input type=password aria-label=New pattern=x value=y>", ""),
            "which the playbook's password rules have to heed",
        ),
        (form("novalidate", required, ""), ""),
        (form("", required, "formnovalidate"), ""),
        (form("", required, "type=button"), ""),
        (form("", "<input required disabled><input required readonly><input pattern=x>", ""), ""),
        (format!("<input required aria-label=Other>{}", form("", "", "")), ""),
    ] {
        let site = Site::page(&form).await;
        let stage = Stage::open(&site.url()).await;
        let target = stage.target("{ role: button, name: Send }");
        let ready = stage.page.ready_to_send(&target, BRIEFLY).await;
        match ready {
            Ok(()) => assert_eq!(fault, "", "{form}"),
            Err(error) => {
                let said = error.to_string();
                assert!(!fault.is_empty() && said.contains(fault), "{form}: {said}");
                assert!(said.contains("would not send the form") && !said.contains("asked"), "{said}");
            }
        }
    }
    let site = Site::page(&form("", &format!("{required}<input aria-label=Other>"), "")).await;
    let stage = Stage::open(&site.url()).await;
    let field = stage.target("{ label: Other }");
    let error = stage.page.ready_for_enter(&field, BRIEFLY).await.unwrap_err().to_string();
    assert!(error.contains("\"City\" is required and empty"), "{error}");
    stage.fill("{ label: City }", "Oslo").await.unwrap();
    stage.page.ready_for_enter(&field, SOON).await.unwrap();
}
