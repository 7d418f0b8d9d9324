use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{Postgres, QueryBuilder};

use super::value::{Reader, now};
use super::{Outlasts, PostgresStore, answer, detached};
use crate::store::{Audit, AuditOutcome, AuditQuery, AuditRow, NewAudit, StoreError};

#[async_trait]
impl Audit for PostgresStore {
    async fn audit(&self, new: &NewAudit, outcome: AuditOutcome) -> Result<i64, StoreError> {
        let (store, new) = (self.clone(), new.clone());
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let seq: i64 = sqlx::query_scalar(
                "INSERT INTO audit (at, who, action, target, account, detail, outcome)
                 VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING seq",
            )
            .bind(now())
            .bind(&new.who)
            .bind(&new.action)
            .bind(&new.target)
            .bind(new.account.as_ref().map(ToString::to_string))
            .bind(&new.detail)
            .bind(outcome.as_str())
            .fetch_one(write.on())
            .await?;
            write.commit().await?;
            Ok(seq)
        })
        .await
    }

    async fn settle_audit(
        &self,
        seq: i64,
        outcome: AuditOutcome,
        detail: Option<&str>,
    ) -> Result<(), StoreError> {
        let (store, detail) = (self.clone(), detail.map(str::to_owned));
        detached(async move {
            let mut write = store.write(Outlasts::PowerFailure).await?;
            sqlx::query(
                "UPDATE audit SET outcome = $1, detail = coalesce($2, detail) WHERE seq = $3 AND outcome = 'asked'",
            )
            .bind(outcome.as_str())
            .bind(detail)
            .bind(seq)
            .execute(write.on())
            .await?;
            write.commit().await
        })
        .await
    }

    async fn audits(&self, query: &AuditQuery) -> Result<Vec<AuditRow>, StoreError> {
        let mut sql = QueryBuilder::<Postgres>::new("SELECT * FROM audit WHERE seq < ");
        sql.push_bind(query.before.unwrap_or(i64::MAX));
        if let Some(who) = &query.who {
            sql.push(" AND who = ").push_bind(who.clone());
        }
        if let Some(account) = &query.account {
            sql.push(" AND account = ").push_bind(account.to_string());
        }
        if let Some(token) = query.owned_by {
            sql.push(" AND account IN (SELECT account FROM shares WHERE role = 'owner' AND token = ")
                .push_bind(token)
                .push(")");
        }
        sql.push(" ORDER BY seq DESC LIMIT ").push_bind(i64::from(query.limit));
        let mut reader = self.reader().await?;
        let rows = answer(sql.build().fetch_all(&mut *reader)).await?;
        rows.iter().map(read).collect()
    }
}

fn read(row: &PgRow) -> Result<AuditRow, StoreError> {
    let row = Reader(row);
    Ok(AuditRow {
        seq: row.int("seq")?,
        at: row.time("at")?,
        outcome: row.parsed("outcome", "what came of something asked")?,
        audit: NewAudit {
            who: row.text("who")?,
            action: row.text("action")?,
            target: row.text("target")?,
            account: row.parsed_or_null("account", "an account")?,
            detail: row.text_or_null("detail")?,
        },
    })
}
