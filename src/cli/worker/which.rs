use std::collections::BTreeSet;

use clap::Args;

use crate::cli::Failure;
use crate::store::WorkerRow;

/// Which workers are meant.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// HOST, HOST:PID, or the worker's id or its end, as the table shows it
    #[arg(value_name = "WORKER", required_unless_present = "all", conflicts_with = "all")]
    workers: Vec<String>,
    /// All that there are
    #[arg(long)]
    all: bool,
}

impl Which {
    /// Those of these that are meant.
    ///
    /// # Errors
    /// If a name names none.
    pub fn of(&self, rows: Vec<WorkerRow>) -> Result<Vec<WorkerRow>, Failure> {
        let mut meant = BTreeSet::new();
        for name in &self.workers {
            let before = meant.len();
            let named = rows.iter().filter(|row| is_named(row, name));
            meant.extend(named.map(|row| row.id.to_string()));
            if meant.len() == before && !rows.iter().any(|row| is_named(row, name)) {
                return Err(Failure::usage(format_args!(
                    "no worker is called `{name}`: `turnlock worker list` shows those that there are"
                )));
            }
        }
        Ok(rows.into_iter().filter(|row| self.all || meant.contains(row.id.as_str())).collect())
    }
}

/// The last part of its id, which no other worker has.
#[must_use]
pub fn short(row: &WorkerRow) -> &str {
    row.id.as_str().rsplit(':').next().unwrap_or_default()
}

fn is_named(row: &WorkerRow, name: &str) -> bool {
    let id = row.id.as_str();
    let place = row.id.host().zip(row.id.pid());
    id == name
        || short(row) == name
        || place.is_some_and(|(host, pid)| host == name || format!("{host}:{pid}") == name)
}
