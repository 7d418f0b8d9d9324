use async_trait::async_trait;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::value::{Reader, now};
use super::{PostgresStore, accounts, answer, log};
use crate::store::summaries::{LOOKED_AT, together};
use crate::store::{AccountQuery, AccountSummary, CodesLeft, StoreError, Summaries, Wanting};

#[async_trait]
impl Summaries for PostgresStore {
    async fn summaries(&self, query: &AccountQuery) -> Result<Vec<AccountSummary>, StoreError> {
        let rows = sqlx::query(
            "WITH page AS MATERIALIZED (
                 SELECT * FROM accounts
                 WHERE ($1::text IS NULL OR app = $1) AND ($2::text IS NULL OR account > $2)
                   AND ($3::text IS NULL OR position(lower($3) IN lower(account)) > 0
                        OR position(lower($3) IN lower(username)) > 0)
                   AND ($4::uuid IS NULL OR account IN (SELECT account FROM shares WHERE token = $4))
                   AND ($8::text IS NULL OR account = $8)
                 ORDER BY account LIMIT $5)
             SELECT a.*, p.created_at AS password_at, p.job AS password_job, r.id IS NOT NULL AS has_codes, r.codes,
                    EXISTS (SELECT 1 FROM candidates WHERE account = a.account AND kind = 'totp'
                            AND state = 'current') AS totp,
                    EXISTS (SELECT 1 FROM candidates WHERE account = a.account AND state = 'pending'
                            AND submitted_at IS NOT NULL) AS in_doubt,
                    (SELECT count(*) FROM shares AS s JOIN tokens AS t ON t.id = s.token
                     WHERE s.account = a.account AND t.revoked_at IS NULL
                       AND (t.expires_at IS NULL OR t.expires_at > $6)) AS shared,
                    v.verified_at, coalesce(v.refuted > coalesce(v.verified, 0), false) AS refuted
             FROM page AS a
             LEFT JOIN candidates AS p ON p.account = a.account AND p.kind = 'password' AND p.state = 'current'
             LEFT JOIN candidates AS r ON r.account = a.account AND r.kind = 'recovery_codes' AND r.state = 'current'
             LEFT JOIN LATERAL (
                 SELECT max(ended_at) FILTER (WHERE outcome = 'succeeded' AND (kind <> 'reconcile' OR code <> 'rehearsed')) AS verified_at,
                        max(seq) FILTER (WHERE outcome = 'succeeded' AND (kind <> 'reconcile' OR code <> 'rehearsed')) AS verified,
                        max(seq) FILTER (WHERE code IN ('bad_credentials', 'credential_uncertain')) AS refuted
                 FROM (SELECT seq, kind, outcome, code, ended_at FROM automation_log WHERE account = a.account
                       ORDER BY seq DESC LIMIT $7) AS lately) AS v ON true
             ORDER BY a.account",
        )
        .bind(&query.app)
        .bind(query.after.as_ref().map(ToString::to_string))
        .bind(&query.name)
        .bind(query.shared_with)
        .bind(i64::from(query.limit))
        .bind(now())
        .bind(i64::from(LOOKED_AT))
        .bind(query.account.as_ref().map(ToString::to_string));
        let mut reader = self.reader().await?;
        let rows = answer(rows.fetch_all(&mut *reader)).await?;
        rows.iter().map(read).collect()
    }

    async fn wanting(&self, shared_with: Option<Uuid>, of_each: u32) -> Result<Vec<Wanting>, StoreError> {
        // A row of the log for each place, and no way around: the month is known.
        let rows = sqlx::query(
            "SELECT l.*, g.many AS of_code
             FROM (SELECT code, count(*) AS many FROM wanting
                   WHERE $1::uuid IS NULL OR account IN (SELECT account FROM shares WHERE token = $1)
                   GROUP BY code) AS g
             CROSS JOIN LATERAL (
                 SELECT seq, started_at FROM wanting
                 WHERE code = g.code AND ($1::uuid IS NULL OR account IN (SELECT account FROM shares WHERE token = $1))
                 ORDER BY seq DESC LIMIT $2) AS w
             CROSS JOIN LATERAL (
                 SELECT * FROM automation_log WHERE seq = w.seq AND started_at = w.started_at LIMIT 1) AS l
             ORDER BY g.many DESC, g.code, w.seq DESC",
        );
        let rows = rows.bind(shared_with).bind(i64::from(of_each));
        let mut reader = self.reader().await?;
        let rows = answer(rows.fetch_all(&mut *reader)).await?;
        let read = |row: &PgRow| Ok((log::read(row)?, Reader(row).token("of_code")?));
        rows.iter().map(read).collect::<Result<Vec<_>, StoreError>>().map(together)
    }
}

fn read(row: &PgRow) -> Result<AccountSummary, StoreError> {
    let account = accounts::read(row)?;
    let row = Reader(row);
    Ok(AccountSummary {
        account,
        password_at: row.time_or_null("password_at")?,
        password_job: row.id_or_null("password_job")?,
        totp: row.flag("totp")?,
        codes: match (row.flag("has_codes")?, row.int_or_null("codes")?) {
            (false, _) => CodesLeft::None,
            (true, None) => CodesLeft::Uncounted,
            (true, Some(codes)) => CodesLeft::Counted(u32::try_from(codes).unwrap_or(0)),
        },
        in_doubt: row.flag("in_doubt")?,
        shared: row.count("shared")?,
        verified_at: row.time_or_null("verified_at")?,
        refuted: row.flag("refuted")?,
    })
}
