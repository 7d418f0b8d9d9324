//! What fields for passwords are filled with: no literal, and each of the two passwords into its own.

use super::Reader;
use super::shown::last_of;
use crate::playbook::node::{Kind, Node};
use crate::playbook::{By, FlowKind, Locator, Place, Rule, Target, Value};

/// What a password is called in many languages, in small letters; a part of a name is enough.
pub(crate) const PASSWORD: &[&str] = &[
    "password",
    "passwort",
    "kennwort",
    "mot de passe",
    "contraseña",
    "senha",
    "palavra-passe",
    "wachtwoord",
    "lösenord",
    "passord",
    "adgangskode",
    "salasana",
    "heslo",
    "hasło",
    "пароль",
    "parola",
    "şifre",
    "密码",
    "密碼",
    "パスワード",
    "비밀번호",
    "كلمة المرور",
    "סיסמה",
    "jelszó",
    "mật khẩu",
    "passphrase",
    "pass phrase",
    "pass word",
    "credentials",
];
/// Whole words beside it that say that it is the new one.
const NEW: [&str; 16] = [
    "new",
    "neu",
    "neue",
    "neues",
    "nouveau",
    "nueva",
    "nuova",
    "nova",
    "nieuw",
    "nytt",
    "ny",
    "nové",
    "nowe",
    "новый",
    "yeni",
    "új",
];
/// Whole words beside it that say that it is the one which opens the account now.
const CURRENT: [&str; 16] = [
    "current",
    "old",
    "existing",
    "present",
    "aktuelles",
    "altes",
    "bisheriges",
    "actuel",
    "ancien",
    "actual",
    "attuale",
    "atual",
    "huidig",
    "nuvarande",
    "текущий",
    "старый",
];

/// For which password a field is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    Any,
    New,
    Current,
}

impl Reader<'_> {
    /// A password that stands in the playbook is read by whoever reads that, and is the same for every account.
    pub(super) fn literal_password(&mut self, into: &Target, with: &Value, node: &Node) {
        let Value::Text(text) = with else { return };
        if text.is_empty() || with.is_question() || !asks_for_secret(into) {
            return;
        }
        let given = self.values.iter().find(|(_, value)| text.contains(value.as_str()));
        if let Some((name, _)) = given {
            let name = name.clone();
            self.findings
                .warning(Rule::SecretParameter, into.place, format!("the parameter `{name}` is typed into a field for a secret"))
                .label("parameters stand in clear in the database, and wherever the step is told of")
                .help("Turnlock keeps no secret but password and authenticator: see to it in the app that the account is not asked for this one");
            return;
        }
        if !into.alternatives.iter().any(|each| meant(each).is_some()) {
            self.findings
                .warning(Rule::PasswordLiteral, literal_place(node), "what may be a secret stands in the playbook")
                .label("in clear, and the same for every account")
                .help("where it is the account's password, write `with: password`; Turnlock keeps no other secret: see to it in the app that the account is not asked for it");
            return;
        }
        self.findings
            .warning(Rule::PasswordLiteral, literal_place(node), "a password stands in the playbook")
            .label("in clear, and the same for every account")
            .help("write `with: password`: the vault holds it, and `turnlock account add` asks for it; if it was a real one, change it");
    }

    /// The new password in the old one's field, or the other way about, is mostly a slip.
    pub(super) fn password_swapped(&mut self, into: &Target, with: &Value, kind: FlowKind) {
        let (other, right) = match with {
            // In `recover`, there is none to type, which is told already.
            Value::Password if kind != FlowKind::Recover => (For::New, "new_password"),
            Value::NewPassword => (For::Current, "password"),
            _ => return,
        };
        // Many a login calls its field `new-password`, so that browsers fill nothing in.
        let counts = |each: &&Locator| kind != FlowKind::Login || !matches!(each.by, By::Autocomplete(_));
        let Some(locator) = into.alternatives.iter().filter(counts).find(|each| meant(each) == Some(other))
        else {
            return;
        };
        let field = match other {
            For::New => "a new password",
            _ => "the current password",
        };
        let help = match kind {
            FlowKind::ChangePassword => format!("write `with: {right}`, or name the other field"),
            _ => "name the field that is meant".to_owned(),
        };
        self.findings
            .warning(Rule::PasswordSwapped, into.place, format!("`{with}` is typed into a field for {field}"))
            .label(format!("{locator} asks for {field}"))
            .help(help);
    }
}

