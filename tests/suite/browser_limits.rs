//! Every step ends by its deadline, whatever the page, its process or its browser do.

use std::time::Duration;

use tokio::time::timeout;

use turnlock::browser::{BrowserError, PageError};

use crate::harness::{BRIEFLY, SOON, Site, Stage};

/// What a step may take beyond its deadline before the test calls it hung.
const HANG: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_page_whose_script_never_ends_holds_nothing_up() {
    let site = Site::page(
        "<label>Name<input></label><button onclick='while (true);'>Hang</button><button>Other</button>",
    )
    .await;
    tokio::join!(hang(&site, true), hang(&site, false));
}

async fn hang(site: &Site, fill: bool) {
    let stage = Stage::open(&site.url()).await;
    let (hang, name) = (stage.target("{ role: button, name: Hang }"), stage.target("{ label: Name }"));
    let clicked = timeout(HANG, stage.page.click(&hang, BRIEFLY)).await.expect("the click ends");
    assert!(matches!(clicked, Err(PageError::NoAnswer { .. })), "{clicked:?}");
    let typed = turnlock::browser::Typed::Plain("x");
    let result = if fill {
        timeout(HANG, stage.page.fill(&name, typed, BRIEFLY)).await
    } else {
        timeout(HANG, stage.page.first_of(&[&name], "x", BRIEFLY)).await.map(|first| first.map(drop))
    };
    let result = result.expect("the step after it ends");
    assert!(matches!(result, Err(PageError::NoAnswer { .. })), "{result:?}");
    // Others go on meanwhile, and closing the page does not wait for it.
    let mut other = stage.browser.pool.page().await.unwrap();
    other.set_guide(stage.guide());
    other.open(&site.url().parse().unwrap(), SOON).await.unwrap();
    other.click(&stage.target("{ role: button, name: Other }"), SOON).await.unwrap();
    drop(stage);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_whose_process_dies_says_so_at_once() {
    let site = Site::page("<p>Here</p>").await;
    let stage = Stage::open(&site.url()).await;
    stage.see("{ text: Here }").await.unwrap();
    let (_, group) = stage.browser.pool.browser().await.unwrap();
    let never = stage.target("{ text: Never }");
    let targets = [&never];
    let waiting = stage.page.first_of(&targets, "never", Duration::from_secs(120));
    let (waited, ()) = tokio::join!(timeout(HANG, waiting), async {
        let renderers = super::browser_process::members(group, "--type=renderer");
        assert!(!renderers.is_empty());
        for renderer in renderers {
            super::browser_process::kill(renderer);
        }
    });
    let waited = waited.expect("a crash is told at once");
    assert!(matches!(waited, Err(PageError::Crashed)), "{waited:?}");
    assert!(matches!(stage.click("{ text: Here }").await, Err(PageError::Crashed)));
    // The browser itself lives on, and its next page works; a spare whose process died is not handed out.
    // The spare's process was killed as well, and nobody may have heard of it yet.
    let again = stage.browser.pool.page().await.unwrap();
    if again.open(&site.url().parse().unwrap(), SOON).await.is_err() {
        let page = stage.browser.pool.page().await.unwrap();
        page.open(&site.url().parse().unwrap(), SOON).await.unwrap();
    }
    assert_eq!(stage.browser.pool.browser().await.unwrap().1, group);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_dies_ends_what_waits_for_it_and_is_replaced() {
    let site = Site::page("<p>Here</p>").await;
    let stage = Stage::open(&site.url()).await;
    let (_, group) = stage.browser.pool.browser().await.unwrap();
    let never = stage.target("{ text: Never }");
    let targets = [&never];
    let waiting = stage.page.first_of(&targets, "never", Duration::from_secs(120));
    let (waited, ()) = tokio::join!(timeout(HANG, waiting), async {
        super::browser_process::kill(super::browser_process::browser_of(group))
    });
    let waited = waited.expect("that the browser is gone is told at once");
    assert!(matches!(waited, Err(PageError::Browser(BrowserError::Gone))), "{waited:?}");
    let again = stage.see("{ text: Here }").await;
    assert!(matches!(again, Err(PageError::Browser(BrowserError::Gone))), "{again:?}");
    // The next page comes from another browser.
    let mut page = stage.browser.pool.page().await.unwrap();
    page.set_guide(stage.guide());
    page.open(&site.url().parse().unwrap(), SOON).await.unwrap();
    page.first_of(&[&stage.target("{ text: Here }")], "here", SOON).await.unwrap();
    assert_ne!(stage.browser.pool.browser().await.unwrap().1, group);
}
