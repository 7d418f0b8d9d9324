//! Recorded pages: they answer as the page did, hold no secret, and show without the app.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use turnlock::browser::{Guide, Survey};
use turnlock::credential::{RecoveryCodes, TotpSecret};
use turnlock::job::{Code, Job, Kind, Outcome};
use turnlock::mutate::{Fate, Only, Score, mismatches, run, unrecorded};
use turnlock::pages::{Pages, Recorder, step};
use turnlock::playbook::{Fault, OriginOverrides, Playbook, Report, parse};

use crate::harness::rig::{FIRST_PASSWORD, Rig, acme_playbook, assert_ended, checked};
use crate::harness::{Browser, Reply, SOON, Site, Stage};

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
    const SECRET: &str = "Erste<Parole>\"7&26?";
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
        let form = &form[..form.len() - 1];
        assert!(!kept.to_lowercase().contains(&form.to_lowercase()), "{form} was kept:\n{kept}");
    }
    assert!(!kept.contains("Parole") && !kept.contains(&base64(standard, "kim:")[8..20]), "{kept}");
}

/// The bundled app's playbook and pages, as they are shipped.
fn acme() -> (Playbook, Pages, String) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("playbooks/acme.yaml");
    let source = std::fs::read_to_string(&file).unwrap();
    let playbook = parse(&file.display().to_string(), &source, &OriginOverrides::new()).unwrap();
    let pages = Pages::load(&Pages::folder(&playbook)).unwrap();
    (playbook, pages, source)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bundled_playbook_survives_what_its_page_of_the_docs_says() {
    let (playbook, pages, _) = acme();
    let browser = Browser::start().await;
    let score = run(&browser.pool, &playbook, &pages, &Only::default(), |_| {}).await;
    let misled: Vec<_> = score.misled().collect();
    assert!(misled.is_empty(), "{misled:#?}");
    assert!(score.untried.is_empty(), "{:#?}", score.untried);
    assert!(score.total().percent() >= 80, "{}", score.markdown());
    for broken in score.broken() {
        assert!(broken.fate.why().starts_with("awaited "), "{broken:?}");
        assert!(broken.place.contains(':') && broken.step.starts_with(broken.flow), "{broken:?}");
    }
    let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/playbooks/mutations.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    assert!(docs.contains(&score.markdown()), "run `make mutations`; it is now:\n{}", score.markdown());
}

/// A playbook whose login types into the second of two fields that are alike but for their places.
async fn two_fields(locator: &str, stage: &Stage, folder: &Path) -> (Playbook, Pages) {
    let source = format!(
        "app: test\ntitle: Test\norigins:\n  app: \"{}\"\nflows:\n  login:\n    - open: /\n    - fill: {{ into: {locator}, with: password }}\n    - expect: {{ signed_in: {{ text: Welcome }} }}\n",
        stage.url
    );
    let name = folder.join("test.yaml").display().to_string();
    let playbook = parse(&name, &source, &OriginOverrides::new()).unwrap_or_else(|report| panic!("{report}"));
    let pages = recorded(stage, &playbook, &folder.join("pages")).await;
    (playbook, pages)
}

