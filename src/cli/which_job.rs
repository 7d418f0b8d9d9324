//! Which job is meant.

use uuid::Uuid;

use super::Failure;
use crate::store::{IdEnd, Store};

/// The job that is named by its id, or by the end of it.
///
/// # Errors
/// With [`super::Exit::Usage`] if that is none, or several.
pub async fn identify(store: &dyn Store, name: &str) -> Result<Uuid, Failure> {
    if let Ok(id) = name.parse() {
        return Ok(id);
    }
    let found = match IdEnd::new(name) {
        Some(end) => store.jobs_ending(&end).await?,
        None => Vec::new(),
    };
    match found.as_slice() {
        [id] => Ok(*id),
        [] => Err(Failure::usage(format_args!(
            "`{name}` is the id of no job, nor the end of a late one: write the whole id, as `turnlock submit` shows it"
        ))),
        several => {
            let ids: Vec<_> = several.iter().map(Uuid::to_string).collect();
            Err(Failure::usage(format_args!("`{name}` is the end of several ids: {}", ids.join(", "))))
        }
    }
}
