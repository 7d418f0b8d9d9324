//! The menu of one's own account, from which a recording signs out.

use crate::draft::findings::Names;
use crate::draft::leads;
use crate::draft::words::{MENU, SETTINGS, USERNAME, says};
use crate::playbook::{By, Locator};

/// Whether a click on it shows a menu of one's own account rather than another page.
pub(super) fn opens_a_menu(names: &Names) -> bool {
    let link = |Locator { by, .. }: &Locator| matches!(by, By::Role { role, .. } if role == "link");
    let words = words(names);
    // A step of every login must never do what was done once.
    let opens =
        ["open", "show", "toggle"].iter().fold(words.to_lowercase(), |words, verb| words.replace(verb, ""));
    if !leads::is_name_of_page(&opens) || leads::acts(&words) {
        return false;
    }
    says(&words, MENU) || (says(&words, SETTINGS) || says(&words, USERNAME)) && !names.iter().all(link)
}

/// What people read of an element.
pub(super) fn words(names: &Names) -> String {
    let texts = |Locator { by, .. }: &Locator| match by {
        By::Role { name: texts, .. } | By::Text(texts) | By::Label(texts) => texts.join(" "),
        _ => String::new(),
    };
    names.iter().map(texts).collect::<Vec<_>>().join(" ")
}
