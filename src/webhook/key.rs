use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use uuid::Uuid;
use zeroize::Zeroizing;

/// What a secret begins with, so that people and scanners know it for one.
const PREFIX: &str = "whsec_";

/// How many bytes a secret has, as Standard Webhooks wants it.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// What messages to an endpoint are signed with; its receiver knows it too.
pub struct Key(Zeroizing<Vec<u8>>);

impl Key {
    /// Reads `whsec_…`, base64. Several may stand on lines of their own, while one takes the other's place.
    ///
    /// # Errors
    /// What is wrong with it; nothing of it is repeated.
    pub fn read_all(text: &SecretString) -> Result<Vec<Self>, &'static str> {
        let lines = text.expose_secret().lines().map(str::trim).filter(|line| !line.is_empty());
        let keys = lines.map(Self::read).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err("is empty: `turnlock webhook secret` makes one") } else { Ok(keys) }
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        let bad = "is no secret for webhooks, whsec_ and 24 to 64 bytes in base64: `turnlock webhook secret` makes one";
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX).ok_or(bad)?).map(Zeroizing::new);
        match bytes {
            Ok(bytes) if BYTES.contains(&bytes.len()) => Ok(Self(bytes)),
            _ => Err(bad),
        }
    }

    /// A new one, as it is written.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate() -> Result<SecretString, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *bytes)?;
        let text = Zeroizing::new(STANDARD.encode(*bytes));
        Ok(format!("{PREFIX}{}", *text).into())
    }

    /// What the header `webhook-signature` says of a message that is sent at this time.
    #[must_use]
    pub fn sign(&self, id: Uuid, at: Timestamp, body: &str) -> String {
        // Any length of key will do.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(format!("{id}.{}.{body}", at.as_second()).as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_signed_as_the_standard_has_it() {
        // Made by `hmac.new(b64decode(…), b"<id>.<time>.<body>", sha256)` of Python.
        let key = Key::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let signed = key.sign(Uuid::from_u128(1), at, r#"{"test": 2432232314}"#);
        assert_eq!(signed, EXPECTED);
    }

    const EXPECTED: &str = "v1,iCxWDzOB1td6pu5wFuJotaWTEKkcYodMae2NqIIaffg=";

    #[test]
    fn a_secret_is_read_and_a_bad_one_not_repeated() {
        let fresh = Key::generate().unwrap();
        assert_ne!(fresh.expose_secret(), Key::generate().unwrap().expose_secret());
        assert_eq!(Key::read_all(&fresh).unwrap().len(), 1);
        let two = format!("{}\n\n {}\n", fresh.expose_secret(), fresh.expose_secret());
        assert_eq!(Key::read_all(&two.into()).unwrap().len(), 2);
        for bad in ["", "hunter2", "whsec_aHVudGVyMg==", "whsec_hunter2!"] {
            let Err(error) = Key::read_all(&bad.into()) else { panic!("{bad} is taken") };
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
