//! Secrets that are looked for in whatever was written, in every form in which a program may have written them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use turnlock::credential::qr;

/// What is shorter is found everywhere by chance.
const SHORTEST: usize = 6;

/// So many bytes are kept of one chunk for the next, so that no form is cut in two: no form is longer.
const LONGEST: usize = 16 * 1024;

/// A file is searched so many bytes at a time.
const CHUNK: usize = 4 * 1024 * 1024;

/// The secrets, ready to be looked for.
pub struct Canaries {
    /// What each form is of, and which one it is.
    exact_names: Vec<String>,
    /// Forms whose case counts: base64.
    exact: AhoCorasick,
    loose_names: Vec<String>,
    /// All others, in whatever case.
    loose: AhoCorasick,
    /// Codes so short that they count as words only.
    codes: AhoCorasick,
    code_names: Vec<String>,
}

/// Secrets by name, to be looked for.
#[derive(Default, Clone)]
pub struct Named {
    secrets: Vec<(String, Vec<u8>)>,
    codes: Vec<(String, String)>,
}

impl Named {
    /// A secret: long enough to be no chance hit, or a code of eight digits.
    pub fn add(&mut self, name: &str, secret: impl AsRef<[u8]>) {
        assert!(folded(secret.as_ref()).len() >= SHORTEST, "{name} is too short");
        if !self.secrets.iter().any(|(_, known)| known == secret.as_ref()) {
            self.secrets.push((name.to_owned(), secret.as_ref().to_owned()));
        }
    }

    /// A short code: it counts where it stands as a word, and in the forms in which it is long.
    pub fn add_code(&mut self, name: &str, code: &str) {
        if !self.codes.iter().any(|(_, known)| known == code) {
            self.codes.push((name.to_owned(), code.to_owned()));
        }
    }

    pub fn len(&self) -> usize {
        self.secrets.len() + self.codes.len()
    }

    /// What they were called.
    pub fn names(&self) -> BTreeSet<&str> {
        self.secrets
            .iter()
            .map(|(name, _)| name)
            .chain(self.codes.iter().map(|(name, _)| name))
            .map(String::as_str)
            .collect()
    }

    pub fn ready(&self) -> Canaries {
        let mut exact = (Vec::new(), Vec::new());
        let mut loose = (Vec::new(), Vec::new());
        let short = self.codes.iter().map(|(name, code)| (name, code.as_bytes(), false));
        let all = self.secrets.iter().map(|(name, secret)| (name, &secret[..], true)).chain(short);
        for (name, secret, plain) in all {
            for (form, bytes, case_counts) in forms(secret) {
                let bytes = folded(&bytes);
                if bytes.len() < SHORTEST || (!plain && bytes.len() < 2 * secret.len() && bytes.len() < 10) {
                    continue;
                }
                assert!(bytes.len() < LONGEST, "{name} is too long");
                let (patterns, names) = if case_counts { &mut exact } else { &mut loose };
                patterns.push(bytes);
                names.push(format!("{name} ({form})"));
            }
        }
        let search = |patterns: &[Vec<u8>], any_case| {
            let mut builder = AhoCorasick::builder();
            builder.match_kind(MatchKind::Standard).ascii_case_insensitive(any_case);
            builder.build(patterns).unwrap()
        };
        Canaries {
            exact: search(&exact.0, false),
            exact_names: exact.1,
            loose: search(&loose.0, true),
            loose_names: loose.1,
            codes: AhoCorasick::new(self.codes.iter().map(|(_, code)| code)).unwrap(),
            code_names: self.codes.iter().map(|(name, _)| name.clone()).collect(),
        }
    }
}

impl Canaries {
    /// Which secrets are in the bytes, and as what.
    pub fn found_in(&self, bytes: &[u8]) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        self.search(bytes, &mut found);
        found
    }

    #[track_caller]
    pub fn assert_not_in(&self, place: &str, bytes: &[u8]) {
        let found = self.found_in(bytes);
        assert!(found.is_empty(), "in {place} there is {found:?}");
    }

    /// Searches a file, a chunk at a time.
    #[track_caller]
    pub fn assert_not_in_file(&self, path: &Path) {
        use std::io::Read as _;
        let place = path.display().to_string();
        let mut file = match std::fs::File::open(path) {
            // A server's files come and go.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            file => file.unwrap_or_else(|error| panic!("{place}: {error}")),
        };
        let mut chunk = Vec::with_capacity(CHUNK + LONGEST);
        let mut found = BTreeSet::new();
        loop {
            let read = file.by_ref().take(CHUNK as u64).read_to_end(&mut chunk).unwrap();
            self.search(&chunk, &mut found);
            if read == 0 {
                break;
            }
            chunk.drain(..chunk.len().saturating_sub(LONGEST));
        }
        assert!(found.is_empty(), "in {place} there is {found:?}");
    }

    fn search(&self, bytes: &[u8], found: &mut BTreeSet<String>) {
        let folded = folded(bytes);
        for (search, names) in [(&self.exact, &self.exact_names), (&self.loose, &self.loose_names)] {
            let hits = search.find_overlapping_iter(&folded);
            found.extend(hits.map(|hit| names[hit.pattern().as_usize()].clone()));
        }
        let at = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_alphanumeric);
        let words = self.codes.find_overlapping_iter(bytes);
        let words = words.filter(|hit| !at(hit.end()) && !hit.start().checked_sub(1).is_some_and(at));
        found.extend(words.map(|hit| format!("{} (as a word)", self.code_names[hit.pattern().as_usize()])));
    }

    /// Searches every file below the folder, but those that are excepted; gives them all.
    #[track_caller]
    pub fn assert_not_below(&self, folder: &Path, except: &[PathBuf]) -> Vec<PathBuf> {
        let mut all = Vec::new();
        files(folder, &mut all);
        all.retain(|path| !except.contains(path));
        for path in &all {
            // What a name says is written too.
            self.assert_not_in("the name of a file", path.as_os_str().as_encoded_bytes());
            self.assert_not_in_file(path);
            if path.extension().is_some_and(|extension| extension == "png") {
                assert_no_qr_code(path);
            }
        }
        all
    }
}

