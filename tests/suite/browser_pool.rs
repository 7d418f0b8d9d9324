//! Contexts of their own, many at once, from a browser that is replaced before it grows old.

use std::sync::Arc;

use turnlock::browser::{Pool, Typed};

use crate::harness::{Browser, SOON, Site, Stage, browser_options, playbook, targets};

#[tokio::test(flavor = "multi_thread")]
async fn pages_share_no_cookie_and_no_storage() {
    let site = Site::page(
        "<p id=out></p><script>
        out.textContent = `[${document.cookie}] [${localStorage.getItem('a')}] [${sessionStorage.getItem('a')}]`;
        document.cookie = 'a=1'; localStorage.setItem('a', '1'); sessionStorage.setItem('a', '1');
        </script>",
    )
    .await;
    let stage = Stage::open(&site.url()).await;
    assert_eq!(stage.text("{ css: \"#out\" }").await, "[] [null] [null]");
    stage.goto("/").await.unwrap();
    assert_eq!(stage.text("{ css: \"#out\" }").await, "[a=1] [1] [1]");
    for _ in 0..3 {
        let mut other = stage.browser.pool.page().await.unwrap();
        other.set_guide(stage.guide());
        other.open(&site.url().parse().unwrap(), SOON).await.unwrap();
        other.first_of(&[&stage.target("{ text: \"[] [null] [null]\" }")], "nothing", SOON).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_replaced_after_its_number_of_contexts_while_a_page_is_in_use() {
    let site = Site::page("<p>Here</p>").await;
    let folder = tempfile::tempdir().unwrap();
    let mut options = browser_options(folder.path());
    (options.contexts, options.spares) = (2, 0);
    let pool = Pool::start(options).await.unwrap();
    let used = pool.page().await.unwrap();
    let first = format!("{} ", group_of(&pool).await);
    let mut groups = first.clone();
    for _ in 0..4 {
        let page = pool.page().await.unwrap();
        page.open(&site.url().parse().unwrap(), SOON).await.unwrap();
        groups.push_str(&format!("{} ", group_of(&pool).await));
    }
    assert_ne!(groups, first.repeat(5));
    // The first page still has its browser; those without a page are gone.
    used.open(&site.url().parse().unwrap(), SOON).await.unwrap();
    let profiles = std::fs::read_dir(folder.path()).unwrap().count();
    assert!(profiles <= 2, "{profiles}");
    drop((used, pool));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// Asking counts as a context, so this is a test's way only.
async fn group_of(pool: &Pool) -> u32 {
    pool.browser().await.unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_pages_sign_in_at_once() {
    let app = acme::Acme::start(acme::Options::default()).await.unwrap();
    let book = Arc::new(playbook(
        app.url(),
        "",
        &[
            "{ label: Username }",
            "{ label: Password }",
            "{ role: button, name: Sign in }",
            "{ role: button, name: Sign out }",
        ],
    ));
    let browser = Browser::start().await;
    let mut jobs = tokio::task::JoinSet::new();
    for nth in 0..8 {
        let name = format!("user{nth}");
        app.add_user(acme::NewUser::new(&name, format!("First-Pass-{nth}"))).unwrap();
        let page = browser.page(&book).await;
        let (book, url) = (Arc::clone(&book), app.url().to_owned());
        jobs.spawn(async move {
            let [username, password, submit, sign_out] = targets(&book)[..] else { panic!() };
            page.open(&format!("{url}/login").parse().unwrap(), SOON).await.unwrap();
            page.fill(username, Typed::Plain(&name), SOON).await.unwrap();
            let secret = format!("First-Pass-{nth}").into();
            page.fill(password, Typed::Secret(&secret), SOON).await.unwrap();
            page.click(submit, SOON).await.unwrap();
            page.first_of(&[sign_out], "signed_in", SOON).await.unwrap();
            drop(page);
        });
    }
    assert_eq!(jobs.join_all().await.len(), 8);
}
