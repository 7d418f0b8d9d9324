//! What leads to the settings, and can be followed without anything being changed by it.

use super::find::{Found, all, is, is_person, leads_nowhere, pictures_owner};
use super::words::{
    CHANGE, DOES, HANDS_OFF, LINKING, MENU, MFA, PASSWORD, SECURITY, SET_UP, SETTINGS, SIGN_IN, SIGN_OUT,
    SUNDRIES, TURN_ON, USERNAME, Words, says,
};
use crate::browser::{Control, ControlKind, HiddenLink, Survey};

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
        // How a page is laid out is kept for the account.
        let folds = says(&control.text, &["collapse", "minimi", "fold", "hide", "pin"]);
        // A list of choices is no menu.
        let chooses = control.role == "combobox" || control.role == "listbox";
        let acts = control.switch || chooses || folds || is(control, HANDS_OFF) || acts(&control.text);
        // What does not say that it opens something has to be called so, or by its owner.
        let opens = pictures_owner(control)
            || is_name_of_page(&control.text)
            || says(&control.text, &["open"])
            || [MENU, SETTINGS].iter().any(|words| {
                says(&format!("{} {}", control.id, control.name).replace(['_', '-'], " "), words)
            })
            || (!account.is_empty() && control.text.to_lowercase().contains(account));
        match ((inert || opens_by_hover(control)) && !acts, control.menu, own) {
            (true, true, true) => 4,
            (true, true, false) => 2,
            (true, false, true) if opens => 3,
            // The last resort: nobody can tell.
            (true, false, _) if control.portrait => 1,
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

/// Whether a menu opens when the mouse is over it: a click would follow its link.
pub(super) fn opens_by_hover(menu: &Control) -> bool {
    menu.menu && menu.kind == ControlKind::Link && !leads_nowhere(&menu.href)
}

/// Whether a click looks only: what its words say is the name of a page, or that something is to be changed there. What turns
/// something on or off, sends, makes or ends something is never clicked; nor is what nobody can tell of.
pub(super) fn may_click(control: &Control) -> bool {
    let Control { kind, text, switch, .. } = control;
    let about = [PASSWORD, MFA, SECURITY].iter().any(|words| says(text, words));
    let discloses = (control.menu || control.role == "tab") && about;
    let opens = pictures_owner(control) || says(text, CHANGE) || is_name_of_page(text) || discloses;
    *kind != ControlKind::Field && leads_nowhere(&control.href) && !switch && !acts(text) && opens
}

/// Whether a button may be the one that sends a password's form off.
pub(super) fn may_send_password(control: &Control) -> bool {
    leads_nowhere(&control.href) && (says(&control.text, CHANGE) || says(&control.text, PASSWORD))
}

/// Whether the words are those of something that is done at once.
pub(super) fn acts(text: &str) -> bool {
    [TURN_ON, HANDS_OFF, DOES, SIGN_OUT].iter().any(|words| says(text, words))
}

/// Whether the text is what pages of an account are called, and nothing else.
pub(super) fn is_name_of_page(text: &str) -> bool {
    const PAGES: [Words; 6] = [PASSWORD, MFA, SECURITY, SETTINGS, SIGN_IN, MENU];
    let mut rest = text.to_lowercase();
    for words in PAGES {
        let mut words: Vec<_> = words.to_vec();
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        for word in words {
            rest = rest.replace(word, " ");
        }
    }
    // A letter may be left of a plural.
    let links = |left: &str| left.chars().count() <= 1 || LINKING.contains(&left);
    PAGES.iter().any(|words| says(text, words)) && rest.split(|c: char| !c.is_alphanumeric()).all(links)
}

/// How much a link or a menu's item promises of the security settings; 0 for nothing.
pub(super) fn promise(control: &Control) -> u32 {
    let path = url::Url::parse(&control.href).ok().filter(|_| !leads_nowhere(&control.href));
    let path = path.as_ref().map(words_of_address).unwrap_or_default();
    let has = |parts: &[&str]| path.split(['/', ' ']).any(|part| parts.contains(&part));
    // Pages of documentation tell of settings and have none; others make something new, which a password may be as well.
    let reads = [".txt", ".rst", ".md", ".pdf"].iter().any(|end| path.trim_end().ends_with(end));
    let makes = has(&["+", "new", "add", "create"]) && !is_name_of_page(&control.text);
    if reads || makes || has(&["doc", "docs", "documentation", "help"]) {
        return 0;
    }
    let own = has(&["me", "user_info", "userinfo", "whoami"]);
    let text = format!("{} {}", control.text, path.replace(['/', '_', '-', '=', '.'], " "));
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
    let person = control.kind == ControlKind::Link && is_person(control);
    let sundries = u32::from(SUNDRIES.contains(&control.text.trim().to_lowercase().as_str()));
    named.max(if own || person || pictures_owner(control) { 3 } else { sundries })
}

/// What an address says of the page there: its path, also the one that a script goes by, and what a query names; not what is
/// written out in it, which may be anything.
fn words_of_address(url: &url::Url) -> String {
    let route = url.fragment().filter(|part| part.starts_with('/') || part.starts_with("!/"));
    let named =
        |text: &str| text.len() <= 30 && text.chars().all(|c| c.is_alphanumeric() || "-_".contains(c));
    let query = url.query_pairs().filter(|(key, value)| named(key) && named(value));
    let query: Vec<_> = query.map(|(key, value)| format!("{key} {value}")).collect();
    format!("{} {} {}", url.path(), query.join(" "), route.unwrap_or_default())
}

/// The same of a link that nobody sees: it may be opened, and is never clicked.
pub(super) fn promise_unseen(link: &HiddenLink) -> u32 {
    promise(&Control {
        kind: ControlKind::Link,
        text: link.text.clone(),
        href: link.href.clone(),
        ..Control::default()
    })
}

/// Whether it is left alone for what it says, though it may well be where the password is changed.
pub(super) fn is_not_dared(control: &Control) -> bool {
    control.kind != ControlKind::Field
        && leads_nowhere(&control.href)
        && says(&control.text, PASSWORD)
        && says(&control.text, HANDS_OFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_something_new_promises_nothing_but_where_a_password_is_new() {
        let link = |text: &str, path: &str| Control {
            kind: ControlKind::Link,
            text: text.to_owned(),
            href: format!("https://acme.example{path}"),
            ..Control::default()
        };
        assert!(promise(&link("Password", "/settings/password/new")) >= 8);
        for (text, path) in [("Add an account", "/accounts/new"), ("API key", "/settings/keys/create")] {
            assert_eq!(promise(&link(text, path)), 0, "{text}");
        }
    }

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
        for deed in [
            "2FA off",
            "Lock account",
            "Password: send me a new one",
            "New two-factor secret",
            "",
            "×",
            "🗑",
            "+",
            "x",
        ] {
            assert!(!is_name_of_page(deed), "{deed}");
        }
    }
}
