use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::change_password::UNTYPED;
use super::context::Context;
use super::halt::{Halt, end_verdict};
use super::login::Login;
use super::proved::Proved;
use super::session::Session;
use crate::job::{Code, Kind, Outcome, Verdict};
use crate::playbook::{Action, End, FlowKind, Step, Target};
use crate::store::{Candidate, CandidateKind, CandidateState, Disproof, JobState, LogQuery, Try, TryResult};
use crate::vault::{Credentials, Held, VaultError};

/// So many of the credentials that were current once, and of those that seemed refused, are tried.
const OLDER: usize = 2;

/// Why it is not known which credential opens the account.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The answer to the commit step was lost.
    AnswerLost,
    /// The app answered that it refuses the candidate. That is no proof: a browser or a proxy may have sent the
    /// request twice, and the app may have taken the first.
    Refused,
}

/// What a reconciliation found.
pub(super) struct Settled {
    /// What opens the account, in sentences that hold no secret.
    pub words: String,
    /// The jobs whose pending candidates were proved.
    pub(super) promoted: Vec<Option<Uuid>>,
}

impl Settled {
    /// Whether a candidate of that job was proved.
    pub fn promoted_for(&self, job: Uuid) -> bool {
        self.promoted.contains(&Some(job))
    }
}

/// Which password it was that opened the account.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Pending,
    Current,
    Previous,
    /// It was rejected, although the app had been told of it.
    Refused,
    /// The `recover` flow has just set it.
    Recovered,
}

impl<'a> Context<'a> {
    /// The flow, if the playbook has it.
    pub fn flow(&self, kind: FlowKind) -> Result<FlowKind, Halt> {
        let playbook = self.playbook();
        if playbook.flows.get(kind).is_some() {
            return Ok(kind);
        }
        let message = format!("The playbook of {} has no flow {kind}.", playbook.app);
        Err(Verdict::new(Code::NotSupported, message).into())
    }

