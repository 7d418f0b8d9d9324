//! How a code, or a decision, gets from the person who has it to the attempt that waits for it: sealed for that one question, so that
//! whatever carries it sees ciphertext only.
//!
//! HPKE (RFC 9180) in its base mode. The attempt makes a key pair for the question and publishes the public half with it;
//! the other half stays in the memory of the worker.

use std::fmt;

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::{Kem, X25519HkdfSha256};
use hpke::{Deserializable, OpModeR, OpModeS, Serializable, single_shot_open, single_shot_seal};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;
use zeroize::Zeroizing;

/// What the seal is for, so that nothing sealed for another purpose opens.
const PURPOSE: &[u8] = b"turnlock: the answer to a question, 1";

/// No code is longer, in characters.
const LONGEST: usize = 64;

type Private = <X25519HkdfSha256 as Kem>::PrivateKey;
type Public = <X25519HkdfSha256 as Kem>::PublicKey;
type Encapped = <X25519HkdfSha256 as Kem>::EncappedKey;

/// A code that a person has given.
#[derive(Debug)]
pub struct GivenCode(SecretString);

/// What was given is no code. Does not show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("that is no code: it has digits, letters and dashes, at most 64, as the app shows or sends it")]
pub struct NoCode;

/// What was given cannot be sealed, for the question's key is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the question's key is none that a code could be sealed for")]
pub struct BadKey;

/// The half of a question's key pair that opens its answer.
pub struct Opener {
    question: Uuid,
    private: Private,
    public: Vec<u8>,
}

impl GivenCode {
    /// Reads it as people write or paste it: spaces do not count. A code has a digit, a dash or capitals alone: words are none,
    /// for what is given here is masked in all that its worker writes.
    ///
    /// # Errors
    /// [`NoCode`].
    pub fn read(text: &str) -> Result<Self, NoCode> {
        let code: Zeroizing<String> = Zeroizing::new(text.chars().filter(|c| !c.is_whitespace()).collect());
        let of_a_code = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let is_no_word = code.chars().any(|c| c.is_ascii_digit() || c == '-')
            || (code.len() >= 6 && code.chars().all(|c| c.is_ascii_uppercase()));
        let fine = (1..=LONGEST).contains(&code.len()) && code.chars().all(of_a_code) && is_no_word;
        if fine { Ok(Self(SecretString::from(code.as_str()))) } else { Err(NoCode) }
    }

    /// Seals it for the question of this id with this public key.
    ///
    /// # Errors
    /// [`BadKey`].
    pub fn seal(&self, question: Uuid, public: &[u8]) -> Result<Vec<u8>, BadKey> {
        seal(self.0.expose_secret(), question, public)
    }
}

/// Seals an answer, of 64 characters at most, for the question of this id with this public key.
///
/// # Errors
/// [`BadKey`].
pub fn seal(answer: &str, question: Uuid, public: &[u8]) -> Result<Vec<u8>, BadKey> {
    let public = Public::from_bytes(public).map_err(|_| BadKey)?;
    // All are of one length, which so says nothing of the answer.
    let padded = Zeroizing::new(format!("{answer:LONGEST$}"));
    let (encapped, sealed) = single_shot_seal::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &public,
        PURPOSE,
        padded.as_bytes(),
        question.as_bytes(),
    )
    .map_err(|_| BadKey)?;
    Ok([encapped.to_bytes().as_slice(), &sealed].concat())
}

impl Opener {
    /// A new key pair for the question of this id.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new(question: Uuid) -> Result<Self, getrandom::Error> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice())?;
        let (private, public) = X25519HkdfSha256::derive_keypair(seed.as_slice());
        Ok(Self { question, private, public: public.to_bytes().to_vec() })
    }

    /// The half that answers are sealed for.
    #[must_use]
    pub fn public(&self) -> &[u8] {
        &self.public
    }

    /// Opens the answer; `None` if it was sealed for another question, or altered.
    #[must_use]
    pub fn open(&self, sealed: &[u8]) -> Option<SecretString> {
        let (encapped, sealed) = sealed.split_at_checked(Encapped::size())?;
        let encapped = Encapped::from_bytes(encapped).ok()?;
        let opened = single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &self.private,
            &encapped,
            PURPOSE,
            sealed,
            self.question.as_bytes(),
        );
        let opened = Zeroizing::new(opened.ok()?);
        Some(SecretString::from(std::str::from_utf8(&opened).ok()?.trim_end()))
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opener({})", self.question)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_the_question_it_was_given_for_opens_it() {
        let (id, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let opener = Opener::new(id).unwrap();
        let code = GivenCode::read(" 123 456\n").unwrap();
        let sealed = code.seal(id, opener.public()).unwrap();
        assert_eq!(opener.open(&sealed).unwrap().expose_secret(), "123456");
        assert!(Opener::new(id).unwrap().open(&sealed).is_none(), "another key");
        assert!(opener.open(&code.seal(other, opener.public()).unwrap()).is_none(), "another question");
        let mut altered = sealed.clone();
        altered[50] ^= 1;
        assert!(opener.open(&altered).is_none() && opener.open(&sealed[..20]).is_none());
        assert_ne!(sealed, code.seal(id, opener.public()).unwrap(), "two seals tell nothing of each other");
        let longer = GivenCode::read("svegw-wxzvz").unwrap().seal(id, opener.public()).unwrap();
        assert_eq!(sealed.len(), longer.len());
        assert_eq!(code.seal(id, b"no key").unwrap_err(), BadKey);
    }

    #[test]
    fn what_is_no_code() {
        for text in ["123456", "a1b2-c3", "svegw-wxzvz", "QWERTY"] {
            assert!(GivenCode::read(text).is_ok(), "{text:?}");
        }
        for text in [
            "",
            "  ",
            "\u{0}1",
            "12345\u{202e}6",
            "succeeded",
            "INFO",
            "acme/alice1",
            "\"a1\":",
            &"1".repeat(65),
        ] {
            assert_eq!(GivenCode::read(text).unwrap_err(), NoCode, "{text:?}");
        }
    }
}
