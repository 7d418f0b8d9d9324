//! Puts aside what is never a code: addresses of pages and people, phone numbers, dates, times, amounts.

/// Stands where something was taken out.
pub(super) const GONE: char = '\u{1}';

/// The text with one spelling of digits, spaces and dashes, and without invisible characters.
pub(in crate::inbox) fn normalise(text: &str) -> Vec<char> {
    text.chars()
        .filter_map(|c| match c {
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{34f}' | '\r' => None,
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{3000}' | '\t' => Some(' '),
            '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
            // Full-width letters, digits and some marks; a full-width comma stays one, it never joins numbers.
            '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' | '：' | '（' | '）' | '＃' | '＠' => {
                char::from_u32(c as u32 - 0xfee0)
            }
            c if c.is_control() && c != '\n' => Some(' '),
            c => Some(c),
        })
        .collect()
}

/// Takes out links, page addresses and mail addresses.
pub(super) fn take_out_addresses(text: &mut [char]) {
    let mut i = 0;
    while i < text.len() {
        if let Some((start, end)) = address_at(text, i) {
            text[start..end].fill(GONE);
            i = end;
        } else {
            i += 1;
        }
    }
}

/// The address that has `://`, `@` or a dot at `i`.
fn address_at(text: &[char], i: usize) -> Option<(usize, usize)> {
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '%');
    let left = |from: usize| text[..from].iter().rposition(|&c| !name(c)).map_or(0, |p| p + 1);
    let link_end = |from: usize| {
        let stop =
            |c: char| c.is_whitespace() || !c.is_ascii() || matches!(c, '<' | '>' | '"' | ')' | ']' | '\'');
        text[from..].iter().position(|&c| stop(c)).map_or(text.len(), |p| from + p)
    };
    match text[i] {
        ':' if text[i..].starts_with(&[':', '/', '/']) => {
            let start = left(i);
            (start < i).then(|| (start, link_end(i)))
        }
        '@' => {
            let start = left(i);
            let end = text[i + 1..].iter().position(|&c| !name(c)).map_or(text.len(), |p| i + 1 + p);
            (start < i && end > i + 1).then_some((start, end))
        }
        '.' => {
            let start = left(i);
            let mut end = text[i..].iter().position(|&c| !name(c)).map_or(text.len(), |p| i + p);
            while end > i && text[end - 1] == '.' {
                end -= 1;
            }
            let mut labels = text[start..end].rsplit(|&c| c == '.');
            let top = labels.next()?;
            let site = labels.next()?;
            // `123456.Please` is a sentence's end, not a page.
            let is_page = (2..=12).contains(&top.len())
                && top.iter().all(char::is_ascii_lowercase)
                && site.iter().any(char::is_ascii_alphabetic);
            is_page.then(|| (start, if text.get(end) == Some(&'/') { link_end(end) } else { end }))
        }
        _ => None,
    }
}
