use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// The trace that a job belongs to, and the span that asked for it: W3C's `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceParent {
    /// The trace.
    pub trace: u128,
    /// The span within it that the next are children of; `None` if nothing came before.
    pub span: Option<u64>,
    /// Whether it is recorded.
    pub sampled: bool,
}

impl TraceParent {
    /// The trace of a job that came without one: it has the job's own id, so that one is found by the other.
    #[must_use]
    pub const fn of_job(id: Uuid) -> Self {
        Self { trace: id.as_u128(), span: None, sampled: true }
    }

    /// The same trace, with another span to be the parent.
    #[must_use]
    pub const fn at(self, span: u64) -> Self {
        Self { span: Some(span), ..self }
    }
}

/// The text is no `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no traceparent, 00-<32 digits>-<16 digits>-<2 digits>")]
pub struct BadTraceParent;

impl FromStr for TraceParent {
    type Err = BadTraceParent;

    /// Of versions to come, what this one knows is read, as W3C wants it.
    fn from_str(text: &str) -> Result<Self, BadTraceParent> {
        let parts: Vec<_> = text.trim().split('-').collect();
        let (version, known) = match &parts[..] {
            [version, trace, span, flags, rest @ ..] if rest.is_empty() || *version != "00" => {
                (*version, [*trace, *span, *flags])
            }
            _ => return Err(BadTraceParent),
        };
        let hex = |text: &str, digits: usize| {
            let fine = text.len() == digits
                && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
            if fine {
                u128::from_str_radix(text, 16).map_err(|_| BadTraceParent)
            } else {
                Err(BadTraceParent)
            }
        };
        if hex(version, 2)? == 0xff {
            return Err(BadTraceParent);
        }
        let [trace, span, flags] = [hex(known[0], 32)?, hex(known[1], 16)?, hex(known[2], 2)?];
        let span = u64::try_from(span).map_err(|_| BadTraceParent)?;
        if trace == 0 || span == 0 {
            return Err(BadTraceParent);
        }
        Ok(Self { trace, span: Some(span), sampled: flags & 1 == 1 })
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A trace in which nothing came before has no parent to name; this never stands alone in a message.
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace, self.span.unwrap_or(1), u8::from(self.sampled))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const TEXT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn what_w3c_writes_is_read() {
        let read: TraceParent = TEXT.parse().unwrap();
        assert_eq!(
            (read.trace, read.span),
            (0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736, Some(0x00f0_67aa_0ba9_02b7))
        );
        assert!(read.sampled);
        assert_eq!(read.to_string(), TEXT);
        assert!(!TEXT.replace("-01", "-00").parse::<TraceParent>().unwrap().sampled);
        let to_come = format!("cc{}-what-comes", &TEXT[2..]);
        assert_eq!(to_come.parse::<TraceParent>().unwrap(), read);
    }

    #[test]
    fn what_is_none_is_refused() {
        for bad in [
            "",
            "hunter2",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(bad.parse::<TraceParent>(), Err(BadTraceParent), "{bad}");
        }
    }
}
