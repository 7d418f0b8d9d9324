//! Time-based one-time passwords (RFC 6238).

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretBox, SecretString};
use zeroize::Zeroizing;

/// A code with this many whole seconds to live, or fewer, is not worth typing: the clock is read in whole
/// seconds, so that less than 3 seconds may be left of 3.
const TOO_SHORT_TO_TYPE: u64 = 3;

/// The hash that an authenticator uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// HMAC-SHA-1, what nearly every app uses.
    #[default]
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

/// A TOTP secret with everything needed to make codes of it. Prints nothing of the secret.
pub struct TotpSecret {
    key: SecretBox<[u8]>,
    pub(super) algorithm: Algorithm,
    pub(super) digits: u8,
    pub(super) period: u64,
    pub(super) issuer: Option<String>,
    pub(super) label: Option<String>,
}

/// One code.
#[derive(Debug)]
pub struct Code {
    /// What to type.
    pub digits: SecretString,
    /// The time step it belongs to: unix time divided by the period.
    pub step: u64,
    /// How long the code holds, counted from the whole second that was asked for.
    pub expires_in: Duration,
}

/// Whether a code may be typed now.
#[derive(Debug)]
pub enum Usable {
    /// Yes, this one.
    Now(Code),
    /// Not before this unix time, in seconds; ask again then.
    At(u64),
}

/// Why a text is no TOTP secret. Says nothing of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TotpError {
    /// A character outside of base32.
    #[error(
        "character {position} of the TOTP secret is not base32 (A to Z, 2 to 7): was the right element read?"
    )]
    NotBase32 {
        /// Counted from 1 in the text as given.
        position: usize,
    },
    /// Too short or too long to be a key.
    #[error("the TOTP secret has {bytes} bytes; 8 to 256 make sense: was the right element read?")]
    Length {
        /// Length of the decoded key.
        bytes: usize,
    },
    /// Not an `otpauth://` address.
    #[error("not an otpauth:// address: {reason}")]
    NotOtpauth {
        /// What is amiss.
        reason: &'static str,
    },
    /// A kind of one-time password that depends on more than the time.
    #[error("the address asks for `{kind}` codes; only time-based ones (`totp`) can be made")]
    NotTimeBased {
        /// `hotp`, for example.
        kind: String,
    },
    /// A parameter with a value that cannot be used.
    #[error("the otpauth address has {name}={value}; {expected} is possible")]
    Parameter {
        /// The parameter: `algorithm`, `digits` or `period`.
        name: &'static str,
        /// Its value.
        value: String,
        /// The possible values.
        expected: &'static str,
    },
}

impl TotpSecret {
    /// The usual settings (SHA-1, six digits, 30 seconds) with a secret as apps show it for typing: base32 in
    /// any grouping, upper or lower case, with or without padding.
    ///
    /// # Errors
    /// When the text is not base32, or no sensible key.
    pub fn from_text(text: &str) -> Result<Self, TotpError> {
        Self::from_key(&base32_decode(text)?)
    }

    /// The usual settings with a raw key.
    ///
    /// # Errors
    /// When the key is shorter than 8 or longer than 256 bytes. (RFC 4226 asks for 16, but keys of 10 are common.)
    pub fn from_key(key: &[u8]) -> Result<Self, TotpError> {
        if !(8..=256).contains(&key.len()) {
            return Err(TotpError::Length { bytes: key.len() });
        }
        Ok(Self {
            key: SecretBox::new(key.into()),
            algorithm: Algorithm::default(),
            digits: 6,
            period: 30,
            issuer: None,
            label: None,
        })
    }

    /// With another hash.
    #[must_use]
    pub fn with_algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// With another number of digits.
    ///
    /// # Errors
    /// Unless it is 6, 7 or 8.
    pub fn with_digits(mut self, digits: u8) -> Result<Self, TotpError> {
        if !(6..=8).contains(&digits) {
            return Err(TotpError::Parameter {
                name: "digits",
                value: digits.to_string(),
                expected: "6, 7 or 8",
            });
        }
        self.digits = digits;
        Ok(self)
    }

