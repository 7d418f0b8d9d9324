use std::io;
use std::time::Duration;

/// Why a connection to the server could not be used. Says nothing of any mail, nor of a password.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    /// Waiting may mend it.
    #[error("{0}")]
    Passing(String),
    /// Waiting does not mend it, unless it has worked before: a password that is refused, a mailbox that is not there.
    #[error("{0}")]
    Lasting(String),
}

impl Failed {
    /// The server has not answered in time.
    pub fn silent(for_: Duration) -> Self {
        Self::Passing(format!("the server did not answer for {} s", for_.as_secs()))
    }

    /// What it said could not be read; the error quotes it, so that it is not shown.
    pub fn reading(error: &io::Error) -> Self {
        let what = match error.kind() {
            io::ErrorKind::Other => "the server says what this version cannot read".to_owned(),
            io::ErrorKind::UnexpectedEof => "the server ended the connection".to_owned(),
            _ => format!("the connection broke: {error}"),
        };
        Self::Passing(what)
    }
}
