//! Recorded pages: they answer as the page did, hold no secret, and show without the app.

mod mutated;
mod tested;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use turnlock::browser::{Guide, Survey};
use turnlock::credential::{RecoveryCodes, TotpSecret};
use turnlock::job::{Code, Job, Kind, Outcome};
use turnlock::mutate::{Fate, Only, Score, mismatches, run, unrecorded};
use turnlock::pages::{Pages, Recorder, step};
use turnlock::playbook::{Action, Fault, OriginOverrides, Playbook, Report, parse};

use crate::harness::rig::{FIRST_PASSWORD, Rig, acme_playbook, assert_ended, checked};
use crate::harness::{BRIEFLY, Browser, Reply, SOON, Site, Stage};

/// The app's playbook, whose login looks at each of these targets.
fn playbook(folder: &Path, stage: &Stage, extra: &str, targets: &[&str]) -> Playbook {
    let sees: String = targets.iter().map(|target| format!("    - see: {target}\n")).collect();
    let source = format!(
        "app: test\ntitle: Test\norigins:\n  app: \"{}\"\n{extra}\nflows:\n  login:\n    - open: /\n    - fill: {{ into: {{ label: Username }}, with: username }}\n    - fill: {{ into: {{ css: 'input[type=password]' }}, with: password }}\n{sees}    - expect: {{ signed_in: {{ text: Welcome }} }}\n",
        stage.url
    );
    parse(&folder.join("test.yaml").display().to_string(), &source, &OriginOverrides::new())
        .unwrap_or_else(|report| panic!("{report}"))
}

