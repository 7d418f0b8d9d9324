//! The sealing of one record.
//!
//! ```text
//! format (1) │ key nonce (24) │ wrapped data key (32 + 16) │ nonce (24) │ ciphertext + tag (n + 16)
//! ```
//!
//! Each record has a data key of its own, wrapped by the master key; both layers are XChaCha20-Poly1305
//! with random nonces, and both are bound to what the record is ([`Binding`]).

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::MasterKey;
use crate::job::AccountRef;
use crate::store::CandidateKind;

const FORMAT: u8 = 1;
const NONCE: usize = 24;
const KEY: usize = 32;
const TAG: usize = 16;
const HEAD: usize = 1 + NONCE + KEY + TAG + NONCE;

/// What a record is. A record that is moved to another place does not open there.
#[derive(Debug, Clone, Copy)]
pub(super) enum Binding<'a> {
    /// A row of the candidate ledger.
    Candidate { account: &'a AccountRef, kind: CandidateKind, version: u32, id: Uuid },
    /// A message that has come for a managed address.
    Message { id: Uuid, address: &'a str },
    /// The value that tells whether this is the key that the database was sealed with.
    KeyCheck,
}

/// The record does not open. Why is not known: that is how the cipher is made.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DoesNotOpen;

impl Binding<'_> {
    /// The associated data of one layer: every part with its length before it, so that no two bindings
    /// read the same.
    fn bytes(&self, layer: &str) -> Vec<u8> {
        let (name, account, kind, version, id) = match self {
            Self::Candidate { account, kind, version, id } => {
                ("candidate", account.to_string(), kind.as_str(), *version, *id)
            }
            Self::Message { id, address } => ("message", (*address).to_owned(), "", 0, *id),
            Self::KeyCheck => ("key-check", String::new(), "", 0, Uuid::nil()),
        };
        let mut bytes = vec![FORMAT];
        let version = version.to_be_bytes();
        let parts: [&[u8]; 6] =
            [layer.as_bytes(), name.as_bytes(), account.as_bytes(), kind.as_bytes(), &version, id.as_bytes()];
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        bytes
    }
}

/// Seals a secret.
///
/// # Errors
/// When the system gives no random bytes.
pub(super) fn seal(
    master: &MasterKey,
    binding: Binding<'_>,
    secret: &[u8],
) -> Result<Vec<u8>, getrandom::Error> {
    let mut data_key = Zeroizing::new([0; KEY]);
    let mut nonces = [[0; NONCE]; 2];
    getrandom::fill(data_key.as_mut_slice())?;
    getrandom::fill(nonces.as_flattened_mut())?;

    let mut sealed = Vec::with_capacity(HEAD + secret.len() + TAG);
    sealed.push(FORMAT);
    sealed.extend_from_slice(&nonces[0]);
    sealed.extend_from_slice(&lock(master.expose(), &nonces[0], &binding.bytes("key"), data_key.as_slice()));
    sealed.extend_from_slice(&nonces[1]);
    sealed.extend_from_slice(&lock(&data_key, &nonces[1], &binding.bytes("secret"), secret));
    Ok(sealed)
}

/// Opens a sealed record.
pub(super) fn open(
    master: &MasterKey,
    binding: Binding<'_>,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
    let (format, rest) = sealed.split_first().ok_or(DoesNotOpen)?;
    if *format != FORMAT {
        return Err(DoesNotOpen);
    }
    let (key_nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or(DoesNotOpen)?;
    let (wrapped, rest) = rest.split_first_chunk::<{ KEY + TAG }>().ok_or(DoesNotOpen)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(DoesNotOpen)?;

    let unwrapped = unlock(master.expose(), key_nonce, &binding.bytes("key"), wrapped)?;
    let data_key = unwrapped.first_chunk::<KEY>().ok_or(DoesNotOpen)?;
    unlock(data_key, nonce, &binding.bytes("secret"), ciphertext)
}

fn lock(key: &[u8; KEY], nonce: &[u8; NONCE], bound_to: &[u8], secret: &[u8]) -> Vec<u8> {
    let payload = Payload { msg: secret, aad: bound_to };
    #[expect(clippy::expect_used, reason = "fails only beyond 256 GiB")]
    XChaCha20Poly1305::new(key.into()).encrypt(&XNonce::from(*nonce), payload).expect("a short message")
}

fn unlock(
    key: &[u8; KEY],
    nonce: &[u8; NONCE],
    bound_to: &[u8],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
    let payload = Payload { msg: ciphertext, aad: bound_to };
    XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(*nonce), payload)
        .map(Zeroizing::new)
        .map_err(|_| DoesNotOpen)
}
