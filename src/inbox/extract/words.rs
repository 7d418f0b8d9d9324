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
    /// What is said of a code: how long it holds, and whom not to tell it.
    ADVICE = ADVICE_WORDS;
    /// What other codes are for, which open no account: parcels, meetings, bookings, networks, receipts.
    OCCASION = OCCASION_WORDS;
    /// What says that a code is for an account nevertheless.
    ACCOUNT = ACCOUNT_WORDS;
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
    "kodunuz", "*kodunu", "kodunuzu", "koduyla", "tek kullanımlık", "anahtar", "anahtarı", "anahtarınız", "haneli",
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
    // What banks and operators call it
    "smstan", "sms-tan", "mobiletan", "chiptan", "pushtan", "photo-tan", "transaktionsnummer", "*-tan", "tac", "m-pin", "mpin", "*-pin", "yours is", "auth number", "secret number", "login key", "login word", "*schlüssel", "prüfnummer", "losungswort",
    "clé dynamique", "clave dinámica", "clave de acceso", "clave temporal", "contraseña de un solo uso", "contraseña temporal", "palavra-passe temporária", "senha temporária", "senha de uso único", "password temporanea", "password monouso", "monouso", "mot de passe temporaire", "mot de passe provisoire", "mot de passe à usage unique", "code sms",
    // Finnish, Danish, Norwegian, Swedish
    "tunnusluku", "tunnusluvun", "vahvistusluku", "varmennusnumero", "kertakäyttöinen", "kertatunnus*", "koodilla", "*koder", "engangskode*", "engangspassord", "engangsadgangskode", "pinkode*", "sifre", "verifikationsnummer", "säkerhetsnummer",
    // Hungarian, Romanian
    "*kód*", "egyszer használatos", "egyszeri jelszó", "jelszó egyszer", "unică folosință", "unica folosinta", "unică folosire", "cod de", "parola temporară", "parola unică", "coduri",
    // Greek, Bulgarian, Ukrainian
    "κωδικό*", "κωδικο*", "μίας χρήσης", "μιας χρήσης", "otp:", "кодът", "кода ви", "еднократн*", "еднократна парола", "код-пароль", "одноразовий", "одноразового", "тимчасовий пароль", "временный пароль", "временный код", "кодовое слово", "контрольное число",
    // Hebrew, Persian
    "*קוד", "סיסמה חד פעמית", "חד פעמי", "חד-פעמי", "חד פעמית", "חד-פעמית", "הסיסמה הזמנית", "کدِ", "کدی", "رمز پویا", "رمز دوم", "رمز یک‌بار", "رمز یکبار مصرف", "رمز موقت", "رمز ورود", "گذرواژه یک‌بار", "رقم التفعيل", "الرقم السري", "رمزكم", "كلمة مرور لمرة واحدة", "لمرة واحدة",
    // Bengali, Hindi and others of India
    "কোড*", "ওটিপি*", "পিন", "পাসকোড", "ওয়ান টাইম", "একবার ব্যবহার", "पासकोड", "वन टाइम", "वन-टाइम", "एक बार", "कूट", "குறியீடு", "ஓடிபி", "కోడ్", "ఓటీపీ", "ಕೋಡ್", "ഒടിപി", "കോഡ്", "કોડ", "ઓટીપી", "ਕੋਡ", "ਓਟੀਪੀ", "कोड*",
    // Thai, Vietnamese, Indonesian, Malay
    "รหัสผ่านชั่วคราว", "รหัสผ่านครั้งเดียว", "รหัสลับ", "ma cua ban", "ma moi", "ma cua quy khach", "mat khau mot lan", "mã bảo mật", "mã đăng nhập", "mã kích hoạt", "ma dang nhap", "ma bao mat", "ma pin", "kodenya", "kode otp", "kata sandi sekali", "sandi sementara", "kata laluan sekali", "katalaluan sekali", "kod keselamatan", "nombor tac",
    // Chinese, Japanese, Korean
    "簡訊密碼", "短信密码", "簡訊碼", "短信码", "動態密碼", "一次性密碼", "單次密碼", "激活碼", "啟用碼", "認證號", "验证密码", "临时密码", "臨時密碼", "暗証コード", "確認キー", "パスコード", "使い捨て", "ワンタイムパスワード", "仮パスワード", "ピンコード", "본인확인", "임시 비밀번호", "임시비밀번호", "임시번호", "일회용 비밀번호", "보안코드", "확인코드", "확인 코드", "로그인 코드", "핀번호",
    // Turkish
    "*kodun*", "*koduyla",
    // Serbian, Croatian, Slovak, Slovenian, Baltic languages, Albanian, Georgian, Armenian, Swahili, Filipino
    "kôd", "kod za", "koda", "šifra", "šifru", "overovací kód", "kodas", "kodą", "kods", "kood", "koodi", "kodi", "კოდი", "კოდია", "կոդը", "կոդն", "nambari ya siri", "msimbo", "iyong code",
];

#[rustfmt::skip]
const PASSWORD_WORDS: &[&str] = &[
    "*password", "*passwort", "*kennwort", "mot de passe", "contraseña", "senha", "password", "*wachtwoord", "hasło", "hasłem", "hasła",
    "heslo", "heslem", "lösenord", "*lösenord", "adgangskode", "passord", "parola", "şifre*", "sifre*", "mật khẩu", "mat khau", "пароль", "пароля", "паролем",
    "كلمة المرور", "كلمة السر", "पासवर्ड", "密码", "密碼", "パスワード", "비밀번호", "parool", "salasana", "jelszó", "parolă", "sandi", "รหัสผ่าน",
    "парола", "паролата", "пароль*", "κωδικός πρόσβασης", "συνθηματικό", "סיסמה", "סיסמא", "הסיסמה", "گذرواژه", "رمز عبور", "কোড ওয়ার্ড", "পাসওয়ার্ড", "kata sandi", "kata laluan", "katalaluan", "jelszava", "jelszavad", "passordet", "adgangskoden", "lozinka", "geslo", "slaptažodis", "parole",
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
    "introduz*", "insira", "digite", "inserisci", "inserire", "digita", "dígito*", "cifre", "usa", "utiliza*",
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
    // Finnish, Danish, Norwegian
    "todenna*", "tunnistau*", "varmenta*", "kirjautumi*", "log på", "logge på", "log ind", "logger ind", "logge inn", "innlogging*", "pålogging*", "godkend*", "godkjenn*",
    // Hungarian, Romanian, Greek
    "megerősít*", "ellenőrz*", "belép*", "bejelentkez*", "hitelesít*", "azonosít*", "verificare", "confirmare", "autentificare", "conectare", "autentifica*", "conecta*", "επαλήθευσ*", "επιβεβαίωσ*", "επιβεβαιώσ*", "σύνδεσ*", "συνδεθ*", "ταυτοποίησ*",
    // Bulgarian, Ukrainian
    "потвържд*", "потвърд*", "вход", "влез*", "підтверд*", "увійти", "увійдіть", "входу", "авторизац*",
    // Hebrew, Persian
    "אימות", "לאימות", "כניסה", "התחבר*", "להתחבר*", "לכניסה", "אישור", "تأیید", "تایید", "ورود", "فعال‌سازی", "فعالسازی", "احراز هویت", "تفعيل", "التفعيل", "توثيق",
    // Bengali, Thai, Indonesian, Malay
    "যাচাই*", "ভেরিফিকেশন", "লগইন", "নিশ্চিত*", "ยืนยัน", "เข้าสู่ระบบ", "ลงทะเบียน", "konfirmasi", "pengesahan", "sahkan", "mengesahkan", "log masuk", "daftar", "otentikasi",
    // Vietnamese without marks, Traditional Chinese
    "xac nhan", "xac minh", "xac thuc", "dang nhap", "認證", "綁定", "绑定", "注册", "註冊", "重置", "重設", "本人確認", "ご本人", "가입", "본인",
];

