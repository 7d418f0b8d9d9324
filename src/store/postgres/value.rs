//! Between Rust's values and PostgreSQL's.

use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::store::{StoreError, WorkerId};

/// Reads columns by name.
pub(super) struct Reader<'a>(pub &'a PgRow);

impl Reader<'_> {
    pub fn text(&self, column: &str) -> Result<String, StoreError> {
        Ok(self.0.try_get(column)?)
    }

    pub fn text_or_null(&self, column: &str) -> Result<Option<String>, StoreError> {
        Ok(self.0.try_get(column)?)
    }

    pub fn bytes(&self, column: &str) -> Result<Vec<u8>, StoreError> {
        Ok(self.0.try_get(column)?)
    }

    pub fn flag(&self, column: &str) -> Result<bool, StoreError> {
        Ok(self.0.try_get(column)?)
    }

    pub fn flag_or_null(&self, column: &str) -> Result<Option<bool>, StoreError> {
        Ok(self.0.try_get(column)?)
    }

    pub fn int(&self, column: &str) -> Result<i64, StoreError> {
        Ok(self.0.try_get(column)?)
    }

    pub fn int_or_null(&self, column: &str) -> Result<Option<i64>, StoreError> {
        Ok(self.0.try_get(column)?)
    }

    pub fn count(&self, column: &str) -> Result<u32, StoreError> {
        Ok(u32::try_from(self.int(column)?).unwrap_or(0))
    }

    pub fn token(&self, column: &str) -> Result<u64, StoreError> {
        Ok(u64::try_from(self.int(column)?).unwrap_or(0))
    }

    pub fn time(&self, column: &str) -> Result<Timestamp, StoreError> {
        time(self.int(column)?)
    }

    pub fn time_or_null(&self, column: &str) -> Result<Option<Timestamp>, StoreError> {
        self.0.try_get::<Option<i64>, _>(column)?.map(time).transpose()
    }

    /// A time of the server's clock, as this process's own clock will show it. The row says in `asked_at` what the
    /// server's showed when it was asked.
    pub fn here(&self, column: &str) -> Result<Timestamp, StoreError> {
        let left = self.int(column)?.saturating_sub(self.int("asked_at")?);
        time(now().saturating_add(left))
    }

    pub fn here_or_null(&self, column: &str) -> Result<Option<Timestamp>, StoreError> {
        let set: Option<i64> = self.0.try_get(column)?;
        set.map(|_| self.here(column)).transpose()
    }

    pub fn duration_or_null(&self, column: &str) -> Result<Option<Duration>, StoreError> {
        let millis: Option<i64> = self.0.try_get(column)?;
        Ok(millis.map(|millis| Duration::from_millis(u64::try_from(millis).unwrap_or(0))))
    }

    pub fn worker_or_null(&self, column: &str) -> Result<Option<WorkerId>, StoreError> {
        Ok(self.text_or_null(column)?.map(WorkerId::new))
    }

    pub fn id(&self, column: &str) -> Result<Uuid, StoreError> {
        Ok(self.0.try_get(column)?)
    }

    pub fn id_or_null(&self, column: &str) -> Result<Option<Uuid>, StoreError> {
        Ok(self.0.try_get(column)?)
    }

    /// A text that stands for one of the program's own types.
    pub fn parsed<T: FromStr>(&self, column: &str, what: &'static str) -> Result<T, StoreError> {
        parse(self.text(column)?, what)
    }

    pub fn parsed_or_null<T: FromStr>(
        &self,
        column: &str,
        what: &'static str,
    ) -> Result<Option<T>, StoreError> {
        self.text_or_null(column)?.map(|text| parse(text, what)).transpose()
    }
}

pub(super) fn parse<T: FromStr>(text: String, what: &'static str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::BadValue { what, value: text })
}

pub(super) fn time(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis)
        .map_err(|_| StoreError::BadValue { what: "a time", value: millis.to_string() })
}

/// Now, by this process's wall clock, in milliseconds.
pub(super) fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

/// How long it is until then by this process's own clock; so much later than the server's now it will be, whatever
/// either of them shows.
pub(super) fn from_now(at: Timestamp) -> i64 {
    at.as_millisecond().saturating_sub(now())
}

pub(super) fn millis(duration: Duration) -> i64 {
    // So that it can be added to a time.
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).min(i64::MAX / 4)
}

pub(super) fn to_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
