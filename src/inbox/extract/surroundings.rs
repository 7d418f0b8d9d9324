//! What stands around the candidates of a text.

use std::collections::HashMap;
use std::ops::Range;

use super::candidates::{Candidate, alone, emphasised, emphasised_alone};
use super::reason::{Form, Reason};
use super::{aside, compounds, words};
use crate::inbox::lexicon::{Hit, Lower};

/// A word further away says nothing of a candidate.
const FAR: usize = 120;

/// The words beside candidates.
pub(super) struct Surroundings<'a> {
    text: &'a [char],
    emphasis: &'a [Range<usize>],
    code: Vec<Hit>,
    password: Vec<Hit>,
    purpose: Vec<Hit>,
    enter: Vec<Hit>,
    offers: Vec<Hit>,
    advice: Vec<Hit>,
    occasion: Vec<Hit>,
    account: Vec<Hit>,
    sent: Vec<Hit>,
    pronoun: Vec<Hit>,
    other: Vec<Hit>,
    stale: Vec<Hit>,
    units: Vec<Hit>,
    /// Where the first and the last character stand that are no mark or gap.
    ends: (usize, usize),
}

impl<'a> Surroundings<'a> {
    pub fn new(text: &'a [char], emphasis: &'a [Range<usize>]) -> Self {
        let lower = Lower::of(text.iter().copied());
        let other = words::OTHER.find(&lower);
        // `promo code` is one thing, and not the code that is looked for; nor is `error` in `error-free code`.
        let uncovered =
            |hits: Vec<Hit>, by: &[Hit]| hits.into_iter().filter(|hit| !covered(hit, by)).collect::<Vec<_>>();
        let says = |c: &char| c.is_alphanumeric();
        let code = uncovered(words::CODE.find(&lower), &other);
        let mut other = uncovered(other, &code);
        let code = compounds::join(text, code, &mut other);
        let password = uncovered(words::PASSWORD.find(&lower), &other);
        Self {
            text,
            emphasis,
            password,
            purpose: words::PURPOSE.find(&lower),
            enter: words::ENTER.find(&lower),
            advice: words::ADVICE.find(&lower),
            occasion: words::OCCASION.find(&lower),
            account: words::ACCOUNT.find(&lower),
            sent: words::SENT.find(&lower),
            pronoun: words::PRONOUN.find(&lower),
            offers: words::OFFER.find(&lower),
            stale: words::STALE.find(&lower),
            units: words::UNITS.find(&lower),
            ends: (
                text.iter().position(says).unwrap_or(0),
                text.iter().rposition(says).map_or(0, |at| at + 1),
            ),
            other,
            code,
        }
    }

