//! What leads to the settings, and can be followed without anything being changed by it.

use super::find::{Found, all, is, leads_nowhere, pictures_owner};
use super::words::{
    CHANGE, DOES, HANDS_OFF, LINKING, MENU, MFA, PASSWORD, SECURITY, SET_UP, SETTINGS, SIGN_IN, SIGN_OUT,
    TURN_ON, USERNAME, Words, says,
};
use crate::browser::{Control, ControlKind, Survey};

/// Whether an account's menu says what it is. Many say whose it is instead, and are called otherwise for everybody else.
pub(super) fn says_what_it_is(menu: &Control) -> bool {
    says(&menu.text, SETTINGS) || says(&menu.text, USERNAME) || says(&menu.text, MENU)
}

/// What may open a menu of one's own account, the likelier first. Nothing that submits or leads elsewhere.
pub(super) fn menus(survey: &Survey, account: &str) -> Vec<Found> {
    let likely = |found: &Found| {
        let control = &found.control;
        let own = is(control, SETTINGS)
            || pictures_owner(control)
            || is(control, USERNAME)
            || says(&control.text, MENU)
            || (!account.is_empty() && control.text.to_lowercase().contains(account));
        let inert = control.kind == ControlKind::Button
            && (control.form.is_none() || control.r#type != "submit")
            || control.kind == ControlKind::Link && leads_nowhere(&control.href);
        let acts = control.switch || is(control, HANDS_OFF) || acts(&control.text);
        // What does not say that it opens something has to be called so, or by its owner.
        let opens = pictures_owner(control)
            || is_name_of_page(&control.text)
            || says(&format!("{} {}", control.id, control.name).replace(['_', '-'], " "), MENU)
            || (!account.is_empty() && control.text.to_lowercase().contains(account));
        match (inert && !acts, control.menu, own) {
            (true, true, true) => 3,
            (true, true, false) => 1,
            (true, false, true) if opens => 2,
            _ => 0,
        }
    };
    let mut found: Vec<_> =
        all(survey).filter(|found| likely(found) > 0 && !found.control.locators.is_empty()).collect();
    // What stands last at the top of a page is mostly one's own.
    found.reverse();
    found.sort_by_key(|found| std::cmp::Reverse(likely(found)));
    found.truncate(4);
    found
}

/// Whether a click looks only: what its words say is the name of a page, or that something is to be changed there. What turns
/// something on or off, sends, makes or ends something is never clicked; nor is what nobody can tell of.
pub(super) fn may_click(control: &Control) -> bool {
    let Control { kind, text, switch, .. } = control;
    let opens = pictures_owner(control) || says(text, CHANGE) || is_name_of_page(text);
    *kind != ControlKind::Field && leads_nowhere(&control.href) && !switch && !acts(text) && opens
}

/// Whether a button may be the one that sends a password's form off.
pub(super) fn may_send_password(control: &Control) -> bool {
    leads_nowhere(&control.href) && (says(&control.text, CHANGE) || says(&control.text, PASSWORD))
}

/// Whether the words are those of something that is done at once.
fn acts(text: &str) -> bool {
    [TURN_ON, HANDS_OFF, DOES, SIGN_OUT].iter().any(|words| says(text, words))
}

/// Whether nothing is left of the text without what pages of an account are called.
fn is_name_of_page(text: &str) -> bool {
    let mut rest = text.to_lowercase();
    for words in [PASSWORD, MFA, SECURITY, SETTINGS, SIGN_IN, MENU] {
        let mut words: Vec<_> = words.to_vec();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        for word in words {
            rest = rest.replace(word, " ");
        }
    }
    // A letter may be left of a plural.
    let links = |left: &str| left.chars().count() <= 1 || LINKING.contains(&left);
    !text.is_empty() && rest.split(|c: char| !c.is_alphanumeric()).all(links)
}

/// How much a link or a menu's item promises of the security settings; 0 for nothing.
pub(super) fn promise(control: &Control) -> u32 {
    let path = url::Url::parse(&control.href)
        .map(|url| format!("{} {}", url.path(), url.query().unwrap_or_default()));
    let text =
        format!("{} {}", control.text, path.unwrap_or_default().replace(['/', '_', '-', '=', '.'], " "));
    // A link to reset one's password leads to a form; a button may do it.
    let form = control.kind == ControlKind::Link && !leads_nowhere(&control.href) && says(&text, PASSWORD);
    let hands_off = if form {
        says(&text.to_lowercase().replace("reset", ""), HANDS_OFF)
    } else {
        says(&text, HANDS_OFF)
    };
    let turns_on = says(&text, TURN_ON) && !says(&text, SET_UP);
    if turns_on
        || control.kind == ControlKind::Field
        || control.switch
        || hands_off
        || says(&text, SIGN_OUT)
        || says(&text, DOES)
    {
        return 0;
    }
    if control.kind == ControlKind::Button && control.form.is_some() && control.r#type == "submit" {
        return 0;
    }
    let worth: [(Words, u32); 4] = [(PASSWORD, 8), (MFA, 8), (SECURITY, 4), (SETTINGS, 2)];
    let named: u32 = worth.iter().filter(|(words, _)| says(&text, words)).map(|(_, worth)| worth).sum();
    // One's own page is nearer than the settings of the whole app.
    named.max(if pictures_owner(control) { 3 } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_names_and_what_is_done_has_verbs() {
        for name in [
            "Security",
            "Password",
            "Passwords",
            "Sign-in & security",
            "Sign-in and security",
            "Two-factor authentication",
            "My profile",
            "Account settings",
            "Passwort und Sicherheit",
            "Konto",
            "パスワード",
        ] {
            assert!(is_name_of_page(name), "{name}");
        }
        for deed in ["2FA off", "Lock account", "Password: send me a new one", "New two-factor secret", ""] {
            assert!(!is_name_of_page(deed), "{deed}");
        }
    }
}