#[rustfmt::skip]
const ENTER_WORDS: &[&str] = &[
    "enter", "use", "type", "type in", "put", "reply with", "submit", "paste", "copy", "fill in", "key in", "in the form", "into the form", "on the site", "on the website",
    "gib", "gib bitte", "geben sie", "eingeben", "tippe*", "tippen", "verwende*", "nutze*", "benutze*", "antworte mit", "trage",
    "saisi*", "saisissez", "entrez", "entrer", "tapez", "tape", "utilise*", "indiquez", "recopie*", "composez",
    "introduce", "introduzca", "introduc*", "ingresa*", "ingrese", "escribe*", "escriba", "escribiendo", "teclea*", "usa", "utiliza*", "introduz*", "insira", "digite", "digitando", "informe", "responda com", "responda no site com", "escreva",
    "inserisci*", "inserire", "digita*", "scrivi", "immetti", "rispondi con", "vul", "vul in", "voer", "typ", "tik", "toets", "gebruik",
    "wpis*", "podaj", "użyj", "przepisz", "zadej*", "zadat", "opiš*", "opište", "napiš*", "použij*", "vlož*", "zadáním",
    "skriv", "skriv in", "ange", "knappa in", "mata in", "fyll i", "använd", "indtast*", "brug", "tast", "bruk", "oppgi", "anna", "syötä",
    "girin*", "giriniz", "yazın*", "yazarak", "yaz", "kullanın*", "tuşlayın*", "введите", "введи", "ввести", "вводите", "укажите", "наберите", "используйте", "впишите", "введіть",
    "nhập", "nhap", "gõ", "điền", "dùng", "masukkan", "gunakan", "أدخل", "ادخل", "أدخلي", "اكتب", "استخدم", "استعمل", "بإدخال", "إدخال",
    "दर्ज करें", "दर्ज", "डालें", "भरें", "लिखें", "टाइप करें", "उपयोग करें", "输入", "輸入", "填写", "填入", "键入", "入力", "입력", "입력하세요", "입력해", "กรอก", "ป้อน", "הזן", "הקלד",
    // To try with, or that holds from now on
    "try with", "try this", "ab jetzt gilt", "es gilt", "gilt nun", "testa med", "prova med", "prova con", "prueba con", "tente com", "essayez avec", "probeer", "spróbuj", "zkuste", "dene", "попробуйте", "now use", "please use",
    "käytä", "kirjoita", "anna koodi", "naputtele", "indtast", "tast inn", "írja be", "írd be", "add meg", "adja meg", "üsse be", "használja", "használd", "introdu", "introduceți", "introduceti", "tastează", "folosește", "foloseste", "folosiți", "folositi", "utilizează", "completează",
    "εισάγετε", "εισαγάγετε", "πληκτρολογήστε", "πληκτρολόγησε", "χρησιμοποιήστε", "χρησιμοποίησε", "γράψτε", "въведете", "въведи", "използвайте", "използвай", "напишете", "уведіть", "використайте", "вкажіть",
    "הזינו", "להזין", "הקלידו", "השתמש*", "הכנס", "وارد کنید", "وارد نمایید", "استفاده کنید", "استخدمي", "استخدموا", "قم بإدخال", "নিচের", "লিখুন", "দিন", "প্রবেশ করান", "ব্যবহার করুন", "टाइप", "प्रयोग करें", "इस्तेमाल करें",
    "ระบุ", "ใส่", "ใช้", "ketik", "isi", "guna", "taip", "hãy nhập", "dung", "請輸入", "请输入", "請使用", "请使用", "使用", "ご入力", "ご利用", "入力して", "입력해 주세요", "입력해주세요", "입력하시", "입력하여",
];

#[rustfmt::skip]
const OFFER_WORDS: &[&str] = &[
    "% off", "discount*", "sale", "promo*", "free shipping", "coupon*", "voucher*", "save up to", "at checkout", "in your basket", "*rabatt*", "gutschein*", "sonderangebot*", "warenkorb", "sparen", "spare", "sparpreis*", "remise*", "réduction*", "soldes", "panier", "code promo", "livraison offerte",
    "descuento*", "rebajas", "cupón*", "oferta*", "carrito", "envío gratis", "desconto*", "cupom", "cupão", "promoç*", "frete grátis", "carrinho", "scont*", "saldi", "carrello", "offerta", "offerte", "korting*", "actiecode", "winkelmand*", "aanbieding*", "rabat*", "zniżk*", "koszyk*", "promocj*", "wyprzedaż*", "taniej",
    "slev*", "výprodej*", "košík*", "rea", "rean", "kampanj*", "varukorg*", "kassan", "indirim*", "kampanya*", "sepet*", "kupon*", "скидк*", "промо*", "распродаж*", "корзин*", "купон*", "giảm giá", "giảm", "khuyến mãi", "ưu đãi", "voucher",
    "خصم", "تخفيض*", "عروض", "قسيمة", "छूट", "ऑफर", "ऑफ़र", "कूपन", "सेल", "डिस्काउंट", "优惠*", "折扣", "满减", "促销", "折", "優惠", "割引", "クーポン", "セール", "할인", "쿠폰", "세일", "프로모션",
    "alennus*", "tarjous*", "kuponki*", "udsalg", "tilbud*", "spar", "gavekort", "salg", "kedvezmény*", "akció*", "leárazás*", "reducere*", "reduceri", "ofert*", "vouchere", "έκπτωση", "εκπτώσεις", "κουπόνι", "προσφορά*", "отстъпк*", "намален*", "оферт*", "знижк*", "акці*", "розпродаж*", "הנחה", "קופון", "מבצע*", "تخفیف", "کوپن", "حراج", "ছাড়", "অফার", "কুপন", "ส่วนลด", "โปรโมชั่น", "คูปอง", "ลดราคา", "diskon", "kupon", "potongan", "diskaun", "baucar", "jimat", "tawaran", "折價", "折扣碼", "優惠券", "促銷", "滿減", "特價", "紅包",
];

