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

/// So many failures: `1 failure`, `2 failures`.
#[must_use]
pub fn failures(many: u32) -> String {
    if many == 1 { "1 failure".to_owned() } else { format!("{many} failures") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        let shown = [85, 1_240, 185_000].map(|ms| duration(Duration::from_millis(ms)));
        assert_eq!(shown, ["85 ms", "1.2 s", "3 min 5 s"]);
    }

    #[test]
    fn failures_are_counted_as_people_count_them() {
        assert_eq!([0, 1, 2].map(failures), ["0 failures", "1 failure", "2 failures"]);
    }
}
