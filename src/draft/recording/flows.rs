//! Which of the steps are the login, the change of the password, the way out.

use secrecy::SecretString;

use super::Import;
use super::asides::{Aside, Sending, cancels};
use super::menus::{opens_a_menu, words};
use super::parse::BadRecording;
use super::secrets::Typed;
use crate::draft::findings::{ChangeForm, Move, Names, Sent, Settings};
use crate::draft::words::{MFA, NEW, PASSWORD, REGISTER, REPEAT, SAVE, SIGN_IN, SIGN_OUT, Words, says};

/// What looks for something, and changes nothing.
const SEARCH: Words = &[
    "search",
    "find",
    "filter",
    "suche",
    "suchen",
    "cherch",
    "recherch",
    "busca",
    "cerca",
    "zoek",
    "sök",
    "søk",
    "søg",
    "hae",
    "hledat",
    "szuka",
    "поиск",
    "найти",
    "пошук",
    "ara",
    "搜索",
    "搜尋",
    "検索",
    "검색",
];

/// A step of ours, and the recorded one that it was.
#[derive(Clone)]
pub(super) struct Made {
    pub step: Move,
    pub typed: Option<Typed>,
    pub at: usize,
    /// Whether it may send a form off.
    pub sends: Option<Sending>,
    pub aside: Option<Aside>,
    /// Whether another page came with it.
    pub leads: bool,
}

impl Made {
    pub(super) fn note(text: String, at: usize) -> Self {
        Self { step: Move::Note(text), typed: None, at, sends: None, aside: None, leads: false }
    }

    fn is(&self, wanted: Typed) -> bool {
        self.typed == Some(wanted)
    }

    fn clicked(&self) -> Option<Names> {
        match &self.step {
            Move::Click(names) => Some(names.clone()),
            _ => None,
        }
    }

    fn sends(&self) -> bool {
        self.sends.is_some()
    }

    /// Whether it is no part of a form that sets a password: another page, a login, the way out.
    fn is_elsewhere(&self) -> bool {
        let login = matches!(self.typed, Some(Typed::Username | Typed::Password | Typed::Totp));
        login || matches!(self.step, Move::Open(_)) || self.clicks(SIGN_OUT)
    }

    fn cancels(&self) -> bool {
        matches!(self.step, Move::Click(_)) && cancels(&self.words())
    }

    fn fills(&self) -> bool {
        matches!(self.step, Move::Fill { .. } | Move::Literal { .. })
    }

    /// Whether it is a click on something that is called so.
    fn clicks(&self, what: Words) -> bool {
        self.aside.is_none() && matches!(self.step, Move::Click(_)) && says(&self.words(), what)
    }

    /// What people read of its element.
    fn words(&self) -> String {
        match &self.step {
            Move::Click(names) | Move::Fill { into: names, .. } | Move::Literal { into: names, .. } => {
                words(names)
            }
            _ => String::new(),
        }
    }

    fn filled(&self) -> Option<Names> {
        match &self.step {
            Move::Fill { into, .. } => Some(into.clone()),
            _ => None,
        }
    }
}

