//! The words that stand beside codes, and those that stand beside other numbers, written as [`Lexicon`] reads
//! them.

mod aside;
mod asks;
mod codes;
mod occasions;
mod others;

use std::sync::LazyLock;

use self::aside::SENT_WORDS;
use self::asks::{ADVICE_WORDS, ENTER_WORDS, PRONOUN_WORDS, PURPOSE_WORDS, STALE_WORDS};
use self::codes::{CODE_WORDS, PASSWORD_WORDS};
use self::occasions::{ACCOUNT_WORDS, OCCASION_WORDS, OFFER_WORDS};
use self::others::{OTHER_WORDS, UNIT_WORDS};
use crate::inbox::lexicon::Lexicon;

pub(super) use self::aside::{ADDRESS, AT, FOR, IN, LASTS, MONEY, TO};
pub(super) use self::asks::{COPULAS, REPLACES};
pub(super) use self::others::COUNTED;

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
    /// What says that something was sent.
    SENT = SENT_WORDS;
    /// What stands for a code that was named in the sentence before.
    PRONOUN = PRONOUN_WORDS;
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
