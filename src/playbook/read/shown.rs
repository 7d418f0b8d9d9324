//! Where a secret would be seen: in a field that shows what is typed, or in an address.

use url::form_urlencoded;

use super::Reader;
use crate::playbook::Rule;
use crate::playbook::secrets::is_secret_key;
use crate::playbook::{Address, By, Locator, Place, Target, Value};

/// Fields of HTML that show what is typed.
const TYPES: [&str; 10] =
    ["text", "email", "tel", "url", "search", "number", "date", "datetime-local", "month", "time"];
/// What a field is called that is for no password, in small letters.
const NAMES: [&str; 21] = [
    "username",
    "user name",
    "user id",
    "user",
    "login",
    "login name",
    "account name",
    "email",
    "e-mail",
    "mail",
    "email address",
    "e-mail address",
    "username or email",
    "phone",
    "phone number",
    "mobile number",
    "name",
    "first name",
    "last name",
    "full name",
    "search",
];
impl Reader<'_> {
    /// A password belongs into a field that does not show it. From what a locator says of its element, that can be
    /// told of many.
    pub(super) fn secret_unseen(&mut self, into: &Target, secret: &Value) {
        if !matches!(secret, Value::Password | Value::NewPassword) {
            return;
        }
        let Some(shown) = into.alternatives.iter().find_map(shown) else { return };
        self.findings
            .warning(
                Rule::SecretShown,
                into.place,
                format!("`{secret}` is typed into a field that would show it"),
            )
            .label(format!("{shown} is no field for passwords"))
            .help("name the field by its label, or by `autocomplete: current-password` or `new-password`");
    }

    /// What stands in an address is seen: in the browser, the app's logs, and what is said of a step.
    pub(super) fn secret_in_address(&mut self, address: &Address, place: Place) {
        let parts = [address.url.query(), address.url.fragment()];
        let pairs = parts
            .into_iter()
            .flatten()
            .flat_map(|part| form_urlencoded::parse(part.rsplit('?').next().unwrap_or_default().as_bytes()));
        let mut secrets = pairs.filter(|(key, value)| !value.is_empty() && is_secret_key(key));
        let Some((key, _)) = secrets.next() else { return };
        self.findings
            .warning(Rule::SecretShown, place, format!("`{key}` stands in an address, where everybody sees it"))
            .label("addresses are logged, by Turnlock too")
            .help(
                "leave it out, and type what the page asks for; a link that the app mails is opened by `open: email_link`",
            );
    }
}

/// What a locator goes by that tells of a field which shows what is typed.
fn shown(locator: &Locator) -> Option<String> {
    match &locator.by {
        // Fields for passwords have no role of their own.
        By::Role { role, .. } => Some(format!("`role: {role}`")),
        By::Autocomplete(field) => {
            let unseen = matches!(field.as_str(), "current-password" | "new-password" | "webauthn");
            (!unseen).then(|| format!("`autocomplete: {field}`"))
        }
        By::Label(texts) if all_named(texts) => Some(format!("`label: {}`", texts.join(", "))),
        By::Placeholder(texts) if all_named(texts) => Some(format!("`placeholder: {}`", texts.join(", "))),
        By::Css(selector) => shows(last_of(selector)).then(|| format!("`css: {selector}`")),
        By::Xpath(path) => {
            shows(path.rsplit('/').next().unwrap_or_default()).then(|| format!("`xpath: {path}`"))
        }
        By::Label(_) | By::Placeholder(_) | By::Text(_) | By::TestId(_) => None,
    }
}

fn all_named(texts: &[String]) -> bool {
    let named =
        |text: &String| NAMES.contains(&text.trim().trim_end_matches([':', '*']).to_lowercase().as_str());
    !texts.is_empty() && texts.iter().all(named)
}

/// The last compound of a selector, which is the one that names the element. Of a list of selectors none is.
pub(super) fn last_of(selector: &str) -> &str {
    let (mut begins, mut depth, mut quote) = (0, 0_usize, None);
    for (at, c) in selector.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => return "",
            (None, ' ' | '>' | '+' | '~') if depth == 0 => begins = at + 1,
            _ => {}
        }
    }
    &selector[begins..]
}

