use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::clock::SteadyClock;
use super::value::{Reader, millis, now, to_i64};
use super::webhooks::happened;
use super::{Outlasts, SqliteStore, detached, log};
use crate::job::{BreakerPolicy, Code};
use crate::store::gates::{CALLED, GateState, NEVER, Scene};
use crate::store::jobs::cancelled_unbegun;
use crate::store::webhooks::breaker_opened;
use crate::store::{AppLimits, AppRow, Claim, Entry, Gates, Left, Limit, StoreError, Visit};

/// The jobs `r` that run at this app. What stands before the `/` of an account is its app, and `0` follows on `/`.
macro_rules! running_at {
    ($app:literal) => {
        concat!("r.state = 'running' AND r.account > ", $app, " || '/' AND r.account < ", $app, " || '0'")
    };
}

/// The gate `g` has no room at `?1`, not counting the job of this id among those that run.
macro_rules! shut {
    ($but:literal) => {
        concat!(
            "(g.full_until > ?1 OR (g.opened_at IS NOT NULL AND g.probe_after > ?1)
              OR (SELECT count(*) FROM jobs AS r WHERE r.id IS NOT ",
            $but,
            " AND r.state = 'running' AND r.account > g.app || '/' AND r.account < g.app || '0')
                 >= CASE WHEN g.opened_at IS NULL THEN g.concurrent ELSE 1 END)"
        )
    };
}
pub(super) use shut;

/// The apps whose gates are shut at `?1`.
macro_rules! shut_apps {
    () => {
        concat!("SELECT g.app FROM app_gates AS g WHERE ", $crate::store::sqlite::gates::shut!("NULL"))
    };
}
pub(super) use shut_apps;

/// The queued job `j` waits at `?1` for room in its app: it was put back for that, or is due and passed over.
macro_rules! held_back {
    () => {
        concat!(
            "(j.called_up_until IS 0 OR (j.not_before <= ?1 AND j.app IN (",
            $crate::store::sqlite::gates::shut_apps!(),
            ")))"
        )
    };
}
pub(super) use held_back;

/// Whether the claim of the last probe of `g` stands.
macro_rules! probing {
    () => {
        "EXISTS (SELECT 1 FROM jobs AS p
                 WHERE p.id = g.probe_job AND p.claim_token = g.probe_token AND p.state = 'running')"
    };
}

/// How many attempts at the app of `g` have begun within its window, at `?1`.
macro_rules! begun {
    () => {
        "(SELECT count(*) FROM app_beginnings AS b WHERE b.app = g.app AND b.at > ?1 - g.window_ms)"
    };
}