    /// A fresh login with the credentials that were proved last.
    ///
    /// When the app does not take them, a candidate that was never submitted may still be what it knows: a page may
    /// send off by itself what was typed. It counts as submitted from then on, and the next attempt settles it. So may
    /// one that was rejected: the request with it may have reached the app when that was proved already.
    pub async fn log_in_with_current(&'a self) -> Result<Login<'a>, Halt> {
        let credentials = self.credentials().await?;
        let password = credentials.password.as_ref().ok_or_else(no_password)?;
        // One that is all that the job asks needs no word.
        if self.job.kind != Kind::VerifyLogin {
            self.steps.heading(format!("log in with the current password (version {})", password.version));
        }
        let login = self.log_in(password, credentials.totp.as_ref()).await;
        let pending = [&credentials.pending_password, &credentials.pending_totp];
        let pending: Vec<&Held> = pending.into_iter().flatten().filter(|held| !held.submitted()).collect();
        let refused = match &login {
            Ok(login) => matches!(login.end, End::BadCredentials | End::CodeRefused),
            Err(Halt::Step(failed)) => failed.error.is_for_want_of_a_totp_secret(),
            Err(_) => false,
        };
        let rejected = !credentials.refused_passwords.is_empty() || !credentials.refused_totp.is_empty();
        if !refused || (pending.is_empty() && !rejected) {
            return login;
        }
        drop(login);
        if pending.is_empty() {
            self.settle(credentials, Doubt::AnswerLost).await?;
            let found = self.credentials().await?;
            let password = found.password.as_ref().ok_or_else(no_password)?;
            self.steps.heading(format!("log in with the current password (version {})", password.version));
            return self.log_in(password, found.totp.as_ref()).await;
        }
        self.submit_pending().await?;
        let message = "The app does not take the current credentials, and may know the pending ones although they \
                       were never submitted to it: they are tried next.";
        Err(Verdict::new(Code::AnswerLost, message).into())
    }

    /// The app may know every pending candidate, although the commit step was never reached: they count as submitted.
    pub async fn submit_pending(&self) -> Result<(), Halt> {
        let credentials = self.credentials().await?;
        let pending =
            [credentials.pending_password, credentials.pending_totp, credentials.pending_recovery_codes];
        for held in pending.into_iter().flatten().filter(|held| !held.submitted()) {
            self.vault.mark_submitted(held.candidate).await?;
        }
        Ok(())
    }

    /// A candidate that the app was never told of is worth nothing once the current one has opened the account, in
    /// this session. A login that typed no password says nothing of passwords.
    pub async fn reject_unsubmitted(&self, opened: &Session<'_>) -> Result<(), Halt> {
        let credentials = self.credentials().await?;
        let password = credentials.pending_password.filter(|_| opened.values.password_typed);
        let pending = [password, credentials.pending_recovery_codes, credentials.pending_totp];
        for held in pending.into_iter().flatten().filter(|held| !held.submitted()) {
            let opened = "current credentials".to_owned();
            self.vault.reject(held.candidate, &Disproof::NeverSubmitted { opened }).await?;
        }
        Ok(())
    }

    /// Settles which credentials open the account, if a candidate was submitted and its answer is not known.
    pub async fn settle_submitted(&self) -> Result<Option<Settled>, Halt> {
        let credentials = self.credentials().await?;
        let own = submitted(&credentials).find(|held| held.job == Some(self.job.id));
        if let Some(held) = own {
            self.heed_the_reconciliation_of(held).await?;
        }
        if submitted(&credentials).next().is_some() {
            return self.settle(credentials, Doubt::AnswerLost).await.map(Some);
        }
        Ok(None)
    }

    /// The candidate with which an earlier attempt at this job, or its reconciliation, has done all that was asked:
    /// only a proof makes one current, and another job may have changed it again since.
    pub async fn proved_before(&self, kind: CandidateKind) -> Result<Option<Uuid>, Halt> {
        let ledger = self.vault.store().candidates(&self.job.account).await.map_err(VaultError::from)?;
        let proved =
            |row: &Candidate| matches!(row.state, CandidateState::Current | CandidateState::Previous);
        let own = ledger.iter().find(|row| row.kind == kind && row.job == Some(self.job.id) && proved(row));
        Ok(own.map(|row| row.id))
    }

    /// What a reconciliation said that proved this candidate, if one did.
    pub async fn words_of_the_reconciliation_of(&self, candidate: Uuid) -> Result<String, Halt> {
        let store = self.vault.store();
        let Some(row) = store.reconciliation_of(candidate).await.map_err(VaultError::from)? else {
            return Ok("A fresh login proved it.".to_owned());
        };
        let query = LogQuery { job: Some(row.job.id), limit: 1, ..LogQuery::default() };
        let rows = store.log(&query).await.map_err(VaultError::from)?;
        let verdict = rows.into_iter().next().and_then(|row| row.verdict);
        Ok(verdict.map(|verdict| verdict.message).unwrap_or_default())
    }

    /// What a reconciliation of this job's own candidate could not find out is not tried all over again.
    async fn heed_the_reconciliation_of(&self, held: &Held) -> Result<(), Halt> {
        let found = self.vault.store().reconciliation_of(held.candidate).await.map_err(VaultError::from)?;
        match found {
            Some(row) if row.state == JobState::Finished && row.outcome != Some(Outcome::Succeeded) => {
                let id = row.job.id;
                let message = format!(
                    "The reconciliation of this job (job {id}) could not find out which credential opens the account: \
                     `turnlock log --job {id}` shows what was tried."
                );
                Err(Verdict::new(Code::CredentialUncertain, message).into())
            }
            _ => Ok(()),
        }
    }

    /// The app said that it refuses what was submitted: fresh logins have to prove it.
    pub async fn settle_refused(&self) -> Result<Settled, Halt> {
        self.settle(self.credentials().await?, Doubt::Refused).await
    }

    /// Finds out which of the known credentials opens the account; if none does, recovers it, where the playbook
    /// says how.
    pub async fn reconcile(&self) -> Result<Verdict, Halt> {
        let credentials = self.credentials().await?;
        let caused = |cause| submitted(&credentials).any(|held| held.candidate == cause);
        if self.job.cause.is_some_and(|cause| !caused(cause)) {
            let message = "It is known meanwhile which credential opens the account.";
            return Ok(Verdict::new(Code::Reconciled, message));
        }
        let settled = self.settle(credentials, Doubt::AnswerLost).await?;
        Ok(Verdict::new(Code::Reconciled, settled.words))
    }

    async fn settle(&self, credentials: Credentials, doubt: Doubt) -> Result<Settled, Halt> {
        if submitted(&credentials).next().is_some() {
            self.doubt();
        }
        let settled = match self.try_in_order(&credentials, doubt).await? {
            Tried::Opened(proved) => self.write_down(&proved, &credentials).await?,
            Tried::None(tried) if self.job.kind == Kind::Reconcile => {
                let recovered = self.recover(&credentials, &tried).await?;
                let words = format!(
                    "No known credential opened the account, so it was recovered by mail. {}",
                    recovered.words
                );
                Settled { words, ..recovered }
            }
            Tried::None(tried) => return Err(none_opens(&tried)),
        };
        self.doubt_no_more();
        Ok(settled)
    }

    /// Tries the passwords in order, each in a fresh context and within the budget: pending, current, previous, and
    /// last those that seemed refused. A pending one that was refused while the app may still have been at it is
    /// tried once more behind the current one; one that the app itself said it refuses comes after the current one.
    /// What an earlier attempt at this job was refused is not tried again.
    async fn try_in_order<'c>(&self, credentials: &'c Credentials, doubt: Doubt) -> Result<Tried<'c>, Halt> {
        let pending = credentials.pending_password.as_ref().map(|held| held.candidate);
        let memory = Memory::of(self.tries().await?, pending.zip(self.app_is_done(credentials)));
        let mut tried = Vec::new();
        let pending = credentials.pending_password.iter().filter(|held| held.submitted());
        let pending: Vec<_> = pending.map(|held| (Which::Pending, held)).collect();
        let mut passwords: VecDeque<_> = pending.iter().copied().collect();
        let current = credentials.password.iter().map(|held| (Which::Current, held));
        match doubt {
            Doubt::AnswerLost => passwords.extend(current),
            Doubt::Refused => current.for_each(|current| passwords.push_front(current)),
        }
        let older = |which, held: &'c [Held]| held.iter().take(OLDER).map(move |held| (which, held));
        passwords.extend(older(Which::Previous, &credentials.previous_passwords));
        passwords.extend(older(Which::Refused, &credentials.refused_passwords));
        // Those that were refused before the app was done.
        let mut too_early = Vec::new();
        while let Some((which, password)) = passwords.pop_front() {
            let early = doubt == Doubt::AnswerLost && which != Which::Pending;
            if early && self.let_the_app_finish(credentials).await? {
                too_early.clone_from(&pending);
            }
            let mut right = false;
            for totp in totp_choices(credentials) {
                let with = totp_name(totp, credentials);
                let name = format!("{} password (version {}){with}", which.name(), password.version);
                if let Some((at, end)) = memory.refused(password, totp) {
                    right |= end == End::CodeRefused;
                    tried.push(format!("{name} at {}: {end}", clock_time(at)));
                    if right { continue } else { break }
                }
                let at = Timestamp::now();
                let gloss = match which {
                    Which::Pending => ", which is the new one",
                    Which::Current if !pending.is_empty() => ", which is the old one",
                    _ => "",
                };
                self.steps.heading(format!("find out what opens the account: log in with the {name}{gloss}"));
                let login = match self.log_in(password, totp).await {
                    Err(Halt::Step(failed)) if failed.error.is_for_want_of_a_totp_secret() => {
                        let message = format!(
                            "The {name} opens the first step, and then a code is asked for that no secret of the \
                             vault gives."
                        );
                        return Err(Verdict::new(Code::MfaUnmanaged, message).into());
                    }
                    Err(halt @ Halt::Budget { .. }) if !tried.is_empty() => {
                        let message = format!(
                            "No credential that could be tried so far opens the account: {}. The {name} is next. {}",
                            tried.join("; "),
                            halt.verdict().message
                        );
                        return Err(Verdict::new(Code::BudgetExhausted, message).into());
                    }
                    login => login?,
                };
                let (end, typed) = (login.end, login.session.values.totp_typed);
                let proves = login.session.values.password_typed;
                drop(login.session);
                match end {
                    // Where no password is in question, none has to be proved.
                    End::SignedIn
                        if !proves && (which != Which::Current || credentials.pending_password.is_some()) =>
                    {
                        let message = format!("Which password the account has is not known: {UNTYPED}");
                        return Err(Verdict::new(Code::PageNotAsDescribed, message).into());
                    }
                    End::SignedIn => {
                        let totp = totp.filter(|_| typed);
                        return Ok(Tried::Opened(Proved { which, password, totp, name }));
                    }
                    // The password was right: another secret may give the right code.
                    End::CodeRefused => right = true,
                    End::BadCredentials => {}
                    end => return Err(end_verdict(end, &format!("the login with the {name}")).into()),
                }
                tried.push(format!("{name} at {}: {end}", clock_time(at)));
                if !right {
                    break;
                }
            }
            if right {
                // No other password can be right as well; to try one would only be counted.
                return Err(none_opens(&tried.join("; ")));
            }
            if which != Which::Pending {
                too_early.drain(..).for_each(|again| passwords.push_front(again));
            }
        }
        Ok(Tried::None(tried.join("; ")))
    }

    /// When the app has had as long to answer the last submission as the playbook ever gives it, by the store's clock.
    fn app_is_done(&self, credentials: &Credentials) -> Option<Timestamp> {
        let last = submitted(credentials).filter_map(|held| held.submitted_at).max()?;
        Some(last.checked_add(self.longest_answer()).unwrap_or(last))
    }

    /// As long as the playbook ever gives the app for an answer to a commit step.
    fn longest_answer(&self) -> Duration {
        let playbook = self.playbook();
        let commits = playbook.flows.iter().filter(|flow| flow.kind.commits());
        let step = playbook.timeouts.step;
        commits.map(|flow| longest_wait(&flow.steps)).max().unwrap_or_default().max(step)
    }

    /// An app may still be at work on a request whose sender died. That the old credential opens the account
    /// proves something only when the app has had as long to answer as the playbook ever gives it.
    /// `true` if that had to be waited for.
    async fn let_the_app_finish(&self, credentials: &Credentials) -> Result<bool, Halt> {
        let Some(done) = self.app_is_done(credentials) else { return Ok(false) };
        let Ok(left) = Duration::try_from(done.duration_since(self.now().await?)) else { return Ok(false) };
        // Also when the clock was set between two starts of the machine.
        let left = left.min(self.longest_answer());
        if left.is_zero() {
            return Ok(false);
        }
        let what = format!("give the app {} s to finish what it may still be at", left.as_secs() + 1);
        let log = self.steps.begin("reconcile", what);
        tokio::select! {
            () = tokio::time::sleep(left) => log.ok(),
            halt = self.must_stop() => return Err(halt),
        }
        Ok(true)
    }
}

