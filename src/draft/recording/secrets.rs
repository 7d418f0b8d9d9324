//! What was typed: which of it is the name, a password, a code.

use std::collections::HashMap;

use secrecy::{ExposeSecret, SecretString};

use super::fields::{all_words, corrected, sends, sent_by, words};
use super::parse::{Act, Recorded};
use crate::draft::words::{
    CODE, CURRENT, MFA, NEW, ONE_TIME, PASSCODE, PASSWORD, REPEAT, SIGN_IN, USERNAME, Words, says,
};
use crate::redact::{encoded, unescaped};

/// What a value was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Typed {
    Username,
    Password,
    NewPassword,
    Totp,
    /// Not typed but clicked, character by character.
    Keypad,
    Unknown,
}

impl Typed {
    /// What stands for it in a playbook.
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::Password => "password",
            Self::NewPassword => "new_password",
            Self::Totp => "totp",
            Self::Keypad | Self::Unknown => "{ text: \"?\" }",
        }
    }
}

/// All that was typed, to be kept out of the draft.
pub(super) struct Kept {
    values: Vec<SecretString>,
    by_step: HashMap<usize, Typed>,
    /// For each step the first one whose text it corrects.
    fields: Vec<usize>,
    /// The steps whose fields ask for the password that an account has already.
    current: Vec<usize>,
    /// The steps that are taken for a change of the password by their order alone.
    guessed: Vec<usize>,
    /// The step that is taken for the login's name by its order alone, and the one behind it for the password.
    guessed_login: Option<usize>,
}

/// What was typed into a field, once and for all.
struct Change<'a> {
    /// Its place among the steps.
    at: usize,
    value: &'a SecretString,
    field: String,
}

/// What customers are known by.
const CUSTOMER: Words = &[
    "customer number",
    "customer id",
    "customer no",
    "client number",
    "client id",
    "member number",
    "member id",
    "membership number",
    "kundennummer",
    "kundennr",
    "zugangsnummer",
    "numéro client",
    "numéro de client",
    "número de cliente",
    "numero cliente",
    "klantnummer",
    "kundnummer",
    "kundenummer",
    "asiakasnumero",
];

/// What authors of pages call a field for a password.
const PASS: Words = &["passwd", "pwd", "pass", "wpname"];

impl Change<'_> {
    fn is(&self, value: &SecretString) -> bool {
        self.value.expose_secret() == value.expose_secret()
    }

    fn is_password(&self) -> bool {
        says(&self.field, PASSWORD) || says(&self.field, PASS) && !says(&self.field, USERNAME)
    }

    fn is_current(&self) -> bool {
        self.is_password() && says(&self.field, CURRENT)
    }

    /// It asks for a code that is a login's password, and not for one that serves once.
    fn is_passcode(&self) -> bool {
        says(&self.field, PASSCODE) && !says(&self.field, ONE_TIME)
    }

    fn is_new(&self) -> bool {
        says(&self.field, NEW) || says(&self.field, REPEAT)
    }

    /// A code that is a second factor's; where a password is expected, a passcode is that.
    fn is_code(&self, password_awaited: bool) -> bool {
        let passcode = password_awaited && self.is_passcode();
        says(&self.field, MFA) || says(&self.field, CODE) && !passcode && looks_like_a_code(self.value)
    }
}

impl Kept {
    /// Goes through the recording several times: what was typed into a password's or a code's field is that wherever else it
    /// was typed. What was clicked on keypads is kept as well.
    pub fn of(recorded: &[Recorded], clicked: Vec<SecretString>) -> Self {
        let fields = corrected(recorded);
        let is_last = |at: usize| !fields[at + 1..].contains(&fields[at]);
        let all = recorded.iter().filter_map(|step| match &step.act {
            Act::Change(value) => Some(Change { at: step.at, value, field: words(step) }),
            _ => None,
        });
        let (changes, corrected): (Vec<_>, Vec<_>) = all.partition(|change| is_last(change.at));
        let mut kept = Self {
            values: changes
                .iter()
                .chain(&corrected)
                .map(|change| change.value.clone())
                .chain(clicked)
                .collect(),
            by_step: HashMap::new(),
            fields,
            current: changes.iter().filter(|change| change.is_current()).map(|change| change.at).collect(),
            guessed: Vec::new(),
            guessed_login: None,
        };
        // What the app asks for as the current password was the login's.
        let mut known: Vec<(&SecretString, Typed)> = changes
            .iter()
            .filter(|change| {
                let first = changes.iter().find(|each| each.is(change.value));
                change.is_current() && first.is_some_and(|first| !first.is_new())
            })
            .map(|change| (change.value, Typed::Password))
            .collect();
        let by_order = login_by_order(recorded, &changes);
        kept.guessed_login = by_order.map(|name| changes[name].at);
        for nth in 0..changes.len() {
            let typed = match by_order {
                Some(name) if nth == name => Typed::Username,
                Some(name) if nth == name + 1 => Typed::Password,
                _ => kept.typed(recorded, &changes, nth, &known),
            };
            if typed != Typed::Unknown {
                known.push((changes[nth].value, typed));
            }
            kept.by_step.insert(changes[nth].at, typed);
        }
        // Whatever was known only later.
        for change in &changes {
            if let Some((_, typed)) = known.iter().find(|(each, _)| change.is(each)) {
                kept.by_step.entry(change.at).and_modify(|at| {
                    if *at == Typed::Unknown {
                        *at = *typed
                    }
                });
            }
        }
        kept.guess_a_change(recorded, &changes);
        for change in corrected {
            let field = kept.fields[change.at];
            let last = changes.iter().find(|each| kept.fields[each.at] == field);
            let typed = last.map_or(Typed::Unknown, |last| kept.of_step(last.at));
            kept.by_step.insert(change.at, typed);
        }
        kept
    }

