//! Secrets that were clicked on a keypad on the screen, or pressed key by key: a PIN, as banks ask for it.
//!
//! A recording has such a secret in its selectors, one character a step. Keys of a keypad are called alike but for the
//! character, by their names or, where these are the same or none, by their selectors.

use secrecy::{ExposeSecret, SecretString};

use super::asides::names;
use super::fields::words;
use super::parse::{Act, Recorded};
use crate::draft::words::{Words, says};

/// From so many characters on it is taken for a secret.
const SECRET: usize = 3;

/// So many other steps may stand between two characters: a click on what shows the capital letters, or what the keypad
/// writes into a field by itself.
const BETWEEN: usize = 2;

/// What belongs to a keypad and is no character.
const OTHER_KEYS: Words = &[
    "delete",
    "backspace",
    "clear",
    "erase",
    "correct",
    "undo",
    "shift",
    "caps",
    "löschen",
    "korrektur",
    "effacer",
    "corriger",
    "borrar",
    "corregir",
    "apagar",
    "cancella",
    "wissen",
    "⌫",
    "⇧",
];

/// Digits in words, and their digits.
const DIGITS: [(&str, &str); 48] = [
    ("zero", "0"),
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("null", "0"),
    ("eins", "1"),
    ("zwei", "2"),
    ("drei", "3"),
    ("vier", "4"),
    ("fünf", "5"),
    ("sechs", "6"),
    ("sieben", "7"),
    ("acht", "8"),
    ("neun", "9"),
    ("zéro", "0"),
    ("un", "1"),
    ("deux", "2"),
    ("trois", "3"),
    ("quatre", "4"),
    ("cinq", "5"),
    ("sept", "7"),
    ("huit", "8"),
    ("neuf", "9"),
    ("cero", "0"),
    ("uno", "1"),
    ("dos", "2"),
    ("tres", "3"),
    ("cuatro", "4"),
    ("cinco", "5"),
    ("seis", "6"),
    ("siete", "7"),
    ("ocho", "8"),
    ("nueve", "9"),
    ("due", "2"),
    ("tre", "3"),
    ("quattro", "4"),
    ("cinque", "5"),
    ("sei", "6"),
    ("sette", "7"),
    ("otto", "8"),
    ("nove", "9"),
    ("um", "1"),
];

/// The letters beside the digits of telephones.
const LETTERS: [&str; 8] = ["abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"];

/// Where a character stood.
const PLACE: char = '·';

/// How a key is called.
struct Call {
    /// What all keys of its keypad are called.
    shape: String,
    character: SecretString,
    by: By,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// It says its character.
    Name,
    /// It says a mark, such as `!`, or `×`, which many buttons do.
    Mark,
    /// Its selector has the character.
    Selector,
    /// Its selector counts, as places in a document are.
    Place,
}

/// Takes what was clicked or pressed character by character out of a recording, and gives it.
pub(super) fn hide(recorded: &mut [Recorded]) -> Vec<SecretString> {
    let calls: Vec<Vec<Call>> = recorded.iter().map(calls).collect();
    let runs = runs(recorded, &calls);
    let shapes: Vec<&str> = runs
        .iter()
        .flatten()
        .flat_map(|at| &calls[*at])
        .filter(|call| call.by != By::Place)
        .map(|call| call.shape.as_str())
        .collect();
    let on_pad = |at: usize| {
        let within = |run: &Vec<usize>| run.first() < Some(&at) && Some(&at) < run.last();
        runs.iter().any(|run| run.contains(&at))
            || calls[at]
                .iter()
                .any(|call| !matches!(call.by, By::Place | By::Mark) && shapes.contains(&call.shape.as_str()))
            || runs.iter().any(within) && points(&recorded[at]) && says(&words(&recorded[at]), OTHER_KEYS)
    };
    let hidden: Vec<bool> = (0..recorded.len()).map(on_pad).collect();
    let secrets = runs.iter().map(|run| {
        let characters =
            run.iter().filter(|at| matches!(recorded[**at].act, Act::Click { .. } | Act::Character(_)));
        characters
            .filter_map(|at| calls[*at].first())
            .map(|call| call.character.expose_secret())
            .collect::<String>()
    });
    let secrets = secrets.map(SecretString::from).collect();
    let mut first: Option<usize> = None;
    for at in 0..recorded.len() {
        if hidden[at] {
            let leads_to = recorded[at].leads_to.take();
            let start = *first.get_or_insert(at);
            recorded[at].act = if start == at { Act::Pad } else { Act::Nothing };
            recorded[at].selectors.clear();
            recorded[start].leads_to = leads_to.or(recorded[start].leads_to.take());
        } else if !matches!(recorded[at].act, Act::Nothing) {
            first = None;
        }
    }
    secrets
}

