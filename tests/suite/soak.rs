//! The soak: workers and browsers killed at random moments, while accounts get job after job, each submitted twice.
//! At its end every account opens with what the vault calls current, none is locked out, each job was done once, and
//! nothing is left. `TURNLOCK_SOAK_MINUTES` says for how long, with 4 workers and 50 accounts; else it is half a
//! minute with fewer. `TURNLOCK_SOAK_POSTGRES` keeps the rows on a PostgreSQL server of its own instead of a file.
#![cfg(feature = "failpoints")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acme::{Acme, ChangeFault, Event, NewUser, Options, TotpShape};
use rustix::process::{Pid, Signal, kill_process};
use secrecy::SecretString;
use tokio::process::Child;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, interval};
use turnlock::job::{AccountRef, Code, Job, Kind, Outcome};
use turnlock::store::{JobRow, Submitted, WorkerId};
use turnlock::vault::{NewAccount, Vault};

use crate::harness::SOON;
use crate::harness::home::Home;
use crate::harness::rig::{FIRST_PASSWORD, opens};

/// How often something is killed.
const KILL_EVERY: Duration = Duration::from_millis(2500);
/// An account that has used up its budget waits for a quarter of an hour, and so does the end of the soak.
const LAST: Duration = Duration::from_secs(20 * 60);

struct Size {
    time: Duration,
    workers: usize,
    accounts: usize,
    /// So long the app counts wrong passwords, and the budget with it: an account that has used it up waits as long.
    lockout: Duration,
}

impl Size {
    fn wanted() -> Self {
        match std::env::var("TURNLOCK_SOAK_MINUTES").ok().map(|minutes| minutes.parse::<f64>()) {
            Some(Ok(minutes)) => {
                let lockout = Duration::from_mins(15);
                Self { time: Duration::from_secs_f64(minutes * 60.0), workers: 4, accounts: 50, lockout }
            }
            Some(Err(error)) => panic!("TURNLOCK_SOAK_MINUTES is not a number of minutes: {error}"),
            None => {
                let time = Duration::from_secs(30);
                Self { time, workers: 2, accounts: 10, lockout: Duration::from_secs(20) }
            }
        }
    }
}

/// Chance without a library; the seed is printed, so that a run can be looked into.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        // xorshift64*, Vigna 2016.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % sides as u64).unwrap()
    }
}

struct Soak {
    app: Acme,
    home: Home,
    vault: Vault,
    accounts: Vec<AccountRef>,
    workers: Vec<Child>,
    ports: Vec<String>,
    /// Every job that was submitted.
    jobs: Vec<Job>,
    /// The jobs that each account is at.
    open: HashMap<AccountRef, Vec<Job>>,
    /// Whoever was locked out at some time.
    locked: Arc<Mutex<BTreeSet<String>>>,
    dice: Dice,
    kills: BTreeMap<&'static str, u32>,
}

impl Soak {
    async fn set(size: &Size, seed: u64) -> Self {
        let totp = TotpShape { period: 6, ..TotpShape::default() };
        let app = Acme::start(Options { totp, lockout: size.lockout, ..Options::default() }).await.unwrap();
        let window = format!("window: {}s", size.lockout.as_secs());
        let changes = [("lockout:", "timeouts: { step: 8s }\nlockout:"), ("window: 15m", &*window)];
        let plan = crate::harness::rig::Plan::changed("acme", &changes);
        let mut home = Home::new(&app, &plan.playbook);
        if std::env::var_os("TURNLOCK_SOAK_POSTGRES").is_some() {
            home.keep_rows_in(crate::harness::postgres::server().database().await);
        }
        let vault = home.vault().await;
        let mut accounts = Vec::new();
        for nth in 0..size.accounts {
            let account: AccountRef = format!("acme/user{nth}").parse().unwrap();
            app.add_user(NewUser::new(account.name(), FIRST_PASSWORD)).unwrap();
            let new = NewAccount {
                account: account.clone(),
                username: account.name().to_owned(),
                address: None,
                number: None,
                password: Some(SecretString::from(FIRST_PASSWORD)),
                totp: None,
            };
            vault.add_account(&new).await.unwrap();
            accounts.push(account);
        }
        let ports = (0..size.workers).map(|_| format!("smtp://127.0.0.1:{}", home.inbox_port())).collect();
        let locked = Arc::default();
        tokio::spawn(watch_for_lockouts(app.events(), Arc::clone(&locked)));
        let mut soak = Self {
            app,
            home,
            vault,
            accounts,
            workers: Vec::new(),
            ports,
            jobs: Vec::new(),
            open: HashMap::new(),
            locked,
            dice: Dice(seed),
            kills: BTreeMap::new(),
        };
        for nth in 0..size.workers {
            let worker = soak.worker(nth);
            soak.workers.push(worker);
        }
        soak
    }

