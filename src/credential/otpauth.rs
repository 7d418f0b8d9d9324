//! `otpauth://totp/…` addresses, as QR pictures and links hold them.

use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::totp::{Algorithm, TotpError, TotpSecret};

impl TotpSecret {
    /// Reads an `otpauth://totp/LABEL?secret=…` address. Parameters may come in any order; unknown ones are ignored.
    ///
    /// # Errors
    /// When it is another kind of address, for counter-based codes, without a secret, or asks for what no code has.
    pub fn from_uri(uri: &str) -> Result<Self, TotpError> {
        let not_otpauth = |reason| TotpError::NotOtpauth { reason };
        let uri = uri.trim();
        let rest = match uri.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("otpauth") => rest,
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("otpauth-migration") => {
                return Err(not_otpauth("it is an export of several accounts"));
            }
            _ => return Err(not_otpauth("it does not begin so")),
        };
        let (path, query) = rest.split_once('?').ok_or(not_otpauth("it has no parameters"))?;
        let query = query.split('#').next().unwrap_or_default();
        let (kind, label) = path.split_once('/').unwrap_or((path, ""));
        if !kind.eq_ignore_ascii_case("totp") {
            return Err(TotpError::NotTimeBased { kind: kind.to_owned() });
        }
        let mut secret = None;
        let (mut algorithm, mut digits, mut period, mut issuer) = (None, None, None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.to_ascii_lowercase().as_str() {
                "secret" => {
                    // Moved into a buffer that is wiped, where the decoder had to make one.
                    let text = Zeroizing::new(value.into_owned());
                    secret = Some(Self::from_text(&text)?);
                }
                "algorithm" => algorithm = Some(value.parse()?),
                "digits" => digits = Some(number("digits", &value, "6, 7 or 8")?),
                "period" => period = Some(number("period", &value, "5 to 86400 seconds")?),
                "issuer" if !value.is_empty() => issuer = Some(value.into_owned()),
                _ => {}
            }
        }
        let mut secret = secret
            .ok_or(not_otpauth("it has no secret"))?
            .with_algorithm(algorithm.unwrap_or_default())
            .with_digits(digits.unwrap_or(6))?
            .with_period(period.unwrap_or(30))?;
        let label = percent_decode(label);
        let (prefix, name) = match label.split_once(':') {
            Some((prefix, name)) => (Some(prefix.trim().to_owned()), name),
            None => (None, label.as_str()),
        };
        let name = name.trim();
        secret.issuer = issuer.or(prefix).filter(|issuer| !issuer.is_empty());
        secret.label = (!name.is_empty()).then(|| name.to_owned());
        Ok(secret)
    }

    /// The address that [`from_uri`](Self::from_uri) reads, with every setting spelled out: for sealing.
    #[must_use]
    pub fn to_uri(&self) -> SecretString {
        let mut label = percent_encode(self.label.as_deref().unwrap_or_default());
        let mut issuer = String::new();
        if let Some(name) = &self.issuer {
            let name = percent_encode(name);
            label = format!("{name}:{label}");
            issuer = format!("&issuer={name}");
        }
        SecretString::from(format!(
            "otpauth://totp/{label}?secret={}&algorithm={}&digits={}&period={}{issuer}",
            self.base32().expose_secret(),
            self.algorithm.name(),
            self.digits,
            self.period,
        ))
    }
}

impl Algorithm {
    /// `SHA1`, `SHA256` or `SHA512`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }
}

/// Also in the spellings `sha-256` and `HmacSHA256`.
impl FromStr for Algorithm {
    type Err = TotpError;

    fn from_str(text: &str) -> Result<Self, TotpError> {
        let plain = text.to_ascii_uppercase().replace(['-', '_'], "");
        match plain.strip_prefix("HMAC").unwrap_or(&plain) {
            "SHA1" => Ok(Self::Sha1),
            "SHA256" => Ok(Self::Sha256),
            "SHA512" => Ok(Self::Sha512),
            _ => Err(TotpError::Parameter {
                name: "algorithm",
                value: text.to_owned(),
                expected: "SHA1, SHA256 or SHA512",
            }),
        }
    }
}

