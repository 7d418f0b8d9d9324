//! What happens, told to all who watch: the log is asked once for all of them, not once for each.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, watch};
use tokio::time::{MissedTickBehavior, interval};

use super::metrics::Ends;
use crate::net::told_to_stop;
use crate::store::{AttemptRow, Store, StoreError};

/// How often the log is asked for changes: other processes write it.
const LOOK: Duration = Duration::from_millis(100);

/// How often it is asked for nobody.
const IDLE: Duration = Duration::from_secs(1);

/// The most rows of one look.
const AT_ONCE: u32 = 500;

/// So many rows may wait for a viewer; who is slower looks anew.
const WAITING: usize = 1024;

/// The beat at which viewers learn of changes.
#[derive(Clone)]
pub struct Pulse {
    rows: broadcast::Sender<Arc<AttemptRow>>,
    ticks: watch::Sender<u64>,
    ends: Arc<Ends>,
}

impl Pulse {
    pub fn new() -> Self {
        Self {
            rows: broadcast::Sender::new(WAITING),
            ticks: watch::Sender::new(0),
            ends: Arc::new(Ends::new()),
        }
    }

    /// Attempts from now on, as they begin and as they end.
    pub fn rows(&self) -> broadcast::Receiver<Arc<AttemptRow>> {
        self.rows.subscribe()
    }

    /// Ticks when it is worth to look at what runs.
    pub fn ticks(&self) -> watch::Receiver<u64> {
        self.ticks.subscribe()
    }

    /// What has ended so far.
    pub fn ends(&self) -> &Ends {
        &self.ends
    }

    /// Asks until it is told to stop.
    pub async fn run(self, store: Arc<dyn Store>, mut stop: watch::Receiver<bool>) {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Before the first viewer, if the database answers.
        let mut cursor = store.log_cursor().await.ok();
        let mut waited = Duration::ZERO;
        loop {
            tokio::select! {
                _ = look.tick() => {}
                () = told_to_stop(&mut stop) => return,
            }
            waited += LOOK;
            let watched = self.rows.receiver_count() > 0 || self.ticks.receiver_count() > 0;
            if !watched && waited < IDLE {
                continue;
            }
            waited = Duration::ZERO;
            if let Err(error) = self.beat(&store, &mut cursor).await {
                tracing::warn!(%error, "the log cannot be followed at the moment");
            }
            self.ticks.send_modify(|tick| *tick = tick.wrapping_add(1));
        }
    }

    /// Tells of what has changed, also where nobody seems to listen: whoever has begun to listen meanwhile misses nothing.
    async fn beat(&self, store: &Arc<dyn Store>, cursor: &mut Option<i64>) -> Result<(), StoreError> {
        let mut at = match *cursor {
            Some(at) => at,
            None => store.log_cursor().await?,
        };
        loop {
            let rows = store.log_changes(at, AT_ONCE).await?;
            let all = rows.len() < AT_ONCE as usize;
            for row in rows {
                at = at.max(row.changed);
                self.ends.note(&row);
                let _ = self.rows.send(Arc::new(row));
            }
            *cursor = Some(at);
            if all {
                return Ok(());
            }
        }
    }
}
