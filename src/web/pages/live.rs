//! Pages of which a part is shown anew whenever it has changed.

use std::sync::Arc;

use axum::response::Response;
use axum::response::sse::Event;
use futures::stream::unfold;
use tokio::time::{Instant, timeout_at};

use crate::web::events;
use crate::web::problem::Problem;
use crate::web::site::Site;
use crate::web::watched::{Shown, Subject};

/// The part as it is now, and then whenever it has changed: made once for all who watch, with forms that belong to no
/// session. The page's script knows what its reader may send.
pub fn part<F, R>(site: &Arc<Site>, subject: Subject, look: F) -> Response
where
    F: Fn(Arc<Site>) -> R + Send + 'static,
    R: Future<Output = Result<Option<Shown>, Problem>> + Send + 'static,
{
    let until = Instant::now() + site.stream;
    let mut shown = site.watched.follow(subject, site, look);
    shown.mark_changed();
    let stream = unfold(shown, move |mut shown| async move {
        loop {
            timeout_at(until, shown.changed()).await.ok()?.ok()?;
            let now = shown.borrow_and_update().clone();
            if let Some(now) = now {
                return Some((Ok(Event::default().event("part").data(&*now.html)), shown));
            }
        }
    });
    events::answer(site, stream)
}
