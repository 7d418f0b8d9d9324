//! Puts aside what is never a code: addresses of pages and people, phone numbers, dates, times, amounts.

use super::iban;

/// Stands where something was taken out.
pub(super) const GONE: char = '\u{1}';

/// The text with one spelling of digits, spaces and dashes, and without invisible characters.
pub(in crate::inbox) fn normalise(text: &str) -> Vec<char> {
    text.chars().filter_map(spelled).collect()
}

/// How a character is spelled here; `None` if it is not to be seen.
pub(super) fn spelled(c: char) -> Option<char> {
    match c {
        '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{640}'
        | '\u{180e}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\r' => None,
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\t' => Some(' '),
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => Some('-'),
        // Full-width letters, digits and some marks; a full-width comma stays one, it never joins numbers.
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' | '：' | '（' | '）' | '＃' | '＠' => {
            char::from_u32(c as u32 - 0xfee0)
        }
        c if c.is_control() && c != '\n' => Some(' '),
        c => Some(digit(c).unwrap_or(c)),
    }
}

/// The digits of other scripts: where each begins with its zero.
const ZEROS: &[u32] = &[
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0, 0xf20,
    0x1040, 0x17e0, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6,
];

fn digit(c: char) -> Option<char> {
    let place = ZEROS.partition_point(|zero| *zero <= c as u32).checked_sub(1)?;
    char::from_digit((c as u32 - ZEROS[place]).min(10), 10)
}

/// Takes out links, page addresses, mail addresses and account numbers, in one pass.
pub(super) fn take_out_addresses(text: &mut [char]) {
    let mut i = 0;
    while i < text.len() {
        let name = run(text, i);
        if name == i {
            i += 1;
            continue;
        }
        let end = iban::end(text, i).or_else(|| address_end(text, i, name));
        if let Some(end) = end {
            text[i..end].fill(GONE);
        }
        i = end.unwrap_or(name);
    }
}

/// Where the run of characters ends that names of hosts and people are made of.
fn run(text: &[char], from: usize) -> usize {
    let name = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '%');
    text[from..].iter().position(|c| !name(c)).map_or(text.len(), |length| from + length)
}

fn link_end(text: &[char], from: usize) -> usize {
    let stop =
        |c: &char| c.is_whitespace() || !c.is_ascii() || matches!(c, '<' | '>' | '"' | ')' | ']' | '\'');
    text[from..].iter().position(stop).map_or(text.len(), |length| from + length)
}

/// The end of the address that begins with this run.
fn address_end(text: &[char], start: usize, end: usize) -> Option<usize> {
    if text[end..].starts_with(&[':', '/', '/']) {
        return Some(link_end(text, end));
    }
    if text.get(end) == Some(&'@') {
        let host = run(text, end + 1);
        return (host > end + 1).then_some(host);
    }
    let dots = text[start..end].iter().rev().take_while(|c| **c == '.').count();
    let end = end - dots;
    let mut labels = text[start..end].rsplit(|&c| c == '.');
    let top = labels.next()?;
    let site = labels.next()?;
    // `123456.Please` is a sentence's end, not a page; so is `123456.please`.
    let is_page = (2..=12).contains(&top.len())
        && top.iter().all(char::is_ascii_lowercase)
        && site.iter().any(char::is_ascii_alphabetic);
    is_page.then(|| {
        if dots == 0 && matches!(text.get(end), Some('/' | '?' | ':')) { link_end(text, end) } else { end }
    })
}
