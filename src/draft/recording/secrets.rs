//! What was typed: which of it is the name, a password, a code.

use std::collections::HashMap;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use secrecy::{ExposeSecret, SecretString};

use super::parse::{Act, Recorded};
use crate::draft::words::{CODE, CURRENT, MFA, PASSWORD, REPEAT, USERNAME, says};

/// What a value was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Typed {
    Username,
    Password,
    NewPassword,
    Totp,
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
            Self::Unknown => "{ text: \"?\" }",
        }
    }
}

/// All that was typed, to be kept out of the draft.
pub(super) struct Kept {
    values: Vec<SecretString>,
    by_step: HashMap<usize, Typed>,
}

impl Kept {
    /// Goes through the recording twice: what was typed into a password's or a code's field is that wherever else it
    /// was typed.
    pub fn of(recorded: &[Recorded]) -> Self {
        let changes: Vec<(&Recorded, &SecretString)> = recorded
            .iter()
            .filter_map(|step| if let Act::Change(value) = &step.act { Some((step, value)) } else { None })
            .collect();
        let mut known: Vec<(SecretString, Typed)> = Vec::new();
        let mut by_step = HashMap::new();
        let same = |one: &SecretString, other: &SecretString| one.expose_secret() == other.expose_secret();
        for (nth, (step, value)) in changes.iter().enumerate() {
            let field = step.selectors.concat().join(" ").replace(['_', '-'], " ");
            let is_password = says(&field, PASSWORD)
                || says(&field, &["passwd", "pwd", "pass", "wpname"]) && !says(&field, USERNAME);
            // Of a name and a password that are the same, the field says which it is.
            let other = |typed: &Typed| !(is_password && *typed == Typed::Username);
            let earlier =
                known.iter().find(|(each, _)| same(each, value)).map(|(_, typed)| *typed).filter(other);
            let first = !known.iter().any(|(_, typed)| *typed == Typed::Password);
            let typed = if let Some(typed) = earlier {
                typed
            } else if is_password {
                let new = says(&field, &["new", "neu", "nouveau", "nueva", "nova"]) || says(&field, REPEAT);
                let same_field =
                    |(step, _): &&(&Recorded, &SecretString)| by_step.get(&step.at) == Some(&Typed::Password);
                let mistyped = changes[..nth]
                    .iter()
                    .rfind(same_field)
                    .is_some_and(|(before, _)| before.selectors == step.selectors);
                if (first || mistyped) && !new || says(&field, CURRENT) {
                    Typed::Password
                } else {
                    Typed::NewPassword
                }
            } else if says(&field, MFA)
                || says(&field, CODE) && looks_like_a_code(value)
                || !first && is_a_code(value)
            {
                Typed::Totp
            } else {
                let before_password = changes
                    .get(nth + 1)
                    .is_some_and(|(step, _)| says(&step.selectors.concat().join(" "), PASSWORD));
                let name = says(&field, USERNAME) || before_password;
                if first && name { Typed::Username } else { Typed::Unknown }
            };
            if typed != Typed::Unknown {
                known.push(((*value).clone(), typed));
            }
            by_step.insert(step.at, typed);
        }
        // Whatever was known only later.
        for (step, value) in &changes {
            if let Some((_, typed)) = known.iter().find(|(each, _)| same(each, value)) {
                by_step.entry(step.at).and_modify(|at| {
                    if *at == Typed::Unknown {
                        *at = *typed
                    }
                });
            }
        }
        Self { values: changes.into_iter().map(|(_, value)| value.clone()).collect(), by_step }
    }

    pub fn of_step(&self, at: usize) -> Typed {
        self.by_step.get(&at).copied().unwrap_or(Typed::Unknown)
    }

    /// Whether something that was typed stands in the text, or in what it is when it is taken for a part of a URL, a style
    /// sheet or a page; or as base64 or in hex. Of a letter or two nobody could tell.
    pub fn is_in(&self, text: &str) -> bool {
        let decoded = url::form_urlencoded::parse(text.as_bytes());
        let decoded: String = decoded.flat_map(|(name, value)| [name, value]).collect();
        let texts = [text.to_lowercase(), decoded.to_lowercase(), unescaped(text).to_lowercase()];
        self.values.iter().map(ExposeSecret::expose_secret).filter(|value| value.len() > 2).any(|value| {
            let forms = [&BASE64_NOPAD, &BASE64URL_NOPAD, &HEXLOWER, &HEXUPPER];
            let encoded = forms.map(|form| form.encode(value.as_bytes()));
            let plain = value.to_lowercase();
            texts.iter().any(|text| text.contains(&plain)) || encoded.iter().any(|form| text.contains(form))
        })
    }
}

/// A text without what HTML and CSS write for some characters: `&amp;`, `&#38;`, `\26 `.
fn unescaped(text: &str) -> String {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['&', '\\']) {
        plain.push_str(&rest[..at]);
        let (mark, behind) = rest[at..].split_at(1);
        let (meant, length) = if mark == "&" {
            let name = behind.split_once(';').map_or("", |(name, _)| name);
            let meant = match name {
                "amp" => Some('&'),
                "lt" => Some('<'),
                "gt" => Some('>'),
                "quot" => Some('"'),
                "apos" => Some('\''),
                _ => name.strip_prefix("#x").or(name.strip_prefix("#X")).map_or_else(
                    || name.strip_prefix('#').and_then(|digits| number(digits, 10)),
                    |digits| number(digits, 16),
                ),
            };
            (meant, name.len() + 1)
        } else {
            let digits = behind.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
            let space = usize::from(behind[digits..].starts_with(' '));
            // `\:` is the character itself.
            if digits == 0 {
                (behind.chars().next(), behind.chars().next().map_or(0, char::len_utf8))
            } else {
                (number(&behind[..digits], 16), digits + space)
            }
        };
        match meant {
            Some(meant) => {
                plain.push(meant);
                rest = &behind[length..];
            }
            None => {
                plain.push_str(mark);
                rest = behind;
            }
        }
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
