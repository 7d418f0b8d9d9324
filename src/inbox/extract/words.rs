//! The words that stand beside codes, and those that stand beside other numbers, written as [`Lexicon`] reads
//! them.

use std::sync::LazyLock;

use crate::inbox::lexicon::Lexicon;

macro_rules! lexicons {
    ($($(#[$about:meta])* $name:ident = $words:ident;)*) => {
        $($(#[$about])* pub(super) static $name: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::new($words));)*
    };
}

lexicons! {
    /// Names of the code itself.
    CODE = CODE_WORDS;
    /// Names of a password, which is a code only where it stands right beside one.
    PASSWORD = PASSWORD_WORDS;
    /// What a code is for.
    PURPOSE = PURPOSE_WORDS;
    /// What one is asked to do with it.
    ENTER = ENTER_WORDS;
    /// What is said of things on offer, whose codes open no account.
    OFFER = OFFER_WORDS;
    /// Names of numbers and words that are no codes to sign in with.
    OTHER = OTHER_WORDS;
    /// What says of a code that it no longer counts.
    STALE = STALE_WORDS;
    /// Units that make a number a quantity, right behind it.
    UNITS = UNIT_WORDS;
}

#[rustfmt::skip]
const CODE_WORDS: &[&str] = &[
    // English and what many languages borrowed
    "*code", "*codes", "passcode", "passcodes", "otp", "otp's", "pin", "tan", "mtan", "one-time", "one time", "token",
    "verification number", "confirmation number to enter", "login number", "2fa key", "security key", "device key", "access key",
    // German
    "sicherheitsnummer", "einmal*", "zahlenfolge", "ziffernfolge", "bestätigungsnummer", "freigabenummer", "prüfziffern", "kodewort",
    "geräteschlüssel", "zugangsschlüssel", "anmeldeschlüssel", "anmeldenummer", "*kode",
    // French
    "usage unique", "le code", "clé d'accès", "clé de l'appareil", "chiffres", "clé",
    // Spanish, Portuguese, Italian
    "código", "codigo", "códigos", "codigos", "cód", "clave", "claves", "codice", "codici", "cod", "chave", "chiave", "llave",
    "un solo uso", "uso único", "uso unico", "usa e getta", "cifras", "dígitos",
    // Dutch
    "toegangssleutel", "cijfers", "*cijfercode", "sleutel",
    // Polish, Czech
    "kod", "kodu", "kodem", "kody", "*kod", "jednorazow*", "klucz", "klucza", "kód", "kódu", "kódem", "kódy", "jednorázov*", "klíč", "klíče", "cyfry", "číslice",
    // Swedish, Danish, Norwegian, Finnish
    "koden", "*koden", "engångs*", "engangs*", "nyckel", "*nyckeln", "*koodi*", "kertakäyttö*", "siffror", "siffrorna", "nøkkel", "nøgle",
    // Turkish
    "kodunuz", "*kodunu", "kodunuzu", "koduyla", "kodu", "tek kullanımlık", "anahtar", "anahtarı", "anahtarınız", "haneli",
    // Vietnamese, also as text messages spell it, and Indonesian
    "mã", "mã số", "mã xác", "ma kich hoat", "ma xac nhan", "ma xac minh", "ma xac thuc", "ma otp", "khóa thiết bị", "khóa", "kode", "sandi sekali",
    // Romanian, Hungarian, Greek
    "codul", "codului", "kódja", "kódod", "kódot", "*kód", "κωδικ*", "κωδικός",
    // Russian, Ukrainian
    "код", "кода", "кодом", "коду", "коды", "*код", "ключ", "ключа", "одноразов*", "цифр", "цифры", "пин-код", "пин",
    // Arabic, Hebrew, Persian
    "رمز", "الرمز", "رمزك", "برمز", "رمزا", "رموز", "كود", "الكود", "كودك", "بالرمز", "للرمز", "والرمز", "رقم التحقق", "رقم التأكيد", "مفتاح", "المفتاح", "رقم سري",
    "קוד", "הקוד", "קוד*", "סיסמה", "کد", "رمز یکبار", "رمز عبور",
    // Hindi, Bengali, Thai
    "कोड", "ओटीपी", "पिन", "सत्यापन अंक", "कुंजी", "अंक", "কোড", "ওটিপি", "รหัส", "โอทีพี",
    // Chinese
    "验证码", "驗證碼", "校验码", "校驗碼", "动态码", "動態碼", "确认码", "確認碼", "認證碼", "认证码", "口令", "安全码", "安全碼", "登录码", "登入碼",
    "授权码", "激活码", "识别码", "代码", "代碼", "码是", "码为", "码：", "码:", "密钥", "一次性", "动态密码", "提取码", "识别号", "验证号",
    // Japanese
    "コード", "認証番号", "確認番号", "暗証番号", "認証キー", "番号を入力", "ワンタイム", "確認用の番号", "ログイン番号", "キー", "数字を入力", "数字",
    // Korean
    "인증번호", "인증 번호", "인증코드", "코드", "확인번호", "확인 번호", "로그인 번호", "로그인번호", "보안번호", "보안 번호", "일회용", "승인번호", "승인 번호", "키", "번호를 입력", "숫자를 입력",
];

#[rustfmt::skip]
const PASSWORD_WORDS: &[&str] = &[
    "*password", "*passwort", "*kennwort", "mot de passe", "contraseña", "senha", "password", "*wachtwoord", "hasło", "hasłem", "hasła",
    "heslo", "heslem", "lösenord", "*lösenord", "adgangskode", "passord", "parola", "şifre*", "sifre*", "mật khẩu", "mat khau", "пароль", "пароля", "паролем",
    "كلمة المرور", "كلمة السر", "पासवर्ड", "密码", "密碼", "パスワード", "비밀번호", "parool", "salasana", "jelszó", "parolă", "sandi", "รหัสผ่าน",
];

#[rustfmt::skip]
const PURPOSE_WORDS: &[&str] = &[
    "verif*", "confirm*", "authenti*", "security", "secure", "log in", "login", "log-in", "sign in", "signing in", "logging in", "sign-in", "signin",
    "activat*", "access", "2fa", "two-factor", "two-step", "enter", "use", "type", "type in", "reset", "unlock", "approve", "pairing", "digits",
    // German
    "bestätig*", "verifizier*", "sicherheit*", "anmeld*", "einlog*", "aktivier*", "zugang*", "eingeben", "gib", "geben sie", "freigabe", "ziffern", "tippe*",
    // French
    "vérifi*", "connexion", "connecter", "activation", "identifi*", "saisi*", "entrez", "confirmation",
    // Spanish, Portuguese, Italian
    "acceso", "acesso", "accesso", "accedi", "accedere", "iniciar", "inicio", "entrar", "verifica*", "conferma*", "confirma*", "introduce", "introduzca", "ingresa*", "escribe*",
    "introduz*", "insira", "digite", "inserisci", "inserire", "digita", "dígito*", "cifre", "usa", "use", "utiliza*",
    // Dutch, Polish, Czech
    "bevestig*", "inlog*", "verificatie*", "aanmeld*", "vul", "voer", "typ", "potwierdz*", "weryfik*", "logowan*", "zalog*", "wpisz", "podaj", "cyfr", "ověř*", "přihlá*", "zadejte", "zadej", "potvrd*", "opište",
    // Nordic
    "verifier*", "bekräft*", "inlogg*", "logga in", "ange", "skriv in", "knappa in", "bekræft*", "bekreft*", "indtast", "vahvist*", "kirjaut*",
    // Turkish
    "doğrula*", "dogrula*", "onay*", "giriş*", "girin*", "yazın*", "gir",
    // Vietnamese, Indonesian
    "xác nhận", "xác minh", "xác thực", "đăng nhập", "nhập", "verifikasi", "masuk", "masukkan",
    // Russian, Ukrainian
    "подтвержд*", "вход*", "войти", "авториз*", "никому", "введите", "введи", "проверк*", "підтвердж*", "вхід",
    // Arabic, Hindi
    "تحقق", "التحقق", "تأكيد", "التأكيد", "تسجيل الدخول", "للدخول", "الدخول", "أدخل", "ادخل", "اكتب", "सत्यापन", "सत्यापित", "लॉगिन", "लॉग इन", "दर्ज करें", "डालें", "पुष्टि", "भरें", "लिखें",
    // Chinese, Japanese, Korean
    "登录", "登錄", "登入", "验证", "驗證", "确认", "確認", "输入", "輸入", "填写", "認証", "ログイン", "入力", "サインイン", "인증", "확인", "로그인", "입력",
];

#[rustfmt::skip]
const ENTER_WORDS: &[&str] = &[
    "enter", "use", "type", "type in", "put", "reply with", "submit", "paste", "copy", "fill in", "key in", "in the form", "into the form", "on the site", "on the website",
    "gib", "gib bitte", "geben sie", "eingeben", "tippe*", "tippen", "verwende*", "nutze*", "benutze*", "antworte mit", "trage",
    "saisi*", "saisissez", "entrez", "entrer", "tapez", "tape", "utilise*", "indiquez", "recopie*", "composez",
    "introduce", "introduzca", "introduc*", "ingresa*", "ingrese", "escribe*", "escriba", "escribiendo", "teclea*", "usa", "use", "utiliza*", "introduz*", "insira", "digite", "digitando", "informe", "responda com", "responda no site com", "escreva",
    "inserisci*", "inserire", "digita*", "usa", "scrivi", "immetti", "rispondi con", "vul", "vul in", "voer", "typ", "tik", "toets", "gebruik",
    "wpis*", "podaj", "użyj", "przepisz", "zadej*", "zadat", "opiš*", "opište", "napiš*", "použij*", "vlož*", "zadáním",
    "skriv", "skriv in", "ange", "knappa in", "mata in", "fyll i", "använd", "indtast*", "brug", "tast", "bruk", "oppgi", "anna", "syötä",
    "girin*", "giriniz", "yazın*", "yazarak", "yaz", "kullanın*", "tuşlayın*", "введите", "введи", "ввести", "вводите", "укажите", "наберите", "используйте", "впишите", "введіть",
    "nhập", "nhap", "gõ", "điền", "dùng", "masukkan", "gunakan", "أدخل", "ادخل", "أدخلي", "اكتب", "استخدم", "استعمل", "بإدخال", "إدخال",
    "दर्ज करें", "दर्ज", "डालें", "भरें", "लिखें", "टाइप करें", "उपयोग करें", "输入", "輸入", "填写", "填入", "键入", "入力", "입력", "입력하세요", "입력해", "กรอก", "ป้อน", "הזן", "הקלד",
];

#[rustfmt::skip]
const OFFER_WORDS: &[&str] = &[
    "% off", "discount*", "sale", "promo*", "free shipping", "coupon*", "voucher*", "save up to", "at checkout", "in your basket", "*rabatt*", "gutschein*", "sonderangebot*", "warenkorb", "sparen", "spare", "sparpreis*", "remise*", "réduction*", "soldes", "panier", "code promo", "livraison offerte",
    "descuento*", "rebajas", "cupón*", "oferta*", "carrito", "envío gratis", "desconto*", "cupom", "cupão", "promoç*", "frete grátis", "carrinho", "scont*", "saldi", "carrello", "offerta", "offerte", "korting*", "actiecode", "winkelmand*", "aanbieding*", "rabat*", "zniżk*", "koszyk*", "promocj*", "wyprzedaż*", "taniej",
    "slev*", "výprodej*", "košík*", "rea", "rean", "kampanj*", "varukorg*", "kassan", "indirim*", "kampanya*", "sepet*", "kupon*", "скидк*", "промо*", "распродаж*", "корзин*", "купон*", "giảm giá", "giảm", "khuyến mãi", "ưu đãi", "voucher",
    "خصم", "تخفيض*", "عروض", "قسيمة", "छूट", "ऑफर", "ऑफ़र", "कूपन", "सेल", "डिस्काउंट", "优惠*", "折扣", "满减", "促销", "折", "優惠", "割引", "クーポン", "セール", "할인", "쿠폰", "세일", "프로모션",
];

#[rustfmt::skip]
const OTHER_WORDS: &[&str] = &[
    // What is only an example
    "looks like", "look like", "for example", "e.g", "such as", "zum beispiel", "z. b", "z.b", "par exemple", "por ejemplo", "por exemplo", "ad esempio", "bijvoorbeeld", "na przykład", "np", "například", "till exempel", "t.ex", "örneğin", "например", "ví dụ", "مثل", "على سبيل المثال", "उदाहरण", "例如", "例えば", "例:", "예:", "예를 들어",
    // English
    "order", "orders", "order no", "order number", "invoice", "ticket", "ticket number", "case", "case number", "ref", "ref no", "reference", "reference number", "booking", "booking code", "booking reference", "reservation", "reservation code",
    "customer number", "customer no", "account number", "account no", "acct", "phone", "tel", "call", "fax", "mobile", "cell", "tracking", "tracking number", "tracking code", "parcel", "parcel number", "shipment",
    "ending", "ending in", "ends in", "ends with", "card", "transaction", "transaction id", "version", "build", "suite", "zip", "zip code", "postal code", "*postcode", "area code", "country code", "dress code", "source code",
    "promo code", "promotion code", "promotional code", "discount code", "coupon code", "coupon", "voucher", "voucher code", "gift card", "gift code", "purchase code", "redeem", "referral code", "invite code", "invitation code", "error code", "error", "status code", "barcode",
    "bar code", "qr code", "qr-code", "sort code", "swift code", "pin code for delivery", "pickup code", "pickup pin", "collection code", "delivery code", "copyright", "po box", "p.o. box", "amount", "total", "balance", "customer id", "user id", "member", "membership", "member number", "since", "founded",
    "request id", "request number", "request", "session id", "device id", "id", "serial", "serial number", "serial no", "s/n", "part number", "model", "flight", "lot", "plate", "parking", "parking code", "gate", "seat", "room", "room number", "meeting id", "incident", "issue", "license", "licence", "contract", "policy", "policy number", "iban", "vat", "tax", "meter",
    "meter reading", "population", "points", "extension", "article", "item", "sku", "hotline", "appointment", "registration number", "company number", "code of conduct", "backup code", "backup codes", "recovery code", "recovery codes",
    // Where one writes to be left alone
    "support", "our support", "help desk", "service", "kundenservice", "assistance", "soporte", "suporte", "assistenza", "klantenservice", "infolinia", "podpora", "support:", "destek", "поддержка", "поддержки", "hỗ trợ", "الدعم", "सहायता", "サポート", "고객지원",
    "stop to", "stop an", "stop au", "stop al", "baja al", "sair para", "ret yaz", "stop naar", "стоп на", "text", "reply", "send sms",
    // German
    "*bestellung", "*bestellnummer", "*bestellnr", "*bestell-nr", "*rechnung", "*rechnungsnummer", "*rechnungsnr", "*kundennummer", "*kundennr", "kunden-nr", "*vorgangsnummer", "vorgang", "*vertragsnummer", "*mitgliedsnummer", "*auftragsnummer", "auftrag", "*sendungsnummer", "sendung", "paket", "*paketnummer", "*ticketnummer", "*buchungsnummer", "*buchungscode", "*fallnummer",
    "aktenzeichen", "*steuernummer", "*seriennummer", "*zählernummer", "zählerstand", "*gerätenummer", "postfach", "*postleitzahl", "plz", "telefon", "*telefonnummer", "hrb", "*fehlercode", "*gutscheincode", "*rabattcode", "*aktionscode", "*gutschein", "ust-id", "*kontonummer", "karte", "*referenznummer", "referenz", "*strichcode", "artikel", "*artikelnummer", "betrag", "zimmer", "hotline", "rückfragen", "wiederherstellungscodes", "*abholcode", "*werbecode", "termin",
    // French
    "commande", "facture", "téléphone", "tél", "numéro de client", "n° client", "code postal", "code promo", "code promotionnel", "code de réduction", "code-barres", "code barres", "code d'erreur", "code de retrait", "code de livraison", "code erreur", "code parrainage", "bon de réduction", "colis", "dossier", "référence", "réf", "réservation", "billet", "carte", "montant", "contrat", "siret", "siren", "tva", "suivi", "numéro de suivi", "série", "n° de série", "rendez-vous", "demande", "place", "codes de secours",
    // Spanish
    "pedido", "factura", "teléfono", "tel", "código postal", "código promocional", "código de recogida", "código de entrega", "código de retirada", "código de descuento", "código de barras", "código de error", "código del error", "cupón", "número de cliente", "socio", "número de socio", "referencia", "reserva", "localizador", "tarjeta", "importe", "saldo", "envío", "paquete", "seguimiento", "número de seguimiento", "expediente", "caso", "contrato", "serie", "número de serie", "cita", "cif", "nif", "solicitud", "código de reserva",
    // Portuguese
    "telefone", "fatura", "código promocional", "código de desconto", "cupom", "cupão", "código de barras", "código de erro", "código do erro", "código de rastreio", "rastreamento", "rastreio", "encomenda", "cartão", "protocolo", "cnpj", "cpf", "cep", "nota fiscal", "valor", "série", "número de série", "sócio", "referência", "chamado", "solicitação", "código de reserva", "boleto", "agendamento",
    // Italian
    "ordine", "fattura", "telefono", "codice postale", "codice sconto", "codice di ritiro", "codice ritiro", "codice promozionale", "codice promo", "codice a barre", "codice fiscale", "codice errore", "codice di errore", "codice dell'errore", "codice cliente", "cap", "numero cliente", "tessera", "riferimento", "rif", "prenotazione", "codice prenotazione", "carta", "importo", "pacco", "spedizione", "tracciamento", "pratica", "contratto", "partita iva", "p.iva", "matricola", "serie", "buono sconto", "biglietto", "richiesta", "appuntamento",
    // Dutch
    "bestelling", "bestelnummer", "ordernummer", "factuur", "factuurnummer", "telefoon", "telefoonnummer", "klantnummer", "kortingscode", "afhaalcode", "actiecode", "foutcode", "streepjescode", "postcode", "pakket", "zending", "zendingsnummer", "trackingcode", "track & trace", "kaart", "rekening", "rekeningnummer", "bedrag", "dossier", "dossiernummer", "kenmerk", "serienummer", "meterstand", "meternummer", "kvk", "btw", "afspraak", "reservering", "reserveringsnummer", "lidnummer", "lidmaatschapsnummer", "aanvraag", "boekingscode",
    // Polish
    "zamówienie", "zamówienia", "zamówieniu", "nr zamówienia", "faktura", "faktury", "telefon", "tel", "numer klienta", "nr klienta", "kod pocztowy", "kod rabatowy", "kod promocyjny", "kod kreskowy", "kod błędu", "kod odbioru", "paczka", "paczki", "przesyłka", "przesyłki", "przesyłkę", "paczkę", "zlecenie", "zlecenia", "numer zlecenia", "karta", "karty", "kwota", "nip", "regon", "krs", "sprawa", "sprawy", "zgłoszenie", "zgłoszenia", "numer seryjny", "seryjny", "umowa", "umowy", "rezerwacja", "rezerwacji", "bilet", "wizyta", "wniosku", "wniosek",
    // Czech
    "objednávka", "objednávky", "objednávku", "faktury", "zákazníka", "číslo zákazníka", "zákaznické číslo", "psč", "slevový kód", "slevový kupón", "čárový kód", "kód chyby", "chybový kód", "zásilka", "zásilky", "zásilku", "balík", "sériové číslo", "výrobní číslo", "smlouva", "smlouvy", "karta", "karty", "částka", "ič", "ičo", "dič", "rezervace", "vstupenka", "požadavek", "požadavku", "žádost", "číslo žádosti",
    // Swedish, Danish, Norwegian, Finnish
    "order", "ordernummer", "beställning", "faktura", "fakturanummer", "kundnummer", "telefon", "postnummer", "rabattkod", "kampanjkod", "felkod", "streckkod", "paket", "kolli", "försändelse", "kort", "kortet", "belopp", "ocr", "ocr-nummer", "anläggningsnummer", "anläggnings-id", "serienummer", "ärende", "ärendenummer", "bokning", "bokningsnummer", "org.nr", "organisationsnummer", "medlemsnummer", "bankgiro", "referens", "referensnummer", "ordre", "ordrenummer", "kundenummer", "fejlkode", "rabatkode", "tilaus", "lasku", "puhelin",
    // Turkish
    "sipariş", "siparişiniz", "sipariş no", "sipariş numarası", "fatura no", "fatura", "müşteri", "müşteri no", "müşteri numarası", "telefon", "tel", "posta kodu", "indirim kodu", "teslimat kodu", "teslim kodu", "kupon kodu", "kupon", "promosyon kodu", "hata kodu", "barkod", "kargo", "takip no", "takip numarası", "takip kodu", "kart", "kartınız", "tutar", "seri no", "seri numarası", "vergi no", "rezervasyon", "pnr", "poliçe", "talep no", "talep", "randevu", "üye no", "üyelik", "abone no", "referans", "dosya no", "mersis",
    // Russian, Ukrainian
    "заказ", "заказа", "заказу", "заказ №", "номер заказа", "счёт", "счет", "счёта", "телефон", "телефона", "тел", "индекс", "почтовый индекс", "промокод", "промокода", "промокоду", "код ошибки", "штрихкод", "штрих-код", "код товара", "код скидки", "карта", "карты", "карте", "сумма", "баланс", "инн", "огрн", "кпп", "договор", "договора", "номер клиента", "посылка", "посылки", "отправление", "трек", "трек-номер", "трек-код", "обращение", "обращения", "заявка", "заявки", "заявке", "запрос", "запроса", "запросу", "серийный номер", "бронь", "брони", "бронирование", "бронирования", "полис", "билет", "рейс", "лицевой счёт", "замовлення", "рахунок", "код региона", "код получения", "код выдачи",
    // Vietnamese
    "so dien thoai", "số điện thoại", "điện thoại", "sđt", "tổng đài", "hotline", "đơn hàng", "mã đơn hàng", "mã đơn", "hóa đơn", "mã hóa đơn", "mã khách hàng", "bạn đọc số", "thẻ số", "mã giảm giá", "mã khuyến mãi", "mã ưu đãi", "mã voucher", "mã vận đơn", "vận đơn", "mã vạch", "mã lỗi", "mã bưu chính", "mã số thuế", "mst", "thẻ", "số tiền", "số dư", "mã giao dịch", "giao dịch", "số seri", "sê-ri", "seri", "mã đặt chỗ", "đặt chỗ", "mã yêu cầu", "yêu cầu", "hợp đồng", "lịch hẹn", "mã bưu điện", "mã số sinh viên", "mã sản phẩm", "mã hồ sơ",
    // Arabic
    "طلب", "الطلب", "طلبك", "رقم الطلب", "طلبية", "فاتورة", "الفاتورة", "رقم الفاتورة", "هاتف", "الهاتف", "رقم الهاتف", "اتصل", "رقم العميل", "رمز بريدي", "الرمز البريدي", "رمز الخصم", "كود الخصم", "كود خصم", "رمز خصم", "رمز القسيمة", "قسيمة", "رمز الخطأ", "رمز خطأ", "الباركود", "باركود", "شحنة", "الشحنة", "شحنتك", "رقم الشحنة", "رقم التتبع", "تتبع", "بطاقة", "البطاقة", "بطاقتك", "المبلغ", "مبلغ", "الرصيد", "رصيد", "آيبان", "مرجع", "المرجع", "رقم المرجع", "مرجعي", "حجز", "الحجز", "رقم الحجز", "تذكرة", "رقم تسلسلي", "الرقم التسلسلي", "الرقم الضريبي", "عقد", "رقم العقد", "موعد", "عضوية", "العضو رقم", "عضو رقم", "رقم العضوية", "رقم المعاملة", "البلاغ", "رقم البلاغ", "ص.ب", "صندوق بريد",
    // Hindi
    "ऑर्डर", "आर्डर", "ऑर्डर नंबर", "ऑर्डर संख्या", "बिल", "बिल संख्या", "चालान", "इनवॉइस", "फ़ोन", "फोन", "कॉल", "मोबाइल", "हेल्पलाइन", "ग्राहक संख्या", "ग्राहक आईडी", "पिन कोड", "पिनकोड", "डाक कोड", "प्रोमो कोड", "कूपन", "कूपन कोड", "छूट कोड", "डिस्काउंट कोड", "ऑफ़र कोड", "त्रुटि कोड", "बारकोड", "पार्सल", "शिपमेंट", "ट्रैकिंग", "ट्रैकिंग नंबर", "कार्ड", "राशि", "बैलेंस", "शेष", "संदर्भ", "संदर्भ संख्या", "रेफ़रेंस", "सीरियल", "सीरियल नंबर", "क्रमांक", "अनुरोध", "अनुरोध संख्या", "शिकायत", "शिकायत संख्या", "टिकट", "बुकिंग", "पीएनआर", "जीएसटी", "अपॉइंटमेंट", "खाता संख्या", "मीटर",
    // Chinese
    "订单", "訂單", "订单号", "订单编号", "电话", "電話", "客服", "热线", "熱線", "邮编", "郵編", "邮政编码", "郵遞區號", "优惠码", "優惠碼", "折扣码", "折扣碼", "优惠券", "兑换码", "邀请码", "错误代码", "错误码", "錯誤代碼", "条形码", "条码", "條碼", "快递", "快递单号", "运单", "运单号", "物流", "单号", "單號", "取件码", "取货码", "尾号", "尾號", "卡号", "卡號", "金额", "余额", "發票", "发票", "发票号", "客户号", "客户编号", "客戶編號", "证号", "借书证", "学号", "工号", "会员号", "会员编号", "流水号", "交易号", "参考号", "序列号", "序號", "型号", "请求编号", "工单", "工单号", "预约", "税号", "合同", "房间", "航班", "座位", "备用码", "备用验证码", "设备号", "机器码",
    // Japanese
    "注文", "注文番号", "ご注文番号", "お問い合わせ番号", "問い合わせ番号", "お客様番号", "会員番号", "電話", "電話番号", "郵便番号", "クーポンコード", "クーポン", "プロモーションコード", "割引コード", "受取コード", "受け取りコード", "エラーコード", "バーコード", "qrコード", "追跡番号", "伝票番号", "送り状番号", "予約番号", "ご予約番号", "請求書", "請求番号", "カード", "カード番号", "金額", "残高", "シリアル番号", "製造番号", "受付番号", "契約番号", "口座番号", "登録番号", "便名", "商品コード", "管理番号", "整理番号", "部屋番号", "法人番号", "リクエストid", "招待コード",
    // Korean
    "주문", "주문번호", "주문 번호", "전화", "전화번호", "고객센터", "우편번호", "우편 번호", "쿠폰", "쿠폰 코드", "쿠폰코드", "할인 코드", "픽업 코드", "수령 코드", "할인코드", "프로모션 코드", "오류 코드", "오류코드", "바코드", "송장번호", "송장 번호", "운송장", "운송장번호", "운송장 번호", "택배", "예약번호", "예약 번호", "고객번호", "고객 번호", "회원번호", "회원 번호", "카드", "카드번호", "금액", "잔액", "청구서", "시리얼", "시리얼 번호", "일련번호", "사업자등록번호", "사업자 등록번호", "계약번호", "접수번호", "접수 번호", "문의번호", "문의 번호", "요청 번호", "요청번호", "추천 코드", "초대 코드", "계좌", "계좌번호", "티켓",
];

#[rustfmt::skip]
const STALE_WORDS: &[&str] = &[
    "previous", "old code", "older", "earlier", "expired", "no longer valid", "no longer works", "replaced", "replaces", "instead of", "invalid", "cancelled", "canceled", "superseded", "has been used",
    "alte", "alter", "alten", "bisherige*", "vorherige*", "abgelaufen*", "ungültig*", "nicht mehr gültig", "ersetzt",
    "ancien", "précédent", "expiré", "n'est plus valable", "n'est plus valide", "remplace", "annulé",
    "anterior", "caducado", "caducó", "expirado", "expirou", "ya no es válido", "ya no sirve", "ya no vale", "sustituye", "reemplaza", "substitui", "já não é válido", "não é mais válido", "não vale mais", "antigo", "antiguo", "vecchio", "precedente", "scaduto", "non è più valido", "non vale più", "sostituisce",
    "vorige", "oude", "verlopen", "niet meer geldig", "vervangt", "vervalt", "poprzedni*", "stary", "wygasł", "nieważny", "zastępuje", "předchozí", "starý", "vypršel", "již neplatí", "už neplatí", "nahrazuje",
    "tidigare", "gamla", "förra", "gäller inte längre", "har gått ut", "ersätter", "önceki", "onceki", "gecersiz", "eski", "süresi doldu", "geçersiz", "artık geçerli değil", "yerine",
    "предыдущий", "старый", "истёк", "истек", "недействителен", "больше не действует", "вместо", "mã cũ", "trước đó", "hết hạn", "hết hiệu lực", "không còn hiệu lực", "thay cho",
    "السابق", "القديم", "انتهت صلاحيته", "منتهي", "لم يعد صالحا", "بدلا من", "बदले", "पुराना", "पिछला", "समाप्त हो", "मान्य नहीं",
    "旧", "之前的", "已失效", "已过期", "已作废", "作废", "失效", "古い", "以前の", "前回", "無効", "期限切れ", "이전", "만료", "무효", "더 이상",
];

/// What stands between a name and its value: `the code is 482915`.
#[rustfmt::skip]
pub(super) const COPULAS: &[&str] = &[
    "is", "are", "ist", "lautet", "sind", "est", "es", "son", "são", "é", "è", "sono", "jest", "to", "je", "jsou", "är", "er", "on", "là", "la", "هو", "هي", "है", "হলো", "คือ",
];

/// Those of them that speak of what follows.
#[rustfmt::skip]
pub(super) const REPLACES: &[&str] = &[
    "replaces", "instead of", "ersetzt", "remplace", "sustituye", "reemplaza", "substitui", "sostituisce", "vervangt", "zastępuje", "nahrazuje", "ersätter", "вместо", "thay cho", "بدلا من",
];

#[rustfmt::skip]
const UNIT_WORDS: &[&str] = &[
    "minute", "minutes", "min", "mins", "hour", "hours", "day", "days", "seconds", "sec", "points", "users", "people", "times", "items", "followers", "steps", "miles", "credits", "words", "characters", "members",
    "minuten", "stunden", "tage", "tagen", "sekunden", "punkte", "personen", "euro", "euros", "heures", "jours", "secondes", "points", "personnes", "minutos", "horas", "días", "dias", "segundos", "puntos", "pontos", "personas", "pessoas", "reais", "pesos",
    "minuti", "ore", "giorni", "secondi", "punti", "persone", "minut", "minuty", "godzin", "dni", "sekund", "punktów", "złotych", "hodin", "dnů", "korun", "bodů", "minuter", "timmar", "dagar", "poäng", "kronor", "dakika", "saat", "gün", "saniye", "puan", "lira", "uur", "dagen", "punten",
    "минут", "часов", "дней", "секунд", "баллов", "рублей", "руб", "бонусов", "phút", "giờ", "ngày", "giây", "điểm", "đồng", "vnd", "vnđ", "đ", "دقيقة", "دقائق", "ساعة", "يوم", "نقطة", "ريال", "درهم", "دينار", "جنيه", "मिनट", "घंटे", "दिन", "अंक", "रुपये", "रुपए", "पॉइंट",
    "分", "分钟", "分鐘", "小时", "时间", "時間", "日", "年", "月", "天", "秒", "积分", "点", "人", "件", "个", "号楼", "室", "ポイント", "名", "回", "分間", "円", "元", "块", "분", "시간", "일", "년", "월", "원", "초", "포인트", "점", "명", "개", "호",
    "eur", "usd", "gbp", "chf", "kr", "sek", "pln", "czk", "kč", "inr", "sar", "aed", "egp", "brl", "zł", "tl", "try", "rs", "rub", "jpy", "cny", "krw", "km", "kg", "mb", "gb", "kwh", "m²", "m2", "ml", "%", "€", "$", "£", "°",
];
