//! A mail as it comes over the wire: its parts, its HTML, its quotes, its code and its links.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use turnlock::inbox::extract::ExtractHints;
use turnlock::inbox::links::LinkHints;
use turnlock::inbox::{Message, is_mail};

fuzz_target!(|raw: &[u8]| {
    let _ = is_mail(raw);
    let message = Message::from_mail("a@a.example", Timestamp::UNIX_EPOCH, raw);
    let explained = message.explain(&ExtractHints::default());
    let _ = explained.into_code();
    let _ = message.link(&LinkHints::default());
});
