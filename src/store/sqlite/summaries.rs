use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::value::{Reader, now};
use super::{SqliteStore, accounts, log};
use crate::store::summaries::{LOOKED_AT, together};
use crate::store::{AccountQuery, AccountSummary, CodesLeft, StoreError, Summaries, Wanting};

#[async_trait]
impl Summaries for SqliteStore {
    async fn summaries(&self, query: &AccountQuery) -> Result<Vec<AccountSummary>, StoreError> {
        let rows = sqlx::query(
            "WITH page AS MATERIALIZED (
                 SELECT * FROM accounts
                 WHERE (?1 IS NULL OR app = ?1) AND (?2 IS NULL OR account > ?2)
                   AND (?3 IS NULL OR instr(lower(account), lower(?3)) > 0 OR instr(lower(username), lower(?3)) > 0)
                   AND (?4 IS NULL OR account IN (SELECT account FROM shares WHERE token = ?4))
                   AND (?8 IS NULL OR account = ?8)
                 ORDER BY account LIMIT ?5),
             lately AS MATERIALIZED (
                 SELECT l.* FROM page AS a JOIN automation_log AS l ON l.seq IN (
                     SELECT seq FROM automation_log WHERE account = a.account ORDER BY seq DESC LIMIT ?7)),
             proofs AS (
                 SELECT account,
                        max(ended_at) FILTER (WHERE outcome = 'succeeded' AND (kind <> 'reconcile' OR code <> 'rehearsed')) AS verified_at,
                        max(seq) FILTER (WHERE outcome = 'succeeded' AND (kind <> 'reconcile' OR code <> 'rehearsed')) AS verified,
                        max(seq) FILTER (WHERE code IN ('bad_credentials', 'credential_uncertain')) AS refuted
                 FROM lately GROUP BY account)
             SELECT a.*, p.created_at AS password_at, p.job AS password_job, r.id IS NOT NULL AS has_codes, r.codes,
                    EXISTS (SELECT 1 FROM candidates WHERE account = a.account AND kind = 'totp'
                            AND state = 'current') AS totp,
                    EXISTS (SELECT 1 FROM candidates WHERE account = a.account AND state = 'pending'
                            AND submitted_at IS NOT NULL) AS in_doubt,
                    (SELECT count(*) FROM shares AS s JOIN tokens AS t ON t.id = s.token
                     WHERE s.account = a.account AND t.revoked_at IS NULL
                       AND (t.expires_at IS NULL OR t.expires_at > ?6)) AS shared,
                    v.verified_at, coalesce(v.refuted > coalesce(v.verified, 0), 0) AS refuted
             FROM page AS a
             LEFT JOIN candidates AS p ON p.account = a.account AND p.kind = 'password' AND p.state = 'current'
             LEFT JOIN candidates AS r ON r.account = a.account AND r.kind = 'recovery_codes' AND r.state = 'current'
             LEFT JOIN proofs AS v ON v.account = a.account
             ORDER BY a.account",
        )
        .bind(&query.app)
        .bind(query.after.as_ref().map(ToString::to_string))
        .bind(&query.name)
        .bind(query.shared_with.map(|token| token.to_string()))
        .bind(query.limit)
        .bind(now())
        .bind(LOOKED_AT)
        .bind(query.account.as_ref().map(ToString::to_string));
        let rows = rows.fetch_all(&self.readers).await?;
        rows.iter().map(read).collect()
    }

    async fn wanting(&self, shared_with: Option<Uuid>, of_each: u32) -> Result<Vec<Wanting>, StoreError> {
        let rows = sqlx::query(
            "SELECT l.*, found.of_code FROM (
                 SELECT seq, code, count(*) OVER (PARTITION BY code) AS of_code,
                        row_number() OVER (PARTITION BY code ORDER BY seq DESC) AS place
                 FROM wanting
                 WHERE ?1 IS NULL OR account IN (SELECT account FROM shares WHERE token = ?1)) AS found
             CROSS JOIN automation_log AS l ON l.seq = found.seq
             WHERE found.place <= ?2 ORDER BY found.of_code DESC, l.code, l.seq DESC",
        );
        let rows = rows.bind(shared_with.map(|token| token.to_string())).bind(of_each);
        let rows = rows.fetch_all(&self.readers).await?;
        let read = |row: &SqliteRow| Ok((log::read(row)?, Reader(row).token("of_code")?));
        rows.iter().map(read).collect::<Result<Vec<_>, StoreError>>().map(together)
    }
}

fn read(row: &SqliteRow) -> Result<AccountSummary, StoreError> {
    let account = accounts::read(row)?;
    let row = Reader(row);
    Ok(AccountSummary {
        account,
        password_at: row.time_or_null("password_at")?,
        password_job: row.id_or_null("password_job")?,
        totp: row.int("totp")? != 0,
        codes: match (row.int("has_codes")? != 0, row.int_or_null("codes")?) {
            (false, _) => CodesLeft::None,
            (true, None) => CodesLeft::Uncounted,
            (true, Some(codes)) => CodesLeft::Counted(u32::try_from(codes).unwrap_or(0)),
        },
        in_doubt: row.int("in_doubt")? != 0,
        shared: row.count("shared")?,
        verified_at: row.time_or_null("verified_at")?,
        refuted: row.int("refuted")? != 0,
    })
}
