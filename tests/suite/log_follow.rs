//! `turnlock log --follow`: what begins and ends, as it does.

use jiff::Timestamp;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use turnlock::job::{AccountRef, Code, Kind, Verdict};
use turnlock::store::{NewAttempt, Provenance, WorkerId};
use uuid::Uuid;

use crate::harness::fleet::Fleet;
use crate::harness::terminal::OnTerminal;

/// Begins an attempt at a job of this account.
async fn begin(fleet: &Fleet, account: &str) -> NewAttempt {
    let account: AccountRef = account.parse().unwrap();
    let new = NewAttempt {
        id: Uuid::now_v7(),
        job: Uuid::now_v7(),
        kind: Kind::ChangePassword,
        account,
        number: 1,
        worker: WorkerId::new("w"),
        queued_at: Timestamp::now(),
        started_at: Timestamp::now(),
    };
    fleet.store.start_attempt(&new, None).await.unwrap();
    new
}

async fn end(fleet: &Fleet, attempt: &NewAttempt, code: Code, message: &str) {
    let verdict = Verdict::new(code, message);
    fleet.store.end_attempt(attempt.id, &verdict, &Provenance::default(), None).await.unwrap();
}

fn short(id: Uuid) -> String {
    id.simple().to_string()[24..].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_piped_is_whole_and_uncoloured() {
    let fleet = Fleet::embedded().await;
    let first = begin(&fleet, "acme/alice").await;
    let mut follows = fleet.command(&["log", "--follow"]).spawn().unwrap();
    let mut said = BufReader::new(follows.stdout.take().unwrap()).lines();
    let mut line = async || said.next_line().await.unwrap().unwrap();
    let day = line().await;
    assert!(day.starts_with("── ") && day.ends_with(" ──") && day.contains("day, 2"), "{day}");
    let begun = line().await;
    assert!(begun.contains(&format!("  {}  change_password  acme/alice ", short(first.job))), "{begun}");
    assert!(begun.ends_with("  begins"), "{begun}");
    let words = "The app asks for something. ".repeat(20);
    end(&fleet, &first, Code::HumanWanted, &words).await;
    let ended = line().await;
    assert!(ended.contains("needs_human") && ended.ends_with("human_wanted"), "{ended}");
    assert_eq!(line().await.trim(), words.trim());
    assert!(line().await.starts_with("          → Look at the evidence"));
    // The day is said only once.
    let second = begin(&fleet, "acme/bob").await;
    end(&fleet, &second, Code::PasswordChanged, "Done.").await;
    let mut ended = line().await;
    // One that ends between two looks was never seen to begin.
    if ended.ends_with("begins") {
        ended = line().await;
    }
    assert!(ended.contains("succeeded") && ended.ends_with("password_changed"), "{ended}");
    assert!(!ended.contains('\u{1b}'), "{ended:?}");
    follows.kill().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_terminal_lines_are_coloured_and_fit() {
    let fleet = Fleet::embedded().await;
    let attempt = begin(&fleet, "acme/a-name-that-is-longer-than-there-is-room").await;
    end(&fleet, &attempt, Code::AppError, &"The app says that it is broken. ".repeat(9)).await;
    let turnlock = env!("CARGO_BIN_EXE_turnlock");
    let line = format!("stty columns 80; {turnlock} log; {turnlock} log --absolute; {turnlock} log --follow");
    let mut terminal = OnTerminal::start(&fleet.command(&[]), &line, "xterm");
    terminal.shows("from now on as it happens").await;
    let tables: Vec<_> = terminal.shown.split("started").collect();
    assert!(tables[1].contains(" s ago") && !tables[1].contains(" ┆ 20"), "{}", tables[1]);
    assert!(!tables[2].split("── ").next().unwrap().contains(" ago"), "{}", tables[2]);
    let shown = tables[2].split_once("── ").unwrap().1;
    assert!(shown.contains("\u{1b}[33mretry_later\u{1b}[0m"), "{shown}");
    assert!(shown.contains(&format!("  {}  change_password  acme/a-name", short(attempt.job))), "{shown}");
    for line in shown.lines() {
        let plain = line.replace("\u{1b}[33m", "").replace("\u{1b}[2m", "").replace("\u{1b}[0m", "");
        assert!(plain.trim_end().chars().count() <= 80, "{plain:?}");
    }
}

/// One that took long stands where it ended, which is the time that is shown.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_before_stands_in_the_order_of_what_is_shown() {
    let fleet = Fleet::embedded().await;
    let long = begin(&fleet, "acme/long").await;
    let short = begin(&fleet, "acme/short").await;
    end(&fleet, &short, Code::PasswordChanged, "Done.").await;
    let runs = begin(&fleet, "acme/runs").await;
    end(&fleet, &long, Code::PasswordChanged, "Done.").await;
    let mut follows = fleet.command(&["log", "--follow"]).spawn().unwrap();
    let mut said = BufReader::new(follows.stdout.take().unwrap()).lines();
    let mut line = async || said.next_line().await.unwrap().unwrap();
    assert!(line().await.starts_with("── "));
    for attempt in [&short, &runs, &long] {
        let shown = line().await;
        assert!(shown.contains(&attempt.account.to_string()), "{shown}");
    }
    follows.kill().await.unwrap();
}