/// The longest time that any of the steps gives the app.
fn longest_wait(steps: &[Step]) -> Duration {
    let of_target = |target: &Target| target.timeout.unwrap_or_default();
    let waits = steps.iter().map(|step| match &step.action {
        Action::Expect(expect) => {
            let then = expect.branches.iter().map(|branch| longest_wait(&branch.then));
            then.max().unwrap_or_default().max(expect.timeout.unwrap_or_default())
        }
        Action::See(target) | Action::Gone(target) | Action::Click(target) => of_target(target),
        Action::Commit(action) => match &**action {
            Action::Click(target) | Action::Fill { into: target, .. } => of_target(target),
            _ => Duration::ZERO,
        },
        _ => Duration::ZERO,
    });
    waits.max().unwrap_or_default()
}

/// The pending candidates that the app may know.
fn submitted(credentials: &Credentials) -> impl Iterator<Item = &Held> {
    let pending = [&credentials.pending_password, &credentials.pending_totp];
    pending.into_iter().flatten().filter(|held| held.submitted())
}

/// The TOTP secrets to try, the likeliest first: one that was submitted, the current one, those that were current
/// once, those that seemed refused. Where there is none, the login is tried without.
pub(super) fn totp_choices(credentials: &Credentials) -> Vec<Option<&Held>> {
    let submitted = credentials.pending_totp.iter().filter(|held| held.submitted());
    let older =
        credentials.previous_totp.iter().take(OLDER).chain(credentials.refused_totp.iter().take(OLDER));
    let choices: Vec<_> = submitted.chain(&credentials.totp).chain(older).map(Some).collect();
    if choices.is_empty() { vec![None] } else { choices }
}

