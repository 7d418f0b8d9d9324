//! What people call things, in many languages. All in small letters, and matched as parts of what a page says.

mod buttons;
mod deeds;
mod fields;
mod languages;
mod refusals;
mod settings;
mod signing;

pub(super) use buttons::{ASIDE, CANCEL, CLOSE, CONSENT, LATER, NO, SAVE};
pub(super) use deeds::{AGREES, DOES, ENDS, HANDS_OFF};
pub(super) use fields::{CODE, CURRENT, NEW, ONE_TIME, OTHER_CODE, PASSCODE, PLACE, REPEAT, USERNAME};
pub(super) use languages::refused_in;
pub(super) use refusals::{EXPIRED, LOCKED, MAILED, REFUSED, SCAN, refuses};
pub(super) use settings::{
    CHANGE, LINKING, MENU, MFA, PERSON, SECURITY, SET_UP, SETTINGS, SUNDRIES, TURN_ON,
};
pub(super) use signing::{
    ALL_SESSIONS, HAVE_ACCOUNT, LINK, LISTS, NEXT, NO_ACCOUNT, OTHER_THAN_PASSWORD, REGISTER, SIGN_IN,
    SIGN_OUT, STARTS, STAY,
};

/// As the checker knows their fields.
pub(super) use crate::playbook::PASSWORD;

/// A thing and what it is called.
pub(super) type Words = &'static [&'static str];

/// Whether the text holds one of the words. Short Latin words count only as whole words: `go` is not in `good`.
pub(super) fn says(text: &str, words: Words) -> bool {
    let text = text.to_lowercase();
    words.iter().any(|word| {
        text.match_indices(word).any(|(at, _)| {
            let latin = word.is_ascii() && word.len() <= 4;
            let free = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
            !latin || (free(text[..at].chars().next_back()) && free(text[at + word.len()..].chars().next()))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_words_are_whole_ones() {
        assert!(says("Go", NEXT) && says("Let’s go!", NEXT));
        assert!(!says("Good morning", NEXT));
        assert!(says("Benutzername oder E-Mail", USERNAME) && says("Username", USERNAME));
        assert!(says("次へ", NEXT));
        assert!(!says("Threshold", CURRENT));
    }
}