/// All that is to be known when a job is about to enter at `?1`. `?2` is the app, `?3` and `?4` the claim, `?5` the
/// window, `?6` how many may begin within it but one, `?7` but two.
const SCENE: &str = concat!(
    "SELECT g.*, ",
    probing!(),
    " AS probing,
        EXISTS (SELECT 1 FROM app_beginnings WHERE job = ?3 AND token = ?4) AS entered,
        (SELECT count(*) FROM jobs AS r JOIN app_beginnings AS b ON b.job = r.id AND b.token = r.claim_token
         WHERE r.id <> ?3 AND ",
    running_at!("?2"),
    ") AS taken,
        (SELECT b.at FROM app_beginnings AS b WHERE b.app = ?2 AND b.at > ?1 - ?5
         ORDER BY b.at DESC LIMIT 1 OFFSET ?6) AS oldest,
        (SELECT b.at FROM app_beginnings AS b WHERE b.app = ?2 AND b.at > ?1 - ?5
         ORDER BY b.at DESC LIMIT 1 OFFSET ?7) AS second_oldest
     FROM (SELECT 1) LEFT JOIN app_gates AS g ON g.app = ?2"
);

/// The gate of an app.
const GATE: &str = "SELECT g.* FROM (SELECT 1) LEFT JOIN app_gates AS g ON g.app = ?";

/// The gate of the app `?2` at `?1`, and how much is under way: jobs that run, and those that were called up.
const ROOM: &str = concat!(
    "SELECT g.*, ",
    begun!(),
    " AS begun,
        (SELECT count(*) FROM jobs AS r WHERE ",
    running_at!("?2"),
    ") + (SELECT count(*) FROM jobs AS c WHERE c.state = 'queued' AND c.app = ?2 AND c.called_up_until > ?1) AS running
     FROM (SELECT 1) LEFT JOIN app_gates AS g ON g.app = ?2"
);

/// The apps whose jobs were held back. From one to the next by their index, however many jobs each has.
const HELD_BACK: &str = "WITH RECURSIVE held (app) AS (
         SELECT (SELECT j.app FROM jobs AS j WHERE j.state = 'queued' AND j.called_up_until IS NOT NULL
                 ORDER BY j.app LIMIT 1)
         UNION ALL
         SELECT (SELECT j.app FROM jobs AS j
                 WHERE j.state = 'queued' AND j.called_up_until IS NOT NULL AND j.app > held.app
                 ORDER BY j.app LIMIT 1)
         FROM held WHERE held.app IS NOT NULL)
     SELECT app FROM held WHERE app IS NOT NULL";

/// At `?1`, when the wall clock shows `?2`.
const APPS: &str = concat!(
    "WITH named AS (
         SELECT app FROM app_gates UNION SELECT app FROM jobs WHERE state = 'queued'
         UNION SELECT app FROM jobs WHERE state = 'running')
     SELECT named.app AS name, g.*, ",
    probing!(),
    " AS probing,
        CASE WHEN g.window_ms IS NULL
             THEN (SELECT count(*) FROM automation_log AS l
                   WHERE l.app = named.app AND l.started_at > ?2 - 60000)
             ELSE ",
    begun!(),
    " END AS begun,
        (SELECT count(*) FROM jobs AS w WHERE w.state = 'queued' AND w.app = named.app) AS waiting,
        (SELECT count(*) FROM jobs AS r WHERE ",
    running_at!("named.app"),
    ") AS running
     FROM named LEFT JOIN app_gates AS g ON g.app = named.app ORDER BY named.app"
);

#[async_trait]
impl Gates for SqliteStore {
    async fn enter(&self, claim: &Claim, limits: &AppLimits, visit: Visit) -> Result<Entry, StoreError> {
        let (store, claim, limits) = (self.clone(), claim.clone(), *limits);
        detached(async move {
            let app = claim.job.account.app();
            let mut write = store.write(Outlasts::Crash).await?;
            let (most, window) = limits.beginnings.map_or((1, 0), |limit| (limit.most, millis(limit.window)));
            let now = store.clock.now();
            let row = sqlx::query(SCENE)
                .bind(now)
                .bind(app)
                .bind(claim.job.id.to_string())
                .bind(to_i64(claim.token))
                .bind(window)
                .bind(most.saturating_sub(1))
                .bind(most.saturating_sub(2))
                .fetch_one(write.on())
                .await?;
            let scene = read_scene(&row, now)?;
            let mut gate = read_gate(&row)?;
            let before = gate.clone();
            let admitted = gate.admit(&limits, (claim.job.id, claim.token), visit, &scene);
            if gate != before {
                keep_gate(write.on(), app, &gate).await?;
            }
            if admitted.is_ok() && !scene.entered && !limits.are_none() {
                note_beginning(write.on(), &claim, now, window).await?;
            }
            write.commit().await?;
            Ok(gate.answer(app, admitted, scene.probing, here(store.clock)))
        })
        .await
    }

    async fn leave(&self, claim: &Claim, code: Code, policy: &BreakerPolicy) -> Result<Left, StoreError> {
        let (store, claim, policy) = (self.clone(), claim.clone(), *policy);
        detached(async move {
            let app = claim.job.account.app();
            let mut write = store.write(Outlasts::Crash).await?;
            let mut gate = read_gate(&sqlx::query(GATE).bind(app).fetch_one(write.on()).await?)?;
            let before = gate.clone();
            let ended = gate.ended((claim.job.id, claim.token), code, &policy, store.clock.now());
            if gate != before {
                keep_gate(write.on(), app, &gate).await?;
            }
            let left = gate.left(ended, here(store.clock));
            happened(write.on(), breaker_opened(&claim.job, code, &left)).await?;
            write.commit().await?;
            Ok(left)
        })
        .await
    }

    async fn hold_back(&self, claim: &Claim) -> Result<(), StoreError> {
        let (store, claim) = (self.clone(), claim.clone());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let unwanted: Option<bool> = sqlx::query_scalar(
                "UPDATE jobs SET state = 'queued', attempts = attempts - 1, worker = NULL, claim_expires_at = NULL,
                    called_up_until = 0, offered_until = ?
                 WHERE id = ? AND claim_token = ? AND state = 'running'
                 RETURNING cancel_asked AND cause IS NULL",
            )
            .bind(NEVER)
            .bind(claim.job.id.to_string())
            .bind(to_i64(claim.token))
            .fetch_optional(write.on())
            .await?;
            if unwanted.ok_or(StoreError::ClaimLost(claim.job.id))? {
                sqlx::query(
                    "UPDATE jobs SET state = 'cancelled', outcome = 'interrupted', code = 'cancelled', finished_at = ?
                     WHERE id = ?",
                )
                .bind(store.clock.now())
                .bind(claim.job.id.to_string())
                .execute(write.on())
                .await?;
                log::note(write.on(), &claim.job, claim.attempt, &cancelled_unbegun()).await?;
                store.announce(write.on(), claim.job.id, Duration::ZERO).await?;
            }
            store.let_go(write.on(), &claim).await?;
            write.commit().await
        })
        .await
    }

    async fn call_up(&self, most: u32) -> Result<u32, StoreError> {
        // Looking costs no lock; a worker looks often.
        let apps: Vec<String> = sqlx::query_scalar(HELD_BACK).fetch_all(&self.readers).await?;
        if apps.is_empty() {
            return Ok(0);
        }
        let store = self.clone();
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let mut called = 0;
            for app in apps {
                called += store.call_up_of(write.on(), &app, most.saturating_sub(called)).await?;
            }
            write.commit().await?;
            Ok(called)
        })
        .await
    }

    async fn apps(&self) -> Result<Vec<AppRow>, StoreError> {
        let rows = sqlx::query(APPS).bind(self.clock.now()).bind(now()).fetch_all(&self.readers).await?;
        rows.iter().map(|row| read_app(row, self.clock)).collect()
    }

    async fn shut_apps(&self) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar(shut_apps!()).bind(self.clock.now()).fetch_all(&self.readers).await?)
    }

    async fn reset_app(&self, app: &str) -> Result<bool, StoreError> {
        let (store, app) = (self.clone(), app.to_owned());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            let mut gate = read_gate(&sqlx::query(GATE).bind(&app).fetch_one(write.on()).await?)?;
            if gate.failures == 0 {
                return Ok(false);
            }
            gate.reset();
            keep_gate(write.on(), &app, &gate).await?;
            write.commit().await?;
            Ok(true)
        })
        .await
    }
}

