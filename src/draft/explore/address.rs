//! Addresses as a draft may hold them.

use url::Url;

/// Path, query and fragment.
pub(super) fn relative(url: &Url) -> String {
    url[url::Position::BeforePath..].to_owned()
}

/// Whether an address says where it leads, and carries nothing that is made for one visit.
pub(super) fn is_plain(url: &Url) -> bool {
    let once = ["token", "state", "nonce", "session", "csrf", "code", "sid", "key"];
    url.query().is_none_or(|query| query.len() < 100)
        && url
            .query_pairs()
            .all(|(name, value)| value.len() < 40 && !once.iter().any(|word| name.contains(word)))
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
