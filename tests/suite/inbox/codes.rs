//! Which code a message has, or none.

use super::*;

fn read(text: &str) -> Result<Option<String>, usize> {
    code(text, &ExtractHints::default())
        .map(|found| found.map(|found| found.code.expose_secret().to_owned()))
        .map_err(|ambiguous| ambiguous.candidates)
}

#[test]
fn reads_codes_in_many_languages_and_forms() {
    let cases = [
        ("Your verification code is: 123456", "123456"),
        ("123 456 is your Acme code", "123456"),
        ("Use 12-34-56 to sign in", "123456"),
        ("Your login code:\n\nNHGM-DTFR\n\nIt expires in 15 minutes.", "NHGM-DTFR"),
        ("Enter AB12-CD34 to continue. This code can be used once.", "AB12-CD34"),
        ("G-482915 is your Google verification code.", "G-482915"),
        ("Code: x7k9p2", "x7k9p2"),
        ("Your one-time passcode is 48291573 and expires at 14:35.", "48291573"),
        ("On 2026-03-14 at 12:45 someone asked to sign in.\nYour code: 4829", "4829"),
        ("Order #771332 shipped. Your delivery PIN is 4821.", "4821"),
        ("Call +1 (800) 555-0199 if this was not you. Security code 902341", "902341"),
        ("© 2026 Acme, 1600 Amphitheatre Pkwy, CA 94043\nYour code is 731904", "731904"),
        ("Pay $1250.00 by 03/14/2026? Then confirm with code 5521.", "5521"),
        ("Open https://acme.example/verify?code=999999 or type the code 482915.", "482915"),
        ("Hello user4821, your password reset code is 738291.", "738291"),
        ("Ihr Bestätigungscode lautet 482915. Er ist 10 Minuten gültig.", "482915"),
        ("Dein Einmalkennwort: 48 29 15", "482915"),
        ("Votre code de vérification est 482915. Il expire dans 10 minutes.", "482915"),
        ("Tu código de verificación es 482915. No lo compartas.", "482915"),
        ("Seu código de verificação é 482915.", "482915"),
        ("Il tuo codice di verifica è 482915", "482915"),
        ("Je verificatiecode is 482915", "482915"),
        ("Twój kod weryfikacyjny to 482915", "482915"),
        ("Doğrulama kodunuz: 482915", "482915"),
        ("【爱可米】您的验证码是482915，10分钟内有效，请勿泄露。", "482915"),
        ("認証コードは４８２９１５です。", "482915"),
        ("[아크미] 인증번호 [482915]를 입력해 주세요.", "482915"),
        ("Код подтверждения: 482915. Никому не говорите его.", "482915"),
        ("482915 ist dein Anmeldecode. Fragen? 030 1234567", "482915"),
        ("Your code is\u{200b} 482\u{a0}915", "482915"),
        ("Your code is:\n\n1 2 3 4 5 6", "123456"),
        ("Enter code 2024 to finish signing in.", "2024"),
        ("482915\n\n@acme.example #731904", "731904"),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text), Ok(Some(expected.to_owned())), "{text}");
    }
}

/// As whole mails say it: the code on a line of its own, after a sentence that ends, with much around it.
#[test]
fn reads_codes_out_of_whole_mails() {
    let cases = [
        (
            "[example.com] Sign-In Code\n\nHello from example.com!\n\nYour sign-in code is listed below. Please enter it \
             in your open browser window.\n\nNHGM-DTFR\n\nThis mail can be safely ignored if you did not initiate \
             this action.\n\nThank you for using example.com!\nexample.com",
            "NHGM-DTFR",
        ),
        (
            "[GitHub] Please verify your device\n\nHey alice!\n\nA sign in attempt requires further verification \
             because we did not recognize your device. To complete the sign in, enter the verification code on the \
             unrecognized device.\n\nDevice: Chrome on Linux\nVerification code: 031846\n\nIf you did not attempt to \
             sign in to your account, your password may be compromised. Visit \
             https://github.com/settings/security to create a new, strong password.\n\nThanks,\nThe GitHub Team",
            "031846",
        ),
        (
            "Microsoft account security code\nPlease use the following security code for the Microsoft account \
             al**9@example.com.\n\nSecurity code: 7294135\n\nOnly enter this code on an official website or app. \
             Don't share it with anyone.\n\nThanks,\nThe Microsoft account team\n\nPrivacy Statement: \
             https://go.microsoft.com/fwlink/?LinkId=521839\nMicrosoft Corporation, One Microsoft Way, Redmond, WA 98052",
            "7294135",
        ),
        (
            "Your Acme sign-in request\n\nHi Alice,\n\nWe received a request to sign in on Tuesday, March 3, 2026 at \
             9:41 AM (UTC) from 198.51.100.23. Enter this code to continue.\n\n  7 3 1 9 0 4\n\nThis code expires in \
             15 minutes. Case 00481213. Acme Inc., 548 Market St #36879, San Francisco, CA 94104-5401 USA",
            "731904",
        ),
        (
            "Bestätigen Sie Ihre Anmeldung\n\nGuten Tag Frau Muster,\n\num sich anzumelden, geben Sie bitte den \
             folgenden Code ein:\n\nHJKLMN\n\nKundennummer: 10482915\nMuster AG, Postfach 1234, 80331 München, \
             Tel. 089 1234567, HRB 123456",
            "HJKLMN",
        ),
        (
            "Log in to Acme\n\nClick here to log in: https://acme.example/magic/83F9-22AB?x=123456\n\nOr copy and paste this \
             temporary login code:\n\nsparo-fipur-1029\n\nb82f-91kd\n\nIf you didn't try to login, ignore this mail.",
            "b82f-91kd",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text), Ok(Some(expected.to_owned())), "{text}");
    }
}

