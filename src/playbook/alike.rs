//! Whether two clicks may be on one and the same button, as far as their locators tell.

use super::tree::bare;
use super::{By, Locator, Target};

/// Whether the first target may be the button that the second one, the commit step's, names.
pub(super) fn may_be_same(early: &Target, commit: &Target) -> bool {
    let alike = |ours: &Locator| commit.alternatives.iter().any(|theirs| locators_alike(ours, theirs));
    early.alternatives.iter().any(alike)
}

fn locators_alike(early: &Locator, commit: &Locator) -> bool {
    if early == commit {
        return true;
    }
    let apart = matches!((&early.within, &commit.within), (Some(a), Some(b)) if a != b);
    if early.frame != commit.frame || apart {
        return false;
    }
    match (&early.by, &commit.by) {
        (By::Css(_) | By::Xpath(_), By::Role { role, .. }) if submits(&early.by) => role == "button",
        (By::Css(_) | By::Xpath(_), By::Text(_) | By::Css(_) | By::Xpath(_) | By::TestId(_)) => {
            early.by == commit.by || submits(&early.by)
        }
        (By::Role { role, .. }, By::Css(_) | By::Xpath(_))
            if submits(&commit.by) && names(early).is_empty() =>
        {
            role == "button"
        }
        (By::Role { role: ours, .. }, By::Role { role: theirs, .. }) if ours != theirs => false,
        // One name is mostly enough to find either, where it is a part of the other's.
        _ => names(early).iter().any(|ours| {
            names(commit).iter().any(|theirs| {
                let (ours, theirs) = (bare(ours), bare(theirs));
                ours == theirs
                    || !early.exact && theirs.contains(&ours)
                    || !commit.exact && ours.contains(&theirs)
            })
        }),
    }
}

/// What people read of it.
fn names(locator: &Locator) -> &[String] {
    match &locator.by {
        By::Role { name: texts, .. } | By::Text(texts) | By::Label(texts) => texts,
        _ => &[],
    }
}

/// Whether it names a button that sends a form off.
fn submits(by: &By) -> bool {
    let (By::Css(path) | By::Xpath(path)) = by else { return false };
    let path = path.to_lowercase().replace(['"', '\'', ' '], "");
    path.contains("type=submit") && !path.contains("not(")
}