#[rustfmt::skip]
const ADVICE_WORDS: &[&str] = &[
    // How long it holds
    "valid for", "valid until", "valid till", "valid through", "is valid", "expires in", "expires at", "expires after", "will expire", "good for", "gültig für", "gültig bis", "gültig", "läuft ab", "läuft in", "valable", "expire dans", "expire à", "valide pendant", "válido por", "válida por", "válido hasta", "válido até", "vence en", "vence em", "caduca en", "caduca a", "expira em", "expira en", "scade", "scade tra", "valido per", "valido fino", "vale fino", "valida per", "geldig", "verloopt", "vervalt om", "ważny", "ważne", "wygaśnie", "platí", "platný", "platnost", "giltig", "gäller i", "gäller till", "går ut", "gyldig", "udløber", "utløper", "voimassa", "vanhenee", "érvényes", "lejár", "valabil", "expiră", "ισχύει", "λήγει", "валиден", "изтича", "дійсний", "діє", "действует", "действителен", "истекает", "geçerli", "geçerlidir", "صالح", "صالحة", "تنتهي", "ينتهي", "בתוקף", "תקף", "יפוג", "معتبر", "اعتبار", "मान्य", "वैध", "মেয়াদ", "বৈধ", "ใช้ได้", "หมดอายุ", "có hiệu lực", "hiệu lực", "hieu luc", "berlaku", "kedaluwarsa dalam", "sah selama", "sah", "tamat tempoh dalam", "分钟内有效", "分鐘內有效", "有效期", "内有效", "內有效", "有効期限", "有効です", "間有効", "유효", "분 이내", "분 내",
    // Whom not to tell it
    "do not share", "don't share", "never share", "do not give", "don't give", "do not tell", "do not disclose", "do not forward", "keep it secret", "keep this", "not with anyone", "will never ask", "geben sie ihn", "nicht weiter", "niemandem", "nicht weitergeben", "ne le communiquez", "ne partagez", "ne communiquez", "à personne", "ne le partagez", "no lo compartas", "no compartas", "no lo comparta", "con nadie", "a nadie", "não compartilhe", "nao compartilhe", "não partilhe", "não informe", "a ninguém", "com ninguém", "non condivider*", "non comunicar*", "a nessuno", "con nessuno", "deel deze", "deel nooit", "met niemand", "dela aldrig", "dela inte", "lämna aldrig", "del aldrig", "del ikke", "ikke del", "med nogen", "med noen", "älä jaa", "kenellekään", "nie udostępniaj", "nie podawaj", "nikomu", "nesdělujte", "ne ossza", "senkinek", "senkivel", "ne adja", "nu îl", "nu-l", "nimănui", "nu comunica*", "μην", "σε κανέναν", "με κανέναν", "не споделяйте", "не давайте", "с никого", "никому не", "нікому", "не повідомляйте", "не передавайте", "не сообщайте", "не говорите", "paylaşmayın*", "kimseyle", "kimseye", "لا تشارك*", "لا تعط*", "مع أحد", "لأحد", "אין למסור", "אין לשתף", "אל תשתף", "אל תמסור", "به کسی", "در اختیار دیگران", "با کسی", "साझा न करें", "किसी को न", "न बताएँ", "न बताएं", "kisi ko na", "শেয়ার করবেন না", "জানাবেন না", "কাউকে", "ห้ามบอก", "ห้ามเปิดเผย", "อย่าบอก", "không chia sẻ", "khong chia se", "không cung cấp", "khong cung cap", "bất kỳ ai", "jangan berikan", "jangan bagikan", "jangan beri", "rahasiakan", "jangan kongsi", "jangan dedahkan", "勿泄露", "勿洩漏", "切勿", "请勿", "請勿", "勿告知", "勿告诉", "勿轉發", "勿转发", "教えないで", "他人に", "第三者", "알려주지", "타인에게", "공유하지",
];

#[rustfmt::skip]
const OCCASION_WORDS: &[&str] = &[
    // Who or what hands something over
    "courier", "the driver", "delivery agent", "delivery partner", "delivery person", "delivery pin", "delivery otp", "rider", "locker", "lockers", "pick up", "pickup", "pick-up", "to collect", "collect your", "at the counter", "collection point", "parcel box", "ready for collection", "to receive the package", "to receive your parcel", "to receive your order",
    "kurier*", "zusteller*", "bei der abholung", "abholung", "abholen", "paketfach", "packstation", "paketshop", "in fach", "öffnungscode", "abholstation", "livreur", "retirer", "retrait", "casier", "point relais", "consigne", "au commerçant", "repartidor", "recoger", "recogida", "taquilla", "en tienda para", "mensajero", "entregador", "entregar", "retirar", "retirada", "levantar", "armário", "estafeta", "corriere", "ritirare", "ritiro", "in negozio", "fattorino", "bezorger", "koerier", "ophalen", "op te halen", "afhaalpunt", "pakketpunt", "kurierowi", "odebrać", "odbierz", "odbioru", "paczkomat*", "automacie", "skrytk*", "kurýr*", "vyzvedn*", "výdejn*", "boxu", "do boxu", "výdej", "vydání",
    "hämta ut", "att hämta", "hämta paket*", "utlämning*", "paketbox", "hentes", "hent pakken", "hente pakken", "pakkeboks", "afhent*", "udlever*", "utlever*", "i boks", "noutaa", "nouda", "noudett*", "noutopist*", "lokero*", "kuljettaj*", "futár*", "átvétel*", "átvenn*", "csomagautomat*", "automatába", "ridicare", "ridica", "ridici", "curier*", "easybox", "livrator*", "παραλαβή*", "παραλάβ*", "κούριερ", "διανομέα",
    "курьер*", "получить посылку", "пункт выдачи", "пункта выдачи", "пункте выдачи", "постамат*", "ячейк*", "выдачи", "забрать", "кур'єр*", "кур’єр*", "поштомат*", "забрати", "куриер*", "от офис", "kuryeye", "kurye", "teslim alabil*", "teslim al*", "teslimat*", "dağıtımda", "مندوب", "المندوب", "عند الاستلام", "استلام الشحنة", "استلام الطلب", "رمز الاستلام", "עمیل", "لاستلام الطلب", "لاستلام الشحنة", "שליח", "לשליח", "איסוף", "לאיסוף", "לאסוף", "לוקר", "پیک", "تحویل گیر*", "تحویل کالا", "مأمور پست",
    "डिलीवरी एजेंट", "डिलीवरी बॉय", "डिलीवरी के समय", "डिलीवरी पार्टनर", "कूरियर", "ডেলিভারি ম্যান", "ডেলিভারিম্যান", "ডেলিভারির সময়", "রাইডার", "พนักงานส่ง", "รับพัสดุ", "รับสินค้า", "ตู้ล็อกเกอร์", "shipper", "nhận hàng", "lấy hàng", "nhan hang", "giao hàng", "kurir", "pengambilan", "penerimaan", "mengambil paket", "ambil paket", "petugas toko", "penghantar", "mengambil", "取件", "取货", "取貨", "提货", "提貨", "取餐", "驿站", "快递柜", "自提", "丰巢", "柜取", "骑手", "配送员", "門市", "超商", "領取", "宅配ボックス", "宅配", "受け取り", "受取", "お受取", "配達員", "ロッカー", "コンビニ受", "택배", "무인택배함", "수령", "배송기사", "배달원", "보관함", "픽업",
    // What is bought with it
    "gift card", "giftcard", "gift voucher", "at checkout", "your basket", "your cart", "shopping bag", "store credit", "card number", "redeem", "gutschein*", "warenkorb", "geschenkkarte", "an der kasse", "bon d'achat", "carte cadeau", "votre panier", "au moment du paiement", "chèque cadeau", "al pagar", "carrito", "tarjeta regalo", "finalizar tu compra", "finalizar la compra", "cartão presente", "vale-presente", "no carrinho", "finalizar a compra", "carrello", "buono regalo", "carta regalo", "cadeaukaart", "cadeaubon", "winkelmand*", "bij het afrekenen", "presentkort", "i kassan", "varukorg*", "gavekort", "indkøbskurv*", "handlekurv*", "i kassen", "lahjakort*", "ostoskor*", "kassalla", "karta podarunkowa", "koszyku", "kartę podarunkową", "dárkov*", "košíku", "ajándékkártya", "kosárban", "pénztárnál", "card cadou", "coș", "la finalizarea", "δωροκάρτα", "καλάθι", "στο ταμείο", "подарочная карта", "подарочный", "корзине", "при оформлении", "подарунков*", "кошику", "подаръчн*", "количка*", "hediye kartı", "hediye çeki", "sepette", "sepetinizde", "ödeme sırasında", "بطاقة هدية", "بطاقة الهدايا", "عند الدفع", "سلة التسوق", "כרטיס מתנה", "בקופה", "שובר", "سبد خرید", "کارت هدیه", "गिफ्ट कार्ड", "चेकआउट", "গিফট কার্ড", "চেকআউট", "บัตรของขวัญ", "ชำระเงิน", "thẻ quà tặng", "thanh toán đơn", "giỏ hàng", "kartu hadiah", "saat checkout", "keranjang", "kad hadiah", "semasa pembayaran", "troli", "优惠券", "兑换", "礼品卡", "结算", "優惠券", "兌換", "禮物卡", "結帳", "ギフト券", "ギフトカード", "クーポン", "お買い物", "상품권", "기프트", "쿠폰", "결제 시",
    // Where one meets, travels, stays and connects
    "meeting id", "join the meeting", "meeting link", "dial-in", "webinar", "conference call", "wi-fi", "wifi", "wlan", "network name", "ssid", "check-in", "check in", "boarding", "flight", "your booking", "your reservation", "door code", "besprechung*", "einwahl*", "videokonferenz", "buchungs*", "réunion", "réservation", "reunión", "videollamada", "reserva", "reunião", "riunione", "prenotazione", "vergadering", "reservering", "möte", "bokning", "møde", "møte", "kokous", "spotkani*", "schůzk*", "megbeszélés", "ședința", "σύσκεψη", "собрание", "конференци*", "бронировани*", "нарада", "среща", "toplantı", "rezervasyon", "اجتماع", "الاجتماع", "حجز", "פגישה", "جلسه", "मीटिंग", "মিটিং", "การประชุม", "cuộc họp", "rapat", "mesyuarat", "会议", "會議", "ミーティング", "会議", "予約", "회의", "예약",
    // What was paid already
    "you spent", "payment received", "payment accepted", "payment successful", "purchase approved", "zahlung erhalten", "zahlung eingegangen", "paiement accepté", "paiement reçu", "pago recibido", "pago aceptado", "compra aprobada", "compra aprovada", "pagamento recebido", "pagamento ricevuto", "pagamento effettuato", "autorizzato", "betaling ontvangen", "betalning mottagen", "betaling modtaget", "betaling mottatt", "maksu vastaanotettu", "płatność przyjęta", "platba přijata", "plata a fost", "ödemeniz alındı", "provizyon", "оплата прошла", "платёж получен", "تم الدفع", "thanh toán thành công", "pembayaran berhasil", "pembayaran diterima", "支付成功", "付款成功", "お支払い完了", "결제 완료", "결제완료",
];