    fn worker(&self, nth: usize) -> Child {
        self.home.worker(&[("TURNLOCK_INBOX_URL", &self.ports[nth]), ("TURNLOCK_SLOTS", "2")])
    }

    /// Gives every idle account its next job or two, each twice over, and now and then a bad day.
    async fn submit(&mut self) {
        let store = self.vault.store().clone();
        for account in self.accounts.clone() {
            let mut idle = true;
            for job in self.open.get(&account).into_iter().flatten() {
                idle &= store.job(job.id).await.unwrap().unwrap().has_ended();
            }
            if !idle {
                continue;
            }
            let mfa_on = self.app.user(account.name()).unwrap().mfa_on;
            let kinds: &[Kind] = match self.dice.throw(5) {
                0 if !mfa_on => &[Kind::EnrolMfa],
                1 => &[Kind::VerifyLogin],
                2 => &[Kind::ChangePassword, Kind::ChangePassword],
                _ => &[Kind::ChangePassword],
            };
            let faults = [ChangeFault::CutBefore, ChangeFault::CutAfter, ChangeFault::CutAfterOnce];
            if let Some(fault) = faults.get(self.dice.throw(9)) {
                self.app.fail_next_change(account.name(), *fault);
            }
            let jobs: Vec<Job> = kinds.iter().map(|kind| Job::new(*kind, account.clone())).collect();
            for job in &jobs {
                let twice = tokio::join!(store.submit(job, None), store.submit(job, None));
                let new = [twice.0.unwrap(), twice.1.unwrap()];
                assert_eq!(new.iter().filter(|done| **done == Submitted::New).count(), 1);
            }
            self.jobs.extend_from_slice(&jobs);
            self.open.insert(account, jobs);
        }
    }

    async fn kill(&mut self) {
        let nth = self.dice.throw(self.workers.len());
        if self.dice.throw(3) > 0 {
            self.workers[nth].kill().await.unwrap();
            self.workers[nth] = self.worker(nth);
            *self.kills.entry("workers").or_default() += 1;
        } else if let Some(browser) = self.home.browsers().first() {
            // It may be gone by itself by now.
            let _ = kill_process(Pid::from_raw(*browser).unwrap(), Signal::KILL);
            *self.kills.entry("browsers").or_default() += 1;
        }
    }

    /// The jobs that have not ended.
    async fn left(&self) -> Vec<JobRow> {
        let mut left = Vec::new();
        for job in &self.jobs {
            left.extend(self.vault.store().job(job.id).await.unwrap().filter(|row| !row.has_ended()));
        }
        for account in &self.accounts {
            left.extend(self.vault.store().open_reconciliation(account).await.unwrap());
        }
        left
    }

    async fn settle(&mut self) {
        let until = Instant::now() + LAST;
        let mut look = interval(Duration::from_secs(1));
        loop {
            look.tick().await;
            let left = self.left().await;
            if left.is_empty() {
                return;
            }
            assert!(Instant::now() < until, "these came to no end: {left:?}\n{}", self.home.words());
            for nth in 0..self.workers.len() {
                if self.workers[nth].try_wait().unwrap().is_some() {
                    self.workers[nth] = self.worker(nth);
                }
            }
        }
    }