pub(super) fn totp_name(totp: Option<&Held>, credentials: &Credentials) -> String {
    let Some(totp) = totp else { return String::new() };
    let is = |held: &Option<Held>| held.as_ref().is_some_and(|held| held.candidate == totp.candidate);
    match (is(&credentials.pending_totp), is(&credentials.totp)) {
        (true, _) => " with the pending TOTP secret".to_owned(),
        (_, true) if credentials.pending_totp.is_none() && credentials.previous_totp.is_empty() => {
            String::new()
        }
        (_, true) => " with the current TOTP secret".to_owned(),
        _ => format!(" with TOTP secret version {}", totp.version),
    }
}

/// What came of trying the known credentials.
enum Tried<'c> {
    Opened(Proved<'c>),
    /// None opens the account; what was tried and when, in words.
    None(String),
}

/// What this job was refused before.
struct Memory(Vec<Try>);

impl Memory {
    /// That a pending password was refused before the app was done proves nothing.
    fn of(mut tries: Vec<Try>, pending_until: Option<(Uuid, Timestamp)>) -> Self {
        if let Some((pending, done)) = pending_until {
            tries.retain(|tried| tried.password != Some(pending) || tried.at > done);
        }
        Self(tries)
    }

    /// When these credentials were refused, and how.
    fn refused(&self, password: &Held, totp: Option<&Held>) -> Option<(Timestamp, End)> {
        let same = |tried: &&Try| {
            tried.flow == FlowKind::Login.as_str() && tried.password == Some(password.candidate)
        };
        self.0.iter().filter(same).find_map(|tried| match tried.result? {
            TryResult::BadCredentials => Some((tried.at, End::BadCredentials)),
            TryResult::CodeRefused if tried.totp == totp.map(|held| held.candidate) => {
                Some((tried.at, End::CodeRefused))
            }
            _ => None,
        })
    }
}

/// No known credential opens the account: a person has to see to it.
pub(super) fn none_opens(tried: &str) -> Halt {
    let message = format!("No known credential opens the account. Tried in this order: {tried}.");
    Verdict::new(Code::CredentialUncertain, message).into()
}

/// A time in words that leave the machine, as in an exported file: it says how far that clock is from UTC.
pub(super) fn clock_time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
}

fn no_password() -> Halt {
    Verdict::new(Code::CredentialUncertain, "The vault holds no current password for this account.").into()
}

impl Which {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Current => "current",
            Self::Previous => "previous",
            Self::Refused => "once refused",
            Self::Recovered => "new",
        }
    }
}
