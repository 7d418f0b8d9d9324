//! What the system says of its processes, in `/proc`.

use std::fs;
use std::io;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// A process as `/proc/PID/stat` has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Dead and merely not yet waited for: nothing of it runs, and nothing is open any more.
    pub is_zombie: bool,
    /// Its process group.
    pub group: u32,
    /// When it started, in clock ticks since boot: with its id, a name that no later process has.
    pub start: u64,
    /// The memory that it holds, in bytes.
    pub memory: u64,
}

/// The entry of that process; `None` if there is no such process.
#[must_use]
pub fn entry(pid: u32) -> Option<Entry> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse(stat: &str) -> Option<Entry> {
    // The program's name, in parentheses, may hold anything: fields are counted from behind the last one. See
    // proc_pid_stat(5), where the field behind the name has number 3.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let number = |nth: usize| fields.get(nth - 3)?.parse::<u64>().ok();
    Some(Entry {
        is_zombie: matches!(*fields.first()?, "Z" | "X"),
        group: u32::try_from(number(5)?).ok()?,
        start: number(22)?,
        memory: number(24)? * rustix::param::page_size() as u64,
    })
}

/// Whether the process of this id that started then has ended, be it waited for or not.
///
/// What cannot be looked at is not called dead: where `/proc` is mounted with `hidepid`, a worker's entry is
/// hidden even from others of its own user, because its memory is closed to them.
#[must_use]
pub fn has_ended(pid: u32, start: u64) -> bool {
    match entry(pid) {
        Some(entry) => entry.is_zombie || entry.start != start,
        None => !exists(pid),
    }
}

fn exists(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

/// What that process was started with, as `/proc/PID/cmdline` has it: each argument ends in a zero byte. `None` if
/// there is no such process; nothing of a zombie's is left.
#[must_use]
pub fn arguments(pid: u32) -> Option<Vec<u8>> {
    fs::read(format!("/proc/{pid}/cmdline")).ok()
}

/// The ids of all processes.
///
/// # Errors
/// If there is no `/proc`.
pub fn ids() -> io::Result<impl Iterator<Item = u32>> {
    Ok(fs::read_dir("/proc")?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let numbers = (4..=52).map(|number| number.to_string()).collect::<Vec<_>>().join(" ");
        let entry = parse(&format!("17 (a) Z 1 (b) S {numbers}\n")).unwrap();
        assert!(!entry.is_zombie);
        assert_eq!((entry.group, entry.start), (5, 22));
        assert!(parse("").is_none() && parse("17 (a) S 1 2").is_none());
    }

    #[test]
    fn this_process_is_found_and_one_beyond_the_greatest_number_is_not() {
        let own = std::process::id();
        assert!(ids().unwrap().any(|id| id == own));
        let found = entry(own).unwrap();
        assert!(found.memory > 1 << 20, "{found:?}");
        assert!(!has_ended(own, found.start) && has_ended(own, found.start + 1));
        assert!(exists(own) && exists(1));
        let beyond = 4_194_305;
        assert!(entry(beyond).is_none() && has_ended(beyond, 1) && has_ended(u32::MAX, 1));
    }

    #[test]
    fn whoever_was_killed_has_ended_before_anybody_waits_for_it() {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let start = entry(child.id()).unwrap().start;
        assert!(!has_ended(child.id(), start));
        child.kill().unwrap();
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).unwrap();
        // Returns when it is a zombie, and leaves it one.
        waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
        assert!(entry(child.id()).unwrap().is_zombie && has_ended(child.id(), start));
        child.wait().unwrap();
        assert!(has_ended(child.id(), start));
    }
}
