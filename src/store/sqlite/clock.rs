use std::fs;

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use sqlx::SqlitePool;

use super::value::now;
use crate::store::StoreError;

/// Differences of clocks are told in steps of so many milliseconds: two that are read one after the other seem to differ by one more
/// or less each time.
const EVEN: i64 = 10;

/// The clock that leases, claims, waiting jobs and budgets run by. It reads about as the wall clock does, but goes on evenly when that is
/// set, and reads the same in every process that has the database open on this machine: the time since boot, on a
/// base that the first process after a boot writes down.
#[derive(Debug, Clone, Copy)]
pub(super) struct SteadyClock {
    base: i64,
}

impl SteadyClock {
    /// The clock that all processes with this database share.
    pub async fn shared_by(pool: &SqlitePool) -> Result<Self, StoreError> {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let name = format!("clock:{}", boot.trim());
        let own = now() - since_boot();
        let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM meta WHERE name LIKE 'clock:%' AND name <> ?")
            .bind(&name)
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING")
            .bind(&name)
            .bind(own.to_be_bytes().as_slice())
            .execute(&mut *tx)
            .await?;
        let base: Vec<u8> = sqlx::query_scalar("SELECT value FROM meta WHERE name = ?")
            .bind(&name)
            .fetch_one(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Self { base: base.try_into().map_or(own, i64::from_be_bytes) })
    }

    /// Now, in milliseconds.
    pub fn now(self) -> i64 {
        self.base + since_boot()
    }

    /// What this clock will show when the wall clock shows that, if nobody sets it.
    pub fn of_wall(self, at: Timestamp) -> i64 {
        at.as_millisecond().saturating_sub(self.ahead())
    }

    /// What the wall clock will show when this clock shows that, if nobody sets it.
    pub fn wall(self, at: Timestamp) -> Timestamp {
        Timestamp::from_millisecond(at.as_millisecond().saturating_add(self.ahead())).unwrap_or(at)
    }

    /// By how much the wall clock is ahead, as far as that can be told: to some milliseconds, so that a time that is written down
    /// reads the same for as long as nobody sets the clock.
    fn ahead(self) -> i64 {
        loop {
            let (before, wall) = (self.now(), now());
            // Else something came between the two.
            if self.now() == before {
                return (wall - before + EVEN / 2).div_euclid(EVEN) * EVEN;
            }
        }
    }
}

/// In milliseconds; goes on while the machine sleeps.
fn since_boot() -> i64 {
    let time = clock_gettime(ClockId::Boottime);
    time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steadily by any whole number of steps from the wall clock, as when nobody has set that, or somebody has.
    #[test]
    fn a_time_reads_as_it_was_said() {
        let at = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_hours(24 * 365 * 60);
        for set in [0, 7_200_000, -86_400_000] {
            let clock = SteadyClock { base: now() - since_boot() + set };
            for _ in 0..10_000 {
                let steady = Timestamp::from_millisecond(clock.of_wall(at)).unwrap_or_default();
                assert_eq!(clock.wall(steady), at);
            }
        }
    }
}
