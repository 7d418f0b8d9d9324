use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::postgres::PgRow;

use super::value::{Reader, millis, now, time, to_i64};
use super::{Outlasts, PostgresStore, Write, answer, detached};
use crate::job::{BreakerPolicy, Code};
use crate::store::gates::{CALLED, Ended, GateState, NEVER, Scene};
use crate::store::jobs::cancelled_unbegun;
use crate::store::webhooks::breaker_opened;
use crate::store::{AppLimits, AppRow, Claim, Entry, Gates, Left, Limit, StoreError, Visit};

/// The jobs `r` that run at this app. What stands before the `/` of an account is its app, and `0` follows on `/`.
macro_rules! running_at {
    ($app:literal) => {
        concat!("r.state = 'running' AND r.account > ", $app, " || '/' AND r.account < ", $app, " || '0'")
    };
}

/// The gate `g` has no room, not counting the job of this id among those that run.
macro_rules! shut {
    ($but:literal) => {
        concat!(
            "(g.full_until > (SELECT turnlock_now())
              OR (g.opened_at IS NOT NULL AND g.probe_after > (SELECT turnlock_now()))
              OR (SELECT count(*) FROM jobs AS r WHERE r.id IS DISTINCT FROM ",
            $but,
            " AND r.state = 'running' AND r.account > g.app || '/' AND r.account < g.app || '0')
                 >= CASE WHEN g.opened_at IS NULL THEN g.concurrent ELSE 1 END)"
        )
    };
}
pub(super) use shut;

/// The apps whose gates are shut.
macro_rules! shut_apps {
    () => {
        concat!("SELECT g.app FROM app_gates AS g WHERE ", $crate::store::postgres::gates::shut!("NULL"))
    };
}
pub(super) use shut_apps;

