//! What a code is for, what one is to do with it, and what else is said of it.

#[rustfmt::skip]
pub(super) const PURPOSE_WORDS: &[&str] = &[
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
    // Other languages of India and Pakistan
    "சரிபார்ப்ப*", "சரிபார்க்க*", "உள்நுழை*", "உறுதிப்படுத்த*", "ధృవీకరణ*", "ధృవీకరించ*", "లాగిన్*", "ಪರಿಶೀಲನ*", "ದೃಢೀಕರಣ*", "ಲಾಗಿನ್*", "പരിശോധന*", "സ്ഥിരീകരണ*", "ലോഗിൻ*", "पडताळणी*", "लॉग-इन", "ચકાસણી*", "લૉગિન*", "લોગિન*", "ਤਸਦੀਕ*", "ਪੁਸ਼ਟੀ*", "ਲੌਗਇਨ*", "ਲਾਗਇਨ*", "تصدیق*", "توثیق*", "لاگ ان",
    // Croatian, Serbian, Slovak, Slovenian
    "potvrđ*", "prijav*", "verifikac*", "потврд*", "потврђ*", "пријав*", "верификац*", "overen*", "overov*", "overit*", "prihlás*", "prihlasov*", "potrdit*", "potrjev*", "preverjan*",
    // Estonian, Latvian, Lithuanian
    "kinnitus*", "kinnita*", "sisselogi*", "apstiprin*", "verifikācij*", "pieteik*", "pieslēg*", "patvirtin*", "prisijung*",
    // Catalan, Georgian, Armenian, Swahili, Filipino
    "verificaci*", "confirmaci*", "inici de sessió", "iniciar la sessió", "დადასტურ*", "დამადასტურებ*", "ვერიფიკაცი*", "შესვლ*", "ავტორიზაცი*", "հաստատ*", "մուտք*", "նույնականաց*", "uthibitish*", "kuthibitisha", "thibitisha", "kuingia", "pag-verify", "pagpapatunay", "pag-log in",
];

#[rustfmt::skip]
pub(super) const ENTER_WORDS: &[&str] = &[
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
    "உள்ளிட*", "பயன்படுத்த*", "నమోదు చేయండి", "ఉపయోగించండి", "ನಮೂದಿಸಿ", "ಬಳಸಿ", "നൽകുക", "ഉപയോഗിക്കുക", "प्रविष्ट करा", "टाका", "वापरा", "દાખલ કરો", "ઉપયોગ કરો", "ਦਰਜ ਕਰੋ", "ਵਰਤੋ", "درج کریں", "استعمال کریں",
    "unesite", "upišite", "unesi", "koristite", "унесите", "користите", "zadajte", "použite", "vnesite", "uporabite", "sisesta*", "kasuta*", "ievadiet", "izmantojiet", "įveskite", "naudokite", "introduïu", "introdueix", "escriviu", "შეიყვანეთ", "გამოიყენეთ", "մուտքագրեք", "օգտագործեք", "weka", "ingiza", "tumia", "ilagay", "gamitin", "i-enter",
];