    /// What speaks for a candidate, and against it.
    pub fn points(&self, candidate: &Candidate, all: &[Candidate]) -> Vec<(Reason, i32)> {
        let mut points = vec![(Reason::Form(candidate.form), candidate.form.weight())];
        let best = |pulls: Vec<Option<(Reason, i32)>>| {
            pulls.into_iter().flatten().filter(|(_, pull)| *pull > 0).max_by_key(|(_, pull)| *pull)
        };
        let preceding = best(vec![
            self.before(&self.code, 6, candidate, all),
            self.before(&self.password, 6, candidate, all)
                .map(near_only)
                .filter(|_| self.is_password(candidate)),
            self.before(&self.enter, 6, candidate, all),
            self.before(&self.purpose, 3, candidate, all),
            self.taken_up(candidate),
        ]);
        let following = best(vec![
            self.after(&self.code, 6, candidate, all),
            self.after(&self.password, 6, candidate, all).map(near_only),
            self.after(&self.enter, 6, candidate, all),
            self.after(&self.purpose, 4, candidate, all),
            self.after(&self.advice, 5, candidate, all),
        ]);
        let pull = |side: &Option<(Reason, i32)>| side.map_or(0, |(_, pull)| pull);
        let (before, after) = (pull(&preceding), pull(&following));
        points.extend(if before >= after { preceding } else { following });
        if before > 0 && after > 0 {
            points.push((Reason::WordsAround, 1));
        }
        let alone = alone(self.text, candidate.start, candidate.end);
        let emphasised_alone = emphasised_alone(self.text, candidate.start, candidate.end, self.emphasis);
        // `Verification of 482915`: what it is for is not yet what it is.
        let weak = before >= after && matches!(preceding, Some((Reason::WordBefore(_), 1..=3)));
        let told = is_told(&self.text[candidate.start.saturating_sub(10)..candidate.start])
            && !aside::names_place(self.text, candidate.end);
        // So do words of another sentence, unless it stands there as what they lead to.
        let distant = before.max(after) <= 2 && !self.begins(candidate);
        if (distant || weak && !self.near_name(candidate)) && !alone && !emphasised_alone && !told {
            points.push((Reason::NotNamed, -2));
        }
        let only = self.ends == (candidate.start, candidate.end);
        if alone {
            points.push((Reason::Alone, 2));
        }
        if only {
            points.push((Reason::NothingElse, 3));
        } else if [&self.code, &self.password, &self.purpose, &self.enter, &self.advice]
            .iter()
            .all(|hits| hits.is_empty())
        {
            if candidate.form != Form::Lead {
                points.push((Reason::NoTalkOfCodes, -4));
            }
        } else if (alone || emphasised_alone) && before == 0 && after == 0 && !self.code.is_empty() {
            points.push((Reason::TalkOfCodes, 1));
        }
        if emphasised_alone {
            points.push((Reason::Emphasised, 3));
        } else if emphasised(candidate.start, candidate.end, self.emphasis).is_some() {
            points.push((Reason::WithinEmphasis, 1));
        }
        if let Some(word) = self.stale(candidate, all) {
            points.push((Reason::Stale(word), -6));
        }
        if let Some(word) = self.otherwise_used(candidate) {
            points.push((Reason::ForAnother(word), -12));
        }
        // Where something else looks more like what shops give, that is it.
        let rival = candidate.form != Form::Slogan && all.iter().any(|other| other.form == Form::Slogan);
        if let Some(word) = self.offer(candidate, rival) {
            points.push((Reason::Offer(word), -8));
        }
        let set_apart = alone || emphasised_alone;
        let named = before >= 4
            || (set_apart && before.max(after) >= 2)
            || (after >= 4
                && matches!(
                    candidate.form,
                    Form::Mixed | Form::Prefixed | Form::Uneven | Form::NoWord | Form::Spelt
                ))
            || (set_apart && candidate.form == Form::Spelt);
        if candidate.form.is_shy() && !named {
            points.push((Reason::TooPlain, -8));
        }
        points
    }

    /// Those that are something else by what stands right beside them, by where they start.
    pub fn named_otherwise(&self, all: &[Candidate]) -> HashMap<usize, (Reason, i32)> {
        let reason = |candidate: &Candidate| {
            let named = || self.named(candidate).or_else(|| aside::aside(self.text, &self.sent, candidate));
            let postcode = || self.is_postcode(candidate).then_some("pin");
            let reason = named().or_else(postcode).map(Reason::NamedOtherwise);
            reason.or_else(|| self.quantity(candidate).map(Reason::Quantity))
        };
        let found = all.iter().filter_map(|candidate| Some((candidate.start, (reason(candidate)?, -8))));
        found.collect()
    }

    /// `Your code expires soon. It is 4829.`
    fn taken_up(&self, candidate: &Candidate) -> Option<(Reason, i32)> {
        let last = self.pronoun.partition_point(|hit| hit.start < candidate.start).checked_sub(1)?;
        let hit = self.pronoun[last];
        let gap = self.text.get(hit.end..candidate.start)?;
        let code = self.code.partition_point(|code| code.start < hit.start).checked_sub(1)?;
        let right_before = gap.len() <= 2 && gap.iter().all(|c| matches!(c, ' ' | ':'));
        let named = hit.start.saturating_sub(self.code[code].end) <= FAR;
        (right_before && named).then_some((Reason::WordBefore(hit.word), 4))
    }

