//! A page of the jobs, found along an index and within bounds.

use sqlx::{QueryBuilder, Sqlite};

use super::SqliteStore;
use super::value::Reader;
use crate::store::walk::sql::rows;
use crate::store::walk::{ACCOUNTS, jobs};
use crate::store::{JobPage, JobQuery, StoreError};

impl SqliteStore {
    pub(super) async fn page_of_jobs(&self, query: &JobQuery) -> Result<JobPage, StoreError> {
        let many = self.accounts_of(query.shared_with).await?;
        let walks = jobs::ways(query, many <= ACCOUNTS);
        let Some((walk, reached)) = self.farthest(walks, query.limit, many).await? else {
            return Ok(JobPage::default());
        };
        let mut sql = QueryBuilder::<Sqlite>::default();
        rows(&mut sql, &walk, walk.reach(query.limit, many), reached, query.limit);
        let found = sql.build().fetch_all(&self.readers).await?;
        let found = found.iter().map(|row| Ok((Reader(row).int("seq")?, self.read_job(row)?)));
        Ok(JobPage::of(found.collect::<Result<_, StoreError>>()?, query.limit, reached))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use sqlx::AssertSqlSafe;
    use uuid::Uuid;

    use super::*;
    use crate::job::{Code, Kind, Outcome};
    use crate::store::JobState;

    #[tokio::test]
    async fn every_way_goes_along_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("turnlock.db")).await.unwrap();
        let all = JobQuery {
            state: Some(JobState::Queued),
            app: Some("acme".to_owned()),
            code: Some(Code::Captcha),
            outcomes: Outcome::FAILED.to_vec(),
            requested_by: Some("somebody".to_owned()),
            kind: Some(Kind::Reconcile),
            before: Some(7),
            ..JobQuery::default()
        };
        let account = JobQuery { account: "acme/alice".parse().ok(), ..all.clone() };
        let shared = JobQuery { shared_with: Some(Uuid::nil()), ..all.clone() };
        let mut ways = 0;
        for query in [&JobQuery::default(), &all, &account, &shared] {
            for walk in jobs::ways(query, true) {
                let mut sql = QueryBuilder::<Sqlite>::new("EXPLAIN QUERY PLAN ");
                rows(&mut sql, &walk, 100, Some(1), 50);
                let sql = AssertSqlSafe(sql.sql().as_str().to_owned());
                let plan: Vec<(i64, i64, i64, String)> =
                    sqlx::query_as(sql).fetch_all(&store.readers).await.unwrap();
                let plan: Vec<_> = plan.into_iter().map(|(.., step)| step).collect();
                let by_place = walk.strands[0].at.is_empty() && walk.accounts_of.is_none();
                let scans = |step: &String| step.starts_with("SCAN jobs") || step.starts_with("SCAN l");
                assert!(by_place || !plan.iter().any(scans), "{walk:?}: {plan:?}");
                assert!(
                    plan.iter().any(|step| by_place || step.starts_with("SEARCH jobs USING")),
                    "{plan:?}"
                );
                ways += 1;
            }
        }
        assert_eq!(ways, 1 + 6 + 1 + 1);
    }
}
