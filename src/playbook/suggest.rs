//! "Did you mean …?"

/// The known word nearest to what was written, if it is near enough to be meant.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written: Vec<char> = fold(written);
    // Text this long is no misspelt word; comparing it would only cost time.
    if written.len() > 64 {
        return None;
    }
    known
        .into_iter()
        .map(|word| (distance(&written, &fold(word)), word))
        .filter(|(distance, word)| *distance <= word.chars().count().div_ceil(3).min(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// The known word that others call so, by a table of such words; else the nearest.
pub(super) fn meant<'a>(
    written: &str,
    others: &[(&'a str, &[&str])],
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let folded = fold(written);
    let called = |names: &[&str]| names.iter().any(|name| fold(name) == folded);
    let by_name = others.iter().find(|(_, names)| called(names)).map(|(known, _)| *known);
    by_name.or_else(|| nearest(written, known))
}

/// The known word that differs in one letter only: a slip rather than a choice.
pub(super) fn slip<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let meant = nearest(written, known)?;
    (distance(&fold(written), &fold(meant)) <= 1).then_some(meant)
}

/// `a`, `b` and `c`, in backticks.
pub fn listed<'a>(words: impl IntoIterator<Item = &'a str>, last: &str) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((tail, head)) => format!("{} {last} {tail}", head.join(", ")),
    }
}

fn fold(word: &str) -> Vec<char> {
    let same = |c: char| if matches!(c, '-' | ' ') { '_' } else { c };
    word.chars().map(same).flat_map(char::to_lowercase).collect()
}

/// Insertions, deletions, replacements, and swaps of neighbours (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_misspelt_word_is_recognised() {
        let steps = ["click", "fill", "expect", "check", "uncheck"];
        assert_eq!(nearest("clik", steps), Some("click"));
        assert_eq!(nearest("epxect", steps), Some("expect"));
        assert_eq!(nearest("Fill", steps), Some("fill"));
        assert_eq!(nearest("signed-in", ["signed_in"]), Some("signed_in"));
    }

    #[test]
    fn a_different_word_is_not() {
        assert_eq!(nearest("scroll", ["click", "fill", "see"]), None);
        assert_eq!(nearest("", ["see"]), None);
    }
}
