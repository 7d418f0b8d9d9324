//! The months of the automation log: a partition each, made before it is needed.

use std::collections::BTreeSet;
use std::sync::Mutex;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use sqlx::PgPool;
use tokio::time;

use super::ANSWER;
use crate::store::StoreError;

/// How many months are made ahead.
const AHEAD: i32 = 2;

/// Everybody who uses the log waits behind one who waits for a lock on all of it, so that must not be long.
const BRIEFLY: &str = "BEGIN; SET LOCAL lock_timeout = '2s'";

/// The months that were seen to have their partitions.
#[derive(Debug, Default)]
pub(super) struct Months(Mutex<BTreeSet<Date>>);

impl Months {
    /// Sees to it that there is a partition for an attempt that begins then. If none can be made, the attempt goes
    /// to the rest: it is better to have it there than not.
    pub async fn make_room(&self, pool: &PgPool, at: Timestamp) {
        let month = month_of(at);
        if !self.seen().insert(month) {
            return;
        }
        match time::timeout(ANSWER / 2, make(pool, at)).await {
            Ok(Ok(true)) => {}
            Ok(Ok(false)) => tracing::info!(%month, "the log of that month was put aside"),
            Ok(Err(error)) => tracing::warn!(%month, %error, "the log has no partition for that month"),
            Err(_) => {
                self.seen().remove(&month);
            }
        }
    }

    /// The month of then, and some more.
    pub async fn make_ahead(&self, pool: &PgPool, at: Timestamp) {
        for months in 0..=AHEAD {
            let ahead = at.to_zoned(TimeZone::UTC).checked_add(months.months());
            self.make_room(pool, ahead.map_or(at, |ahead| ahead.timestamp())).await;
        }
    }

    /// Looks anew at the next attempt: a partition that could not be made may be made now.
    pub fn forget(&self) {
        self.seen().clear();
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, BTreeSet<Date>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn month_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date().first_of_month()
}

/// Takes the months that had ended before then out of the log, and returns their tables' names.
pub(super) async fn put_aside(pool: &PgPool, keep_from: Timestamp) -> Result<Vec<String>, StoreError> {
    let mut tx = pool.begin_with(BRIEFLY).await?;
    let aside = sqlx::query_scalar("SELECT turnlock_put_aside($1)")
        .bind(keep_from.as_millisecond())
        .fetch_all(&mut *tx)
        .await?;
    // What stands in the log no more wants nobody.
    sqlx::query(
        "DELETE FROM wanting AS w WHERE started_at < $1 AND NOT EXISTS (
             SELECT 1 FROM automation_log AS l WHERE l.seq = w.seq AND l.started_at = w.started_at)",
    )
    .bind(keep_from.as_millisecond())
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(aside)
}

async fn make(pool: &PgPool, at: Timestamp) -> Result<bool, StoreError> {
    let mut tx = pool.begin_with(BRIEFLY).await?;
    let made = sqlx::query_scalar("SELECT turnlock_make_month($1)")
        .bind(at.as_millisecond())
        .fetch_one(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(made)
}
