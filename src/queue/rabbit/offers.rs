use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::time;

use super::error::BrokerError;
use super::link::Link;
use super::queue::{LOOK, OVERDUE, send};
use crate::job::Priority;
use crate::outage::Outage;
use crate::queue::QueueError;
use crate::store::Store;

/// For how long an offer is one worker's, who may die over it.
const HOLD: Duration = Duration::from_secs(30);
/// One that a full queue refused is made again after this.
const REFUSED: Duration = Duration::from_secs(5);
/// As many offers are made in one go.
const OFFERS: u32 = 100;
/// The wait between two tries to make offers at most.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Tells the broker of the jobs that wait in the database for another try, were taken up, or are owed; until the worker
/// leaves, and has told of what it leaves itself.
pub(super) async fn offer(
    store: Arc<dyn Store>,
    link: Arc<Link>,
    wanted: Arc<Notify>,
    mut leaving: watch::Receiver<bool>,
) {
    let mut outage = Outage::of("jobs that wait for another try cannot be offered", LONGEST_WAIT);
    let mut full =
        Priority::ALL.map(|_| Outage::of("jobs cannot be offered to a queue that is full", REFUSED));
    loop {
        let (begun, last) = (time::Instant::now(), *leaving.borrow());
        let again = match offer_once(store.as_ref(), &link, &mut full).await {
            Ok(offered) => {
                outage.over();
                // An elapsed time-out is as good as a signal: another process may have left some.
                if offered == 0 { Some(time::Instant::now() + LOOK) } else { None }
            }
            Err(error) => Some(begun + outage.failed(&error)),
        };
        match again {
            _ if last => return,
            None => {}
            Some(again) => tokio::select! {
                () = time::sleep_until(again) => {}
                () = wanted.notified() => {}
                _ = leaving.changed() => {}
            },
        }
    }
}

/// Returns how many were made. What a full queue refuses keeps nothing from the others.
async fn offer_once(
    store: &dyn Store,
    link: &Link,
    full: &mut [Outage; Priority::ALL.len()],
) -> Result<usize, QueueError> {
    // Not before they can be made: an offer that is not made is nobody's for a while.
    link.channel().await?;
    let mut offered = 0;
    for row in store.take_offers(OFFERS, HOLD).await? {
        let left = Duration::try_from(row.not_before.duration_since(Timestamp::now())).unwrap_or_default();
        let full = &mut full[row.job.priority as usize];
        match send(link, &row, left).await {
            Ok(()) => {
                full.over();
                store.offered(row.job.id, OVERDUE).await?;
                offered += 1;
            }
            Err(QueueError::Broker(error @ BrokerError::Refused(_))) => {
                full.failed(&error);
                store.offered(row.job.id, REFUSED).await?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(offered)
}
