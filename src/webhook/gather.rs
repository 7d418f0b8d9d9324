//! From the log to messages.

use jiff::{SignedDuration, Timestamp};

use super::message::message;
use super::{Endpoint, Event};
use crate::job::Verdict;
use crate::store::{AttemptRow, LogQuery, NewDelivery, Store, StoreError};

/// So many changes of the log are looked at in one go.
const AT_ONCE: u32 = 200;

/// What is older is told no more, as when nobody has looked for so long.
const OLDEST: SignedDuration = SignedDuration::from_hours(72);

/// Writes down messages about what has happened since the last look. Returns whether there may be more.
pub(super) async fn gather(store: &dyn Store, endpoints: &[Endpoint]) -> Result<bool, StoreError> {
    let from = store.webhook_cursor().await?;
    let rows = store.log_changes(from, AT_ONCE).await?;
    let happenings = store.happenings(AT_ONCE).await?;
    let Some(to) = rows.iter().map(|row| row.changed).max().or((!happenings.is_empty()).then_some(from))
    else {
        return Ok(false);
    };
    let oldest = Timestamp::now().saturating_sub(OLDEST).unwrap_or(Timestamp::MIN);
    let mut messages = Vec::new();
    for row in &rows {
        // One that has merely begun is told when it has ended.
        if let Some(at) = row.ended_at.filter(|at| *at > oldest) {
            messages.extend(of_attempt(store, endpoints, row, at).await?);
        }
    }
    for happening in happenings.iter().filter(|happening| happening.at > oldest) {
        let Ok(event) = happening.event.parse() else { continue };
        let data = serde_json::from_str(&happening.data).unwrap_or_default();
        let wanted = endpoints.iter().filter(|endpoint| endpoint.events().contains(&event));
        messages.extend(wanted.map(|endpoint| message(endpoint, event, happening.at, &data)));
    }
    let told: Vec<_> = happenings.iter().map(|happening| happening.seq).collect();
    store.put_deliveries((from, to), &told, &messages).await?;
    Ok(rows.len() == AT_ONCE as usize || told.len() == AT_ONCE as usize)
}

async fn of_attempt(
    store: &dyn Store,
    endpoints: &[Endpoint],
    row: &AttemptRow,
    at: Timestamp,
) -> Result<Vec<NewDelivery>, StoreError> {
    let wants = |event| endpoints.iter().any(|endpoint| endpoint.events().contains(&event));
    let human = row.verdict.as_ref().is_some_and(Verdict::calls_a_person);
    let mut events = vec![Event::AttemptEnded];
    // Whether there is another try stands with the job.
    if (wants(Event::JobFinished) || (human && wants(Event::NeedsHuman))) && is_last(store, row).await? {
        events.push(Event::JobFinished);
        events.extend(human.then_some(Event::NeedsHuman));
    }
    let data = row.as_json();
    let each = |event: Event| {
        let wanted = endpoints.iter().filter(move |endpoint| endpoint.events().contains(&event));
        wanted.map(|endpoint| message(endpoint, event, at, &data)).collect::<Vec<_>>()
    };
    Ok(events.into_iter().flat_map(each).collect())
}

/// Whether the job has ended with this attempt.
async fn is_last(store: &dyn Store, row: &AttemptRow) -> Result<bool, StoreError> {
    let job = store.job(row.job).await?;
    let newest = LogQuery { job: Some(row.job), limit: 1, ..LogQuery::default() };
    let newest = store.log(&newest).await?;
    let is_newest = newest.first().is_none_or(|newest| newest.id == row.id);
    Ok(is_newest && job.is_none_or(|job| job.has_ended()))
}
