use std::collections::BTreeMap;
use std::io::{Write, stdout};

use clap::Args;
use comfy_table::{Cell, Color};
use jiff::Timestamp;
use serde_json::json;

use super::{Context, Exit, Failure};
use crate::cli::canary;
use crate::cli::library::Library;
use crate::cli::{output, parts};
use crate::config::Config;
use crate::store::{AppLimits, AppRow, Breaker, CanaryRow, Limit, Store};
use crate::words::failures;

pub const HELP: &str = "\
`2 of 3` says that 2 are under way of the 3 that the playbook allows. While an app's breaker is open its jobs wait, but
for one at a time that probes whether the app works again. What its canary showed last comes from `turnlock playbook canary`.";

#[derive(Debug, Args)]
pub struct List {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl List {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let store = parts::open_store(&config).await?;
        let apps = apps(&config, store.as_ref()).await?;
        let canaries = store.canaries(None).await?;
        let of = |app: &str| canaries.iter().filter(|row| row.last.account.app() == app).collect::<Vec<_>>();
        let mut out = stdout().lock();
        if self.json {
            for app in apps {
                writeln!(out, "{}", as_json(&app, &of(&app.app)))?;
            }
            return Ok(Exit::Done);
        }
        if apps.is_empty() {
            writeln!(out, "no apps; `turnlock playbook list` says where they come from")?;
            return Ok(Exit::Done);
        }
        let mut table =
            output::table(["app", "running", "begun in a minute", "waiting", "breaker", "canary"]);
        for app in apps {
            let breaker = Cell::new(breaker(&app));
            let canaries = of(&app.app);
            let canary = Cell::new(canary::cell(&canaries));
            let ill = canaries.iter().any(|row| !row.is_well());
            let open = app.breaker != Breaker::Closed;
            table.add_row([
                Cell::new(&app.app),
                Cell::new(number(app.running, app.limits.concurrent)),
                Cell::new(number(app.begun, app.limits.beginnings.map(|limit| limit.most))),
                Cell::new(app.waiting),
                if open && context.colour { breaker.fg(Color::Red) } else { breaker },
                if ill && context.colour { canary.fg(Color::Red) } else { canary },
            ]);
        }
        writeln!(out, "{table}")?;
        Ok(Exit::Done)
    }
}

/// The apps that have a playbook here, and those that have jobs or a gate. Where no worker has told the limits yet, the
/// playbook does.
async fn apps(config: &Config, store: &dyn Store) -> Result<Vec<AppRow>, Failure> {
    let mut apps: BTreeMap<String, AppRow> =
        store.apps().await?.into_iter().map(|row| (row.app.clone(), row)).collect();
    // Of an invalid one the worker tells.
    let library = Library::load(&config.playbooks, &config.origins, false).unwrap_or_default();
    for playbook in library.iter() {
        let app = playbook.app.to_string();
        let row = apps.entry(app.clone()).or_insert_with(|| AppRow { app, ..AppRow::default() });
        if row.limits.are_none() {
            let window = std::time::Duration::from_secs(60);
            let beginnings = playbook.limits.per_minute.map(|most| Limit { most, window });
            row.limits = AppLimits { concurrent: playbook.limits.concurrent, beginnings };
        }
    }
    Ok(apps.into_values().collect())
}

fn number(number: u32, most: Option<u32>) -> String {
    most.map_or_else(|| number.to_string(), |most| format!("{number} of {most}"))
}

/// The breaker in a few lines.
#[must_use]
pub fn breaker(app: &AppRow) -> String {
    let failures = match (app.failures, app.code) {
        (0, _) => String::new(),
        (1, Some(code)) => format!("1 failure in a row, {code}"),
        (many, Some(code)) => format!("{} in a row, the last {code}", failures(many)),
        (many, None) => format!("{} in a row", failures(many)),
    };
    match app.breaker {
        Breaker::Closed if failures.is_empty() => "closed".to_owned(),
        Breaker::Closed => format!("closed ({failures})"),
        Breaker::Open { since, probing: true, .. } => {
            format!("open since {}\n{failures}\na probe is under way", output::local_time(since))
        }
        Breaker::Open { since, probe_at, probing: false } => {
            let next = match probe_at > Timestamp::now() {
                true => format!("the next probe is at {}", output::local_time(probe_at)),
                false => "the next job is a probe".to_owned(),
            };
            format!("open since {}\n{failures}\n{next}", output::local_time(since))
        }
    }
}

/// The app as programs read it.
#[must_use]
pub fn as_json(app: &AppRow, canaries: &[&CanaryRow]) -> serde_json::Value {
    let (breaker, since, probe_at) = match app.breaker {
        Breaker::Closed => ("closed", None, None),
        Breaker::Open { since, probe_at, probing } => {
            (if probing { "probing" } else { "open" }, Some(since.to_string()), Some(probe_at.to_string()))
        }
    };
    json!({
        "app": app.app,
        "running": app.running,
        "concurrent": app.limits.concurrent,
        "begun": app.begun,
        "per_minute": app.limits.beginnings.map(|limit| limit.most),
        "waiting": app.waiting,
        "breaker": breaker,
        "failures": app.failures,
        "code": app.code.map(|code| code.as_str()),
        "open_since": since,
        "probe_at": probe_at,
        "canary": canaries.iter().copied().map(canary::as_json).collect::<Vec<_>>(),
    })
}