/// The steps that click a secret, in one go each.
fn runs(recorded: &[Recorded], calls: &[Vec<Call>]) -> Vec<Vec<usize>> {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    let mut run: Vec<usize> = Vec::new();
    let mut between = 0;
    for (at, step) in recorded.iter().enumerate() {
        let goes_on = run.last().is_some_and(|last| alike(&calls[*last], &calls[at]));
        if goes_on {
            run.push(at);
            between = 0;
        } else if !matches!(step.act, Act::Nothing) {
            let other = points(step) && says(&words(step), OTHER_KEYS);
            between += usize::from(!other);
            let ends = matches!(step.act, Act::Navigate { .. }) || between > BETWEEN;
            let counted = |at: usize| calls[at].iter().all(|call| call.by == By::Place);
            let another = calls[at].iter().any(|call| call.by != By::Mark)
                && (!counted(at) || run.last().is_none_or(|last| counted(*last)));
            if ends || another {
                runs.push(std::mem::take(&mut run));
                between = 0;
                run.extend((!calls[at].is_empty()).then_some(at));
            }
        }
    }
    runs.push(run);
    let length =
        |run: &Vec<usize>| -> usize { run.iter().map(|at| characters(&recorded[*at], &calls[*at])).sum() };
    // Three times the same click on something with a name of its own is three times the same thing.
    let varied = |run: &Vec<usize>| {
        let typed = |at: &usize| calls[*at].first().map(|call| call.character.expose_secret());
        let named = run.iter().any(|at| {
            !names(&recorded[*at]).is_empty()
                && calls[*at].iter().all(|call| matches!(call.by, By::Selector | By::Place))
        });
        !named || run.iter().any(|at| typed(at) != run.first().and_then(typed))
    };
    runs.retain(|run| length(run) >= SECRET && varied(run));
    runs
}

fn points(step: &Recorded) -> bool {
    matches!(step.act, Act::Click { .. } | Act::Hover | Act::Wait { .. })
}

fn alike(one: &[Call], other: &[Call]) -> bool {
    one.iter().any(|call| other.iter().any(|each| each.shape == call.shape))
}

/// How many characters a step types.
fn characters(step: &Recorded, calls: &[Call]) -> usize {
    match step.act {
        Act::Character(_) => 1,
        Act::Click { double } if calls.iter().any(|call| call.by != By::Mark) => 1 + usize::from(double),
        _ => 0,
    }
}

/// How a step's element is called if it is a key, its names first.
fn calls(step: &Recorded) -> Vec<Call> {
    if let Act::Character(key) = &step.act {
        return vec![Call { shape: "a key".to_owned(), character: key.clone(), by: By::Name }];
    }
    if !points(step) {
        return Vec::new();
    }
    let names = names(step);
    let mut calls: Vec<Call> = names.iter().filter_map(|name| spoken(name)).collect();
    if calls.is_empty() {
        let paths = step.selectors.iter().filter_map(|chain| chain.last());
        let paths = paths.filter(|path| !path.starts_with("aria/") && !path.starts_with("text/"));
        calls.extend(paths.filter_map(|path| written(path, &names.join(" "))));
    }
    calls
}

/// A key that says its character: `8`, `8 TUV`, `eight`, `Digit 8`.
fn spoken(name: &str) -> Option<Call> {
    let mut shape: Vec<String> = Vec::new();
    let mut character = None;
    let mut by = By::Mark;
    for word in name.to_lowercase().split_whitespace() {
        let mut chars = word.chars();
        let (first, rest) = (chars.next()?, chars.as_str());
        let digit = DIGITS.iter().find(|(digit, _)| *digit == word).map(|(_, digit)| (*digit).to_owned());
        // Of a writing without small letters one character may be a whole word.
        let letter = first.is_lowercase() || first.is_numeric();
        let single = (letter || !first.is_alphabetic()) && rest.is_empty();
        let telephone = first.is_numeric() && LETTERS.contains(&rest);
        if single || telephone || digit.is_some() {
            if letter {
                by = By::Name;
            }
            character.get_or_insert(digit.unwrap_or_else(|| first.to_string()));
            shape.push(PLACE.to_string());
        } else if character.is_none() || !LETTERS.contains(&word) {
            shape.push(word.to_owned());
        }
    }
    shape.dedup();
    let character = SecretString::from(character?);
    (shape.len() < 3).then(|| Call { shape: shape.join(" "), character, by })
}

/// A key whose selector has its character or its place: `[data-key="8"]`, `#key8`, `button:nth-of-type(8)`.
fn written(path: &str, name: &str) -> Option<Call> {
    let chars: Vec<char> = path.chars().collect();
    let mut shape = format!("{name}|");
    let mut character = None;
    let mut at = 0;
    while let Some(c) = chars.get(at).copied() {
        let digits = chars[at..].iter().take_while(|c| c.is_ascii_digit()).count();
        let before = at.checked_sub(1).and_then(|before| chars.get(before)).copied();
        let ends = chars.get(at + 1).is_none_or(|next| !next.is_alphanumeric() && !matches!(next, '-' | '_'));
        let letter = ends
            && (c.is_lowercase() || c.is_uppercase())
            && before.is_some_and(|before| {
                matches!(before, '"' | '\'' | '-' | '_') || before.is_lowercase() && c.is_uppercase()
            });
        if letter || (1..3).contains(&digits) {
            let length = digits.max(1);
            character = Some(chars[at..at + length].iter().collect::<String>());
            shape.push(PLACE);
            at += length;
        } else {
            let length = digits.max(1);
            shape.extend(&chars[at..at + length]);
            at += length;
        }
    }
    let by = match shape.contains("(·)") || shape.contains("[·]") {
        true => By::Place,
        false => By::Selector,
    };
    character.map(|character| Call { shape, character: SecretString::from(character), by })
}
