//! The links of a text, each with the words that say what it is for.

use secrecy::SecretString;
use url::Url;

use crate::inbox::html::LINK;

/// A link of a message.
#[derive(Clone)]
pub(in crate::inbox) struct Link {
    /// The address, as browsers spell it.
    pub address: SecretString,
    /// What the message says of it: the words of the link itself, or those beside its address.
    pub words: SecretString,
}

/// A message has a few dozen links at most.
const MOST: usize = 200;
/// Longer addresses do not work in mails.
const LONGEST: usize = 4096;
/// So many bytes of the words before it are looked at.
const NEAR: usize = 300;

/// An address in a text.
struct Found {
    start: usize,
    end: usize,
    address: Url,
    /// The link of an HTML document, rather than an address that is written out.
    marked: bool,
}

/// The links of a text, in which those of an HTML document stand between marks.
pub(super) fn links(text: &str) -> Vec<Link> {
    let found = addresses(text);
    let mut links = Vec::new();
    for (nth, link) in found.iter().enumerate() {
        // An address that is shown in part only, as the words of its own link.
        let whole = |other: &Found| other.marked && is_part(&link.address, &other.address);
        if !link.marked && found.iter().any(whole) {
            continue;
        }
        let before = &text[nth.checked_sub(1).map_or(0, |last| found[last].end)..link.start];
        let after = &text[link.end..found.get(nth + 1).map_or(text.len(), |next| next.start)];
        let more = found.get(nth + 1).is_some();
        links.push(Link {
            address: SecretString::from(link.address.as_str()),
            words: SecretString::from(words(before, if link.marked { "" } else { after }, more)),
        });
    }
    links
}

/// Whether an address is the beginning of another one.
fn is_part(part: &Url, whole: &Url) -> bool {
    part != whole && whole.as_str().starts_with(part.as_str())
}

fn addresses(text: &str) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].find([LINK.0, ':']).map(|next| at + next) {
        let link =
            if text[next..].starts_with(LINK.0) { marked(text, next) } else { written(text, next, at) };
        match link {
            Some((start, end, address)) => {
                at = end;
                let marked = start == next;
                if let Some(address) = address {
                    found.push(Found { start, end, address, marked });
                }
                if found.len() == MOST {
                    break;
                }
            }
            None => at = next + 1,
        }
        while !text.is_char_boundary(at) {
            at += 1;
        }
    }
    found
}

/// Start, end and address; without one, there is nothing to follow in that stretch.
type Stretch = (usize, usize, Option<Url>);

fn marked(text: &str, start: usize) -> Option<Stretch> {
    let inner = start + LINK.0.len_utf8();
    let address = up_to(&text[inner..], LINK.1)?;
    Some((start, inner + address.len() + LINK.1.len_utf8(), parse(address)))
}

/// What stands before the mark, if that is no longer than an address may be.
fn up_to(text: &str, mark: char) -> Option<&str> {
    let near = &text[..text.floor_char_boundary(LONGEST)];
    near.find(mark).map(|end| &near[..end])
}

/// The address that has `://` at `colon`.
fn written(text: &str, colon: usize, from: usize) -> Option<Stretch> {
    let tail = text[colon..].strip_prefix("://")?;
    let scheme = ["https", "http"].into_iter().find(|scheme| {
        let start = colon.checked_sub(scheme.len()).filter(|start| *start >= from);
        start.and_then(|start| text.get(start..colon)).is_some_and(|word| word.eq_ignore_ascii_case(scheme))
    })?;
    let start = colon - scheme.len();
    // `<https://…>` may go over several lines (RFC 3986, appendix C).
    if text[..start].ends_with('<')
        && let Some(inner) = up_to(tail, '>')
        && inner.chars().all(|c| c.is_ascii_graphic() || matches!(c, '\r' | '\n'))
    {
        let whole: String = inner.chars().filter(char::is_ascii_graphic).collect();
        return Some((start, colon + 3 + inner.len(), parse(&format!("{scheme}://{whole}"))));
    }
    let stops = |c: char| !c.is_ascii_graphic() || matches!(c, '<' | '>' | '"' | '`' | '|' | '\\' | '^');
    let tail = &tail[..tail.floor_char_boundary(LONGEST)];
    let stop = tail.find(stops).unwrap_or(tail.len());
    let address = punctuated(&tail[..stop]);
    let cut_short = tail[stop..].starts_with('…') || tail[address.len()..stop].contains("..");
    let end = colon + 3 + address.len();
    Some((start, end, parse(&format!("{scheme}://{address}")).filter(|_| !cut_short)))
}

/// The address without the sentence's punctuation, and without a bracket that was opened before it.
fn punctuated(address: &str) -> &str {
    let mut address = address;
    loop {
        let Some(last) = address.chars().next_back() else { return address };
        let unopened = |open: char| address.matches(last).count() > address.matches(open).count();
        let goes = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' => true,
            ')' => unopened('('),
            ']' => unopened('['),
            '}' => unopened('{'),
            _ => false,
        };
        if !goes {
            return address;
        }
        address = &address[..address.len() - 1];
    }
}

