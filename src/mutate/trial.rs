//! One step on one changed page.

use std::time::Duration;

use secrecy::SecretString;
use serde::Serialize;

use crate::browser::{Page, PageError, Typed};
use crate::pages::step::branch;
use crate::playbook::{Action, CodesSource, SecretForm, Target, Value};

/// How long a step is given: what comes late comes after half a second.
const WITHIN: Duration = Duration::from_secs(4);
/// How long a kept page may take to be there on a busy machine.
pub(super) const LOADED: Duration = Duration::from_secs(20);

/// What became of a step on a changed page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "fate", content = "why", rename_all = "snake_case")]
pub enum Fate {
    /// It acted on the element that it is about, or saw the state that the page is in.
    Survived,
    /// It failed, and said why.
    Broke(String),
    /// It acted on something else, or took the page for what it is not. Never to be.
    Misled(String),
    /// The change touched nothing that the step is about.
    NotApplicable,
    /// The page, or what the step found on it, cannot be shown.
    Untried(String),
}

impl Fate {
    /// Why it did not survive; nothing if it did.
    #[must_use]
    pub fn why(&self) -> &str {
        match self {
            Self::Broke(why) | Self::Misled(why) | Self::Untried(why) => why,
            Self::Survived | Self::NotApplicable => "",
        }
    }
}

/// What a step is about on a kept page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct About {
    pub frame: Option<String>,
    pub places: Vec<String>,
    pub state: Option<String>,
}

/// Performs the action on the page that is open, with this change.
pub(super) async fn trial(page: &Page, action: &Action, about: &About, mutation: Option<&str>) -> Fate {
    let frame = about.frame.as_deref();
    match page.mutate(frame, &about.places, mutation, LOADED).await {
        Err(error) => return Fate::Untried(format!("the kept page cannot be shown: {error}")),
        Ok(marked) if marked.marked == 0 => {
            return Fate::Untried("what it found is not on the kept page".to_owned());
        }
        Ok(marked) if !marked.applied => return Fate::NotApplicable,
        Ok(_) => {}
    }
    let performed = perform(page, action).await;
    let acted = page.acted(frame).await.unwrap_or_default();
    let elsewhere = || acted.what.clone().unwrap_or_else(|| "something in another frame".to_owned());
    match performed {
        Err(error @ PageError::FieldRefused { .. }) if acted.what.is_some() && !acted.marked => {
            Fate::Misled(format!("it acted on {}; {}", elsewhere(), words(&error)))
        }
        Err(error) => Fate::Broke(words(&error)),
        Ok(Done::Saw(place)) => saw(action, about, place),
        Ok(Done::Acted | Done::Clicked) if !acted.marked => {
            Fate::Misled(format!("it acted on {}", elsewhere()))
        }
        Ok(Done::Clicked) if !acted.clicks.contains(&true) => Fate::Broke(
            "it clicked, but what it clicked was replaced meanwhile and saw nothing of it".to_owned(),
        ),
        Ok(Done::Acted | Done::Clicked) => Fate::Survived,
    }
}

fn saw(action: &Action, about: &About, place: usize) -> Fate {
    let Action::Expect(expect) = action else { return Fate::Survived };
    let wanted = about.state.as_deref().and_then(|state| branch(expect, state));
    if wanted == Some(place) {
        return Fate::Survived;
    }
    let (found, state) = (&expect.branches[place].state, about.state.as_deref().unwrap_or("another"));
    Fate::Misled(format!("it took the page for `{found}`, which is `{state}`"))
}

/// What was done.
enum Done {
    /// The target of this place was seen.
    Saw(usize),
    Clicked,
    Acted,
}

async fn perform(page: &Page, action: &Action) -> Result<Done, PageError> {
    match action {
        Action::Click(target) => page.click(target, WITHIN).await.map(|()| Done::Clicked),
        Action::Check { target, on } => page.check(target, *on, WITHIN).await.map(|()| Done::Acted),
        Action::Hover(target) => page.hover(target, WITHIN).await.map(|()| Done::Acted),
        Action::Fill { into, with } => fill(page, into, with).await.map(|()| Done::Acted),
        Action::Select { target, option } => page.select(target, option, WITHIN).await.map(|()| Done::Acted),
        Action::Press { key, in_ } => page.press(*key, in_.as_ref(), WITHIN).await.map(|()| Done::Acted),
        Action::ReadRecoveryCodes { from: CodesSource::Element(from), .. } => {
            page.read_text(from, WITHIN).await.map(|_| Done::Acted)
        }
        Action::ReadRecoveryCodes { from: CodesSource::Download(button), .. } => {
            page.click(button, WITHIN).await.map(|()| Done::Clicked)
        }
        Action::ReadSecret { sources } => {
            let targets: Vec<&Target> = sources.iter().map(|source| &source.from).collect();
            let source = &sources[page.first_of(&targets, "the TOTP secret", WITHIN).await?];
            match source.how {
                SecretForm::Text => page.read_text(&source.from, WITHIN).await.map(drop)?,
                SecretForm::Link => page.read_link(&source.from, WITHIN).await.map(drop)?,
                SecretForm::Qr => page.picture(&source.from, WITHIN).await.map(drop)?,
            }
            Ok(Done::Acted)
        }
        Action::Expect(expect) => {
            let targets: Vec<&Target> = expect.branches.iter().map(|branch| &branch.see).collect();
            page.first_of(&targets, &format!("one of the states {expect}"), WITHIN).await.map(Done::Saw)
        }
        Action::See(target) => page.first_of(&[target], &target.to_string(), WITHIN).await.map(Done::Saw),
        Action::Commit(action) => Box::pin(perform(page, action)).await,
        // Nobody tries these: there is nothing that they find.
        Action::Open(_) | Action::Gone(_) => Ok(Done::Acted),
    }
}

/// Types something of the kind.
async fn fill(page: &Page, into: &Target, with: &Value) -> Result<(), PageError> {
    let (code, text) = (SecretString::from("123456"), SecretString::from("Trial-Value-1"));
    let typed = match with {
        Value::Text(text) => Typed::Plain(text),
        Value::Number => Typed::Plain("+15550100"),
        Value::Address => Typed::Plain("trial@turnlock.test"),
        Value::Username => Typed::Plain("trial"),
        Value::Totp | Value::EmailCode | Value::SmsCode => Typed::Secret(&code),
        Value::Password | Value::NewPassword => Typed::Password(&text),
    };
    page.fill(into, typed, WITHIN).await
}

/// What was awaited and what was there, without the page around it, which anybody can look at.
fn words(error: &PageError) -> String {
    match error {
        PageError::NotAsDescribed { awaited, instead, .. } => format!("awaited {awaited}, but {instead}"),
        error => error.to_string(),
    }
}
