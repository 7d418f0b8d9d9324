//! Names made of two words, of which one says that the code is something else: `gift card code`, `code de retrait`.

use crate::inbox::lexicon::Hit;

/// What may stand between the two, besides a space or a dash.
const BETWEEN: &[&str] = &[
    " de ",
    " del ",
    " di ",
    " du ",
    " do ",
    " da ",
    " della ",
    " de la ",
    " d'",
    " dell'",
    " voor je ",
    " der ",
];

/// These name a code to sign in with whatever they are made for: `transaction OTP`, `card PIN`.
const ALWAYS: &[&str] = &["otp", "pin", "tan", "mtan", "token", "passcode", "one-time", "one time"];

/// Numbers by which one reaches people say nothing of a code behind them: `phone code`. Nor does what signs one
/// in: `Acme ID code`.
const CONTACTS: &[&str] =
    &["phone", "mobile", "cell", "call", "tel", "text", "reply", "id", "service", "support"];

/// Moves the names of codes that are part of another name to the names of other things.
pub(super) fn join(text: &[char], code: Vec<Hit>, other: &mut Vec<Hit>) -> Vec<Hit> {
    let near = |from: usize, to: usize| {
        let gap = &text[from..to];
        matches!(gap, [' ' | '-'])
            || (gap.len() <= 8 && BETWEEN.contains(&gap.iter().collect::<String>().to_lowercase().as_str()))
    };
    let mut joined = Vec::new();
    let code = code.into_iter().filter(|hit| {
        let next = other.partition_point(|one| one.start < hit.end);
        let names = |one: &&Hit| !CONTACTS.contains(&one.word);
        let behind = other[next..].iter().take(3).filter(names).find(|one| near(hit.end, one.start));
        let before = other[..next].iter().rev().take(6).filter(names);
        let before = before
            .into_iter()
            .find(|one| one.end < hit.start && matches!(&text[one.end..hit.start], [' ' | '-']));
        let whole = behind.map(|one| (hit.start, one.end)).or(before.map(|one| (one.start, hit.end)));
        let kept = ALWAYS.contains(&hit.word) || whole.is_none();
        if let (false, Some((start, end))) = (kept, whole) {
            joined.push(Hit { start, end, word: hit.word });
        }
        kept
    });
    let code = code.collect();
    other.append(&mut joined);
    other.sort_unstable_by_key(|hit| (hit.start, hit.end));
    code
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::extract::words;
    use crate::inbox::lexicon::Lower;

    fn is_code(text: &str) -> bool {
        let lower = Lower::of(text.chars());
        let mut other = words::OTHER.find(&lower);
        !join(&lower.chars, words::CODE.find(&lower), &mut other).is_empty()
    }

    #[test]
    fn tells_names_of_other_codes() {
        for other in
            ["your gift card code is", "code de réservation", "the ticket code", "codice della prenotazione"]
        {
            assert!(!is_code(other), "{other}");
        }
        for code in [
            "your login code",
            "transaction otp",
            "phone code",
            "your acme id code",
            "code for order 1",
            "order, code",
            "card pin",
        ] {
            assert!(is_code(code), "{code}");
        }
    }
}
