use std::future::pending;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// How long after a look the next one comes, at first.
const SOONEST: Duration = Duration::from_millis(100);

/// A server that announces mail is faster than that, so that looking does not pay any more. Dovecot takes half a second.
const LATEST: Duration = Duration::from_millis(500);

/// So many looks in the time that has been waited: at half a minute looking ends, after about 130 looks.
const LOOKS: u32 = 50;

/// When to look for mail that the server has not announced yet, because somebody awaits a code: at once, then every tenth
/// of a second, and ever more rarely the longer it takes.
#[derive(Debug)]
pub(super) struct Eager {
    awaited: Option<watch::Receiver<bool>>,
    since: Option<Instant>,
    looked: Option<Instant>,
}

impl Eager {
    /// `awaited` says true each time that somebody begins to wait, and false when nobody does.
    pub fn new(mut awaited: Option<watch::Receiver<bool>>) -> Self {
        if let Some(awaited) = &mut awaited {
            awaited.mark_changed();
        }
        Self { awaited, since: None, looked: None }
    }

    /// Returns when it is time for a look, and whether it is the first since somebody began to wait; never, as long as
    /// nobody awaits anything. May be dropped at any moment.
    pub async fn next_look(&mut self) -> bool {
        loop {
            let due = self.due();
            let Some(awaited) = &mut self.awaited else { return pending().await };
            let changed = tokio::select! {
                changed = awaited.changed() => changed,
                () = until(due) => {
                    return self.looked.replace(Instant::now()).is_none();
                }
            };
            if changed.is_err() {
                self.awaited = None;
                return pending().await;
            }
            self.since = awaited.borrow_and_update().then(Instant::now);
            self.looked = None;
        }
    }

    fn due(&self) -> Option<Instant> {
        let since = self.since?;
        let Some(looked) = self.looked else { return Some(since) };
        let gap = ((looked - since) / LOOKS).max(SOONEST);
        (gap <= LATEST).then(|| looked + gap)
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn looks_come_at_once_then_often_then_rarely_then_not_at_all() {
        let begin = Instant::now();
        let mut eager = Eager { awaited: None, since: Some(begin), looked: None };
        let mut looks = Vec::new();
        while let Some(due) = eager.due() {
            looks.push((due - begin).as_millis());
            eager.looked = Some(due);
        }
        assert_eq!(looks[..4], [0, 100, 200, 300]);
        assert!((100..160).contains(&looks.len()), "{}", looks.len());
        assert!(looks.last().is_some_and(|last| (20_000..30_000).contains(last)), "{looks:?}");
    }

    #[tokio::test]
    async fn whoever_begins_to_wait_is_heeded_at_once() {
        let (sender, receiver) = watch::channel(false);
        let mut eager = Eager::new(Some(receiver));
        assert_eq!(eager.next_look().now_or_never(), None, "nobody waits");
        for _ in 0..3 {
            sender.send_replace(true);
            assert!(eager.next_look().await, "the first since");
            assert_eq!(eager.next_look().now_or_never(), None, "the next look is not due");
        }
        sender.send_replace(false);
        assert_eq!(eager.next_look().now_or_never(), None);
        assert_eq!(eager.due(), None);
        drop(sender);
        assert_eq!(eager.next_look().now_or_never(), None);
    }
}
