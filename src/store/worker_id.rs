use std::fmt;

/// Who works: unique among all workers, past ones included.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WorkerId(String);

impl WorkerId {
    /// Takes a text for a worker's id.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, as the automation log shows it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The machine that it runs on, if the id says so: `HOST:PID:…`.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.0.split_once(':').map(|(host, _)| host)
    }

    /// The number of its process there.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.0.split(':').nth(1)?.parse().ok()
    }
}

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
