use crate::store::StoreError;

/// What PostgreSQL, or the way to it, says by this error. By the classes of
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>; the message of the server names no secret.
pub(in crate::store) fn said(error: &sqlx::Error) -> StoreError {
    use sqlx::Error;
    let Some(told) = error.as_database_error() else {
        return match error {
            Error::Io(reason) => StoreError::Unreachable(reason.to_string()),
            Error::Tls(reason) => StoreError::Unreachable(format!("no TLS with it: {reason}")),
            Error::BeginFailed => StoreError::Unreachable("no transaction could be begun".to_owned()),
            _ => StoreError::Database(error.to_string()),
        };
    };
    let code = told.code().unwrap_or_default();
    let reason = told.message().to_owned();
    match &*code {
        // The server stops, has crashed, starts, or has no connection left.
        "57P01" | "57P02" | "57P03" | "57P05" | "53300" => StoreError::Unreachable(reason),
        "53100" => StoreError::Full,
        "58030" | "XX001" | "XX002" => StoreError::Damaged(reason),
        // A standby, as a primary is that has just been relieved: what follows goes to the next one.
        "25006" => StoreError::Unreachable(format!("it can only be read ({reason})")),
        // No such database, or no such right.
        "3D000" | "42501" => StoreError::Refused(reason),
        code if code.starts_with("08") => StoreError::Unreachable(reason),
        code if code.starts_with("28") => StoreError::Refused(reason),
        // Data exceptions.
        code if code.starts_with("22") => StoreError::Unfit(format!("{reason} (SQLSTATE {code})")),
        code => StoreError::Database(format!("{reason} (SQLSTATE {code})")),
    }
}

/// The same while a connection is awaited, where nothing but the server can be late.
pub(super) fn connecting(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::PoolTimedOut => StoreError::Unreachable("no connection within the time".to_owned()),
        other => other.into(),
    }
}
