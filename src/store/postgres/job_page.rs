//! A page of the jobs, found along an index and within bounds.

use sqlx::{Postgres, QueryBuilder};

use super::jobs::read;
use super::log_page::{accounts_of, farthest};
use super::value::Reader;
use super::{PostgresStore, answer};
use crate::store::walk::sql::rows;
use crate::store::walk::{ACCOUNTS, jobs};
use crate::store::{JobPage, JobQuery, StoreError};

impl PostgresStore {
    pub(super) async fn page_of_jobs(&self, query: &JobQuery) -> Result<JobPage, StoreError> {
        let mut reader = self.reader().await?;
        let many = accounts_of(&mut reader, query.shared_with).await?;
        let walks = jobs::ways(query, many <= ACCOUNTS);
        let Some((walk, reached)) = farthest(&mut reader, walks, query.limit, many).await? else {
            return Ok(JobPage::default());
        };
        let mut sql = QueryBuilder::<Postgres>::new("SELECT j.*, (SELECT turnlock_now()) AS asked_at FROM (");
        rows(&mut sql, &walk, walk.reach(query.limit, many), reached, query.limit);
        sql.push(") AS j ORDER BY j.seq DESC");
        let found = answer(sql.build().fetch_all(&mut *reader)).await?;
        let found = found.iter().map(|row| Ok((Reader(row).int("seq")?, read(row)?)));
        Ok(JobPage::of(found.collect::<Result<_, StoreError>>()?, query.limit, reached))
    }
}
