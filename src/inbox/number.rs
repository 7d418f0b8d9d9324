//! Telephone numbers, so that one number is one.

/// Fewer digits than any country's numbers have, with its code.
const FEWEST: usize = 7;
/// As many as E.164 allows.
const MOST: usize = 15;

/// A number in the form of E.164, `+` and digits: `+44 (20) 7946-0000` is `+442079460000`. `None` for what is no such
/// number, also where the country's code is missing, or where a digit is written that is not dialled with it, as in
/// `+44 (0)20`: neither is guessed.
#[must_use]
pub fn e164(text: &str) -> Option<String> {
    let rest = text.trim().strip_prefix('+')?;
    if rest.contains("(0)") {
        return None;
    }
    let mut number = String::from("+");
    for letter in rest.chars() {
        match letter {
            '0'..='9' => number.push(letter),
            '-' | '\u{2010}'..='\u{2015}' | '(' | ')' | '[' | ']' | '.' | '/' => {}
            space if space.is_whitespace() => {}
            _ => return None,
        }
    }
    let digits = number.len() - 1;
    ((FEWEST..=MOST).contains(&digits) && !number.starts_with("+0")).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_is_one_however_it_is_written() {
        for text in [
            "+442079460000",
            " +44 20 7946 0000 ",
            "+44 (20) 7946-0000",
            "+44.20.7946.0000",
            "+44\u{a0}20\u{2013}79460000",
        ] {
            assert_eq!(e164(text).as_deref(), Some("+442079460000"), "{text}");
        }
    }

    #[test]
    fn nothing_is_guessed() {
        for text in [
            "",
            "+",
            "020 7946 0000",
            "00442079460000",
            "442079460000",
            "+44 (0)20 7946 0000",
            "+0442079460000",
            "+44 20 7946 0000 ext 5",
            "+4420++79460000",
            "+123456",
            "+1234567890123456",
            "12345",
            "ACME",
            "whatsapp:+442079460000",
            "+٤٤٢٠٧٩٤٦٠٠٠٠",
        ] {
            assert_eq!(e164(text), None, "{text}");
        }
    }
}
