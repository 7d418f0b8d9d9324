//! Points at which a test kills the process, as a crash or a power cut would: with SIGKILL, nothing cleaned up.
//!
//! Only with the feature `failpoints`, which release builds do not have. The name of the point comes from the
//! configuration; a name that ends in `*` stands for all that begin with what is before it, and `name#3` for the
//! third time that the point is reached. With `pause:` before it the process is stopped there, until it is continued
//! (SIGCONT); with `panic:` before it and `:WORDS` behind it, whoever is there panics with these words. A trace lists all points that a process comes by, in this form, so that a
//! test can take its cases from what a run really does.

#[cfg(all(feature = "failpoints", not(debug_assertions)))]
compile_error!("a release build has no failpoints: leave the feature `failpoints` off");

#[cfg(feature = "failpoints")]
mod armed {
    use std::collections::HashMap;
    use std::fs::{File, OpenOptions};
    use std::io::Write;
    use std::path::Path;
    use std::sync::{Mutex, OnceLock, PoisonError};

    use rustix::process::{Signal, getpid, kill_process};

    static POINT: OnceLock<(String, Fate)> = OnceLock::new();

    /// What becomes of whoever reaches the point.
    enum Fate {
        /// The process gets this signal.
        Signal(Signal),
        /// The task panics, with these words.
        Panic(String),
    }

    static TRACE: OnceLock<Trace> = OnceLock::new();

    struct Trace {
        file: Mutex<File>,
    }

    static TIMES: Mutex<Option<HashMap<String, u32>>> = Mutex::new(None);

    /// Sets the point at which the process dies or is stopped, once.
    pub fn set(point: &str) {
        let (point, fate) = match (point.strip_prefix("pause:"), point.strip_prefix("panic:")) {
            (Some(point), _) => (point, Fate::Signal(Signal::STOP)),
            (None, Some(panic)) => {
                let (point, words) = panic.split_once(':').unwrap_or((panic, "a failpoint"));
                (point, Fate::Panic(words.to_owned()))
            }
            (None, None) => (point, Fate::Signal(Signal::KILL)),
        };
        // The first stands: there is one process and one configuration.
        let _ = POINT.set((point.to_owned(), fate));
    }

    /// Lists the points in this file from now on.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn trace(path: &Path) -> std::io::Result<()> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let _ = TRACE.set(Trace { file: Mutex::new(file) });
        Ok(())
    }

    /// Whether SIGSTOP was sent to this process and no thread has taken it yet, see proc_pid_status(5).
    fn stop_is_pending() -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let pending = status.lines().find_map(|line| line.strip_prefix("ShdPnd:"));
        let pending = pending.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).unwrap_or(0);
        pending & (1 << (Signal::STOP.as_raw() - 1)) != 0
    }

    /// Dies here, is stopped or panics, if this is the point.
    ///
    /// # Panics
    /// If that is what was asked for.
    pub fn reach(name: &str) {
        if POINT.get().is_none() && TRACE.get().is_none() {
            return;
        }
        let mut guard = TIMES.lock().unwrap_or_else(PoisonError::into_inner);
        let times = guard.get_or_insert_default().entry(name.to_owned()).or_default();
        *times += 1;
        let nth = format!("{name}#{times}");
        if let Some(trace) = TRACE.get() {
            // A test that misses a line says so itself.
            let _ = writeln!(trace.file.lock().unwrap_or_else(PoisonError::into_inner), "{nth}");
        }
        drop(guard);
        let Some((point, fate)) = POINT.get() else { return };
        let here =
            point.strip_suffix('*').map_or(point == name || *point == nth, |prefix| name.starts_with(prefix));
        if here {
            let signal = match fate {
                Fate::Signal(signal) => signal,
                Fate::Panic(words) => panic!("{words}"),
            };
            // SIGKILL leaves no chance to clean up, which is the point; what follows is never reached.
            let _ = kill_process(getpid(), *signal);
            if *signal == Signal::KILL {
                loop {
                    std::thread::park();
                }
            }
            // Any thread may take the signal, and this one goes on until that one has.
            while stop_is_pending() {
                std::thread::yield_now();
            }
        }
    }
}

#[cfg(feature = "failpoints")]
pub use armed::{reach, set, trace};

/// Release builds have no such points.
#[cfg(not(feature = "failpoints"))]
pub const fn reach(_name: &str) {}
