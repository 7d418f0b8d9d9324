use std::process::ExitCode;

/// What the process says to its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: the job failed, or a message has no code.
    JobFailed,
    /// 2: the arguments make no sense.
    Usage,
    /// 3: the environment or the configuration is at fault.
    Environment,
    /// 4: a playbook is invalid.
    PlaybookInvalid,
    /// 5: a message could mean several codes.
    Unclear,
}

impl Exit {
    /// The number that the shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::JobFailed => 1,
            Self::Usage => 2,
            Self::Environment => 3,
            Self::PlaybookInvalid => 4,
            Self::Unclear => 5,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