    /// With another period, in seconds.
    ///
    /// # Errors
    /// Unless it is within 5 seconds and a day; of a shorter one no code could be typed in time.
    pub fn with_period(mut self, period: u64) -> Result<Self, TotpError> {
        if !(5..=86_400).contains(&period) {
            return Err(TotpError::Parameter {
                name: "period",
                value: period.to_string(),
                expected: "5 to 86400 seconds",
            });
        }
        self.period = period;
        Ok(self)
    }

    /// The hash.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Digits of a code.
    #[must_use]
    pub fn digits(&self) -> u8 {
        self.digits
    }

    /// Seconds that a code holds.
    #[must_use]
    pub fn period(&self) -> u64 {
        self.period
    }

    /// Who issued the secret, as its `otpauth` address said.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The account's name, as its `otpauth` address said.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// The secret in base32 without padding, as a person would type it: to be hidden wherever it shows.
    #[must_use]
    pub fn base32(&self) -> SecretString {
        SecretString::from(data_encoding::BASE32_NOPAD.encode(self.key.expose_secret()))
    }

    /// The code at a unix time.
    #[must_use]
    pub fn code_at(&self, unix_seconds: u64) -> Code {
        // Unchecked, because its checks refuse the 80-bit secrets that many apps give out.
        let totp = totp_rs::Builder::new()
            .with_algorithm(match self.algorithm {
                Algorithm::Sha1 => totp_rs::Algorithm::SHA1,
                Algorithm::Sha256 => totp_rs::Algorithm::SHA256,
                Algorithm::Sha512 => totp_rs::Algorithm::SHA512,
            })
            .with_digits(self.digits)
            .with_step_duration(self.period)
            .with_secret(self.key.expose_secret().to_vec())
            .build_noncompliant();
        Code {
            digits: SecretString::from(totp.generate(unix_seconds).to_string()),
            step: unix_seconds / self.period,
            expires_in: Duration::from_secs(self.period - unix_seconds % self.period),
        }
    }

    /// The code to type at a unix time, or when to ask again: a code about to expire is not typed, nor one
    /// of a step that was used already (apps refuse it the second time).
    #[must_use]
    pub fn next_usable(&self, unix_seconds: u64, last_used_step: Option<u64>) -> Usable {
        let code = self.code_at(unix_seconds);
        if let Some(used) = last_used_step.filter(|&used| used >= code.step) {
            return Usable::At(used.saturating_add(1).saturating_mul(self.period));
        }
        if code.expires_in.as_secs() <= TOO_SHORT_TO_TYPE {
            return Usable::At((code.step + 1) * self.period);
        }
        Usable::Now(code)
    }
}

impl Clone for TotpSecret {
    fn clone(&self) -> Self {
        Self {
            key: SecretBox::new(self.key.expose_secret().into()),
            algorithm: self.algorithm,
            digits: self.digits,
            period: self.period,
            issuer: self.issuer.clone(),
            label: self.label.clone(),
        }
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TotpSecret")
            .field("algorithm", &self.algorithm)
            .field("digits", &self.digits)
            .field("period", &self.period)
            .finish_non_exhaustive()
    }
}

