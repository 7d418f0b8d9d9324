//! A text message of any kind, read with every kind of hint.
#![no_main]

use libfuzzer_sys::fuzz_target;
use turnlock::inbox::extract::{Expected, ExtractHints, code};
use turnlock::inbox::html_to_text;

fuzz_target!(|text: &str| {
    let numeric = Expected { numeric: true, maxlength: Some(6), ..Expected::default() };
    for hints in [
        ExtractHints::default(),
        ExtractHints { digits: Some(6), ..ExtractHints::default() },
        ExtractHints { expected: numeric, origin_hosts: vec!["a.example".into()], ..ExtractHints::default() },
    ] {
        let _ = code(text, &hints);
        let _ = code(&html_to_text(text), &hints);
    }
});
