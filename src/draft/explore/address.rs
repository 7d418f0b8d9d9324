//! Addresses as a draft may hold them.

use url::Url;

/// Path, query and fragment.
pub(super) fn relative(url: &Url) -> String {
    url[url::Position::BeforePath..].to_owned()
}

/// Whether an address says where it leads, and carries nothing that is made for one visit.
pub(super) fn is_plain(url: &Url) -> bool {
    let once = ["token", "state", "nonce", "session", "csrf", "code", "sid", "key"];
    url.query().is_none_or(|query| query.len() < 300)
        && url.query_pairs().all(|(name, value)| {
            (value.len() < 40 || is_of_words(&value)) && !once.iter().any(|word| name.contains(word))
        })
}

/// Whether it has nothing but words in it, such as the long names of an app's own pages.
fn is_of_words(value: &str) -> bool {
    value
        .split(|c: char| !c.is_alphanumeric())
        .all(|part| part.len() <= 32 && part.chars().all(char::is_alphabetic))
}

/// Whether it is one account's only: a part of it is a number, or as long and mixed as what is made up for each.
pub(super) fn is_ones_own(url: &Url) -> bool {
    let made_up = |part: &str| {
        let digits = part.chars().any(|c| c.is_ascii_digit());
        let plain = part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        digits && (part.chars().all(|c| c.is_ascii_digit()) || part.len() >= 16 && plain)
    };
    let fragment = url.fragment().filter(|part| part.starts_with('/')).unwrap_or_default();
    let query = url.query_pairs().any(|(name, value)| name.ends_with("id") && made_up(&value));
    query || url.path().split('/').chain(fragment.split('/')).any(made_up)
}

/// The same without what is made for one visit.
pub(super) fn lasting(url: &Url) -> String {
    let mut url = url.clone();
    if !is_plain(&url) {
        url.set_query(None);
    }
    // Where a page is drawn by its own script, it may be the way to it.
    if !url.fragment().is_some_and(|part| part.starts_with('/') && !part.contains('=')) {
        url.set_fragment(None);
    }
    relative(&url)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_numbers_an_account_is_its_own() {
        let own = |path: &str| is_ones_own(&Url::parse(&format!("http://127.0.0.1{path}")).unwrap());
        for path in [
            "/users/29e17ab1-7f18-448a-b996-609123142e26",
            "/user/5/edit",
            "/#/users/5/security",
            "/edit.php?user_id=12",
            "/people/64f1c0ffee64f1c0ffee64f1",
        ] {
            assert!(own(path), "{path}");
        }
        for path in
            ["/v2/settings", "/account/2fa", "/settings?page=3", "/change-your-password-here", "/#/profile"]
        {
            assert!(!own(path), "{path}");
        }
    }

    #[test]
    fn words_stay_and_what_is_made_for_one_visit_goes() {
        let lasting = |path: &str| lasting(&Url::parse(&format!("http://127.0.0.1{path}")).unwrap());
        let words =
            "/index.php?title=Special:ChangeCredentials/MediaWiki%5CAuth%5CPasswordAuthenticationRequest";
        for same in ["/settings", "/index.php?title=Special:Preferences", words, "/#/profile"] {
            assert_eq!(lasting(same), same);
        }
        for (once, left) in [
            ("/me?token=abc", "/me"),
            ("/me?v=0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e", "/me"),
            ("/me#section", "/me"),
        ] {
            assert_eq!(lasting(once), left);
        }
    }
}
