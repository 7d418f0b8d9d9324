//! Which job is meant.

use uuid::Uuid;

use super::Failure;
use crate::store::{JobQuery, LogQuery, Store};

/// The end of a job's id, as the log shows it, is looked for among so many attempts, and so many jobs.
const NEWEST: u32 = 10_000;

/// Fewer characters of an id name no job.
const FEWEST: usize = 4;

/// The job that is named by its id, or by the end of it.
///
/// # Errors
/// With [`super::Exit::Usage`] if that is none, or several.
pub async fn identify(store: &dyn Store, name: &str) -> Result<Uuid, Failure> {
    if let Ok(id) = name.parse() {
        return Ok(id);
    }
    let end = name.to_ascii_lowercase();
    let mut found = Vec::new();
    if end.len() >= FEWEST && end.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
        let rows = store.log(&LogQuery { limit: NEWEST, ..LogQuery::default() }).await?;
        found.extend(rows.iter().map(|row| row.job));
        // Those too that no attempt was made at yet.
        let jobs = store.job_list(&JobQuery { limit: NEWEST, ..JobQuery::default() }).await?;
        found.extend(jobs.iter().map(|row| row.job.id));
        found.retain(|job| job.to_string().ends_with(&end));
        found.sort();
        found.dedup();
    }
    match found.as_slice() {
        [id] => Ok(*id),
        [] => Err(Failure::usage(format_args!(
            "`{name}` is the id of no job, nor the end of a late one: write the whole id, as `turnlock submit` shows it"
        ))),
        several => {
            let ids: Vec<_> = several.iter().map(Uuid::to_string).collect();
            Err(Failure::usage(format_args!("`{name}` is the end of several ids: {}", ids.join(", "))))
        }
    }
}
