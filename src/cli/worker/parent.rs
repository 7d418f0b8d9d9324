use rustix::process::{Signal, getppid, set_parent_process_death_signal};

use crate::cli::Failure;

/// Has the system kill this process when the one that has started it ends, even by SIGKILL.
///
/// # Errors
/// If the system does not, or that process has ended already.
pub(super) fn end_with(parent: u32) -> Result<(), Failure> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| {
        Failure::environment(format_args!("nothing tells of the end of {parent}: {error}"))
    })?;
    let lives = getppid().is_some_and(|pid| u32::try_from(pid.as_raw_pid()) == Ok(parent));
    if lives { Ok(()) } else { Err(Failure::environment(format_args!("process {parent} has ended"))) }
}
