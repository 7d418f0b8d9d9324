use std::collections::BTreeMap;

use super::{ConfigError, Raw};

/// Where this deployment's apps are: app and origin name to the origin that stands in for the playbook's.
///
/// The values are texts as they were given; the playbook checks them as it checks its own origins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OriginOverrides(BTreeMap<String, BTreeMap<String, String>>);

impl OriginOverrides {
    /// The overrides of one app: origin name to origin.
    #[must_use]
    pub fn of_app(&self, app: &str) -> BTreeMap<String, String> {
        self.0.get(app).cloned().unwrap_or_default()
    }

    /// Every app that has overrides.
    pub fn apps(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Puts an override in place; a later one wins.
    pub fn set(&mut self, app: &str, name: &str, origin: &str) {
        self.0.entry(app.to_owned()).or_default().insert(name.to_owned(), origin.to_owned());
    }

    /// Takes in what a layer says, each text `APP.NAME=URL`.
    pub(super) fn take(&mut self, raw: &Raw) -> Result<(), ConfigError> {
        for text in &raw.values {
            let parts = text.split_once('=').and_then(|(at, url)| Some((at.split_once('.')?, url)));
            let bad = |hint: &str| ConfigError::BadValue {
                at: raw.source.clone(),
                value: text.clone(),
                hint: hint.to_owned(),
            };
            let Some(((app, name), origin)) = parts else {
                return Err(bad("write APP.NAME=URL, for example acme.app=http://127.0.0.1:5000"));
            };
            let url = url::Url::parse(origin.trim())
                .map_err(|error| bad(&format!("the part behind `=` is not a URL ({error})")))?;
            if !url.username().is_empty() || url.password().is_some() {
                return Err(ConfigError::BadValue {
                    at: raw.source.clone(),
                    value: format!("{app}.{name}=…"),
                    hint: "an origin holds no user name and no password".to_owned(),
                });
            }
            self.set(app.trim(), name.trim(), origin.trim());
        }
        Ok(())
    }
}