/// Where the literal itself stands.
fn literal_place(with: &Node) -> Place {
    let text = match &with.kind {
        Kind::Map(entries) => entries.iter().find(|(key, _)| key.kind.text() == Some("text")),
        _ => None,
    };
    text.map_or(with.place, |(_, text)| text.place)
}

/// What fields for other secrets are called, in small letters; a part of a name is enough.
const SECRETS: [&str; 22] = [
    "passcode",
    "pass code",
    "security answer",
    "security question",
    "secret answer",
    "secret question",
    "secret word",
    "memorable",
    "maiden name",
    "access token",
    "api key",
    "api token",
    "access key",
    "secret key",
    "private key",
    "recovery key",
    "recovery code",
    "sicherheitsfrage",
    "sicherheitsantwort",
    "geheimfrage",
    "question secrète",
    "pregunta de seguridad",
];
/// Whole words of such names, and of what authors of pages call such fields.
const SECRET_WORDS: [&str; 11] = [
    "pin",
    "secret",
    "passwd",
    "pwd",
    "pass",
    "passphrase",
    "geheimnis",
    "token",
    "password",
    "answer",
    "antwort",
];

/// Whether what a field is called says that it is for a secret.
pub(crate) fn names_a_secret(text: &str) -> bool {
    let text = text.to_lowercase().replace(['_', '-'], " ");
    SECRETS.iter().any(|each| text.contains(each))
        || PASSWORD.iter().any(|each| text.contains(each))
        || text.split(|c: char| !c.is_alphanumeric()).any(|word| SECRET_WORDS.contains(&word))
}

/// Whether a field asks for a secret, a password or another one, by what its locators say of it.
pub(super) fn asks_for_secret(into: &Target) -> bool {
    let secret = names_a_secret;
    let says = |locator: &Locator| match &locator.by {
        By::Label(texts) | By::Placeholder(texts) | By::Role { name: texts, .. } => {
            texts.iter().any(|text| secret(text))
        }
        By::Css(selector) => {
            let own = last_of(selector);
            !own.contains("not(") && secret(own)
        }
        By::Xpath(path) => {
            let own = path.rsplit('/').next().unwrap_or_default();
            !own.contains("not(") && secret(own)
        }
        By::TestId(id) => secret(id),
        By::Autocomplete(_) | By::Text(_) => false,
    };
    into.alternatives.iter().any(|each| meant(each).is_some() || says(each))
}

/// For which password the locator's field is, as far as it says; `None` if it says nothing of passwords.
fn meant(locator: &Locator) -> Option<For> {
    match &locator.by {
        By::Label(texts) | By::Placeholder(texts) | By::Role { name: texts, .. } => {
            texts.iter().find_map(|text| named(text))
        }
        By::Autocomplete(field) => token(field),
        By::Css(selector) => said(last_of(selector)),
        By::Xpath(path) => said(path.rsplit('/').next().unwrap_or_default()),
        By::Text(_) | By::TestId(_) => None,
    }
}

fn named(text: &str) -> Option<For> {
    let text = text.to_lowercase();
    if !PASSWORD.iter().any(|word| text.contains(word)) {
        return None;
    }
    let has = |words: &[&str]| text.split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word));
    Some(match (has(&NEW), has(&CURRENT)) {
        (true, false) => For::New,
        (false, true) => For::Current,
        _ => For::Any,
    })
}

fn token(field: &str) -> Option<For> {
    match field {
        "current-password" => Some(For::Current),
        "new-password" => Some(For::New),
        _ => None,
    }
}

/// What a step of CSS or XPath says of its element.
fn said(step: &str) -> Option<For> {
    let step = step.to_lowercase().replace(['"', '\''], "");
    let has = |part: &str| step.contains(part) && !step.contains("not(");
    let field =
        ["current-password", "new-password"].into_iter().find(|field| has(&format!("autocomplete={field}")));
    field.and_then(token).or_else(|| has("type=password").then_some(For::Any))
}

#[cfg(test)]
mod tests {
    use crate::playbook::{OriginOverrides, Rule, parse};

