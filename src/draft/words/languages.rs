//! What is said in the language of a page.

use super::{REFUSED, Words, says};

/// A language by its tag, what it calls a password, and what apps say in it when the credentials are wrong.
const LANGUAGES: &[(&str, Words, Words)] = &[
    (
        "de",
        &["passwort", "kennwort"],
        &["falsch", "ungültig", "nicht korrekt", "stimmen nicht", "nicht erkannt", "fehlgeschlagen"],
    ),
    ("fr", &["mot de passe"], &["incorrect", "invalide", "erroné", "échec"]),
    ("es", &["contraseña", "clave"], &["incorrect", "inválid", "no válid", "no coinciden"]),
    ("pt", &["senha", "palavra-passe"], &["incorret", "inválid", "não confere"]),
    ("it", &[], &["errat", "non valid", "non corrett"]),
    ("nl", &["wachtwoord"], &["onjuist", "ongeldig", "niet correct"]),
    ("sv", &["lösenord"], &["felaktig", "fel lösenord", "ogiltig"]),
    ("no", &["passord"], &["feil", "ugyldig"]),
    ("nb", &["passord"], &["feil", "ugyldig"]),
    ("da", &["adgangskode", "kodeord"], &["forkert", "ugyldig"]),
    ("fi", &["salasana"], &["väärä", "virheelli"]),
    ("cs", &["heslo"], &["nesprávn", "neplatn"]),
    ("pl", &["hasło"], &["nieprawidłow", "błędn"]),
    ("ru", &["пароль"], &["неверн", "неправильн"]),
    ("uk", &["пароль"], &["невірн", "неправильн"]),
    ("tr", &["şifre", "parola"], &["yanlış", "hatalı", "geçersiz"]),
    ("zh", &["密码", "密碼"], &["错误", "不正确", "錯誤", "不正確"]),
    ("ja", &["パスワード"], &["正しくありません", "間違"]),
    ("ko", &["비밀번호"], &["잘못", "올바르지", "일치하지"]),
    ("ar", &["كلمة المرور", "كلمة السر"], &["غير صحيح"]),
    ("he", &["סיסמה", "סיסמא"], &["שגוי"]),
    ("hu", &["jelszó"], &["hibás", "érvénytelen"]),
    ("ro", &["parola", "parolă"], &["greșit", "incorect"]),
    ("vi", &["mật khẩu"], &["không đúng"]),
];

/// What apps say to wrong credentials in the language of a page: that in which it asks for the password, else that of its
/// `lang`, for many forget to say theirs; else English.
pub(in crate::draft) fn refused_in(lang: &str, asks: &str) -> Words {
    let tag = lang.split('-').next().unwrap_or_default().to_lowercase();
    let named = LANGUAGES.iter().find(|(each, _, _)| *each == tag);
    let said = LANGUAGES.iter().filter(|(_, password, _)| says(asks, password));
    // Some languages share the word.
    let said = said.clone().find(|(each, _, _)| *each == tag).or_else(|| said.clone().next());
    said.or(named).map_or(REFUSED, |(_, _, refused)| refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_on_the_page_go_before_its_tag() {
        assert!(refused_in("en", "Kennwort").contains(&"falsch"));
        assert!(
            refused_in("uk-UA", "Пароль").contains(&"невірн") && refused_in("", "Пароль").contains(&"неверн")
        );
        assert!(refused_in("it", "Password").contains(&"errat"));
        assert_eq!(refused_in("en", "Password"), REFUSED);
        assert_eq!(refused_in("", ""), REFUSED);
    }
}
