//! Who is at this shell.

use nix::unistd::{User, getuid};

/// As the audit names them: `shell:` and the name that the operating system knows this process's user by, whatever the
/// environment says. No token is called so.
#[must_use]
pub fn at_the_shell() -> String {
    let uid = getuid();
    // A container may have users without names.
    let name = User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name);
    format!("shell:{name}")
}
