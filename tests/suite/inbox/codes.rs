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
        ("Order #771332 shipped. Your PIN is 4821.", "4821"),
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
        "Order #771332 shipped. Your delivery PIN is 4821.",
        "Show code 4821 to the courier.",
        "12 Mill Road, Bengaluru, PIN 560001",
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
fn reads_no_code_where_codes_are_only_spoken_of() {
    for text in [
        "Never share your code or password with anyone. Our support: 482915",
        "We noticed a login from Berlin, 10115, at 14:35. Not you? Reset your password.",
        "Ihr Passwort wurde geändert. Vorfall 482915. Nicht Sie? Code anfordern unter a.example",
        "Connexion depuis Paris 75011 le 28/11. Ne donnez jamais votre code.",
        "Hasło do konta nr 7740192 zostało zmienione.",
        "The code you entered was wrong. Attempts left: 2. Device 482915",
        "Your code has expired. Request a new one at a.example. Case 482915",
        "请勿泄露验证码。客服热线95588",
        "認証コードを誰にも教えないでください。お問い合わせ 0120-482-915",
        "Get 15% off with code WELCOME15",
        "Your gift card code is ABCD-1234-EFGH. Redeem at the store.",
        "Code de retrait : 4829",
    ] {
        assert_eq!(read(text), Ok(None), "{text}");
    }
}

