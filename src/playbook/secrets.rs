//! Secrets in addresses: which parameters are such, and text without them.

use std::borrow::Cow;

/// What secrets in addresses are called.
const KEYS: [&str; 18] = [
    "password",
    "passwd",
    "pass",
    "pwd",
    "pin",
    "secret",
    "client_secret",
    "token",
    "access_token",
    "refresh_token",
    "auth_token",
    "api_key",
    "apikey",
    "otp",
    "totp",
    "sessionid",
    "jsessionid",
    "ticket",
];

/// Whether a parameter of an address of that name is a secret.
pub(super) fn is_secret_key(key: &str) -> bool {
    KEYS.contains(&key.to_lowercase().replace('-', "_").as_str())
}

/// The text with asterisks for the passwords and tokens that stand in addresses in it: before a host, and as values of
/// parameters. It is as long as before, so that places in it are the same.
pub(super) fn hidden(text: &str) -> Cow<'_, str> {
    let mut hidden = Cow::Borrowed(text);
    let mut hide = |from: usize, to: usize| {
        if from < to {
            hidden.to_mut().replace_range(from..to, &"*".repeat(to - from));
        }
    };
    for (at, _) in text.match_indices("://") {
        let host = at + 3;
        let end = text[host..]
            .find(['/', '?', '#', ' ', '"', '\'', '\n', '`'])
            .map_or(text.len(), |end| host + end);
        if let Some(behind) = text[host..end].rfind('@')
            && let Some(colon) = text[host..host + behind].find(':')
        {
            hide(host + colon + 1, host + behind);
        }
    }
    for (at, _) in text.match_indices('=') {
        let key = text[..at].rfind(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-'));
        // A parameter stands behind what divides parameters, and not at the beginning.
        let Some(begins) = key.filter(|begins| matches!(text.as_bytes()[*begins], b'?' | b'&' | b'#' | b';'))
        else {
            continue;
        };
        if is_secret_key(&text[begins + 1..at]) {
            let value = &text[at + 1..];
            let end = value.find(|c: char| {
                c.is_whitespace() || matches!(c, '&' | '#' | '"' | '\'' | '`' | ';' | ',' | '}')
            });
            hide(at + 1, at + 1 + end.unwrap_or(value.len()));
        }
    }
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_addresses_are_hidden_and_all_else_stays() {
        for (text, shown) in [
            ("- open: '/login?user=a&password=Hunter2'", "- open: '/login?user=a&password=*******'"),
            ("app: http://u:pw@acme.example/x", "app: http://u:**@acme.example/x"),
            ("app: https://u:p@w/d@acme.example", "app: https://u:*@w/d@acme.example"),
            ("open: /a;JSESSIONID=ä1#access-token=b, x", "open: /a;JSESSIONID=***#access-token=*, x"),
        ] {
            assert_eq!(hidden(text), shown);
            assert_eq!(text.len(), shown.len());
        }
        for plain in
            ["open: /login?next=/a&tab=password", "- css: 'input[type=password]'", "a: mail@acme.example"]
        {
            assert!(matches!(hidden(plain), Cow::Borrowed(_)), "{plain}");
        }
    }
}