#[track_caller]
fn assert_no_qr_code(picture: &Path) {
    let found = qr::find(&std::fs::read(picture).unwrap()).unwrap();
    assert!(found.is_empty(), "a QR code is left in {}", picture.display());
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files(&entry.path(), found);
        } else if kind.is_file() {
            found.push(entry.path());
        }
    }
}

/// Without what groups characters and breaks lines.
fn folded(bytes: &[u8]) -> Vec<u8> {
    let mut folded = Vec::with_capacity(bytes.len());
    // Much of what databases keep ready is empty.
    for block in bytes.chunks(64).filter(|block| **block != [0; 64][..block.len()]) {
        folded.extend(block.iter().filter(|byte| !byte.is_ascii_whitespace() && **byte != b'-'));
    }
    folded
}

/// Every form of the secret, with its name and whether its case counts.
fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>, bool)> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![("plain", secret.to_owned()), ("hex", hex.into_bytes())];
    if let Ok(text) = std::str::from_utf8(secret) {
        let json = serde_json::Value::from(text).to_string();
        let json = json[1..json.len() - 1].to_owned();
        let html = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let form: String = url::form_urlencoded::byte_serialize(secret).collect();
        let percent = form.replace('+', "%20");
        let all: String = secret.iter().map(|byte| format!("%{byte:02x}")).collect();
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let numbered =
            |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("&#{};", u32::from(c)) };
        forms.extend([
            ("JSON", json.clone().into_bytes()),
            ("JSON in ASCII", in_ascii(&json).into_bytes()),
            ("JSON with slashes escaped", json.replace('/', "\\/").into_bytes()),
            ("JSON within JSON", json.replace('\\', "\\\\").replace('"', "\\\"").into_bytes()),
            ("HTML", html.clone().into_bytes()),
            ("HTML, quoted", html.replace('"', "&quot;").replace('\'', "&#39;").into_bytes()),
            ("HTML, by number", text.chars().map(numbered).collect::<String>().into_bytes()),
            ("askama", html_by_number(text).into_bytes()),
            ("form", form.clone().into_bytes()),
            ("percent", percent.clone().into_bytes()),
            ("percent, twice", percent.replace('%', "%25").into_bytes()),
            ("percent, as scripts have it", percent_but(secret, b"-_.!~*'()").into_bytes()),
            ("percent, as RFC 3986 has it", percent_but(secret, b"-_.~").into_bytes()),
            ("percent, as paths have it", percent_but(secret, b"-_.~/").into_bytes()),
            ("percent, as browsers show it", percent_but(secret, b"-_.!~*'()/&+%;:@=,$|^[]").into_bytes()),
            ("percent, every byte", all.into_bytes()),
            ("as Rust prints it", text.escape_debug().to_string().into_bytes()),
            ("as the shell quotes it", text.replace('\'', "'\\''").into_bytes()),
            ("as SQL quotes it", text.replace('\'', "''").into_bytes()),
            // Without its last byte, so that the other order of bytes is found too.
            ("UTF-16", utf16[..utf16.len() - 1].to_owned()),
        ]);
    }
    let mut forms: Vec<_> = forms.into_iter().map(|(name, form)| (name, form, false)).collect();
    for before in 0..3 {
        let shifted = [&b"\0\0"[..before], secret].concat();
        // Characters that hold bits of what stands before or behind are left out.
        let (from, to) = ((before * 8).div_ceil(6), shifted.len() * 8 / 6);
        forms.push(("base64", STANDARD_NO_PAD.encode(&shifted).as_bytes()[from..to].to_owned(), true));
        forms.push((
            "base64 for URLs",
            URL_SAFE_NO_PAD.encode(&shifted).as_bytes()[from..to].to_owned(),
            true,
        ));
    }
    forms
}

/// What leaves letters, digits and these alone.
fn percent_but(secret: &[u8], kept: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || kept.contains(byte);
    let written =
        |byte: &u8| if plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    secret.iter().map(written).collect()
}

