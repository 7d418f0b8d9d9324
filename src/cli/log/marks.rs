use std::collections::BTreeSet;

use crate::cli::{Failure, canary};
use crate::store::Store;

/// The marks that canaries leave on apps, told once each: whoever reads of an app's jobs learns that the app has changed
/// before those jobs meet it.
pub(super) struct Marks<'a> {
    app: Option<&'a str>,
    colour: bool,
    /// The flows that are known to fail, by app and name.
    told: BTreeSet<(String, String)>,
}

impl<'a> Marks<'a> {
    /// Of this app, or of all.
    pub fn of(app: Option<&'a str>, colour: bool) -> Self {
        Self { app, colour, told: BTreeSet::new() }
    }

    /// A line for each flow that has begun to fail, or works again, since the last look.
    pub async fn news(&mut self, store: &dyn Store) -> Result<Vec<String>, Failure> {
        let mut lines = Vec::new();
        for row in store.canaries(self.app).await? {
            let key = (row.last.account.app().to_owned(), row.last.flow.clone());
            match canary::warning(&row, self.colour) {
                Some(line) if self.told.insert(key.clone()) => lines.push(line),
                None if self.told.remove(&key) => {
                    lines.push(format!("{}: its canary gets through {} again", key.0, key.1));
                }
                _ => {}
            }
        }
        Ok(lines)
    }
}
