//! The draft as its author gets it: what was found, and as questions what was not.

use secrecy::{ExposeSecret as _, SecretString};

use super::findings::{ChangeForm, Findings, Move, Names, Overlay, Sent, Settings, SignIn};
use super::words::LOCKED;
use super::yaml::{locator, remark, steps, target};
use crate::playbook::yaml::scalar;
use crate::playbook::{By, Locator, format};

/// What the schema is called beside a draft, from which editors complete its keys.
pub const SCHEMA_FILE: &str = "playbook.schema.json";

/// The end that a change of the password is for.
const CHANGED: &str = "password_changed";

/// What apps say to a change of the password, in small letters.
const CHANGE: [(&str, &[&str]); 3] = [
    (
        CHANGED,
        &[
            "password was changed",
            "password changed",
            "password updated",
            "has been changed",
            "has been updated",
            "was updated",
            "profile updated",
            "changes saved",
            "has been saved",
            "successfully",
        ],
    ),
    (
        "password_refused",
        &["too short", "too common", "too similar", "at least", "does not meet", "must contain"],
    ),
    ("bad_credentials", &["incorrect", "wrong", "invalid", "not correct"]),
];

/// A draft, and what is to be said of it.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The playbook.
    pub yaml: String,
    /// What was found, a line each.
    pub found: Vec<String>,
    /// What remains a question, a line each.
    pub questions: Vec<String>,
}

/// Writes the draft.
#[must_use]
pub fn write(findings: &Findings) -> Draft {
    let mut writer = Writer { findings, yaml: String::new(), found: Vec::new(), questions: Vec::new() };
    writer.header();
    writer.login();
    writer.logout();
    writer.change();
    writer.mfa();
    writer.leftover();
    if !findings.looked.is_empty() {
        writer.found.push(format!("looked at: {}", findings.looked.join(", ")));
    }
    // Whoever formats the finished playbook finds nothing changed that they have not written.
    let yaml = format(&findings.app, &writer.yaml).map_or(writer.yaml, |formatted| formatted.text);
    Draft { yaml, found: writer.found, questions: writer.questions }
}

struct Writer<'a> {
    findings: &'a Findings,
    yaml: String,
    found: Vec<String>,
    questions: Vec<String>,
}

