//! How the server is reached.

use std::str::FromStr;
use std::time::Duration;

use sqlx::Executor;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use url::Url;

use crate::store::{StoreError, without_password};

/// How many connections a process holds at most, besides the one that listens.
pub(super) const CONNECTIONS: u32 = 8;

/// How long a call waits for a connection: a restart of the server takes less.
const PATIENCE: Duration = Duration::from_secs(5);

/// What may stand behind the `?` of a URL.
const PARAMETERS: &[&str] = &[
    "host",
    "port",
    "user",
    "password",
    "dbname",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "options",
    "application_name",
];

/// Every connection commits durably unless a transaction says otherwise, and none keeps what it has locked for long
/// when its process, or the way to it, is gone. To compile a query costs more than any of Turnlock's takes.
const SETTINGS: &str = "
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
    SET jit = off;
    SET idle_in_transaction_session_timeout = '30s';
    SET tcp_keepalives_idle = 30;
    SET tcp_keepalives_interval = 10;
    SET tcp_keepalives_count = 3;";

/// What the URL says. Neither it nor what it holds is repeated in an error.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let bad =
        |reason: &str| StoreError::BadServerUrl { url: without_password(url), reason: reason.to_owned() };
    let parsed = Url::parse(url).map_err(|error| bad(&error.to_string()))?;
    if let Some((name, _)) = parsed.query_pairs().find(|(name, _)| !PARAMETERS.contains(&name.as_ref())) {
        return Err(bad(&format!("it has no parameter {name:?}, but {}", PARAMETERS.join(", "))));
    }
    let options = PgConnectOptions::from_str(url).map_err(|_| bad("one of its parts has no such value"))?;
    if options.get_database().is_none() {
        return Err(bad("it names no database"));
    }
    Ok(match options.get_application_name() {
        Some(_) => options,
        None => options.application_name("turnlock"),
    })
}

/// A pool that connects when it is first used, and again whenever a connection was lost.
pub(super) fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .after_connect(|connection, _| {
            Box::pin(async move { connection.execute(sqlx::raw_sql(SETTINGS)).await.map(drop) })
        })
        .connect_lazy_with(options)
}
