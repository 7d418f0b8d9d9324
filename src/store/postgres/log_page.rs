//! A page of the log, found along an index and within bounds.

use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::log::read;
use super::{PostgresStore, answer};
use crate::store::walk::sql::{Dialect, accounts, bound, rows};
use crate::store::walk::{ACCOUNTS, Question, Table, Walk};
use crate::store::{LogPage, LogQuery, SKEW, StoreError};

impl Dialect for Postgres {
    const BY_THE_INDEX: bool = true;
    const OF_EACH: &'static str = "*";

    fn table(of: Table) -> &'static str {
        match of {
            Table::Attempts => "attempts",
            Table::Jobs => "jobs",
        }
    }

    fn each(_: Table) -> (&'static str, &'static str) {
        ("LATERAL (", ") AS l WHERE ")
    }

    fn push_id(sql: &mut QueryBuilder<Self>, id: Uuid) {
        sql.push_bind(id);
    }
}

impl PostgresStore {
    pub(super) async fn page(&self, query: &LogQuery) -> Result<LogPage, StoreError> {
        let mut reader = self.reader().await?;
        let mut question = Question::new(query);
        let many = accounts_of(&mut reader, query.shared_with).await?;
        question.few_accounts = many <= ACCOUNTS;
        // What began before or after the time that is asked for is not walked through.
        if let Some(until) = query.until {
            let at = until.checked_add(SKEW).map_or(i64::MAX, |at| at.as_millisecond());
            let next = sqlx::query_scalar(
                "SELECT seq FROM attempts WHERE started_at >= $1 ORDER BY started_at LIMIT 1",
            );
            let next: Option<i64> = answer(next.bind(at).fetch_optional(&mut *reader)).await?;
            question.before = question.before.into_iter().chain(next).min();
        }
        if let Some(since) = query.since {
            let at = since.checked_sub(SKEW).map_or(i64::MIN, |at| at.as_millisecond());
            let last = sqlx::query_scalar(
                "SELECT seq FROM attempts WHERE started_at < $1 ORDER BY started_at DESC LIMIT 1",
            );
            question.after = answer(last.bind(at).fetch_optional(&mut *reader)).await?;
        }
        let walks = question.ways().into_iter().map(|by| question.walk(by)).collect();
        let Some((walk, reached)) = farthest(&mut reader, walks, query.limit, many).await? else {
            return Ok(LogPage::default());
        };
        let mut sql = QueryBuilder::<Postgres>::default();
        rows(&mut sql, &walk, walk.reach(query.limit, many), reached, query.limit);
        let found = answer(sql.build().fetch_all(&mut *reader)).await?;
        let found = found.iter().map(read).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(LogPage::of(found, query.limit, reached))
    }
}

/// How many accounts are shared with the token, but not more than are counted; one stands for all, if none is named.
pub(super) async fn accounts_of(on: &mut PgConnection, token: Option<Uuid>) -> Result<u32, StoreError> {
    let Some(token) = token else { return Ok(1) };
    let mut shares = accounts::<Postgres>(token);
    let shares: i64 = answer(shares.build_query_scalar().fetch_one(on)).await?;
    Ok(u32::try_from(shares).unwrap_or(u32::MAX))
}

/// The walk that leads farthest, and the place that it reaches; none, if it leads through all that is asked for.
pub(super) async fn farthest(
    on: &mut PgConnection,
    walks: Vec<Walk>,
    limit: u32,
    accounts: u32,
) -> Result<Option<(Walk, Option<i64>)>, StoreError> {
    let mut best: Option<(Walk, Option<i64>)> = None;
    for walk in walks {
        let mut reached = None;
        if !walk.is_straight() {
            let mut sql = bound::<Postgres>(&walk, walk.reach(limit, accounts));
            reached = answer(sql.build_query_scalar().fetch_one(&mut *on)).await?;
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
