use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::time;

use super::error::BrokerError;
use super::link::Link;
use super::queue::{LOOK, OVERDUE, send};
use crate::queue::{Outage, QueueError};
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
    loop {
        let (begun, last) = (time::Instant::now(), *leaving.borrow());
        let again = match offer_once(store.as_ref(), &link).await {
            Ok(Offered { made, refused: Some(error) }) => {
                let wait = outage.failed(&error);
                if made > 0 { None } else { Some(begun + wait) }
            }
            // An elapsed time-out is as good as a signal: another process may have left some.
            Ok(Offered { made: 0, refused: None }) => Some(time::Instant::now() + LOOK),
            Ok(_) => {
                outage.over();
                None
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

struct Offered {
    made: usize,
    /// Why the broker did not take others.
    refused: Option<BrokerError>,
}

async fn offer_once(store: &dyn Store, link: &Link) -> Result<Offered, QueueError> {
    // Not before they can be made: an offer that is not made is nobody's for a while.
    link.channel().await?;
    let offers = store.take_offers(OFFERS, HOLD).await?;
    let mut offered = Offered { made: 0, refused: None };
    for row in &offers {
        let left = Duration::try_from(row.not_before.duration_since(Timestamp::now())).unwrap_or_default();
        match send(link, row, left).await {
            Ok(()) => {
                store.offered(row.job.id, OVERDUE).await?;
                offered.made += 1;
            }
            // A full queue keeps nothing from the others.
            Err(QueueError::Broker(error @ BrokerError::Refused(_))) => {
                store.offered(row.job.id, REFUSED).await?;
                offered.refused = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(offered)
}
