//! What reads the same on pages and on terminals.

use std::time::Duration;

/// A duration for people: `85 ms`, `1.2 s`, `3 min 5 s`.
#[must_use]
pub fn duration(length: Duration) -> String {
    match length.as_millis() {
        ms @ 0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", length.as_secs_f64()),
        _ => format!("{} min {} s", length.as_secs() / 60, length.as_secs() % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        let shown = [85, 1_240, 185_000].map(|ms| duration(Duration::from_millis(ms)));
        assert_eq!(shown, ["85 ms", "1.2 s", "3 min 5 s"]);
    }
}
