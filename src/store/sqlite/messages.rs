use std::time::Duration;

use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

use super::value::{Reader, millis};
use super::{Outlasts, SqliteStore, detached};
use crate::store::messages::{MARKS_KEPT, MOST_UNTAKEN};
use crate::store::{
    Fence, MailboxMark, MessageRow, Messages, NewMessage, NewRequest, Requested, StoreError, WorkerId,
};

#[async_trait]
impl Messages for SqliteStore {
    async fn add_message(&self, new: &NewMessage) -> Result<bool, StoreError> {
        let (store, new, began) = (self.clone(), new.clone(), Instant::now());
        detached(async move {
            // Its sender forgets it.
            let mut write = store.write(Outlasts::PowerFailure).await?;
            let arrived_at = store.clock.now().saturating_sub(millis(new.age + began.elapsed()));
            if let Some(mark) = &new.mark {
                let done = sqlx::query(
                    "INSERT INTO message_marks (address, mark, seen_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                )
                .bind(&new.address)
                .bind(mark)
                .bind(store.clock.now())
                .execute(write.on())
                .await?;
                if done.rows_affected() == 0 {
                    return Ok(false);
                }
            }
            let done = sqlx::query(
                "INSERT INTO messages (id, address, mark, arrived_at, sealed) VALUES (?, ?, ?, ?, ?)
                 ON CONFLICT DO NOTHING",
            )
            .bind(new.id.to_string())
            .bind(&new.address)
            .bind(&new.mark)
            .bind(arrived_at)
            .bind(&new.sealed)
            .execute(write.on())
            .await?;
            if done.rows_affected() == 0 {
                return Ok(false);
            }
            sqlx::query(
                "DELETE FROM messages WHERE seq IN (
                     SELECT seq FROM messages WHERE address = ? AND request IS NULL
                     ORDER BY arrived_at DESC, seq DESC LIMIT -1 OFFSET ?)",
            )
            .bind(&new.address)
            .bind(MOST_UNTAKEN)
            .execute(write.on())
            .await?;
            write.commit().await?;
            store.mail.send_modify(|news| *news += 1);
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
            store.check_fence(write.on(), fence.as_ref(), &account).await?;
            // Before the store's clock is read, so that the request is told no earlier than it was.
            let age = new.age + began.elapsed();
            let now = store.clock.now();
            sqlx::query(
                "UPDATE code_requests SET closed_at = ?1
                 WHERE closed_at IS NULL AND (address = ?3 AND (account = ?2 OR expires_at <= ?1 OR job = ?4)
                                          OR account = ?2 AND job <> ?4)",
            )
            .bind(now)
            .bind(&account)
            .bind(&new.address)
            .bind(new.job.to_string())
            .execute(write.on())
            .await?;
            if let Some(job) = in_use(write.on(), &new.address).await? {
                return Ok(Requested::InUse { job });
            }
            let quiet_since = now.saturating_sub(millis(new.quiet));
            if let Some(job) = unsettled(write.on(), &new.address, &account, quiet_since).await? {
                return Ok(Requested::Unsettled { job });
            }
            sqlx::query(
                "INSERT INTO code_requests (id, job, account, address, senders, asked_at, expires_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(new.id.to_string())
            .bind(new.job.to_string())
            .bind(account)
            .bind(&new.address)
            .bind(&new.senders)
            .bind(now.saturating_sub(millis(age)))
            .bind(now.saturating_add(millis(new.lasts)))
            .execute(write.on())
            .await?;
            write.commit().await?;
            store.mail.send_modify(|news| *news += 1);
            Ok(Requested::Open)
        })
        .await
    }

    async fn is_awaited(&self) -> Result<bool, StoreError> {
        let open = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM code_requests WHERE closed_at IS NULL AND expires_at > ?)",
        );
        Ok(open.bind(self.clock.now()).fetch_one(&self.readers).await?)
    }

    async fn messages_for(&self, request: Uuid) -> Result<Vec<MessageRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT m.*, NULL AS job FROM code_requests AS r
             JOIN messages AS m ON m.address = r.address AND m.arrived_at >= r.asked_at AND m.request IS NULL
             WHERE r.id = ?1 AND r.closed_at IS NULL AND r.expires_at > ?2
               AND NOT EXISTS (SELECT 1 FROM messages AS taken WHERE taken.request = r.id)
             ORDER BY m.arrived_at DESC, m.seq DESC",
        )
        .bind(request.to_string())
        .bind(self.clock.now())
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(read).collect()
    }

    async fn claim_message(&self, request: Uuid, message: Uuid) -> Result<bool, StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let done = sqlx::query(
                "UPDATE messages SET request = ?1 WHERE id = ?2 AND request IS NULL
                 AND EXISTS (SELECT 1 FROM code_requests AS r
                             WHERE r.id = ?1 AND r.closed_at IS NULL AND r.expires_at > ?3
                               AND r.address = messages.address AND r.asked_at <= messages.arrived_at)
                 AND NOT EXISTS (SELECT 1 FROM messages AS taken WHERE taken.request = ?1)",
            )
            .bind(request.to_string())
            .bind(message.to_string())
            .bind(store.clock.now())
            .execute(write.on())
            .await?;
            if done.rows_affected() == 1 {
                settle(write.on(), request, store.clock.now()).await?;
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
            sqlx::query("UPDATE messages SET refused = 1 WHERE request = ?")
                .bind(request.to_string())
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
            sqlx::query("UPDATE code_requests SET closed_at = ? WHERE id = ? AND closed_at IS NULL")
                .bind(store.clock.now())
                .bind(request.to_string())
                .execute(write.on())
                .await?;
            write.commit().await?;
            // Somebody may wait for the address.
            store.mail.send_modify(|news| *news += 1);
            Ok(())
        })
        .await
    }

    async fn settle_request(&self, request: Uuid) -> Result<(), StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            settle(write.on(), request, store.clock.now()).await?;
            write.commit().await?;
            store.mail.send_modify(|news| *news += 1);
            Ok(())
        })
        .await
    }

    async fn messages_after(&self, seq: i64, most: u32) -> Result<Vec<MessageRow>, StoreError> {
        let rows = sqlx::query(
            "SELECT m.*, r.job FROM messages AS m LEFT JOIN code_requests AS r ON r.id = m.request
             WHERE m.seq > ? ORDER BY m.seq LIMIT ?",
        )
        .bind(seq)
        .bind(most)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(read).collect()
    }

    async fn newest_message(&self) -> Result<i64, StoreError> {
        let newest = sqlx::query_scalar("SELECT coalesce(max(seq), 0) FROM messages");
        Ok(newest.fetch_one(&self.readers).await?)
    }

    async fn forget_messages(&self, age: Duration) -> Result<u64, StoreError> {
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let before = store.clock.now().saturating_sub(millis(age));
            let done = sqlx::query("DELETE FROM messages WHERE arrived_at < ?")
                .bind(before)
                .execute(write.on())
                .await?;
            sqlx::query("DELETE FROM message_marks WHERE seen_at < ?")
                .bind(store.clock.now().saturating_sub(millis(age.max(MARKS_KEPT))))
                .execute(write.on())
                .await?;
            sqlx::query("DELETE FROM code_requests WHERE expires_at < ?")
                .bind(before)
                .execute(write.on())
                .await?;
            write.commit().await?;
            Ok(done.rows_affected())
        })
        .await
    }

    fn message_news(&self) -> watch::Receiver<u64> {
        self.mail.subscribe()
    }

    async fn hold_source(&self, source: &str, holder: &WorkerId, ttl: Duration) -> Result<bool, StoreError> {
        let (store, source, holder) = (self.clone(), source.to_owned(), holder.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let now = store.clock.now();
            let done = sqlx::query(
                "INSERT INTO inbox_sources (source, holder, expires_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (source) DO UPDATE SET holder = ?2, expires_at = ?3
                 WHERE holder = ?2 OR expires_at <= ?4",
            )
            .bind(source)
            .bind(holder.as_str())
            .bind(now.saturating_add(millis(ttl)))
            .bind(now)
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
            sqlx::query("DELETE FROM inbox_sources WHERE source = ? AND holder = ?")
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
            // The store's clock is read before ours, so that the look is told no later than it was.
            let now = store.clock.now();
            let looked_at = now - millis(mark.looked.elapsed()) - 1;
            let (least, most) = mark.shown.map(|(least, most)| (least.as_millisecond(), most.as_millisecond())).unzip();
            sqlx::query(
                "INSERT INTO mailbox_marks (mailbox, validity, next, looked_at, shown_least, shown_most)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (mailbox) DO UPDATE SET validity = ?2, next = ?3, looked_at = ?4, shown_least = ?5,
                     shown_most = ?6",
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
        // Before the store's clock is read, so that the look is told no later than it was.
        let asked = Instant::now();
        let noted = sqlx::query("SELECT *, ?2 - looked_at AS age FROM mailbox_marks WHERE mailbox = ?1")
            .bind(mailbox)
            .bind(self.clock.now());
        let row = noted.fetch_optional(&self.readers).await?;
        row.map_or(Ok(None), |row| read_mark(&Reader(&row), asked))
    }
}

/// The job whose request for the address is open.
async fn in_use(on: &mut SqliteConnection, address: &str) -> Result<Option<Uuid>, StoreError> {
    let open = sqlx::query("SELECT job FROM code_requests WHERE address = ? AND closed_at IS NULL")
        .bind(address)
        .fetch_optional(on)
        .await?;
    open.map(|row| Reader(&row).id("job")).transpose()
}

/// Whose message may still come to the address, other than the account's own.
async fn unsettled(
    on: &mut SqliteConnection,
    address: &str,
    account: &str,
    since: i64,
) -> Result<Option<Uuid>, StoreError> {
    let other = sqlx::query(
        "SELECT job FROM code_requests WHERE address = ?1 AND account <> ?2 AND NOT settled
           AND min(coalesce(closed_at, expires_at), expires_at) > ?3
         ORDER BY min(coalesce(closed_at, expires_at), expires_at) DESC LIMIT 1",
    )
    .bind(address)
    .bind(account)
    .bind(since)
    .fetch_optional(on)
    .await?;
    other.map(|row| Reader(&row).id("job")).transpose()
}

/// No message is under way for the request any more.
async fn settle(on: &mut SqliteConnection, request: Uuid, now: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE code_requests SET closed_at = coalesce(closed_at, ?1), settled = 1 WHERE id = ?2")
        .bind(now)
        .bind(request.to_string())
        .execute(on)
        .await?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<MessageRow, StoreError> {
    let row = Reader(row);
    Ok(MessageRow {
        seq: row.int("seq")?,
        id: row.id("id")?,
        address: row.text("address")?,
        arrived_at: row.time("arrived_at")?,
        sealed: row.bytes("sealed")?,
        job: row.id_or_null("job")?,
        refused: row.int("refused")? != 0,
    })
}

fn read_mark(row: &Reader<'_>, asked: Instant) -> Result<Option<MailboxMark>, StoreError> {
    let shown = row.int_or_null("shown_least")?.zip(row.int_or_null("shown_most")?);
    Ok(MailboxMark::stored(row.int("validity")?, row.int("next")?, row.int("age")?, shown, asked))
}
