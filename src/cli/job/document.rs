use askama::Template;
use data_encoding::BASE64;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::dossier::{Attempt, Dossier};
use super::evidence::Evidence;
use crate::cli::output::{self, zoned_time};
use crate::redact::for_the_log;
use crate::store::{Step, StepResult};

/// The look of the file. Its hash is the only style that the file's policy lets count, so that a page's text could bring none.
const STYLE: &str = include_str!("../../../templates/job.css");

/// A job as one HTML file. Every text is masked once more as it is taken in, and escaped as it is written.
#[derive(Template)]
#[template(path = "job.html")]
pub(super) struct Document {
    style: &'static str,
    style_hash: String,
    id: String,
    kind: String,
    account: String,
    outcome: String,
    code: Option<String>,
    facts: Vec<Fact>,
    todo: Option<String>,
    attempts: Vec<Section>,
    nested: Vec<Fact>,
    version: &'static str,
    written_at: String,
}

/// A name and what belongs to it.
struct Fact {
    name: String,
    text: String,
}

/// An attempt.
struct Section {
    number: u32,
    outcome: &'static str,
    message: Option<String>,
    facts: Vec<Fact>,
    steps: Vec<Line>,
    /// The PNG in base64.
    picture: Option<String>,
    /// When it was taken, in words.
    pictured: String,
    page: Option<String>,
    /// What cannot be shown, and why.
    missing: Option<String>,
}

/// A step.
struct Line {
    /// No step, but what those behind it are for.
    heading: bool,
    result: &'static str,
    mark: &'static str,
    id: String,
    summary: String,
    took: String,
    decisive: bool,
    more: Vec<Fact>,
}

impl Fact {
    fn new(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), text: for_the_log(text) }
    }
}

impl Document {
    /// Of all that is known of a job. Reads the evidence.
    pub fn of(dossier: &Dossier) -> Self {
        let job = dossier.job.as_ref().map(|row| &row.job);
        let outcome = dossier.outcome();
        let state = dossier.job.as_ref().map(|row| row.state.as_str());
        let facts = [
            ("job", Some(dossier.id.to_string())),
            ("state", state.map(str::to_owned)),
            ("by", job.and_then(|job| job.requested_by.clone())),
            ("reason", job.and_then(|job| job.reason.clone())),
            ("submitted", job.map(|job| zoned_time(job.submitted_at))),
            ("finished", dossier.job.as_ref().and_then(|row| row.finished_at).map(zoned_time)),
            ("attempts", dossier.aside().map(str::to_owned)),
            (
                "caused by",
                dossier.caused_by.map(|cause| format!("job {cause}, which left a credential in doubt")),
            ),
        ];
        let nested = |row: &crate::store::JobRow| {
            let last = row.outcome.zip(row.code);
            let last = last.map(|(outcome, code)| format!(": {outcome} ({code})")).unwrap_or_default();
            Fact::new(&row.job.id.to_string(), &format!("{} {}{last}", row.job.kind, row.state))
        };
        Self {
            style: STYLE,
            style_hash: BASE64.encode(&Sha256::digest(STYLE)),
            id: dossier.id.to_string(),
            kind: dossier.kind.to_string(),
            account: for_the_log(&dossier.account.to_string()),
            outcome: outcome
                .map_or_else(|| state.unwrap_or("under way").to_owned(), |(outcome, _)| outcome.to_string()),
            code: outcome.map(|(_, code)| code.to_string()),
            facts: known(facts),
            todo: dossier.user_action().map(for_the_log),
            attempts: dossier.attempts.iter().map(Section::of).collect(),
            nested: dossier.nested.iter().map(nested).collect(),
            version: env!("CARGO_PKG_VERSION"),
            written_at: zoned_time(Timestamp::now()),
        }
    }
}

impl Section {
    fn of(attempt: &Attempt) -> Self {
        let (row, with) = (&attempt.row, &attempt.row.provenance);
        let facts = [
            ("code", row.verdict.as_ref().map(|verdict| verdict.code.to_string())),
            ("began", Some(zoned_time(row.started_at))),
            ("took", row.duration.map(output::duration)),
            ("worker", Some(row.worker.to_string())),
            ("playbook", with.playbook.clone()),
            ("its text", with.playbook_hash.as_ref().map(|hash| format!("SHA-256 {hash}"))),
            ("browser", with.browser_version.clone()),
        ];
        let (picture, page, missing) = attempt.evidence.as_ref().map_or((None, None, None), evidence);
        let decisive = attempt.decisive();
        Self {
            number: row.number,
            outcome: row.verdict.as_ref().map_or("under way", |verdict| verdict.outcome.as_str()),
            message: attempt.said().map(for_the_log),
            facts: known(facts),
            steps: attempt.steps.iter().map(|step| Line::of(attempt, step, decisive == Some(step))).collect(),
            picture,
            pictured: match Step::pictured(&attempt.steps) {
                Some(step) => format!("at step {}", for_the_log(&step.id)),
                None => "at the end".to_owned(),
            },
            page,
            missing,
        }
    }
}

