//! How a page of the log, or of the jobs, is looked for: along an index that yields rows newest first, and never farther than
//! a bound, whatever is asked for at once.
//!
//! No database has an index for every set of conditions. So some of them say which rows are walked along, in one strand or
//! several, each in the order of its own index; the others are looked for among those. What is left of the walk when the
//! bound is reached is another page's.

pub(super) mod jobs;
pub(super) mod sql;

use uuid::Uuid;

use super::LogQuery;
use crate::job::{Kind, Outcome};

/// So many rows are looked at for one page at most, where more is asked than one index knows.
pub(super) const WALKED: u32 = 1_000;

/// Whose token has more accounts than that is shown the log by walking along it, not account by account.
pub(super) const ACCOUNTS: u32 = 100;

/// Whose rows are walked along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    /// Those of the automation log, attempts under way included.
    Attempts,
    Jobs,
}

/// What stands in a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Int(i64),
    Id(Uuid),
}

/// A condition that a row has to meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// The column with an operator, and what it is compared with.
    Of(&'static str, Value),
    /// All of it in SQL: what a planner has to see to know which index holds such rows.
    Said(String),
    /// Of accounts that are shared with this token.
    SharedWith(Uuid),
}

/// By what rows are walked along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Job,
    Account,
    /// Each account that is shared with the token is a strand.
    Shared,
    Code,
    /// With outcomes, too, each of them is a strand.
    App,
    Outcome,
    Asker,
    Kind,
    /// By their place alone.
    Place,
}

/// What is asked of the log, in bounds that every walk keeps.
#[derive(Debug, Clone)]
pub(super) struct Question<'a> {
    pub query: &'a LogQuery,
    /// Rows are wanted behind this place.
    pub after: Option<i64>,
    /// And before that one.
    pub before: Option<i64>,
    /// The accounts of the token are few enough to walk each of them.
    pub few_accounts: bool,
}

/// A walk along rows: in strands, each of rows that meet its conditions; of what is walked along, rows that meet the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Walk {
    pub table: Table,
    pub strands: Vec<Strand>,
    /// Rows are walked along behind this place,
    pub after: Option<i64>,
    /// and before that one.
    pub before: Option<i64>,
    /// There is one for each account of this token: the strand holds for all of them.
    pub accounts_of: Option<Uuid>,
    pub rest: Vec<Condition>,
}

/// Rows that stand together in an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Strand {
    /// What the columns of the index say before the place in the log.
    pub at: Vec<(&'static str, Value)>,
    pub also: Vec<Condition>,
}

impl<'a> Question<'a> {
    pub fn new(query: &'a LogQuery) -> Self {
        Self { query, after: None, before: query.before, few_accounts: false }
    }

    /// The ways to walk. Where there are several, it is found out which of them leads farthest.
    pub fn ways(&self) -> Vec<By> {
        let query = self.query;
        if query.job.is_some() {
            return vec![By::Job];
        }
        if query.account.is_some() {
            return vec![By::Account];
        }
        if query.shared_with.is_some() && self.few_accounts {
            return vec![By::Shared];
        }
        let mut ways = Vec::new();
        ways.extend(query.code.map(|_| By::Code));
        if query.app.is_some() {
            ways.push(By::App);
        } else if !query.outcomes.is_empty() {
            ways.push(By::Outcome);
        }
        ways.extend(query.requested_by.as_ref().map(|_| By::Asker));
        // Most attempts verify logins: no index is there for those.
        ways.extend(query.kind.filter(|kind| *kind != Kind::VerifyLogin).map(|_| By::Kind));
        if ways.is_empty() {
            ways.push(By::Place);
        }
        ways
    }