#[test]
fn tells_codes_from_what_stands_beside_them() {
    for (text, expected) in [
        (
            "Dear Customer, 482915 is the OTP for INR 1,250.00 on card ending 4821. Valid for 10 mins.",
            "482915",
        ),
        (
            "Die TAN für Ihre Überweisung in Höhe von 125,00 EUR auf das Konto DE12...3456 lautet: 482915",
            "482915",
        ),
        ("Your new login code 482915 replaces 731904.", "482915"),
        ("Tu código anterior (338 201) ya no sirve. Usa 771 560 para terminar.", "771560"),
        ("Uber code: 4829. Reply STOP to 56789 to unsubscribe.", "4829"),
        ("Your code: ABC123. Promo: SAVE20 for 20% off", "ABC123"),
        ("Member 20817,\nactivation code: V8-22-P1", "V8-22-P1"),
        ("<#> 4829 is your Acme code. qlRnn4A1sbt", "4829"),
        ("รหัสOTP=482915 Ref.ABCD ใช้ภายใน 5 นาที", "482915"),
        ("رمز التحقق الخاص بك هو ٤٨٢٩١٥ ولا تشاركه مع أحد", "482915"),
        ("लॉगिन के लिए ४८२९१५ दर्ज करें", "482915"),
        ("SE-19 44 07 ist Ihr Code", "SE-194407"),
        ("OTP-482915", "482915"),
    ] {
        assert_eq!(read(text), Ok(Some(expected.to_owned())), "{text}");
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
    let hints = ExtractHints { origin_hosts: vec!["acme.example".into()], ..ExtractHints::default() };
    let text = |host: &str| format!("Your code is 482915.\n\n@{host} #482915");
    let own = code(&text("acme.example"), &hints).unwrap().unwrap();
    assert_eq!(own.evidence, Evidence::OriginBound);
    assert!(code(&text("evil.example"), &hints).unwrap().is_none());
    assert!(code(&text("acme.example.evil.example"), &hints).unwrap().is_none());
}

#[test]
fn takes_only_what_the_page_takes() {
    let reads = |text: &str, expected: Expected| {
        let hints = ExtractHints { expected, ..ExtractHints::default() };
        code(text, &hints).unwrap().map(|found| found.code.expose_secret().to_owned())
    };
    let most = |maxlength| Expected { maxlength: Some(maxlength), ..Expected::default() };
    let numeric = Expected { numeric: true, ..Expected::default() };
    let google = "G-482915 is your Google verification code.";
    assert_eq!(reads(google, Expected::default()).as_deref(), Some("G-482915"));
    assert_eq!(reads(google, numeric.clone()).as_deref(), Some("482915"));
    assert_eq!(reads(google, most(6)).as_deref(), Some("482915"));
    assert_eq!(reads("Your code is 482-915", most(7)).as_deref(), Some("482-915"));
    assert_eq!(reads("Your code is AB12-CD34", numeric), None);
    // Two codes are no doubt where the page has room for one of them.
    assert_eq!(reads("Your code is 4829. Your code is 48291537.", most(6)).as_deref(), Some("4829"));
    let boxes = Expected { boxes: Some(6), ..Expected::default() };
    assert_eq!(reads("Your code is 4829. Your code is 482 915.", boxes).as_deref(), Some("482915"));
}

#[test]
fn follows_the_playbooks_own_pattern() {
    let hints = |pattern: &str| ExtractHints {
        pattern: Some(CodePattern::new(pattern).unwrap()),
        origin_hosts: vec!["acme.example".into()],
        ..ExtractHints::default()
    };
    let text = "Your code is 111111. The word of the day: falcon-７";
    let found = code(text, &hints("day: ([a-z0-9-]+)")).unwrap().unwrap();
    assert_eq!((found.code.expose_secret(), found.evidence), ("falcon-7", Evidence::Pattern));
    assert!(code(text, &hints("nothing: (.*)")).unwrap().is_none(), "what the playbook names is not there");
    assert_eq!(code(text, &hints("[0-9]")).unwrap_err().candidates, 2);
    let bound_elsewhere = format!("{text}\n\n@evil.example #111111");
    assert!(code(&bound_elsewhere, &hints("day: (.*)")).unwrap().is_none());
}

#[test]
fn takes_a_code_for_the_frame_it_is_typed_in() {
    let text = "482915 is your code.\n\n@acme.example #482915 %pay.example";
    let read = |origin: &str, frame: Option<&str>| {
        let hints = ExtractHints {
            origin_hosts: vec!["other.example".into(), origin.into()],
            frame_host: frame.map(str::to_owned),
            ..ExtractHints::default()
        };
        code(text, &hints).unwrap().is_some()
    };
    assert!(read("ACME.example", Some("pay.example")));
    assert!(!read("acme.example", None), "it is typed in the page, and not in the frame");
    assert!(!read("acme.example", Some("acme.example")));
    assert!(!read("pay.example", None));
}

#[test]
fn reads_the_newest_message_first() {
    let mail = |subject: &str, body: &str| {
        let raw = format!("Subject: {subject}\n\n{body}").replace('\n', "\r\n");
        let message = Message::from_mail(ALICE, Timestamp::now(), raw.as_bytes());
        message.code(&ExtractHints::default()).unwrap().map(|found| found.code.expose_secret().to_owned())
    };
    let old = "> Your code is 111111";
    assert_eq!(mail("Re: code", &format!("Your code is 482915.\n\n{old}")).as_deref(), Some("482915"));
    assert_eq!(mail("Re: code", &format!("Thanks!\n\nOn 1 May 2026, Acme wrote:\n{old}")), None);
    assert_eq!(mail("Re: 111111 is your code", &format!("Thanks!\n\n{old}")), None);
    let forward = "---------- Forwarded message ---------\nFrom: Acme\nDate: today\nSubject: Code\nTo: me\n\nYour code is 482915.";
    assert_eq!(mail("Fwd: Code", &format!("See below.\n\n{forward}")).as_deref(), Some("482915"));
    assert_eq!(mail("Fwd: Code", &format!("The code is 731904.\n\n{forward}")).as_deref(), Some("731904"));
    let outlook =
        "-----Original Message-----\nFrom: Acme\nSent: today\nTo: me\nSubject: Code\n\nYour code is 482915.";
    assert_eq!(mail("FW: Code", outlook).as_deref(), Some("482915"));
    assert_eq!(mail("RE: Code", &format!("Thanks!\n\n{outlook}")), None);
    // Nothing but the quote: that is the message.
    assert_eq!(mail("Fwd: Code", old).as_deref(), Some("111111"));
}

#[test]
fn sees_what_a_person_sees_of_html() {
    let html = |body: &str| {
        let raw = format!("Content-Type: text/html; charset=utf-8\r\n\r\n{body}");
        let message = Message::from_mail(ALICE, Timestamp::now(), raw.as_bytes());
        let found = message.code(&ExtractHints::default());
        found
            .map(|found| found.map(|found| found.code.expose_secret().to_owned()))
            .map_err(|error| error.candidates)
    };
    let cases = [
        (
            "<div style='display:none'>Your code is 111111</div><p>Your code is <b>482915</b></p>",
            Some("482915"),
        ),
        (
            "<style>.pre{display:none!important}</style><div class=pre>Code 111111</div><p>Your code: 482915</p>",
            Some("482915"),
        ),
        ("<span style='font-size:0px;opacity:0'>Code: 222222</span>Your code: 482915", Some("482915")),
        // The one that is set large is meant.
        (
            "<p>Code for device 731904:</p><p style='font-size:32px;letter-spacing:6px'>482915</p><p>731904</p>",
            Some("482915"),
        ),
        (
            "<p>Your code:</p><table><tr><td>4</td><td>8</td><td>2</td><td>9</td><td>1</td><td>5</td></tr></table>",
            Some("482915"),
        ),
        ("<p>Your code:</p><div><div>4</div><div>8</div><div>2</div><div>9</div></div>", Some("4829")),
        ("<p>Your code:</p><span>4</span><span>8</span><span>2</span><span>9</span>", Some("4829")),
        ("<p>Thanks!</p><blockquote type=cite>Your code is 111111</blockquote>", None),
        ("<p>Your order <b>731904</b> has shipped</p>", None),
    ];
    for (body, expected) in cases {
        assert_eq!(html(body), Ok(expected.map(str::to_owned)), "{body}");
    }
    assert_eq!(html("<p>Your code is <b>111111</b></p><p>Your code is <b>222222</b></p>"), Err(2));
}

#[test]
fn says_why() {
    let message = sms(ALICE, "Order 771332 shipped. Your PIN is 4821.");
    let explained = message.explain(&ExtractHints::default());
    assert!(!format!("{explained:?}").contains("4821"), "a secret is printed");
    let said: Vec<String> = explained
        .candidates
        .iter()
        .flat_map(|candidate| candidate.reasons.iter().map(|(reason, weight)| format!("{weight:+} {reason}")))
        .collect();
    assert!(said.contains(&"+6 “pin” stands before it".to_owned()), "{said:?}");
    assert!(said.contains(&"-8 “order” says that it is something else".to_owned()), "{said:?}");
}

/// What is written in each, and in which charset, as iconv gives it.
#[test]
fn reads_every_charset() {
    let cases: [(&str, &[u8]); 9] = [
        ("gb18030", b"\xc4\xfa\xb5\xc4\xd1\xe9\xd6\xa4\xc2\xeb\xca\xc7482915"),
        ("gb2312", b"\xc4\xfa\xb5\xc4\xd1\xe9\xd6\xa4\xc2\xeb\xca\xc7482915"),
        ("big5", b"\xb1z\xaa\xba\xc5\xe7\xc3\xd2\xbdX\xacO482915"),
        ("shift_jis", b"\x94F\x8f\xd8\x83R\x81[\x83h\x82\xcd\x82S\x82W\x82Q\x82X\x82P\x82T"),
        ("iso-2022-jp", b"\x1b$BG'>Z%3!<%I$O\x1b(B482915"),
        ("euc-kr", b"\xc0\xce\xc1\xf5\xb9\xf8\xc8\xa3 482915"),
        ("koi8-r", b"\xeb\xcf\xc4: 482915"),
        ("windows-1251", b"\xca\xee\xe4: 482915"),
        ("windows-1256", b"\xd1\xe3\xd2: 482915"),
    ];
    for (charset, body) in cases {
        let mut raw = format!("Content-Type: text/plain; charset={charset}\r\n\r\n").into_bytes();
        raw.extend_from_slice(body);
        let explained = Message::from_mail(ALICE, Timestamp::now(), &raw).explain(&ExtractHints::default());
        let named = explained.candidates.iter().flat_map(|candidate| &candidate.reasons);
        let named = named.filter(|(reason, _)| matches!(reason, Reason::WordBefore(_))).count();
        assert_eq!(named, 1, "the word for a code was not read in {charset}");
        assert_eq!(explained.into_code().unwrap().unwrap().code.expose_secret(), "482915", "{charset}");
    }
}

/// Where a person would differ from the answer that came with the message, and why.
const TASTE: &[(&str, Option<&str>, &str)] =
    &[("grubhub order 771332", None, "the number of an order is no code to sign in with")];

/// Real text messages, where they lie beside the checkout: each is read right, or named above.
#[test]
fn reads_real_messages() {
    let folder = std::env::var_os("TURNLOCK_CORPORA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora"), PathBuf::from);
    let Ok(lines) = std::fs::read_to_string(folder.join("messages.jsonl")) else {
        eprintln!("no messages beside this checkout");
        return;
    };
    let mut wrong = Vec::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = entry["message"].as_str().unwrap();
        let ours = TASTE.iter().find(|(message, ..)| *message == text);
        let expected = ours.map_or_else(|| entry["code"].as_str(), |(_, code, _)| *code);
        let found = read(text);
        if found != Ok(expected.map(str::to_owned)) {
            wrong.push(format!("{found:?} for {entry}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
