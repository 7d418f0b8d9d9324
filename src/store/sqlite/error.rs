use std::path::Path;

use crate::store::StoreError;

/// SQLite's primary result codes, <https://sqlite.org/rescode.html>.
mod code {
    pub const PERM: i64 = 3;
    pub const BUSY: i64 = 5;
    pub const LOCKED: i64 = 6;
    pub const READONLY: i64 = 8;
    pub const IOERR: i64 = 10;
    pub const CORRUPT: i64 = 11;
    pub const FULL: i64 = 13;
    pub const CANTOPEN: i64 = 14;
    pub const NOTADB: i64 = 26;
}

/// The primary part of the result code, when it was SQLite that refused.
fn primary(error: &sqlx::Error) -> Option<i64> {
    let code = error.as_database_error()?.code()?;
    Some(code.parse::<i64>().ok()? & 0xff)
}

/// Says what went wrong while this file was opened.
pub(super) fn opening(path: &Path, error: sqlx::Error) -> StoreError {
    match primary(&error) {
        Some(code::NOTADB) => StoreError::NotADatabase { path: path.to_owned() },
        Some(code::CANTOPEN | code::PERM) => {
            StoreError::CannotOpen { path: path.to_owned(), reason: error.to_string() }
        }
        _ => error.into(),
    }
}

/// What SQLite says by this error.
pub(in crate::store) fn said(error: &sqlx::Error) -> StoreError {
    match primary(error) {
        Some(code::BUSY | code::LOCKED) => StoreError::Locked,
        Some(code::FULL) => StoreError::Full,
        Some(code::READONLY) => StoreError::ReadOnly,
        Some(code::IOERR | code::CORRUPT | code::NOTADB) => StoreError::Damaged(error.to_string()),
        _ => StoreError::Database(error.to_string()),
    }
}
