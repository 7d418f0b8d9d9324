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

    fn seen(&self) -> std::sync::MutexGuard<'_, BTreeSet<Date>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn month_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date().first_of_month()
}

async fn make(pool: &PgPool, at: Timestamp) -> Result<bool, StoreError> {
    // Nobody waits for long behind one who waits for a lock on the log.
    let mut tx = pool.begin_with("BEGIN; SET LOCAL lock_timeout = '2s'").await?;
    let made = sqlx::query_scalar("SELECT turnlock_make_month($1)")
        .bind(at.as_millisecond())
        .fetch_one(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(made)
}