/// Records what the steps see on the page that is open, and has it written and read again.
async fn recorded(stage: &Stage, playbook: &Playbook, folder: &Path) -> Pages {
    // It is there when the page has come as a whole, so that no step has to wait for what is on it.
    stage.page.snapshot(&[], &[]).await.unwrap();
    let recorder = Recorder::default();
    for (flow, step) in step::all(playbook) {
        // What is awaited may never come; what is acted on is there, however long a busy machine takes to say so.
        let awaits = matches!(step.action, Action::Expect(_));
        let within = if awaits { BRIEFLY / 5 } else { BRIEFLY * 4 };
        recorder.look(&stage.page, flow.kind, step, within).await;
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
<x-login></x-login><x-menu><button>In a closed menu</button></x-menu>
<iframe src="/inner" title=Inner style="width:300px;height:120px"></iframe>
<iframe srcdoc="<button>Said in place</button>" title=Placed></iframe>
<div class=cover><button>Accept cookies</button></div>
<script>
  const root = document.querySelector('x-login').attachShadow({ mode: 'open' });
  root.innerHTML = '<style>.hidden{display:none} :host{display:block}</style><label>Shadow code <input name=code></label><button class=hidden>Hidden in shadow</button><button>Shadow go</button>';
  document.querySelector('x-menu').attachShadow({ mode: 'open' }).innerHTML = '<div style="display:none"><slot></slot></div>';
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
    // Until all of it is there, frames included.
    stage.page.mutate(None, &[], None, SOON).await.unwrap();
    (site, stage)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_page_answers_as_the_page_did() {
    let (site, stage) = nasty().await;
    let folder = tempfile::tempdir().unwrap();
    let book =
        playbook(folder.path(), &stage, "", &["{ label: Shadow code }", "{ role: button, name: Other way }"]);
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
    // Until all of it is there, frames included.
    page.mutate(None, &[], None, SOON).await.unwrap();
    let replayed = page.survey().await.unwrap();
    assert!(words(&live)[0].contains("Shadow go"), "{:?}", words(&live));
    let sorted = |survey: &Survey| {
        let mut words = words(survey);
        words[1..].sort();
        words
    };
    assert_eq!(sorted(&live), sorted(&replayed));
    for kept in &pages.index.steps {
        for seen in &kept.found {
            assert_eq!(seen.elements.len(), 1, "{kept:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_html_cannot_say_is_kept_all_the_same() {
    // A button within a button, within a box within a paragraph: only scripts put them so.
    let html = "<form><input type=password></form><p></p><div></div><button>Inner</button><script>
        const [paragraph, box, inner] = document.querySelectorAll('p,div,button');
        const outer = document.createElement('button');
        outer.append('Outer', inner);
        box.append(outer);
        paragraph.append(box);
    </script>";
    let site = Site::page(html).await;
    let stage = Stage::open(&site.url()).await;
    let folder = tempfile::tempdir().unwrap();
    let book = playbook(folder.path(), &stage, "", &["{ role: button, name: Inner, exact: true }"]);
    let pages = recorded(&stage, &book, &folder.path().join("pages")).await;
    let only = Only { step: Some("login.4".to_owned()), mutation: Some("late".to_owned()) };
    let score = run(&stage.browser.pool, &book, &pages, &only, |_| {}).await;
    assert_eq!((score.total().survived, score.total().of), (1, 1), "{}", score.json());
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

/// Everything in a folder, as one text.
fn whole(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_secret_or_recovery_code_is_in_what_is_recorded() {
    let rig = Rig::start().await;
    let alice = rig.account("alice").await;
    let recorder = Arc::new(Recorder::default());
    let mut secrets = vec![FIRST_PASSWORD.to_owned()];
    for (kind, code) in [
        (Kind::VerifyLogin, Code::LoggedIn),
        (Kind::EnrolMfa, Code::MfaEnabled),
        (Kind::ChangePassword, Code::PasswordChanged),
    ] {
        let row = rig.watched(&Job::new(kind, alice.clone()), recorder.clone()).await;
        assert_ended(&row, Outcome::Succeeded, code);
    }
    let held = rig.credentials(&alice).await;
    secrets.push(held.password.unwrap().secret.expose_secret().to_owned());
    let totp = TotpSecret::from_uri(held.totp.unwrap().secret.expose_secret()).unwrap();
    secrets.push(totp.base32().expose_secret().to_owned());
    let codes = RecoveryCodes::from_json(&held.recovery_codes.unwrap().secret).unwrap();
    secrets.extend(codes.iter().map(|code| code.expose_secret().to_owned()));
    assert_eq!(secrets.len(), 13);

    let playbook = checked("acme", &acme_playbook(), &rig.app);
    let mut pages = Pages::default();
    pages.take_in(&recorder, &playbook);
    let folder = tempfile::tempdir().unwrap();
    pages.save(folder.path()).unwrap();
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
    };
    let kept = whole(folder.path());
    // The page that shows the codes is there, and they are not.
    assert!(kept.contains("<ul\n class=\"codes\""), "{kept}");
    assert!(pages.index.steps.iter().any(|kept| kept.step == "enrol_mfa.4"));
    let kept = plain(&kept);
    for secret in secrets {
        assert!(!kept.contains(&plain(&secret)), "{secret} was kept");
    }
}

/// An app may say the password again, in any way in which programs write texts.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_masked_in_every_form_in_which_a_page_says_it() {
    const SECRET: &str = "Erste<Parole>\"7&26?!~(x)*é";
    let secret = SecretString::from(SECRET);
    turnlock::redact::register(&secret);
    let base64 =
        |form: &data_encoding::Encoding, before: &str| form.encode(format!("{before}{SECRET}").as_bytes());
    let (standard, url) = (&data_encoding::BASE64, &data_encoding::BASE64URL);
    let quoted = SECRET.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    let encoded: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let forms = [
        base64(standard, ""),
        base64(url, ""),
        base64(standard, "k:"),
        base64(url, "k:"),
        base64(standard, "kim:"),
        base64(standard, "kim.:"),
        data_encoding::HEXLOWER.encode(SECRET.as_bytes()),
        data_encoding::HEXUPPER.encode(SECRET.as_bytes()),
        encoded.clone(),
        // As scripts and as Python have it.
        "Erste%3CParole%3E%227%2626%3F!~(x)*%C3%A9".to_owned(),
        "Erste%3CParole%3E%227%2626%3F%21~%28x%29%2A%C3%A9".to_owned(),
        "Erste\\u003CParole\\u003E\\u00227\\u002626?!~(x)*\\u00e9".to_owned(),
        quoted.clone(),
        serde_json::Value::from(SECRET)
            .to_string()
            .replace('&', "&amp;")
            .replace('"', "&quot;")
            .replace('<', "&lt;"),
    ];
    let said: String = forms
        .iter()
        .map(|form| {
            format!("<p id='i-{form}' class='{form}' title='it is {form}' data-x='{form}'>{form}</p><a href='/at/{form}?q={form}#{form}'>a</a><style>.a::after {{ content: '{form}' }}</style>")
        })
        .collect();
    let html = format!(
        "<title>{quoted}</title><form><label>Username <input></label><label>Password <input type=password></label></form>{said}"
    );
    let site = Site::page(&html).await;
    let stage = Stage::open(&site.url()).await;
    stage.goto(&format!("/at/{encoded}/{}?q={}", base64(url, "k:"), base64(url, ""))).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let book = playbook(folder.path(), &stage, "", &[]);
    recorded(&stage, &book, folder.path()).await;
    let kept = whole(folder.path());
    assert!(kept.contains("[secret]"), "{kept}");
    for form in forms.iter().map(|form| form.trim_end_matches('=')) {
        // The last letter may hold bits of what stands behind.
        let form = &form[..form.char_indices().next_back().map_or(0, |(at, _)| at)];
        assert!(!kept.to_lowercase().contains(&form.to_lowercase()), "{form} was kept:\n{kept}");
    }
    assert!(!kept.contains("Parole") && !kept.contains(&base64(standard, "kim:")[8..20]), "{kept}");
}

/// A banner that is there from the start, and covers what a step fills, which finds it all the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_covers_the_page_from_the_start_is_not_kept() {
    let html = "<h1>Welcome</h1><form><label>Username <input></label><label>Password <input type=password></label></form>
        <div id=banner style='position:fixed;inset:0;background:#fff'><p>We use cookies</p>
        <button onclick='setTimeout(() => banner.remove(), 200)'>Reject all</button></div>";
    let site = Site::page(html).await;
    let mut stage = Stage::open(&site.url()).await;
    let folder = tempfile::tempdir().unwrap();
    let away =
        "interruptions:\n  - see: { text: We use cookies }\n    click: { role: button, name: Reject all }\n";
    let book = playbook(folder.path(), &stage, away, &[]);
    stage.page.set_guide(Guide::of(&book));
    let recorder = Recorder::default();
    for (flow, step) in step::all(&book) {
        recorder.look(&stage.page, flow.kind, step, SOON).await;
    }
    let mut pages = Pages::default();
    pages.take_in(&recorder, &book);
    pages.save(&folder.path().join("pages")).unwrap();
    assert_eq!(pages.index.steps.len(), 3);
    assert!(!whole(&folder.path().join("pages")).contains("Reject all"));
    assert_eq!(mismatches(&stage.browser.pool, &book, &pages).await, []);
}

/// The real command in a folder that holds the bundled app's playbook; its standard output, and how it ended.
async fn command(folder: &Path, arguments: &[&str], input: &str) -> (String, String, i32) {
    let arguments: Vec<String> = arguments.iter().map(|each| (*each).to_owned()).collect();
    let (folder, input) = (folder.to_owned(), input.to_owned());
    let called = tokio::task::spawn_blocking(move || {
        use std::io::Write;
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_turnlock"))
            .args(arguments)
            .env_clear()
            .env("HOME", &folder)
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("TURNLOCK_BROWSER_SANDBOX", "off")
            .current_dir(&folder)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    });
    let done = called.await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(done.stdout), text(done.stderr), done.status.code().unwrap())
}
