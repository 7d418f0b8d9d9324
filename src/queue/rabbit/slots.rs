//! As many jobs are brought to a worker as it has free slots, so that none waits at a busy one while another is idle.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch::error::RecvError;
use tokio::sync::{Notify, watch};
use tokio::time;

use super::arrivals::Arrivals;
use super::line::Wanted;
use super::link::Link;

/// For how long slots have to be taken, or free, before the broker is told where it brings jobs by itself: short jobs
/// come and go faster than that.
const SETTLED: Duration = Duration::from_millis(300);

/// How many jobs there may be, and are.
pub(super) struct Slots {
    pub most: u16,
    /// How many jobs are under way.
    pub held: watch::Receiver<usize>,
    /// Whether jobs are taken at all.
    pub working: watch::Receiver<bool>,
    /// That a delivery was answered without taking a slot.
    pub unused: Arc<Notify>,
}

impl Slots {
    /// Tells the connection how many slots are free, as that changes; until the queue is no more.
    pub async fn tell(mut self, link: Arc<Link>, arrivals: Arc<Arrivals>) {
        while self.tell_once(&link, &arrivals).await.is_ok() {}
    }

    async fn tell_once(&mut self, link: &Link, arrivals: &Arrivals) -> Result<(), RecvError> {
        if !*self.working.borrow_and_update() {
            link.want(Wanted::Nothing);
            return self.working.wait_for(|working| *working).await.map(drop);
        }
        let held = u16::try_from(*self.held.borrow_and_update()).unwrap_or(u16::MAX);
        let free = self.most.saturating_sub(held);
        if free == 0 {
            // What has come may be taken in a moment.
            if let Ok(freed) = time::timeout(SETTLED, self.slot_is_free()).await {
                return freed;
            }
            link.want(Wanted::Jobs(0));
            return self.slot_is_free().await;
        }
        link.want(Wanted::Jobs(free));
        tokio::select! {
            changed = self.held.changed() => changed?,
            changed = self.working.changed() => return changed,
            () = self.unused.notified() => {}
        }
        if arrivals.are_brought() {
            // Whoever stops working does not wait for that.
            let _ = time::timeout(SETTLED, self.working.wait_for(|working| !working)).await;
        }
        Ok(())
    }

    /// Returns when there is a free slot, or no more jobs are taken.
    async fn slot_is_free(&mut self) -> Result<(), RecvError> {
        let most = usize::from(self.most);
        tokio::select! {
            free = self.held.wait_for(|held| *held < most) => free.map(drop),
            stopped = self.working.wait_for(|working| !working) => stopped.map(drop),
        }
    }
}
