//! The signature of whoever shares a secret with Turnlock: `t=UNIX,v1=HEX`, where the second is the HMAC-SHA256 of the
//! time, a dot and the body.

use data_encoding::HEXLOWER_PERMISSIVE;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// How far the clock of whoever signs may be off, or the message under way.
const WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// Why a signature does not do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unsigned {
    /// It is not what the secret's holder would have written.
    Wrong,
    /// It is, but not now.
    Late,
}

/// Whether the holder of the secret has signed that body, about now.
pub(super) fn check(
    signature: &str,
    body: &[u8],
    secret: &SecretString,
    now: Timestamp,
) -> Result<(), Unsigned> {
    let mut time = None;
    let mut codes = Vec::new();
    for part in signature.split(',') {
        match part.trim().split_once('=') {
            Some(("t", text)) if time.is_none() => time = Some(text),
            Some(("v1", hex)) => codes.extend(HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok()),
            // Another version than ours may stand beside it; another time may not.
            Some(("t", _)) | None => return Err(Unsigned::Wrong),
            Some(_) => {}
        }
    }
    let time = time.ok_or(Unsigned::Wrong)?;
    let is_right = |code: &Vec<u8>| {
        // Any length of key will do.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else {
            return false;
        };
        mac.update(time.as_bytes());
        mac.update(b".");
        mac.update(body);
        // It compares in constant time.
        mac.verify_slice(code).is_ok()
    };
    if !codes.iter().any(is_right) {
        return Err(Unsigned::Wrong);
    }
    let time = time.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let off = now.duration_since(time.ok_or(Unsigned::Wrong)?);
    if off.abs() > WINDOW { Err(Unsigned::Late) } else { Ok(()) }
}
