//! What happens, told to all who watch: the log is asked once for all of them, not once for each.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{broadcast, watch};
use tokio::time::{MissedTickBehavior, interval};

use super::metrics::Ends;
use super::waiting::{self, Open};
use crate::net::told_to_stop;
use crate::outage::Outage;
use crate::store::{AttemptRow, Store, StoreError};

/// How often the log is asked for changes: other processes write it.
const LOOK: Duration = Duration::from_millis(100);

/// How often it is asked for nobody.
const IDLE: Duration = Duration::from_secs(1);

/// Who has not been able to read the log for so long tells nothing of what happens.
const STALE: Duration = Duration::from_secs(5);

/// At every which look it is also asked what jobs wait for people to give, if somebody wants to know.
const QUESTIONS: u32 = 3;

/// So many questions are known at once; more people than that do not watch.
const MOST_QUESTIONS: u32 = 1_000;

/// The most rows of one look.
const AT_ONCE: u32 = 500;

/// So many rows may wait for a viewer; who is slower looks anew.
const WAITING: usize = 1024;

/// The beat at which viewers learn of changes.
#[derive(Clone)]
pub struct Pulse {
    rows: broadcast::Sender<Arc<AttemptRow>>,
    ticks: watch::Sender<u64>,
    questions: watch::Sender<Open>,
    ends: Arc<Ends>,
    /// When the log was read last.
    looked: watch::Sender<Instant>,
    over: watch::Sender<bool>,
}

impl Pulse {
    pub fn new() -> Self {
        Self {
            rows: broadcast::Sender::new(WAITING),
            ticks: watch::Sender::new(0),
            questions: watch::Sender::new(Arc::default()),
            ends: Arc::new(Ends::new()),
            looked: watch::Sender::new(Instant::now()),
            over: watch::Sender::new(false),
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

    /// What jobs wait for people to give. What was known before anybody watched may be old: whoever begins looks once.
    pub fn questions(&self) -> watch::Receiver<Open> {
        self.questions.subscribe()
    }

    /// What has ended so far.
    pub fn ends(&self) -> &Ends {
        &self.ends
    }

    /// Whether what happens is known here: a database that does not answer fails nobody who only waits for news.
    pub fn is_well(&self) -> bool {
        self.looked.borrow().elapsed() < STALE
    }

    /// Ends when nothing is told any more, so that no viewer holds up the end of the server.
    pub fn over(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut over = self.over.subscribe();
        async move { told_to_stop(&mut over).await }
    }

    /// Asks until it is told to stop.
    pub async fn run(self, store: Arc<dyn Store>, mut stop: watch::Receiver<bool>) {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // Before the first viewer, if the database answers.
        let mut cursor = store.log_cursor().await.ok();
        let mut waited = Duration::ZERO;
        let mut looks = 0;
        let mut outage = Outage::of("the log cannot be followed", IDLE);
        loop {
            tokio::select! {
                _ = look.tick() => {}
                () = told_to_stop(&mut stop) => break,
            }
            waited += LOOK;
            let asked = self.questions.receiver_count() > 0;
            let watched = asked || self.rows.receiver_count() > 0 || self.ticks.receiver_count() > 0;
            if !watched && waited < IDLE {
                continue;
            }
            waited = Duration::ZERO;
            looks += 1;
            let mut looked = self.beat(&store, &mut cursor).await;
            if asked && looks >= QUESTIONS {
                looks = 0;
                looked = looked.and(self.ask(&store).await);
            }
            match looked {
                Ok(()) => {
                    self.looked.send_replace(Instant::now());
                    outage.over();
                }
                Err(error) => drop(outage.failed(&error)),
            }
            self.ticks.send_modify(|tick| *tick = tick.wrapping_add(1));
        }
        self.over.send_replace(true);
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

    /// Tells which questions are open, if that has changed.
    async fn ask(&self, store: &Arc<dyn Store>) -> Result<(), StoreError> {
        let open = waiting::open(&store.open_questions(None, MOST_QUESTIONS).await?);
        self.questions.send_if_modified(|before| {
            let changed = *before != open;
            *before = open;
            changed
        });
        Ok(())
    }
}
