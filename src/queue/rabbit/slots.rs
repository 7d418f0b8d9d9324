//! As many jobs are brought to a worker as it has free slots, so that none waits at a busy one while another is idle.

use std::sync::Arc;
use std::time::Duration;

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
        loop {
            let known = tokio::select! {
                known = self.held.changed() => known,
                known = self.working.changed() => known,
                () = self.unused.notified() => Ok(()),
            };
            if known.is_err() {
                return;
            }
            if self.free() == 0 || arrivals.are_brought() {
                // Whoever stops working does not wait for that.
                let _ = time::timeout(SETTLED, self.working.wait_for(|working| !working)).await;
            }
            let working = *self.working.borrow_and_update();
            link.want(if working { Wanted::Jobs(self.free()) } else { Wanted::Nothing });
        }
    }

    fn free(&mut self) -> u16 {
        let held = u16::try_from(*self.held.borrow_and_update()).unwrap_or(u16::MAX);
        self.most.saturating_sub(held)
    }
}
