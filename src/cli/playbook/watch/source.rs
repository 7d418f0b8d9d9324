use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::Failure;
use crate::cli::library::{self, read};
use crate::playbook::{OriginOverrides, Playbook, Report};

/// The file that the playbook is read from, again and again as it is edited.
#[derive(Debug, Clone)]
pub struct Source {
    pub path: PathBuf,
    origins: OriginOverrides,
}

impl Source {
    pub const fn new(path: PathBuf, origins: OriginOverrides) -> Self {
        Self { path, origins }
    }

    /// The playbook as the file has it now, or what is wrong with it.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read(&self) -> Result<Result<Arc<Playbook>, Report>, Failure> {
        let text = read(&self.path)?;
        Ok(library::parse(&self.path, &text, &self.origins).map(Arc::new))
    }
}
