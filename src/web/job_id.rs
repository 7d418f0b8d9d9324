use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

/// The longest key.
const LONGEST: usize = 200;

/// An `Idempotency-Key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'a>(&'a str);

impl<'a> Key<'a> {
    /// `None` if it is none.
    pub fn new(key: &'a str) -> Option<Self> {
        let fits = |c: char| c.is_ascii_graphic() || c == ' ';
        (!key.is_empty() && key.len() <= LONGEST && key.chars().all(fits)).then_some(Self(key))
    }
}

/// The job that a request with this key asks for, made from the key and from the caller's token: the same request sent twice is
/// one job, and no caller meets another's, whatever keys they choose.
pub fn of_key(key: &Key<'_>, token: Uuid) -> Uuid {
    id(Sha256::new().chain_update(token.as_bytes()).chain_update(key.0.as_bytes()))
}

/// The same of a request to submit `job` once more: with the same key, of another job, it is another request.
pub fn of_retry(key: &Key<'_>, job: Uuid, token: Uuid) -> Uuid {
    let of = Sha256::new().chain_update(token.as_bytes()).chain_update(job.as_bytes());
    // No key holds this, so that no submission is taken for it.
    id(of.chain_update([0]).chain_update(key.0.as_bytes()))
}

fn id(of: Sha256) -> Uuid {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&of.finalize()[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_key_means_one_job_of_one_caller() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let of = |key: &str, token| of_key(&Key::new(key).unwrap(), token);
        assert_eq!(of("order 7", one), of("order 7", one));
        assert_ne!(of("order 7", one), of("order 7", other));
        assert_ne!(of("order 7", one), of("order 8", one));
        let id = Uuid::now_v7();
        assert_ne!(of(&id.to_string(), one), id, "a key names no job of anybody else's");
        assert_eq!(Key::new("").or(Key::new("a\nb")).or(Key::new(&"x".repeat(201))), None);
        let key = Key::new("order 7").unwrap();
        assert_eq!(of_retry(&key, id, one), of_retry(&key, id, one));
        assert_ne!(of_retry(&key, id, one), of_retry(&key, other, one));
        assert_ne!(of_retry(&key, id, one), of_retry(&key, id, other));
        assert_ne!(of_retry(&key, id, one), of("order 7", one));
    }
}
