use std::time::{Duration, Instant};

use hyper::StatusCode;

use crate::net::{Answer, CallError};

/// How long a receiver may take.
pub(super) const ANSWER: Duration = Duration::from_secs(15);

/// A receiver may ask for a longer wait, up to this.
const LONGEST_ASKED: Duration = Duration::from_secs(60 * 60);

/// What came of one try to deliver a message.
#[derive(Debug, Clone)]
pub struct Tried {
    /// How long it took.
    pub took: Duration,
    /// What the receiver answered; else why there was no answer.
    pub answer: Result<Answer, String>,
}

impl Tried {
    /// It could not even be tried.
    pub(super) const fn unfit(why: String) -> Self {
        Self { took: Duration::ZERO, answer: Err(why) }
    }

    pub(super) async fn by(call: impl Future<Output = Result<Answer, CallError>>) -> Self {
        let begun = Instant::now();
        let answer = call.await.map_err(|error| error.to_string());
        Self { took: begun.elapsed(), answer }
    }

    /// Whether the receiver has it.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        self.answer.as_ref().is_ok_and(|answer| answer.status.is_success())
    }

    /// Why not, in a line.
    #[must_use]
    pub fn failure(&self) -> String {
        match &self.answer {
            Ok(answer) => format!("it answered {}", answer.status),
            Err(why) => why.clone(),
        }
    }

    /// Whether no other try is wanted.
    pub(super) fn is_final(&self) -> bool {
        self.answer.as_ref().is_ok_and(|answer| answer.status == StatusCode::GONE)
    }

    /// How long to wait at least before another.
    pub(super) fn asked_wait(&self) -> Duration {
        let asked = self.answer.as_ref().ok().and_then(|answer| answer.retry_after);
        asked.unwrap_or_default().min(LONGEST_ASKED)
    }

    /// What a person should do about it.
    #[must_use]
    pub fn what_to_do(&self) -> &'static str {
        let Ok(answer) = &self.answer else {
            return "See that its address is right, that it listens there, and that this machine reaches it.";
        };
        match answer.status.as_u16() {
            300..=399 => "It points elsewhere, and nothing is followed: name that place in webhook_url.",
            401 | 403 => {
                "It refuses the signature: see that it has the same secret, reads the body unchanged, and that both clocks are \
                 right."
            }
            404 | 405 => "Nothing takes a POST there: see that the path in webhook_url is right.",
            410 => "It wants no more messages: take it out of webhook_url.",
            400..=499 => "It does not take the message: its own log should say why.",
            _ => "It has failed: its own log should say why.",
        }
    }
}
