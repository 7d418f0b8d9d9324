//! Every recipe of docs/playbooks/cookbook.md, as it stands there, against the bundled app.

use std::collections::{BTreeMap, BTreeSet};

use acme::{Approval, NewUser, Options, Switches, TotpShape};
use futures::future::join_all;
use secrecy::ExposeSecret;
use turnlock::job::{Code, Kind};

use crate::harness::rig::{FIRST_PASSWORD, Plan, Rig, acme_playbook};

/// What a recipe is tried with.
struct Trial {
    recipe: &'static str,
    /// The app's name, for there is one for each.
    app: &'static str,
    switches: fn(&mut Switches),
    job: Kind,
    ends: Code,
}

const fn trial(
    recipe: &'static str,
    app: &'static str,
    switches: fn(&mut Switches),
    job: Kind,
    ends: Code,
) -> Trial {
    Trial { recipe, app, switches, job, ends }
}

const TRIALS: [Trial; 11] = [
    trial("The login has two pages", "two-pages", |_| {}, Kind::VerifyLogin, Code::LoggedIn),
    trial("The form is in a frame of another origin", "framed", |_| {}, Kind::VerifyLogin, Code::LoggedIn),
    trial("The app mails a code at the login", "mailed", |_| {}, Kind::VerifyLogin, Code::LoggedIn),
    trial(
        "An approval on a phone",
        "approval",
        |on| on.approval = Some(Approval::Clicked),
        Kind::VerifyLogin,
        Code::HumanWanted,
    ),
    trial(
        "A banner covers every page",
        "banner",
        |on| on.cookie_banner = true,
        Kind::VerifyLogin,
        Code::LoggedIn,
    ),
    trial(
        "A dialog comes late",
        "dialog",
        |on| on.late_dialog = true,
        Kind::ChangePassword,
        Code::PasswordChanged,
    ),
    trial(
        "The app asks for the password again",
        "reauth",
        |on| on.reauth = true,
        Kind::EnrolMfa,
        Code::MfaEnabled,
    ),
    trial(
        "The secret is a picture only",
        "picture",
        |on| on.qr_only = true,
        Kind::EnrolMfa,
        Code::MfaEnabled,
    ),
    trial("The page submits itself", "submits", |on| on.auto_submit = true, Kind::EnrolMfa, Code::MfaEnabled),
    trial(
        "The recovery codes come as a file",
        "file",
        |on| on.codes_in_file = true,
        Kind::EnrolMfa,
        Code::MfaEnabled,
    ),
    trial(
        "Only its errors tell the password rules",
        "rules",
        |_| {},
        Kind::ChangePassword,
        Code::PasswordChanged,
    ),
];

/// The cookbook's recipes: what stands in each one's block, by its heading.
fn recipes() -> BTreeMap<String, String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/playbooks/cookbook.md");
    let book = std::fs::read_to_string(path).unwrap();
    let sections = book.split("\n## ").skip(1);
    sections
        .map(|section| {
            let (heading, text) = section.split_once('\n').unwrap();
            let block = text.split("```yaml\n").nth(1).unwrap_or_else(|| panic!("{heading} has no playbook"));
            (heading.to_owned(), block.split("```").next().unwrap().to_owned())
        })
        .collect()
}

/// The parts of a text that begin at a key of this indentation, in order.
fn parts(text: &str, indent: usize) -> Vec<(String, String)> {
    let mut parts: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        let begins = line.len() > indent
            && line[..indent].trim().is_empty()
            && line[indent..].starts_with(|c: char| c.is_ascii_lowercase());
        if begins {
            parts.push((line.trim().split(':').next().unwrap().to_owned(), String::new()));
        }
        if let Some((_, part)) = parts.last_mut() {
            part.push_str(line);
            part.push('\n');
        }
    }
    parts
}

/// The bundled app's playbook with the recipe's parts in place of its own.
fn with(recipe: &str) -> String {
    let replace = |own: Vec<(String, String)>, by: Vec<(String, String)>| {
        let mut parts = own;
        for (key, part) in by {
            match parts.iter_mut().find(|(own, _)| *own == key) {
                Some((_, own)) => *own = part,
                None => parts.insert(0, (key, part)),
            }
        }
        parts
    };
    let text = |parts: Vec<(String, String)>| parts.into_iter().map(|(_, part)| part).collect::<String>();
    let flows = |parts: &mut Vec<(String, String)>| {
        let at = parts.iter().position(|(key, _)| key == "flows");
        at.map(|at| self::parts(&parts.remove(at).1, 2)).unwrap_or_default()
    };
    let (mut own, mut by) = (parts(&acme_playbook(), 0), parts(recipe, 0));
    let steps = replace(flows(&mut own), flows(&mut by));
    text(replace(own, by)) + "flows:\n" + &text(steps)
}

#[test]
fn every_recipe_is_tried() {
    let written: BTreeSet<_> = recipes().into_keys().collect();
    let tried: BTreeSet<_> = TRIALS.iter().map(|trial| trial.recipe.to_owned()).collect();
    assert_eq!(written, tried);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_recipe_works_as_it_stands() {
    let recipes = recipes();
    let plans = TRIALS.iter().map(|Trial { recipe, app, .. }| {
        let plan = Plan::default();
        // A secret that is read as text alone says nothing of codes of another shape than the usual one.
        let totp = TotpShape::default();
        let options = Options { cross_site_frame: *app == "framed", totp, ..plan.app };
        Plan { name: app, app: options, playbook: with(&recipes[*recipe]) }
    });
    let rig = Rig::planned(plans.collect()).await;
    let tried = TRIALS.iter().map(async |Trial { recipe, app, switches, job, ends }| {
        let account = format!("{app}/{app}").parse().unwrap();
        let site = rig.app_of(&account);
        let address = format!("{app}@managed.test");
        let user = NewUser::new(*app, FIRST_PASSWORD).email(&address);
        site.add_user(if *app == "mailed" { user.code_login() } else { user }).unwrap();
        let mut wanted = Switches::default();
        switches(&mut wanted);
        site.set_switches(wanted);
        let account = rig.known(&account.to_string(), FIRST_PASSWORD, Some(&address)).await;
        let verdict = rig.run(*job, &account).await.verdict.unwrap();
        (verdict.code != *ends).then(|| format!("{recipe}: {verdict:?}"))
    });
    let failed: Vec<_> = join_all(tried).await.into_iter().flatten().collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    // The codes of the file are those that the app knows.
    let held = rig.credentials(&"file/file".parse().unwrap()).await.recovery_codes.unwrap();
    assert_eq!(held.secret.expose_secret().matches('"').count(), 20);
}
