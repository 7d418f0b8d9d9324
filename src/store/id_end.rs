use std::fmt;

/// Fewer characters of an id name no job.
const FEWEST: usize = 4;

/// The end of a job's id, as logs show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdEnd(String);

impl IdEnd {
    /// So many of the newest jobs, and of the newest attempts' jobs, are those that people mean by it.
    pub const AMONG: u32 = 10_000;

    /// `None` if it is none.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = text.len() >= FEWEST && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        fits.then(|| Self(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for IdEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
