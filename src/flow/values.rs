use std::time::{Duration, SystemTime, UNIX_EPOCH};

use secrecy::SecretString;
use tokio::time::Instant;

use super::context::Context;
use super::halt::{Halt, StepError};
use crate::browser::PageError;
use crate::credential::{TotpSecret, Usable};
use crate::redact;
use crate::vault::Held;

/// What the steps of one context may type, and what was typed.
pub(super) struct Values {
    pub password: Held,
    pub new_password: Option<Held>,
    pub totp: Option<Totp>,
    /// The moment of the last click, press or visit: mail that is older answers another request.
    pub asked_at: Instant,
    /// The password or a code was typed, or a mailed link opened.
    pub typed: bool,
    /// The password was typed: only a login in which it was proves it.
    pub password_typed: bool,
    /// What is to become the account's credential was typed.
    pub candidate_typed: bool,
    /// The steps since by which the app may have got it, though none of them is the commit step.
    pub early: Vec<String>,
    /// What a rehearsal has kept the page from sending since, as `POST /path`.
    pub held: Vec<String>,
    /// It was sent off, or may have been: the app may have counted a wrong one.
    pub sent: bool,
    /// The app asked for a code of this TOTP secret.
    pub totp_typed: bool,
    /// The app asked for a code that it had sent by mail or as a text message.
    pub sent_code_typed: bool,
}

/// A TOTP secret and its row in the ledger.
pub(super) struct Totp {
    pub held: Held,
    pub secret: TotpSecret,
}

impl Totp {
    /// Opens what the ledger holds: an `otpauth://` address.
    pub fn open(held: Held) -> Result<Self, StepError> {
        use secrecy::ExposeSecret;
        let secret = TotpSecret::from_uri(held.secret.expose_secret()).map_err(|error| {
            StepError::Unreadable(format!("the vault's TOTP secret cannot be used: {error}"))
        })?;
        redact::register(&held.secret);
        redact::register(&secret.base32());
        Ok(Self { held, secret })
    }
}

impl Values {
    /// For a login with these credentials.
    pub fn new(password: Held, totp: Option<Totp>) -> Self {
        redact::register(&password.secret);
        Self {
            password,
            new_password: None,
            totp,
            asked_at: Instant::now(),
            typed: false,
            password_typed: false,
            candidate_typed: false,
            early: Vec::new(),
            held: Vec::new(),
            sent: false,
            totp_typed: false,
            sent_code_typed: false,
        }
    }

    /// What came of a click or a press: whether what was typed before went off with it.
    pub fn went(&mut self, result: &Result<(), PageError>) {
        let kept = matches!(
            result,
            Err(PageError::NotAsDescribed { .. }
                | PageError::BadLocator { .. }
                | PageError::OriginBlocked { .. })
        );
        self.sent |= self.typed && !kept;
    }

    /// A flow begins. What an earlier one sent off was answered with its end.
    pub fn begin(&mut self) {
        (self.typed, self.sent) = (false, false);
        (self.password_typed, self.candidate_typed) = (false, false);
        self.early.clear();
        self.held.clear();
    }

    /// The code to type now. A code about to expire is not typed, nor one of a time step that was used already,
    /// by whatever worker: the next one is awaited.
    pub async fn totp_code(&mut self, context: &Context<'_>, step: &str) -> Result<SecretString, ValueError> {
        let totp = self.totp.as_ref().ok_or(StepError::NoTotpSecret)?;
        let mut used = None;
        loop {
            let now = unix_seconds();
            match totp.secret.next_usable(now, used) {
                Usable::Now(code) => {
                    let claimed = context
                        .vault
                        .claim_totp_step(&context.job.account, totp.held.candidate, code.step)
                        .await;
                    if claimed.map_err(Halt::from)? {
                        redact::register(&code.digits);
                        self.totp_typed = true;
                        return Ok(code.digits);
                    }
                    used = Some(code.step);
                }
                Usable::At(time) => {
                    let wait = Duration::from_secs(time.saturating_sub(now));
                    let log =
                        context.steps.begin(step, format!("wait {} s for the next code", wait.as_secs()));
                    wait_for_clock(time).await;
                    log.ok();
                }
            }
        }
    }
}

/// Why there is nothing to type.
pub(super) enum ValueError {
    Step(StepError),
    Halt(Halt),
}

impl From<StepError> for ValueError {
    fn from(error: StepError) -> Self {
        Self::Step(error)
    }
}

impl From<Halt> for ValueError {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

/// Returns once the wall clock shows this time, also when the clock is set meanwhile.
async fn wait_for_clock(time: u64) {
    loop {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let Some(left) = Duration::from_secs(time).checked_sub(now) else { return };
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(Duration::from_secs(1))).await;
    }
}

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
