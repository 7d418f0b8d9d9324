//! Jobs that somebody wants performed before their time.

use uuid::Uuid;

use super::gates::held_back;
use super::value::Reader;
use super::{Outlasts, PostgresStore, detached};
use crate::store::requeue::Standing;
use crate::store::{JobState, Jobs as _, Requeueing, StoreError, WorkerId};

impl PostgresStore {
    pub(super) async fn make_due(&self, id: Uuid) -> Result<Requeueing, StoreError> {
        let row = self.job(id).await?.ok_or(StoreError::NoJob(id))?;
        // What any worker does soon: nothing is taken up but what nobody holds any more.
        let lost = row.state == JobState::Running && self.recover(&|_: &WorkerId| false).await?.contains(&id);
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            write.lock_account_of(id).await?;
            let row = sqlx::query(concat!(
                "SELECT j.state, j.cancel_asked, j.not_before > t.now AS put_off, ",
                held_back!(),
                " AS held_back, EXISTS (SELECT 1 FROM questions AS q
                                        WHERE q.job = j.id AND q.state = 'open' AND q.until > t.now) AS asks
                 FROM jobs AS j, (SELECT turnlock_now() AS now) AS t WHERE j.id = $1",
            ))
            .bind(id)
            .fetch_one(write.on())
            .await?;
            let row = Reader(&row);
            let standing = Standing {
                state: row.parsed("state", "the state of a job")?,
                cancel_asked: row.flag("cancel_asked")?,
                asks: row.flag("asks")?,
                held_back: row.flag("held_back")? && !lost,
                put_off: row.flag("put_off")?,
            };
            let put_off = standing.may_be_made_due().map_err(|why| StoreError::NotRequeued { id, why })?;
            if put_off {
                // Its place among the others is that of one that becomes due now; a queue outside of the database is
                // told anew.
                sqlx::query(
                    "UPDATE jobs SET rank = rank - not_before + turnlock_now(), not_before = turnlock_now(),
                        offered_until = NULL
                     WHERE id = $1 AND state = 'queued'",
                )
                .bind(id)
                .execute(write.on())
                .await?;
            }
            write.commit().await?;
            store.news.tell(&store.pool).await;
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