impl Import {
    pub(super) fn arrange(&mut self, moves: Vec<Made>) -> Result<(), BadRecording> {
        let mut moves = self.once(moves);
        let mut registered = None;
        let (login, rest) = loop {
            let Some(password) = first_password(&moves) else {
                let chosen = moves.iter().find(|each| each.is(Typed::NewPassword)).map(|each| each.at);
                if let Some(at) = registered.or(chosen) {
                    return Err(BadRecording::without_login(
                        format!("steps[{at}]"),
                        "a password is chosen here, as for a new account: record signing in with one that is there",
                    ));
                }
                let out = moves.iter().position(|each| each.clicks(SIGN_OUT)).unwrap_or(moves.len());
                self.leave(&moves.split_off(out));
                self.findings.login = moves.into_iter().map(|each| each.step).collect();
                self.findings.without_login = true;
                self.findings
                    .remarks
                    .push("? no password was typed in the recording: it shows no login".to_owned());
                return Ok(());
            };
            if self.changes_at(&moves, password) {
                return Err(BadRecording::without_login(
                    format!("steps[{}]", moves[password].at),
                    "the current password is typed here with a new one, as somebody does who is signed in: sign out first, then record signing in and the change in one go",
                ));
            }
            let rest = moves.split_off(sign_in(&moves, password));
            if !self.registers(&moves) {
                break (moves, rest);
            }
            registered = Some(moves[password].at);
            self.leave(&moves);
            moves = rest;
        };
        let login = match registered {
            Some(_) => self.behind_registration(login),
            None => login,
        };
        self.findings.login = login_steps(&login);
        let first = login.iter().filter(|each| each.typed.is_some()).find_map(Made::filled);
        self.findings.entrance = first.unwrap_or_default();
        let mut rest = rest.as_slice();
        if let Some(code) = rest
            .iter()
            .position(|each| each.is(Typed::Totp))
            .filter(|code| !rest[..*code].iter().any(Made::sends))
        {
            let submit = rest.get(code + 1).and_then(Made::clicked);
            self.findings.code = rest[code].filled().map(|into| (into, submit.clone()));
            self.leave(&rest[..code]);
            rest = &rest[code + 1 + usize::from(submit.is_some())..];
        }
        // Up to where the flows below have them.
        let mut taken = 0;
        if let Some(new) = rest.iter().position(|each| each.is(Typed::NewPassword)) {
            taken = self.change(rest, new);
        }
        let out = rest.iter().position(|each| each.clicks(SIGN_OUT));
        let way_out = out.and_then(|at| rest[at].clicked());
        // The click before may have opened the menu that the way out is in: then the menu is what is always there.
        let menu = out.and_then(|at| at.checked_sub(1)).filter(|at| *at >= taken);
        let menu = menu.and_then(|at| rest[at].clicked().filter(opens_a_menu).map(|names| (at, names)));
        let menu_at = menu.as_ref().map(|(at, _)| *at);
        let menu = menu.map(|(_, names)| names);
        self.findings.mark = menu.clone().or_else(|| way_out.clone());
        let way = menu.into_iter().map(Move::Click).collect();
        self.findings.way_out = way_out.map(|what| Settings { way, what });
        let mfa = rest.iter().position(|each| each.clicks(MFA));
        if let Some((at, what)) = mfa.and_then(|at| Some((at, rest[at].clicked()?))) {
            let way =
                rest[..at].iter().filter(|each| each.typed.is_none()).map(|each| each.step.clone()).collect();
            self.findings.mfa = Some(Settings { way, what });
            taken = taken.max(at + 1);
        }
        for (at, each) in rest.iter().enumerate().skip(taken) {
            if Some(at) != out && Some(at) != menu_at {
                self.leave(std::slice::from_ref(each));
            }
        }
        Ok(())
    }

    /// What was typed anew counts once, in the place where it was typed first: the app did not take what came between.
    fn once(&self, moves: Vec<Made>) -> Vec<Made> {
        let mut kept: Vec<Made> = Vec::new();
        for made in moves {
            let same = |each: &Made| {
                each.fills() && made.fills() && self.kept.field_of(each.at) == self.kept.field_of(made.at)
            };
            let Some(before) = kept.iter().position(same) else {
                kept.push(made);
                continue;
            };
            // The question about it stands above the first one already.
            kept.retain(|each| each.at != made.at);
            let between = kept.split_off(before + 1);
            let sent = between.iter().position(Made::sends).unwrap_or(between.len());
            let stays = |(nth, each): &(usize, Made)| {
                *nth < sent || each.fills() || matches!(each.step, Move::Note(_))
            };
            kept[before] = made;
            kept.extend(between.into_iter().enumerate().filter(stays).map(|(_, each)| each));
        }
        kept
    }

    /// Whether that password is the current one of a form that sets another.
    fn changes_at(&self, moves: &[Made], password: usize) -> bool {
        let mut form = moves[password + 1..].iter().take_while(|each| !each.sends());
        self.kept.is_current(moves[password].at) && form.any(|each| each.is(Typed::NewPassword))
    }

    /// Whether the steps make an account: their password is typed twice, or what sends them off says so.
    fn registers(&self, moves: &[Made]) -> bool {
        let mut typed = moves.iter().filter(|each| each.is(Typed::Password) && each.fills());
        let field = |each: &Made| self.kept.field_of(each.at);
        let first = typed.next().map(field);
        // A field that is called otherwise has the same text for another reason.
        let is_password = |words: &str| words.is_empty() || says(words, PASSWORD) || says(words, REPEAT);
        let twice = typed.any(|each| Some(field(each)) != first && is_password(&each.words()));
        twice || moves.last().is_some_and(|sent| sent.clicks(REGISTER) && !sent.clicks(SIGN_IN))
    }

    /// The steps of a login that came after a registration, without how that was left.
    fn behind_registration(&mut self, mut moves: Vec<Made>) -> Vec<Made> {
        let out = moves.iter().rposition(|each| each.clicks(SIGN_OUT)).map_or(0, |at| at + 1);
        let login = moves.split_off(out);
        self.leave(&moves);
        let opens = login.iter().any(|each| matches!(each.step, Move::Open(_)));
        let Some(first) = login.first().filter(|_| !opens) else { return login };
        let question = format!("? steps[{}]: on which page does the login begin?", first.at);
        let question = Made::note(question, first.at);
        let start = [question.clone(), Made { step: Move::Open("/".to_owned()), ..question }];
        start.into_iter().chain(login).collect()
    }

