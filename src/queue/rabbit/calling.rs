use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time;

use crate::store::Store;

/// How often it is looked whether apps have room for jobs that were held back.
const LOOK: Duration = Duration::from_secs(1);
/// As many are called up in one go.
const MOST: u32 = 100;

/// Has jobs that were held back offered again as their apps get room for them: at once when an attempt here has ended,
/// and when a window, a breaker or another worker has made room, soon.
pub(super) async fn call_up(store: Arc<dyn Store>, room: Arc<Notify>, to_offer: Arc<Notify>) {
    loop {
        match store.call_up(MOST).await {
            Ok(0) => {}
            Ok(called) => {
                to_offer.notify_one();
                if called == MOST {
                    continue;
                }
            }
            Err(error) => tracing::warn!(%error, "jobs that wait for their apps could not be called up"),
        }
        // An elapsed time-out is as good as a signal.
        let _ = time::timeout(LOOK, room.notified()).await;
    }
}
