//! Finds the words of a list in a text, all of them in one pass.

use aho_corasick::AhoCorasick;

/// A list of words, ready to be looked for.
///
/// All are in lower case. A `*` in front lets other letters precede (`*code` finds `Bestätigungscode`), one
/// behind lets others follow (`verif*`); without, a word stands for itself. Scripts without spaces need
/// neither.
pub(in crate::inbox) struct Lexicon {
    matcher: AhoCorasick,
    words: &'static [&'static str],
}

/// A word in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::inbox) struct Hit {
    pub start: usize,
    pub end: usize,
    /// As the list has it, without its asterisks.
    pub word: &'static str,
}

impl Lexicon {
    #[expect(clippy::expect_used, reason = "the lists are part of the program, and short")]
    pub fn new(words: &'static [&'static str]) -> Self {
        let matcher = AhoCorasick::new(words.iter().map(|word| word.trim_matches('*')));
        Self { matcher: matcher.expect("a list of words can be looked for"), words }
    }

    /// Where the words occur, in the order of their starts; of those that begin at one place, the longest last.
    pub fn find(&self, text: &Lower) -> Vec<Hit> {
        let chars = &text.chars;
        let mut hits = Vec::new();
        for found in self.matcher.find_overlapping_iter(&text.text) {
            let (start, end) = (text.index[found.start()] as usize, text.index[found.end()] as usize);
            let pattern = self.words[found.pattern().as_usize()];
            let bounded = |neighbour: Option<&char>, edge: Option<&char>| {
                !edge.is_some_and(|c| spells(*c)) || neighbour.is_none_or(|c| !spells(*c))
            };
            let before = start.checked_sub(1).and_then(|i| chars.get(i));
            if (pattern.starts_with('*') || bounded(before, chars.get(start)))
                && (pattern.ends_with('*') || bounded(chars.get(end), chars.get(end - 1)))
            {
                hits.push(Hit { start, end, word: pattern.trim_matches('*') });
            }
        }
        hits.sort_unstable_by_key(|hit| (hit.start, hit.end));
        hits
    }

    /// Whether a text has one of the words.
    pub fn is_in(&self, text: &str) -> bool {
        !self.find(&Lower::of(text.chars())).is_empty()
    }
}

/// A text in lower case, character by character.
pub(in crate::inbox) struct Lower {
    pub chars: Vec<char>,
    text: String,
    /// For each byte that begins a character, which one it is.
    index: Vec<u32>,
}

impl Lower {
    pub fn of(text: impl IntoIterator<Item = char>) -> Self {
        let chars: Vec<char> = text.into_iter().map(|c| c.to_lowercase().next().unwrap_or(c)).collect();
        let text: String = chars.iter().collect();
        let mut index = vec![0; text.len() + 1];
        for (nth, (at, _)) in (0u32..).zip(text.char_indices()) {
            index[at] = nth;
        }
        index[text.len()] = u32::try_from(chars.len()).unwrap_or(u32::MAX);
        Self { chars, text, index }
    }
}

/// Letters of scripts that put spaces between words.
pub(in crate::inbox) fn spells(c: char) -> bool {
    let spaced = !matches!(c as u32, 0x0e00..=0x0eff | 0x1000..=0x109f) && (c as u32) < 0x1100;
    c.is_alphabetic() && (spaced || matches!(c as u32, 0x1e00..=0x1fff))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_whole_words_and_marked_parts() {
        let find = |text: &str, words: &'static [&'static str]| {
            let hits = Lexicon::new(words).find(&Lower::of(text.chars()));
            hits.into_iter().map(|hit| (hit.start, hit.end)).collect::<Vec<_>>()
        };
        assert_eq!(find("Dein Verifizierungscode.", &["*code"]), [(19, 23)]);
        assert_eq!(find("decoded shopping", &["*code", "*codes", "pin"]), []);
        assert_eq!(find("verification", &["verif*"]), [(0, 5)]);
        assert_eq!(find("您的验证码是", &["验证码"]), [(2, 5)]);
        assert_eq!(find("确认码123", &["确认码"]), [(0, 3)]);
        assert_eq!(find("promo code", &["code", "promo code"]), [(0, 10), (6, 10)]);
    }
}
