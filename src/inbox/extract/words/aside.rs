//! What stands right beside a number and makes it something else than a code.

/// Before what something was sent to: `a code to 4155552671`.
#[rustfmt::skip]
pub(in crate::inbox::extract) const TO: &[&str] = &[
    "to", "to your number", "to number", "to the number", "to phone", "to your phone", "to mobile", "to your mobile", "via", "an", "an die nummer", "an nummer", "à", "au", "au numéro", "a", "al", "al número", "al numero", "ao", "para", "para o número", "para el número", "naar", "naar nummer",
    "till", "till nummer", "til", "til nummer", "numeroon", "na", "na numer", "na nr", "na číslo", "на", "на номер", "на номера", "στο", "στον αριθμό", "la", "la numărul", "đến", "đến số", "tới", "tới số", "den so", "ke", "ke nomor", "ke nombor", "إلى", "إلى الرقم", "الى", "على الرقم", "ל", "אל", "למספר", "به", "به شماره", "ไปที่", "ไปยัง", "发送至", "发送到", "发至", "至", "發送至", "傳送至", "kwa", "sa", "u", "numuru", "numeriui", "numbrile", "na broj", "на број",
];

/// That something was sent.
#[rustfmt::skip]
pub(in crate::inbox::extract) const SENT_WORDS: &[&str] = &[
    "sent", "send", "sends", "sending", "texted", "emailed", "mailed", "delivered", "gesendet", "geschickt", "senden", "schicken", "verschickt", "versendet", "envoy*", "enviado", "enviada", "enviamos", "enviou", "hemos enviado", "enviar*", "inviat*", "inviamo", "invieremo", "mandad*", "verzonden", "gestuurd", "verstuurd", "sturen",
    "skickat", "skickats", "skickade", "skickar", "sendte", "sendt", "sender", "lähetet*", "lähetimme", "wysła*", "wysłano", "poslali", "poslán", "odesl*", "zasl*", "zaslali", "отправ*", "отправил*", "выслан*", "послал*", "надісла*", "надіслали", "изпрат*", "poslat*", "posla*", "στάλθηκε", "στείλαμε", "küldt*", "küldött", "trimis*", "gönder*", "gửi", "gui", "dikirim", "kirim", "mengirim*", "dihantar", "hantar",
    "أرسل*", "ارسل*", "إرسال", "שלחנו", "נשלח", "ارسال", "भेजा", "পাঠানো", "ส่ง", "发送", "發送", "发至", "傳送", "enviat", "saatsime", "saadetud", "nosūtīj*", "išsiunt*", "tumetuma", "tumekutumia", "ipinadala",
];

/// Before what something is for, or about: `the code for 2026`.
#[rustfmt::skip]
pub(in crate::inbox::extract) const FOR: &[&str] = &["for", "about", "since", "für", "seit", "pour", "depuis", "voor", "sinds", "för", "dla", "для"];

/// Before a year, besides: `a code from 2019`.
#[rustfmt::skip]
pub(in crate::inbox::extract) const IN: &[&str] = &[
    "in", "of", "from", "until", "by", "on", "year", "im", "von", "vom", "ab", "bis", "jahr", "en", "de", "du", "del", "dal", "nel", "em", "do", "da", "van", "vanaf", "i", "år", "od", "rok", "roku", "rokiem", "в", "за", "год", "tahun", "năm",
];

/// Before a time of day: `sent at 1845`.
#[rustfmt::skip]
pub(in crate::inbox::extract) const AT: &[&str] = &[
    "at", "around", "before", "until", "till", "by", "um", "gegen", "bis", "kl", "kl.", "klo", "à", "vers", "avant", "a las", "às", "alle", "alle ore", "ore", "om", "vóór", "tot", "o godz", "o godz.", "о", "saat", "lúc", "pukul",
];

/// Before how long something holds: `valid for 3600 s`.
#[rustfmt::skip]
pub(in crate::inbox::extract) const LASTS: &[&str] = &[
    "valid for", "valid within", "good for", "expires in", "expire in", "within", "for the next", "gültig für", "innerhalb von", "läuft in", "noch", "valable", "valable pendant", "valide pendant", "expire dans", "válido por", "válida por", "válido durante", "caduca en", "vence en", "expira en", "expira em", "vence em", "scade tra", "valido per", "entro", "geldig voor", "verloopt over", "binnen",
    "giltig i", "gäller i", "inom", "gyldig i", "udløber om", "utløper om", "voimassa", "ważny przez", "wygaśnie za", "platí", "platný", "vyprší za", "действителен", "действует", "в течение", "через", "дійсний", "валиден", "berlaku", "dalam", "hiệu lực", "hieu luc", "trong",
];

/// Before an amount.
#[rustfmt::skip]
pub(in crate::inbox::extract) const MONEY: &[&str] = &[
    "rs", "rs.", "inr", "usd", "eur", "gbp", "chf", "rm", "myr", "sgd", "hkd", "aud", "cad", "nzd", "aed", "sar", "qar", "kwd", "egp", "kes", "ksh", "ksh.", "tzs", "tsh", "ugx", "ngn", "ghs", "zar", "php", "thb", "idr", "rp", "rp.", "vnd", "pkr", "bdt", "tk", "tk.", "lkr", "npr", "jpy", "cny", "rmb", "krw", "twd", "brl", "mxn", "cop", "clp", "ars", "pen", "pln", "czk", "huf", "ron", "sek", "nok", "dkk", "rub", "uah", "try", "ils", "irr", "rsd", "€", "$", "£", "₹", "रु", "रु.", "৳",
];

/// Before a place to live.
#[rustfmt::skip]
pub(in crate::inbox::extract) const ADDRESS: &[&str] = &[
    "address", "address is", "adresse", "anschrift", "dirección", "direccion", "endereço", "morada", "indirizzo", "adres", "adresa", "adress", "adressen", "osoite", "адрес", "адреса", "διεύθυνση",
];