/// Whether what names an element, in CSS or XPath, names one that shows what is typed.
fn shows(compound: &str) -> bool {
    let compound = compound.to_lowercase();
    if compound.contains("not(") {
        return false;
    }
    let tag = compound.split(['[', '.', '#', ':']).next().unwrap_or_default();
    if matches!(tag, "textarea" | "select") {
        return true;
    }
    let value_of = |name: &str| {
        let (_, rest) = compound.split_once(&format!("{name}="))?;
        let rest = rest.trim_start_matches(['"', '\'']);
        rest.split(['"', '\'', ']']).next().map(str::to_owned)
    };
    let for_others =
        |field: String| !field.contains("password") && !matches!(field.as_str(), "on" | "off" | "");
    value_of("type").is_some_and(|of| TYPES.contains(&of.as_str()))
        || value_of("autocomplete").is_some_and(for_others)
}

#[cfg(test)]
mod tests {
    use crate::playbook::{OriginOverrides, Rule, parse};

    /// How often it is warned of in a login with this field for the password, at this address.
    fn warnings(field: &str, address: &str) -> usize {
        let source = format!(
            "app: test\ntitle: Test\norigins: {{ app: https://test.example }}\nflows:\n  login:\n    - open: \"{address}\"\n    - fill: {{ into: {field}, with: password }}\n    - expect: {{ signed_in: {{ text: Welcome }}, bad_credentials: {{ text: Wrong }} }}\n"
        );
        let playbook =
            parse("test.yaml", &source, &OriginOverrides::new()).unwrap_or_else(|report| panic!("{report}"));
        playbook.warnings.diagnostics.iter().filter(|found| found.rule == Rule::SecretShown).count()
    }

    #[test]
    fn a_field_that_shows_what_is_typed_is_told_by_whatever_names_it() {
        for field in [
            "{ role: textbox, name: Password }",
            "{ autocomplete: username }",
            "{ autocomplete: one-time-code }",
            "{ autocomplete: tel }",
            "{ label: \"E-mail address:\" }",
            "{ label: [Username, Login] }",
            "{ placeholder: Search }",
            "{ css: 'form > input[type=text]' }",
            "{ css: 'form input.wide[type=\"email\"]' }",
            "{ css: textarea#password }",
            "{ css: 'input[autocomplete=\"username\"]' }",
            "{ xpath: \"//form//input[@type='tel']\" }",
            "[{ label: Password }, { css: 'input[type=text]' }]",
        ] {
            assert_eq!(warnings(field, "/login"), 1, "{field}");
        }
    }

    #[test]
    fn a_field_for_passwords_is_none_of_them() {
        for field in [
            "{ label: Password }",
            "{ label: [Username or password, Password] }",
            "{ placeholder: Your password }",
            "{ autocomplete: current-password }",
            "{ test_id: email }",
            "{ css: 'input[type=password]' }",
            "{ css: 'input[type=text] ~ input[type=\"password\"]' }",
            "{ css: 'input[type=password], input[type=text]' }",
            "{ css: 'input:not([type=text])' }",
            "{ css: '#password' }",
            "{ css: 'input[autocomplete=current-password]' }",
            "{ xpath: \"//label[.='Name']/../input[@type='password']\" }",
        ] {
            assert_eq!(warnings(field, "/login"), 0, "{field}");
        }
    }

    #[test]
    fn a_secret_in_an_address_is_told_and_other_words_are_not() {
        for address in
            ["/login?token=8f3a9c1d", "/#access_token=abc", "/login?next=/a&Password=x", "/#/in?api-key=1"]
        {
            assert_eq!(warnings("{ label: Password }", address), 1, "{address}");
        }
        for address in
            ["/login", "/login?token=", "/login?tab=password", "/reset-password", "/login#password"]
        {
            assert_eq!(warnings("{ label: Password }", address), 0, "{address}");
        }
    }
}
