use super::JobState;

/// What came of the wish to have a job performed as soon as can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requeueing {
    /// It waited for its time: it is due now.
    Due,
    /// Its worker was lost, and nobody had noticed: it is due now.
    TakenUp,
    /// It was due already: it waits for a worker, or for another job of its account.
    Already,
}

impl Requeueing {
    /// In a word, for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::TakenUp => "taken_up",
            Self::Already => "already",
        }
    }

    /// For people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Due => "it waited for its time, and is due now",
            Self::TakenUp => "its worker was lost; it is due again",
            Self::Already => "it was due already: it waits for a worker, or for another job of its account",
        }
    }
}

/// Why a job is not requeued, and what to do instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotRequeued {
    /// It is being performed.
    #[error("a worker performs it; wait until that has ended, or cancel it")]
    Runs,
    /// It is being performed, and asks for something.
    #[error(
        "it waits for a person; give it what it asks for (`turnlock job answer`, or its page), or cancel it"
    )]
    Asks,
    /// It is being performed, and was told to end.
    #[error(
        "somebody has cancelled it, and it ends with its worker's next sign of life; wait until it has, and submit \
         it once more if it is still wanted"
    )]
    Cancelling,
    /// It has ended.
    #[error("it has ended; submit it once more")]
    Ended,
    /// The gate of its app is shut.
    #[error(
        "the limits or the breaker of its app hold it back, and let it go by themselves; `turnlock app reset` closes a breaker"
    )]
    HeldBack,
}

/// How a job stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub state: JobState,
    /// Somebody wants it cancelled.
    pub cancel_asked: bool,
    /// A question of it is open.
    pub asks: bool,
    /// Its app has no room for it; of one that was just taken up from a lost worker, that does not matter.
    pub held_back: bool,
    /// Its time has not come.
    pub put_off: bool,
}

impl Standing {
    /// What is to be done about it: whether it has to be made due.
    pub const fn may_be_made_due(self) -> Result<bool, NotRequeued> {
        match self.state {
            JobState::Finished | JobState::Cancelled => Err(NotRequeued::Ended),
            JobState::Running if self.cancel_asked => Err(NotRequeued::Cancelling),
            JobState::Running if self.asks => Err(NotRequeued::Asks),
            JobState::Running => Err(NotRequeued::Runs),
            JobState::Queued if self.held_back => Err(NotRequeued::HeldBack),
            JobState::Queued => Ok(self.put_off),
        }
    }
}
