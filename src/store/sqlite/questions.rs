use std::time::Duration;

use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::value::{Reader, millis};
use super::webhooks::happened;
use super::{Outlasts, SqliteStore, detached};
use crate::store::webhooks::asks_human;
use crate::store::{Fence, NewQuestion, QuestionRow, QuestionState, Questions, StoreError};

/// All but the picture; `?1` is now. A question of an attempt that has ended waits for nothing, whatever its worker could
/// still say of it; nor does one of a job that is to be cancelled, or of a worker that no longer holds the account.
const SELECT: &str = "
    SELECT id, job, attempt, account, wanted, step, key, refused, asked_at, until, answer, answered_by,
           watched_until > ?1 AS watched,
           CASE WHEN state <> 'open' THEN state WHEN until <= ?1 THEN 'expired'
                WHEN NOT EXISTS (SELECT 1 FROM automation_log AS l WHERE l.id = questions.attempt AND l.outcome IS NULL) THEN 'withdrawn'
                WHEN EXISTS (SELECT 1 FROM jobs AS j WHERE j.id = questions.job AND j.cancel_asked) THEN 'cancelled'
                WHEN EXISTS (SELECT 1 FROM leases AS l WHERE l.account = questions.account AND l.expires_at <= ?1) THEN 'orphaned'
                ELSE 'open' END AS now_is
    FROM questions";

impl SqliteStore {
    async fn fetch_question(
        &self,
        on: &mut SqliteConnection,
        id: Uuid,
    ) -> Result<Option<QuestionRow>, StoreError> {
        let sql = format!("{SELECT} WHERE id = ?2");
        let found = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(self.clock.now()).bind(id.to_string());
        found.fetch_optional(on).await?.as_ref().map(|row| self.read_question(row)).transpose()
    }

    fn read_question(&self, row: &SqliteRow) -> Result<QuestionRow, StoreError> {
        let answer: Option<Vec<u8>> = sqlx::Row::try_get(row, "answer")?;
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
            asked_at: self.clock.wall(row.time("asked_at")?),
            until: self.clock.wall(row.time("until")?),
            state: row.parsed("now_is", "the state of a question")?,
            answer,
            answered_by: row.text_or_null("answered_by")?,
            watched: row.int("watched")? != 0,
        })
    }
}

#[async_trait]
impl Questions for SqliteStore {
    async fn ask(&self, new: &NewQuestion, fence: Option<&Fence>) -> Result<(), StoreError> {
        let (store, new, fence) = (self.clone(), new.clone(), fence.cloned());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            store.check_open(write.on(), new.attempt, fence.as_ref()).await?;
            let now = store.clock.now();
            sqlx::query(
                "INSERT INTO questions (id, job, attempt, account, wanted, step, key, refused, asked_at, until)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(new.id.to_string())
            .bind(new.job.to_string())
            .bind(new.attempt.to_string())
            .bind(new.account.to_string())
            .bind(new.wanted.as_str())
            .bind(&new.step)
            .bind(&new.key)
            .bind(&new.refused)
            .bind(now)
            .bind(now.saturating_add(millis(new.lasts)))
            .execute(write.on())
            .await?;
            let kind: Option<String> = sqlx::query_scalar("SELECT kind FROM jobs WHERE id = ?")
                .bind(new.job.to_string())
                .fetch_optional(write.on())
                .await?;
            happened(write.on(), asks_human(&new, &kind.unwrap_or_default())).await?;
            write.commit().await
        })
        .await
    }

    async fn question(&self, id: Uuid) -> Result<Option<QuestionRow>, StoreError> {
        let mut reader = self.readers.acquire().await?;
        self.fetch_question(&mut reader, id).await
    }

    async fn question_of(&self, job: Uuid) -> Result<Option<QuestionRow>, StoreError> {
        let sql = format!("{SELECT} WHERE job = ?2 ORDER BY asked_at DESC, id DESC LIMIT 1");
        let found = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(self.clock.now()).bind(job.to_string());
        let found = found.fetch_optional(&self.readers).await?;
        found.as_ref().map(|row| self.read_question(row)).transpose()
    }

    async fn open_questions(
        &self,
        shared_with: Option<Uuid>,
        most: u32,
    ) -> Result<Vec<QuestionRow>, StoreError> {
        let sql = format!(
            "SELECT * FROM ({SELECT} WHERE state = 'open'
                            AND (?3 IS NULL OR account IN (SELECT account FROM shares WHERE token = ?3)))
             WHERE now_is = 'open' ORDER BY asked_at, id LIMIT ?2"
        );
        let token = shared_with.map(|token| token.to_string());
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(self.clock.now()).bind(most).bind(token);
        let rows = rows.fetch_all(&self.readers).await?;
        rows.iter().map(|row| self.read_question(row)).collect()
    }

    async fn answer(&self, id: Uuid, sealed: &[u8], by: &str) -> Result<bool, StoreError> {
        let (store, sealed, by) = (self.clone(), sealed.to_vec(), by.to_owned());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let row = store.fetch_question(write.on(), id).await?;
            if row.is_none_or(|row| row.state != QuestionState::Open) {
                write.commit().await?;
                return Ok(false);
            }
            sqlx::query(
                "UPDATE questions SET state = 'answered', answer = ?, answered_by = ? WHERE id = ? AND state = 'open'",
            )
            .bind(sealed)
            .bind(by)
            .bind(id.to_string())
            .execute(write.on())
            .await?;
            write.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn shorten_question(&self, id: Uuid, lasts: Duration) -> Result<(), StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            sqlx::query("UPDATE questions SET until = min(until, ?) WHERE id = ? AND state = 'open'")
                .bind(store.clock.now().saturating_add(millis(lasts)))
                .bind(id.to_string())
                .execute(write.on())
                .await?;
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
            let before = store.fetch_question(write.on(), id).await?;
            sqlx::query(
                "UPDATE questions SET answer = NULL, picture = NULL, state = CASE state WHEN 'open' THEN ? ELSE state END
                 WHERE id = ?",
            )
            .bind(state.as_str())
            .bind(id.to_string())
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
            let row = store.fetch_question(write.on(), id).await?;
            if row.is_none_or(|row| row.state != QuestionState::Open) {
                write.commit().await?;
                return Ok(None);
            }
            let picture: Option<Option<Vec<u8>>> = sqlx::query_scalar(
                "UPDATE questions SET watched_until = ? WHERE id = ? AND state = 'open' RETURNING picture",
            )
            .bind(store.clock.now().saturating_add(millis(lasts)))
            .bind(id.to_string())
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
            sqlx::query("UPDATE questions SET picture = ? WHERE id = ? AND state = 'open'")
                .bind(png)
                .bind(id.to_string())
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
                "UPDATE questions SET picture = NULL, answer = NULL
                 WHERE (picture IS NOT NULL OR answer IS NOT NULL)
                   AND (until < ? OR NOT EXISTS (SELECT 1 FROM automation_log AS l WHERE l.id = attempt AND l.outcome IS NULL))",
            )
            .bind(store.clock.now())
            .execute(write.on())
            .await?;
            let before = store.clock.now().saturating_sub(millis(older_than));
            let done = sqlx::query("DELETE FROM questions WHERE until < ?");
            let done = done.bind(before).execute(write.on()).await?;
            write.commit().await?;
            Ok(done.rows_affected())
        })
        .await
    }
}
