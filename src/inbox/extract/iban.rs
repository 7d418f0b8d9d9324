//! Account numbers in groups: `DE89 3704 0044 0532 0130 00`.

/// The shortest that a country has, and the longest that the standard allows (ISO 13616).
const SHORTEST: usize = 15;
const LONGEST: usize = 34;
/// In this many full groups it is told by its look, even if its check digits are not right.
const GROUPS: usize = 4;

/// Where the account number ends that begins at a place.
pub(super) fn end(text: &[char], start: usize) -> Option<usize> {
    let alone = start.checked_sub(1).is_none_or(|before| !text[before].is_alphanumeric());
    let [a, b, c, d, ..] = text.get(start..)? else { return None };
    if !alone || ![a, b].iter().all(|c| c.is_ascii_uppercase()) || ![c, d].iter().all(|c| c.is_ascii_digit())
    {
        return None;
    }
    let (mut at, mut read, mut groups, mut looks) = (start, Remainder::default(), 0, None);
    loop {
        let group = text[at..].iter().take_while(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        let group = group.take(LONGEST + 1).count();
        if group == 0 || read.length + group > LONGEST {
            return looks;
        }
        for c in &text[at..at + group] {
            read.push(*c);
        }
        at += group;
        let ends = text.get(at).is_none_or(|c| !c.is_alphanumeric());
        if ends && read.length >= SHORTEST && read.is_sound() {
            return Some(at);
        }
        groups = if group == 4 { groups + 1 } else { 0 };
        if groups >= GROUPS {
            looks = Some(at);
        } else if looks.is_some() && group < 4 && ends {
            return Some(at);
        }
        if text.get(at) != Some(&' ') {
            return looks;
        }
        at += 1;
    }
}

/// What is left of the number by 97, as the check digits are counted: the first four characters last.
#[derive(Default)]
struct Remainder {
    first: Vec<char>,
    rest: u32,
    length: usize,
}

impl Remainder {
    fn push(&mut self, c: char) {
        self.length += 1;
        if self.first.len() < 4 {
            self.first.push(c);
        } else {
            self.rest = step(self.rest, c);
        }
    }

    fn is_sound(&self) -> bool {
        self.first.iter().fold(self.rest, |rest, c| step(rest, *c)) == 1
    }
}

/// Letters count from ten.
fn step(rest: u32, c: char) -> u32 {
    let value = c.to_digit(36).unwrap_or_default();
    (rest * if value > 9 { 100 } else { 10 } + value) % 97
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(text: &str) -> Option<String> {
        let text: Vec<char> = text.chars().collect();
        end(&text, 0).map(|end| text[end..].iter().collect())
    }

    #[test]
    fn reads_account_numbers_of_any_country() {
        for (text, left) in [
            ("DE89 3704 0044 0532 0130 00: 4829", ": 4829"),
            ("DE89370400440532013000 482915", " 482915"),
            ("GB29 NWBK 6016 1331 9268 19.", "."),
            ("NO93 8601 1117 947 4829", " 4829"),
            ("FR14 2004 1010 0505 0001 3M02 606 is", " is"),
            ("MT84 MALT 0110 0001 2345 MTLC AST0 01S", ""),
            // Its check digits are not right.
            ("DE12 3456 7890 1234 5678 90 482915", " 482915"),
        ] {
            assert_eq!(rest(text).as_deref(), Some(left), "{text}");
        }
        for text in ["AB12 CD34", "AB12 3456 is", "DE", "QX48 2K99 AB12", "de89 3704 0044 0532 0130 00"] {
            assert_eq!(rest(text), None, "{text}");
        }
    }
}