    /// What is warned of in a change of the password that does this before it types the new one.
    fn warned(step: &str) -> Vec<Rule> {
        let source = format!(
            "app: test\ntitle: Test\nparams: {{ pet: {{ description: A pet, example: waldi }} }}\norigins: {{ app: https://test.example }}\npassword: {{ rules: 'minlength: 12' }}\nflows:\n  login:\n    - open: /\n    \
             - fill: {{ into: {{ label: Username }}, with: username }}\n    - fill: {{ into: {{ autocomplete: new-password }}, with: password }}\n    - expect: {{ signed_in: {{ text: Welcome }}, bad_credentials: {{ text: Wrong }} }}\n  \
             change_password:\n    - fill: {step}\n    - fill: {{ into: {{ label: [Password, New password] }}, with: new_password }}\n    \
             - commit: {{ click: {{ role: button, name: Save }} }}\n    - expect: {{ password_changed: {{ text: Done }}, password_refused: {{ text: Short }} }}\n"
        );
        let playbook =
            parse("test.yaml", &source, &OriginOverrides::new()).unwrap_or_else(|report| panic!("{report}"));
        playbook.warnings.diagnostics.iter().map(|found| found.rule).collect()
    }

    #[test]
    fn a_literal_in_a_password_field_is_told_and_not_shown() {
        for field in [
            "{ label: \"Your Password:\" }",
            "{ placeholder: Passwort }",
            "{ autocomplete: current-password }",
            "[{ css: '#p' }, { css: 'form input[type=\"password\"]' }]",
            "{ xpath: \"//input[@type='password']\" }",
        ] {
            assert_eq!(
                warned(&format!("{{ into: {field}, with: {{ text: Hunter2 }} }}")),
                [Rule::PasswordLiteral]
            );
        }
        for field in [
            "{ label: Display name }",
            "{ css: 'input[type=password] ~ input' }",
            "{ css: 'input:not([type=password])' }",
        ] {
            assert_eq!(warned(&format!("{{ into: {field}, with: {{ text: Hunter2 }} }}")), [], "{field}");
        }
    }

    #[test]
    fn another_secret_is_told_as_a_literal_and_as_a_parameter() {
        for field in [
            "{ label: \"Security answer: your first pet\" }",
            "{ label: PIN }",
            "{ placeholder: Access token }",
            "{ css: '#password' }",
            "{ css: 'input[name=\"user_pin\"]' }",
            "{ xpath: \"//div/input[@id='passcode']\" }",
        ] {
            let literal = warned(&format!("{{ into: {field}, with: {{ text: Fluffy }} }}"));
            assert_eq!(literal, [Rule::PasswordLiteral], "{field}");
            let parameter = warned(&format!("{{ into: {field}, with: {{ text: \"${{pet}}\" }} }}"));
            assert_eq!(parameter, [Rule::SecretParameter], "{field}");
        }
        for field in
            ["{ label: Shipping town }", "{ css: '#login-form input' }", "{ css: '#password-form > input' }"]
        {
            assert_eq!(
                warned(&format!("{{ into: {field}, with: {{ text: \"${{pet}}\" }} }}")),
                [],
                "{field}"
            );
        }
    }

    #[test]
    fn each_password_belongs_into_its_own_field() {
        for field in
            ["{ label: New password }", "{ label: Neues Passwort }", "{ autocomplete: new-password }"]
        {
            let swapped = warned(&format!("{{ into: {field}, with: password }}"));
            assert_eq!(swapped, [Rule::PasswordSwapped], "{field}");
            assert_eq!(warned(&format!("{{ into: {field}, with: new_password }}")), [], "{field}");
        }
        for field in [
            "{ label: Old password }",
            "{ placeholder: Aktuelles Kennwort }",
            "{ autocomplete: current-password }",
        ] {
            let swapped = warned(&format!("{{ into: {field}, with: new_password }}"));
            assert_eq!(swapped, [Rule::PasswordSwapped], "{field}");
            assert_eq!(warned(&format!("{{ into: {field}, with: password }}")), [], "{field}");
        }
        assert_eq!(warned("{ into: { label: \"Old password, not the new one\" }, with: new_password }"), []);
    }
}
