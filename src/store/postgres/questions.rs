use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::value::{Reader, millis};
use super::{Outlasts, PostgresStore, answer, detached};
use crate::store::webhooks::asks_human;
use crate::store::{Fence, NewQuestion, QuestionRow, QuestionState, Questions, StoreError};

/// All but the picture. A question of an attempt that has ended waits for nothing, whatever its worker could still say of
/// it; nor does one of a job that is to be cancelled, or of a worker that no longer holds the account.
const SELECT: &str = "
    SELECT q.id, q.job, q.attempt, q.account, q.wanted, q.step, q.key, q.refused, q.asked_at AS begun_at, q.until,
           q.answer, q.answered_by, q.watched_until > t.now AS watched, t.now AS asked_at,
           CASE WHEN q.state <> 'open' THEN q.state WHEN q.until <= t.now THEN 'expired'
                WHEN NOT EXISTS (SELECT 1 FROM attempts_under_way AS a WHERE a.id = q.attempt) THEN 'withdrawn'
                WHEN EXISTS (SELECT 1 FROM jobs AS j WHERE j.id = q.job AND j.cancel_asked) THEN 'cancelled'
                WHEN EXISTS (SELECT 1 FROM leases AS l WHERE l.account = q.account AND l.expires_at <= t.now) THEN 'orphaned'
                ELSE 'open' END AS now_is
    FROM questions AS q, (SELECT turnlock_now() AS now) AS t";

/// Whether somebody waits for the answer to the question `$1`.
fn is_open() -> String {
    format!("'open' = (SELECT now_is FROM ({SELECT} WHERE q.id = $1) AS asked)")
}

async fn fetch(on: &mut PgConnection, id: Uuid) -> Result<Option<QuestionRow>, StoreError> {
    let found = sqlx::query(AssertSqlSafe(format!("{SELECT} WHERE q.id = $1"))).bind(id);
    found.fetch_optional(on).await?.as_ref().map(read).transpose()
}

fn read(row: &PgRow) -> Result<QuestionRow, StoreError> {
    let sealed: Option<Vec<u8>> = sqlx::Row::try_get(row, "answer")?;
    let row = Reader(row);
    Ok(QuestionRow {
        id: row.id("id")?,
        job: row.id("job")?,
        attempt: row.id("attempt")?,
        account: row.parsed("account", "an account")?,
        wanted: row.parsed("wanted", "what a person is asked for")?,
        step: row.text("step")?,
        key: row.bytes("key")?,
        refused: row.text_or_null("refused")?,
        asked_at: row.here("begun_at")?,
        until: row.here("until")?,
        state: row.parsed("now_is", "the state of a question")?,
        answer: sealed,
        answered_by: row.text_or_null("answered_by")?,
        watched: row.flag("watched")?,
    })
}