    /// Keeps what belongs to none of the flows, for the author to place.
    fn leave(&mut self, moves: &[Made]) {
        self.findings.leftover.extend(moves.iter().map(|each| each.step.clone()));
    }

    /// The way to a form, without other forms that were filled and sent off on it.
    fn way(&mut self, moves: &[Made]) -> Vec<Move> {
        let mut way: Vec<Move> = Vec::new();
        // Where the form begins that is being filled, if one is, with the question about its first field.
        let mut form: Option<(usize, usize)> = None;
        for (at, each) in moves.iter().enumerate() {
            if matches!(each.step, Move::Open(_)) {
                form = None;
            }
            if each.fills() && form.is_none() {
                let start = moves[..at]
                    .iter()
                    .rposition(|before| before.at != each.at)
                    .map_or(0, |before| before + 1);
                form = Some((start, way.len() + start - at));
            }
            way.push(each.step.clone());
            let Some((start, length)) = form.filter(|_| each.sends()) else { continue };
            form = None;
            let sent = &moves[start..=at];
            let saves = each.sends < Some(Sending::Perhaps) || each.clicks(SAVE);
            let credentials =
                |each: &Made| matches!(each.typed, Some(Typed::Username | Typed::Password | Typed::Totp));
            let needed = |each: &Made| credentials(each) || says(&each.words(), SEARCH);
            if saves && !sent.iter().any(needed) {
                way.truncate(length);
                way.push(Move::Note(format!(
                    "? steps[{}] to [{}]: another form was filled and sent off here, and is left out: see below; does the way need it?",
                    moves[start].at, each.at
                )));
                self.leave(sent);
            }
        }
        way
    }

    /// Gives the place behind its last step.
    fn change(&mut self, rest: &[Made], new: usize) -> usize {
        let Some(new_names) = rest[new].filled() else { return 0 };
        let steps = |of: &[Made]| of.iter().map(|each| each.step.clone()).collect::<Vec<_>>();
        let into = |at: usize| rest[at].filled();
        let current = rest[..new].iter().rposition(|each| each.is(Typed::Password) && each.fills());
        // A password that is sent off before lets in to where the change is.
        let current = current.filter(|current| !rest[*current..new].iter().any(Made::sends));
        let repeat = repeated(rest, new);
        let from = repeat.unwrap_or(new) + 1;
        let begins = current.unwrap_or(new);
        let mut way = self.way(&rest[..begins]);
        if self.kept.is_guessed(rest[new].at) {
            way.push(Move::Note(format!(
                "? steps[{}]: is this the change of the password? its order says so, and no label: the current password, then a new text twice",
                rest[new].at
            )));
        }
        // Clicks between the two new passwords are a part of the form, and stay where they were.
        let clicked = repeat.filter(|repeat| rest[new..*repeat].iter().any(Made::sends));
        let (current, new_names, repeat, mut also) = match clicked.and_then(|last| Some((last, into(last)?)))
        {
            Some((last, names)) => {
                way.extend(steps(&rest[begins..=new]));
                way.extend(within_the_form(&rest[new + 1..last]));
                (None, names, None, Vec::new())
            }
            None => {
                let mut also =
                    current.map_or_else(Vec::new, |current| within_the_form(&rest[current + 1..new]));
                also.extend(within_the_form(&rest[new + 1..repeat.unwrap_or(new + 1)]));
                (current, new_names, repeat, also)
            }
        };
        let commit = sent_off(rest, from);
        let mut behind = from;
        if let Some(commit) = commit {
            also.extend(within_the_form(&rest[from..commit]));
            behind = commit + 1;
        }
        let what = ChangeForm {
            current: current.and_then(into),
            new: new_names,
            repeat: repeat.and_then(into),
            also,
            sent: match commit.map(|at| &rest[at].step) {
                Some(Move::Click(names)) => Sent::Click(names.clone()),
                Some(Move::Press { .. }) => Sent::Enter,
                _ => Sent::Unknown,
            },
            rules: None,
            minlength: None,
            says: SecretString::default(),
        };
        self.findings.change = Some(Settings { way, what });
        behind
    }
}

