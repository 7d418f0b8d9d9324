//! Origins that a deployment puts in place of a playbook's own.

use std::collections::BTreeMap;

/// Which origin stands in for which: `acme.app=http://127.0.0.1:5000` on the command line or in the configuration.
///
/// The URLs are held to the same rules as those in a playbook, when one is parsed with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OriginOverrides(BTreeMap<(String, String), String>);

impl OriginOverrides {
    /// No overrides.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts `url` in place of the origin `name` of `app`.
    pub fn insert(&mut self, app: &str, name: &str, url: &str) {
        self.0.insert((app.to_owned(), name.to_owned()), url.to_owned());
    }

    /// Adds an override as the command line gives it: `APP.NAME=URL`.
    ///
    /// # Errors
    /// If the text is not of that form; the message says what is missing.
    pub fn add(&mut self, text: &str) -> Result<(), String> {
        let wanted = || format!("`{text}` is not APP.NAME=URL, as in acme.app=https://acme.example");
        let (key, url) = text.split_once('=').ok_or_else(wanted)?;
        let (app, name) = key.split_once('.').ok_or_else(wanted)?;
        if app.is_empty() || name.is_empty() || url.is_empty() {
            return Err(wanted());
        }
        self.insert(app, name, url);
        Ok(())
    }

    /// The URL in place of the origin `name` of `app`.
    pub fn get(&self, app: &str, name: &str) -> Option<&str> {
        let url = self.0.get(&(app.to_owned(), name.to_owned()))?;
        Some(url)
    }

    /// The names overridden for `app`, with their URLs.
    pub fn of_app<'a>(&'a self, app: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .iter()
            .filter(move |((of, _), _)| of == app)
            .map(|((_, name), url)| (name.as_str(), url.as_str()))
    }
}
