//! Names of codes and passwords.

#[rustfmt::skip]
pub(super) const CODE_WORDS: &[&str] = &[
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
    // Other languages of India and Pakistan
    "குறியீட*", "கடவுக்குறியீட*", "ஓடிபி*", "ஒடிபி*", "కోడ్*", "కోడ*", "ఓటిపి*", "ಕೋಡ್*", "ಒಟಿಪಿ*", "ಓಟಿಪಿ*", "ഒടിപി*", "കോഡ്*", "കോഡ*", "ഓടിപി*", "કોડ*", "ઓટીપી*", "ਓ.ਟੀ.ਪੀ", "کوڈ", "او ٹی پی",
    // Croatian, Serbian, Slovak, Slovenian
    "kôd*", "kodova", "kodom", "kodo", "šifro", "jednokratn*", "jednorazov*", "enkratn*", "кôд", "шифра", "шифру", "једнократн*", "*kóde",
    // Estonian, Latvian, Lithuanian
    "*kood", "*koodi", "ühekordne", "ühekordse", "*kods", "*kodu", "*kodam", "vienreizēj*", "*kodas", "*kodą", "*kodo", "vienkartin*",
    // Catalan, Georgian, Armenian
    "codi", "codis", "d'un sol ús", "კოდ*", "ერთჯერად*", "կոդ*", "ծածկագիր*", "մեկանգամյա",
    // Swahili, Filipino
    "namba ya siri", "msimbo wako", "msimbo wa", "namba ya uthibitisho", "nambari ya uthibitisho", "code mo", "ang code", "minsanang",
    // What was sent to the reader, and not to a number
    "sent to you", "sent you", "an sie gesendet", "dir gesendet", "ihnen gesendet", "vous a été envoyé", "enviado a ti",
];

#[rustfmt::skip]
pub(super) const PASSWORD_WORDS: &[&str] = &[
    "*password", "*passwort", "*kennwort", "mot de passe", "contraseña", "senha", "password", "*wachtwoord", "hasło", "hasłem", "hasła",
    "heslo", "heslem", "lösenord", "*lösenord", "adgangskode", "passord", "parola", "şifre*", "sifre*", "mật khẩu", "mat khau", "пароль", "пароля", "паролем",
    "كلمة المرور", "كلمة السر", "पासवर्ड", "密码", "密碼", "パスワード", "비밀번호", "parool", "salasana", "jelszó", "parolă", "sandi", "รหัสผ่าน",
    "парола", "паролата", "пароль*", "κωδικός πρόσβασης", "συνθηματικό", "סיסמה", "סיסמא", "הסיסמה", "گذرواژه", "رمز عبور", "কোড ওয়ার্ড", "পাসওয়ার্ড", "kata sandi", "kata laluan", "katalaluan", "jelszava", "jelszavad", "passordet", "adgangskoden", "lozinka", "geslo", "slaptažodis", "parole", "contrasenya", "лозинка", "கடவுச்சொல்", "పాస్‌వర్డ్", "ಪಾಸ್‌ವರ್ಡ್", "പാസ്‌വേഡ്", "પાસવર્ડ", "ਪਾਸਵਰਡ", "پاس ورڈ", "პაროლი", "գաղտնաբառ*", "nenosiri", "nywila",
];
