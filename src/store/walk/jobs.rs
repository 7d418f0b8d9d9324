//! How a page of the jobs is looked for.

use super::{Condition, RARE, Strand, Table, Value, Walk, of_outcomes};
use crate::job::{Kind, Outcome};
use crate::store::{JobQuery, JobState};

/// What the indices of outcomes and codes hold: most jobs succeed, and whoever asks for those finds them without an index.
const NOT_WELL: &str = "outcome <> 'succeeded'";

/// What the index of states holds: most jobs have finished.
const NOT_FINISHED: &str = "state <> 'finished'";

/// The ways to walk, of which the one is taken that leads farthest. `few_accounts` says that those of the token are few enough
/// to walk each of them.
pub(in crate::store) fn ways(query: &JobQuery, few_accounts: bool) -> Vec<Walk> {
    let all = parts(query);
    let first = |which: fn(&Part) -> bool| all.iter().position(which);
    let strands = if let Some(of_account) = first(|part| part.column == "account") {
        vec![Some(of_account)]
    } else if query.shared_with.is_some() && few_accounts {
        vec![None]
    } else {
        let indexed: Vec<_> = (0..all.len()).filter(|nth| all[*nth].index.is_some()).map(Some).collect();
        if indexed.is_empty() { vec![None] } else { indexed }
    };
    strands.into_iter().map(|along| walk(query, &all, along, few_accounts)).collect()
}

/// A condition on one column.
struct Part {
    column: &'static str,
    /// Any of these.
    values: Vec<String>,
    /// All of it in SQL.
    said: Condition,
    /// The index that yields such rows newest first, if there is one: what it holds.
    index: Option<Option<&'static str>>,
}

fn parts(query: &JobQuery) -> Vec<Part> {
    let one = |column, is, value: String, index| Part {
        column,
        values: vec![value.clone()],
        said: Condition::Of(is, Value::Text(value)),
        index,
    };
    let mut parts = Vec::new();
    if let Some(account) = &query.account {
        parts.push(one("account", "account = ", account.to_string(), Some(None)));
    }
    if let Some(state) = query.state {
        let index = (state != JobState::Finished).then_some(Some(NOT_FINISHED));
        parts.push(one("state", "state = ", state.to_string(), index));
    }
    if let Some(code) = query.code {
        let index = (code.outcome() != Outcome::Succeeded).then_some(Some(NOT_WELL));
        parts.push(one("code", "code = ", code.to_string(), index));
    }
    if !query.outcomes.is_empty() {
        let wanted: Vec<_> =
            Outcome::ALL.into_iter().filter(|outcome| query.outcomes.contains(outcome)).collect();
        let well = wanted.contains(&Outcome::Succeeded);
        parts.push(Part {
            column: "outcome",
            values: wanted.iter().map(ToString::to_string).collect(),
            said: Condition::Said(of_outcomes(&wanted)),
            index: (!well).then_some(Some(NOT_WELL)),
        });
    }
    if let Some(app) = &query.app {
        parts.push(one("app", "app = ", app.clone(), Some(None)));
    }
    if let Some(asker) = &query.requested_by {
        parts.push(one("requested_by", "requested_by = ", asker.clone(), Some(None)));
    }
    if let Some(kind) = query.kind {
        let index = (kind != Kind::VerifyLogin).then_some(Some(RARE));
        parts.push(one("kind", "kind = ", kind.to_string(), index));
    }
    parts
}

/// Along that part, or along the places of all jobs.
fn walk(query: &JobQuery, parts: &[Part], along: Option<usize>, few_accounts: bool) -> Walk {
    let part = along.map(|nth| &parts[nth]);
    let also: Vec<_> = part
        .and_then(|part| part.index.flatten())
        .map(|holds| Condition::Said(holds.to_owned()))
        .into_iter()
        .collect();
    let strands = match part {
        Some(part) => {
            let strand = |value: &String| Strand {
                at: vec![(part.column, Value::Text(value.clone()))],
                also: also.clone(),
            };
            part.values.iter().map(strand).collect()
        }
        None => vec![Strand { at: Vec::new(), also }],
    };
    let accounts_of = query.shared_with.filter(|_| part.is_none() && few_accounts);
    let others = (0..parts.len()).filter(|nth| Some(*nth) != along);
    let mut rest: Vec<_> = others.map(|nth| parts[nth].said.clone()).collect();
    rest.extend(query.shared_with.filter(|_| accounts_of.is_none()).map(Condition::SharedWith));
    Walk { table: Table::Jobs, strands, after: None, before: query.before, accounts_of, rest }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::job::Code;

    /// By which columns, each with whether nothing else is asked.
    fn of(query: &JobQuery, few_accounts: bool) -> Vec<(&'static str, bool)> {
        let along = |walk: &Walk| walk.strands[0].at.first().map_or("", |(column, _)| *column);
        ways(query, few_accounts).iter().map(|walk| (along(walk), walk.is_straight())).collect()
    }

    #[test]
    fn what_one_index_knows_is_walked_straight() {
        let all = JobQuery::default;
        for (query, along) in [
            (all(), ""),
            (JobQuery { state: Some(JobState::Queued), ..all() }, "state"),
            (JobQuery { account: "acme/alice".parse().ok(), ..all() }, "account"),
            (JobQuery { app: Some("acme".to_owned()), ..all() }, "app"),
            (JobQuery { code: Some(Code::Captcha), before: Some(7), ..all() }, "code"),
            (JobQuery { outcomes: Outcome::FAILED.to_vec(), ..all() }, "outcome"),
            (JobQuery { requested_by: Some("me".to_owned()), ..all() }, "requested_by"),
            (JobQuery { kind: Some(Kind::Reconcile), ..all() }, "kind"),
        ] {
            assert_eq!(of(&query, false), [(along, true)]);
        }
        let failed = JobQuery { outcomes: Outcome::FAILED.to_vec(), ..all() };
        assert_eq!(ways(&failed, false)[0].strands.len(), 4);
    }

    #[test]
    fn what_is_frequent_is_looked_for_among_the_rest() {
        let query = JobQuery {
            state: Some(JobState::Finished),
            kind: Some(Kind::VerifyLogin),
            outcomes: vec![Outcome::Succeeded],
            code: Some(Code::LoggedIn),
            ..JobQuery::default()
        };
        assert_eq!(of(&query, false), [("", false)]);
        let query = JobQuery { app: Some("acme".to_owned()), code: Some(Code::Captcha), ..query };
        assert_eq!(of(&query, false), [("code", false), ("app", false)]);
        let shared = JobQuery { shared_with: Some(Uuid::nil()), ..query };
        assert_eq!(of(&shared, false), [("code", false), ("app", false)]);
        assert_eq!(of(&shared, true), [("", false)]);
        assert_eq!(ways(&shared, true)[0].accounts_of, Some(Uuid::nil()));
        let only = JobQuery { account: "acme/alice".parse().ok(), ..shared };
        assert_eq!(of(&only, true), [("account", false)]);
    }
}
