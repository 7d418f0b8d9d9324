//! Every step ends by its deadline, whatever the page, its process or its browser do.

use std::time::{Duration, Instant};

use turnlock::browser::{BrowserError, PageError};

use crate::harness::{BRIEFLY, SOON, Site, Stage};

/// What a step may take beyond its deadline before the test calls it hung.
const SLACK: Duration = Duration::from_secs(15);

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
    let began = Instant::now();
    let clicked = stage.page.click(&hang, BRIEFLY).await;
    assert!(matches!(clicked, Err(PageError::NoAnswer { .. })), "{clicked:?}");
    let result = if fill {
        stage.page.fill(&name, turnlock::browser::Typed::Plain("x"), BRIEFLY).await
    } else {
        stage.page.first_of(&[&name], "x", BRIEFLY).await.map(drop)
    };
    assert!(matches!(result, Err(PageError::NoAnswer { .. })), "{result:?}");
    assert!(began.elapsed() < 2 * SLACK, "{:?}", began.elapsed());
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
    let began = Instant::now();
    let targets = [&never];
    let waiting = stage.page.first_of(&targets, "never", Duration::from_secs(120));
    let (waited, ()) = tokio::join!(waiting, async {
        let renderers = super::browser_process::members(group, "--type=renderer");
        assert!(!renderers.is_empty());
        for renderer in renderers {
            super::browser_process::kill(renderer);
        }
    });
    assert!(matches!(waited, Err(PageError::Crashed)), "{waited:?}");
    assert!(began.elapsed() < Duration::from_secs(60));
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
    let (waited, ()) = tokio::join!(waiting, async {
        super::browser_process::kill(super::browser_process::browser_of(group))
    });
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
