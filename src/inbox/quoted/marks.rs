//! The words by which mail programs mark forwarded and answered messages.

/// In a line between dashes, or one that ends with a colon, that opens a forwarded message.
#[rustfmt::skip]
pub(super) const FORWARDED: &[&str] = &[
    "forward", "weitergeleitet", "transféré", "transmis", "reenviad", "encaminhad", "inoltrat", "doorgestuurd",
    "przekazan", "przesłan", "iletilen", "пересыла", "пересл", "vidarebefordra", "vidarebefordrat", "přeposlan",
    "videresend", "转发", "轉寄", "轉發", "転送", "전달", "chuyển tiếp", "توجيه", "محولة", "अग्रेषित", "फ़ॉरवर्ड", "फॉरवर्ड",
    "továbbított", "yönlendirilen", "välitetty", "edelleenlähetetty", "redirecționat", "προωθημέν", "προωθούμεν",
    "переслан", "препратен", "הועבר", "הודעה שהועברה", "هدایت", "ফরওয়ার্ড", "ส่งต่อ", "diteruskan", "dimajukan", "轉寄的郵件",
];

/// In a line between dashes that opens the message that is answered.
#[rustfmt::skip]
pub(super) const ORIGINAL: &[&str] = &[
    "original", "ursprüngl", "ursprungl", "origine", "oorspronkelijk", "oryginaln", "pierwotna", "orijinal",
    "özgün", "исходн", "оригинал", "původní", "原始", "原邮件", "元のメッセージ", "원본", "gốc", "الأصلية", "मूल", "eredeti",
    "previous message", "older message", "quoted", "zitat", "alkuperäinen", "oprindelig", "opprinnelig", "originală",
    "mesajul inițial", "αρχικό μήνυμα", "початкове", "вихідне", "първоначално", "המקורית", "اصلی", "মূল বার্তা", "ต้นฉบับ", "asli",
    "asal", "原始郵件",
];

/// In the line above what is answered: `On Monday, Robin wrote:`.
#[rustfmt::skip]
pub(super) const WROTE: &[&str] = &[
    "wrote", "schrieb", "a écrit", "escribió", "escribio", "escreveu", "ha scritto", "schreef", "napisał", "napsal",
    "skrev", "yazdı", "пишет", "писал", "написал", "写道", "寫道", "书写", "書きました", "のメール", "작성", "님이", "đã viết", "viết",
    "كتب", "كتبت", "लिखा", "έγραψε", "написав", "написала", "пише:", "написа:", "כתב", "نوشت", "লিখেছেন", "เขียน", "menulis", "scrisse",
    "a scris", "írta", "kirjoitti", "さんから", "さん:", "さん：",
];

/// The names of the fields that stand above a message: who sent it, and when, to whom and about what.
#[rustfmt::skip]
pub(super) const FROM: &[&str] = &[
    "from", "von", "de", "da", "van", "od", "från", "fra", "kimden", "gönderen", "от", "от кого", "发件人", "寄件者",
    "寄件人", "差出人", "送信者", "보낸 사람", "보낸사람", "từ", "người gửi", "من", "प्रेषक", "से", "expéditeur", "remitente",
    "mittente", "afzender", "lähettäjä", "feladó", "od koho", "de la", "expeditor", "από", "від", "кого", "подател", "מאת", "از",
    "প্রেরক", "থেকে", "จาก", "dari", "daripada", "nadawca", "odesílatel", "寄件者",
];
#[rustfmt::skip]
pub(super) const FIELDS: &[&str] = &[
    "sent", "date", "to", "subject", "cc", "gesendet", "datum", "an", "betreff", "envoyé", "à", "objet", "enviado",
    "fecha", "para", "asunto", "data", "assunto", "inviato", "a", "oggetto", "verzonden", "aan", "onderwerp",
    "wysłano", "do", "temat", "odesláno", "komu", "předmět", "skickat", "till", "ämne", "sendt", "til", "emne",
    "gönderilme", "gönderildi", "tarih", "kime", "konu", "отправлено", "дата", "кому", "тема", "发送时间", "日期", "收件人",
    "主题", "主旨", "送信日時", "日時", "日付", "宛先", "件名", "보낸 날짜", "날짜", "받는 사람", "받는사람", "제목", "đã gửi", "ngày", "đến",
    "tới", "chủ đề", "tiêu đề", "تاريخ", "التاريخ", "إلى", "الموضوع", "تم الإرسال", "दिनांक", "तारीख", "प्रति",
    "विषय", "को", "alıcı", "lähetetty", "päivämäärä", "vastaanottaja", "aihe", "küldve", "dátum", "címzett", "tárgy", "trimis",
    "către", "subiect", "ημερομηνία", "στάλθηκε", "προς", "θέμα", "надіслано", "изпратено", "до", "получател", "относно", "נשלח",
    "תאריך", "אל", "נושא", "تاریخ", "به", "موضوع", "তারিখ", "প্রতি", "বিষয়", "ส่งเมื่อ", "วันที่", "ถึง", "เรื่อง", "dikirim",
    "tanggal", "kepada", "subjek", "perihal", "tarikh", "dihantar", "發送時間", "寄件日期", "收件者", "傳送時間", "destinataire",
    "destinatario", "destinatário", "empfänger", "modtager", "mottaker", "mottagare",
];