    /// What is on offer near it. Digits alone are for that only if the same sentence says so behind them, and no
    /// account is in it.
    fn offer(&self, candidate: &Candidate, rival: bool) -> Option<&'static str> {
        if candidate.form.suits_an_offer() {
            return self.offers.first().filter(|_| !rival).map(|hit| hit.word);
        }
        let ends = |c: &char| matches!(c, '.' | '!' | '\n' | '。');
        let (before, after) = (&self.text[..candidate.start], &self.text[candidate.end..]);
        let start = candidate.start - before.iter().rev().take(FAR).take_while(|c| !ends(c)).count();
        let behind = after.iter().take(FAR).take_while(|c| !ends(c)).count();
        let next = self.offers.partition_point(|hit| hit.start < candidate.end);
        let word = self.offers.get(next).filter(|hit| hit.end <= candidate.end + behind).map(|hit| hit.word);
        let word = word.or_else(|| after[..behind].contains(&'%').then_some("%"))?;
        let account = self.account.partition_point(|hit| hit.start < start);
        let account = self.account.get(account).filter(|hit| hit.end <= candidate.end + behind);
        account.is_none().then_some(word)
    }

    /// Whether a sentence begins with it.
    fn begins(&self, candidate: &Candidate) -> bool {
        let before = self.text[..candidate.start].iter().rev();
        before
            .take_while(|c| !matches!(c, '.' | '!' | '?' | '。' | '\n'))
            .take(40)
            .all(|c| !c.is_alphanumeric())
    }

    /// Whether a code is named in its sentence, or it is asked for there.
    fn near_name(&self, candidate: &Candidate) -> bool {
        [&self.code, &self.enter].into_iter().any(|hits| {
            let last = hits.partition_point(|hit| hit.start < candidate.start);
            let before = hits[..last].iter().rev().take(4).find(|hit| hit.end <= candidate.start);
            let after = hits.get(last).filter(|hit| hit.start >= candidate.end);
            let near = |from: usize, to: usize| to - from <= FAR && !sentence_ends(&self.text[from..to]);
            before.is_some_and(|hit| near(hit.end, candidate.start))
                || after.is_some_and(|hit| near(candidate.end, hit.start))
        })
    }

    /// What the nearest word before does for a candidate.
    fn before(
        &self,
        words: &[Hit],
        near: i32,
        candidate: &Candidate,
        all: &[Candidate],
    ) -> Option<(Reason, i32)> {
        let last = words.partition_point(|hit| hit.start < candidate.start);
        let hits = words[..last].iter().rev().take_while(|hit| hit.start + FAR + 40 >= candidate.start);
        let hit = hits.filter(|hit| hit.end <= candidate.start).max_by_key(|hit| hit.end)?;
        Some((Reason::WordBefore(hit.word), self.pull(hit.end, candidate.start, near, all, candidate)))
    }

    /// What the nearest word behind does for it.
    fn after(
        &self,
        words: &[Hit],
        near: i32,
        candidate: &Candidate,
        all: &[Candidate],
    ) -> Option<(Reason, i32)> {
        let first = words.partition_point(|hit| hit.start < candidate.end);
        let hit = words.get(first).filter(|hit| hit.start - candidate.end <= 60)?;
        if self.leads_on(hit, candidate, all) {
            return None;
        }
        let pull = self.pull(candidate.end, hit.start, near, all, candidate);
        Some((Reason::WordAfter(hit.word), pull.min(near - 2)))
    }

    /// `…, member 20817.\nCode: 482915`: the word names what follows it.
    fn leads_on(&self, hit: &Hit, candidate: &Candidate, all: &[Candidate]) -> bool {
        let first = all.partition_point(|other| other.start < hit.end);
        let Some(next) = all.get(first).filter(|next| next.start - hit.end <= 25) else { return false };
        let between = &self.text[hit.end..next.start];
        let named = between.contains(&':') || between.contains(&'：');
        !sentence_ends(between) && (named || next.start - hit.end < hit.start - candidate.end)
    }

    /// `password 1099`, `Passwort lautet: 1099`, but not `the password of account 1099`.
    fn is_password(&self, candidate: &Candidate) -> bool {
        let last = self.password.partition_point(|hit| hit.start < candidate.start);
        let Some(hit) = self.password[..last].iter().rev().take(4).find(|hit| hit.end <= candidate.start)
        else {
            return false;
        };
        let between = &self.text[hit.end..candidate.start];
        between.contains(&':')
            || is_told(between)
            || between.split(|c| !c.is_alphabetic()).filter(|word| !word.is_empty()).count() <= 1
    }

    /// How strongly a word binds across what lies between it and the candidate.
    fn pull(&self, from: usize, to: usize, near: i32, all: &[Candidate], but: &Candidate) -> i32 {
        if to - from > FAR {
            return 0;
        }
        let between = &self.text[from..to];
        let ends = sentence_ends(between);
        let mut pull = match between.len() {
            0..=25 if !ends => near,
            0..=60 if !ends => near - 2,
            // `The TAN for your transfer of … is: 482915`
            _ if !ends && is_told(between) => near - 2,
            _ => near - 4,
        };
        // The word belongs to what is nearer to it, unless the two are listed together: `1111, 2222`.
        let listed = |other: &Candidate| {
            let (start, end) = (other.end.min(but.end), other.start.max(but.start));
            self.text[start..end].iter().all(|&c| c != '\n' && !c.is_alphabetic())
        };
        let first = all.partition_point(|other| other.start < from);
        let mut nearer =
            all[first..].iter().take_while(|other| other.end <= to).filter(|other| *other != but);
        if nearer.any(|other| !listed(other)) {
            pull /= 2;
        }
        pull.max(0)
    }

    /// `Bengaluru, PIN 560001`: in India a postcode is called so, and stands at the end of an address.
    fn is_postcode(&self, candidate: &Candidate) -> bool {
        let last = self.code.partition_point(|hit| hit.start < candidate.start);
        let Some(hit) = last.checked_sub(1).map(|last| self.code[last]) else { return false };
        let ends = self.text.get(candidate.end).is_none_or(|c| matches!(c, '\n' | '.' | ',' | ';'));
        matches!(hit.word, "pin" | "पिन" | "পিন")
            && candidate.shown.len() == 6
            && hit.start >= 2
            && self.text[hit.start - 2..hit.start] == [',', ' ']
            && matches!(&self.text[hit.end..candidate.start], [' ' | '-'] | ['-' | ':', ' '])
            && ends
    }

    /// `order 771332`: a word right before says what it is, or one in the line above it.
    fn named(&self, candidate: &Candidate) -> Option<&'static str> {
        let alone = alone(self.text, candidate.start, candidate.end);
        let last = self.other.partition_point(|hit| hit.start < candidate.start);
        let hits = self.other[..last].iter().rev().take_while(|hit| hit.start + 80 >= candidate.start);
        let hit = hits.filter(|hit| hit.end <= candidate.start).max_by_key(|hit| hit.end)?;
        let between = &self.text[hit.end..candidate.start];
        let code = self.code.partition_point(|code| code.start < hit.end);
        let nearer = self.code[code..]
            .iter()
            .take_while(|code| code.start < candidate.start)
            .any(|code| code.end <= candidate.start);
        let greeted = between.iter().any(|c| matches!(c, ',' | '!' | '，' | '、' | '،'))
            || between.starts_with(&[' ', 't', 'o']);
        let names = if between.contains(&'\n') {
            // The label of a field, above its value.
            let label = between.iter().take_while(|c| **c != '\n').all(|c| !c.is_alphanumeric());
            alone && label && between.len() <= 16 && between.iter().all(|c| !c.is_alphanumeric())
        } else {
            between.len() <= 16
                && !between.windows(2).any(|pair| matches!(pair, ['.' | '!' | '?', ' ']))
                && !between.contains(&'。')
        };
        // `account ending in 4242: 482915`: it has named another number.
        let taken = between.iter().any(char::is_ascii_digit)
            && between.iter().any(|c| c.is_alphabetic() || matches!(c, ':' | '='));
        (names && !nearer && !greeted && !taken).then_some(hit.word)
    }

    /// `Show 5518 to the courier`: what other codes are for is named near it, and no account is.
    fn otherwise_used(&self, candidate: &Candidate) -> Option<&'static str> {
        let word = near(&self.occasion, candidate, 90)?;
        near(&self.account, candidate, FAR).is_none().then_some(word)
    }

    /// `1500 points`, `2024年`.
    fn quantity(&self, candidate: &Candidate) -> Option<&'static str> {
        let behind = &self.text[candidate.end..];
        let below = behind.iter().take(3).take_while(|c| **c == '\n').count();
        let at = candidate.end + if below > 0 { below } else { usize::from(behind.first() == Some(&' ')) };
        let first = self.units.partition_point(|hit| hit.start < at);
        let mut units = self.units[first..].iter().take_while(|hit| hit.start == at);
        units.find(|hit| below == 0 || words::COUNTED.contains(&hit.word)).map(|hit| hit.word)
    }

    /// `the code 111111 has expired`: in the same sentence, and nearer to no other candidate.
    fn stale(&self, candidate: &Candidate, all: &[Candidate]) -> Option<&'static str> {
        let near = |from: usize, to: usize| {
            to - from <= 30
                && !self.text[from..to]
                    .iter()
                    .any(|c| matches!(c, '\n' | '.' | ',' | ';' | '。' | '，' | '、'))
                && {
                    let first = all.partition_point(|other| other.start < from);
                    all.get(first).is_none_or(|other| other.end > to)
                }
        };
        let next = self.stale.partition_point(|hit| hit.start < candidate.end);
        // What replaces another one counts.
        let after = self.stale.get(next).filter(|hit| !words::REPLACES.contains(&hit.word));
        let after = after.filter(|hit| near(candidate.end, hit.start));
        let before = self.stale[..next].iter().rev().take(8).find(|hit| hit.end <= candidate.start);
        let before = before.filter(|hit| near(hit.end, candidate.start));
        after.or(before).map(|hit| hit.word)
    }
}

