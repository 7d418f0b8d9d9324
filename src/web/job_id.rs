use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

/// The longest key.
const LONGEST: usize = 200;

/// The job that a request with this `Idempotency-Key` asks for, made from the key and from the caller's token: the same
/// request sent twice is one job, and no caller meets another's, whatever keys they choose.
///
/// `None` if it is no key.
pub fn of_key(key: &str, token: Uuid) -> Option<Uuid> {
    if key.is_empty() || key.len() > LONGEST || !key.chars().all(|c| c.is_ascii_graphic() || c == ' ') {
        return None;
    }
    let digest = Sha256::new().chain_update(token.as_bytes()).chain_update(key.as_bytes()).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Some(Builder::from_custom_bytes(bytes).into_uuid())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_key_means_one_job_of_one_caller() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(of_key("order 7", one), of_key("order 7", one));
        assert_ne!(of_key("order 7", one), of_key("order 7", other));
        assert_ne!(of_key("order 7", one), of_key("order 8", one));
        let id = Uuid::now_v7();
        assert_ne!(of_key(&id.to_string(), one), Some(id), "a key names no job of anybody else's");
        assert_eq!(of_key("", one).or(of_key("a\nb", one)).or(of_key(&"x".repeat(201), one)), None);
    }
}
