//! A page of a real browser, opened on a site, with steps in a word each.

use secrecy::ExposeSecret;
use turnlock::browser::{Guide, Page, PageError, Typed};
use turnlock::playbook::{Playbook, Target};
use url::Url;

use super::{Browser, SOON, guide, playbook, targets};

/// A page, and a playbook that its targets are read by.
pub struct Stage {
    pub page: Page,
    pub url: String,
    extra: String,
    pub browser: Browser,
}

impl Stage {
    /// `extra` is what the playbook says after its first origin: more origins, indented, frames, interruptions.
    pub async fn set(url: &str, extra: &str) -> Self {
        let browser = Browser::start().await;
        let page = browser.page(&playbook(url, extra, &[])).await;
        Self { page, url: url.to_owned(), extra: extra.to_owned(), browser }
    }

    /// The same, with the page opened.
    pub async fn open(url: &str) -> Self {
        let stage = Self::set(url, "").await;
        stage.goto("/").await.unwrap();
        stage
    }

    pub fn book(&self, target: &str) -> Playbook {
        playbook(&self.url, &self.extra, &[target])
    }

    pub async fn goto(&self, path: &str) -> Result<(), PageError> {
        self.page.open(&Url::parse(&self.url).unwrap().join(path).unwrap(), SOON).await
    }

    pub fn guide(&self) -> Guide {
        guide(&playbook(&self.url, &self.extra, &[]))
    }

    pub fn target(&self, target: &str) -> Target {
        targets(&self.book(target))[0].clone()
    }

    pub async fn click(&self, target: &str) -> Result<(), PageError> {
        self.page.click(&self.target(target), SOON).await
    }

    pub async fn check(&self, target: &str, on: bool) -> Result<(), PageError> {
        self.page.check(&self.target(target), on, SOON).await
    }

    pub async fn fill(&self, target: &str, text: &str) -> Result<(), PageError> {
        self.page.fill(&self.target(target), Typed::Plain(text), SOON).await
    }

    pub async fn fill_secret(&self, target: &str, text: &str) -> Result<(), PageError> {
        self.page.fill(&self.target(target), Typed::Secret(&text.into()), SOON).await
    }

    /// What the element says or holds.
    pub async fn text(&self, target: &str) -> String {
        let text = self.page.read_text(&self.target(target), SOON).await.unwrap();
        text.expose_secret().trim().to_owned()
    }

    /// Waits until the target is visible.
    pub async fn see(&self, target: &str) -> Result<(), PageError> {
        self.page.first_of(&[&self.target(target)], target, SOON).await.map(drop)
    }

    /// The failure of a look that is given no time to wait for anything.
    pub async fn unseen(&self, target: &str) -> String {
        self.page.read_text(&self.target(target), BRIEFLY).await.unwrap_err().to_string()
    }
}

/// Long enough on a busy machine for a look at what is there already, and for a button to stand still.
pub const BRIEFLY: std::time::Duration = std::time::Duration::from_millis(1500);
