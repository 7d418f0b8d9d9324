//! Codes beside numbers that look like them, and numbers that look like codes.

use super::*;

fn read(text: &str) -> Result<Option<String>, usize> {
    read_for(text, Expected::default())
}

fn read_for(text: &str, expected: Expected) -> Result<Option<String>, usize> {
    code(text, &ExtractHints { expected, ..ExtractHints::default() })
        .map(|found| found.map(|found| found.code.expose_secret().to_owned()))
        .map_err(|ambiguous| ambiguous.candidates)
}

fn most(maxlength: usize) -> Expected {
    Expected { maxlength: Some(maxlength), ..Expected::default() }
}

fn misread(cases: &[(&str, Option<&str>)]) -> Vec<String> {
    let wrong = cases.iter().filter_map(|(text, expected)| {
        let found = read(text);
        (found != Ok(expected.map(str::to_owned)))
            .then(|| format!("{found:?} instead of {expected:?}: {text}"))
    });
    wrong.collect()
}

#[test]
fn takes_nothing_that_a_code_is_sent_to_or_for() {
    let texts = [
        "We sent a code to 4155552671",
        "We sent a verification code to your phone 4155552671.",
        "Vi sendte en kode til 91234567",
        "Wir haben einen Code an 4155552671 gesendet.",
        "Nous avons envoyé un code au 4155552671",
        "Hemos enviado un código al 4155552671",
        "Мы отправили код на 4155552671",
        "We sent a code to XXX-XXX-2671",
        "We sent a code to xxx xxx 2671",
        "We sent a code to **** 2671",
        "Your code for 2026 is on the way",
        "Your code was sent at 1845.",
        "Verify your address: 10115 Berlin",
        "Use code 482915 for 20% off",
        "Use code 482915 at checkout and save 20%",
        "Apply code 482915 to save 20% today.",
        "Your code repository got 4829 stars",
        "New sign-in code was used on 14 March 2026 from device 482915.",
        "Your OTP is needed for the transfer to GB29 NWBK 6016 1331 9268 19.",
    ];
    let wrong = misread(&texts.map(|text| (text, None)));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn tells_a_code_from_the_numbers_beside_it() {
    let wrong = misread(&[
        ("Ihre TAN für die Überweisung auf DE89 3704 0044 0532 0130 00 lautet 482915", Some("482915")),
        ("Your security code for account ending in 4242: 482915", Some("482915")),
        (
            "Your OTP for transaction of Rs. 12500 at FLIPKART on card XX1234 is 482915. Valid till 18:45:30. Do not share it.",
            Some("482915"),
        ),
        ("TAC 482915 for request RM250.00 to acc 1234567890. Ref no 20261103", Some("482915")),
        ("The code is valid for 3600 s. Code: 4829", Some("4829")),
        ("Your code expires in 10 minutes at 18:45 on 2026-03-14. It is 4829.", Some("4829")),
        ("Code: 482.915", Some("482915")),
        ("Your code is _482915_", Some("482915")),
        ("Your code is *482915*", Some("482915")),
        ("_482915_", Some("482915")),
        ("الرمز:482915صالح", Some("482915")),
        ("உங்கள் சரிபார்ப்பு குறியீடு 482915", Some("482915")),
        ("Code for transfer to DE89 3704 0044 0532 0130 00: 4829", Some("4829")),
    ]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn goes_by_what_the_page_takes() {
    let iban = "Code for transfer to DE89 3704 0044 0532 0130 00: 4829";
    assert_eq!(read_for(iban, most(4)), Ok(Some("4829".into())));
    let otp =
        "Your OTP for transaction of Rs. 12500 at FLIPKART on card XX1234 is 482915. Valid till 18:45:30.";
    assert_eq!(read_for(otp, most(6)), Ok(Some("482915".into())));
    let long = "Your code is 482915731904";
    assert_eq!(read_for(long, most(12)), Ok(Some("482915731904".into())));
    assert_eq!(read(long), Ok(None), "nobody says that it may be so long");
}

#[test]
fn takes_a_bound_code_only_if_the_page_takes_it() {
    let read = |code: &str, maxlength: usize| {
        let text = format!("Your code is here.\n\n@acme.example #{code}");
        read_for(&text, most(maxlength))
    };
    assert_eq!(read("482915", 6), Ok(Some("482915".into())));
    assert_eq!(read("48291500", 6), Ok(None));
}

#[test]
fn takes_no_number_of_the_subject_that_is_answered() {
    let mail = |subject: &str, body: &str| {
        let raw = format!("Subject: {subject}\r\n\r\n{body}\r\n");
        let found =
            Message::from_mail(ALICE, Timestamp::now(), raw.as_bytes()).code(&ExtractHints::default());
        found.unwrap().map(|found| found.code.expose_secret().to_owned())
    };
    assert_eq!(mail("Re: Your code 111222", "482915").as_deref(), Some("482915"));
    assert_eq!(mail("Fwd: Your code 111222", "482915").as_deref(), Some("482915"));
    assert_eq!(mail("Re: 111222 is your code", "Thanks, it worked."), None);
}
