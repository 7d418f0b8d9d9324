//! How the apps are: those that are described here, and those that the store knows of.

use std::collections::BTreeMap;

use super::site::Site;
use super::track_record::TrackRecord;
use crate::store::{AppRow, CanaryRow, StoreError};

/// An app as pages and the API show it.
pub struct App {
    pub row: AppRow,
    /// What its canaries have shown, by flow.
    pub canaries: Vec<CanaryRow>,
    pub record: TrackRecord,
}

/// All of them by name: also those with which nothing is wrong and of which no job waits.
pub async fn all(site: &Site) -> Result<Vec<App>, StoreError> {
    let named = |app: &String| (app.clone(), AppRow { app: app.clone(), ..AppRow::default() });
    let mut rows: BTreeMap<String, AppRow> = site.apps.iter().map(|info| named(&info.app)).collect();
    rows.extend(site.store.apps().await?.into_iter().map(|row| (row.app.clone(), row)));
    let canaries = site.store.canaries(None).await?;
    // An app whose playbook lies elsewhere is one too.
    let elsewhere: Vec<_> = canaries.iter().map(|canary| canary.last.account.app().to_owned()).collect();
    for app in elsewhere {
        rows.entry(app.clone()).or_insert_with(|| named(&app).1);
    }
    let names: Vec<_> = rows.keys().cloned().collect();
    let mut records = TrackRecord::of(site.store.as_ref(), &names).await?;
    let app = |row: AppRow| App {
        canaries: canaries.iter().filter(|canary| canary.last.account.app() == row.app).cloned().collect(),
        record: records.remove(&row.app).unwrap_or_default(),
        row,
    };
    Ok(rows.into_values().map(app).collect())
}
