use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{ConfigError, Key, Layer, Raw, Source};

/// The layer that the text of a config file says. Paths in it are taken from the file's own folder.
pub(super) fn parse(path: &Path, text: &str) -> Result<Layer, ConfigError> {
    let table = DeTable::parse(text)
        .map_err(|error| ConfigError::NotToml { path: path.to_owned(), reason: error.to_string() })?;
    let line_of = |at: usize| 1 + text[..at.min(text.len())].matches('\n').count();
    let mut layer = Layer::new();
    for (name, value) in table.get_ref() {
        let line = line_of(name.span().start);
        let key = Key::named(name.get_ref()).ok_or_else(|| unknown(path, line, name.get_ref()))?;
        let source = Source::File(path.to_owned(), line, key);
        let values = match (key, value.get_ref()) {
            (Key::Origins, DeValue::Table(origins)) => origins
                .iter()
                .map(|(name, url)| Ok(format!("{}={}", name.get_ref(), text_of(url, &source)?)))
                .collect::<Result<_, ConfigError>>()?,
            (_, DeValue::Array(items))
                if matches!(
                    key,
                    Key::Playbooks
                        | Key::Origins
                        | Key::InboxUrl
                        | Key::InboxAuthserv
                        | Key::NoticeTo
                        | Key::WebhookUrl
                ) =>
            {
                items.iter().map(|item| text_of(item, &source)).collect::<Result<_, _>>()?
            }
            _ => vec![text_of(value, &source)?],
        };
        layer.insert(
            key,
            Raw { values: values.into_iter().map(|v| from_here(path, key, v)).collect(), source },
        );
    }
    Ok(layer)
}

/// The candidate nearest to a misspelt name, if one is near enough to have been meant.
pub(super) fn closest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |candidate: &str| {
        let begun = candidate.starts_with(name) && name.len() > 3;
        if begun { 1 } else { strsim::osa_distance(name, candidate) }
    };
    let near =
        candidates.map(|candidate| (distance(candidate), candidate)).filter(|(distance, _)| *distance < 3);
    near.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

fn unknown(path: &Path, line: usize, name: &str) -> ConfigError {
    let names = || Key::ALL.iter().map(|key| key.as_str());
    let dashed = name.replace('-', "_");
    let hint = closest(&dashed, names()).map_or_else(
        || format!("the settings are {}", names().collect::<Vec<_>>().join(", ")),
        |meant| format!("did you mean `{meant}`?"),
    );
    ConfigError::UnknownKey { path: path.to_owned(), line, key: name.to_owned(), hint }
}

fn text_of(value: &Spanned<DeValue<'_>>, source: &Source) -> Result<String, ConfigError> {
    match value.get_ref() {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) => Ok(number.as_str().to_owned()),
        DeValue::Boolean(yes) => Ok(if *yes { "on" } else { "off" }.to_owned()),
        other => Err(ConfigError::BadValue {
            at: source.clone(),
            value: format!("of type {}", other.type_str()),
            hint: "write a text in quotes".to_owned(),
        }),
    }
}

fn from_here(file: &Path, key: Key, value: String) -> String {
    let Some(folder) = file.parent().filter(|_| key.is_path()) else { return value };
    folder.join(value).to_string_lossy().into_owned()
}