    pub fn walk(&self, by: By) -> Walk {
        let query = self.query;
        let mut at = Vec::new();
        let mut also = Vec::new();
        let mut rest = Vec::new();
        let mut place = |way: By, column: &'static str, is: &'static str, value: Option<Value>| {
            let Some(value) = value else { return };
            if by == way {
                at.push((column, value));
            } else {
                rest.push(Condition::Of(is, value));
            }
        };
        let text = |text: &dyn ToString| Value::Text(text.to_string());
        place(By::Job, "job", "job = ", query.job.map(Value::Id));
        place(By::Account, "account", "account = ", query.account.as_ref().map(|account| text(account)));
        place(By::Code, "code", "code = ", query.code.map(|code| text(&code.as_str())));
        place(By::App, "app", "app = ", query.app.as_ref().map(|app| text(app)));
        place(
            By::Asker,
            "requested_by",
            "requested_by = ",
            query.requested_by.as_ref().map(|asker| text(asker)),
        );
        place(By::Kind, "kind", "kind = ", query.kind.map(|kind| text(&kind.as_str())));
        if by == By::Kind {
            also.push(Condition::Said(RARE.to_owned()));
        }
        if by != By::Shared {
            rest.extend(query.shared_with.map(Condition::SharedWith));
        }
        let wanted = Outcome::ALL.into_iter().filter(|outcome| query.outcomes.contains(outcome));
        let wanted: Vec<Outcome> = wanted.collect();
        let in_strands = matches!(by, By::App | By::Outcome) && !wanted.is_empty();
        if !in_strands && !wanted.is_empty() {
            rest.push(Condition::Said(of_outcomes(&wanted)));
        }
        let int = |sql, at| Condition::Of(sql, Value::Int(at));
        // Places stand for times but for the skew: that alone does not make a walk one in vain.
        let times = if rest.is_empty() { &mut also } else { &mut rest };
        times.extend(query.since.map(|since| int("started_at >= ", since.as_millisecond())));
        times.extend(query.until.map(|until| int("started_at < ", until.as_millisecond())));
        let one = Strand { at, also };
        let of_outcome = |outcome: &Outcome| {
            let mut strand = one.clone();
            strand.at.push(("outcome", text(&outcome.as_str())));
            strand
        };
        Walk {
            table: Table::Attempts,
            strands: if in_strands { wanted.iter().map(of_outcome).collect() } else { vec![one] },
            after: self.after,
            before: self.before,
            accounts_of: query.shared_with.filter(|_| by == By::Shared),
            rest,
        }
    }
}

/// What an index of the rare kinds holds.
pub(super) const RARE: &str = "kind <> 'verify_login'";

pub(super) fn of_outcomes(outcomes: &[Outcome]) -> String {
    let names: Vec<String> = outcomes.iter().map(|outcome| format!("'{}'", outcome.as_str())).collect();
    match names.as_slice() {
        [only] => format!("outcome = {only}"),
        _ => format!("outcome IN ({})", names.join(", ")),
    }
}

impl Walk {
    /// Whether each row that is walked along is wanted: none is walked along in vain.
    pub fn is_straight(&self) -> bool {
        self.rest.is_empty()
    }

    /// How far each strand is walked for a page of so many rows, among so many accounts.
    pub fn reach(&self, limit: u32, accounts: u32) -> u32 {
        if self.is_straight() {
            return limit;
        }
        let strands = u32::try_from(self.strands.len()).unwrap_or(u32::MAX).saturating_mul(accounts).max(1);
        (WALKED / strands).max(50)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Code;

    fn ways(query: &LogQuery) -> Vec<By> {
        Question::new(query).ways()
    }

    #[test]
    fn what_one_index_knows_is_walked_straight() {
        let app = Some("acme".to_owned());
        let failed = Outcome::FAILED.to_vec();
        let all = LogQuery::default;
        for (query, by, strands) in [
            (all(), By::Place, 1),
            (LogQuery { app: app.clone(), ..all() }, By::App, 1),
            (LogQuery { app: app.clone(), outcomes: failed.clone(), ..all() }, By::App, 4),
            (LogQuery { outcomes: failed.clone(), ..all() }, By::Outcome, 4),
            (LogQuery { code: Some(Code::Captcha), before: Some(7), ..all() }, By::Code, 1),
            (LogQuery { kind: Some(Kind::Reconcile), ..all() }, By::Kind, 1),
            (LogQuery { account: "acme/alice".parse().ok(), ..all() }, By::Account, 1),
        ] {
            assert_eq!(ways(&query), [by]);
            let walk = Question::new(&query).walk(by);
            assert!(walk.is_straight() && walk.strands.len() == strands, "{walk:?}");
            assert_eq!(walk.reach(query.limit, 1), query.limit);
        }
    }

    #[test]
    fn what_more_is_asked_is_looked_for_among_as_many_rows_as_the_bound_allows() {
        let both = LogQuery {
            app: Some("acme".to_owned()),
            outcomes: vec![Outcome::Rejected, Outcome::Unknown, Outcome::Rejected],
            code: Some(Code::Captcha),
            kind: Some(Kind::VerifyLogin),
            ..LogQuery::default()
        };
        assert_eq!(ways(&both), [By::Code, By::App]);
        let question = Question::new(&both);
        let (code, app) = (question.walk(By::Code), question.walk(By::App));
        assert_eq!((code.rest.len(), app.rest.len()), (3, 2));
        assert_eq!((code.reach(50, 1), app.reach(50, 1)), (WALKED, WALKED / 2));
        let shared = LogQuery { shared_with: Some(Uuid::nil()), ..both };
        let few = Question { few_accounts: true, ..Question::new(&shared) };
        assert_eq!(few.ways(), [By::Shared]);
        let walk = few.walk(By::Shared);
        assert_eq!((walk.accounts_of, walk.rest.len(), walk.reach(50, 100)), (Some(Uuid::nil()), 4, 50));
        assert!(Question::new(&shared).walk(By::Code).rest.contains(&Condition::SharedWith(Uuid::nil())));
    }
}
