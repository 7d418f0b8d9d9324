//! Sources at work, and old messages removed.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{self, Instant};

use super::desk::Inbox;
use super::source::{Desk, Source, SourceFailed};
use crate::net::told_to_stop;
use crate::store::WorkerId;

/// How long a message is kept, taken or not: a request waits for minutes.
const RETENTION: Duration = Duration::from_secs(60 * 60);
/// How often old ones are looked for.
const TIDY: Duration = Duration::from_secs(60);
/// How long a turn at a source lasts without a sign of life; another process takes over after that.
const TURN: Duration = Duration::from_secs(15);
/// How soon it is noticed that another process awaits a message, where the store hears no news of that.
const AWAITED: Duration = Duration::from_millis(500);
/// How often it is renewed, and tried for.
const BEAT: Duration = Duration::from_secs(4);

/// Sources that bring messages; dropped, they end at once.
#[derive(Debug)]
pub struct Serving {
    stop: watch::Sender<bool>,
    sources: JoinSet<Result<(), SourceFailed>>,
    _beside: JoinSet<()>,
}

impl Serving {
    /// Has all of them bring what comes to the inbox. Of those of which one process is enough, this one takes its turn.
    /// They are told whether anybody awaits a message.
    #[must_use]
    pub fn start(
        sources: Vec<Box<dyn Source>>,
        inbox: &Inbox,
        holder: &WorkerId,
        awaited: watch::Sender<bool>,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut running = JoinSet::new();
        for source in sources {
            let (inbox, stopped, holder) = (inbox.clone(), stopped.clone(), holder.clone());
            running.spawn(async move {
                if source.runs_alone() {
                    take_turns(&*source, &inbox, &holder, stopped).await
                } else {
                    source.run(Arc::new(inbox), stopped).await
                }
            });
        }
        let mut beside = JoinSet::new();
        beside.spawn(tidy(inbox.clone()));
        if awaited.receiver_count() > 0 {
            beside.spawn(tell_awaited(inbox.clone(), awaited));
        }
        Self { stop, sources: running, _beside: beside }
    }

    /// Returns when a source has failed for good; never where none does. May be dropped at any time.
    pub async fn failed(&mut self) -> SourceFailed {
        while let Some(ended) = self.sources.join_next().await {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(failed)) => return failed,
                Err(error) => {
                    let reason = format!("it failed: {error}");
                    return SourceFailed { source_name: "a source of messages".to_owned(), reason };
                }
            }
        }
        std::future::pending().await
    }

    /// Brings nothing more. What is being taken in may come to its end.
    pub async fn end(mut self) {
        self.stop.send_replace(true);
        while self.sources.join_next().await.is_some() {}
    }
}

/// Runs a source whenever no other process does.
async fn take_turns(
    source: &dyn Source,
    inbox: &Inbox,
    holder: &WorkerId,
    mut stopped: watch::Receiver<bool>,
) -> Result<(), SourceFailed> {
    let name = source.describe();
    loop {
        tokio::select! {
            () = its_turn(&name, inbox, holder) => {}
            () = told_to_stop(&mut stopped) => return Ok(()),
        }
        let (stop, ended) = watch::channel(false);
        let run = source.run(Arc::new(inbox.clone()) as Arc<dyn Desk>, ended);
        tokio::pin!(run);
        let done = tokio::select! {
            done = &mut run => Some(done),
            () = told_to_stop(&mut stopped) => {
                stop.send_replace(true);
                Some(run.await)
            }
            () = turn_is_lost(&name, inbox, holder) => {
                tracing::warn!(source = %name, "another process brings its messages now");
                stop.send_replace(true);
                let _ = run.await;
                None
            }
        };
        if let Some(done) = done {
            if let Err(error) = inbox.store.release_source(&name, holder).await {
                tracing::debug!(%error, "the turn at a source ends by itself");
            }
            return done;
        }
    }
}

async fn its_turn(name: &str, inbox: &Inbox, holder: &WorkerId) {
    loop {
        match inbox.store.hold_source(name, holder, TURN).await {
            Ok(true) => return,
            Ok(false) => {}
            Err(error) => tracing::debug!(%error, "the turn at a source could not be taken"),
        }
        time::sleep(BEAT).await;
    }
}

/// Returns when another has the turn, or may have it.
async fn turn_is_lost(name: &str, inbox: &Inbox, holder: &WorkerId) {
    let mut until = Instant::now() + TURN;
    loop {
        time::sleep(BEAT).await;
        let asked = Instant::now();
        match inbox.store.hold_source(name, holder, TURN).await {
            Ok(true) => until = asked + TURN,
            Ok(false) => return,
            Err(_) if Instant::now() >= until => return,
            Err(error) => tracing::debug!(%error, "the turn at a source could not be kept"),
        }
    }
}

/// Says whether anybody awaits a message, as that changes.
async fn tell_awaited(inbox: Inbox, awaited: watch::Sender<bool>) {
    let mut news = inbox.store.message_news();
    let mut news_came = false;
    loop {
        news.mark_unchanged();
        if let Ok(now) = inbox.store.is_awaited().await {
            // Said anew with each request, however many are open.
            awaited.send_if_modified(|before| std::mem::replace(before, now) != now || (now && news_came));
        }
        news_came = time::timeout(AWAITED, news.changed()).await.is_ok();
    }
}

async fn tidy(inbox: Inbox) {
    loop {
        match inbox.store.forget_messages(RETENTION).await {
            Ok(0) => {}
            Ok(messages) => tracing::debug!(messages, "removed old messages"),
            Err(error) => tracing::warn!(%error, "could not remove old messages"),
        }
        time::sleep(TIDY).await;
    }
}
