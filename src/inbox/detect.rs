//! Tells a mail as it came over the wire from a plain text.

/// Fields that mails have and texts have not.
const FIELDS: &[&str] = &[
    "from",
    "to",
    "subject",
    "date",
    "received",
    "return-path",
    "delivered-to",
    "x-original-to",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "dkim-signature",
    "authentication-results",
    "arc-seal",
    "reply-to",
    "sender",
];

/// Longer headers are no headers.
const LONGEST: usize = 256 * 1024;

/// Whether this is a mail: it begins with header fields, at least one of which only mails have.
#[must_use]
pub fn is_mail(raw: &[u8]) -> bool {
    let raw = raw.strip_prefix("\u{feff}".as_bytes()).unwrap_or(raw);
    let mut known = 0;
    for (nth, line) in raw[..raw.len().min(LONGEST)].split(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return known > 0;
        }
        // The line that mailbox files put before each mail.
        if nth == 0 && line.starts_with(b"From ") && line.iter().any(u8::is_ascii_digit) {
            continue;
        }
        if nth > 0 && line.starts_with(b" ") || line.starts_with(b"\t") {
            continue;
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { return false };
        let name = line[..colon].to_ascii_lowercase();
        if name.is_empty() || !name.iter().all(|byte| byte.is_ascii_graphic()) {
            return false;
        }
        known += usize::from(FIELDS.iter().any(|field| field.as_bytes() == name));
    }
    known > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_mails_from_texts() {
        for mail in [
            "Subject: Your code\r\n\r\n482915",
            "From x@y Mon Jan  1 2026\nReceived: by z\n\tfor a\nX-A: b\n\nbody",
            "Date: today",
        ] {
            assert!(is_mail(mail.as_bytes()), "{mail}");
        }
        for text in [
            "Code: 1234",
            "Your code is 1234\n\nFrom: us",
            "",
            "From our team:\nSubject: x\n\n1",
            "\n\nSubject: x",
        ] {
            assert!(!is_mail(text.as_bytes()), "{text}");
        }
    }
}
