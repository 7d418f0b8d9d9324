//! A browser process: started in a process group and with a profile of its own, and both ended with it.
//!
//! - `group`: the processes, from their start to their end;
//! - `profile`: the folder that they write to, and how it is removed;
//! - `guardian`: a process that does both when the worker dies;
//! - `orphans`: what the next worker does should the guardian have died as well;
//! - `last_words`: what is told of a browser that did not start.

mod group;
mod guardian;
mod last_words;
mod orphans;
mod profile;

use std::path::Path;
use std::time::Duration;

use self::group::Group;
use self::profile::Profile;
use super::connection::{Connection, SessionId};
use super::error::BrowserError;
use super::launch::Options;
use super::pipe::Pipe;
use super::protocol::GetVersion;
use crate::process_table;

/// How long a browser may take to start.
const START: Duration = Duration::from_secs(30);

/// A running browser. Dropping it kills its whole process group and removes its profile; and so does the worker's
/// death, however it comes.
pub struct Process {
    connection: Connection,
    version: String,
    group: Group,
}

impl Process {
    /// Starts a browser and waits until it answers.
    ///
    /// # Errors
    /// If the program cannot be started, refuses to, or does not answer within 30 s.
    pub async fn launch(options: &Options) -> Result<Self, BrowserError> {
        let failed = |error: std::io::Error| BrowserError::Start {
            path: options.program.display().to_string(),
            message: error.to_string(),
        };
        orphans::remove_orphans(&options.profiles).await;
        let profile = Profile::new(&options.profiles).map_err(failed)?;
        let (pipe, ends) = Pipe::new().map_err(failed)?;
        let mut group = Group::start(options, profile, ends.commands, ends.answers)?;
        let connection = Connection::start(pipe);
        let root: SessionId = "".into();
        match connection.call(&root, &GetVersion {}, START).await {
            Ok(version) => Ok(Self { connection, version: version.product, group }),
            Err(_) if connection.is_closed() => Err(BrowserError::EndedEarly { stderr: group.last_words() }),
            Err(error) => Err(error),
        }
    }

    /// The browser's name and version, `HeadlessChrome/156.0.8078.79`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The id of the browser's first process, which is also that of its process group.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.group.id()
    }

    /// The profile's folder.
    #[must_use]
    pub fn profile(&self) -> &Path {
        self.group.profile()
    }

    /// Whether the browser is gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    /// The memory that the group's processes hold, in bytes; shared pages count in each.
    #[must_use]
    pub fn memory(&self) -> u64 {
        let Ok(ids) = process_table::ids() else { return 0 };
        let members = ids.filter_map(process_table::entry).filter(|entry| entry.group == self.id());
        members.map(|entry| entry.memory).sum()
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }
}