#[rustfmt::skip]
pub(super) const ADVICE_WORDS: &[&str] = &[
    // How long it holds
    "valid for", "valid until", "valid till", "valid through", "is valid", "expires in", "expires at", "expires after", "will expire", "good for", "gültig für", "gültig bis", "gültig", "läuft ab", "läuft in", "valable", "expire dans", "expire à", "valide pendant", "válido por", "válida por", "válido hasta", "válido até", "vence en", "vence em", "caduca en", "caduca a", "expira em", "expira en", "scade", "scade tra", "valido per", "valido fino", "vale fino", "valida per", "geldig", "verloopt", "vervalt om", "ważny", "ważne", "wygaśnie", "platí", "platný", "platnost", "giltig", "gäller i", "gäller till", "går ut", "gyldig", "udløber", "utløper", "voimassa", "vanhenee", "érvényes", "lejár", "valabil", "expiră", "ισχύει", "λήγει", "валиден", "изтича", "дійсний", "діє", "действует", "действителен", "истекает", "geçerli", "geçerlidir", "صالح", "صالحة", "تنتهي", "ينتهي", "בתוקף", "תקף", "יפוג", "معتبر", "اعتبار", "मान्य", "वैध", "মেয়াদ", "বৈধ", "ใช้ได้", "หมดอายุ", "có hiệu lực", "hiệu lực", "hieu luc", "berlaku", "kedaluwarsa dalam", "sah selama", "sah", "tamat tempoh dalam", "分钟内有效", "分鐘內有效", "有效期", "内有效", "內有效", "有効期限", "有効です", "間有効", "유효", "분 이내", "분 내",
    // Whom not to tell it
    "do not share", "don't share", "never share", "do not give", "don't give", "do not tell", "do not disclose", "do not forward", "keep it secret", "keep this", "not with anyone", "will never ask", "geben sie ihn", "nicht weiter", "niemandem", "nicht weitergeben", "ne le communiquez", "ne partagez", "ne communiquez", "à personne", "ne le partagez", "no lo compartas", "no compartas", "no lo comparta", "con nadie", "a nadie", "não compartilhe", "nao compartilhe", "não partilhe", "não informe", "a ninguém", "com ninguém", "non condivider*", "non comunicar*", "a nessuno", "con nessuno", "deel deze", "deel nooit", "met niemand", "dela aldrig", "dela inte", "lämna aldrig", "del aldrig", "del ikke", "ikke del", "med nogen", "med noen", "älä jaa", "kenellekään", "nie udostępniaj", "nie podawaj", "nikomu", "nesdělujte", "ne ossza", "senkinek", "senkivel", "ne adja", "nu îl", "nu-l", "nimănui", "nu comunica*", "μην", "σε κανέναν", "με κανέναν", "не споделяйте", "не давайте", "с никого", "никому не", "нікому", "не повідомляйте", "не передавайте", "не сообщайте", "не говорите", "paylaşmayın*", "kimseyle", "kimseye", "لا تشارك*", "لا تعط*", "مع أحد", "لأحد", "אין למסור", "אין לשתף", "אל תשתף", "אל תמסור", "به کسی", "در اختیار دیگران", "با کسی", "साझा न करें", "किसी को न", "न बताएँ", "न बताएं", "kisi ko na", "শেয়ার করবেন না", "জানাবেন না", "কাউকে", "ห้ามบอก", "ห้ามเปิดเผย", "อย่าบอก", "không chia sẻ", "khong chia se", "không cung cấp", "khong cung cap", "bất kỳ ai", "jangan berikan", "jangan bagikan", "jangan beri", "rahasiakan", "jangan kongsi", "jangan dedahkan", "勿泄露", "勿洩漏", "切勿", "请勿", "請勿", "勿告知", "勿告诉", "勿轉發", "勿转发", "教えないで", "他人に", "第三者", "알려주지", "타인에게", "공유하지",
    "பகிர வேண்டாம்", "பகிராதீர்கள்", "யாருடனும்", "ఎవరితోనూ", "పంచుకోవద్దు", "ಹಂಚಿಕೊಳ್ಳಬೇಡಿ", "ಯಾರೊಂದಿಗೂ", "പങ്കിടരുത്", "ആരുമായും", "शेअर करू नका", "कोणालाही", "શેર કરશો નહીં", "કોઈની સાથે", "ਸਾਂਝਾ ਨਾ ਕਰੋ", "ਕਿਸੇ ਨਾਲ", "کسی کو نہ", "شیئر نہ کریں", "کسی کے ساتھ",
    "ne dijelite", "ne delite", "nikome", "не делите", "никоме", "nezdieľajte", "nikomu ho", "ärge jagage", "kellegagi", "nevienam", "neizpaudiet", "niekam", "nesidalinkite", "no el comparteixis", "no el compartiu", "amb ningú", "არავის", "ոչ մեկի", "usishiriki", "usimpe", "huwag ibahagi", "kaninuman", "vrijedi", "važi", "важи", "velja", "kehtib", "derīgs", "galioja", "caduca", "vàlid", "მოქმედებს", "վավեր", "ni halali", "wenye muda", "may bisa",
];

#[rustfmt::skip]
pub(super) const STALE_WORDS: &[&str] = &[
    "previous", "old code", "older", "earlier", "expired", "no longer valid", "no longer works", "replaced", "replaces", "instead of", "invalid", "cancelled", "canceled", "superseded", "has been used", "was used",
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

/// What takes up a code that was named before: `It is 4829.`
#[rustfmt::skip]
pub(super) const PRONOUN_WORDS: &[&str] = &[
    "it is", "it's", "here it is", "here you go", "er lautet", "sie lautet", "es lautet", "le voici", "le voilà", "es este", "es el", "aquí está", "aqui está", "é este", "è questo", "eccolo", "hij luidt", "hier is hij", "oto on", "brzmi", "zní", "tady je", "den är", "här är den", "den er", "her er den", "se on", "tässä se on", "вот он", "ось він", "ето го", "este:", "íme", "ez az", "işte", "đây là", "ini dia", "这是", "這是", "こちらです", "هو", "यह है",
];

/// Those of them that speak of what follows.
#[rustfmt::skip]
pub(in crate::inbox::extract) const REPLACES: &[&str] = &[
    "replaces", "instead of", "ersetzt", "remplace", "sustituye", "reemplaza", "substitui", "sostituisce", "vervangt", "zastępuje", "nahrazuje", "ersätter", "вместо", "thay cho", "بدلا من",
];

/// What stands between a name and its value: `the code is 482915`.
#[rustfmt::skip]
pub(in crate::inbox::extract) const COPULAS: &[&str] = &[
    "is", "are", "ist", "lautet", "sind", "est", "es", "son", "são", "é", "è", "sono", "jest", "to", "je", "jsou", "är", "er", "on", "là", "la", "هو", "هي", "है", "হলো", "คือ",
    "este", "e", "είναι", "е", "це", "су", "sunt", "ialah", "adalah", "=", "هو:", "هي:", "است", "는", "은", "입니다", "です", "は", "为", "為", "是", "ist:", "va", "az",
];