    fn typed(
        &self,
        recorded: &[Recorded],
        changes: &[Change<'_>],
        nth: usize,
        known: &[(&SecretString, Typed)],
    ) -> Typed {
        let change = &changes[nth];
        let is_password = change.is_password();
        if change.is_current() {
            return Typed::Password;
        }
        // Of a name and a password that are the same, the field says which it is.
        let earlier = known.iter().find(|(each, _)| change.is(each)).map(|(_, typed)| *typed);
        if let Some(earlier) = earlier.filter(|typed| !(is_password && *typed == Typed::Username)) {
            return earlier;
        }
        let typed_already = |typed| changes[..nth].iter().any(|each| self.of_step(each.at) == typed);
        let first = !typed_already(Typed::Password);
        let named = typed_already(Typed::Username);
        let again = changes.get(nth + 1).is_some_and(|next| next.is(change.value));
        if is_password {
            let of_the_login = first && (!change.is_new() || named && !again);
            return if of_the_login { Typed::Password } else { Typed::NewPassword };
        }
        if !named && says(&change.field, USERNAME) && self.is_beside_the_password(recorded, changes, nth) {
            return Typed::Username;
        }
        if change.is_code(first && named) || !first && is_a_code(change.value) {
            return Typed::Totp;
        }
        if first && named && self.is_behind_the_name(recorded, changes, nth) {
            return Typed::Password;
        }
        let next = changes.get(nth + 1);
        let until = next.map_or(recorded.len(), |next| next.at);
        let before_keypad = recorded[change.at..until].iter().any(|step| matches!(step.act, Act::Pad));
        let before_password =
            before_keypad || next.is_some_and(|next| says(&next.field, PASSWORD) || next.is_passcode());
        // Whoever is named already is not named once more.
        if first
            && !named
            && ([USERNAME, CUSTOMER].iter().any(|of| says(&change.field, of)) || before_password)
        {
            Typed::Username
        } else {
            Typed::Unknown
        }
    }

    /// Whether it is behind the password and yet in its form.
    fn is_beside_the_password(&self, recorded: &[Recorded], changes: &[Change<'_>], nth: usize) -> bool {
        let password = changes[..nth].iter().find(|each| self.of_step(each.at) == Typed::Password);
        password.is_some_and(|each| sent_by(recorded, each.at).is_none_or(|sent| sent > changes[nth].at))
    }

    /// Whether it stands where logins have the password, which Chrome's recorder does not say of a field: behind the name, on
    /// its page or the next one, and no other field is called so.
    fn is_behind_the_name(&self, recorded: &[Recorded], changes: &[Change<'_>], nth: usize) -> bool {
        let change = &changes[nth];
        let is_name = |each: &&Change<'_>| self.of_step(each.at) == Typed::Username;
        // Beside a code that is called so, a login may ask for something else.
        let before = match change.is_passcode() {
            true => changes[..nth].iter().rfind(is_name),
            false => changes[..nth].last().filter(is_name),
        };
        let Some(before) = before else { return false };
        let sent = sent_by(recorded, change.at);
        let beside = |each: &Change<'_>| sent.is_some_and(|sent| each.at < sent);
        let another = changes[nth + 1..].iter().any(|each| {
            each.is_password() && !each.is_current() && !each.is_new()
                || each.is_passcode() && !change.is_passcode() && beside(each)
        });
        let sendings = (before.at..change.at).filter(|at| sends(recorded, *at)).count();
        !another
            && sendings < 2
            && (!says(&change.field, USERNAME) || change.is_passcode() || says(&change.field, PASS))
            && !change.is_new()
            && sent.is_some()
    }

    /// The shape of a change that no label tells of: the login's password, then one new text twice, then a click.
    fn guess_a_change(&mut self, recorded: &[Recorded], changes: &[Change<'_>]) {
        let Some(login) = changes.iter().position(|each| self.of_step(each.at) == Typed::Password) else {
            return;
        };
        for three in changes[login + 1..].windows(3) {
            let [current, new, again] = three else { continue };
            let sent = sent_by(recorded, again.at);
            let typed_once =
                !changes.iter().take_while(|each| each.at < new.at).any(|each| each.is(new.value));
            if self.of_step(current.at) == Typed::Password
                && self.of_step(new.at) == Typed::Unknown
                && self.of_step(again.at) == Typed::Unknown
                && new.is(again.value)
                && typed_once
                && !(current.at..again.at).any(|at| sends(recorded, at))
                && sent.is_some()
            {
                self.guessed.extend([new.at, again.at]);
            }
        }
        for at in &self.guessed {
            self.by_step.insert(*at, Typed::NewPassword);
        }
    }

    /// The first step whose text this one corrects, or itself.
    pub fn field_of(&self, at: usize) -> usize {
        self.fields[at]
    }

    /// Whether that it is the new password is known by the order alone.
    pub fn is_guessed(&self, at: usize) -> bool {
        self.guessed.contains(&at)
    }

    /// Whether that it is a login's name is known by the order alone.
    pub fn is_guessed_login(&self, at: usize) -> bool {
        self.guessed_login == Some(at)
    }

    pub fn of_step(&self, at: usize) -> Typed {
        self.by_step.get(&at).copied().unwrap_or(Typed::Unknown)
    }

    /// Whether it asks for the password that an account has already.
    pub fn is_current(&self, at: usize) -> bool {
        self.current.contains(&at)
    }

    /// Whether something that was typed stands in the text, or in what it says when it is taken for a part of a URL, a style
    /// sheet, JSON or a page, also one within the other; or as base64 or in hex. Of a letter or two, or three of base64, nobody
    /// could tell.
    pub fn is_in(&self, text: &str) -> bool {
        let texts = readings(text);
        self.values.iter().map(ExposeSecret::expose_secret).filter(|value| value.len() > 2).any(|value| {
            let plain = value.to_lowercase();
            let forms = encoded(value);
            texts.iter().any(|text| {
                text.to_lowercase().contains(&plain)
                    || forms.iter().any(|form| form.len() > value.len() && text.contains(form.as_str()))
            })
        })
    }
}

/// The shape of a login that no label tells of: of a recording's first two fields neither says what it is, one click sends
/// both off, something there speaks of signing in, and no other field asks for a password as a login does. Gives the place of
/// the first.
fn login_by_order(recorded: &[Recorded], changes: &[Change<'_>]) -> Option<usize> {
    let [name, password, ..] = changes else { return None };
    let sent = sent_by(recorded, name.at)?;
    let in_one_form = password.at < sent && changes.get(2).is_none_or(|next| next.at > sent);
    let says_nothing = |each: &Change<'_>| {
        let field = &each.field;
        !each.is_password()
            && !each.is_passcode()
            && !each.is_new()
            && ![USERNAME, CODE, MFA].iter().any(|of| says(field, of))
    };
    let another = changes.iter().any(|each| each.is_password() && !each.is_current() && !each.is_new());
    let speaks = |step: &Recorded| {
        let address = match &step.act {
            Act::Navigate { url } => url.as_str(),
            _ => "",
        };
        says(address, SIGN_IN) || says(&all_words(step), SIGN_IN)
    };
    (in_one_form
        && says_nothing(name)
        && says_nothing(password)
        && !name.is(password.value)
        && !another
        && recorded[..=sent].iter().any(speaks))
    .then_some(0)
}

/// So often may a text be escaped: three times, and once more as a locator is written.
const ESCAPED: usize = 4;

/// The text, and what it may say once its escapes are read: of what wrote them nobody knows which they are, nor in what order.
fn readings(text: &str) -> Vec<String> {
    let mut texts = vec![text.to_owned()];
    let mut from = 0;
    for _ in 0..ESCAPED {
        let until = texts.len();
        for at in from..until {
            let text = &texts[at];
            let spaced = text.replace('+', " ");
            let read = [
                Some(without_css(text)),
                Some(joined(text)),
                unescaped(text),
                unescaped(&spaced),
                Some(spaced),
            ];
            for read in read.into_iter().flatten() {
                if !texts.contains(&read) {
                    texts.push(read);
                }
            }
        }
        from = until;
    }
    texts
}

/// XPath knows no escapes: a text with a quote in it is put together from several.
fn joined(text: &str) -> String {
    ["',\"'\",'", "', \"'\", '"].iter().fold(text.to_owned(), |text, quote| text.replace(quote, "'"))
}

/// A text without what CSS writes for some characters: `\26 ` and `\:`.
fn without_css(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('\\') {
        plain.push_str(before);
        let digits = behind.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
        let meant = u32::from_str_radix(&behind[..digits], 16).ok().and_then(char::from_u32);
        rest = match meant {
            Some(meant) => {
                plain.push(meant);
                behind[digits..].strip_prefix(' ').unwrap_or(&behind[digits..])
            }
            // `\:` is the character itself, a backslash too.
            None => {
                let length = behind.chars().next().map_or(0, char::len_utf8);
                plain.push_str(&behind[..length]);
                &behind[length..]
            }
        };
    }
    plain + rest
}

/// Six to eight digits behind a password are a code, whatever its field is called.
fn is_a_code(value: &SecretString) -> bool {
    let value = value.expose_secret();
    (6..=8).contains(&value.len()) && value.chars().all(|c| c.is_ascii_digit())
}

fn looks_like_a_code(value: &SecretString) -> bool {
    let value = value.expose_secret();
    (4..=12).contains(&value.len())
        && value.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ' || c == '-')
}
