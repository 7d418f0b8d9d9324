//! Reading what was escaped for a URL, JSON or HTML, whatever program did it: of what encoders leave alone no two agree.

/// A character, and the bytes of the text that it stands for.
pub(super) type Placed = (char, usize, usize);

/// What an escape says.
enum Said {
    /// A byte; several may be one character.
    Byte(u8),
    Char(char),
}

/// The text with its escapes read once: `%41`, `%u0041`, `\u0041`, `\u{41}`, `\x41`, `\"`, `&#65;`, `&#x41;`, `&amp;`. `None` if there
/// are none.
pub(super) fn unescape(text: &[Placed]) -> Option<Vec<Placed>> {
    // Most texts have none, and every line of the log comes by here.
    if !text.iter().any(|(c, ..)| matches!(c, '%' | '\\' | '&')) {
        return None;
    }
    let mut read = Vec::with_capacity(text.len());
    let mut bytes: Vec<(u8, usize, usize)> = Vec::new();
    let mut rest = text;
    let mut any = false;
    while let Some((first, tail)) = rest.split_first() {
        let escape = escape(rest);
        if !matches!(escape, Some((Said::Byte(_), _))) {
            flush(&mut bytes, &mut read);
        }
        any |= escape.is_some();
        rest = match escape {
            Some((said, length)) => {
                let (from, to) = (first.1, rest[length - 1].2);
                match said {
                    Said::Byte(byte) => bytes.push((byte, from, to)),
                    Said::Char(c) => read.push((c, from, to)),
                }
                &rest[length..]
            }
            None => {
                read.push(*first);
                tail
            }
        };
    }
    flush(&mut bytes, &mut read);
    any.then_some(read)
}

/// Bytes as UTF-8; those that are none as ISO 8859-1, which old pages have.
fn flush(bytes: &mut Vec<(u8, usize, usize)>, read: &mut Vec<Placed>) {
    let plain: Vec<u8> = bytes.iter().map(|(byte, ..)| *byte).collect();
    let mut at = 0;
    for chunk in plain.utf8_chunks() {
        for c in chunk.valid().chars() {
            let end = at + c.len_utf8();
            read.push((c, bytes[at].1, bytes[end - 1].2));
            at = end;
        }
        for byte in chunk.invalid() {
            read.push((char::from(*byte), bytes[at].1, bytes[at].2));
            at += 1;
        }
    }
    bytes.clear();
}

/// The escape that the text begins with, and how many characters it takes.
fn escape(text: &[Placed]) -> Option<(Said, usize)> {
    match text.first()?.0 {
        '%' => match text.get(1)?.0 {
            'u' | 'U' => wide(text, "%u"),
            _ => Some((Said::Byte(u8::try_from(hex(text, 1, 2)?).ok()?), 3)),
        },
        '\\' => match text.get(1)?.0 {
            'u' if text.get(2).is_some_and(|(c, ..)| *c == '{') => {
                let length = text.iter().take(10).position(|(c, ..)| *c == '}')?;
                Some((Said::Char(char::from_u32(hex(text, 3, length.checked_sub(3)?)?)?), length + 1))
            }
            'u' => wide(text, "\\u"),
            'x' => Some((Said::Byte(u8::try_from(hex(text, 2, 2)?).ok()?), 4)),
            'n' | 'r' | 't' => Some((Said::Char(' '), 2)),
            c @ ('"' | '\'' | '\\' | '/') => Some((Said::Char(c), 2)),
            _ => None,
        },
        '&' => {
            let length = text.iter().take(10).position(|(c, ..)| *c == ';')?;
            let name: String = text[1..length].iter().map(|(c, ..)| *c).collect();
            let number = |digits: &str, base| u32::from_str_radix(digits, base).ok().and_then(char::from_u32);
            let c = match name.as_str() {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                "nbsp" => ' ',
                _ => match name.strip_prefix('#')? {
                    hex if hex.starts_with(['x', 'X']) => number(&hex[1..], 16)?,
                    decimal => number(decimal, 10)?,
                },
            };
            Some((Said::Char(c), length + 1))
        }
        _ => None,
    }
}

/// Four digits of UTF-16, or twice as many where the first is one half of a character.
fn wide(text: &[Placed], mark: &str) -> Option<(Said, usize)> {
    let first = u16::try_from(hex(text, 2, 4)?).ok()?;
    if let Some(c) = char::from_u32(u32::from(first)) {
        return Some((Said::Char(c), 6));
    }
    let begins = text.get(6..8)?.iter().map(|(c, ..)| *c).eq(mark.chars());
    let second = u16::try_from(hex(text, 8, 4)?).ok().filter(|_| begins)?;
    let c = char::decode_utf16([first, second]).next()?.ok()?;
    Some((Said::Char(c), 12))
}

fn hex(text: &[Placed], from: usize, digits: usize) -> Option<u32> {
    let digits = text.get(from..from + digits).filter(|digits| !digits.is_empty())?;
    digits.iter().try_fold(0_u32, |number, (c, ..)| Some(number.checked_mul(16)? + c.to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let placed: Vec<Placed> = text.char_indices().map(|(at, c)| (c, at, at + c.len_utf8())).collect();
        let read = unescape(&placed).unwrap_or(placed);
        // Nothing is read of what is not there.
        assert!(
            read.iter()
                .all(|(_, from, to)| from < to && text.is_char_boundary(*from) && text.is_char_boundary(*to))
        );
        read.into_iter().map(|(c, ..)| c).collect()
    }

    #[test]
    fn escapes_of_all_kinds_are_read() {
        for (text, said) in [
            ("a%26b%c3%A9%E9", "a&béé"),
            ("%u00e9\\u00E9\\u{e9}\\xc3\\xa9", "éééé"),
            ("\\ud83d\\ude00%uD83D%uDE00", "😀😀"),
            ("\\\"\\\\\\/", "\"\\/"),
            ("&amp;&lt;&#233;&#xE9;&quot;", "&<éé\""),
            // What is none stays.
            (
                "100% & more; \\q \\u12 %zz &#; &#x; \\u{} \\ud83d!",
                "100% & more; \\q \\u12 %zz &#; &#x; \\u{} \\ud83d!",
            ),
            ("%", "%"),
        ] {
            assert_eq!(read(text), said);
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_breaks_it(text in "[%\\\\&#;u{}x0-9a-fé😀]{0,24}") {
            read(&text);
        }
    }
}