#[rustfmt::skip]
const ACCOUNT_WORDS: &[&str] = &[
    "verif*", "confirm your*", "authenti*", "log in", "login", "log-in", "sign in", "sign-in", "signing in", "sign up", "account", "register", "registration", "two-factor", "2fa", "password reset", "reset your password", "*verifizier*", "*bestätigungscode", "anmeld*", "einlog*", "*registrier*", "*konto", "vérifi*", "connexion", "connecter", "inscription", "compte", "verificación", "verificacion", "iniciar sesión", "cuenta", "registro", "verificação", "verificacao", "entrar na", "conta", "cadastro", "verifica", "accesso", "accedere", "registrazione", "inlog*", "verificatie*", "aanmeld*", "logowan*", "zalog*", "weryfik*", "konta", "rejestrac*", "přihlá*", "ověř*", "účtu", "registrac*", "logga in", "inlogg*", "verifier*", "log ind", "logge inn", "innlogg*", "pålogg*", "kirjaut*", "vahvist*", "tilisi", "belép*", "bejelentkez*", "fiók*", "ellenőrző", "megerősít*", "autentific*", "conectare", "conecta*", "contul*", "verificare", "σύνδεσ*", "συνδεθ*", "επαλήθευσ*", "λογαριασμ*", "вход*", "войти", "авториз*", "аккаунт*", "регистрац*", "подтвержд*", "входу", "увійти", "акаунт*", "підтвердж*", "влез*", "профил*", "потвържд*", "doğrula*", "giriş*", "hesab*", "üyelik", "تحقق", "التحقق", "تسجيل الدخول", "حساب*", "الحساب", "تفعيل", "אימות", "להתחבר", "כניסה", "חשבון", "تأیید", "تایید", "ورود", "حساب کاربری", "सत्यापन", "लॉगिन", "लॉग इन", "खाते", "যাচাই*", "লগইন", "অ্যাকাউন্ট", "เข้าสู่ระบบ", "ยืนยันตัวตน", "บัญชี", "đăng nhập", "dang nhap", "xác minh", "xác thực", "tài khoản", "tai khoan", "verifikasi", "masuk ke", "akun", "log masuk", "akaun", "pengesahan", "登录", "登入", "登錄", "注册", "註冊", "验证码", "驗證碼", "账号", "帳號", "账户", "绑定", "ログイン", "アカウント", "認証", "会員登録", "로그인", "계정", "본인확인", "본인인증", "회원가입", "가입",
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
    "aktenzeichen", "*steuernummer", "*seriennummer", "*zählernummer", "zählerstand", "*gerätenummer", "postfach", "*postleitzahl", "plz", "telefon", "*telefonnummer", "hrb", "*fehlercode", "*gutscheincode", "*rabattcode", "*aktionscode", "*gutschein", "ust-id", "*kontonummer", "karte", "*referenznummer", "referenz", "*strichcode", "artikel", "*artikelnummer", "betrag", "zimmer", "rückfragen", "wiederherstellungscodes", "*abholcode", "*werbecode", "termin",
    // French
    "commande", "facture", "téléphone", "tél", "numéro de client", "n° client", "code postal", "code promo", "code promotionnel", "code de réduction", "code-barres", "code barres", "code d'erreur", "code de retrait", "code de livraison", "code erreur", "code parrainage", "bon de réduction", "colis", "dossier", "référence", "réf", "réservation", "billet", "carte", "montant", "contrat", "siret", "siren", "tva", "suivi", "numéro de suivi", "série", "n° de série", "rendez-vous", "demande", "place", "codes de secours",
    // Spanish
    "pedido", "factura", "teléfono", "código postal", "código promocional", "código de recogida", "código de entrega", "código de retirada", "código de descuento", "código de barras", "código de error", "código del error", "cupón", "número de cliente", "socio", "número de socio", "referencia", "reserva", "localizador", "tarjeta", "importe", "saldo", "envío", "paquete", "seguimiento", "número de seguimiento", "expediente", "caso", "contrato", "serie", "número de serie", "cita", "cif", "nif", "solicitud", "código de reserva",
    // Portuguese
    "telefone", "fatura", "código de desconto", "cupom", "cupão", "código de erro", "código do erro", "código de rastreio", "rastreamento", "rastreio", "encomenda", "cartão", "protocolo", "cnpj", "cpf", "cep", "nota fiscal", "valor", "número de série", "sócio", "referência", "chamado", "solicitação", "boleto", "agendamento",
    // Italian
    "ordine", "fattura", "telefono", "codice postale", "codice sconto", "codice di ritiro", "codice ritiro", "codice promozionale", "codice promo", "codice a barre", "codice fiscale", "codice errore", "codice di errore", "codice dell'errore", "codice cliente", "cap", "numero cliente", "tessera", "riferimento", "rif", "prenotazione", "codice prenotazione", "carta", "importo", "pacco", "spedizione", "tracciamento", "pratica", "contratto", "partita iva", "p.iva", "matricola", "buono sconto", "biglietto", "richiesta", "appuntamento",
    // Dutch
    "bestelling", "bestelnummer", "ordernummer", "factuur", "factuurnummer", "telefoon", "telefoonnummer", "klantnummer", "kortingscode", "afhaalcode", "actiecode", "foutcode", "streepjescode", "postcode", "pakket", "zending", "zendingsnummer", "trackingcode", "track & trace", "kaart", "rekening", "rekeningnummer", "bedrag", "dossiernummer", "kenmerk", "serienummer", "meterstand", "meternummer", "kvk", "btw", "afspraak", "reservering", "reserveringsnummer", "lidnummer", "lidmaatschapsnummer", "aanvraag", "boekingscode",
    // Polish
    "zamówienie", "zamówienia", "zamówieniu", "nr zamówienia", "faktura", "faktury", "numer klienta", "nr klienta", "kod pocztowy", "kod rabatowy", "kod promocyjny", "kod kreskowy", "kod błędu", "kod odbioru", "paczka", "paczki", "przesyłka", "przesyłki", "przesyłkę", "paczkę", "zlecenie", "zlecenia", "numer zlecenia", "karta", "karty", "kwota", "nip", "regon", "krs", "sprawa", "sprawy", "zgłoszenie", "zgłoszenia", "numer seryjny", "seryjny", "umowa", "umowy", "rezerwacja", "rezerwacji", "bilet", "wizyta", "wniosku", "wniosek",
    // Czech
    "objednávka", "objednávky", "objednávku", "zákazníka", "číslo zákazníka", "zákaznické číslo", "psč", "slevový kód", "slevový kupón", "čárový kód", "kód chyby", "chybový kód", "zásilka", "zásilky", "zásilku", "balík", "sériové číslo", "výrobní číslo", "smlouva", "smlouvy", "částka", "ič", "ičo", "dič", "rezervace", "vstupenka", "požadavek", "požadavku", "žádost", "číslo žádosti",
    // Swedish, Danish, Norwegian, Finnish
    "beställning", "fakturanummer", "kundnummer", "postnummer", "rabattkod", "kampanjkod", "felkod", "streckkod", "kolli", "försändelse", "kort", "kortet", "belopp", "ocr", "ocr-nummer", "anläggningsnummer", "anläggnings-id", "ärende", "ärendenummer", "bokning", "bokningsnummer", "org.nr", "organisationsnummer", "medlemsnummer", "bankgiro", "referens", "referensnummer", "ordre", "ordrenummer", "kundenummer", "fejlkode", "rabatkode", "tilaus", "lasku", "puhelin",
    // Turkish
    "sipariş", "siparişiniz", "sipariş no", "sipariş numarası", "fatura no", "müşteri", "müşteri no", "müşteri numarası", "posta kodu", "indirim kodu", "teslimat kodu", "teslim kodu", "kupon kodu", "kupon", "promosyon kodu", "hata kodu", "barkod", "kargo", "takip no", "takip numarası", "takip kodu", "kart", "kartınız", "tutar", "seri no", "seri numarası", "vergi no", "rezervasyon", "pnr", "poliçe", "talep no", "talep", "randevu", "üye no", "üyelik", "abone no", "referans", "dosya no", "mersis",
    // Russian, Ukrainian
    "заказ", "заказа", "заказу", "заказ №", "номер заказа", "счёт", "счет", "счёта", "телефон", "телефона", "тел", "индекс", "почтовый индекс", "промокод", "промокода", "промокоду", "код ошибки", "штрихкод", "штрих-код", "код товара", "код скидки", "карта", "карты", "карте", "сумма", "баланс", "инн", "огрн", "кпп", "договор", "договора", "номер клиента", "посылка", "посылки", "отправление", "трек", "трек-номер", "трек-код", "обращение", "обращения", "заявка", "заявки", "заявке", "запрос", "запроса", "запросу", "серийный номер", "бронь", "брони", "бронирование", "бронирования", "полис", "билет", "рейс", "лицевой счёт", "замовлення", "рахунок", "код региона", "код получения", "код выдачи",
    // Vietnamese
    "so dien thoai", "số điện thoại", "điện thoại", "sđt", "tổng đài", "đơn hàng", "mã đơn hàng", "mã đơn", "hóa đơn", "mã hóa đơn", "mã khách hàng", "bạn đọc số", "thẻ số", "mã giảm giá", "mã khuyến mãi", "mã ưu đãi", "mã voucher", "mã vận đơn", "vận đơn", "mã vạch", "mã lỗi", "mã bưu chính", "mã số thuế", "mst", "thẻ", "số tiền", "số dư", "mã giao dịch", "giao dịch", "số seri", "sê-ri", "seri", "mã đặt chỗ", "đặt chỗ", "mã yêu cầu", "yêu cầu", "hợp đồng", "lịch hẹn", "mã bưu điện", "mã số sinh viên", "mã sản phẩm", "mã hồ sơ",
    // Arabic
    "طلب", "الطلب", "طلبك", "رقم الطلب", "طلبية", "فاتورة", "الفاتورة", "رقم الفاتورة", "هاتف", "الهاتف", "رقم الهاتف", "اتصل", "رقم العميل", "رمز بريدي", "الرمز البريدي", "رمز الخصم", "كود الخصم", "كود خصم", "رمز خصم", "رمز القسيمة", "قسيمة", "رمز الخطأ", "رمز خطأ", "الباركود", "باركود", "شحنة", "الشحنة", "شحنتك", "رقم الشحنة", "رقم التتبع", "تتبع", "بطاقة", "البطاقة", "بطاقتك", "المبلغ", "مبلغ", "الرصيد", "رصيد", "آيبان", "مرجع", "المرجع", "رقم المرجع", "مرجعي", "حجز", "الحجز", "رقم الحجز", "تذكرة", "رقم تسلسلي", "الرقم التسلسلي", "الرقم الضريبي", "عقد", "رقم العقد", "موعد", "عضوية", "العضو رقم", "عضو رقم", "رقم العضوية", "رقم المعاملة", "البلاغ", "رقم البلاغ", "ص.ب", "صندوق بريد",
    // Hindi
    "ऑर्डर", "आर्डर", "ऑर्डर नंबर", "ऑर्डर संख्या", "बिल", "बिल संख्या", "चालान", "इनवॉइस", "फ़ोन", "फोन", "कॉल", "मोबाइल", "हेल्पलाइन", "ग्राहक संख्या", "ग्राहक आईडी", "पिन कोड", "पिनकोड", "डाक कोड", "प्रोमो कोड", "कूपन", "कूपन कोड", "छूट कोड", "डिस्काउंट कोड", "ऑफ़र कोड", "त्रुटि कोड", "बारकोड", "पार्सल", "शिपमेंट", "ट्रैकिंग", "ट्रैकिंग नंबर", "कार्ड", "राशि", "बैलेंस", "शेष", "संदर्भ", "संदर्भ संख्या", "रेफ़रेंस", "सीरियल", "सीरियल नंबर", "क्रमांक", "अनुरोध", "अनुरोध संख्या", "शिकायत", "शिकायत संख्या", "टिकट", "बुकिंग", "पीएनआर", "जीएसटी", "अपॉइंटमेंट", "खाता संख्या", "मीटर",
    // Chinese
    "订单", "訂單", "订单号", "订单编号", "电话", "電話", "客服", "热线", "熱線", "邮编", "郵編", "邮政编码", "郵遞區號", "优惠码", "優惠碼", "折扣码", "折扣碼", "优惠券", "兑换码", "邀请码", "错误代码", "错误码", "錯誤代碼", "条形码", "条码", "條碼", "快递", "快递单号", "运单", "运单号", "物流", "单号", "單號", "取件码", "取货码", "尾号", "尾號", "卡号", "卡號", "金额", "余额", "發票", "发票", "发票号", "客户号", "客户编号", "客戶編號", "证号", "借书证", "学号", "工号", "会员号", "会员编号", "流水号", "交易号", "参考号", "序列号", "序號", "型号", "请求编号", "工单", "工单号", "预约", "税号", "合同", "房间", "航班", "座位", "备用码", "备用验证码", "设备号", "机器码",
    // Japanese
    "注文", "注文番号", "ご注文番号", "お問い合わせ番号", "問い合わせ番号", "お客様番号", "会員番号", "電話番号", "郵便番号", "クーポンコード", "クーポン", "プロモーションコード", "割引コード", "受取コード", "受け取りコード", "エラーコード", "バーコード", "qrコード", "追跡番号", "伝票番号", "送り状番号", "予約番号", "ご予約番号", "請求書", "請求番号", "カード", "カード番号", "金額", "残高", "シリアル番号", "製造番号", "受付番号", "契約番号", "口座番号", "登録番号", "便名", "商品コード", "管理番号", "整理番号", "部屋番号", "法人番号", "リクエストid", "招待コード",
    // Korean
    "주문", "주문번호", "주문 번호", "전화", "전화번호", "고객센터", "우편번호", "우편 번호", "쿠폰", "쿠폰 코드", "쿠폰코드", "할인 코드", "픽업 코드", "수령 코드", "할인코드", "프로모션 코드", "오류 코드", "오류코드", "바코드", "송장번호", "송장 번호", "운송장", "운송장번호", "운송장 번호", "택배", "예약번호", "예약 번호", "고객번호", "고객 번호", "회원번호", "회원 번호", "카드", "카드번호", "금액", "잔액", "청구서", "시리얼", "시리얼 번호", "일련번호", "사업자등록번호", "사업자 등록번호", "계약번호", "접수번호", "접수 번호", "문의번호", "문의 번호", "요청 번호", "요청번호", "추천 코드", "초대 코드", "계좌", "계좌번호", "티켓",
    // Where one lives, studies and is counted
    "apartment", "apt", "flat", "unit", "lägenhet", "wohnung", "whg", "appartement", "étage", "piso", "apartado", "apartamento", "apto", "appartamento", "interno", "scala", "mieszkanie", "byt č", "квартира", "офис", "подъезд", "daire", "căn hộ", "диван", "student id", "student number", "öğrenci numaranız", "öğrenci no", "dahili", "matrikelnummer", "numéro étudiant", "durchwahl", "nebenstelle", "anschluss", "poste",
    "client no", "client id", "khách hàng", "quý khách số", "cod client", "cod poștal", "cod postal", "型番", "シリアル", "品番", "gst", "gstin", "pan", "cin", "reg no", "issue no", "batch", "batch no", "chapter", "platform", "train", "bus", "locker", "fach", "schließfach", "boks", "schrank",
    "kontonr", "konto nr", "compte n°", "compte no", "cuenta nº", "cuenta n°", "cuenta terminada en", "conta nº", "conta final", "conto n", "счёт №", "hesap no", "a/c", "a/c no", "acc no", "account ending", "ending with", "terminada en", "terminado en", "terminata con", "endend", "se terminant par", "terminant par", "eindigend op", "kończąc* się", "končící", "biten", "оканчив*", "закінчу*", "завършва*", "päättyv*", "slutar på", "ender på", "végződő", "che termina con", "com final",
    // Links and lines to call
    "dial", "dial-in", "call us", "call us at", "ring", "anrufen", "rufen sie", "wählen sie", "appelez", "appelez le", "llama al", "llame al", "ligue", "chiama", "chiama il", "bel", "zadzwoń", "volejte", "hívja", "sunați", "sună la", "καλέστε", "позвоните", "зателефонуйте", "обадете", "arayın", "التقاعد", "اتصلوا", "טלפון", "בטלפון", "חייגו", "תקשר*", "تلفن", "تماس", "যোগাযোগ", "হেল্পলাইন", "ফোন", "โทร", "โทร.", "hubungi", "telp", "telepon", "liên hệ", "lien he", "致電", "致电", "拨打", "專線", "专线", "문의", "연락", "お電話", "お問い合わせ",
    // Finnish, Danish, Norwegian
    "tilausnumero", "tilausnro", "tilaus nro", "laskun numero", "viitenumero", "viite", "asiakasnumero", "lähetys", "lähetysnumero", "lähetystunnus", "seurantakoodi", "seurantatunnus", "noutokoodi*", "noutopiste", "lokero*", "toimituskoodi", "alennuskoodi*", "postinumero", "puh", "y-tunnus", "sopimusnumero", "jäsennumero", "virhekoodi", "viivakoodi", "varausnumero", "varaustunnus", "kortti", "summa", "huone",
    "ordrenr", "ordre nr", "fakturanr", "faktura nr", "kundenr", "pakke", "pakken", "pakkenr", "pakkenummer", "sporing", "sporingsnr", "sporingsnummer", "sporingskode", "afhentningskode*", "hentekode*", "udleveringskode", "utleveringskode", "rabatkode*", "rabattkode*", "gavekortkode", "kampagnekode", "kampanjekode", "postnr", "cvr", "org.nr.", "tlf", "tlf.", "sagsnr", "sagsnummer", "saksnummer", "saksnr", "medlemsnr", "reservationsnummer", "bookingnummer", "bestillingsnummer", "beløb", "stregkode", "strekkode", "feilkode", "hämtkod*", "hämtningskod*", "utlämningskod*", "leveranskod", "presentkort", "bokningskod", "bokningsreferens",
    // Hungarian
    "rendelésszám", "rendelési szám", "rendelés", "számlaszám", "számla", "ügyfélszám", "ügyfélazonosító", "ügyszám", "adószám", "irányítószám", "csomagszám", "csomag", "szállítás", "nyomkövetési szám", "követési kód", "csomagkövetési", "átvételi kód", "átvételi pin", "kuponkód", "kedvezménykód", "vonalkód", "hibakód", "foglalási", "foglalási kód", "foglalásszám", "egyenleg*", "összeg", "kártya", "szerződésszám", "tagsági szám", "azonosítószám", "ország kód", "sorszám", "sorozatszám",
    // Romanian
    "comanda", "comandă", "comenzii", "nr. comandă", "nr. comanda", "factura nr", "nr. factură", "colet", "coletul", "awb", "cod de ridicare", "cod ridicare", "cod de livrare", "cod reducere", "cod de reducere", "cod promoțional", "cod promotional", "cod promo", "cod voucher", "cod de bare", "cod fiscal", "cod de eroare", "cod eroare", "cui", "rezervare", "nr. rezervare", "solicitare", "nr. solicitare", "tichet", "sold", "sumă", "suma", "număr de client",
    // Greek
    "παραγγελία*", "αριθμός παραγγελίας", "τιμολόγιο", "αριθμός τιμολογίου", "αριθμός αποστολής", "αποστολή", "δέμα", "κωδικός αποστολής", "κωδικός παραλαβής", "κωδικός παράδοσης", "κωδικός έκπτωσης", "κωδικός κουπονιού", "κωδικός προσφοράς", "κωδικός πελάτη", "εκπτωτικός κωδικός", "κωδικός κράτησης", "κωδικός σφάλματος", "ταχυδρομικός κώδικας", "τ.κ.", "τκ", "τηλ", "τηλ.", "τηλέφωνο", "αφμ", "κάρτα", "κάρτας", "ποσό", "υπόλοιπο", "κράτηση", "αίτημα", "σύνολο", "πελάτη",
    // Russian, Ukrainian, Bulgarian
    "код получателя", "код для получения", "код ячейки", "код заказа", "код бронирования", "код посылки", "номер отслеживания", "доставка", "артикул", "мерсис", "фн", "доп", "добавочный", "кабинет", "чек", "чека", "квитанция", "замовлення №", "номер замовлення", "посилка", "посилки", "відправлення", "ттн", "код отримання", "код для отримання", "код видачі", "код знижки", "промокодом", "знижку за кодом", "поштовий індекс", "індекс", "звернення", "картка", "картки", "сума", "рахунок №", "договір", "бронювання", "квиток", "накладна", "єдрпоу", "тел.",
    "поръчка", "поръчка №", "поръчката", "номер на поръчка", "фактура", "фактура №", "пратка", "пратката", "товарителница", "номер на пратка", "код за получаване", "код за отстъпка", "промо код", "пощенски код", "пощ. код", "еик", "картата", "салдо", "резервация", "код на резервация", "клиентски номер", "клиент №", "баркод", "код за грешка",
    // Hebrew
    "הזמנה", "הזמנתך", "ההזמנה", "מספר הזמנה", "מס' הזמנה", "חשבונית", "מספר חשבונית", "מספר לקוח", "משלוח", "מספר משלוח", "מספר מעקב", "חבילה", "החבילה", "קוד איסוף", "קוד קופון", "קוד הנחה", "קוד מסירה", "קוד שובר", "קופון", "מיקוד", "ת.ד", "טל", "כרטיס", "סכום", "יתרה", "אסמכתא", "פנייה", "מספר פנייה", "קוד שגיאה", "ברקוד", "ח.פ",
    // Persian
    "سفارش", "شماره سفارش", "فاکتور", "شماره فاکتور", "مرسوله", "کد رهگیری", "کد پیگیری", "شماره پیگیری", "کد مرسوله", "کد تخفیف", "کد پستی", "کدپستی", "کد ملی", "کد تحویل", "کد معرف", "کد هدیه", "شماره تماس", "کارت", "موجودی", "مانده", "شماره حساب", "شماره مشتری", "رزرو", "کد رزرو", "کد خطا", "بارکد", "شبا", "پلاک",
    "رمز الاستلام", "رمز التسليم", "كود الاستلام", "كود التسليم", "رمز الشحنة", "رمز الحجز", "رقم الشحن", "رقم التذكرة", "رمز المنطقة", "رقم البوليصة", "بوليصة", "رمز الطلب", "كود الطلب", "صندوق",
    // Bengali, Thai
    "অর্ডার", "অর্ডার নম্বর", "ইনভয়েস", "বিল", "পার্সেল", "পার্সেল নম্বর", "ট্র্যাকিং", "ট্র্যাকিং নম্বর", "মোবাইল", "গ্রাহক নম্বর", "কুপন", "কুপন কোড", "প্রোমো কোড", "ডেলিভারি কোড", "ডেলিভারি পিন", "পোস্ট কোড", "পোস্টকোড", "কার্ড", "পরিমাণ", "ব্যালেন্স", "রেফারেন্স", "টিকেট", "টিকিট", "বুকিং",
    "คำสั่งซื้อ", "หมายเลขคำสั่งซื้อ", "เลขที่คำสั่งซื้อ", "ใบเสร็จ", "ใบแจ้งหนี้", "เลขที่", "พัสดุ", "เลขพัสดุ", "หมายเลขพัสดุ", "เลขติดตาม", "ติดตามพัสดุ", "รหัสส่วนลด", "โค้ดส่วนลด", "คูปอง", "รหัสคูปอง", "รหัสไปรษณีย์", "รหัสรับของ", "รหัสรับสินค้า", "รหัสรับพัสดุ", "รหัสสินค้า", "รหัสลูกค้า", "รหัสจอง", "รหัสการจอง", "รหัสอ้างอิง", "รหัสข้อผิดพลาด", "อ้างอิง", "หมายเลขอ้างอิง", "เบอร์โทร", "บัตร", "ยอด", "ยอดเงิน", "ยอดคงเหลือ", "ใบจอง", "บาร์โค้ด", "ref:", "ref.", "รหัสพนักงาน",
    // Vietnamese without marks, Indonesian, Malay
    "don hang", "ma don hang", "ma don", "ma van don", "ma giam gia", "ma khuyen mai", "ma uu dai", "ma giao dich", "ma khach hang", "so tien", "so du", "tong dai", "so tk", "tai khoan", "mã nhận hàng", "mã lấy hàng", "ma nhan hang", "mã bưu kiện", "mã thẻ quà tặng", "mã đặt vé", "mã vé",
    "pesanan", "no pesanan", "no. pesanan", "nomor pesanan", "no. order", "resi", "no resi", "no. resi", "nomor resi", "faktur", "no. faktur", "tagihan", "kode pengambilan", "kode penerimaan", "kode ambil", "kode pengiriman", "kode voucher", "kode promo", "kode diskon", "kode kupon", "kode pos", "kodepos", "kode booking", "kode pemesanan", "kode referal", "kode referral", "kode error", "kode kesalahan", "kode batang", "kode produk", "nomor pelanggan", "no. pelanggan", "no. rekening", "kartu", "jumlah", "tiket", "no. tiket", "bungkusan", "no. penjejakan", "nombor penjejakan", "kod promosi", "kod diskaun", "kod baucar", "kod pengambilan", "kod ambil", "kod penghantaran", "kod pos", "poskod", "kod tempahan", "tempahan", "invois", "no. invois", "baki", "kad",
    // Chinese and Japanese, Korean
    "訂單編號", "訂單號碼", "訂單號", "統一編號", "统一社会信用代码", "取件碼", "取貨碼", "取餐码", "取餐碼", "提货码", "提貨碼", "提取号", "取餐号", "领取码", "開箱碼", "开箱码", "开柜码", "兑奖码", "折價券", "折价券", "折價碼", "優惠代碼", "优惠代码", "促销码", "促銷碼", "礼品卡", "禮品卡", "禮物卡", "券码", "券號", "券号", "兌換碼", "推薦碼", "推荐码", "物流單號", "包裹编号", "包裹編號", "追蹤碼", "追踪号", "快遞", "快遞單號", "門市", "门店", "末三碼", "末三码", "末四碼", "末四码", "後四碼", "后四位", "後四位", "總金額", "发票代码", "發票號碼", "交易編號", "參考編號", "參考號碼", "客戶號碼", "會員編號", "预订号", "訂位代號", "订座码", "护照", "身份证", "區號", "区号", "車牌", "车牌",
    "受取番号", "受け取り番号", "お受け取り番号", "引換番号", "お引換番号", "引換コード", "追跡", "お荷物", "配達", "不在票", "予約コード", "ギフトコード", "ギフト券", "シリアルコード", "紹介コード", "商品番号", "お届け先", "内線", "取引番号", "注文id", "受付id", "お客様コード", "顧客番号", "口座", "店番", "会議id", "ミーティングid", "型式",
    "주문 코드", "배송", "배송번호", "수령번호", "픽업번호", "교환번호", "쿠폰번호", "쿠폰 번호", "상품권", "기프트 코드", "기프트카드", "인증서 번호", "승인 내역", "카드 승인번호", "영수증", "송장", "접수 코드", "예약 코드", "추천코드", "초대코드", "회의 id", "내선", "참조 번호", "참조번호", "거래번호", "거래 번호", "끝자리", "공동현관 비밀번호", "현관 비밀번호", "공동현관", "무인택배함 비밀번호", "택배함 비밀번호", "보관함 비밀번호", "보관함", "결제금액", "결제번호", "호실",
    // Meetings, Wi-Fi, doors
    "meeting number", "conference pin", "conference id", "conference code", "pin for the call", "host key", "participant pin", "door code", "gate code", "wi-fi password", "wifi password", "wlan-passwort", "wlan-schlüssel", "network key", "türcode", "digicode", "code d'entrée", "portiekcode", "portkod", "código da porta", "código de la puerta", "код домофона", "konferenz-id", "einwahl", "besprechungs-id", "kenncode der besprechung", "код конференции",
    // Tickets
    "lístek", "lístku", "jízdenka", "jízdenku", "fahrkarte", "fahrschein", "eintrittskarte", "billete", "bilhete", "entrada nº", "kaartje", "biljett", "billett", "lippu", "bilety", "jegy", "bilet nr", "εισιτήριο", "билет №", "بليط", "车票", "車票", "門票", "门票", "乗車券", "チケット", "승차권", "입장권", "vé", "tiket no",
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
    "wrong", "incorrect", "mistyped", "failed", "did not work", "didn't work", "doesn't work", "not working", "falsch*", "funktioniert nicht", "erroné*", "incorrecto*", "incorreto*", "errat*", "foutief", "vervangen", "is vervangen", "felaktig*", "forkert", "väärä", "błędn*", "nieaktualny", "nieaktualna", "nieprawidłow*", "nesprávn*", "neplatí", "hibás", "lejárt", "érvénytelen", "már nem érvényes", "expirat", "a expirat", "greșit", "nu mai este valabil", "έληξε", "έχει λήξει", "λανθασμέν*", "προηγούμενος", "неверн*", "неправильн*", "устарел*", "истекъл", "изтекъл", "невалиден", "недійсн*", "прострочен*", "попередній", "hatalı", "yanlış",
    "vanhentunut", "ei ole enää voimassa", "udløbet", "ikke længere gyldig", "utløpt", "ikke lenger gyldig", "פג תוקף", "הקודם", "פג תוקפו", "منقضی", "نامعتبر", "قبلی", "غير صحيح", "منتهية", "মেয়াদোত্তীর্ণ", "หมดอายุแล้ว", "het han", "ma cu", "sudah kedaluwarsa", "kedaluwarsa", "tidak berlaku", "lama", "telah tamat tempoh", "已過期", "過期", "先前的", "舊的", "舊", "作廢", "不正确", "错误", "錯誤", "有効期限が切れ", "無効になり", "만료되", "이전 코드", "유효하지 않",
];

