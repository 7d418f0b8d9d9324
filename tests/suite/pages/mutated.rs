//! Playbooks against pages that were recorded, as they are and changed.

use super::*;

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