/// Where the new password is typed once more. Between may be a click that sends nothing off: a step of a wizard, a hint that is
/// closed. Behind one that does, the next field asks for it as a login does, unless it says otherwise.
fn repeated(rest: &[Made], new: usize) -> Option<usize> {
    let repeat = (new + 1..rest.len()).find(|at| rest[*at].is(Typed::NewPassword))?;
    let between = &rest[new + 1..repeat];
    let called_so = says(&rest[repeat].words(), REPEAT) || says(&rest[repeat].words(), NEW);
    let aside = |each: &Made| !each.leads && each.sends > Some(Sending::Submit) && !each.clicks(SAVE);
    let in_one_form = !between.iter().any(Made::is_elsewhere)
        && (called_so || between.iter().filter(|each| each.sends()).all(aside));
    (!between.iter().any(Made::sends) || in_one_form).then_some(repeat)
}

/// What sends the change off, behind its last password: what says so, else what has a name or leads to another page. There may
/// be other fields before it, and clicks that send nothing. What cancels never does, and behind it only what says so: the form
/// may be gone.
fn sent_off(rest: &[Made], from: usize) -> Option<usize> {
    let mut best: Option<(u8, usize)> = None;
    let mut cancelled = false;
    for (at, each) in rest.iter().enumerate().skip(from) {
        if each.is_elsewhere() || each.is(Typed::NewPassword) || best.is_some() && each.fills() {
            break;
        }
        if !each.sends() {
            continue;
        }
        if each.cancels() {
            cancelled = true;
            continue;
        }
        let words = each.words();
        let says_so = each.sends <= Some(Sending::Submit) || each.clicks(SAVE) || says(&words, PASSWORD);
        let rank = if says_so { 0 } else { u8::from(words.is_empty() && !each.leads) + 1 };
        if best.is_none_or(|(known, _)| rank < known) && (says_so || !cancelled) {
            best = Some((rank, at));
        }
        if each.leads {
            break;
        }
    }
    best.map(|(_, at)| at)
}

/// What is done in a form besides its passwords, with questions at what it may do without.
fn within_the_form(moves: &[Made]) -> Vec<Move> {
    let mut steps = Vec::new();
    for each in moves {
        if each.aside == Some(Aside::Choice) {
            steps.push(Move::Note(format!("? steps[{}]: does the change need this?", each.at)));
        } else if each.sends() {
            steps.push(Move::Note(format!(
                "? steps[{}]: does the change need this, and is nothing sent off by it? It was clicked before the form was complete or sent",
                each.at
            )));
        }
        steps.push(each.step.clone());
    }
    steps
}

/// Where the login's password is.
fn first_password(moves: &[Made]) -> Option<usize> {
    let typed = moves.iter().position(|each| each.is(Typed::Password));
    let Some(clicked) = moves.iter().position(|each| each.is(Typed::Keypad)) else { return typed };
    // What is clicked behind a password that was sent off is another secret.
    let sent = (clicked..moves.len()).find(|at| moves[*at].sends()).unwrap_or(moves.len());
    typed.filter(|typed| *typed < sent).or(Some(clicked))
}

/// The place behind what signs in. On its way there may be clicks that send nothing, and behind it some on the next page.
fn sign_in(moves: &[Made], password: usize) -> usize {
    if moves[password].leads {
        return password + 1;
    }
    let mut best: Option<(Sending, usize)> = None;
    for (at, each) in moves.iter().enumerate().skip(password + 1) {
        // What is typed behind a sending is typed into another form.
        let elsewhere = matches!(each.step, Move::Open(_)) || each.clicks(SIGN_OUT);
        if elsewhere || each.is(Typed::NewPassword) || best.is_some() && each.fills() {
            return best.map_or(at, |(_, at)| at + 1);
        }
        let Some(sends) = each.sends else { continue };
        if best.is_none_or(|(known, _)| sends < known) {
            best = Some((sends, at));
        }
        if each.leads {
            // Only what is called so is more of a sign than the next page.
            best = best.filter(|(known, _)| *known < Sending::GoesOn).or(Some((sends, at)));
            break;
        }
    }
    best.map_or(moves.len(), |(_, at)| at + 1)
}

/// The login's steps, with questions at those that it may do without.
fn login_steps(login: &[Made]) -> Vec<Move> {
    let mut steps = Vec::new();
    for (at, each) in login.iter().enumerate() {
        if each.aside == Some(Aside::Choice) {
            steps.push(Move::Note(format!(
                "? steps[{}]: does signing in need this? Turnlock has no use for it",
                each.at
            )));
        }
        if at + 1 == login.len() && each.sends == Some(Sending::Perhaps) && !each.leads {
            steps.push(Move::Note(format!("? steps[{}]: does this sign in? its name does not say", each.at)));
        }
        steps.push(each.step.clone());
    }
    steps
}