/// The queued job `j` waits for room in its app: it was put back for that, or is due and passed over.
macro_rules! held_back {
    () => {
        concat!(
            "(coalesce(j.called_up_until = 0, false)
              OR (j.not_before <= (SELECT turnlock_now()) AND j.app = ANY (ARRAY(",
            $crate::store::postgres::gates::shut_apps!(),
            "))))"
        )
    };
}
pub(super) use held_back;

/// Whether the claim of the last probe of `g` stands.
macro_rules! probing {
    () => {
        "EXISTS (SELECT 1 FROM jobs AS p
                 WHERE p.id = g.probe_job AND p.claim_token = g.probe_token AND p.claim_expires_at IS NOT NULL)"
    };
}

/// How many attempts at the app of `g` have begun within its window.
macro_rules! begun {
    () => {
        "(SELECT count(*) FROM app_beginnings AS b
          WHERE b.app = g.app AND b.at > (SELECT turnlock_now()) - g.window_ms)"
    };
}

/// All that is to be known when a job is about to enter. `$1` is the app, `$2` and `$3` the claim, `$4` the window, `$5`
/// how many may begin within it but one, `$6` but two.
const SCENE: &str = concat!(
    "SELECT g.*, turnlock_now() AS asked_at, ",
    probing!(),
    " AS probing,
        EXISTS (SELECT 1 FROM app_beginnings WHERE job = $2 AND token = $3) AS entered,
        (SELECT count(*) FROM jobs AS r JOIN app_beginnings AS b ON b.job = r.id AND b.token = r.claim_token
         WHERE r.id <> $2 AND ",
    running_at!("$1"),
    ") AS taken,
        (SELECT b.at FROM app_beginnings AS b WHERE b.app = $1 AND b.at > (SELECT turnlock_now()) - $4
         ORDER BY b.at DESC LIMIT 1 OFFSET $5) AS oldest,
        (SELECT b.at FROM app_beginnings AS b WHERE b.app = $1 AND b.at > (SELECT turnlock_now()) - $4
         ORDER BY b.at DESC LIMIT 1 OFFSET $6) AS second_oldest
     FROM (VALUES (1)) AS one LEFT JOIN app_gates AS g ON g.app = $1"
);

/// The gate of the app `$1`.
const GATE: &str =
    "SELECT g.*, turnlock_now() AS asked_at FROM (VALUES (1)) AS one LEFT JOIN app_gates AS g ON g.app = $1";

/// The same, and how much is under way: jobs that run, and those that were called up.
const ROOM: &str = concat!(
    "SELECT g.*, turnlock_now() AS asked_at, ",
    begun!(),
    " AS begun,
        (SELECT count(*) FROM jobs AS r WHERE ",
    running_at!("$1"),
    ") + (SELECT count(*) FROM jobs AS c WHERE c.state = 'queued' AND c.app = $1
            AND c.called_up_until > (SELECT turnlock_now())) AS running
     FROM (VALUES (1)) AS one LEFT JOIN app_gates AS g ON g.app = $1"
);

/// The apps whose jobs were held back. From one to the next by their index, however many jobs each has.
const HELD_BACK: &str = "WITH RECURSIVE held (app) AS (
         (SELECT j.app FROM jobs AS j WHERE j.state = 'queued' AND j.called_up_until IS NOT NULL
          ORDER BY j.app LIMIT 1)
         UNION ALL
         SELECT (SELECT j.app FROM jobs AS j
                 WHERE j.state = 'queued' AND j.called_up_until IS NOT NULL AND j.app > held.app
                 ORDER BY j.app LIMIT 1)
         FROM held WHERE held.app IS NOT NULL)
     SELECT app FROM held WHERE app IS NOT NULL";

const APPS: &str = concat!(
    "WITH named AS (
         SELECT app FROM app_gates UNION SELECT app FROM jobs WHERE state = 'queued'
         UNION SELECT app FROM jobs WHERE state = 'running')
     SELECT named.app AS name, g.*, turnlock_now() AS asked_at, ",
    probing!(),
    " AS probing,
        CASE WHEN g.window_ms IS NULL
             THEN (SELECT count(*) FROM attempts AS l
                   WHERE l.app = named.app AND l.started_at > (SELECT turnlock_now()) - 60000)
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
impl Gates for PostgresStore {
    async fn enter(&self, claim: &Claim, limits: &AppLimits, visit: Visit) -> Result<Entry, StoreError> {
        let (store, claim, limits) = (self.clone(), claim.clone(), *limits);
        detached(async move {
            let app = claim.job.account.app();
            let mut write = store.write(Outlasts::Crash).await?;
            write.lock_app(app).await?;
            let (most, window) = limits.beginnings.map_or((1, 0), |limit| (limit.most, millis(limit.window)));
            let row = sqlx::query(SCENE)
                .bind(app)
                .bind(claim.job.id)
                .bind(to_i64(claim.token))
                .bind(window)
                .bind(i64::from(most.saturating_sub(1)))
                .bind(i64::from(most.saturating_sub(2)))
                .fetch_one(write.on())
                .await?;
            let scene = read_scene(&row)?;
            let mut gate = read_gate(&row)?;
            let before = gate.clone();
            let admitted = gate.admit(&limits, (claim.job.id, claim.token), visit, &scene);
            if gate != before {
                write.keep_gate(app, &gate).await?;
            }
            if admitted.is_ok() && !scene.entered && !limits.are_none() {
                write.note_beginning(&claim, scene.now, window).await?;
            }
            write.commit().await?;
            Ok(gate.answer(app, admitted, scene.probing, here(scene.now)))
        })
        .await
    }

    async fn leave(&self, claim: &Claim, code: Code, policy: &BreakerPolicy) -> Result<Left, StoreError> {
        let (store, claim, policy) = (self.clone(), claim.clone(), *policy);
        detached(async move {
            let app = claim.job.account.app();
            let mut write = store.write(Outlasts::Crash).await?;
            write.lock_app(app).await?;
            let row = sqlx::query(GATE).bind(app).fetch_one(write.on()).await?;
            let mut gate = read_gate(&row)?;
            let (before, now) = (gate.clone(), Reader(&row).int("asked_at")?);
            let ended = gate.ended((claim.job.id, claim.token), code, &policy, now);
            if gate != before {
                write.keep_gate(app, &gate).await?;
            }
            let closed = ended == Ended::Closed;
            let left = gate.left(ended, here(now));
            write.happened(breaker_opened(&claim.job, code, &left)).await?;
            write.commit().await?;
            if closed {
                store.news.tell(&store.pool).await;
            }
            Ok(left)
        })
        .await
    }

    async fn hold_back(&self, claim: &Claim) -> Result<(), StoreError> {
        let (store, claim) = (self.clone(), claim.clone());
        detached(async move {
            let mut write = store.write_of(Outlasts::Crash, &claim.job.account).await?;
            let unwanted: Option<bool> = sqlx::query_scalar(
                "UPDATE jobs SET state = 'queued', attempts = attempts - 1, worker = NULL, claim_expires_at = NULL,
                    called_up_until = 0, offered_until = $1
                 WHERE id = $2 AND claim_token = $3 AND claim_expires_at IS NOT NULL
                 RETURNING cancel_asked AND cause IS NULL",
            )
            .bind(NEVER)
            .bind(claim.job.id)
            .bind(to_i64(claim.token))
            .fetch_optional(write.on())
            .await?;
            if unwanted.ok_or(StoreError::ClaimLost(claim.job.id))? {
                sqlx::query(
                    "UPDATE jobs SET state = 'cancelled', outcome = 'interrupted', code = 'cancelled',
                        finished_at = turnlock_now() WHERE id = $1",
                )
                .bind(claim.job.id)
                .execute(write.on())
                .await?;
                let why = cancelled_unbegun();
                write.end_unbegun(&claim.job, claim.attempt, &why, store.announces()).await?;
            }
            write.let_go(&claim.lease).await?;
            write.commit().await
        })
        .await
    }

    async fn call_up(&self, most: u32) -> Result<u32, StoreError> {
        let mut reader = self.reader().await?;
        let apps: Vec<String> = answer(sqlx::query_scalar(HELD_BACK).fetch_all(&mut *reader)).await?;
        drop(reader);
        let mut called = 0;
        for app in apps {
            let (store, left) = (self.clone(), most.saturating_sub(called));
            called += detached(async move { store.call_up_of(&app, left).await }).await?;
        }
        Ok(called)
    }

    async fn apps(&self) -> Result<Vec<AppRow>, StoreError> {
        let mut reader = self.reader().await?;
        let rows = answer(sqlx::query(APPS).fetch_all(&mut *reader)).await?;
        rows.iter().map(read_app).collect()
    }

    async fn shut_apps(&self) -> Result<Vec<String>, StoreError> {
        let mut reader = self.reader().await?;
        answer(sqlx::query_scalar(shut_apps!()).fetch_all(&mut *reader)).await
    }

    async fn reset_app(&self, app: &str) -> Result<bool, StoreError> {
        let (store, app) = (self.clone(), app.to_owned());
        detached(async move {
            let mut write = store.write(Outlasts::Crash).await?;
            write.lock_app(&app).await?;
            let mut gate = read_gate(&sqlx::query(GATE).bind(&app).fetch_one(write.on()).await?)?;
            if gate.failures == 0 {
                return Ok(false);
            }
            gate.reset();
            write.keep_gate(&app, &gate).await?;
            write.commit().await?;
            store.news.tell(&store.pool).await;
            Ok(true)
        })
        .await
    }
}

impl PostgresStore {
    async fn call_up_of(&self, app: &str, most: u32) -> Result<u32, StoreError> {
        let mut write = self.write(Outlasts::Crash).await?;
        write.lock_app(app).await?;
        let row = sqlx::query(ROOM).bind(app).fetch_one(write.on()).await?;
        let gate = read_gate(&row)?;
        let row = Reader(&row);
        let room = gate.room(row.int("asked_at")?, row.count("running")?, row.count("begun")?).min(most);
        if room == 0 {
            return Ok(0);
        }
        let done = sqlx::query(
            "UPDATE jobs SET called_up_until = turnlock_now() + $1, offered_until = NULL WHERE id IN (
                 SELECT id FROM jobs WHERE state = 'queued' AND app = $2 AND called_up_until = 0
                   AND not_before <= turnlock_now()
                 ORDER BY rank, seq LIMIT $3 FOR UPDATE SKIP LOCKED)",
        )
        .bind(millis(CALLED))
        .bind(app)
        .bind(i64::from(room))
        .execute(write.on())
        .await?;
        write.commit().await?;
        Ok(u32::try_from(done.rows_affected()).unwrap_or(u32::MAX))
    }
}

