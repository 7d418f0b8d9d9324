//! `turnlock top`: what it shows of a fleet, and the terminal that it leaves behind.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use rustix::process::Signal;
use tokio::sync::Notify;
use turnlock::job::{Code, Kind, Verdict};
use turnlock::store::{NewAttempt, NewCanary, Provenance, WorkerId};
use turnlock::worker::{Attempt, Performed, Performer, StepSink, Stop, WorkerConfig};
use uuid::Uuid;

use crate::harness::PATIENCE;
use crate::harness::fleet::{Fleet, job, until};
use crate::harness::terminal::OnTerminal;

/// Comes to a step and stays there until it may go on.
#[derive(Default)]
struct Waits {
    there: Notify,
    goes_on: Notify,
}

#[async_trait]
impl Performer for Waits {
    async fn perform(&self, _attempt: &Attempt, steps: StepSink, _stop: Stop) -> Performed {
        let step = steps.begin("login.4", "click button \"Sign in\"");
        self.there.notify_one();
        self.goes_on.notified().await;
        step.ok();
        Performed::new(Verdict::new(Code::LoggedIn, "Done."))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_what_waits_and_what_fails_is_seen_at_a_glance() {
    let fleet = Fleet::embedded().await;
    let queue = fleet.producer();
    let (runs, waits, later) = (job("acme/alice"), job("acme/bob"), job("acme/carol"));
    queue.submit(&runs, None).await.unwrap();
    let performer = Arc::new(Waits::default());
    let worker = fleet.worker(performer.clone(), WorkerConfig { slots: 1, ..WorkerConfig::default() });
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let work = async move { worker.run(async move { drop(stopped.await) }).await };
    let work = tokio::spawn(work);
    performer.there.notified().await;
    queue.submit(&waits, None).await.unwrap();
    queue.submit(&later, Some(Timestamp::now() + PATIENCE)).await.unwrap();
    let canary = NewCanary {
        account: "wiki/canary".parse().unwrap(),
        flow: "change_password".to_owned(),
        job: runs.id,
        tried_at: Timestamp::now(),
        verdict: Verdict::new(Code::PageNotAsDescribed, "as the test says"),
        playbook_hash: None,
    };
    fleet.store.mark_canary(&canary).await.unwrap();

    let glance = async || fleet.turnlock(&["top", "--json"]).await.ends(0).json().remove(0);
    // The step goes to the log behind the performer's back.
    until("a step", async || glance().await["under_way"][0]["step"]["id"] == "login.4").await;
    let json = glance().await;
    assert_eq!((&json["slots"], &json["busy"], &json["running"]), (&1.into(), &1.into(), &1.into()));
    assert_eq!((&json["due"], &json["later"], &json["held_back"]), (&1.into(), &1.into(), &0.into()));
    assert_eq!(json["oldest"]["job"], waits.id.to_string());
    assert_eq!(json["under_way"][0]["job"], runs.id.to_string());
    assert_eq!(json["ended"]["hour"]["succeeded"], 0);

    let shown = fleet.turnlock(&["top"]).await.ends(0).out;
    let short = |id: Uuid| id.simple().to_string()[24..].to_owned();
    for part in [
        "1 worker, 1 of 1 slots busy".to_owned(),
        "waiting 2: 1 due, 1 for later, 0 held back by their apps; running 1".to_owned(),
        format!("oldest  {} verify_login of acme/bob, due for ", short(waits.id)),
        "! wiki: its canary fails in change_password since".to_owned(),
        format!("{}  verify_login     acme/alice ", short(runs.id)),
        "login.4  click button \"Sign in\"".to_owned(),
        "1/1        working".to_owned(),
    ] {
        assert!(shown.contains(&part), "`{part}` is not in:\n{shown}");
    }
    assert!(!shown.contains('\u{1b}'), "{shown:?}");

    performer.goes_on.notify_one();
    until("an end", async || glance().await["ended"]["minute"]["succeeded"] == 1).await;
    performer.goes_on.notify_one();
    stop.send(()).unwrap();
    work.await.unwrap().unwrap();
}

const ENTERED: &str = "\u{1b}[?1049h\u{1b}[?25l\u{1b}[?7l";
const LEFT: &str = "\u{1b}[?7h\u{1b}[?25h\u{1b}[?1049l";

#[tokio::test(flavor = "multi_thread")]
async fn the_terminal_is_as_it_was_whoever_ends_it() {
    let fleet = Fleet::embedded().await;
    let attempt = NewAttempt {
        id: Uuid::now_v7(),
        job: Uuid::now_v7(),
        kind: Kind::VerifyLogin,
        account: "acme/alice".parse().unwrap(),
        number: 1,
        worker: WorkerId::new("w"),
        queued_at: Timestamp::now(),
        started_at: Timestamp::now(),
    };
    fleet.store.start_attempt(&attempt, None).await.unwrap();
    let end = Verdict::new(Code::BadCredentials, "no");
    fleet.store.end_attempt(attempt.id, &end, &Provenance::default(), None).await.unwrap();
    let turnlock = env!("CARGO_BIN_EXE_turnlock");
    for end in ["q", "\u{3}", "SIGTERM"] {
        // A shell without a trap dies of Ctrl-C as well.
        let line = format!("trap : INT; {turnlock} top; echo code $?; stty -a");
        let mut top = OnTerminal::start(&fleet.command(&[]), &line, "xterm");
        top.shows(ENTERED).await;
        // Coloured: there is one that was rejected.
        top.shows("\u{1b}[31m").await;
        top.shows("no job is due").await;
        match end {
            "SIGTERM" => top.signal("turnlock", Signal::TERM),
            key => top.press(key).await,
        }
        top.shows("code 0").await;
        top.shows("-extproc").await;
        let after = top.shown.split(LEFT).nth(1).unwrap_or_else(|| panic!("{end}: {:?}", top.shown));
        for on in [" icanon", " echo ", "susp = ^Z"] {
            assert!(after.contains(on), "{end}: `{on}` is not in {after:?}");
        }
    }
}
