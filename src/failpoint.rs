//! Points at which a test kills the process, as a crash or a power cut would: with SIGKILL, nothing cleaned up.
//!
//! Only with the feature `failpoints`, which release builds do not have. The name of the point comes from the
//! configuration; a name that ends in `*` stands for all that begin with what is before it.

#[cfg(feature = "failpoints")]
static POINT: std::sync::OnceLock<String> = std::sync::OnceLock::new();

/// Sets the point at which the process dies, once.
#[cfg(feature = "failpoints")]
pub fn set(point: String) {
    // The first stands: there is one process and one configuration.
    let _ = POINT.set(point);
}

/// Dies here, if this is the point.
#[cfg(feature = "failpoints")]
pub fn reach(name: &str) {
    let Some(point) = POINT.get() else { return };
    let here = point.strip_suffix('*').map_or(point == name, |prefix| name.starts_with(prefix));
    if here {
        // SIGKILL leaves no chance to clean up, which is the point; what follows is never reached.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }
}

/// Release builds have no such points.
#[cfg(not(feature = "failpoints"))]
pub const fn reach(_name: &str) {}
