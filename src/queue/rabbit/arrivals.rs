use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use lapin::message::Delivery;
use tokio::sync::Notify;

use crate::job::Priority;

/// So often in a row a more urgent job goes before one that waits; then that one is let through.
pub(super) const PATIENCE: u32 = 9;

/// Deliveries that no slot has taken yet, by priority.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    waiting: Mutex<Waiting<Delivery>>,
    pub came: Notify,
    brought: AtomicBool,
}

impl Arrivals {
    pub fn push(&self, priority: Priority, delivery: Delivery) {
        self.lock().push(priority, delivery);
        self.came.notify_waiters();
        // For a worker that is about to wait.
        self.came.notify_one();
    }

    pub fn next(&self) -> Option<(Priority, Delivery)> {
        self.lock().next()
    }

    pub fn len(&self) -> usize {
        self.lock().queues.iter().map(VecDeque::len).sum()
    }

    /// Whether the broker brings deliveries by itself, rather than being asked for each.
    pub fn are_brought(&self) -> bool {
        self.brought.load(Ordering::Relaxed)
    }

    pub fn note_brought(&self, brought: bool) {
        self.brought.store(brought, Ordering::Relaxed);
    }

    /// Puts one back that could not be looked into now.
    pub fn put_back(&self, priority: Priority, delivery: Delivery) {
        self.lock().queues[priority as usize].push_front(delivery);
    }

    /// The broker delivers them again, for their connection is gone.
    pub fn clear(&self) {
        *self.lock() = Waiting::default();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<Delivery>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
struct Waiting<T> {
    queues: [VecDeque<T>; 3],
    /// How often each was passed over in a row while something waited there.
    passed: [u32; 3],
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Self { queues: [VecDeque::new(), VecDeque::new(), VecDeque::new()], passed: [0; 3] }
    }
}

impl<T> Waiting<T> {
    fn push(&mut self, priority: Priority, one: T) {
        self.queues[priority as usize].push_back(one);
    }

    fn next(&mut self) -> Option<(Priority, T)> {
        let waits = |priority: &Priority| !self.queues[*priority as usize].is_empty();
        let starved =
            Priority::ALL.into_iter().rev().find(|p| waits(p) && self.passed[*p as usize] >= PATIENCE);
        let next = starved.or_else(|| Priority::ALL.into_iter().find(waits))?;
        for other in Priority::ALL {
            let passed = other != next && !self.queues[other as usize].is_empty();
            self.passed[other as usize] = if passed { self.passed[other as usize] + 1 } else { 0 };
        }
        self.queues[next as usize].pop_front().map(|one| (next, one))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_urgent_come_first_and_nobody_starves() {
        let mut waiting = Waiting::default();
        for nth in 0..100 {
            for priority in Priority::ALL {
                waiting.push(priority, nth);
            }
        }
        let order: Vec<Priority> =
            std::iter::from_fn(|| waiting.next()).map(|(priority, _)| priority).collect();
        let share = |priority| order[..100].iter().filter(|one| **one == priority).count();
        assert_eq!(order.len(), 300);
        assert!(share(Priority::High) >= 75 && share(Priority::Low) >= 5, "{:?}", Priority::ALL.map(share));
        assert_eq!(order[..PATIENCE as usize], [Priority::High; PATIENCE as usize]);
    }
}