/// Base32 as people copy it. Bits left over at the end are dropped, as authenticator apps do, since some
/// apps give out secrets of a length that no encoder would make.
fn base32_decode(text: &str) -> Result<Zeroizing<Vec<u8>>, TotpError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let (mut bits, mut held) = (0_u16, 0_u32);
    for (index, c) in text.chars().enumerate() {
        let value = match c.to_ascii_uppercase() {
            c @ 'A'..='Z' => c as u16 - 'A' as u16,
            c @ '2'..='7' => c as u16 - '2' as u16 + 26,
            c if c.is_whitespace() || "-.=_·\u{200b}\u{2010}\u{2011}\u{2013}".contains(c) => continue,
            _ => return Err(TotpError::NotBase32 { position: index + 1 }),
        };
        bits = bits << 5 | value;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held).to_le_bytes()[0]);
            bits &= (1 << held) - 1;
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn digits(code: &Code) -> &str {
        code.digits.expose_secret()
    }

    /// RFC 6238, appendix B.
    #[test]
    fn gives_the_codes_of_the_rfc() {
        let vectors = [
            (59, ["94287082", "46119246", "90693936"]),
            (1_111_111_109, ["07081804", "68084774", "25091201"]),
            (1_111_111_111, ["14050471", "67062674", "99943326"]),
            (1_234_567_890, ["89005924", "91819424", "93441116"]),
            (2_000_000_000, ["69279037", "90698825", "38618901"]),
            (20_000_000_000, ["65353130", "77737706", "47863826"]),
        ];
        let digits_of_key = "1234567890".repeat(7);
        for (time, codes) in vectors {
            let hashes = [(Algorithm::Sha1, 20), (Algorithm::Sha256, 32), (Algorithm::Sha512, 64)];
            for ((algorithm, length), expected) in hashes.into_iter().zip(codes) {
                let secret = TotpSecret::from_key(&digits_of_key.as_bytes()[..length])
                    .and_then(|secret| secret.with_algorithm(algorithm).with_digits(8))
                    .unwrap();
                assert_eq!(digits(&secret.code_at(time)), expected, "{algorithm:?} at {time}");
            }
        }
    }

    #[test]
    fn reads_secrets_as_apps_show_them() {
        // The key is "Hello!" and 0xDEADBEEF: 80 bits.
        let key = b"Hello!\xde\xad\xbe\xef";
        for text in [
            "JBSWY3DPEHPK3PXP",
            "jbsw y3dp ehpk 3pxp",
            "JBSW-Y3DP-EHPK-3PXP",
            "  jbswy3dp.ehpk3pxp\n",
            "JBSW\u{a0}Y3DP\u{a0}EHPK\u{a0}3PXP====",
            "JBSWY3DPEHPK3PXPA",
        ] {
            let secret = TotpSecret::from_text(text).unwrap();
            assert_eq!(secret.key.expose_secret(), key, "{text}");
            assert_eq!(secret.base32().expose_secret(), "JBSWY3DPEHPK3PXP");
        }
        // Lengths that need padding.
        for length in 8..=40 {
            let key: Vec<u8> = (0..length).map(|n: u8| n.wrapping_mul(7)).collect();
            let text = data_encoding::BASE32.encode(&key);
            assert_eq!(TotpSecret::from_text(&text).unwrap().key.expose_secret(), key);
        }
    }

    #[test]
    fn refuses_what_is_no_secret() {
        for (text, error) in [
            ("JBSWY3DPEHPK3PX1", TotpError::NotBase32 { position: 16 }),
            ("Clé", TotpError::NotBase32 { position: 3 }),
            ("copy", TotpError::Length { bytes: 2 }),
            ("", TotpError::Length { bytes: 0 }),
        ] {
            assert_eq!(TotpSecret::from_text(text).unwrap_err(), error);
        }
        let secret = TotpSecret::from_text("JBSWY3DPEHPK3PXP").unwrap();
        assert!(secret.clone().with_digits(9).is_err());
        assert!(secret.clone().with_period(2).is_err());
        assert!(!format!("{secret:?}{:?}", secret.code_at(0)).contains("JBSW"));
        assert!(!format!("{:?}", secret.code_at(0)).contains(digits(&secret.code_at(0))));
    }

    #[test]
    fn types_no_code_about_to_expire_and_none_twice() {
        let secret = TotpSecret::from_text("JBSWY3DPEHPK3PXP").unwrap();
        let at = |time, used| match secret.next_usable(time, used) {
            Usable::Now(code) => Ok(code.step),
            Usable::At(time) => Err(time),
        };
        assert_eq!(at(300, None), Ok(10));
        assert_eq!(at(326, None), Ok(10));
        for time in 327..330 {
            assert_eq!(at(time, None), Err(330));
        }
        assert_eq!(at(330, None), Ok(11));
        assert_eq!(at(310, Some(9)), Ok(10));
        assert_eq!(at(310, Some(10)), Err(330));
        assert_eq!(at(329, Some(10)), Err(330));
        assert_eq!(at(310, Some(11)), Err(360));
        assert_eq!(secret.code_at(310).expires_in, Duration::from_secs(20));
        // The time that is named is one at which a code may be typed, even of the shortest period.
        let quick = secret.clone().with_period(5).unwrap();
        for time in 0..20 {
            if let Usable::At(later) = quick.next_usable(time, Some(0)) {
                assert!(matches!(quick.next_usable(later, Some(0)), Usable::Now(_)), "{time}");
            }
        }
    }
}
