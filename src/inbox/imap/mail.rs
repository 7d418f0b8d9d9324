use async_imap::imap_proto::{AttributeValue, Response};
use jiff::Timestamp;
use jiff::fmt::strtime;

/// Of a mail that is larger than [`WHOLE`], and of any mail at first, no more is fetched: a code stands further up.
const PART: u32 = 256 * 1024;

/// A mail up to this size is fetched whole.
const WHOLE: u32 = 1024 * 1024;

/// What is fetched of each mail: without marking it as read, and in one go.
pub(super) const ITEMS: &str = "(UID INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.262144>)";

/// And of one that is larger than that part, but not too large.
pub(super) const REST: &str = "(UID BODY.PEEK[]<262144.786432>)";

/// A mail, or the beginning of one, as the server has it.
pub(super) struct Fetched {
    pub uid: u32,
    /// When the server took it in, in whole seconds of its clock.
    pub taken_in: Timestamp,
    /// Bytes of all of it.
    pub size: u32,
    /// Its beginning.
    pub raw: Vec<u8>,
}

impl Fetched {
    /// What a response says of a mail, if it says all that is needed: a server may tell of changed flags at any time.
    pub fn of(response: &Response<'_>) -> Option<Self> {
        let Response::Fetch(_, values) = response else { return None };
        let (mut uid, mut taken_in, mut size) = (None, None, None);
        for value in values {
            match value {
                AttributeValue::Uid(found) => uid = Some(*found),
                AttributeValue::InternalDate(text) => taken_in = date(text),
                AttributeValue::Rfc822Size(found) => size = Some(*found),
                _ => {}
            }
        }
        let raw = body(response)?.to_vec();
        Some(Self { uid: uid?, taken_in: taken_in?, size: size?, raw })
    }

    /// Whether the rest is wanted too.
    pub fn wants_rest(&self) -> bool {
        self.raw.len() < self.size as usize && self.size <= WHOLE && self.raw.len() >= PART as usize
    }
}

/// What a response brings of a mail's text.
pub(super) fn body<'a>(response: &'a Response<'_>) -> Option<&'a [u8]> {
    let Response::Fetch(_, values) = response else { return None };
    values.iter().find_map(|value| match value {
        AttributeValue::BodySection { section: None, data, .. } => data.as_deref(),
        _ => None,
    })
}

/// The UID and the date of a mail, where no more was asked for.
pub(super) fn dated(response: &Response<'_>) -> Option<(u32, Timestamp)> {
    let Response::Fetch(_, values) = response else { return None };
    let uid = values.iter().find_map(|value| match value {
        AttributeValue::Uid(uid) => Some(*uid),
        _ => None,
    });
    let taken_in = values.iter().find_map(|value| match value {
        AttributeValue::InternalDate(text) => date(text),
        _ => None,
    });
    uid.zip(taken_in)
}

/// `17-Jul-1996 02:44:25 -0700`, as RFC 3501 has it; a day of one digit has a space before it.
fn date(text: &str) -> Option<Timestamp> {
    strtime::parse("%d-%b-%Y %H:%M:%S %z", text.trim()).ok()?.to_timestamp().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_read_from_what_the_server_says() {
        let said =
            b"* 3 FETCH (FLAGS (\\Recent) UID 7 INTERNALDATE \" 1-Feb-2026 23:59:59 +0100\" RFC822.SIZE 9 \
            BODY[]<0> {9}\r\nA: b\r\n\r\nc)\r\n";
        let (_, response) = Response::parse(said).unwrap();
        let mail = Fetched::of(&response).unwrap();
        assert_eq!((mail.uid, mail.size, &*mail.raw), (7, 9, &b"A: b\r\n\r\nc"[..]));
        assert_eq!(mail.taken_in.to_string(), "2026-02-01T22:59:59Z");
        assert!(!mail.wants_rest());
        let (_, response) = Response::parse(b"* 3 FETCH (UID 7 FLAGS (\\Seen))\r\n").unwrap();
        assert!(Fetched::of(&response).is_none());
        assert_eq!(date("17-Jul-1996 02:44:25 -0700").unwrap().to_string(), "1996-07-17T09:44:25Z");
    }
}
