use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::sleep;

/// One who tries often is told of once in so long.
const EACH: Duration = Duration::from_secs(60);

/// Those who showed no good token, told of in the server's own log: the first at once, those who follow as a number.
#[derive(Debug, Clone, Default)]
pub struct TurnedAway(Arc<Mutex<Since>>);

#[derive(Debug, Default)]
struct Since {
    /// It was told of one a moment ago.
    told: bool,
    /// So many have come since.
    more: u64,
}

impl TurnedAway {
    /// Somebody showed none, of such things as these.
    pub fn note(&self, what: &'static str, client: Option<IpAddr>) {
        {
            let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if since.told {
                since.more += 1;
                return;
            }
            since.told = true;
        }
        let client = client.map_or_else(|| "?".to_owned(), |client| client.to_string());
        tracing::warn!(client, what, "refused: the token is not known, was revoked, or has expired");
        let all = self.clone();
        tokio::spawn(async move {
            sleep(EACH).await;
            let more = std::mem::take(&mut *all.0.lock().unwrap_or_else(PoisonError::into_inner)).more;
            if more > 0 {
                tracing::warn!(more, "refused more sign-ins and tokens that are no good, within a minute");
            }
        });
    }
}