impl SqliteStore {
    async fn call_up_of(&self, on: &mut SqliteConnection, app: &str, most: u32) -> Result<u32, StoreError> {
        let now = self.clock.now();
        let row = sqlx::query(ROOM).bind(now).bind(app).fetch_one(&mut *on).await?;
        let gate = read_gate(&row)?;
        let row = Reader(&row);
        let room = gate.room(now, row.count("running")?, row.count("begun")?).min(most);
        let done = sqlx::query(
            "UPDATE jobs SET called_up_until = ?1, offered_until = NULL WHERE seq IN (
                 SELECT seq FROM jobs WHERE state = 'queued' AND app = ?2 AND called_up_until = 0 AND not_before <= ?4
                 ORDER BY rank, seq LIMIT ?3)",
        )
        .bind(now.saturating_add(millis(CALLED)))
        .bind(app)
        .bind(room)
        .bind(now)
        .execute(on)
        .await?;
        Ok(u32::try_from(done.rows_affected()).unwrap_or(u32::MAX))
    }
}

async fn keep_gate(on: &mut SqliteConnection, app: &str, gate: &GateState) -> Result<(), StoreError> {
    if gate.is_trivial() {
        // Beginnings stay: other workers may still know of limits.
        sqlx::query("DELETE FROM app_gates WHERE app = ?").bind(app).execute(on).await?;
        return Ok(());
    }
    sqlx::query(
        "INSERT OR REPLACE INTO app_gates (app, concurrent, beginnings, window_ms, full_until, failures, code, opened_at,
                                           probe_after, failed_probes, probe_job, probe_token)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(app)
    .bind(gate.limits.concurrent)
    .bind(gate.limits.beginnings.map(|limit| limit.most))
    .bind(gate.limits.beginnings.map(|limit| millis(limit.window)))
    .bind(gate.full_until)
    .bind(gate.failures)
    .bind(gate.code.map(Code::as_str))
    .bind(gate.opened_at)
    .bind(gate.probe_after)
    .bind(gate.failed_probes)
    .bind(gate.probe.map(|(job, _)| job.to_string()))
    .bind(gate.probe.map(|(_, token)| to_i64(token)))
    .execute(on)
    .await?;
    Ok(())
}

