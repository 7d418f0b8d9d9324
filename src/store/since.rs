use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A time in the past, as people say it: `2h`, `3d`, a date, or RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since(pub Timestamp);

/// The text names no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time: write 30m, 2h, 3d, 2026-05-31 or 2026-05-31T08:00:00Z")]
pub struct NoTime(String);

impl FromStr for Since {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, NoTime> {
        Self::read(text, Timestamp::now(), &TimeZone::system()).ok_or_else(|| NoTime(text.to_owned()))
    }
}

impl Since {
    /// The same where a date means UTC's, whoever reads it.
    ///
    /// # Errors
    /// If it is none.
    pub fn in_utc(text: &str) -> Result<Self, NoTime> {
        Self::read(text, Timestamp::now(), &TimeZone::UTC).ok_or_else(|| NoTime(text.to_owned()))
    }

    /// A date alone is the midnight that it begins with; that, and a time without a zone, are of `zone`.
    fn read(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Self> {
        if let Ok(at) = text.parse::<Timestamp>() {
            return Some(Self(at));
        }
        if let Ok(at) = text.parse::<DateTime>() {
            return at.to_zoned(zone.clone()).ok().map(|at| Self(at.timestamp()));
        }
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let seconds: i64 = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 604_800,
            _ => return None,
        };
        let ago = number.parse::<u32>().ok().map(i64::from)?.checked_mul(seconds)?;
        now.checked_sub(SignedDuration::from_secs(ago)).ok().map(Self)
    }
}

/// The same where something ends: a date alone is the end of its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Until(pub Timestamp);

impl FromStr for Until {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, NoTime> {
        Self::read(text, Timestamp::now(), &TimeZone::system()).ok_or_else(|| NoTime(text.to_owned()))
    }
}

impl Until {
    /// The same where a date means UTC's, whoever reads it.
    ///
    /// # Errors
    /// If it is none.
    pub fn in_utc(text: &str) -> Result<Self, NoTime> {
        Self::read(text, Timestamp::now(), &TimeZone::UTC).ok_or_else(|| NoTime(text.to_owned()))
    }

    fn read(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Self> {
        // A date with a time behind it is read as a date, too.
        match text.parse::<Date>().ok().filter(|date| date.to_string() == text) {
            Some(date) => {
                date.tomorrow().ok()?.to_zoned(zone.clone()).ok().map(|next| Self(next.timestamp()))
            }
            None => Since::read(text, now, zone).map(|since| Self(since.0)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let now: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
        let read = |text| Since::read(text, now, &TimeZone::UTC).map(|since| since.0.to_string());
        assert_eq!(read("2h").unwrap(), "2026-06-01T10:00:00Z");
        assert_eq!(read("3d").unwrap(), "2026-05-29T12:00:00Z");
        assert_eq!(read("2026-05-31").unwrap(), "2026-05-31T00:00:00Z");
        assert_eq!(read("2026-05-31T08:00:00+02:00").unwrap(), "2026-05-31T06:00:00Z");
        assert_eq!(read("2026-05-31T08:00").unwrap(), "2026-05-31T08:00:00Z");
        let read_end = |text| Until::read(text, now, &TimeZone::UTC).map(|until| until.0.to_string());
        assert_eq!(read_end("2026-05-31").unwrap(), "2026-06-01T00:00:00Z");
        assert_eq!(read_end("2026-05-31T08:00:00+02:00").unwrap(), "2026-05-31T06:00:00Z");
        assert_eq!(read_end("2026-05-31 08:00").unwrap(), "2026-05-31T08:00:00Z");
        assert_eq!(read_end("2h").unwrap(), "2026-06-01T10:00:00Z");
        let east = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(
            Since::read("2026-05-31 08:00", now, &east).unwrap().0.to_string(),
            "2026-05-31T06:00:00Z"
        );
        assert_eq!(Until::read("2026-05-31", now, &east).unwrap().0.to_string(), "2026-05-31T22:00:00Z");
        assert_eq!(read_end("yesterday"), None);
        for bad in ["", "h", "2", "-2h", "2y", "yesterday", "9999999999h", "ü"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
