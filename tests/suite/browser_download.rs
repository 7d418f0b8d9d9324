//! Files that a page offers: read when a step asks for them, refused otherwise, and never kept.

use std::path::Path;

use secrecy::ExposeSecret;
use turnlock::browser::PageError;

use crate::harness::{BRIEFLY, Reply, SOON, Site, Stage};

const CODES: &str = "3f9a1c2e77\r\nb81d04ee31\r\n";

/// The same codes, offered in every way that apps have.
fn offers() -> String {
    let blob = "const link = document.createElement('a');\
                link.href = window.URL.createObjectURL(new Blob([atob('M2Y5YTFjMmU3Nw0KYjgxZDA0ZWUzMQ0K')]));\
                link.download = 'codes.txt'; link.click()";
    format!(
        "<a href=/attached>Attached</a> <a href='data:text/plain,{}' download>In its address</a>\
         <button onclick=\"{blob}\">Made by a script</button>\
         <a href=/picture download>A picture</a> <a href=/large download>Large</a>\
          <button>Nothing</button>",
        CODES.replace("\r\n", "%0D%0A")
    )
}

fn file(kind: &str, body: impl Into<String>) -> Reply {
    let headers = vec![
        ("content-type", kind.to_owned()),
        ("content-disposition", "attachment; filename=codes.txt".to_owned()),
    ];
    Reply::Answer(200, headers, body.into())
}

async fn site() -> Site {
    Site::new(|request| match request.path.as_str() {
        "/attached" => file("text/plain", CODES),
        "/picture" => file("image/png", "\u{0}\u{1}"),
        "/large" => file("text/plain", "x".repeat(300_000)),
        _ => Reply::html(offers()),
    })
    .await
}

/// What of a download is left in the profile of the test's browser.
fn left(profiles: &Path) -> usize {
    let profiles = std::fs::read_dir(profiles).unwrap().flatten();
    let entries =
        profiles.flat_map(|profile| std::fs::read_dir(profile.path()).into_iter().flatten().flatten());
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("download-")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_read_however_the_page_offers_it_and_is_gone_after_that() {
    let site = site().await;
    let stage = Stage::open(&site.url()).await;
    for name in ["Attached", "In its address", "Made by a script"] {
        let target = stage.target(&format!("{{ text: {name} }}"));
        let text = stage.page.download(&target, SOON).await.unwrap();
        assert_eq!(text.expose_secret(), CODES, "{name}");
        assert_eq!(left(stage.browser.profiles.path()), 0, "{name}");
    }
    assert_eq!(stage.page.take_notes(), Vec::<String>::new());
    // Another one is refused as before.
    stage.click("{ text: Attached }").await.unwrap();
    stage.see("{ text: Attached }").await.unwrap();
    let refused = async || stage.page.take_notes() == ["a download was offered and refused"];
    crate::harness::fleet::until("the refusal", refused).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_list_of_codes_is_said() {
    let site = site().await;
    let stage = Stage::open(&site.url()).await;
    for (name, said) in [("A picture", "it is no text"), ("Large", "it has 300000 bytes")] {
        let target = stage.target(&format!("{{ text: {name} }}"));
        let error = stage.page.download(&target, SOON).await.unwrap_err();
        assert!(
            matches!(error, PageError::FieldRefused { .. }) && error.to_string().contains(said),
            "{error}"
        );
    }
    let error = stage.page.download(&stage.target("{ text: Nothing }"), BRIEFLY).await.unwrap_err();
    assert!(error.to_string().contains("no file was offered"), "{error}");
    assert_eq!(left(stage.browser.profiles.path()), 0);
}