fn in_ascii(json: &str) -> String {
    let mut text = String::new();
    for c in json.chars() {
        match c.is_ascii() {
            true => text.push(c),
            false => {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}")))
            }
        }
    }
    text
}

/// As askama escapes.
fn html_by_number(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' | '&' | '\'' | '<' | '>' => format!("&#{};", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "Kanari \"&<%+\\/é'-7";

    /// Written by other means than the forms are made of, where there are some.
    fn written() -> Vec<(&'static str, Vec<u8>)> {
        let bytes = SECRET.as_bytes();
        let mut written = vec![
            ("plain", bytes.to_owned()),
            ("in capitals", SECRET.to_ascii_uppercase().into_bytes()),
            ("in groups", "Kan ari-\"&<%\n+\\/é'-7".into()),
            ("hex", data_encoding::HEXLOWER.encode(bytes).into()),
            ("HEX", data_encoding::HEXUPPER.encode(bytes).into()),
            ("hex in pairs", bytes.iter().map(|byte| format!("{byte:02x} ")).collect::<String>().into()),
            ("JSON", serde_json::json!({ "a": SECRET }).to_string().into()),
            ("JSON in ASCII", r#"Kanari \"&<%+\\/\u00e9'-7"#.into()),
            ("JSON of PHP", r#"Kanari \"&<%+\\\/é'-7"#.into()),
            ("JSON in JSON", serde_json::json!(serde_json::json!(SECRET).to_string()).to_string().into()),
            ("HTML", "Kanari &quot;&amp;&lt;%+\\/é&#39;-7".into()),
            ("HTML, text", "Kanari \"&amp;&lt;%+\\/é'-7".into()),
            ("askama", "Kanari &#34;&#38;&#60;%+\\/é&#39;-7".into()),
            (
                "a form",
                url::form_urlencoded::Serializer::new(String::new()).append_pair("p", SECRET).finish().into(),
            ),
            ("percent", "Kanari%20%22%26%3C%25%2B%5C%2F%C3%A9%27-7".into()),
            ("percent in small letters", "Kanari%20%22%26%3c%25%2b%5c%2f%c3%a9%27-7".into()),
            ("Debug", format!("{SECRET:?}").into()),
            ("UTF-16, little", SECRET.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            ("UTF-16, big", SECRET.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ];
        for before in ["", "a", "ab", "abc", "abcd"] {
            for after in ["", "z", "zy"] {
                let text = format!("{before}{SECRET}{after}");
                written.push(("base64", STANDARD_NO_PAD.encode(&text).into()));
                written.push(("base64 for URLs", URL_SAFE_NO_PAD.encode(&text).into()));
                written
                    .push(("base64, padded", base64::engine::general_purpose::STANDARD.encode(&text).into()));
            }
        }
        written
    }

    #[test]
    fn every_form_that_was_planted_is_found() {
        let mut named = Named::default();
        named.add("the other", "nowhere-to-be-found");
        named.add("the secret", SECRET);
        let canaries = named.ready();
        for (what, form) in written() {
            let text = [&b"\x00before "[..], &form, b" after\xff"].concat();
            let found = canaries.found_in(&text);
            assert!(!found.is_empty(), "{what}: {}", String::from_utf8_lossy(&text));
            assert!(found.iter().all(|found| found.starts_with("the secret ")), "{what}: {found:?}");
        }
        // Base64 as mails break it.
        let encoded = STANDARD_NO_PAD.encode(format!("xy{SECRET}"));
        let lines: Vec<_> = encoded.as_bytes().chunks(5).collect();
        assert!(!canaries.found_in(&lines.join(&b"\r\n"[..])).is_empty());
        let most = SECRET.trim_end_matches('7');
        assert!(canaries.found_in(most.as_bytes()).is_empty(), "a part is not all");
    }

    #[test]
    fn a_short_code_counts_as_a_word_only() {
        let mut named = Named::default();
        named.add_code("the code", "471100");
        let canaries = named.ready();
        for text in ["code=471100&x", "471100", "(471100)", "NDcxMTAw, which is base64: 34 37 31 31 30 30"] {
            assert!(!canaries.found_in(text.as_bytes()).is_empty(), "{text}");
        }
        for text in ["1471100", "471100Z", "47 11 00", ""] {
            assert!(canaries.found_in(text.as_bytes()).is_empty(), "{text}");
        }
    }

    #[test]
    fn what_lies_across_two_chunks_of_a_file_is_found() {
        let mut named = Named::default();
        named.add("the secret", SECRET);
        let canaries = named.ready();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut bytes = vec![b'.'; CHUNK - 4];
        bytes.extend(SECRET.as_bytes());
        bytes.extend(vec![b'.'; CHUNK]);
        std::fs::write(&path, &bytes).unwrap();
        let searched = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            canaries.assert_not_below(folder.path(), &[])
        }));
        assert!(searched.is_err());
        std::fs::write(&path, &bytes[..CHUNK]).unwrap();
        assert_eq!(canaries.assert_not_below(folder.path(), &[]), [path]);
    }
}
