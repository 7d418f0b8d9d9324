//! From the log to messages.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::message::message;
use super::{Endpoint, Event};
use crate::job::Verdict;
use crate::store::{AttemptRow, LogQuery, NewDelivery, Store, StoreError, Subscription};

/// So many changes of the log are looked at in one go.
const AT_ONCE: u32 = 200;

/// What is older is told no more, as when nobody has looked for so long.
const OLDEST: SignedDuration = SignedDuration::from_hours(72);

/// An event of which a server is told.
type Pair<'a> = (&'a Endpoint, Event);

/// Writes down messages about what has happened since the last look. Returns whether there may be more.
pub(super) async fn gather(store: &dyn Store, endpoints: &[Endpoint]) -> Result<bool, StoreError> {
    let each = |endpoint| move |event: &Event| (endpoint, *event);
    let pairs: Vec<Pair<'_>> =
        endpoints.iter().flat_map(|endpoint| endpoint.events().iter().map(each(endpoint))).collect();
    let cursors = store.webhook_cursors(&subscriptions(&pairs)).await?;
    // All stand at one place, but for those that some process has not known of yet.
    let mut places = BTreeMap::<i64, Vec<Pair<'_>>>::new();
    for (pair, from) in pairs.into_iter().zip(cursors) {
        places.entry(from).or_default().push(pair);
    }
    let mut more = false;
    for (from, pairs) in places {
        more |= gather_from(store, &pairs, from).await?;
    }
    Ok(more)
}

async fn gather_from(store: &dyn Store, pairs: &[Pair<'_>], from: i64) -> Result<bool, StoreError> {
    let of = subscriptions(pairs);
    let rows = store.log_changes(from, AT_ONCE).await?;
    let happenings = store.happenings(&of, AT_ONCE).await?;
    let Some(to) = rows.iter().map(|row| row.changed).max().or((!happenings.is_empty()).then_some(from))
    else {
        return Ok(false);
    };
    let oldest = Timestamp::now().saturating_sub(OLDEST).unwrap_or(Timestamp::MIN);
    let mut messages = Vec::new();
    for row in &rows {
        // One that has merely begun is told when it has ended.
        if let Some(at) = row.ended_at.filter(|at| *at > oldest) {
            messages.extend(of_attempt(store, pairs, row, at).await?);
        }
    }
    for happening in happenings.iter().filter(|happening| happening.at > oldest) {
        let data = serde_json::from_str(&happening.data).unwrap_or_default();
        let told = pairs.iter().filter(|(endpoint, event)| {
            endpoint.name() == happening.endpoint && event.as_str() == happening.event
        });
        messages.extend(told.map(|(endpoint, event)| message(endpoint, *event, happening.at, &data)));
    }
    store.put_deliveries(&of, (from, to), &happenings, &messages).await?;
    Ok(rows.len() == AT_ONCE as usize || happenings.len() == AT_ONCE as usize)
}

fn subscriptions(pairs: &[Pair<'_>]) -> Vec<Subscription> {
    let one = |(endpoint, event): &Pair<'_>| Subscription {
        endpoint: endpoint.name().to_owned(),
        event: event.as_str().to_owned(),
    };
    pairs.iter().map(one).collect()
}

async fn of_attempt(
    store: &dyn Store,
    pairs: &[Pair<'_>],
    row: &AttemptRow,
    at: Timestamp,
) -> Result<Vec<NewDelivery>, StoreError> {
    let wants = |wanted| pairs.iter().any(|(_, event)| *event == wanted);
    let human = row.verdict.as_ref().is_some_and(Verdict::calls_a_person);
    let mut events = vec![Event::AttemptEnded];
    // Whether there is another try stands with the job.
    if (wants(Event::JobFinished) || (human && wants(Event::NeedsHuman))) && is_last(store, row).await? {
        events.push(Event::JobFinished);
        events.extend(human.then_some(Event::NeedsHuman));
    }
    let data = row.as_json();
    let told = pairs.iter().filter(|(_, event)| events.contains(event));
    Ok(told.map(|(endpoint, event)| message(endpoint, *event, at, &data)).collect())
}

/// Whether the job has ended with this attempt.
async fn is_last(store: &dyn Store, row: &AttemptRow) -> Result<bool, StoreError> {
    let job = store.job(row.job).await?;
    let newest = LogQuery { job: Some(row.job), limit: 1, ..LogQuery::default() };
    let newest = store.log(&newest).await?;
    let is_newest = newest.first().is_none_or(|newest| newest.id == row.id);
    Ok(is_newest && job.is_none_or(|job| job.has_ended()))
}
