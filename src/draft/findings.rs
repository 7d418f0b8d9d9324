//! What was found of an app, as its draft says it.

use secrecy::SecretString;

use super::words::{REFUSED, Words};
use crate::playbook::Locator;

/// What names one element, the best first. Never empty where it stands.
pub(super) type Names = Vec<Locator>;

/// A step of a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Move {
    Open(String),
    Click(Names),
    DoubleClick(Names),
    Fill {
        into: Names,
        with: String,
    },
    Literal {
        into: Names,
        text: String,
    },
    Press {
        key: &'static str,
        within: Option<Names>,
    },
    Hover(Names),
    See(Names),
    Gone(Names),
    /// Something to ask or to tell the author.
    Note(String),
}

/// A frame that steps reach into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DraftFrame {
    pub name: String,
    pub names: Names,
    /// The name of its origin.
    pub origin: String,
}

/// What lies over the page now and then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Overlay {
    /// What shows that it is there.
    pub see: Names,
    /// The button that closes it.
    pub close: Names,
}

/// How far a login was followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignIn {
    /// Nobody said with what account, or it must not be tried; why.
    NotTried(String),
    /// The app took the credentials.
    Done,
    /// It asked for a code of a second factor.
    CodeWanted,
    /// It did not take them; what it said.
    Refused(String),
    /// It is not known what became of it; what was there instead.
    Unclear(String),
}

/// Something to do, and the way to its page from where a login ends.
#[derive(Debug, Clone)]
pub(super) struct Settings<T> {
    pub way: Vec<Move>,
    pub what: T,
}

/// What sends a form off.
#[derive(Debug, Clone)]
pub(super) enum Sent {
    /// A button.
    Click(Names),
    /// The key, in its last field.
    Enter,
    /// Nobody knows.
    Unknown,
}

/// The change of the password.
#[derive(Debug, Clone)]
pub(super) struct ChangeForm {
    pub current: Option<Names>,
    pub new: Names,
    pub repeat: Option<Names>,
    /// What else is done in it before it is sent off.
    pub also: Vec<Move>,
    pub sent: Sent,
    pub rules: Option<String>,
    pub minlength: Option<u32>,
    /// What the page says before anything is done, in small letters.
    pub says: SecretString,
}

/// What was found of an app.
#[derive(Debug, Clone)]
pub struct Findings {
    pub(super) app: String,
    pub(super) title: String,
    /// Name and origin; `app` is the first.
    pub(super) origins: Vec<(String, String)>,
    pub(super) frames: Vec<DraftFrame>,
    /// What lies over the page now and then: a banner about cookies, a dialog that greets.
    pub(super) overlays: Vec<Overlay>,
    /// What was recorded and belongs to none of the flows.
    pub(super) leftover: Vec<Move>,
    pub(super) login: Vec<Move>,
    /// What the login's page says before anything is done, in small letters.
    pub(super) login_says: SecretString,
    /// What apps say to wrong credentials in the login's language.
    pub(super) refused: Words,
    /// What the page behind the login says, in small letters.
    pub(super) home_says: SecretString,
    /// What the app said when the login's form was there again, where it is not known to be a refusal.
    pub(super) answered: Option<String>,
    /// The steps behind a code's field: where it goes, and how it is sent.
    pub(super) code: Option<(Names, Option<Names>)>,
    /// The login's first field: what shows that nobody is signed in.
    pub(super) entrance: Names,
    /// What leads to the login from a page that everybody sees: it shows the same.
    pub(super) way_in: Option<Names>,
    /// What only somebody signed in sees.
    pub(super) mark: Option<Names>,
    /// What the page says that shows the end of the session, where that is none that leads to a login.
    pub(super) farewell: Option<Locator>,
    /// It is only what was there after the login and not before.
    pub(super) mark_is_guessed: bool,
    /// What ends the session, and the way to it: the click that opens a menu, say.
    pub(super) way_out: Option<Settings<Names>>,
    pub(super) change: Option<Settings<ChangeForm>>,
    pub(super) mfa: Option<Settings<Names>>,
    /// What was opened and clicked behind the login.
    pub(super) looked: Vec<String>,
    /// What else the author should know.
    pub(super) remarks: Vec<String>,
    /// Whether the login's steps are none that sign in, which a remark says.
    pub(super) without_login: bool,
    /// How far the login was followed.
    pub sign_in: SignIn,
}

impl Findings {
    /// Nothing yet; and why nobody has signed in.
    pub(super) fn new(app: &str, not_tried: &str) -> Self {
        Self {
            app: app.to_owned(),
            title: app.to_owned(),
            origins: Vec::new(),
            frames: Vec::new(),
            overlays: Vec::new(),
            leftover: Vec::new(),
            login: Vec::new(),
            login_says: SecretString::default(),
            refused: REFUSED,
            home_says: SecretString::default(),
            answered: None,
            code: None,
            entrance: Vec::new(),
            way_in: None,
            mark: None,
            farewell: None,
            mark_is_guessed: false,
            way_out: None,
            change: None,
            mfa: None,
            looked: Vec::new(),
            remarks: Vec::new(),
            without_login: false,
            sign_in: SignIn::NotTried(not_tried.to_owned()),
        }
    }

    /// The name of an origin, declared if it is not yet.
    pub(super) fn origin_name(&mut self, serialised: &str) -> String {
        let known = &mut self.origins;
        if let Some((name, _)) = known.iter().find(|(_, origin)| origin == serialised) {
            return name.clone();
        }
        let name = if known.len() == 1 { "other".to_owned() } else { format!("other_{}", known.len()) };
        known.push((name.clone(), serialised.to_owned()));
        name
    }

    /// The name of a frame, declared if it is not yet.
    pub(super) fn frame_name(&mut self, names: Names, origin: String) -> String {
        let known = self.frames.iter().find(|frame| frame.names == names && frame.origin == origin);
        if let Some(known) = known {
            return known.name.clone();
        }
        let name = match self.frames.len() {
            0 => "inner".to_owned(),
            more => format!("inner_{}", more + 1),
        };
        self.frames.push(DraftFrame { name: name.clone(), names, origin });
        name
    }
}
