//! Anybody may send a message: none is too strange to be read, and none takes long.

use super::*;

/// `TURNLOCK_PROPTEST_CASES` sets how many messages are tried.
fn config() -> ProptestConfig {
    let cases = std::env::var("TURNLOCK_PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases.unwrap_or(300)) }
}

fn hints() -> Vec<ExtractHints> {
    let pattern = CodePattern::new("(?i)code[^a-z0-9]*([a-z0-9-]+)").unwrap();
    let expected =
        Expected { maxlength: Some(6), numeric: true, pattern: Some("[0-9]*".into()), ..Expected::default() };
    vec![
        ExtractHints::default(),
        ExtractHints { pattern: Some(pattern), ..ExtractHints::default() },
        ExtractHints { expected, origin_hosts: vec!["a.example".into()], ..ExtractHints::default() },
    ]
}

fn read_all(message: &Message) {
    for hints in hints() {
        let explained = message.explain(&hints);
        assert!(explained.candidates.len() < 5000);
        let _ = explained.into_code();
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_message_is_too_strange_to_be_read(
        text in "([ -~\\n]|[0-9]{1,6}|code|код|验证码|On 1 wrote:|> |\\n-----Original Message-----\\n|@a.example #|[-.:/@#+($]|</?[a-z]{1,5}>|<td style=\"(display:none|font-size:(0|30)px)\">|&#x?[0-9]{1,9};|\\PC){0,60}",
        raw in proptest::collection::vec(any::<u8>(), 0..400),
        charset in "(utf-8|gb18030|iso-2022-jp|big5|utf-7|koi8-r|x-none)",
    ) {
        read_all(&sms(ALICE, &text));
        let _ = turnlock::inbox::html_to_text(&text);
        read_all(&Message::from_mail(ALICE, Timestamp::now(), &raw));
        for kind in ["html", "plain"] {
            let mut mail = format!("Subject: Re: {text}\r\nContent-Type: text/{kind}; charset={charset}\r\n\r\n{text}").into_bytes();
            mail.extend_from_slice(&raw);
            read_all(&Message::from_mail(ALICE, Timestamp::now(), &mail));
        }
        let nested = format!("Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n{text}\r\n--b");
        read_all(&Message::from_mail(ALICE, Timestamp::now(), nested.as_bytes()));
        let _ = turnlock::credential::RecoveryCodes::parse(&text, None);
        let _ = turnlock::credential::TotpSecret::from_text(&text);
        let _ = turnlock::credential::TotpSecret::from_uri(&format!("otpauth://totp/{text}?{text}"));
    }
}

/// Texts that would take ages if anything looked at all that stands before or behind each of its parts. With
/// so many characters, quadratic time would be many minutes.
#[test]
fn no_message_takes_long() {
    let parts = [
        "a.",
        "1.",
        "1 ",
        "4821 ",
        "code ",
        "code 4821 ",
        "order",
        "@",
        "://",
        "&",
        "<a \"",
        "<a '",
        "<",
        "<!--",
        "<div>",
        "<td>1",
        "<b>1",
        "> ",
        "\n>",
        "from:\n",
        "on 1 wrote:\n",
        "---- forwarded ----\n",
        "-",
        "1-",
        "\n",
        "@a.b #1\n",
        "A1-",
        "A1B ",
        "courier 4821 ",
        ", pin 482915,",
        "<img alt=1>",
        "<input value=1>",
        "代码",
        "Ａ",
        "<style>.a{display:none}",
        "{",
        "<p class=\"a b c\">",
        "\u{200b}",
        "()",
        "=?utf-8?B?",
        "--b\r\n",
    ];
    let started = std::time::Instant::now();
    for part in parts {
        let text = part.repeat(120_000 / part.len());
        read_all(&sms(ALICE, &text));
        for head in ["text/html", "text/plain", "multipart/mixed; boundary=b"] {
            let mail = format!("Content-Type: {head}\r\n\r\n{text}");
            read_all(&Message::from_mail(ALICE, Timestamp::now(), mail.as_bytes()));
        }
    }
    eprintln!("{} large messages in {:?}", parts.len() * 4, started.elapsed());
    assert!(started.elapsed() < Duration::from_secs(240), "{:?}", started.elapsed());
}

/// Found by fuzzing: a message in a message, neither of which says where it ends, broke an assertion of the parser
/// in debug builds.
#[test]
fn a_mail_that_is_broken_inside_is_read() {
    let mail = "Subject: Your code is 482915\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\n\r\n--b--\r\n";
    let message = Message::from_mail(ALICE, Timestamp::now(), mail.as_bytes());
    let found = message.code(&ExtractHints::default()).unwrap().unwrap();
    assert_eq!(found.code.expose_secret(), "482915");
}

#[test]
fn a_message_full_of_numbers_is_no_burden() {
    let text =
        "Your code is 123456, ".repeat(3) + &(0..20_000).map(|n| format!("{n:06} x ")).collect::<String>();
    assert!(code(&text, &ExtractHints::default()).is_err());
}