fn number<T: FromStr>(name: &'static str, value: &str, expected: &'static str) -> Result<T, TotpError> {
    value.trim().parse().map_err(|_| TotpError::Parameter { name, value: value.to_owned(), expected })
}

fn percent_encode(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~@".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Unlike in a form, a `+` in a label is a plus.
fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).filter(|_| *first == b'%');
        let value = hex
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.push(value.unwrap_or(*first));
        rest = if value.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn reads_addresses_in_any_order() {
        let secret = TotpSecret::from_uri(
            "otpauth://totp/ACME%20Co:alice+test@example.com?period=60&image=https%3A%2F%2Fx&issuer=ACME%20Co&digits=8&algorithm=SHA256&secret=JBSWY3DPEHPK3PXP",
        )
        .unwrap();
        assert_eq!(secret.algorithm(), Algorithm::Sha256);
        assert_eq!((secret.digits(), secret.period()), (8, 60));
        assert_eq!(secret.issuer(), Some("ACME Co"));
        assert_eq!(secret.label(), Some("alice+test@example.com"));
        assert_eq!(secret.base32().expose_secret(), "JBSWY3DPEHPK3PXP");
    }

    #[test]
    fn fills_in_what_is_usual() {
        let secret = TotpSecret::from_uri(" otpauth://TOTP/alice?secret=jbswy3dpehpk3pxp ").unwrap();
        assert_eq!(secret.algorithm(), Algorithm::Sha1);
        assert_eq!((secret.digits(), secret.period()), (6, 30));
        assert_eq!((secret.issuer(), secret.label()), (None, Some("alice")));
        let bare =
            TotpSecret::from_uri("otpauth://totp?secret=JBSWY3DPEHPK3PXP&algorithm=HmacSHA512").unwrap();
        assert_eq!(bare.algorithm(), Algorithm::Sha512);
        assert_eq!(bare.label(), None);
    }

    #[test]
    fn writes_what_it_reads() {
        for uri in [
            "otpauth://totp/ACME%20Co:alice@example.com?secret=JBSWY3DPEHPK3PXP&algorithm=SHA512&digits=7&period=45&issuer=ACME%20Co",
            "otpauth://totp/?secret=JBSWY3DPEHPK3PXP&algorithm=SHA1&digits=6&period=30",
            "otpauth://totp/%C3%A4%25?secret=JBSWY3DPEHPK3PXP&algorithm=SHA1&digits=6&period=30",
        ] {
            let secret = TotpSecret::from_uri(uri).unwrap();
            assert_eq!(secret.to_uri().expose_secret(), uri);
        }
    }

    #[test]
    fn refuses_what_it_cannot_make_codes_of() {
        for (uri, part) in [
            ("https://example.com", "does not begin so"),
            ("otpauth-migration://offline?data=x", "several accounts"),
            ("otpauth://totp/alice", "no parameters"),
            ("otpauth://totp/alice?issuer=x", "no secret"),
            ("otpauth://hotp/alice?secret=JBSWY3DPEHPK3PXP&counter=1", "asks for `hotp` codes"),
            ("otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&digits=10", "digits=10; 6, 7 or 8"),
            ("otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&digits=x", "digits=x"),
            ("otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&period=0", "period=0"),
            ("otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&algorithm=MD5", "algorithm=MD5"),
            ("otpauth://totp/a?secret=JBSWY3DP!", "not base32"),
        ] {
            let error = TotpSecret::from_uri(uri).unwrap_err().to_string();
            assert!(error.contains(part), "{uri}: {error}");
            assert!(!error.contains("JBSW"), "{error}");
        }
    }
}
