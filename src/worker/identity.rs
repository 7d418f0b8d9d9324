//! A worker's id says where its process is to be found, so that a later worker on the same machine can tell
//! at once that an earlier one is dead. Everywhere else, the expiry of its claims tells.

use std::fs;
use std::process;

use uuid::Uuid;

use crate::process_table;
use crate::store::{WorkerId, WorkerRow};

/// An id for a new worker in this process: `host:pid:start:boot:pid-namespace:nonce`.
#[must_use]
pub fn new_worker() -> WorkerId {
    let host = read("/proc/sys/kernel/hostname").unwrap_or_else(|| "localhost".to_owned());
    let pid = process::id();
    let start = process_table::entry(pid).map_or_else(|| "-".to_owned(), |entry| entry.start.to_string());
    let place = place().unwrap_or_else(|| "-:-".to_owned());
    let nonce = Uuid::new_v4().simple().to_string();
    WorkerId::new(format!("{}:{pid}:{start}:{place}:{}", host.replace(':', "-"), &nonce[..8]))
}

/// The process of this worker, on the machine and in the PID namespace that it ran in.
#[must_use]
pub fn process_of(worker: &WorkerId) -> Option<u32> {
    worker.as_str().split(':').nth(1)?.parse().ok()
}

/// Whether this worker's process is known to be gone. `false` if it lives, or if it ran where this process
/// cannot look: on another machine, before a reboot, in another container.
#[must_use]
pub fn is_dead(worker: &WorkerId) -> bool {
    let parts: Vec<&str> = worker.as_str().split(':').collect();
    let [_, pid, start, boot, namespace, _] = parts[..] else { return false };
    let (Ok(pid), Ok(start)) = (pid.parse(), start.parse::<u64>()) else { return false };
    // A process number means something only within one boot and one PID namespace.
    place().is_some_and(|here| here == format!("{boot}:{namespace}")) && process_table::has_ended(pid, start)
}

/// Whether a worker does not live any more, as far as can be known from here: nothing was heard of it for too long, or its
/// process is gone.
#[must_use]
pub fn is_gone(row: &WorkerRow) -> bool {
    row.gone || is_dead(&row.id)
}

/// This boot and this PID namespace.
fn place() -> Option<String> {
    let boot = read("/proc/sys/kernel/random/boot_id")?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    let namespace: String = namespace.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
    Some(format!("{boot}:{namespace}"))
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::process::Command;

    use super::*;

    fn id_of(pid: u32) -> WorkerId {
        let start = process_table::entry(pid).unwrap().start;
        WorkerId::new(format!("host:{pid}:{start}:{}:nonce", place().unwrap()))
    }

    #[test]
    fn the_living_are_not_taken_for_dead() {
        assert!(!is_dead(&new_worker()));
        assert_eq!(process_of(&new_worker()), Some(process::id()));
        assert_ne!(new_worker(), new_worker());
    }

    #[test]
    fn the_killed_are_dead_even_before_they_are_waited_for() {
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        let id = id_of(child.id());
        assert!(!is_dead(&id));
        child.kill().unwrap();
        // A zombie now, at the latest when `wait` returns; both count.
        child.wait().unwrap();
        assert!(is_dead(&id));
    }

    #[test]
    fn those_out_of_sight_are_not_judged() {
        let here = new_worker();
        let mut parts: Vec<&str> = here.as_str().split(':').collect();
        parts[1] = "4194305"; // beyond the greatest process number
        assert!(is_dead(&WorkerId::new(parts.join(":"))));
        parts[3] = "another-boot";
        assert!(!is_dead(&WorkerId::new(parts.join(":"))));
        assert!(!is_dead(&WorkerId::new("worker-1")));
    }
}
