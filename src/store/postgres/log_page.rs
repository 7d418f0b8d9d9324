//! A page of the log, found along an index and within bounds.

use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::log::read;
use super::{PostgresStore, answer};
use crate::store::walk::sql::{Dialect, accounts, bound, rows};
use crate::store::walk::{ACCOUNTS, Question, Walk};
use crate::store::{LogPage, LogQuery, SKEW, StoreError};

impl Dialect for Postgres {
    const ATTEMPTS: &'static str = "attempts";
    const EACH: (&'static str, &'static str) = ("LATERAL (", ") AS l WHERE ");
    const BY_THE_INDEX: bool = true;
    const OF_EACH: &'static str = "*";

    fn push_id(sql: &mut QueryBuilder<Self>, id: Uuid) {
        sql.push_bind(id);
    }
}

impl PostgresStore {
    pub(super) async fn page(&self, query: &LogQuery) -> Result<LogPage, StoreError> {
        let mut reader = self.reader().await?;
        let mut question = Question::new(query);
        let mut many = 1;
        if let Some(token) = query.shared_with {
            let mut shares = accounts::<Postgres>(token);
            let shares: i64 = answer(shares.build_query_scalar().fetch_one(&mut *reader)).await?;
            question.few_accounts = shares <= i64::from(ACCOUNTS);
            many = u32::try_from(shares).unwrap_or(u32::MAX);
        }
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
        let mut best: Option<(Walk, Option<i64>)> = None;
        for by in question.ways() {
            let walk = question.walk(by);
            let mut reached = None;
            if !walk.is_straight() {
                let mut sql = bound::<Postgres>(&walk, walk.reach(query.limit, many));
                reached = answer(sql.build_query_scalar().fetch_one(&mut *reader)).await?;
            }
            // None is farthest: this way leads through all of them.
            if best.as_ref().is_none_or(|(_, before)| reached < *before) {
                best = Some((walk, reached));
            }
            if reached.is_none() {
                break;
            }
        }
        let Some((walk, reached)) = best else { return Ok(LogPage::default()) };
        let mut sql = rows::<Postgres>(&walk, walk.reach(query.limit, many), reached, query.limit);
        let found = answer(sql.build().fetch_all(&mut *reader)).await?;
        let found = found.iter().map(read).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(LogPage::of(found, query.limit, reached))
    }
}