#[test]
fn reads_no_code_where_there_is_none() {
    for text in [
        "",
        "Welcome to Acme! Your account was created on March 14, 2026.",
        "Your order 771332 has shipped. Tracking number 482915.",
        "Rechnung Nr. 482915 vom 14.03.2026 über 1250,00 €",
        "Call us at 800-555-0199 or +49 30 123456.",
        "Save 2500 points until 31/12/2026, promo code SAVE2026",
        "New sign-in from 203.0.113.42 at 12:45:10.",
        "Meeting ID 938 4821 7730",
        "https://acme.example/confirm/482915",
        "Your card ending in 4821 was charged $19.99",
        "background: #334455",
        "Copyright 2026 Acme GmbH, HRB 482915",
        "You have 1500 users",
        "reply to ticket-482915@support.example",
    ] {
        assert_eq!(read(text), Ok(None), "{text}");
    }
}

#[test]
fn reports_doubt_and_does_not_guess() {
    assert_eq!(read("Your code is 111111. Your code is 222222."), Err(2));
    assert_eq!(read("Codes: 1111, 2222, 3333"), Err(3));
    let parts = ["Your code is 111111", "Your code is 222222"];
    assert!(code_of_parts(&parts, &ExtractHints::default()).is_err());
    // Known to have six digits, it is no doubt.
    let hints = ExtractHints { digits: Some(6), ..ExtractHints::default() };
    let found = code("Your code is 1111. Your code is 222222.", &hints).unwrap().unwrap();
    assert_eq!(found.code.expose_secret(), "222222");
}

#[test]
fn takes_no_code_that_is_bound_to_another_host() {
    let hints = ExtractHints { origin_host: Some("acme.example".into()), digits: None };
    let text = |host: &str| format!("Your code is 482915.\n\n@{host} #482915");
    let own = code(&text("acme.example"), &hints).unwrap().unwrap();
    assert_eq!(own.evidence, Evidence::OriginBound);
    assert!(code(&text("evil.example"), &hints).unwrap().is_none());
    assert!(code(&text("acme.example.evil.example"), &hints).unwrap().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn no_message_is_too_strange_to_be_read(
        text in "([ -~\\n]|[0-9]{4,6}|code|[-.:/@#+($]|<[a-z]{1,5}|&#x?[0-9]{1,9};|\\PC){0,60}",
        raw in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let _ = read(&text);
        let _ = read(&turnlock::inbox::html_to_text(&text));
        let _ = Message::from_mail(ALICE, Timestamp::now(), &raw).code(&ExtractHints::default());
        let mail = format!("Content-Type: text/html\r\n\r\n{text}");
        let _ = Message::from_mail(ALICE, Timestamp::now(), mail.as_bytes()).code(&ExtractHints::default());
        let _ = turnlock::credential::RecoveryCodes::parse(&text, None);
        let _ = turnlock::credential::TotpSecret::from_text(&text);
        let _ = turnlock::credential::TotpSecret::from_uri(&format!("otpauth://totp/{text}?{text}"));
    }
}

#[test]
fn a_message_full_of_numbers_is_no_burden() {
    let text =
        "Your code is 123456, ".repeat(3) + &(0..20_000).map(|n| format!("{n:06} x ")).collect::<String>();
    assert!(read(&text).is_err());
}

/// Real text messages, where they lie beside the checkout. One answer differs from ours on purpose: the
/// number of an order is not a code to sign in with.
#[test]
fn reads_real_messages() {
    let folder = std::env::var_os("TURNLOCK_CORPORA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"), PathBuf::from);
    let Ok(lines) = std::fs::read_to_string(folder.join("messages.jsonl")) else {
        eprintln!("no messages beside this checkout");
        return;
    };
    let (mut right, mut wrong, mut missed, mut total) = (0, 0, 0, 0);
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let found = read(entry["message"].as_str().unwrap());
        total += 1;
        if found == Ok(entry["code"].as_str().map(str::to_owned)) {
            right += 1;
            continue;
        }
        match found {
            Ok(Some(_)) => wrong += 1,
            _ => missed += 1,
        }
        eprintln!("{found:?} for {entry}");
    }
    eprintln!("{right} of {total} messages read right, {missed} not read, {wrong} read wrong");
    assert!(right * 100 >= total * 95, "{right} of {total}");
    assert_eq!(wrong, 0, "a wrong code costs an attempt");
}