/// What stands between a name and its value: `the code is 482915`.
#[rustfmt::skip]
pub(super) const COPULAS: &[&str] = &[
    "is", "are", "ist", "lautet", "sind", "est", "es", "son", "são", "é", "è", "sono", "jest", "to", "je", "jsou", "är", "er", "on", "là", "la", "هو", "هي", "है", "হলো", "คือ",
    "este", "e", "είναι", "е", "це", "су", "sunt", "ialah", "adalah", "=", "هو:", "هي:", "است", "는", "은", "입니다", "です", "は", "为", "為", "是", "ist:", "va", "az",
];

/// Those of them that speak of what follows.
#[rustfmt::skip]
pub(super) const REPLACES: &[&str] = &[
    "replaces", "instead of", "ersetzt", "remplace", "sustituye", "reemplaza", "substitui", "sostituisce", "vervangt", "zastępuje", "nahrazuje", "ersätter", "вместо", "thay cho", "بدلا من",
];

#[rustfmt::skip]
const UNIT_WORDS: &[&str] = &[
    "minute", "minutes", "min", "mins", "hour", "hours", "day", "days", "seconds", "sec", "points", "users", "people", "times", "items", "followers", "steps", "miles", "credits", "words", "characters", "members",
    "minuten", "stunden", "tage", "tagen", "sekunden", "punkte", "personen", "euro", "euros", "heures", "jours", "secondes", "personnes", "minutos", "horas", "días", "dias", "segundos", "puntos", "pontos", "personas", "pessoas", "reais", "pesos",
    "minuti", "ore", "giorni", "secondi", "punti", "persone", "minut", "minuty", "godzin", "dni", "sekund", "punktów", "złotych", "hodin", "dnů", "korun", "bodů", "minuter", "timmar", "dagar", "poäng", "kronor", "dakika", "saat", "gün", "saniye", "puan", "lira", "uur", "dagen", "punten",
    "минут", "часов", "дней", "секунд", "баллов", "рублей", "руб", "бонусов", "phút", "giờ", "ngày", "giây", "điểm", "đồng", "vnd", "vnđ", "đ", "دقيقة", "دقائق", "ساعة", "يوم", "نقطة", "ريال", "درهم", "دينار", "جنيه", "मिनट", "घंटे", "दिन", "अंक", "रुपये", "रुपए", "पॉइंट",
    "分", "分钟", "分鐘", "小时", "时间", "時間", "日", "年", "月", "天", "秒", "积分", "点", "人", "件", "个", "号楼", "室", "ポイント", "名", "回", "分間", "円", "元", "块", "분", "시간", "일", "년", "월", "원", "초", "포인트", "점", "명", "개", "호",
    "eur", "usd", "gbp", "chf", "kr", "sek", "pln", "czk", "kč", "inr", "sar", "aed", "egp", "brl", "zł", "tl", "try", "rs", "rub", "jpy", "cny", "krw", "km", "kg", "mb", "gb", "kwh", "m²", "m2", "ml", "%", "€", "$", "£", "°",
    "minuuttia", "tuntia", "päivää", "sekuntia", "eur.", "pistettä", "minutter", "timer", "dage", "døgn", "perc", "percig", "óra", "óráig", "napig", "nap", "ft", "forint", "zile", "secunde", "lei", "ron", "puncte", "λεπτά", "ώρες", "ημέρες", "ευρώ", "хвилин", "хвилини", "годин", "днів", "гривень", "грн", "грн.", "минути", "часа", "дни", "лв", "лв.", "лева", "דקות", "שעות", "ימים", "שקלים", "דקות*", "دقیقه", "ساعت", "روز", "ریال", "تومان", "تومن", "মিনিট", "ঘণ্টা", "দিন", "টাকা", "นาที", "ชั่วโมง", "วัน", "บาท", "บ.", "menit", "jam", "hari", "rupiah", "minit", "ringgit", "phut", "gio", "ngay", "dong", "元整", "點", "號", "樓", "号", "楼", "層", "层", "歩", "個", "個月", "个月", "人份", "箱", "kr.", "nok", "dkk", "huf", "uah", "bgn", "ils", "irr", "bdt", "thb", "idr", "myr", "twd", "hkd", "₴", "₺", "฿", "৳", "₫", "₪", "﷼", "readers", "subscribers", "reviews", "votes", "views", "likes", "kcal", "sqm", "sq ft", "ft²", "mph", "km/h", "hz", "px", "pts", "customers", "clients", "kunden", "leser", "leserinnen", "lecteurs", "lectores", "leitores", "lettori", "lezers", "clientes", "clienti", "klanten", "abonnenten", "abonnés", "suscriptores", "гостей", "читателей", "клиентов", "klientów", "czytelników", "zákazníků", "müşteri", "okur", "stars", "guests", "gäste", "nuits", "nights",
];
