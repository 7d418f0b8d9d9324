use std::str::FromStr;
use std::time::Duration;

/// A time between two rounds, as people say it: `30m`, `6h`, `1d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Duration);

/// An app's limits, and the patience of those who run it, come before freshness.
const SHORTEST: Duration = Duration::from_secs(60);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let length = text
            .split_at_checked(text.len().saturating_sub(1))
            .and_then(|(number, unit)| {
                let seconds = match unit {
                    "m" => 60,
                    "h" => 3_600,
                    "d" => 86_400,
                    _ => return None,
                };
                number.parse::<u32>().ok().map(|number| Duration::from_secs(u64::from(number) * seconds))
            })
            .ok_or_else(|| format!("`{text}` is no length of time: write 30m, 6h or 1d"))?;
        if length < SHORTEST {
            return Err("write a minute (1m) or more".to_owned());
        }
        Ok(Self(length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        let read = |text: &str| text.parse().ok().map(|span: Span| span.0.as_secs());
        assert_eq!(["30m", "6h", "1d"].map(read), [Some(1_800), Some(21_600), Some(86_400)]);
        for bad in ["", "h", "6", "0m", "-1h", "6y", "99999999999d", "6 h", "6ü"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