impl Line {
    fn of(attempt: &Attempt, step: &Step, decisive: bool) -> Self {
        let mut more = Vec::new();
        if decisive {
            more.push(Fact::new("awaited", &step.summary));
        }
        if let Some(detail) = &step.detail {
            more.push(Fact::new(if decisive { "found" } else { "came" }, detail));
        }
        if let Some(quote) = attempt.quote(step).filter(|_| decisive) {
            more.push(Fact::new("playbook", &format!("{}:{}: {}", quote.file, quote.line, quote.text)));
        }
        Self {
            heading: step.is_heading(),
            result: step.result.map_or("open", StepResult::as_str),
            mark: match step.result {
                Some(StepResult::Ok) => "✓",
                Some(StepResult::Failed) => "✗",
                Some(StepResult::Skipped) => "–",
                Some(StepResult::Interrupted) => "!",
                None => "…",
            },
            id: for_the_log(&step.id),
            summary: for_the_log(&step.summary),
            took: step.duration.map_or_else(|| "not ended".to_owned(), output::duration),
            decisive,
            more,
        }
    }
}

/// The picture, what the page said, and what of both cannot be had.
fn evidence(evidence: &Evidence) -> (Option<String>, Option<String>, Option<String>) {
    let folder = for_the_log(&evidence.folder.display().to_string());
    if !evidence.is_here() {
        let missing = format!("The evidence lay in {folder}: it is {}.", evidence.absence());
        return (None, None, Some(missing));
    }
    let mut missing = Vec::new();
    let picture = evidence.read_picture().unwrap_or_else(|error| {
        missing.push(format!("The picture in {folder} cannot be read: {error}."));
        None
    });
    let page = evidence.read_page().unwrap_or_else(|error| {
        missing.push(format!("What the page said lies in {folder} and cannot be read: {error}."));
        None
    });
    let page = page.map(|(text, whole)| {
        let rest = if whole { "" } else { "\n… (the rest lies in the evidence folder)" };
        for_the_log(&text) + rest
    });
    let missing = Some(missing.join(" ")).filter(|missing| !missing.is_empty());
    (picture.map(|png| BASE64.encode(&png)), page, missing)
}

fn known<const N: usize>(facts: [(&str, Option<String>); N]) -> Vec<Fact> {
    facts.into_iter().filter_map(|(name, text)| Some(Fact::new(name, &text?))).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use uuid::Uuid;

    use super::*;
    use crate::job::{Code, Kind, Verdict};
    use crate::redact;
    use crate::store::{AttemptRow, Provenance, WorkerId};

    #[test]
    fn secrets_are_masked_once_more_and_texts_stay_texts() {
        let secret = "Never-In-A-File-7";
        redact::register(&secret.into());
        let said = format!("</pre><script>{secret}</script>");
        let now = Timestamp::now();
        let row = AttemptRow {
            seq: 1,
            changed: 1,
            id: Uuid::now_v7(),
            job: Uuid::now_v7(),
            kind: Kind::VerifyLogin,
            account: "acme/alice".parse().unwrap(),
            requested_by: None,
            number: 1,
            worker: WorkerId::new(said.clone()),
            queued_at: now,
            started_at: now,
            ended_at: Some(now),
            duration: None,
            verdict: Some(Verdict::new(Code::HumanWanted, said.clone())),
            user_action: Some(said.clone()),
            provenance: Provenance { playbook: Some(said.clone()), ..Provenance::default() },
        };
        let step = Step {
            seq: 1,
            id: said.clone(),
            summary: said.clone(),
            started_at: now,
            duration: None,
            result: Some(StepResult::Failed),
            detail: Some(said.clone()),
        };
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("page.txt"), &said).unwrap();
        let (id, account) = (row.job, row.account.clone());
        let evidence = Some(Evidence::in_folder(folder.path(), folder.path().parent().unwrap()));
        let attempt = Attempt { row, steps: vec![step], quotes: BTreeMap::new(), evidence };
        let dossier = Dossier {
            question: None,
            id,
            kind: Kind::VerifyLogin,
            account,
            job: None,
            attempts: vec![attempt],
            caused_by: None,
            nested: Vec::new(),
        };
        let html = Document::of(&dossier).render().unwrap();
        assert!(!html.contains(secret), "{html}");
        assert!(!html.contains("<script"), "{html}");
        // Whoever reads it elsewhere is told of which zone its times are.
        assert!(html.contains(&zoned_time(now)), "{html}");
        // Worker, action, playbook, the step's id, what was done and awaited, what was found, the page.
        assert_eq!(html.matches("script&#62;[secret]").count(), 8, "{html}");
    }
}
