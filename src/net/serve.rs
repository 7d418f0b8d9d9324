//! Lets clients in, as many as there may be, until it is told to stop.

use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::clients::{Clients, Guest};
use super::listen::Listener;
use super::stream::Stream;
use super::turned_away::{Full, TurnedAway};

const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// How long whoever is turned away may take to hear of it.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long a message may take that is being received when everything ends.
const LAST_MESSAGE: Duration = Duration::from_secs(5);

/// The place where clients are attended to.
pub struct Hall<'a> {
    /// Connections at once.
    pub connections: usize,
    /// Who they are.
    pub clients: &'a Arc<Clients>,
    /// What one hears for whom there is no room.
    pub no_room: &'static [u8],
}

impl Hall<'_> {
    /// Attends to whoever comes, each in a task of its own. Told to stop, it lets nobody in, and waits for a moment for
    /// those who are there; they are told too.
    pub async fn serve<A, F>(self, listener: Listener, mut stop: watch::Receiver<bool>, attend: A)
    where
        A: Fn(Box<dyn Stream>, Option<IpAddr>, Guest) -> F,
        F: Future<Output = ()> + Send + 'static,
    {
        let places = Arc::new(Semaphore::new(self.connections));
        let mut guests = JoinSet::new();
        let mut turned_away = TurnedAway::default();
        loop {
            let (mut stream, from) = tokio::select! {
                () = told_to_stop(&mut stop) => break,
                accepted = listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        // Out of file descriptors, most likely. Nothing tells when there are some again.
                        tracing::warn!(%error, "a connection could not be accepted");
                        sleep(ACCEPT_AGAIN).await;
                        continue;
                    }
                },
                Some(_) = guests.join_next() => continue,
            };
            let place = Arc::clone(&places).try_acquire_owned().map_err(|_| Full::Hall);
            let let_in = place.and_then(|place| Ok((place, self.clients.enter(from).ok_or(Full::Client)?)));
            match let_in {
                Ok((place, guest)) => {
                    let attended = attend(stream, from, guest);
                    guests.spawn(async move {
                        attended.await;
                        drop(place);
                    });
                }
                Err(why) => {
                    turned_away.note(from, why);
                    // A few bytes fit the socket's buffer, so that this does not wait.
                    let _ = timeout(FAREWELL, stream.write_all(self.no_room)).await;
                }
            }
        }
        drop(listener);
        let all_done = async { while guests.join_next().await.is_some() {} };
        // Whoever is in the middle of a message gets a moment. The rest are cut off here.
        let _ = timeout(LAST_MESSAGE, all_done).await;
    }
}

/// Returns when everything is to end.
pub async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    // An error means that nobody is left to say so, which is as good a reason.
    let _ = stop.wait_for(|stop| *stop).await;
}