fn fate<'a>(score: &'a Score, mutation: &str) -> &'a Fate {
    &score.tried.iter().find(|tried| tried.mutation == Some(mutation)).unwrap().fate
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locator_that_goes_by_the_place_is_misled_and_one_that_goes_by_words_is_not() {
    // The field `id` hides from scripts that the form has no id.
    let html = "<form><input type=hidden name=id><p><label>User <input class=u></label></p><p><label>Pass <input class=p></label></p><button>Go</button></form>";
    let site = Site::page(html).await;
    let stage = Stage::open(&site.url()).await;
    let folder = tempfile::tempdir().unwrap();
    let only = Only::default();
    let tried = async |locator: &str| {
        let (playbook, pages) = two_fields(locator, &stage, folder.path()).await;
        run(&stage.browser.pool, &playbook, &pages, &only, |_| {}).await
    };
    let by_place = tried("{ css: 'p:nth-of-type(2) input' }").await;
    assert!(matches!(fate(&by_place, "fields-reordered"), Fate::Misled(_)), "{}", by_place.json());
    assert_eq!(
        by_place.total().survived + by_place.misled().count() + by_place.broken().count(),
        by_place.total().of
    );

    let by_class = tried("{ css: input.p }").await;
    assert_eq!(*fate(&by_class, "fields-reordered"), Fate::Survived);
    let Fate::Broke(why) = fate(&by_class, "classes-renamed") else { panic!("{}", by_class.json()) };
    assert_eq!(why, "awaited css \"input.p\", but nothing on the page matches");
    assert_eq!(*fate(&by_class, "button-as-link"), Fate::NotApplicable);
    assert_eq!(*fate(&by_class, "ids-renamed"), Fate::NotApplicable);
    assert_eq!(*fate(&by_class, "another-language"), Fate::Survived);

    let by_words = tried("{ label: Pass }").await;
    for mutation in
        ["fields-reordered", "classes-renamed", "drawn-anew", "late", "in-a-shadow-root", "out-of-sight"]
    {
        assert_eq!(*fate(&by_words, mutation), Fate::Survived, "{mutation}");
    }
    assert!(matches!(fate(&by_words, "another-language"), Fate::Broke(_)));
    assert!(by_words.unrecorded.contains(&"login.3".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playbook_that_no_longer_says_what_was_recorded_is_reported_with_its_place() {
    let (playbook, pages, source) = acme();
    let browser = Browser::start().await;
    assert_eq!(mismatches(&browser.pool, &playbook, &pages).await, []);
    let changed = source.replacen("label: Username }", "label: Member }", 1);
    let changed_book = parse("acme.yaml", &changed, &OriginOverrides::new()).unwrap();
    let found = mismatches(&browser.pool, &changed_book, &pages).await;
    let report = Report::of_mismatches(&changed_book, &found).render(false);
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/playbook/unmatched.txt");
    assert_eq!(report, std::fs::read_to_string(golden).unwrap());
}

/// Whether it says that of a step that does something else.
fn says(fault: &Fault, words: &str) -> bool {
    matches!(fault, Fault::Unmatched { why, .. } if why.contains(words))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_in_a_field_that_shows_it_is_told_by_the_recorded_page() {
    let folder = tempfile::tempdir().unwrap();
    let warned = async |field: &str| {
        let html = format!("<form><label>User <input></label><label>Pass {field}</label></form>");
        let site = Site::page(&html).await;
        let stage = Stage::open(&site.url()).await;
        let (playbook, pages) = two_fields("{ label: Pass }", &stage, folder.path()).await;
        let found = mismatches(&stage.browser.pool, &playbook, &pages).await;
        let report = Report::of_mismatches(&playbook, &found);
        assert!(!report.has_errors(), "{report}");
        report.render(false)
    };
    for field in ["<input name=p>", "<input type=email>", "<textarea></textarea>"] {
        let said = warned(field).await;
        assert!(said.contains("warning[P0605]") && said.contains("test.yaml:8:"), "{field}: {said}");
    }
    assert_eq!(warned("<input type=Password>").await, "");
}

/// A step that finds something, and the wrong thing, is told too; and it counts where changes are tried.
#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_acts_on_something_else_is_reported_and_counts() {
    let (_, pages, source) = acme();
    let browser = Browser::start().await;
    for (from, to, step, why) in [
        (
            "{ label: Password }, with: password",
            "{ label: Username }, with: password",
            "login.3",
            "it acted on <input id=\"username\"",
        ),
        ("{ role: button, name: Sign in }", "{ css: input }", "login.4", "elements match"),
        (
            "signed_in: { role: button, name: Sign out }",
            "signed_in: { role: link, name: Acme Workspace }",
            "login.5",
            "it took the page for `signed_in`",
        ),
    ] {
        let changed = parse("acme.yaml", &source.replacen(from, to, 1), &OriginOverrides::new()).unwrap();
        let found = mismatches(&browser.pool, &changed, &pages).await;
        assert!(found.iter().any(|each| each.step == step && says(&each.fault, why)), "{to}: {found:#?}");
        let only = Only { step: Some(step.to_owned()), mutation: Some("late".to_owned()) };
        let score = run(&browser.pool, &changed, &pages, &only, |_| {}).await;
        assert!(score.stale().any(|tried| tried.fate.why().contains(why)), "{}", score.json());
        assert!(score.total().percent() < 100, "{}", score.json());
    }
}

/// What is put in has no page, and shifts the numbers of what was recorded; what is really changed is told all the same.
#[tokio::test(flavor = "multi_thread")]
async fn steps_that_are_put_in_and_states_that_are_named_anew_leave_the_others_what_they_were() {
    let (playbook, pages, source) = acme();
    let browser = Browser::start().await;
    let before = unrecorded(&playbook, &pages);
    let mut changed = source;
    for (from, to) in [
        ("    - open: /login\n", "    - open: /\n    - open: /login\n"),
        (
            "    - click: { role: button, name: Sign in }\n",
            "    - see: { role: heading, name: Sign in }\n    - click: { role: button, name: Sign in }\n",
        ),
        ("        mfa_off:\n", "        mfa_is_off:\n"),
    ] {
        assert!(changed.contains(from), "{from}");
        changed = changed.replacen(from, to, 1);
    }
    let book = parse("acme.yaml", &changed, &OriginOverrides::new()).unwrap();
    assert_eq!(mismatches(&browser.pool, &book, &pages).await, []);
    // Its page as it is now is found by what it does.
    let only = Only { step: Some("login.6".to_owned()), mutation: Some("late".to_owned()) };
    let score = run(&browser.pool, &book, &pages, &only, |_| {}).await;
    assert_eq!((score.total().survived, score.total().of), (1, 1), "{}", score.json());
    let now = unrecorded(&book, &pages);
    assert!(now.contains(&"login.5".to_owned()), "{now:?}");
    assert_eq!(now.len(), before.len() + 1, "{now:?}");
    // A recording that sees nothing new keeps what it has, under the names of now.
    let mut taken = pages.clone();
    taken.take_in(&Recorder::default(), &book);
    assert_eq!(taken.index.steps.len(), pages.index.steps.len());
    assert_eq!(unrecorded(&book, &taken), now);

    let broken =
        changed.replacen("click: { role: button, name: Sign in }", "click: { role: button, name: Enter }", 1);
    let broken = parse("acme.yaml", &broken, &OriginOverrides::new()).unwrap();
    let found = mismatches(&browser.pool, &broken, &pages).await;
    let [found] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!((found.step.as_str(), found.recorded.as_str()), ("login.6", "click role button \"Sign in\""));
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

#[tokio::test(flavor = "multi_thread")]
async fn every_bundled_playbook_finds_what_it_looks_for_on_the_pages_recorded_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let playbooks = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("playbooks").display().to_string();
    let (out, said, code) = command(folder.path(), &["playbook", "check", "--pages", &playbooks], "").await;
    assert_eq!(code, 0, "{out}{said}");
    assert!(!said.contains("no recorded pages"), "{said}");
    let left = |app: &str| said.lines().find(|line| line.contains(&format!("/{app}.yaml: not looked at")));
    assert!(left("twofactor").is_some_and(|line| line.contains("enrol_mfa_email.2")), "{said}");
    for app in ["acme", "allauth", "directus", "dokuwiki", "homeassistant", "mediawiki", "redmine"] {
        assert_eq!(left(app), None, "all of it is recorded");
    }
}

#[test]
fn recorded_pages_are_small_enough_to_keep_and_each_app_has_its_score_in_the_docs() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let docs = std::fs::read_to_string(root.join("docs/playbooks/mutations.md")).unwrap();
    let files = |folder: &Path| {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_file()).collect::<Vec<_>>()
    };
    let sections = docs.matches("\n### ").count();
    assert_eq!(sections, files(&root.join("playbooks")).len(), "a score is missing, or of no playbook");
    for playbook in files(&root.join("playbooks")) {
        let app = playbook.file_stem().unwrap().to_str().unwrap();
        let folder = root.join("playbooks/pages").join(app);
        let pages = Pages::load(&folder).unwrap_or_else(|error| panic!("{error}"));
        let documents: usize = pages.index.pages.iter().map(|page| page.documents().count()).sum();
        assert_eq!(files(&folder).len(), documents + 1, "{app} has files that its index does not name");
        let size = |path: &PathBuf| path.metadata().unwrap().len();
        let large: Vec<_> = files(&folder).into_iter().filter(|path| size(path) > 150 * 1024).collect();
        assert!(large.is_empty(), "{large:?}");
        assert!(files(&folder).iter().map(size).sum::<u64>() < 1500 * 1024, "{app}");

        let (_, section) = docs
            .split_once(&format!("\n### {app}\n"))
            .unwrap_or_else(|| panic!("{app} has no score: run `make mutations`"));
        let (score, _) = section.trim_start().split_once('\n').unwrap();
        let percent = score.split_once("**").and_then(|(_, rest)| rest.split_once(" %**")).unwrap().0;
        assert!(percent.parse::<u8>().unwrap() >= 80 && score.ends_with("Misled: 0."), "{app}: {score}");
    }
}

#[test]
fn the_docs_name_every_change_that_is_tried() {
    let docs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/playbooks/mutations.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    let (_, table) = docs.split_once("| change | what it does |\n| --- | --- |\n").unwrap();
    let (table, _) = table.split_once("\n\n").unwrap();
    let all = turnlock::mutate::MUTATIONS;
    let rows: Vec<String> =
        all.iter().map(|change| format!("| `{}` | {} |", change.name, change.does)).collect();
    assert_eq!(table.lines().collect::<Vec<_>>(), rows);
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

/// What a report of `playbook test --json` says of each thing that was tried.
fn results(report: &serde_json::Value) -> Vec<(&str, &str)> {
    let rows = report["results"].as_array().unwrap().iter();
    rows.map(|row| (row["what"].as_str().unwrap(), row["result"].as_str().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_taken_through_all_that_the_playbook_has_and_back() {
    let totp = acme::TotpShape { period: 6, ..acme::TotpShape::default() };
    let app = acme::Acme::start(acme::Options { totp, ..acme::Options::default() }).await.unwrap();
    app.add_user(acme::NewUser::new("alice", FIRST_PASSWORD)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("acme.yaml"), acme_playbook()).unwrap();
    let origin = format!("acme.app={}", app.url());
    let add = ["account", "add", "acme/alice", "--username", "alice", "--password-file", "-"];
    let (_, said, code) = command(folder.path(), &add, FIRST_PASSWORD).await;
    assert_eq!(code, 0, "{said}");

    let test = [
        "playbook",
        "test",
        "acme.yaml",
        "--account",
        "acme/alice",
        "--origin",
        &origin,
        "--record",
        "--json",
    ];
    let (out, said, code) = command(folder.path(), &test, "").await;
    assert_eq!(code, 0, "{out}{said}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    // The app takes no password twice.
    assert_eq!(
        results(&report),
        [
            ("a login", "proved"),
            ("a logout", "proved"),
            ("the address set", "not tried"),
            ("MFA on", "proved"),
            ("recovery codes read", "proved"),
            ("a login with MFA", "proved"),
            ("the password changed", "proved"),
            ("a login with the new password", "proved"),
            ("a forgotten password set anew", "not tried"),
            ("the password changed back", "the app does not take it again"),
            ("a login with the old password", "not tried"),
            ("MFA on by mailed codes", "not tried"),
            ("MFA on by text messages", "not tried"),
        ]
    );
    let told = |what: &str| {
        let rows = report["results"].as_array().unwrap();
        let row = rows.iter().find(|row| row["what"] == what).unwrap();
        format!("{}; {}", row["message"].as_str().unwrap(), row["user_action"].as_str().unwrap())
    };
    for what in ["the address set", "a forgotten password set anew"] {
        let give = "acme/alice has no managed address that the app could send to; give it the one that the app knows: \
                    `turnlock account add acme/alice --address ADDRESS`";
        assert_eq!(told(what), give);
    }
    assert!(
        told("MFA on by text messages")
            .contains("without MFA and with a number: `--account acme/alice --account")
    );
    assert_eq!(
        report["account_ends"],
        "its password is another one, which the vault holds; MFA is on, and 10 recovery codes are sealed"
    );
    let kept = whole(&folder.path().join("pages/acme"));
    assert!(kept.contains("change_password.5") && kept.contains("logout.2"));
    assert!(!kept.contains(FIRST_PASSWORD));
    assert!(!kept.contains(app.url()), "pages are kept at the playbook's own origin");

    // What was recorded there and then serves the checker and the mutations, once the app is gone.
    app.stop().await;
    let (out, said, code) = command(folder.path(), &["playbook", "check", "--pages", "acme.yaml"], "").await;
    assert_eq!(code, 0, "{out}{said}");
    let mutate = ["playbook", "mutate", "acme.yaml", "--mutation", "ids-renamed", "--at-least", "100"];
    let (out, said, code) = command(folder.path(), &mutate, "").await;
    assert_eq!(code, 0, "{out}{said}");
    assert!(out.contains("(100 %), 0 misled"), "{out}");
    let changed = acme_playbook().replacen("label: Username }", "label: Member }", 1);
    std::fs::write(folder.path().join("acme.yaml"), changed).unwrap();
    let (_, said, code) = command(folder.path(), &["playbook", "check", "--pages", "acme.yaml"], "").await;
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("error[P0701]") && said.contains("acme.yaml:25"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_so_before_and_what_works_without_the_rest_are_told_apart() {
    const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    let totp = acme::TotpShape { period: 6, ..acme::TotpShape::default() };
    let app = acme::Acme::start(acme::Options { totp, ..acme::Options::default() }).await.unwrap();
    app.add_user(acme::NewUser::new("alice", FIRST_PASSWORD).totp(SECRET)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    // The logout takes what the app says for a failure, and the flows behind those that turn on MFA are left out.
    let farewell = "signed_out: { text: You are signed out }";
    let failure = "signed_out: { text: Farewell }\n        app_error: { text: You are signed out }";
    let source = acme_playbook().replacen(farewell, failure, 1);
    let (source, _) = source.split_once("  change_password:").unwrap();
    std::fs::write(folder.path().join("acme.yaml"), source).unwrap();
    let link = format!("otpauth://totp/Acme:alice?secret={SECRET}&period=6");
    std::fs::write(folder.path().join("otpauth.txt"), link).unwrap();
    let mut add = vec!["account", "add", "acme/alice", "--username", "alice", "--password-file", "-"];
    add.extend(["--totp-file", "otpauth.txt"]);
    let (_, said, code) = command(folder.path(), &add, FIRST_PASSWORD).await;
    assert_eq!(code, 0, "{said}");

    let origin = format!("acme.app={}", app.url());
    let test = ["playbook", "test", "acme.yaml", "--account", "acme/alice", "--origin", &origin, "--json"];
    let (out, said, code) = command(folder.path(), &test, "").await;
    assert_eq!(code, 1, "{out}{said}");
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        results(&report),
        [
            ("a login", "proved"),
            ("a logout", "failed"),
            ("the address set", "not in the playbook"),
            ("MFA on", "on already"),
            ("a login with MFA", "proved"),
            ("the password changed", "not in the playbook"),
            ("a forgotten password set anew", "not in the playbook"),
            ("MFA on by mailed codes", "not tried"),
            ("MFA on by text messages", "not tried"),
        ]
    );
    assert_eq!(report["results"][1]["code"], "app_error");
    assert_eq!(report["account_ends"], "its password is what it was; MFA is on");
    app.stop().await;
}
