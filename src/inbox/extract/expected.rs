//! What the page that asks for a code takes.

use regex::RegexBuilder;

/// What the field for the code takes, as far as its page says so. By default it takes anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// `maxlength`.
    pub maxlength: Option<usize>,
    /// `minlength`.
    pub minlength: Option<usize>,
    /// `pattern`; one that cannot be read says nothing, as in a browser.
    pub pattern: Option<String>,
    /// Only digits: `inputmode` is numeric or decimal, or `type` is `tel` or `number`.
    pub numeric: bool,
    /// The code goes into this many fields, a character each.
    pub boxes: Option<usize>,
}

/// Longer patterns are not read; forms have shorter ones.
const LONGEST_PATTERN: usize = 500;
/// What a pattern may take up.
const PATTERN_SIZE: usize = 1 << 18;

/// [`Expected`], ready to be asked.
pub(super) struct Page {
    wanted: Expected,
    digits: Option<usize>,
    pattern: Option<regex::Regex>,
}

impl Page {
    pub fn new(wanted: &Expected, digits: Option<usize>) -> Self {
        let pattern = wanted.pattern.as_ref().filter(|pattern| pattern.len() <= LONGEST_PATTERN);
        let pattern = pattern.and_then(|pattern| {
            RegexBuilder::new(&format!("^(?:{pattern})$"))
                .size_limit(PATTERN_SIZE)
                .dfa_size_limit(PATTERN_SIZE)
                .build()
                .ok()
        });
        Self { wanted: wanted.clone(), digits, pattern }
    }

    /// How the code is typed there; `None` if the page cannot take it. What is shown as `G-123456` may be wanted
    /// without its prefix, and `123 456` with a dash.
    pub fn typed(&self, shown: &str) -> Option<String> {
        let mut fit: Option<(bool, String)> = None;
        for form in forms(shown) {
            if self.takes(&form) {
                let exact = self.is_exact(&form);
                if fit.as_ref().is_none_or(|(known, _)| exact && !known) {
                    fit = Some((exact, form));
                }
            }
        }
        fit.map(|(_, form)| form)
    }

    /// The same for a code that is written as it is to be typed.
    pub fn bound(&self, code: &str) -> Option<String> {
        if self.takes(code) { Some(code.to_owned()) } else { self.typed(code) }
    }

    /// Whether a code has just the length that the page has room for.
    pub fn is_exact(&self, code: &str) -> bool {
        let length = code.chars().count();
        [self.wanted.maxlength, self.wanted.boxes, self.digits].contains(&Some(length))
            || self.pattern.as_ref().is_some_and(|pattern| {
                // One that takes neither more nor less of the same.
                let (last, rest) = code
                    .chars()
                    .next_back()
                    .map_or((None, ""), |last| (Some(last), &code[..code.len() - last.len_utf8()]));
                let longer: String = code.chars().chain(last).collect();
                pattern.is_match(code) && !pattern.is_match(&longer) && !pattern.is_match(rest)
            })
    }

    fn takes(&self, code: &str) -> bool {
        let length = code.chars().count();
        let digits = code.chars().all(|c| c.is_ascii_digit());
        self.wanted.maxlength.is_none_or(|most| length <= most)
            && self.wanted.minlength.is_none_or(|least| length >= least)
            && (!self.wanted.numeric || digits)
            && self.wanted.boxes.is_none_or(|boxes| length == boxes && !code.contains('-'))
            && self.digits.is_none_or(|wanted| length == wanted && digits)
            && self.pattern.as_ref().is_none_or(|pattern| pattern.is_match(code))
    }
}

/// The ways to type what is shown, the usual one first.
fn forms(shown: &str) -> Vec<String> {
    // Dots part groups as spaces do.
    let shown = &shown.replace('.', " ");
    let without = |gone: &[char]| shown.chars().filter(|c| !gone.contains(c)).collect::<String>();
    let dashed = without(&[' ']);
    let bare = without(&[' ', '-']);
    let digits = bare.chars().all(|c| c.is_ascii_digit());
    let mut forms = if digits {
        let spaced_by_dashes =
            shown.split(' ').filter(|group| !group.is_empty()).collect::<Vec<_>>().join("-");
        vec![bare, dashed, spaced_by_dashes, shown.clone()]
    } else {
        vec![dashed, bare]
    };
    // `G-123456` where the page shows the `G-` itself.
    if let Some((prefix, number)) = shown.split_once('-')
        && prefix.chars().all(|c| c.is_ascii_alphabetic())
    {
        forms.push(number.chars().filter(|c| !matches!(c, ' ' | '-')).collect());
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(shown: &str, wanted: Expected) -> Option<String> {
        Page::new(&wanted, None).typed(shown)
    }

    #[test]
    fn knows_a_pattern_that_fixes_the_length() {
        let exact = |pattern: &str, code: &str| {
            let wanted = Expected { pattern: Some(pattern.into()), ..Expected::default() };
            Page::new(&wanted, None).is_exact(code)
        };
        assert!(exact("[0-9]{6}", "482915"));
        assert!(!exact("[0-9]{6}", "4829"));
        assert!(!exact("[0-9]*", "482915"));
        assert!(!exact("[0-9]{4,8}", "482915"));
    }

    #[test]
    fn types_what_the_page_takes() {
        let any = Expected::default;
        let most = |maxlength| Expected { maxlength: Some(maxlength), ..any() };
        let numeric = || Expected { numeric: true, ..any() };
        let cases = [
            ("G-123456", any(), Some("G-123456")),
            ("G-123456", numeric(), Some("123456")),
            ("G-123456", most(6), Some("123456")),
            ("G-123456", most(8), Some("G-123456")),
            ("123-456", any(), Some("123456")),
            ("123 456", most(7), Some("123-456")),
            ("123-456", most(7), Some("123-456")),
            ("123 456", most(6), Some("123456")),
            ("AB12-CD34", most(9), Some("AB12-CD34")),
            ("AB12-CD34", most(8), Some("AB12CD34")),
            ("AB12-CD34", numeric(), None),
            ("1234567", most(6), None),
            ("1234", Expected { minlength: Some(6), ..any() }, None),
            ("123456", Expected { pattern: Some("[0-9]{4}".into()), ..any() }, None),
            ("123-456", Expected { pattern: Some(r"\d{3}-\d{3}".into()), ..any() }, Some("123-456")),
            ("123456", Expected { pattern: Some("[".into()), ..any() }, Some("123456")),
            ("12 34 56", Expected { boxes: Some(6), ..any() }, Some("123456")),
            ("AB1-2CD", Expected { boxes: Some(6), ..any() }, Some("AB12CD")),
            ("1234", Expected { boxes: Some(6), ..any() }, None),
        ];
        for (shown, wanted, expected) in cases {
            assert_eq!(typed(shown, wanted.clone()).as_deref(), expected, "{shown} for {wanted:?}");
        }
    }
}
