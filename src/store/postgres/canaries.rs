use async_trait::async_trait;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use super::value::Reader;
use super::{Outlasts, PostgresStore, answer, detached};
use crate::job::Verdict;
use crate::store::webhooks::canary_failed;
use crate::store::{Canaries, CanaryRow, NewCanary, StoreError};

#[async_trait]
impl Canaries for PostgresStore {
    async fn mark_canary(&self, new: &NewCanary) -> Result<(CanaryRow, Option<CanaryRow>), StoreError> {
        let (store, new) = (self.clone(), new.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            // Of two trials at once the later one sees what the earlier one marked.
            write.lock(&format!("canary {}", new.account.app())).await?;
            let mut rows = fetch(write.on(), Some(new.account.app())).await?.into_iter();
            let before = rows.find(|row| row.last.flow == new.flow);
            let row = CanaryRow::after(new, before.as_ref());
            sqlx::query(
                "INSERT INTO canaries (app, flow, account, job, tried_at, outcome, code, message,
                                       playbook_hash, failing_since)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                 ON CONFLICT (app, flow) DO UPDATE SET
                     account = excluded.account, job = excluded.job, tried_at = excluded.tried_at,
                     outcome = excluded.outcome, code = excluded.code, message = excluded.message,
                     playbook_hash = excluded.playbook_hash, failing_since = excluded.failing_since",
            )
            .bind(row.last.account.app())
            .bind(&row.last.flow)
            .bind(row.last.account.to_string())
            .bind(row.last.job)
            .bind(row.last.tried_at.as_millisecond())
            .bind(row.last.verdict.outcome.as_str())
            .bind(row.last.verdict.code.as_str())
            .bind(&row.last.verdict.message)
            .bind(&row.last.playbook_hash)
            .bind(row.failing_since.map(|since| since.as_millisecond()))
            .execute(write.on())
            .await?;
            write.happened(canary_failed(&row, before.as_ref())).await?;
            write.commit().await?;
            Ok((row, before))
        })
        .await
    }

    async fn keep_canaries(&self, app: &str, flows: &[&str]) -> Result<(), StoreError> {
        let flows: Vec<String> = flows.iter().map(ToString::to_string).collect();
        let (store, app) = (self.clone(), app.to_owned());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let rows = fetch(write.on(), Some(&app)).await?;
            for CanaryRow { last, .. } in rows.iter().filter(|row| !flows.contains(&row.last.flow)) {
                sqlx::query("DELETE FROM canaries WHERE app = $1 AND flow = $2")
                    .bind(&app)
                    .bind(&last.flow)
                    .execute(write.on())
                    .await?;
            }
            write.commit().await
        })
        .await
    }

    async fn canaries(&self, app: Option<&str>) -> Result<Vec<CanaryRow>, StoreError> {
        let mut reader = self.reader().await?;
        answer(fetch(&mut reader, app)).await
    }
}

async fn fetch(on: &mut PgConnection, app: Option<&str>) -> Result<Vec<CanaryRow>, StoreError> {
    let rows = sqlx::query("SELECT * FROM canaries WHERE $1::text IS NULL OR app = $1 ORDER BY app, flow")
        .bind(app)
        .fetch_all(on)
        .await?;
    rows.iter().map(read).collect()
}

fn read(row: &PgRow) -> Result<CanaryRow, StoreError> {
    let row = Reader(row);
    Ok(CanaryRow {
        last: NewCanary {
            account: row.parsed("account", "an account")?,
            flow: row.text("flow")?,
            job: row.id("job")?,
            tried_at: row.time("tried_at")?,
            verdict: Verdict {
                outcome: row.parsed("outcome", "an outcome")?,
                code: row.parsed("code", "a code")?,
                message: row.text("message")?,
            },
            playbook_hash: row.text_or_null("playbook_hash")?,
        },
        failing_since: row.time_or_null("failing_since")?,
    })
}
