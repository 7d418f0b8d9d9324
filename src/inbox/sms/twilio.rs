//! What Twilio sends, and whether it did.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;
use url::{Position, Url};

/// The fields of a form, in the order in which they came.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub fn parse(body: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(body).into_owned().collect())
    }

    /// The value of a field that is there once.
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut named = self.0.iter().filter(|(known, _)| known == name);
        let (_, value) = named.next().filter(|_| named.next().is_none())?;
        Some(value)
    }

    /// By what Twilio knows the message. What is signed has no bounds between names and values, so that whatever is longer
    /// may have swallowed the field behind it.
    pub fn id(&self) -> Option<&str> {
        let is_id = |id: &&str| {
            let digits = id.strip_prefix("SM").or_else(|| id.strip_prefix("MM"));
            digits.is_some_and(|hex| hex.len() == 32 && hex.bytes().all(|c| c.is_ascii_hexdigit()))
        };
        self.get("MessageSid").filter(is_id)
    }

    /// What Twilio signs beside the URL: each name and its value, sorted, what is there twice once.
    fn sorted(&self) -> Vec<&(String, String)> {
        let mut fields: Vec<_> = self.0.iter().collect();
        fields.sort();
        fields.dedup();
        fields
    }

    /// Whether the holder of one of the tokens sent this form to one of the URLs.
    pub fn is_signed(&self, signature: &str, urls: &[String], tokens: &[SecretString]) -> bool {
        let Ok(signature) = BASE64_STANDARD.decode(signature) else { return false };
        let fields = self.sorted();
        let by = |token: &SecretString, url: &String| {
            // Any length of key will do.
            let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token.expose_secret().as_bytes()) else {
                return false;
            };
            mac.update(url.as_bytes());
            for (name, value) in &fields {
                mac.update(name.as_bytes());
                mac.update(value.as_bytes());
            }
            // It compares in constant time.
            mac.verify_slice(&signature).is_ok()
        };
        tokens.iter().any(|token| urls.iter().any(|url| by(token, url)))
    }
}

/// The URLs that Twilio may have signed: as it was told, and, since it is of two minds about that, with the port
/// written out and without.
pub(super) fn signed_urls(told: &str) -> Vec<String> {
    let mut urls = vec![told.to_owned()];
    if let Ok(url) = Url::parse(told)
        && let Some(port) = url.port_or_known_default()
    {
        let (host, path) = (&url[..Position::AfterHost], &url[Position::BeforePath..]);
        urls.extend([format!("{host}{path}"), format!("{host}:{port}{path}")]);
    }
    urls
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
    const FORM: &str =
        "Digits=1234&To=%2B18005551212&From=%2B14158675309&Caller=%2B14158675309&CallSid=CA1234567890ABCDE";
    const SIGNATURE: &str = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";

    fn is_signed(form: &str, url: &str, signature: &str, token: &str) -> bool {
        let tokens = [SecretString::from("retired"), SecretString::from(token)];
        Form::parse(form.as_bytes()).is_signed(signature, &signed_urls(url), &tokens)
    }

    /// The example that Twilio documents, and that its own libraries are tested with.
    #[test]
    fn knows_the_documented_signatures() {
        assert!(is_signed(FORM, URL, SIGNATURE, "12345"));
        assert!(is_signed(FORM, &URL.replace(".com/", ".com:443/"), SIGNATURE, "12345"));
        let twice = "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234";
        assert!(is_signed(twice, URL, "IK+Dwps556ElfBT0I3Rgjkr1wJU=", "12345"));
    }

    #[test]
    fn an_id_is_whole_and_there_once() {
        let id = "SM0123456789abcdef0123456789abcdef";
        let of = |form: &str| Form::parse(form.as_bytes()).id().map(str::to_owned);
        assert_eq!(of(&format!("MessageSid={id}&NumMedia=0")).as_deref(), Some(id));
        for form in [
            format!("MessageSid={id}NumMedia0"),
            format!("MessageSid={id}&MessageSid={id}"),
            format!("MessageSid={}", &id[..33]),
            format!("MessageSid={}", id.replace("SM", "CA")),
            format!("MessageSid={}", id.replace('f', "g")),
            "From=x".to_owned(),
        ] {
            assert_eq!(of(&form), None, "{form}");
        }
    }

    #[test]
    fn refuses_all_others() {
        assert!(!is_signed(&FORM.replace("1234&", "1235&"), URL, SIGNATURE, "12345"));
        assert!(!is_signed(&format!("{FORM}&Body=x"), URL, SIGNATURE, "12345"));
        assert!(!is_signed(FORM, &URL.replace("https", "http"), SIGNATURE, "12345"));
        assert!(!is_signed(FORM, &URL.replace(".com/", ".com:8443/"), SIGNATURE, "1234"));
        assert!(!is_signed(FORM, URL, SIGNATURE, "1234"));
        for signature in ["", "FAIL", "not base64", "RSOYDt4T1cUTdK1PDd93"] {
            assert!(!is_signed(FORM, URL, signature, "12345"), "{signature}");
        }
        assert!(!Form::parse(FORM.as_bytes()).is_signed(SIGNATURE, &signed_urls(URL), &[]));
    }
}
