//! Typing, picking and pressing: the page's own handlers run, with the browser's own events.

use turnlock::browser::{PageError, PieceKind};
use turnlock::playbook::Key;

use crate::harness::{SOON, Site, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_page_sees_real_events_when_a_field_is_filled() {
    let site = Site::page(
        r#"<label for=a>Name</label><input id=a value=old><label for=b>Other</label><input id=b><pre id=log></pre><script>
        const seen = new Set();
        for (const name of ['focus', 'input', 'keydown', 'keyup', 'change', 'blur', 'click', 'pointerdown'])
          a.addEventListener(name, (event) => { seen.add(name + (event.isTrusted ? '' : ' (forged)'));
            log.textContent = [...seen].sort().join(' ') });
        // As React does: a setter of its own tells a page's changes from a person's.
        const { get, set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
        let tracked = 'old', told = 0;
        Object.defineProperty(a, 'value', { configurable: true, get() { return get.call(this) },
          set(value) { tracked = value; set.call(this, value) } });
        a.addEventListener('input', () => { if (get.call(a) !== tracked) { tracked = get.call(a); told += 1; document.title = `told ${told} ${tracked}` } });
        </script>"#,
    )
    .await;
    let stage = Stage::open(&site.url()).await;
    stage.fill("{ label: Name }", "alice").await.unwrap();
    stage.fill("{ label: Other }", "x").await.unwrap();
    stage.see("{ css: pre, containing: \"blur change focus input keydown keyup\" }").await.unwrap();
    assert!(!stage.text("{ css: pre }").await.contains("forged"));
    assert!(stage.unseen("{ text: Nothing }").await.contains("title \"told 1 alice\""));
    stage.fill("{ label: Name }", "").await.unwrap();
    assert_eq!(stage.text("{ label: Name }").await, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_text_field_is_filled() {
    let site = Site::page(
        r#"<style>input, textarea, div { display: block; min-height: 1em }</style>
        <input aria-label=text value=before> <input aria-label=email type=email> <input aria-label=tel type=tel>
        <input aria-label=number type=number> <input aria-label=search type=search> <input aria-label=url type=url>
        <input aria-label=password type=password value=before> <textarea aria-label=area>before
        </textarea> <div aria-label=rich role=textbox contenteditable>before <b>bold</b></div>
        <input aria-label=masked oninput="this.value = this.value.replace(/\D/g, '').replace(/^(\d{3})(\d+)/, '$1 $2')">
        <input aria-label=upper oninput="this.value = this.value.toUpperCase()">
        <input aria-label=short maxlength=6 type=password>
        <input aria-label=trimmed type=password oninput="this.value = this.value.replace(/[^a-zA-Z0-9]/g, '')">
        <input aria-label=lower type=password oninput="this.value = this.value.toLowerCase()">
        <input aria-label=stripped oninput="this.value = this.value.replace(/-/g, '')">
        <input aria-label=locked readonly> <input aria-label=off disabled>
        <label>Role <select id=role onchange="document.title = this.value"><option value=u>User<option value=a>Administrator<option value=r>Reader</select></label>"#,
    )
    .await;
    let stage = Stage::open(&site.url()).await;
    for (field, text) in [
        ("text", "Grüße, 漢字 🙂"),
        ("email", "a.b+c@example.org"),
        ("tel", "+49 30 1234"),
        ("number", "123456"),
        ("search", "x y"),
        ("url", "https://example.org/?a=b"),
        ("password", " p'\"<&>\\ää-"),
        ("area", "first\nsecond"),
        ("rich", "rich text"),
    ] {
        stage
            .fill(&format!("{{ label: {field}, exact: true }}"), text)
            .await
            .unwrap_or_else(|e| panic!("{e}"));
        let target = stage.target(&format!("{{ label: {field}, exact: true }}"));
        let held = stage.page.read_text(&target, SOON).await.unwrap();
        assert_eq!(secrecy::ExposeSecret::expose_secret(&held).trim_end_matches('\n'), text, "{field}");
    }
    stage.fill_secret("{ label: masked }", "123456").await.unwrap();
    assert_eq!(stage.text("{ label: masked }").await, "123 456");
    stage.fill("{ label: upper }", "alice").await.unwrap();
    // A credential must be kept to the letter.
    for (field, text, how) in [
        ("short", "much-too-long", "it takes 6 characters at most, and 13 were typed"),
        ("trimmed", "With-Dashes-1", "13 characters were typed, and it holds 11"),
        ("lower", "Secret-Case", "it holds something else of the same length"),
        ("upper", "Secret-Case", "it holds something else of the same length"),
        ("stripped", "With-Dash", "9 characters were typed, and it holds 8"),
    ] {
        let error = stage.fill_secret(&format!("{{ label: {field} }}"), text).await.unwrap_err();
        assert!(matches!(error, PageError::FieldRefused { .. }), "{error:?}");
        assert!(error.to_string().ends_with(how), "{error}");
        assert!(!format!("{error:?} {error}").contains(text), "{error:?}");
    }
    for (field, why) in [("locked", "is read-only"), ("off", "is disabled")] {
        let target = stage.target(&format!("{{ label: {field} }}"));
        let typed = turnlock::browser::Typed::Plain("x");
        let error = stage.page.fill(&target, typed, crate::harness::BRIEFLY).await.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    stage.page.select(&stage.target("{ label: Role }"), "Administrator", SOON).await.unwrap();
    assert!(stage.unseen("{ text: Nothing }").await.contains("title \"a\""));
    let error = stage.page.select(&stage.target("{ label: Role }"), "Owner", SOON).await.unwrap_err();
    assert!(
        error.to_string().contains("no single option \"Owner\", but User, Administrator, Reader"),
        "{error}"
    );
}

/// What can be ticked is no field to type in, also where it bears the field's name and the field is still to come.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_typed_into_a_choice() {
    let site = Site::page(
        "<label><input type=radio name=by> Email</label><label><input type=checkbox> Code</label><div id=later></div>
        <script>onload = () => setTimeout(() => { later.innerHTML = '<label>Email <input></label>' }, 300)</script>",
    )
    .await;
    let stage = Stage::open(&site.url()).await;
    stage.fill("{ label: Email }", "alice@example.org").await.unwrap();
    assert_eq!(stage.text("{ css: '#later input' }").await, "alice@example.org");
    let target = stage.target("{ label: Code }");
    let typed = turnlock::browser::Typed::Plain("x");
    let error = stage.page.fill(&target, typed, crate::harness::BRIEFLY).await.unwrap_err().to_string();
    assert!(error.contains("is a choice, in which nothing is typed"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_goes_into_one_box_a_character() {
    let site = Site::page(
        r#"<form><fieldset><legend>Code</legend></fieldset><p id=log></p></form><script>
        const boxes = [];
        for (let at = 0; at < 6; at++) {
          const box = document.createElement('input');
          box.maxLength = 1; box.setAttribute('aria-label', `Digit ${at + 1}`); box.style.width = '2em';
          document.querySelector('fieldset').append(box); boxes.push(box);
          box.addEventListener('input', (event) => {
            if (event.isTrusted) boxes[at + 1]?.focus();
            const code = boxes.map((each) => each.value).join('');
            if (code.length === 6) { log.textContent = `sent ${code}`; for (const each of boxes) each.value = ''; }
          });
        }</script>"#,
    )
    .await;
    let stage = Stage::open(&site.url()).await;
    stage.fill_secret("{ label: Digit 1 }", "402917").await.unwrap();
    stage.see("{ text: sent 402917 }").await.unwrap();
}

/// As apps do: the first box takes a pasted code, which a script spreads; or each cuts off what is more than a character.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_goes_into_boxes_that_only_a_script_makes_such() {
    let row = |label: &str, script: &str| {
        let boxes = "<input style='width:2em'>".repeat(6);
        let boxes = boxes.replacen("<input", &format!("<input aria-label='{label}'"), 1);
        format!(
            "<fieldset>{boxes}</fieldset><script>{{\
             const boxes = [...document.currentScript.previousSibling.children];\
             boxes.forEach((box, at) => box.addEventListener('input', () => {{ {script} }}));\
             }}</script>"
        )
    };
    let spread = "const text = box.value; boxes.slice(at).forEach((each, n) => each.value = text[n] || each.value);\
                  boxes[Math.min(5, at + text.length)].focus()";
    let page = row("Spread", spread)
        + &row("Cut", "box.value = box.value.slice(0, 1); boxes[at + 1]?.focus()")
        + &row("Refuses", "box.value = box.value.replace(/[^0-4]/g, '').slice(0, 1)");
    let site = Site::page(&page).await;
    let stage = Stage::open(&site.url()).await;
    for label in ["Spread", "Cut"] {
        stage.fill_secret(&format!("{{ label: {label} }}"), "402917").await.unwrap();
    }
    stage.fill_secret("{ label: Refuses }", "402917").await.unwrap_err();
    let shots = stage.page.shots().await.unwrap();
    let fields: Vec<_> = shots[0].pieces.iter().filter(|piece| piece.kind == PieceKind::Field).collect();
    let held =
        |row: usize| fields[6 * row..6 * row + 6].iter().map(|piece| &*piece.value).collect::<String>();
    assert_eq!((held(0).as_str(), held(1).as_str()), ("402917", "402917"));
    // Whatever they hold, they were typed into.
    assert!(fields[..12].iter().all(|piece| piece.secret), "{fields:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_go_to_the_element_or_to_the_focus() {
    let mut site = Site::new(|request| {
        crate::harness::Reply::html(format!(
            "<p>{} {}</p><form method=post action=/sent><label>Name<input name=n></label></form>",
            request.method, request.body
        ))
    })
    .await;
    let stage = Stage::open(&site.url()).await;
    stage.fill("{ label: Name }", "alice").await.unwrap();
    stage.page.press(Key::Enter, None, SOON).await.unwrap();
    stage.see("{ text: POST n=alice }").await.unwrap();
    stage.page.press(Key::Enter, Some(&stage.target("{ label: Name }")), SOON).await.unwrap();
    stage.see("{ text: POST n= , exact: true }").await.unwrap();
    let mut paths = Vec::new();
    while let Ok(request) = site.requests.try_recv() {
        paths.push(request.path);
    }
    assert_eq!(paths, ["/", "/sent", "/sent"]);
}

/// A tooltip stays as long as the mouse is where it clicked last, and lies over the next button; what a step has opened by the
/// mouse stays open.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_for_the_mouse_alone_goes_when_it_is_in_the_way() {
    let site = Site::page(
        r#"<style>div { position: relative; height: 40px; width: 300px } .tip { display: none; position: fixed; inset: 60px 0 0 0; background: #eee }
        #one:hover + .tip, #menu:hover .item { display: block } .item { display: none }</style>
        <div><button id=one onclick="done.textContent = 'first'">First</button><span class=tip>What the first does</span></div>
        <p style="margin-top: 80px"><button onclick="done.textContent += ' second'">Second</button></p>
        <div id=menu style="height: 60px">Menu<button class=item onclick="done.textContent += ' third'">Third</button></div><p id=done></p>"#,
    )
    .await;
    let stage = Stage::set(&site.url(), "").await;
    stage.goto("/").await.unwrap();
    stage.click("{ role: button, name: First }").await.unwrap();
    stage.click("{ role: button, name: Second }").await.unwrap();
    stage.page.hover(&stage.target("{ css: '#menu' }"), SOON).await.unwrap();
    stage.click("{ role: button, name: Third }").await.unwrap();
    stage.see("{ text: first second third }").await.unwrap();
}