    async fn end(&mut self) {
        for worker in &mut self.workers {
            let pid = worker.id().and_then(|id| Pid::from_raw(id.cast_signed()));
            if let Some(pid) = pid {
                let _ = kill_process(pid, Signal::TERM);
            }
            worker.wait().await.unwrap();
        }
    }

    /// What is wrong, a line each.
    async fn wrongs(&self) -> Vec<String> {
        let store = self.vault.store();
        let mut wrongs = Vec::new();
        for account in &self.accounts {
            if let Err(why) = opens(&self.vault, &self.app, account).await {
                wrongs.push(format!("LOST: {why}"));
            }
            let user = self.app.user(account.name()).unwrap();
            if user.mfa_enrolments > 1 {
                wrongs.push(format!("{account}: MFA was turned on {} times", user.mfa_enrolments));
            }
            let mut changed = 0;
            for job in self.jobs.iter().filter(|job| &job.account == account) {
                let row = store.job(job.id).await.unwrap().unwrap();
                changed += u32::from(row.code == Some(Code::PasswordChanged));
            }
            if user.password_changes != changed {
                let times = user.password_changes;
                wrongs.push(format!("{account}: {changed} jobs changed its password {times} times"));
            }
            match store.acquire(account, &WorkerId::new("test"), SOON).await.unwrap() {
                Some(lease) => store.release(&lease).await.unwrap(),
                None => wrongs.push(format!("a lease is left on {account}")),
            }
        }
        let locked = self.locked.lock().unwrap().clone();
        wrongs.extend(locked.iter().map(|user| format!("LOCKED OUT: {user}")));
        wrongs.extend(self.home.no_browser_is_left().await.err());
        wrongs.extend(self.home.profiles().iter().map(|left| format!("left: {}", left.display())));
        wrongs
    }
}

/// A lockout is over before the soak is.
async fn watch_for_lockouts(mut events: Receiver<Event>, locked: Arc<Mutex<BTreeSet<String>>>) {
    loop {
        match events.recv().await {
            Ok(Event::AccountLocked { user }) => drop(locked.lock().unwrap().insert(user)),
            Ok(_) => {}
            Err(RecvError::Lagged(missed)) => {
                locked.lock().unwrap().insert(format!("nobody knows: {missed} events were missed"));
            }
            Err(RecvError::Closed) => return,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_to_random_kills() {
    let size = Size::wanted();
    let seed = jiff::Timestamp::now().as_nanosecond() as u64 | 1;
    println!(
        "soak: {} workers, {} accounts, {} s, seed {seed}",
        size.workers,
        size.accounts,
        size.time.as_secs()
    );
    let mut soak = Soak::set(&size, seed).await;
    let until = Instant::now() + size.time;
    let (mut kill, mut submit) = (interval(KILL_EVERY), interval(Duration::from_millis(500)));
    kill.tick().await;
    while Instant::now() < until {
        tokio::select! {
            _ = kill.tick() => soak.kill().await,
            _ = submit.tick() => soak.submit().await,
        }
    }
    soak.settle().await;
    soak.end().await;
    let wrongs = soak.wrongs().await;
    let mut outcomes: BTreeMap<String, u32> = BTreeMap::new();
    for job in &soak.jobs {
        let row = soak.vault.store().job(job.id).await.unwrap().unwrap();
        let code = row.code.map(|code| code.to_string()).unwrap_or_default();
        *outcomes.entry(format!("{} {code}", row.outcome.unwrap_or(Outcome::Interrupted))).or_default() += 1;
    }
    let lost = wrongs.iter().filter(|wrong| wrong.starts_with("LOST")).count();
    let locked = wrongs.iter().filter(|wrong| wrong.starts_with("LOCKED")).count();
    println!("soak: killed {:?}; jobs ended {outcomes:?}", soak.kills);
    println!("soak: {} accounts, {lost} lost, {locked} locked out", soak.accounts.len());
    assert!(wrongs.is_empty(), "{}\n{}", wrongs.join("\n"), soak.home.words());
}