/// Writes down when an attempt begins, and forgets what neither counts nor holds a place any more.
async fn note_beginning(
    on: &mut SqliteConnection,
    claim: &Claim,
    at: i64,
    window: i64,
) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM app_beginnings WHERE app = ? AND at <= ? AND NOT EXISTS (
             SELECT 1 FROM jobs AS r WHERE r.id = app_beginnings.job AND r.claim_token = app_beginnings.token
                                       AND r.state = 'running')",
    )
    .bind(claim.job.account.app())
    .bind(at.saturating_sub(window))
    .execute(&mut *on)
    .await?;
    sqlx::query("INSERT INTO app_beginnings (job, token, app, at) VALUES (?, ?, ?, ?)")
        .bind(claim.job.id.to_string())
        .bind(to_i64(claim.token))
        .bind(claim.job.account.app())
        .bind(at)
        .execute(on)
        .await?;
    Ok(())
}

/// A time of the store's clock as this process's own clock will show it.
fn here(clock: SteadyClock) -> impl Fn(i64) -> Timestamp {
    move |at| clock.wall(Timestamp::from_millisecond(at).unwrap_or(Timestamp::MAX))
}

fn read_scene(row: &SqliteRow, now: i64) -> Result<Scene, StoreError> {
    let row = Reader(row);
    Ok(Scene {
        now,
        entered: row.int("entered")? != 0,
        taken: row.count("taken")?,
        oldest: row.int_or_null("oldest")?,
        second_oldest: row.int_or_null("second_oldest")?,
        probing: row.int("probing")? != 0,
    })
}

/// The gate of a row that holds its columns, all of them NULL where there is none.
fn read_gate(row: &SqliteRow) -> Result<GateState, StoreError> {
    let row = Reader(row);
    let count = |column| Ok::<_, StoreError>(row.int_or_null(column)?.and_then(|n| u32::try_from(n).ok()));
    let beginnings = match (count("beginnings")?, row.duration_or_null("window_ms")?) {
        (Some(most), Some(window)) => Some(Limit { most, window }),
        _ => None,
    };
    Ok(GateState {
        limits: AppLimits { concurrent: count("concurrent")?, beginnings },
        full_until: row.int_or_null("full_until")?.unwrap_or_default(),
        failures: count("failures")?.unwrap_or_default(),
        code: row.parsed_or_null("code", "a code")?,
        opened_at: row.int_or_null("opened_at")?,
        probe_after: row.int_or_null("probe_after")?.unwrap_or_default(),
        failed_probes: count("failed_probes")?.unwrap_or_default(),
        probe: match (row.id_or_null("probe_job")?, row.int_or_null("probe_token")?) {
            (Some(job), Some(token)) => Some((job, u64::try_from(token).unwrap_or_default())),
            _ => None,
        },
    })
}

fn read_app(row: &SqliteRow, clock: SteadyClock) -> Result<AppRow, StoreError> {
    let gate = read_gate(row)?;
    let row = Reader(row);
    Ok(AppRow {
        app: row.text("name")?,
        limits: gate.limits,
        waiting: row.token("waiting")?,
        running: row.count("running")?,
        begun: row.count("begun")?,
        failures: gate.failures,
        code: gate.code,
        breaker: gate.breaker(row.int("probing")? != 0, here(clock)),
    })
}