impl Writer<'_> {
    fn line(&mut self, text: &str) {
        self.yaml.push_str(text);
        self.yaml.push('\n');
    }

    /// A question in the draft, before the line that it is about.
    fn ask(&mut self, indent: &str, question: &str) {
        let question = remark(question);
        self.line(&format!("{indent}# ? {question}"));
        self.questions.push(question);
    }

    fn header(&mut self) {
        let findings = self.findings;
        self.line(&format!("# yaml-language-server: $schema={SCHEMA_FILE}"));
        self.line("# A draft by `turnlock playbook`. Lines with `# ?` are questions: answer them, then remove them.");
        self.line(&format!("app: {}", scalar(&findings.app)));
        self.line(&format!("title: {}", scalar(&findings.title)));
        self.line("origins:");
        for (name, origin) in &findings.origins {
            self.line(&format!("  {name}: {}", scalar(origin)));
        }
        if findings.origins.len() > 1 {
            self.ask("  ", "credentials are typed into more than one origin: are all of them the app's own?");
        }
        if !findings.frames.is_empty() {
            self.line("frames:");
            for frame in &findings.frames {
                let Some(names) = frame.names.first() else { continue };
                let written = locator(names);
                let inner = written.trim_end_matches('}').trim_end();
                self.line(&format!("  {}: {inner}, origin: {} }}", frame.name, frame.origin));
            }
        }
        if !findings.overlays.is_empty() {
            self.ask("", "do these buttons close what lies over the page, now and then?");
            self.line("interruptions:");
            for Overlay { see, close } in &findings.overlays {
                self.line(&format!("  - see: {}\n    click: {}", target(see), target(close)));
            }
        }
        if let Some(Settings { what: change, .. }) = &findings.change {
            let rules = change.rules.clone().unwrap_or_else(|| {
                let least = change.minlength.unwrap_or(12).max(8);
                format!("minlength: {least}; required: lower; required: upper; required: digit")
            });
            self.line("password:");
            if change.rules.is_none() {
                self.ask("  ", "what does the app demand of a password?");
            }
            self.line(&format!("  rules: {}", scalar(&rules)));
        }
        self.ask("", "after how many wrong passwords does the app lock an account, and for how long?");
        self.line("# lockout: { attempts: 5, window: 15m }");
        for text in &findings.remarks {
            match text.strip_prefix("? ") {
                Some(question) => self.ask("", question),
                None => self.line(&format!("# {}", remark(text))),
            }
        }
        self.line("");
        self.line("flows:");
    }

    fn login(&mut self) {
        let findings = self.findings;
        self.line("  login:");
        self.yaml.push_str(&steps(&findings.login, "    "));
        let asked = findings.login.iter().filter_map(|each| match each {
            Move::Note(text) => text.strip_prefix("? ").map(remark),
            _ => None,
        });
        self.questions.extend(asked);
        if !findings.without_login {
            self.found.push(format!(
                "login: {} steps",
                findings.login.iter().filter(|each| !matches!(each, Move::Note(_))).count()
            ));
        }
        self.line("    - expect:");
        let signed_in = match &findings.mark {
            Some(mark) => {
                if findings.mark_is_guessed {
                    self.ask("        ", "this was there after the login and not before: is it there for everybody who is signed in?");
                }
                self.found.push(format!("signed in: shown by {}", target(mark)));
                target(mark)
            }
            None => {
                let why = match &findings.sign_in {
                    SignIn::NotTried(why) => why.clone(),
                    SignIn::Refused(said) if said.is_empty() => {
                        "the app did not take the credentials".to_owned()
                    }
                    SignIn::Refused(said) => format!("the app did not take the credentials: {said}"),
                    SignIn::CodeWanted => "the app asked for a code, and the draft ends there".to_owned(),
                    SignIn::Done | SignIn::Unclear(_) => "no way out was seen".to_owned(),
                };
                self.ask(
                    "        ",
                    &format!("what does only somebody signed in see? ({why}); these are guesses"),
                );
                let guess = "[Sign out, Log out, Logout, Abmelden, Se déconnecter, Cerrar sesión]";
                format!("[{{ role: button, name: {guess} }}, {{ role: link, name: {guess} }}]")
            }
        };
        self.line(&format!("        signed_in: {signed_in}"));
        match &findings.sign_in {
            SignIn::Refused(said) if !said.is_empty() => {
                self.line(&format!("        bad_credentials: {{ text: {} }}", scalar(said)))
            }
            _ if findings.answered.is_some() => {
                self.ask("        ", "is this what the app says to a wrong password?");
                let said = findings.answered.as_deref().unwrap_or_default();
                self.line(&format!("        bad_credentials: {{ text: {} }}", scalar(said)));
            }
            _ => {
                self.ask("        ", "what does the app say to a wrong password? sign in wrongly once by hand; these are guesses");
                self.guess("bad_credentials", findings.refused, &[&findings.login_says, &findings.home_says]);
            }
        }
        self.guess("account_locked", LOCKED, &[&findings.login_says, &findings.home_says]);
        let Some((field, submit)) = &findings.code else { return };
        let mut then = vec![Move::Fill { into: field.clone(), with: "totp".to_owned() }];
        then.extend(submit.clone().map(Move::Click));
        self.ask("        ", "is this a code of an authenticator app (totp), or one that the app mails (email_code) or texts (sms_code)?");
        self.line(&format!("        code_wanted:\n          see: {}\n          then:", target(field)));
        self.yaml.push_str(&steps(&then, "            "));
        self.line(&format!("    - expect:\n        signed_in: {signed_in}"));
        self.ask("        ", "what does the app say to a wrong code?");
        self.line("        code_refused: { text: [incorrect, invalid, wrong] }");
        self.found.push("a code is asked for behind the password".to_owned());
    }

    fn logout(&mut self) {
        let findings = self.findings;
        let Some(Settings { way, what: way_out }) = &findings.way_out else { return };
        self.line("\n  logout:");
        let mut moves = way.clone();
        if let [Move::Click(_) | Move::Hover(_)] = way.as_slice() {
            moves.insert(0, Move::Note("opens the menu".to_owned()));
        }
        moves.push(Move::Click(way_out.clone()));
        self.yaml.push_str(&steps(&moves, "    "));
        self.line("    - expect:");
        self.ask(
            "        ",
            "is this what shows that the session is over? does the app ask once more before?",
        );
        let entrances = findings.entrance.iter().chain(findings.way_in.iter().flatten());
        let entrances = entrances.chain(&findings.farewell);
        self.line(&format!("        signed_out: {}", target(&entrances.cloned().collect())));
        self.found.push("logout".to_owned());
    }

    fn change(&mut self) {
        let Some(Settings { way, what: change }) = &self.findings.change else {
            self.questions.push("where is the password changed? (flow change_password)".to_owned());
            self.line("\n  # ? change_password: where is the password changed? See docs/playbooks.md.");
            return;
        };
        let ChangeForm { current, new, repeat, also, sent, .. } = change;
        let mut moves = way.clone();
        let fill = |into: &Names, with: &str| Move::Fill { into: into.clone(), with: with.to_owned() };
        moves.extend(current.iter().map(|into| fill(into, "password")));
        moves.push(fill(new, "new_password"));
        moves.extend(repeat.iter().map(|into| fill(into, "new_password")));
        moves.extend(also.iter().cloned());
        let commit = match sent {
            Sent::Click(submit) => format!("click: {}", target(submit)),
            Sent::Enter => format!("press: {{ key: Enter, in: {} }}", target(repeat.as_ref().unwrap_or(new))),
            Sent::Unknown => "click: { role: button, name: Save }".to_owned(),
        };
        if matches!(sent, Sent::Unknown) {
            // Nobody is to run what commits by a guess.
            self.line("");
            self.ask("  ", "change_password: which button sends the form off? the one below is a guess; where Enter does, commit: { press: { key: Enter, in: … } } with the last field");
        } else {
            self.line("\n  change_password:");
        }
        let begun = self.yaml.len();
        self.yaml.push_str(&steps(&moves, "    "));
        self.line(&format!("    - commit: {{ {commit} }}"));
        self.line("    - expect:");
        self.ask(
            "        ",
            "what does the app say when it has changed the password, and when it has not? these are guesses",
        );
        for (state, words) in CHANGE {
            self.guess(state, words, &[&change.says]);
        }
        if matches!(sent, Sent::Unknown) {
            let flow = self.yaml.split_off(begun);
            self.comment(&format!("  change_password:\n{flow}"));
        }
        self.found.push("change of password".to_owned());
    }

    /// A state by what apps say then, but for what these pages say anyway: that would be taken for the app's answer.
    fn guess(&mut self, state: &str, words: &[&str], pages: &[&SecretString]) {
        let said = |word: &str| pages.iter().any(|page| page.expose_secret().contains(word));
        let mut words: Vec<&str> = words.iter().copied().filter(|word| !said(word)).collect();
        if words.is_empty() && state == CHANGED {
            // Without it the flow has no end.
            words.push("the password has been changed");
        }
        if !words.is_empty() {
            self.line(&format!("        {state}: {{ text: [{}] }}", words.join(", ")));
        }
    }

    /// A flow that is not to be run yet.
    fn comment(&mut self, flow: &str) {
        for line in flow.lines() {
            self.line(&format!("  # {}", line.strip_prefix("  ").unwrap_or(line)));
        }
    }

    /// What else was recorded, as a question: nothing of it is lost without a word.
    fn leftover(&mut self) {
        let findings = self.findings;
        if findings.leftover.is_empty() {
            return;
        }
        self.line("");
        self.ask("  ", "to which flow do these steps of the recording belong? none of those above has them");
        for line in steps(&findings.leftover, "    ").lines() {
            self.line(&format!("  # {}", line.trim_start()));
        }
    }

    fn mfa(&mut self) {
        let Some(Settings { way, what: turn_on }) = &self.findings.mfa else {
            self.questions.push("where is a second factor turned on? (flow enrol_mfa)".to_owned());
            self.line("\n  # ? enrol_mfa: where is a second factor turned on? See docs/playbooks.md.");
            return;
        };
        self.line("");
        self.ask(
            "  ",
            "enrol_mfa: what follows was not clicked; go through it by hand, then write what it shows",
        );
        self.line("  # mfa: { methods: [totp] } goes above `flows`");
        let mut moves = way.clone();
        moves.push(Move::Click(turn_on.clone()));
        let rest = "    - read_secret: { text: { css: code }, qr: { role: img } }\n    - fill: { into: { label: Code }, with: totp }\n    - commit: { click: { role: button, name: Confirm } }\n    - expect: { mfa_enabled: { text: is on }, code_refused: { text: Wrong code } }\n";
        self.comment(&format!("  enrol_mfa:\n{}{rest}", steps(&moves, "    ")));
        self.found.push("page for a second factor".to_owned());
    }
}

/// A field that is taken for granted where it could not be seen.
pub(super) fn guessed(selector: &str) -> Names {
    vec![Locator {
        by: By::Css(selector.to_owned()),
        exact: false,
        frame: None,
        within: None,
        containing: Vec::new(),
    }]
}