impl Write {
    /// Waits for its turn at the gate of an app. Whoever has it touches no account.
    async fn lock_app(&mut self, app: &str) -> Result<(), StoreError> {
        self.lock(&format!("app {app}")).await
    }

    async fn keep_gate(&mut self, app: &str, gate: &GateState) -> Result<(), StoreError> {
        if gate.is_trivial() {
            // Beginnings stay: other workers may still know of limits.
            sqlx::query("DELETE FROM app_gates WHERE app = $1").bind(app).execute(self.on()).await?;
            return Ok(());
        }
        sqlx::query(
            "INSERT INTO app_gates (app, concurrent, beginnings, window_ms, full_until, failures, code, opened_at,
                                    probe_after, failed_probes, probe_job, probe_token)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
             ON CONFLICT (app) DO UPDATE
             SET concurrent = $2, beginnings = $3, window_ms = $4, full_until = $5, failures = $6, code = $7,
                 opened_at = $8, probe_after = $9, failed_probes = $10, probe_job = $11, probe_token = $12",
        )
        .bind(app)
        .bind(gate.limits.concurrent.map(i64::from))
        .bind(gate.limits.beginnings.map(|limit| i64::from(limit.most)))
        .bind(gate.limits.beginnings.map(|limit| millis(limit.window)))
        .bind(gate.full_until)
        .bind(i64::from(gate.failures))
        .bind(gate.code.map(Code::as_str))
        .bind(gate.opened_at)
        .bind(gate.probe_after)
        .bind(i64::from(gate.failed_probes))
        .bind(gate.probe.map(|(job, _)| job))
        .bind(gate.probe.map(|(_, token)| to_i64(token)))
        .execute(self.on())
        .await?;
        Ok(())
    }

    /// Writes down when an attempt begins, and forgets what neither counts nor holds a place any more.
    async fn note_beginning(&mut self, claim: &Claim, at: i64, window: i64) -> Result<(), StoreError> {
        sqlx::query(
            "DELETE FROM app_beginnings AS b WHERE b.app = $1 AND b.at <= $2 AND NOT EXISTS (
                 SELECT 1 FROM jobs AS r
                 WHERE r.id = b.job AND r.claim_token = b.token AND r.claim_expires_at IS NOT NULL)",
        )
        .bind(claim.job.account.app())
        .bind(at.saturating_sub(window))
        .execute(self.on())
        .await?;
        sqlx::query("INSERT INTO app_beginnings (job, token, app, at) VALUES ($1, $2, $3, $4)")
            .bind(claim.job.id)
            .bind(to_i64(claim.token))
            .bind(claim.job.account.app())
            .bind(at)
            .execute(self.on())
            .await?;
        Ok(())
    }
}

/// A time of the server's clock, which showed `asked_at` just now, as this process's own clock will show it.
fn here(asked_at: i64) -> impl Fn(i64) -> Timestamp {
    let ahead = now().saturating_sub(asked_at);
    move |at| time(at.saturating_add(ahead)).unwrap_or(Timestamp::MAX)
}

fn read_scene(row: &PgRow) -> Result<Scene, StoreError> {
    let row = Reader(row);
    Ok(Scene {
        now: row.int("asked_at")?,
        entered: row.flag("entered")?,
        taken: row.count("taken")?,
        oldest: row.int_or_null("oldest")?,
        second_oldest: row.int_or_null("second_oldest")?,
        probing: row.flag("probing")?,
    })
}

/// The gate of a row that holds its columns, all of them NULL where there is none.
fn read_gate(row: &PgRow) -> Result<GateState, StoreError> {
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

fn read_app(row: &PgRow) -> Result<AppRow, StoreError> {
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
        breaker: gate.breaker(row.flag("probing")?, here(row.int("asked_at")?)),
    })
}
