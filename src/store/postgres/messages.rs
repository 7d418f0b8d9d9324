use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

use super::value::{Reader, millis};
use super::{Outlasts, PostgresStore, Write, answer, detached};
use crate::store::messages::{MARKS_KEPT, MOST_UNTAKEN};
use crate::store::{
    Fence, MailboxMark, MessageRow, Messages, NewMessage, NewRequest, Requested, StoreError, WorkerId,
};

#[async_trait]
impl Messages for PostgresStore {
    async fn add_message(&self, new: &NewMessage) -> Result<bool, StoreError> {
        let (store, new, began) = (self.clone(), new.clone(), Instant::now());
        detached(async move {
            // Its sender forgets it.
            let mut write = store.write(Outlasts::PowerFailure).await?;
            if let Some(mark) = &new.mark {
                let done = sqlx::query(
                    "INSERT INTO message_marks (address, mark, seen_at) VALUES ($1, $2, turnlock_now())
                     ON CONFLICT DO NOTHING",
                )
                .bind(&new.address)
                .bind(mark)
                .execute(write.on())
                .await?;
                if done.rows_affected() == 0 {
                    return Ok(false);
                }
            }
            let done = sqlx::query(
                "INSERT INTO messages (id, address, mark, arrived_at, sealed)
                 VALUES ($1, $2, $3, turnlock_now() - $4, $5) ON CONFLICT DO NOTHING",
            )
            .bind(new.id)
            .bind(&new.address)
            .bind(&new.mark)
            .bind(millis(new.age + began.elapsed()))
            .bind(&new.sealed)
            .execute(write.on())
            .await?;
            if done.rows_affected() == 0 {
                return Ok(false);
            }
            sqlx::query(
                "DELETE FROM messages WHERE seq IN (
                     SELECT seq FROM messages WHERE address = $1 AND request IS NULL
                     ORDER BY arrived_at DESC, seq DESC OFFSET $2)",
            )
            .bind(&new.address)
            .bind(MOST_UNTAKEN)
            .execute(write.on())
            .await?;
            write.commit().await?;
            store.news.tell_of_mail(&store.pool).await;
            Ok(true)
        })
        .await
    }

    async fn open_request(&self, new: &NewRequest, fence: Option<&Fence>) -> Result<Requested, StoreError> {
        let (store, new, fence) = (self.clone(), new.clone(), fence.cloned());
        let began = Instant::now();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let account = new.account.to_string();
            write.lock(&format!("address {}", new.address)).await?;
            write.check_fence(fence.as_ref(), &account).await?;
            sqlx::query(
                "UPDATE code_requests SET closed_at = turnlock_now()
                 WHERE closed_at IS NULL
                   AND (address = $2 AND (account = $1 OR expires_at <= turnlock_now() OR job = $3)
                        OR account = $1 AND job <> $3)",
            )
            .bind(&account)
            .bind(&new.address)
            .bind(new.job)
            .execute(write.on())
            .await?;
            let open: Option<Uuid> =
                sqlx::query_scalar("SELECT job FROM code_requests WHERE address = $1 AND closed_at IS NULL")
                    .bind(&new.address)
                    .fetch_optional(write.on())
                    .await?;
            if let Some(job) = open {
                return Ok(Requested::InUse { job });
            }
            let unsettled: Option<Uuid> = sqlx::query_scalar(
                "SELECT job FROM code_requests
                 WHERE address = $1 AND account <> $2 AND NOT settled
                   AND least(closed_at, expires_at) > turnlock_now() - $3
                 ORDER BY least(closed_at, expires_at) DESC LIMIT 1",
            )
            .bind(&new.address)
            .bind(&account)
            .bind(millis(new.quiet))
            .fetch_optional(write.on())
            .await?;
            if let Some(job) = unsettled {
                return Ok(Requested::Unsettled { job });
            }
            sqlx::query(
                "INSERT INTO code_requests (id, job, account, address, senders, asked_at, expires_at)
                 SELECT $1, $2, $3, $4, $5, now - $6, now + $7 FROM turnlock_now() AS now",
            )
            .bind(new.id)
            .bind(new.job)
            .bind(account)
            .bind(&new.address)
            .bind(&new.senders)
            .bind(millis(new.age + began.elapsed()))
            .bind(millis(new.lasts))
            .execute(write.on())
            .await?;
            write.commit().await?;
            // Whoever brings messages may do so more eagerly.
            store.news.tell_of_mail(&store.pool).await;
            Ok(Requested::Open)
        })
        .await
    }

    async fn is_awaited(&self) -> Result<bool, StoreError> {
        let mut reader = self.reader().await?;
        let open = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM code_requests WHERE closed_at IS NULL AND expires_at > turnlock_now())",
        );
        answer(open.fetch_one(&mut *reader)).await
    }

    async fn messages_for(&self, request: Uuid) -> Result<Vec<MessageRow>, StoreError> {
        let mut reader = self.reader().await?;
        let fitting = sqlx::query(
            "SELECT m.*, NULL::uuid AS job FROM code_requests AS r
             JOIN messages AS m ON m.address = r.address AND m.arrived_at >= r.asked_at AND m.request IS NULL
             WHERE r.id = $1 AND r.closed_at IS NULL AND r.expires_at > turnlock_now()
               AND NOT EXISTS (SELECT 1 FROM messages AS taken WHERE taken.request = r.id)
             ORDER BY m.arrived_at DESC, m.seq DESC",
        )
        .bind(request);
        let rows = answer(fitting.fetch_all(&mut *reader)).await?;
        rows.iter().map(read).collect()
    }

    async fn claim_message(&self, request: Uuid, message: Uuid) -> Result<bool, StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let done = sqlx::query(
                "UPDATE messages SET request = $1 WHERE id = $2 AND request IS NULL
                 AND EXISTS (SELECT 1 FROM code_requests AS r
                             WHERE r.id = $1 AND r.closed_at IS NULL AND r.expires_at > turnlock_now()
                               AND r.address = messages.address AND r.asked_at <= messages.arrived_at)
                 AND NOT EXISTS (SELECT 1 FROM messages AS taken WHERE taken.request = $1)",
            )
            .bind(request)
            .bind(message)
            .execute(write.on())
            .await?;
            if done.rows_affected() == 1 {
                settle(&mut write, request).await?;
            }
            write.commit().await?;
            Ok(done.rows_affected() == 1)
        })
        .await
    }

    async fn refuse_message(&self, request: Uuid) -> Result<(), StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            sqlx::query("UPDATE messages SET refused = true WHERE request = $1")
                .bind(request)
                .execute(write.on())
                .await?;
            write.commit().await
        })
        .await
    }

    async fn close_request(&self, request: Uuid) -> Result<(), StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            sqlx::query(
                "UPDATE code_requests SET closed_at = turnlock_now() WHERE id = $1 AND closed_at IS NULL",
            )
            .bind(request)
            .execute(write.on())
            .await?;
            write.commit().await
        })
        .await
    }

    async fn settle_request(&self, request: Uuid) -> Result<(), StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            settle(&mut write, request).await?;
            write.commit().await
        })
        .await
    }

    async fn messages_after(&self, seq: i64, most: u32) -> Result<Vec<MessageRow>, StoreError> {
        let mut reader = self.reader().await?;
        let newer = sqlx::query(
            "SELECT m.*, r.job FROM messages AS m LEFT JOIN code_requests AS r ON r.id = m.request
             WHERE m.seq > $1 ORDER BY m.seq LIMIT $2",
        )
        .bind(seq)
        .bind(i64::from(most));
        let rows = answer(newer.fetch_all(&mut *reader)).await?;
        rows.iter().map(read).collect()
    }

    async fn newest_message(&self) -> Result<i64, StoreError> {
        let mut reader = self.reader().await?;
        answer(sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM messages").fetch_one(&mut *reader)).await
    }

    async fn forget_messages(&self, age: Duration) -> Result<u64, StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let done = sqlx::query("DELETE FROM messages WHERE arrived_at < turnlock_now() - $1")
                .bind(millis(age))
                .execute(write.on())
                .await?;
            sqlx::query("DELETE FROM message_marks WHERE seen_at < turnlock_now() - $1")
                .bind(millis(age.max(MARKS_KEPT)))
                .execute(write.on())
                .await?;
            sqlx::query("DELETE FROM code_requests WHERE expires_at < turnlock_now() - $1")
                .bind(millis(age))
                .execute(write.on())
                .await?;
            write.commit().await?;
            Ok(done.rows_affected())
        })
        .await
    }

    fn message_news(&self) -> watch::Receiver<u64> {
        self.news.of_mail()
    }

    async fn hold_source(&self, source: &str, holder: &WorkerId, ttl: Duration) -> Result<bool, StoreError> {
        let (store, source, holder) = (self.clone(), source.to_owned(), holder.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let done = sqlx::query(
                "INSERT INTO inbox_sources AS s (source, holder, expires_at)
                 VALUES ($1, $2, turnlock_now() + $3)
                 ON CONFLICT (source) DO UPDATE SET holder = $2, expires_at = turnlock_now() + $3
                 WHERE s.holder = $2 OR s.expires_at <= turnlock_now()",
            )
            .bind(source)
            .bind(holder.as_str())
            .bind(millis(ttl))
            .execute(write.on())
            .await?;
            write.commit().await?;
            Ok(done.rows_affected() == 1)
        })
        .await
    }

    async fn release_source(&self, source: &str, holder: &WorkerId) -> Result<(), StoreError> {
        let (store, source, holder) = (self.clone(), source.to_owned(), holder.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            sqlx::query("DELETE FROM inbox_sources WHERE source = $1 AND holder = $2")
                .bind(source)
                .bind(holder.as_str())
                .execute(write.on())
                .await?;
            write.commit().await
        })
        .await
    }

    async fn mark_mailbox(&self, mailbox: &str, mark: &MailboxMark) -> Result<(), StoreError> {
        let (store, mailbox, mark) = (self.clone(), mailbox.to_owned(), *mark);
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            // Its clock is read before ours, so that the look is told no later than it was.
            let now: i64 = sqlx::query_scalar("SELECT turnlock_now()").fetch_one(write.on()).await?;
            let looked_at = now - millis(mark.looked.elapsed()) - 1;
            let (least, most) = mark.shown.map(|(least, most)| (least.as_millisecond(), most.as_millisecond())).unzip();
            sqlx::query(
                "INSERT INTO mailbox_marks (mailbox, validity, next, looked_at, shown_least, shown_most)
                 VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (mailbox) DO UPDATE SET validity = $2, next = $3, looked_at = $4, shown_least = $5,
                     shown_most = $6",
            )
            .bind(mailbox)
            .bind(i64::from(mark.validity))
            .bind(i64::from(mark.next))
            .bind(looked_at)
            .bind(least)
            .bind(most)
            .execute(write.on())
            .await?;
            write.commit().await
        })
        .await
    }

    async fn mailbox_mark(&self, mailbox: &str) -> Result<Option<MailboxMark>, StoreError> {
        let mut reader = self.reader().await?;
        // Before the server's clock is read, so that the look is told no later than it was.
        let asked = Instant::now();
        let noted =
            sqlx::query("SELECT *, turnlock_now() - looked_at AS age FROM mailbox_marks WHERE mailbox = $1")
                .bind(mailbox);
        let row = answer(noted.fetch_optional(&mut *reader)).await?;
        row.map_or(Ok(None), |row| read_mark(&Reader(&row), asked))
    }
}

/// No message is under way for the request any more.
async fn settle(write: &mut Write, request: Uuid) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE code_requests SET closed_at = coalesce(closed_at, turnlock_now()), settled = true WHERE id = $1",
    )
    .bind(request)
    .execute(write.on())
    .await?;
    Ok(())
}

fn read(row: &PgRow) -> Result<MessageRow, StoreError> {
    let row = Reader(row);
    Ok(MessageRow {
        seq: row.int("seq")?,
        id: row.id("id")?,
        address: row.text("address")?,
        arrived_at: row.time("arrived_at")?,
        sealed: row.bytes("sealed")?,
        job: row.id_or_null("job")?,
        refused: row.flag("refused")?,
    })
}

fn read_mark(row: &Reader<'_>, asked: Instant) -> Result<Option<MailboxMark>, StoreError> {
    let shown = row.int_or_null("shown_least")?.zip(row.int_or_null("shown_most")?);
    Ok(MailboxMark::stored(row.int("validity")?, row.int("next")?, row.int("age")?, shown, asked))
}
