use secrecy::SecretString;
use url::{Url, form_urlencoded};

use super::resolve::bad_url;
use super::{ConfigError, Environment, Raw, Source};

/// Where traces go, and what is said there of this service: Turnlock's own setting, or OpenTelemetry's variables.
#[derive(Debug, Clone)]
pub struct Traces {
    /// What spans are posted to.
    pub url: Url,
    /// Headers that go along, such as a token.
    pub headers: Vec<(String, SecretString)>,
    /// What is said of this service.
    pub resource: Vec<(String, String)>,
}

impl Traces {
    /// What setting and variables say together; `None` where nobody wants any.
    pub(super) fn understood(
        endpoint: Option<&Raw>,
        environment: &Environment,
    ) -> Result<Option<Self>, ConfigError> {
        let of = |name| environment.get(name);
        if of("OTEL_SDK_DISABLED") == Some("true") || of("OTEL_TRACES_EXPORTER") == Some("none") {
            return Ok(None);
        }
        let own = endpoint.and_then(|raw| Some((raw.values.last()?.as_str(), raw.source.clone())));
        let variable = |name: &'static str| of(name).map(|url| (url, Source::Foreign(name)));
        let (url, at, whole) = match (own, variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")) {
            (Some((url, at)), _) => (url, at, false),
            (None, Some((url, at))) => (url, at, true),
            (None, None) => match variable("OTEL_EXPORTER_OTLP_ENDPOINT") {
                Some((url, at)) => (url, at, false),
                None => return Ok(None),
            },
        };
        let hint =
            "write the URL of a collector that takes OTLP over HTTP, for example http://127.0.0.1:4318";
        let mut read = Url::parse(url).map_err(|_| bad_url(&at, url, hint))?;
        if !matches!(read.scheme(), "http" | "https") || !read.has_host() {
            return Err(bad_url(&at, url, hint));
        }
        if !whole {
            let path = format!("{}/v1/traces", read.path().trim_end_matches('/'));
            read.set_path(&path);
        }
        let pairs = |name| of(name).map(pairs).unwrap_or_default();
        let mut headers = pairs("OTEL_EXPORTER_OTLP_HEADERS");
        headers.extend(pairs("OTEL_EXPORTER_OTLP_TRACES_HEADERS"));
        let mut resource = pairs("OTEL_RESOURCE_ATTRIBUTES");
        if let Some(name) = of("OTEL_SERVICE_NAME") {
            resource.retain(|(key, _)| key != "service.name");
            resource.push(("service.name".to_owned(), name.to_owned()));
        }
        if !resource.iter().any(|(key, _)| key == "service.name") {
            resource.push(("service.name".to_owned(), "turnlock".to_owned()));
        }
        resource.push(("service.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()));
        let headers = headers.into_iter().map(|(name, value)| (name, value.into())).collect();
        Ok(Some(Self { url: read, headers, resource }))
    }
}

/// `NAME=VALUE,…`, with escapes as in URLs.
fn pairs(text: &str) -> Vec<(String, String)> {
    let one = |part: &str| {
        let (name, value) = part.split_once('=')?;
        // What a form would read otherwise than a header does.
        let value = value.trim().replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
        let (value, _) = form_urlencoded::parse(value.as_bytes()).next()?;
        Some((name.trim().to_owned(), value.into_owned()))
    };
    text.split(',').filter_map(one).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::config::{Config, Layer};

    fn traces<const N: usize>(variables: [(&str, &str); N]) -> Result<Option<Traces>, String> {
        let mut all = vec![("HOME", "/nowhere")];
        all.extend(variables);
        let environment = all.into_iter().fold(Environment::of("/nowhere", []), Environment::with);
        let config = Config::resolve(Layer::new(), None, &environment);
        config.map(|config| config.traces).map_err(|error| error.to_string())
    }

    #[test]
    fn the_variables_of_opentelemetry_are_heeded() {
        assert!(traces([]).unwrap().is_none());
        let base = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/");
        let found = traces([
            base,
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic%20aHVudGVyMg==, x-scope = a"),
            ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test,service.name=other"),
            ("OTEL_SERVICE_NAME", "logins"),
        ]);
        let found = found.unwrap().unwrap();
        assert_eq!(found.url.as_str(), "http://collector:4318/v1/traces");
        let headers: Vec<_> =
            found.headers.iter().map(|(name, value)| (&**name, value.expose_secret())).collect();
        assert_eq!(headers, [("authorization", "Basic aHVudGVyMg=="), ("x-scope", "a")]);
        let named = |key: &str| {
            found.resource.iter().filter(|(name, _)| name == key).map(|(_, v)| &**v).collect::<Vec<_>>()
        };
        assert_eq!((named("service.name"), named("deployment.environment")), (vec!["logins"], vec!["test"]));
        assert!(!format!("{found:?}").contains("aHVudGVyMg"));

        let own = ("TURNLOCK_OTLP_ENDPOINT", "https://o.example/otlp");
        assert_eq!(traces([base, own]).unwrap().unwrap().url.as_str(), "https://o.example/otlp/v1/traces");
        let whole = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://t.example/x");
        assert_eq!(traces([base, whole]).unwrap().unwrap().url.as_str(), "http://t.example/x");
        assert!(traces([base, ("OTEL_SDK_DISABLED", "true")]).unwrap().is_none());
        assert!(traces([base, ("OTEL_TRACES_EXPORTER", "none")]).unwrap().is_none());
        let error = traces([("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317")]).unwrap_err();
        assert!(
            error.starts_with("OTEL_EXPORTER_OTLP_ENDPOINT is `collector:4317`: write the URL"),
            "{error}"
        );
    }
}