/// The word that is nearest to a candidate, and no further from it than this.
fn near(words: &[Hit], candidate: &Candidate, most: usize) -> Option<&'static str> {
    let next = words.partition_point(|hit| hit.start < candidate.end);
    let after = words.get(next).map(|hit| (hit.start - candidate.end, hit.word));
    let before = words[..next].iter().rev().take(6).find(|hit| hit.end <= candidate.start);
    let before = before.map(|hit| (candidate.start - hit.end, hit.word));
    let nearest = after.into_iter().chain(before).min_by_key(|(distance, _)| *distance)?;
    (nearest.0 <= most).then_some(nearest.1)
}

/// Whether a longer word of the others holds this one.
fn covered(hit: &Hit, by: &[Hit]) -> bool {
    // No word is longer.
    const LONGEST: usize = 40;
    let first = by.partition_point(|one| one.start + LONGEST < hit.end);
    let near = by[first..].iter().take_while(|one| one.start <= hit.start);
    near.into_iter().any(|one| one.end >= hit.end && one.end - one.start > hit.end - hit.start)
}

/// A password is named where it stands; from further away it is only spoken of.
fn near_only((reason, pull): (Reason, i32)) -> (Reason, i32) {
    (reason, if pull >= 4 { pull } else { 0 })
}

/// Whether what comes next is what the sentence was about: it ends with a colon, or with `is`.
fn is_told(between: &[char]) -> bool {
    let end = between.iter().rposition(|c| !matches!(c, ' ' | '\n' | '"')).map_or(0, |last| last + 1);
    let word = between[..end].iter().rev().take_while(|c| c.is_alphabetic()).count();
    let word: String = between[end - word..end].iter().flat_map(|c| c.to_lowercase()).collect();
    matches!(between[..end].last(), Some(':' | '=')) || words::COPULAS.contains(&word.as_str())
}

fn sentence_ends(between: &[char]) -> bool {
    between.contains(&'。')
        || between.windows(3).any(|three| {
            matches!(three, ['.' | '!' | '?', ' ' | '\n', _] | [_, '.' | '!' | '?' | '।' | '؟', ' ' | '\n'])
                || matches!(three, [before, '\n', '\n'] if *before != ':')
        })
}
