//! What an app says when it lets nobody in.

use super::{Words, says};

/// What an app says when the credentials are wrong.
pub(in crate::draft) const REFUSED: Words = &[
    "incorrect",
    "not correct",
    "wrong password",
    "wrong user",
    "wrong login",
    "wrong e-mail",
    "wrong email",
    "not the right",
    "is wrong",
    "are wrong",
    "invalid",
    "enter a correct",
    "enter the correct",
    "do not match",
    "does not match",
    "n't match",
    "n’t match",
    "no user account",
    "not recognized",
    "not recognised",
    "access denied",
    "unauthorized",
    "unauthorised",
    "not authorized",
    "not authorised",
    "login failed",
    "failed login",
    "sign in failed",
    "authentication failed",
];

/// What it says of an account that it has locked.
pub(in crate::draft) const LOCKED: Words = &["too many", "has been locked", "is locked", "locked out"];

/// What it says to whoever has tried too often, whether rightly or not.
const THROTTLED: Words = &["rate limit", "try again later"];

/// The same in other words and languages, by which a refusal is known and none is guessed.
pub(in crate::draft) const DENIED: Words = &[
    "denied",
    "wrong",
    "attempts left",
    "attempts remaining",
    "failed",
    "try again",
    "rejected",
    "unrecognized",
    "unrecognised",
    "no such user",
    "no such account",
    "no account",
    "no match",
    "unknown user",
    "unsuccessful",
    "not known",
    "not in our",
    "not find",
    "n't find",
    "nicht bekannt",
    "unbekannt",
    "nicht gefunden",
    "inconnu",
    "introuvable",
    "no encontr",
    "não encontr",
    "desconocid",
    "non trovat",
    "falsch",
    "ungültig",
    "nicht korrekt",
    "stimmen nicht",
    "stimmt nicht",
    "fehlgeschlagen",
    "nicht erkannt",
    "erroné",
    "erreur",
    "échec",
    "no coinciden",
    "inválid",
    "incorret",
    "errat",
    "non valid",
    "onjuist",
    "ongeldig",
    "felaktig",
    "feil",
    "forkert",
    "ugyldig",
    "väärä",
    "nesprávn",
    "neplatn",
    "nieprawidłow",
    "błędn",
    "неверн",
    "неправильн",
    "ошиб",
    "невірн",
    "помилк",
    "yanlış",
    "hatalı",
    "geçersiz",
    "错误",
    "不正确",
    "錯誤",
    "正しくありません",
    "間違",
    "잘못",
    "올바르지",
    "غير صحيح",
    "שגוי",
    "hibás",
    "érvénytelen",
    "greșit",
    "không đúng",
];

/// What it says of its own failure, whatever the credentials are.
const BROKEN: Words = &[
    "went wrong",
    "connection to",
    "unavailable",
    "out of service",
    "failed to fetch",
    "failed to load",
    "failed to connect",
    "connection failed",
];

/// What is said of a password that lets nobody in before there is another.
pub(in crate::draft) const EXPIRED: Words = &[
    "expired",
    "must change",
    "must be changed",
    "has to be changed",
    "need to change",
    "required to change",
    "abgelaufen",
    "expiré",
    "caducad",
    "expirou",
    "expirada",
    "scadut",
    "verlopen",
    "utgått",
    "utløpt",
    "udløbet",
    "vanhentunut",
    "vypršel",
    "wygasł",
    "истёк",
    "истек",
    "süresi dol",
    "过期",
    "期限",
    "만료",
];

/// What is said of a second factor that is being set up.
pub(in crate::draft) const SCAN: Words = &[
    "qr code",
    "qr-code",
    "qrcode",
    "scan the",
    "scan this",
    "scannen",
    "scannez",
    "escanea",
    "código qr",
    "codice qr",
    "二维码",
    "qr コード",
    "qrコード",
];

/// What is said where the login goes on by what the app has just sent.
pub(in crate::draft) const MAILED: Words = &[
    "check your email",
    "check your e-mail",
    "check your mail",
    "check your inbox",
    "check your phone",
    "we sent you",
    "we've sent you",
    "we’ve sent you",
    "we have sent you",
    "we just sent",
    "we emailed you",
    "we e-mailed you",
    "we mailed you",
    "we texted you",
    "has been sent to your",
    "was sent to your",
    "sent a link",
    "sent a code",
    "prüfen sie ihr postfach",
    "prüfe dein postfach",
    "haben wir ihnen gesendet",
    "haben ihnen eine e-mail",
    "haben dir eine e-mail",
    "haben ihnen einen",
    "haben dir einen",
    "vérifiez votre e-mail",
    "vérifiez votre boîte",
    "vous avons envoyé",
    "revisa tu correo",
    "revise su correo",
    "hemos enviado",
    "controlla la tua email",
    "controlla la posta",
    "abbiamo inviato",
    "verifique seu e-mail",
    "verifique o seu e-mail",
    "enviamos um",
    "controleer je e-mail",
    "hebben je een",
    "hebben u een",
    "kolla din e-post",
    "sjekk e-posten",
    "tjek din e-mail",
    "tarkista sähköposti",
    "zkontrolujte svůj e-mail",
    "sprawdź swoją skrzynkę",
    "wysłaliśmy",
    "проверьте почту",
    "мы отправили",
    "перевірте пошту",
    "e-postanızı kontrol",
    "请查看您的邮箱",
    "已发送至您的",
    "メールを確認",
    "送信しました",
    "이메일을 확인",
];

/// Whether it is what an app says to wrong credentials.
pub(in crate::draft) fn refuses(text: &str) -> bool {
    says(text, REFUSED)
        || says(text, DENIED) && ![LOCKED, THROTTLED, BROKEN].iter().any(|words| says(text, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_and_too_many_tries_are_no_refusal() {
        for said in [
            "Wrong password.",
            "The email and password you entered don't match.",
            "Your username and password didn’t match. Please try again.",
            "No user account matches the entered credentials.",
            "Access denied for user 'x'@'localhost'",
            "Login failed. Please try again later.",
            "Unauthorized",
            "You are not authorized to sign in.",
        ] {
            assert!(refuses(said), "{said}");
        }
        for said in [
            "Too many requests, please try again later.",
            "Sorry, something went wrong. Try again later",
            "Server not reachable: Failed to fetch",
            "Connection to storage server failed.",
            "mysqli::real_connect(): (HY000/2002): No such file or directory",
        ] {
            assert!(!refuses(said), "{said}");
        }
        assert!(!says("Sorry, something went wrong", REFUSED) && !says("Failed to fetch", REFUSED));
    }
}
