use super::{CodePattern, Expected};

/// What is known of the code before it is read.
#[derive(Debug, Clone, Default)]
pub struct ExtractHints {
    /// The code has only digits, this many.
    pub digits: Option<usize>,
    /// The playbook's own pattern. What it finds is the code; where it finds nothing, there is none.
    pub pattern: Option<CodePattern>,
    /// The hosts of the app that sends it; a code bound to another site is not taken, whatever the pattern says. Empty:
    /// any host will do.
    pub origin_hosts: Vec<String>,
    /// The host of the frame in which the code is typed; `None`: in the page itself.
    pub frame_host: Option<String>,
    /// What the page takes.
    pub expected: Expected,
}