fn parse(address: &str) -> Option<Url> {
    let url = Url::parse(address).ok().filter(|_| address.len() <= LONGEST)?;
    // What stands before an `@` is there to mislead.
    let plain = url.username().is_empty() && url.password().is_none();
    (matches!(url.scheme(), "https" | "http") && url.has_host() && plain).then_some(url)
}

/// The words of the sentence that a link ends, or of the line above if it stands alone; and those that follow
/// in its sentence, unless they lead to the next link.
fn words(before: &str, after: &str, more: bool) -> String {
    let before = &before[before.ceil_char_boundary(before.len().saturating_sub(NEAR))..];
    let (above, line) = before.rsplit_once('\n').unwrap_or(("", before));
    let mut said = last_sentence(line).to_owned();
    let rest = after.split('\n').next().unwrap_or_default();
    let alone = !has_words(line) && !has_words(rest);
    if alone && let Some(line) = line_above(above) {
        last_sentence(line).clone_into(&mut said);
    }
    let end = sentence_ends(rest).next();
    let ends = end.is_some() || rest.len() < after.len() || !more;
    if ends {
        said.push(' ');
        said.push_str(&rest[..end.unwrap_or(rest.len())]);
    }
    said.truncate(said.floor_char_boundary(2 * NEAR));
    said
}

/// The line that leads to the next one: right above it, or above a gap if it ends with a colon.
fn line_above(above: &str) -> Option<&str> {
    let text = above.trim_end();
    let line = text.rsplit('\n').next().filter(|line| has_words(line))?;
    let gap = above[text.len()..].contains('\n');
    (!gap || text.ends_with([':', '：'])).then_some(line)
}

fn last_sentence(line: &str) -> &str {
    let line = line.trim_end();
    // The one that ends the line is not behind anything.
    let end = sentence_ends(line).filter(|end| has_words(&line[*end..])).last();
    &line[end.unwrap_or(0)..]
}

/// The places behind the ends of sentences.
fn sentence_ends(text: &str) -> impl Iterator<Item = usize> {
    text.char_indices().filter_map(|(at, c)| {
        let end = at + c.len_utf8();
        let space = text[end..].chars().next().is_none_or(char::is_whitespace);
        (matches!(c, '。' | '！' | '？') || (matches!(c, '.' | '!' | '?') && space)).then_some(end)
    })
}

fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn found(text: &str) -> Vec<(String, String)> {
        let text = text.replace('{', "\u{e000}").replace('}', "\u{e001}");
        let all = links(&text).into_iter();
        all.map(|link| {
            let words = link.words.expose_secret().split_whitespace().collect::<Vec<_>>().join(" ");
            (link.address.expose_secret().to_owned(), words)
        })
        .collect()
    }

    #[test]
    fn finds_addresses_however_they_are_written() {
        let cases: [(&str, &[&str]); 12] = [
            ("Go to https://a.example/r/x1_. Bye", &["https://a.example/r/x1_"]),
            ("(see https://a.example/r_(x)), then", &["https://a.example/r_(x)"]),
            ("[Reset](https://a.example/r?t=a-)!", &["https://a.example/r?t=a-"]),
            ("<https://a.example/r\r\n/x1>", &["https://a.example/r/x1"]),
            (
                "<HTTPS://A.example/R> or 'http://localhost:8080/x'",
                &["https://a.example/R", "http://localhost:8080/x"],
            ),
            ("链接https://a.example/r/x1。点击", &["https://a.example/r/x1"]),
            ("https://a.example/r/x… https://a.example/r/y...", &[]),
            ("xhttps://a.example/r/x ftp://a.example/ mailto:a@a.example", &["https://a.example/r/x"]),
            ("https://a.example@evil.example/r https://me:pw@a.example/", &[]),
            ("https://a.example/r/x1… {https://a.example/r/x1234}", &["https://a.example/r/x1234"]),
            (
                "https://a.example/r/x1 {https://track.example/c/9}",
                &["https://a.example/r/x1", "https://track.example/c/9"],
            ),
            ("{mailto:a@a.example}{/relative}{https://a.example/é}", &["https://a.example/%C3%A9"]),
        ];
        for (text, addresses) in cases {
            let found: Vec<_> = found(text).into_iter().map(|(address, _)| address).collect();
            assert_eq!(found, addresses, "{text}");
        }
    }

    #[test]
    fn finds_the_words_that_say_what_a_link_is_for() {
        let cases: [(&str, &[&str]); 8] = [
            ("Hello. To reset it, open\nhttps://a.example/1\n\nBye.", &["To reset it, open"]),
            ("Choose a new one:\n\nhttps://a.example/1\n\nThanks", &["Choose a new one:"]),
            ("Ignore this.\n\nhttps://a.example/1", &[""]),
            ("Not you? See https://a.example/1 at once. Or not.", &["See at once."]),
            ("https://a.example/1 resets it.\nHelp: https://a.example/2", &["resets it.", "Help:"]),
            ("Home {https://a.example/1} Help {https://a.example/2} x", &["Home", "Help"]),
            ("A https://a.example/1 B https://a.example/2", &["A", "B"]),
            ("https://a.example/1\nhttps://a.example/2", &["", ""]),
        ];
        for (text, words) in cases {
            let found: Vec<_> = found(text).into_iter().map(|(_, words)| words).collect();
            assert_eq!(found, words, "{text}");
        }
    }
}
