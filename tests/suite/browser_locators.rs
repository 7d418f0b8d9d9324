//! Finding elements as a person would name them.

use crate::harness::{Site, Stage};

const PAGE: &str = r##"
<form aria-label="Sign in">
  <label for=a>User name:</label><input id=a>
  <label>E-mail <select id=b><option>one</option><option>two</option></select></label>
  <span id=l1>One-time</span> <span id=l2>code</span><input id=c aria-labelledby="l1 l2">
  <input id=d aria-label="Phone">
  <label for=e>Password *</label><input id=e type=password autocomplete="section-x current-password">
  <label for=f>Repeat password</label><input id=f type=password autocomplete=new-password>
  <input id=g placeholder="Search the site"><textarea id=h aria-placeholder="Remarks" style="height:2em"></textarea>
  <label for=i>Remember me</label><input id=i type=checkbox>
  <button id=j><svg width=10 height=10><title>Lock</title></svg> Sign <b>in</b><span style="display:none">Loading</span></button>
  <button id=k aria-label="Close dialog">×</button> <input id=m type=submit value="Send now">
</form>
<div role=button id=n tabindex=0>Fake button</div> <a id=o href="/x"><img alt="Home" width=9 height=9></a> <a id=p>No link</a>
<h2 id=q>Your <em>account</em></h2> <div id=r>Wrong user<b>name</b> or <i>password</i></div>
<p id=s data-testid=total>12</p> <nav id=t aria-label=Main><ul><li id=u>First</li><li id=v>Second</li></ul></nav>
<section id=w><h3>Profile</h3><button id=w1>Save</button></section>
<section id=x><h3>Mail</h3><button id=x1>Save</button></section>
<div style="display:none"><label>Hidden twin<input id=y0></label></div><label>Hidden twin<input id=y></label>
<a id=z href="/1">Activate</a> <a id=z2 href="/2">Deactivate</a>
<div style="display:contents" id=contents><button id=in-contents>Within contents</button></div>
<div aria-hidden=true><button id=ghost>Ghost</button></div>
"##;

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_locator_finds_what_a_person_means() {
    let site = Site::page(PAGE).await;
    let stage = Stage::open(&site.url()).await;
    let mut wrong = Vec::new();
    for (locator, id) in [
        ("label: user NAME", "a"),
        ("label: E-mail", "b"),
        ("label: One-time code", "c"),
        ("label: Phone", "d"),
        ("label: Password", "e"),
        ("label: Repeat", "f"),
        ("label: [Nothing, Repeat password]", "f"),
        ("placeholder: search", "g"),
        ("placeholder: Remarks", "h"),
        ("label: Remember me", "i"),
        ("role: checkbox, name: Remember me", "i"),
        ("role: button, name: Lock Sign in, exact: true", "j"),
        ("role: button, name: Close", "k"),
        ("role: button, name: Send now", "m"),
        ("role: button, name: Fake button", "n"),
        ("role: link, name: Home", "o"),
        ("role: heading, name: Your account", "q"),
        ("role: combobox", "b"),
        ("role: navigation", "t"),
        ("role: listitem, containing: Second", "v"),
        ("role: form, name: Sign in", "form"),
        ("text: Wrong username or password", "r"),
        ("text: your account", "q"),
        ("test_id: total", "s"),
        ("autocomplete: current-password", "e"),
        ("css: \"#g\"", "g"),
        ("css: section, containing: Mail", "x"),
        ("xpath: \"//section[2]/button\"", "x1"),
        ("xpath: \"//button\", within: { css: \"#w\" }", "w1"),
        ("role: button, name: Save, within: { css: section, containing: Profile }", "w1"),
        ("label: Hidden twin", "y"),
        ("role: link, name: Activate", "z"),
        ("role: link, name: Deactivate", "z2"),
        ("role: button, name: Within contents", "in-contents"),
    ] {
        // Another locator for the same element: were it another element, two would match.
        let css = if id == "form" { "form".to_owned() } else { format!("\"#{id}\"") };
        let both = format!("[{{ {locator} }}, {{ css: {css} }}]");
        let target = stage.target(&both);
        let alone = stage.target(&format!("{{ {locator} }}"));
        for target in [alone, target] {
            if let Err(error) = stage.page.read_text(&target, crate::harness::BRIEFLY).await {
                wrong.push(format!("{locator} is not #{id}: {error}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_one_element_is_an_error_that_lists_what_matched() {
    let site = Site::page(PAGE).await;
    let stage = Stage::open(&site.url()).await;
    let several = stage.unseen("{ role: button, name: Save }").await;
    assert!(
        several.contains("2 elements match: <button id=\"w1\"> \"Save\", <button id=\"x1\"> \"Save\""),
        "{several}"
    );
    let missing = stage.unseen("{ role: link, name: Activate now, exact: true }").await;
    assert!(missing.contains("nothing on the page matches"), "{missing}");
    for shown in ["the title \"Test\"", "Your account", "Repeat password", "Send now", "Deactivate"] {
        assert!(missing.contains(shown), "{shown} is missing in: {missing}");
    }
    let hidden = stage.unseen("{ css: \"#y0\" }").await;
    assert!(hidden.contains("it is there but not visible: <input id=\"y0\""), "{hidden}");
    let part = stage.unseen("{ role: link, name: ctivat, exact: true }").await;
    assert!(part.contains("nothing on the page matches"), "{part}");
    let ghost = stage.unseen("{ role: button, name: Ghost }").await;
    assert!(ghost.contains("nothing on the page matches"), "{ghost}");
    let alternatives = stage.unseen("[{ css: \"#w1\" }, { css: \"#x1\" }]").await;
    assert!(alternatives.contains("2 elements match"), "{alternatives}");
    let no_css = stage.unseen("{ css: \"a:frob\" }").await;
    assert!(no_css.contains("cannot be looked for"), "{no_css}");
}

#[tokio::test(flavor = "multi_thread")]
async fn locators_see_through_open_shadow_roots_two_deep() {
    let site = Site::page(
        r#"<div id=outer></div><script>
        const shadow = outer.attachShadow({ mode: 'open' });
        shadow.innerHTML = '<p>Outer text</p><section><slot name=s></slot></section><div id=inner></div>';
        outer.innerHTML = '<span slot=s id=slotted>Slotted text</span>';
        shadow.getElementById('inner').attachShadow({ mode: 'open' }).innerHTML =
          '<label for=f>Code</label><input id=f placeholder="six digits" autocomplete=one-time-code data-testid=code>' +
          '<button id=go>Go <b>on</b></button><p>Deep <i>text</i></p>';
        const inner = shadow.getElementById('inner').shadowRoot;
        inner.getElementById('go').onclick = () => { document.title = inner.getElementById('f').value };
        </script><p>Light text</p>"#,
    )
    .await;
    let stage = Stage::open(&site.url()).await;
    for locator in [
        "{ label: Code }",
        "{ role: textbox, name: Code }",
        "{ placeholder: six digits }",
        "{ autocomplete: one-time-code }",
        "{ test_id: code }",
        "{ css: \"#f\" }",
        "{ text: Deep text }",
        "{ text: Slotted text }",
        "{ text: Light text }",
        "{ xpath: \"//p[contains(., 'Light')]\" }",
        "{ role: button, name: Go on, within: { css: \"#inner\" } }",
        "{ css: \"#outer\", containing: Deep text }",
    ] {
        stage.see(locator).await.unwrap_or_else(|error| panic!("{locator}: {error}"));
    }
    stage.fill("{ label: Code }", "123456").await.unwrap();
    stage.click("{ role: button, name: Go on }").await.unwrap();
    let shown = stage.unseen("{ text: Nothing }").await;
    assert!(shown.contains("the title \"123456\""), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn within_a_component_without_a_box_of_its_own_is_within_its_dialog() {
    let site = Site::page(
        r#"<x-dialog id=hidden_ style="display:none"><button>Save</button></x-dialog>
        <x-dialog id=shown><button>Save</button></x-dialog><button>Save</button><script>
        for (const dialog of [hidden_, shown]) dialog.attachShadow({ mode: 'open' }).innerHTML =
          '<div style="position:fixed;inset:100px"><slot></slot></div>';
        </script>"#,
    )
    .await;
    let stage = Stage::open(&site.url()).await;
    stage.see("{ role: button, name: Save, within: { css: x-dialog } }").await.unwrap();
    let shown = stage.unseen("{ css: i, within: { css: x-dialog } }").await;
    assert!(shown.contains("nothing on the page matches"), "{shown}");
}
