//! What is said of a page on which something was not found.

use std::time::Duration;

use turnlock::browser::{ControlKind, PageError};
use url::Url;

use crate::harness::{Browser, SOON, Site, playbook, targets};

const SHORT: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_near_is_named_as_a_playbook_would() {
    let site = Site::page(
        "<label>User name <input></label><button>Save changes</button><a href=/x>Saving money</a>\
         <button data-testid=go>Go</button><h1>Welcome aboard</h1>",
    )
    .await;
    let wanted = ["{ role: button, name: Save change now }", "{ label: Usernames }", "{ css: .none }"];
    let book = playbook(&site.url(), "", &wanted);
    let [save, user, none] = targets(&book)[..] else { panic!() };
    let heading = playbook(&site.url(), "", &["{ role: heading, name: Welcome abroad }"]);
    let browser = Browser::start().await;
    let page = browser.page(&book).await;
    page.open(&Url::parse(&site.url()).unwrap(), SOON).await.unwrap();
    let near = |error: PageError| match error {
        PageError::NotAsDescribed { near, .. } => near,
        other => panic!("{other}"),
    };
    let button = "{ role: button, name: Save changes }";
    assert_eq!(near(page.click(save, SHORT).await.unwrap_err())[0], button);
    let seen = page.first_of(&[save], "the button", SHORT).await.unwrap_err();
    assert!(seen.to_string().contains(&format!("(what comes near: {button}")), "{seen}");
    assert_eq!(near(page.click(user, SHORT).await.unwrap_err()), ["{ label: User name }"]);
    // Nothing is near to a selector.
    assert!(near(page.click(none, SHORT).await.unwrap_err()).is_empty());

    // Nor is a way through the document a name.
    let away = targets(&heading)[0];
    assert!(near(page.click(away, SHORT).await.unwrap_err()).is_empty());

    // And everything that can be used is listed.
    let controls = page.controls().await;
    let listed = controls[0].controls.iter();
    let listed: Vec<_> = listed.map(|each| (each.kind, each.locator.as_ref().unwrap().written())).collect();
    let listed: Vec<_> = listed.iter().map(|(kind, locator)| (*kind, locator.as_str())).collect();
    assert_eq!(
        listed,
        [
            (ControlKind::Field, "{ label: User name }"),
            (ControlKind::Button, button),
            (ControlKind::Link, "{ role: link, name: Saving money }"),
            (ControlKind::Button, "{ role: button, name: Go }"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_dialog_comes_first_and_what_is_cut_is_counted() {
    let links: String = (1..=9).map(|nth| format!("<a href=/{nth}>Link {nth}</a> ")).collect();
    let site = Site::page(&format!(
        "{links}<button>Behind</button><dialog id=d><h2>Really?</h2><button>Yes, do it</button></dialog>\
         <script>d.showModal()</script>"
    ))
    .await;
    let book = playbook(&site.url(), "", &["{ text: Never }"]);
    let browser = Browser::start().await;
    let page = browser.page(&book).await;
    page.open(&Url::parse(&site.url()).unwrap(), SOON).await.unwrap();
    let error = page.first_of(&targets(&book), "never", SHORT).await.unwrap_err().to_string();
    for part in [
        "a dialog is open in front of it: \"Really?\"",
        "buttons: Yes, do it, Behind",
        "not listed: 3 more links",
    ] {
        assert!(error.contains(part), "{part} is not in: {error}");
    }
}

/// What a person sees beside a field names it only if it is bound to it; then the field is told, if need be by its place.
#[tokio::test(flavor = "multi_thread")]
async fn fields_beside_words_long_labels_toggles_and_images_are_listed() {
    const DOT: &str = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
    let site = Site::page(&format!(
        "<div>Secret token</div><div><input></div><img src='{DOT}' alt='Scan me' width=120 height=120><img src='{DOT}' width=16 height=16>\
         <label><input type=checkbox checked> I have read the conditions of use, the notes on data protection and \
         everything else that is to be read before the account is made</label>\
         <div role=switch aria-checked=false aria-label=Reminders tabindex=0>⚬</div><button>Save</button>",
    ))
    .await;
    let wanted = [
        "{ label: Secret token }",
        "{ label: I have read all conditions of use and notes on data protection }",
    ];
    let book = playbook(&site.url(), "", &wanted);
    let [token, conditions] = targets(&book)[..] else { panic!() };
    let browser = Browser::start().await;
    let page = browser.page(&book).await;
    page.open(&Url::parse(&site.url()).unwrap(), SOON).await.unwrap();
    let near = |error: PageError| match error {
        PageError::NotAsDescribed { near, .. } => near,
        other => panic!("{other}"),
    };
    let field = "{ css: \"div:nth-of-type(2) > input\" }";
    assert_eq!(near(page.click(token, SHORT).await.unwrap_err()), [field]);
    let long = "{ label: I have read the conditions of use }";
    assert_eq!(near(page.click(conditions, SHORT).await.unwrap_err())[0], long);

    let controls = page.controls().await;
    let listed = controls[0].controls.iter();
    let listed: Vec<_> =
        listed.map(|each| (each.kind, each.on, each.locator.as_ref().unwrap().written())).collect();
    let listed: Vec<_> = listed.iter().map(|(kind, on, locator)| (*kind, *on, locator.as_str())).collect();
    assert_eq!(
        listed,
        [
            (ControlKind::Field, None, field),
            (ControlKind::Image, None, "{ role: img, name: Scan me }"),
            (ControlKind::Toggle, Some(true), long),
            (ControlKind::Toggle, Some(false), "{ label: Reminders }"),
            (ControlKind::Button, None, "{ role: button, name: Save }"),
        ]
    );
}

/// A name that is a part of another one would find that one, should its own come late.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_a_part_of_another_name_is_named_as_a_whole() {
    let site = Site::page(
        "<label>New password <input type=password></label>\
         <label>New password (again) <input type=password></label><button>Save</button><button>Save all</button>\
         <a href=/x>Cancel</a>",
    )
    .await;
    let book = playbook(&site.url(), "", &["{ text: Cancel }"]);
    let browser = Browser::start().await;
    let page = browser.page(&book).await;
    page.open(&Url::parse(&site.url()).unwrap(), SOON).await.unwrap();
    // Until all of it is there.
    page.first_of(&[targets(&book)[0]], "the last", SOON).await.unwrap();
    let controls = page.controls().await;
    let named = controls[0].controls.iter().map(|each| each.locator.as_ref().unwrap().written());
    assert_eq!(
        named.collect::<Vec<_>>(),
        [
            "{ label: New password, exact: true }",
            "{ label: \"New password (again)\" }",
            "{ role: button, name: Save, exact: true }",
            "{ role: button, name: Save all }",
            "{ role: link, name: Cancel }",
        ]
    );
}
