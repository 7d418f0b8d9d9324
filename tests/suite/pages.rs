//! Recorded pages: they answer as the page did, hold no secret, and show without the app.

use turnlock::browser::{Guide, Survey};
use turnlock::pages::{Pages, Recorder, step};
use turnlock::playbook::{OriginOverrides, Playbook, parse};

use crate::harness::{Reply, SOON, Site, Stage};

/// The app's playbook, whose login looks at each of these targets.
fn playbook(folder: &std::path::Path, stage: &Stage, extra: &str, targets: &[&str]) -> Playbook {
    let sees: String = targets.iter().map(|target| format!("    - see: {target}\n")).collect();
    let source = format!(
        "app: test\ntitle: Test\norigins:\n  app: \"{}\"\n{extra}\nflows:\n  login:\n    - open: /\n    - fill: {{ into: {{ label: Username }}, with: username }}\n    - fill: {{ into: {{ css: 'input[type=password]' }}, with: password }}\n{sees}    - expect: {{ signed_in: {{ text: Welcome }} }}\n",
        stage.url
    );
    parse(&folder.join("test.yaml").display().to_string(), &source, &OriginOverrides::new())
        .unwrap_or_else(|report| panic!("{report}"))
}

/// Records what the steps see on the page that is open, and has it written and read again.
async fn recorded(stage: &Stage, playbook: &Playbook, folder: &std::path::Path) -> Pages {
    let recorder = Recorder::default();
    for (flow, step) in step::all(playbook) {
        recorder.look(&stage.page, flow.kind, step, std::time::Duration::from_millis(300)).await;
    }
    let mut pages = Pages::default();
    pages.take_in(&recorder, playbook);
    pages.save(folder).unwrap();
    Pages::load(folder).unwrap()
}

/// What can be done on each document of a page, in words.
fn words(survey: &Survey) -> Vec<String> {
    let frames = survey.frames.iter();
    frames
        .map(|frame| {
            let overview = format!("{:?} {:?}", frame.page.headings, frame.page.buttons);
            let controls = frame.controls.iter().map(|control| {
                let locators: Vec<String> = control.locators.iter().map(ToString::to_string).collect();
                format!("{control:?} {} {:?} {:?}", control.role, control.labels, locators)
            });
            std::iter::once(overview).chain(controls).collect::<Vec<_>>().join("\n")
        })
        .collect()
}

const NASTY: &str = r#"
<style>
  .gone { display: none } .ghost { visibility: hidden } .row { display: grid; grid-template-columns: 120px 1fr }
  .sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  .thin { height: 0; overflow: hidden } .contents { display: contents } .icon::before { content: "\2605" } .icon { display: inline-block }
  .menu { transform: translateX(-200%) } .cover { position: fixed; bottom: 0; left: 0; right: 0; height: 40px; z-index: 9 }
  button { appearance: none } .switch input { opacity: 0; width: 0; height: 0 }
</style>
<h1>Sign in</h1>
<form>
  <div class=row><label for=u>Username</label><input id=u name=u></div>
  <div class=row><label for=p>Pass<b>word</b></label><input id=p type=password value=typed-Canary-1></div>
  <input type=hidden name=csrf value=hidden-Canary-2>
  <label class=switch><input type=checkbox checked> Stay signed in</label>
  <select aria-label=Language><option>English<option selected>Deutsch</select>
  <button type=submit onclick="boom()">Sign&nbsp;in &amp; go</button><button class=gone>Sign in hidden</button>
  <button class=ghost>Ghost</button><div class=thin><a href="/thin">Thin</a></div>
  <span class=contents><button type=button>In contents</button></span>
  <a href="/reset?token=4f7a9c1d2e3b5a6f&next=/home" class="icon" aria-label="Reset password"></a>
  <input type=submit value="Other way"><input type=image alt="Picture way" src="/x.png" width=30 height=20>
</form>
<nav class=menu><a href="/far">Far away</a></nav>
<p>unclosed <table><tr><td><button>In a table</button></table>
<textarea aria-label=Notes>notes-Canary-3</textarea>
<div contenteditable=true aria-label=Rich>rich-Canary-4</div>
<!-- comment-Canary-5 -->
<noscript>noscript</noscript><template><button>Template</button></template>
<x-login></x-login>
<iframe src="/inner" title=Inner style="width:300px;height:120px"></iframe>
<iframe srcdoc="<button>Said in place</button>" title=Placed></iframe>
<div class=cover><button>Accept cookies</button></div>
<script>
  const root = document.querySelector('x-login').attachShadow({ mode: 'open' });
  root.innerHTML = '<style>.hidden{display:none} :host{display:block}</style><label>Shadow code <input name=code></label><button class=hidden>Hidden in shadow</button><button>Shadow go</button>';
  window.secret = 'script-Canary-6';
  document.querySelector('form').addEventListener('submit', (event) => event.preventDefault());
</script>"#;

async fn nasty() -> (Site, Stage) {
    let site = Site::new(|request| match request.path.as_str() {
        "/inner" => Reply::html("<label>Inner field <input></label><button>Inner go</button>"),
        _ => Reply::html(NASTY),
    })
    .await;
    let stage = Stage::open(&site.url()).await;
    (site, stage)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_page_answers_as_the_page_did() {
    let (site, stage) = nasty().await;
    let folder = tempfile::tempdir().unwrap();
    let book = playbook(folder.path(), &stage, "", &["{ label: Shadow code }", "{ role: button, name: Other way }"]);
    let pages = recorded(&stage, &book, &folder.path().join("pages")).await;
    let live = stage.page.survey().await.unwrap();
    drop(site);

    assert_eq!(pages.index.pages.len(), 1, "one page: {:?}", pages.index);
    let kept = &pages.index.pages[0];
    assert_eq!(kept.frames.len(), 2, "{kept:?}");
    let mut page = stage.browser.pool.page().await.unwrap();
    page.set_guide(Guide::of(&book));
    let (url, replay) = pages.replay(&book, kept).unwrap();
    page.replay(replay).await.unwrap();
    page.open(&url, SOON).await.unwrap();
    let replayed = page.survey().await.unwrap();
    assert!(words(&live)[0].contains("Shadow go"), "{:?}", words(&live));
    assert_eq!(words(&live), words(&replayed));
    for kept in &pages.index.steps {
        for seen in &kept.found {
            assert_eq!(seen.elements.len(), 1, "{kept:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_fields_scripts_and_addresses_hold_is_kept() {
    let (_site, stage) = nasty().await;
    let folder = tempfile::tempdir().unwrap();
    let book = playbook(folder.path(), &stage, "", &[]);
    let pages = recorded(&stage, &book, &folder.path().join("pages")).await;
    assert_eq!(pages.index.steps.len(), 2);
    let mut all = String::new();
    for file in std::fs::read_dir(folder.path().join("pages")).unwrap() {
        all += &std::fs::read_to_string(file.unwrap().path()).unwrap();
    }
    for held in ["Canary", "4f7a9c1d2e3b5a6f", "boom()", "attachShadow", &stage.url] {
        assert!(!all.contains(held), "{held} was kept:\n{all}");
    }
    assert!(all.contains("/reset?token=&amp;next=/home"), "{all}");
}
