//! A page of the log, found along an index and within bounds.

use sqlx::{QueryBuilder, Sqlite};
use uuid::Uuid;

use super::SqliteStore;
use super::log::read;
use crate::store::walk::sql::{Dialect, accounts, bound, rows};
use crate::store::walk::{ACCOUNTS, Question, Table, Walk};
use crate::store::{LogPage, LogQuery, SKEW, StoreError};

impl Dialect for Sqlite {
    const BY_THE_INDEX: bool = false;
    const OF_EACH: &'static str = "seq";

    fn table(of: Table) -> &'static str {
        match of {
            Table::Attempts => "automation_log",
            Table::Jobs => "jobs",
        }
    }

    // It joins no table with a question that depends on its rows, but looks among the places that such a one names.
    fn each(of: Table) -> (&'static str, &'static str) {
        match of {
            Table::Attempts => ("automation_log AS l ON l.seq IN (", ") WHERE "),
            Table::Jobs => ("jobs AS l ON l.seq IN (", ") WHERE "),
        }
    }

    fn push_id(sql: &mut QueryBuilder<Self>, id: Uuid) {
        sql.push_bind(id.to_string());
    }
}

impl SqliteStore {
    pub(super) async fn page(&self, query: &LogQuery) -> Result<LogPage, StoreError> {
        let mut question = Question::new(query);
        let many = self.accounts_of(query.shared_with).await?;
        question.few_accounts = many <= ACCOUNTS;
        // What began before or after the time that is asked for is not walked through.
        if let Some(until) = query.until {
            let at = until.checked_add(SKEW).map_or(i64::MAX, |at| at.as_millisecond());
            let next = sqlx::query_scalar(
                "SELECT seq FROM automation_log WHERE started_at >= ? ORDER BY started_at LIMIT 1",
            );
            let next: Option<i64> = next.bind(at).fetch_optional(&self.readers).await?;
            question.before = question.before.into_iter().chain(next).min();
        }
        if let Some(since) = query.since {
            let at = since.checked_sub(SKEW).map_or(i64::MIN, |at| at.as_millisecond());
            let last = sqlx::query_scalar(
                "SELECT seq FROM automation_log WHERE started_at < ? ORDER BY started_at DESC LIMIT 1",
            );
            question.after = last.bind(at).fetch_optional(&self.readers).await?;
        }
        let walks = question.ways().into_iter().map(|by| question.walk(by)).collect();
        let Some((walk, reached)) = self.farthest(walks, query.limit, many).await? else {
            return Ok(LogPage::default());
        };
        let mut sql = QueryBuilder::<Sqlite>::default();
        rows(&mut sql, &walk, walk.reach(query.limit, many), reached, query.limit);
        let found = sql.build().fetch_all(&self.readers).await?;
        let found = found.iter().map(read).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(LogPage::of(found, query.limit, reached))
    }

    /// How many accounts are shared with the token, but not more than are counted; one stands for all, if none is named.
    pub(super) async fn accounts_of(&self, token: Option<Uuid>) -> Result<u32, StoreError> {
        let Some(token) = token else { return Ok(1) };
        let mut shares = accounts::<Sqlite>(token);
        let shares: i64 = shares.build_query_scalar().fetch_one(&self.readers).await?;
        Ok(u32::try_from(shares).unwrap_or(u32::MAX))
    }

    /// The walk that leads farthest, and the place that it reaches; none, if it leads through all that is asked for.
    pub(super) async fn farthest(
        &self,
        walks: Vec<Walk>,
        limit: u32,
        accounts: u32,
    ) -> Result<Option<(Walk, Option<i64>)>, StoreError> {
        let mut best: Option<(Walk, Option<i64>)> = None;
        for walk in walks {
            let mut reached = None;
            if !walk.is_straight() {
                let mut sql = bound::<Sqlite>(&walk, walk.reach(limit, accounts));
                reached = sql.build_query_scalar().fetch_one(&self.readers).await?;
            }
            // None is farthest.
            if best.as_ref().is_none_or(|(_, before)| reached < *before) {
                best = Some((walk, reached));
            }
            if reached.is_none() {
                break;
            }
        }
        Ok(best)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use sqlx::AssertSqlSafe;

    use super::*;
    use crate::job::{Code, Kind, Outcome};
    use crate::store::walk::By;

    #[tokio::test]
    async fn every_way_goes_along_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("turnlock.db")).await.unwrap();
        let all = LogQuery {
            app: Some("acme".to_owned()),
            code: Some(Code::Captcha),
            requested_by: Some("somebody".to_owned()),
            kind: Some(Kind::Reconcile),
            before: Some(7),
            ..LogQuery::default()
        };
        let failed = LogQuery { outcomes: Outcome::FAILED.to_vec(), ..all.clone() };
        let outcome = LogQuery { app: None, ..failed.clone() };
        let account = LogQuery { account: "acme/alice".parse().ok(), ..all.clone() };
        let job = LogQuery { job: Some(Uuid::nil()), ..all.clone() };
        let shared = LogQuery { shared_with: Some(Uuid::nil()), ..all.clone() };
        let mut seen = Vec::new();
        for query in [&LogQuery::default(), &all, &failed, &outcome, &account, &job, &shared] {
            let mut question = Question::new(query);
            question.few_accounts = true;
            for by in question.ways() {
                let sql = bound::<Sqlite>(&question.walk(by), 100);
                let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", sql.sql().as_str()));
                let plan: Vec<(i64, i64, i64, String)> =
                    sqlx::query_as(sql).fetch_all(&store.readers).await.unwrap();
                let plan: Vec<_> = plan.into_iter().map(|(.., step)| step).collect();
                let along =
                    |step: &String| step.starts_with("SEARCH automation_log USING") || by == By::Place;
                let mut steps = plan.iter().filter(|step| step.contains("automation_log"));
                assert!(steps.clone().count() > 0 && steps.all(along), "{by:?}: {plan:?}");
                assert!(!plan.iter().any(|step| step.contains("B-TREE")), "{by:?}: {plan:?}");
                seen.push(by);
            }
        }
        for by in
            [By::Place, By::Code, By::App, By::Asker, By::Kind, By::Outcome, By::Account, By::Job, By::Shared]
        {
            assert!(seen.contains(&by), "{by:?}");
        }
    }
}