#[async_trait]
impl Questions for PostgresStore {
    async fn ask(&self, new: &NewQuestion, fence: Option<&Fence>) -> Result<(), StoreError> {
        let (store, new, fence) = (self.clone(), new.clone(), fence.cloned());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            write.check_open(new.attempt, fence.as_ref()).await?;
            sqlx::query(
                "INSERT INTO questions (id, job, attempt, account, wanted, step, key, refused, asked_at, until)
                 SELECT $1, $2, $3, $4, $5, $6, $7, $8, t.now, t.now + $9 FROM (SELECT turnlock_now() AS now) AS t",
            )
            .bind(new.id)
            .bind(new.job)
            .bind(new.attempt)
            .bind(new.account.to_string())
            .bind(new.wanted.as_str())
            .bind(&new.step)
            .bind(&new.key)
            .bind(&new.refused)
            .bind(millis(new.lasts))
            .execute(write.on())
            .await?;
            let kind: Option<String> = sqlx::query_scalar("SELECT kind FROM jobs WHERE id = $1")
                .bind(new.job)
                .fetch_optional(write.on())
                .await?;
            write.happened(asks_human(&new, &kind.unwrap_or_default())).await?;
            write.commit().await
        })
        .await
    }

    async fn question(&self, id: Uuid) -> Result<Option<QuestionRow>, StoreError> {
        let mut reader = self.reader().await?;
        answer(fetch(&mut reader, id)).await
    }

    async fn question_of(&self, job: Uuid) -> Result<Option<QuestionRow>, StoreError> {
        let mut reader = self.reader().await?;
        let sql = format!("{SELECT} WHERE q.job = $1 ORDER BY q.asked_at DESC, q.id DESC LIMIT 1");
        let found = sqlx::query(AssertSqlSafe(sql)).bind(job);
        answer(found.fetch_optional(&mut *reader)).await?.as_ref().map(read).transpose()
    }

    async fn open_questions(
        &self,
        shared_with: Option<Uuid>,
        most: u32,
    ) -> Result<Vec<QuestionRow>, StoreError> {
        let mut reader = self.reader().await?;
        let sql = format!(
            "SELECT * FROM ({SELECT} WHERE q.state = 'open'
                            AND ($2::uuid IS NULL OR q.account IN (SELECT account FROM shares WHERE token = $2))) AS q
             WHERE now_is = 'open' ORDER BY begun_at, id LIMIT $1"
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(i64::from(most)).bind(shared_with);
        answer(rows.fetch_all(&mut *reader)).await?.iter().map(read).collect()
    }

    async fn answer(&self, id: Uuid, sealed: &[u8], by: &str) -> Result<bool, StoreError> {
        let (store, sealed, by) = (self.clone(), sealed.to_vec(), by.to_owned());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let sql = format!(
                "UPDATE questions SET state = 'answered', answer = $2, answered_by = $3
                 WHERE id = $1 AND state = 'open' AND {}",
                is_open()
            );
            let done =
                sqlx::query(AssertSqlSafe(sql)).bind(id).bind(sealed).bind(by).execute(write.on()).await?;
            write.commit().await?;
            Ok(done.rows_affected() > 0)
        })
        .await
    }

    async fn shorten_question(&self, id: Uuid, lasts: Duration) -> Result<(), StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let sql = "UPDATE questions SET until = LEAST(until, turnlock_now() + $2) WHERE id = $1 AND state = 'open'";
            sqlx::query(sql).bind(id).bind(millis(lasts)).execute(write.on()).await?;
            write.commit().await
        })
        .await
    }

    async fn close_question(
        &self,
        id: Uuid,
        state: QuestionState,
    ) -> Result<Option<QuestionRow>, StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            // Whoever answers just now is waited for, and seen.
            sqlx::query("SELECT 1 FROM questions WHERE id = $1 FOR UPDATE").bind(id).execute(write.on()).await?;
            let before = fetch(write.on(), id).await?;
            sqlx::query(
                "UPDATE questions SET answer = NULL, picture = NULL, state = CASE state WHEN 'open' THEN $2 ELSE state END
                 WHERE id = $1",
            )
            .bind(id)
            .bind(state.as_str())
            .execute(write.on())
            .await?;
            write.commit().await?;
            Ok(before)
        })
        .await
    }

    async fn watch_question(&self, id: Uuid, lasts: Duration) -> Result<Option<Vec<u8>>, StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let sql = format!(
                "UPDATE questions SET watched_until = turnlock_now() + $2
                 WHERE id = $1 AND state = 'open' AND {} RETURNING picture",
                is_open()
            );
            let picture: Option<Option<Vec<u8>>> = sqlx::query_scalar(AssertSqlSafe(sql))
                .bind(id)
                .bind(millis(lasts))
                .fetch_optional(write.on())
                .await?;
            write.commit().await?;
            Ok(picture.flatten())
        })
        .await
    }

    async fn show_picture(&self, id: Uuid, png: &[u8]) -> Result<(), StoreError> {
        let (store, png) = (self.clone(), png.to_vec());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            sqlx::query("UPDATE questions SET picture = $2 WHERE id = $1 AND state = 'open'")
                .bind(id)
                .bind(png)
                .execute(write.on())
                .await?;
            write.commit().await
        })
        .await
    }

    async fn forget_questions(&self, older_than: Duration) -> Result<u64, StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            // Of attempts that died nobody took answer and picture away.
            sqlx::query(
                "UPDATE questions AS q SET picture = NULL, answer = NULL
                 WHERE (picture IS NOT NULL OR answer IS NOT NULL)
                   AND (q.until < turnlock_now()
                        OR NOT EXISTS (SELECT 1 FROM attempts_under_way AS a WHERE a.id = q.attempt))",
            )
            .execute(write.on())
            .await?;
            let done = sqlx::query("DELETE FROM questions WHERE until < turnlock_now() - $1");
            let done = done.bind(millis(older_than)).execute(write.on()).await?;
            write.commit().await?;
            Ok(done.rows_affected())
        })
        .await
    }
}
