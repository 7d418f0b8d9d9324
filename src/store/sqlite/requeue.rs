//! Jobs that somebody wants performed before their time.

use uuid::Uuid;

use super::gates::held_back;
use super::value::Reader;
use super::{Outlasts, SqliteStore, detached};
use crate::store::requeue::Standing;
use crate::store::{JobState, Jobs as _, Requeueing, StoreError, WorkerId};

impl SqliteStore {
    pub(super) async fn make_due(&self, id: Uuid) -> Result<Requeueing, StoreError> {
        let row = self.job(id).await?.ok_or(StoreError::NoJob(id))?;
        // What any worker does soon: nothing is taken up but what nobody holds any more.
        let lost = row.state == JobState::Running && self.recover(&|_: &WorkerId| false).await?.contains(&id);
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let now = store.clock.now();
            let row = sqlx::query(concat!(
                "SELECT state, cancel_asked, not_before > ?1 AS put_off, ",
                held_back!(),
                " AS held_back, EXISTS (SELECT 1 FROM questions AS q
                                        WHERE q.job = j.id AND q.state = 'open' AND q.until > ?1) AS asks
                 FROM jobs AS j WHERE id = ?2",
            ))
            .bind(now)
            .bind(id.to_string())
            .fetch_one(write.on())
            .await?;
            let row = Reader(&row);
            let standing = Standing {
                state: row.parsed("state", "the state of a job")?,
                cancel_asked: row.int("cancel_asked")? != 0,
                asks: row.int("asks")? != 0,
                held_back: row.int("held_back")? != 0 && !lost,
                put_off: row.int("put_off")? != 0,
            };
            let put_off = standing.may_be_made_due().map_err(|why| StoreError::NotRequeued { id, why })?;
            if put_off {
                // Its place among the others is that of one that becomes due now; a queue outside of the database is
                // told anew.
                sqlx::query(
                    "UPDATE jobs SET rank = rank - not_before + ?2, not_before = ?2, offered_until = NULL
                     WHERE id = ?1 AND state = 'queued'",
                )
                .bind(id.to_string())
                .bind(now)
                .execute(write.on())
                .await?;
            }
            write.commit().await?;
            Ok(if lost {
                Requeueing::TakenUp
            } else if put_off {
                Requeueing::Due
            } else {
                Requeueing::Already
            })
        })
        .await
    }
}
