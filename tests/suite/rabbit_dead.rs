//! Dead letters: looked at, given back and dropped through the binary, on a real RabbitMQ.

use std::sync::Arc;

use lapin::BasicProperties;
use lapin::options::{BasicGetOptions, BasicNackOptions, QueueDeleteOptions};
use lapin::types::{AMQPValue, FieldTable};
use turnlock::job::{Code, Job, JobMessage, Priority};
use turnlock::queue::rabbit::topology::{DEAD, JOBS};
use turnlock::store::{AuditQuery, JobState, LogQuery};
use turnlock::worker::WorkerConfig;

use crate::harness::fleet::{Counts, Fleet, job, publish, until};

/// Publishes a job that comes back without an answer until RabbitMQ lays it aside.
async fn dies(fleet: &Fleet, job: &Job) {
    let (_connection, channel) = fleet.channel().await;
    let before = fleet.messages(DEAD).await;
    let body = JobMessage::of(job, None).to_json();
    publish(&channel, JOBS, job.priority.as_str(), &body, BasicProperties::default()).await;
    let queue = format!("turnlock.jobs.{}", job.priority);
    // A worker that has just ended may have it for a moment.
    let dead = async || {
        while let Some(got) =
            channel.basic_get(queue.as_str().into(), BasicGetOptions { no_ack: false }).await.unwrap()
        {
            got.delivery.nack(BasicNackOptions { requeue: true, multiple: false }).await.unwrap();
        }
        fleet.messages(DEAD).await > before
    };
    until("one more letter", dead).await;
}

/// The producer's id of a message that is no job.
const PRODUCERS: &str = "0197e2a4-0000-7000-8000-00000000000f";

/// Publishes what is no job, as a producer does and as somebody who writes past the jobs does.
async fn publish_what_is_no_job(fleet: &Fleet) {
    let (_connection, channel) = fleet.channel().await;
    let secret = br#"{"id":"0197e2a4-0000-7000-8000-000000000001","kind":"verify_login","account":"a/b","password":"hunter2"}"#;
    publish(&channel, JOBS, "high", secret, BasicProperties::default().with_message_id(PRODUCERS.into()))
        .await;
    let mut headers = FieldTable::default();
    headers.insert("authorization".into(), AMQPValue::LongString("hunter2".into()));
    let properties = BasicProperties::default().with_headers(headers).with_message_id("hunter2".into());
    publish(&channel, DEAD, "hunter2", b"hunter2", properties).await;
}

/// Lets a worker work until something is so, and acknowledge what it has.
async fn at_work(fleet: &Fleet, performer: &Arc<Counts>, what: &str, is_so: impl AsyncFn() -> bool) {
    let worker = fleet.worker(performer.clone(), WorkerConfig::default());
    worker.run(until(what, is_so)).await.unwrap();
}

/// The names by which `list` calls the letters, in its order.
async fn names(fleet: &Fleet) -> Vec<String> {
    let listed = fleet.turnlock(&["dead", "list", "--json"]).await.ends(0).json();
    listed.iter().map(|letter| letter["letter"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_are_listed_shown_given_back_and_dropped() {
    let fleet = Fleet::start().await;
    fleet.turnlock(&["dead", "list"]).await.ends(0).says("no dead letters");
    let performer = Counts::ending(Code::LoggedIn);
    publish_what_is_no_job(&fleet).await;
    at_work(&fleet, &performer, "two letters", async || fleet.messages(DEAD).await == 2).await;
    let died = Job { priority: Priority::High, reason: Some("hunter2".to_owned()), ..job("acme/alice") };
    dies(&fleet, &died).await;

    let listed = fleet.turnlock(&["dead", "list", "--json"]).await.ends(0);
    let letters = listed.json();
    let of = |letter: &serde_json::Value| {
        (letter["by"].as_str().map(str::to_owned), letter["queue"].as_str().map(str::to_owned))
    };
    let high = Some("turnlock.jobs.high".to_owned());
    let mut found: Vec<_> = letters.iter().map(of).collect();
    found.sort();
    let by = |by: &str| Some(by.to_owned());
    assert_eq!(found, [(None, None), (by("rabbitmq"), high.clone()), (by("turnlock"), high)]);
    let named = |by: Option<&str>| {
        let letter = letters.iter().find(|letter| letter["by"].as_str() == by).unwrap();
        assert_eq!(letter["requeueable"], by == Some("rabbitmq"));
        letter["letter"].as_str().unwrap().to_owned()
    };
    let (masked, foreign, job) = (named(Some("turnlock")), named(None), named(Some("rabbitmq")));
    let table = fleet.turnlock(&["dead", "list"]).await.ends(0);
    for part in ["verify_login", "acme/alice", "jobs.high", "`password` looks like a secret", &masked[..8]] {
        assert!(table.out.contains(part), "`{part}` is not in:\n{}", table.out);
    }
    let one = fleet.turnlock(&["dead", "list", "--limit", "1"]).await.ends(0).says("1 of 3");
    assert!(one.out.contains(&letters[0]["letter"].as_str().unwrap()[..8]), "the first in the queue");
    let order: Vec<_> = letters.iter().map(|letter| letter["letter"].as_str().unwrap()).collect();
    assert_eq!(names(&fleet).await, order, "each in its place");

    // Each by its name, and a job by its id; nothing of what they held.
    let mut shown = listed.out + &table.out;
    for (name, part) in [
        (&masked, "a text of 7 characters"),
        (&foreign, "7 bytes that are not JSON"),
        (&job, "delivery_limit"),
        (&job, "asks for    verify_login of acme/alice"),
        (&died.id.to_string(), "turnlock dead requeue"),
    ] {
        shown += &fleet.turnlock(&["dead", "show", name]).await.ends(0).says(part).out;
    }
    let json = fleet.turnlock(&["dead", "show", &job[..8], "--json"]).await.ends(0);
    let whole = &json.json()[0];
    assert_eq!(whole["headers"]["x-death"][0]["queue"], "turnlock.jobs.high");
    assert_eq!(
        (&whole["account"], whole["looks"].as_u64() > Some(0)),
        (&"acme/alice".into(), true),
        "{whole}"
    );
    shown += &json.out;
    let laid_aside = letters.iter().find(|letter| letter["letter"] == masked).unwrap();
    assert!(laid_aside["message_id"] == PRODUCERS && laid_aside["at"].is_string(), "{laid_aside}");
    let doctor = fleet.turnlock(&["doctor"]).await;
    assert!(doctor.out.contains("3 of them dead letters"), "{}", doctor.out);
    assert!(!shown.contains("hunter2"), "{shown}");
    fleet.turnlock(&["dead", "show", "ffffffff"]).await.ends(2).complains("there is no letter");
    fleet.turnlock(&["dead", "drop", ""]).await.ends(2).complains("there is no letter");
    fleet.turnlock(&["dead", "drop"]).await.ends(2).complains("<LETTER");
    assert_eq!(fleet.messages(DEAD).await, 3, "to look takes nothing away");

    // What is no job, or none any more, stays; the job is done.
    fleet.turnlock(&["dead", "requeue", &masked]).await.ends(2).complains("what it held is gone");
    fleet.turnlock(&["dead", "requeue", &foreign]).await.ends(2).complains("not a JSON object");
    let said = fleet.turnlock(&["dead", "requeue", "--all"]).await.ends(0);
    assert_eq!(said.out.matches("left ").count(), 2, "{}", said.out);
    assert!(
        said.out.contains(&format!("requeued {}: verify_login of acme/alice", &job[..8])),
        "{}",
        said.out
    );
    assert_eq!((fleet.messages(DEAD).await, fleet.messages("turnlock.jobs.high").await), (2, 1));
    assert_eq!(performer.performed(), 0);
    let ended = async || fleet.store.job(died.id).await.unwrap().is_some_and(|row| row.has_ended());
    at_work(&fleet, &performer, "an end of the job", ended).await;
    let row = fleet.store.job(died.id).await.unwrap().unwrap();
    assert_eq!((row.state, row.job.priority, performer.performed()), (JobState::Finished, Priority::High, 1));

    // Given back once more, it is not done again.
    dies(&fleet, &died).await;
    fleet.turnlock(&["dead", "requeue", &died.id.to_string()]).await.ends(0).says("requeued");
    let answered = async || fleet.messages("turnlock.jobs.high").await == 0;
    at_work(&fleet, &performer, "no message", answered).await;
    let attempts = fleet.store.log(&LogQuery { job: Some(died.id), ..LogQuery::default() }).await.unwrap();
    assert_eq!((performer.performed(), attempts.len()), (1, 1));

    let said = fleet.turnlock(&["dead", "drop", &masked[..8]]).await.ends(0);
    assert!(said.out.contains("dropped") && said.out.contains("`password`"), "{}", said.out);
    assert_eq!(names(&fleet).await, [foreign]);
    fleet.turnlock(&["dead", "drop", "--all"]).await.ends(0).says("dropped");
    fleet.turnlock(&["dead", "drop", "--all"]).await.ends(0).says("no dead letters");
    assert_eq!(fleet.messages(DEAD).await, 0);

    // All that was done to letters, and what was not, stands in the audit.
    let mut rows = fleet.store.audits(&AuditQuery::default()).await.unwrap();
    rows.reverse();
    let told: Vec<_> = rows.iter().map(|row| format!("{} {}", row.audit.action, row.outcome)).collect();
    assert_eq!(
        told,
        [
            "dead.drop refused",
            "dead.requeue refused",
            "dead.requeue refused",
            "dead.requeue done",
            "dead.requeue done",
            "dead.drop done",
            "dead.drop done",
            "dead.drop done",
        ]
    );
    assert_eq!(rows[4].audit.account.as_ref().map(ToString::to_string).as_deref(), Some("acme/alice"));
    assert!(!format!("{rows:?}").contains("hunter2"), "{rows:?}");
}

/// Whatever is not confirmed stays where it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_letter_stays_until_its_job_is_taken() {
    let fleet = Fleet::start().await;
    let jobs = ["acme/a", "acme/b"].map(job);
    for job in &jobs {
        dies(&fleet, job).await;
    }
    let order = names(&fleet).await;
    let (_connection, channel) = fleet.channel().await;
    channel.queue_delete("turnlock.jobs.normal".into(), QueueDeleteOptions::default()).await.unwrap();
    let said = fleet.turnlock(&["dead", "requeue", "--all"]).await.ends(3);
    said.complains("stays where it is").complains("turnlock queue declare");
    assert_eq!(names(&fleet).await, order);
    fleet.turnlock(&["queue", "declare"]).await.ends(0);
    fleet.turnlock(&["dead", "requeue", &order[1], &order[0]]).await.ends(0);
    assert_eq!((fleet.messages(DEAD).await, fleet.messages("turnlock.jobs.normal").await), (0, 2));
    channel.queue_delete(DEAD.into(), QueueDeleteOptions::default()).await.unwrap();
    fleet.turnlock(&["dead", "list"]).await.ends(3).complains("no queue for turnlock.dead");
}

/// As many as no small queue has: they keep their order, and what a full queue does not take stays.
#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_letters_keep_their_order_and_none_is_lost() {
    const LETTERS: u32 = 400;
    let fleet = Fleet::start().await;
    let (_connection, channel) = fleet.channel().await;
    for nth in 0..LETTERS {
        let body = JobMessage::of(&job(&format!("acme/user{nth}")), None).to_json();
        publish(&channel, DEAD, "", &body, BasicProperties::default()).await;
    }
    let accounts = async || {
        let listed = fleet.turnlock(&["dead", "list", "--json", "--limit", "10000"]).await.ends(0).json();
        listed.iter().map(|letter| letter["account"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let mut order: Vec<_> = (0..LETTERS).map(|nth| format!("acme/user{nth}")).collect();
    assert_eq!(accounts().await, order);
    assert_eq!(accounts().await, order, "after a look");
    let third = names(&fleet).await.swap_remove(2);
    fleet.turnlock(&["dead", "drop", &third]).await.ends(0).says("dropped");
    order.remove(2);
    assert_eq!(accounts().await, order, "after one was dropped");

    fleet.limit("^turnlock.jobs.normal$", 50).await;
    let said = fleet.turnlock(&["dead", "requeue", "--all"]).await.ends(3);
    let said = said.complains("stays where it is").complains("its queue is full");
    let given_back = u32::try_from(said.out.matches("requeued ").count()).unwrap();
    assert!(given_back >= 50, "{}", said.out);
    let left = accounts().await;
    assert_eq!(left.len(), (LETTERS - 1 - given_back) as usize);
    order.retain(|account| left.contains(account));
    assert_eq!(left, order);
    let stays = said.err.split("letter ").nth(1).unwrap().split(' ').next().unwrap();
    assert!(names(&fleet).await.iter().any(|name| name.starts_with(stays)), "{stays}");
    assert_eq!(fleet.messages("turnlock.jobs.normal").await, given_back);

    fleet.limit("^turnlock.jobs.normal$", 1000).await;
    fleet.turnlock(&["dead", "requeue", "--all"]).await.ends(0);
    assert_eq!((fleet.messages(DEAD).await, fleet.messages("turnlock.jobs.normal").await), (0, LETTERS - 1));

    // Every second one is no job, so that each of the others is answered by itself.
    for nth in 0..LETTERS {
        let body = JobMessage::of(&job(&format!("acme/user{nth}")), None).to_json();
        let body = if nth % 2 == 0 { b"no job" } else { &body[..] };
        publish(&channel, DEAD, "", body, BasicProperties::default()).await;
    }
    let said = fleet.turnlock(&["dead", "requeue", "--all"]).await.ends(0);
    let count = |what: &str| u32::try_from(said.out.matches(what).count()).unwrap();
    assert_eq!((count("requeued "), count("left ")), (LETTERS / 2, LETTERS / 2));
    assert_eq!(fleet.messages(DEAD).await, LETTERS / 2);
    fleet.turnlock(&["dead", "drop", "--all"]).await.ends(0);
    assert_eq!(fleet.messages(DEAD).await, 0);
}

/// One who is killed while he holds them, and another who waits meanwhile: neither loses a letter.
#[cfg(feature = "failpoints")]
#[tokio::test(flavor = "multi_thread")]
async fn letters_outlive_those_who_look_at_them() {
    use crate::harness::PATIENCE;
    use crate::harness::fleet::said;

    let fleet = Fleet::start().await;
    let jobs = ["acme/a", "acme/b", "acme/c"].map(job);
    for job in &jobs {
        dies(&fleet, job).await;
    }
    let before = names(&fleet).await;
    let mut paused = fleet.command(&["dead", "show", &before[0]]);
    let mut paused = paused.env("TURNLOCK_FAILPOINT", "pause:rabbit.letters_held").spawn().unwrap();
    let stat = format!("/proc/{}/stat", paused.id().unwrap());
    until("a stopped process", async || std::fs::read_to_string(&stat).unwrap().contains(") T ")).await;
    let trace = tempfile::NamedTempFile::new().unwrap();
    let mut waits = fleet.command(&["dead", "list", "--json"]);
    let waits = waits.env("TURNLOCK_FAILPOINT_TRACE", trace.path()).spawn().unwrap();
    let refused = async || {
        std::fs::read_to_string(trace.path()).unwrap_or_default().contains("rabbit.letters_not_free")
    };
    until("a wait", refused).await;
    paused.kill().await.unwrap();
    let listed = tokio::time::timeout(PATIENCE, waits.wait_with_output()).await.unwrap().unwrap();
    let found = said(listed).ends(0).json();
    let found: Vec<_> = found.iter().map(|letter| letter["letter"].as_str().unwrap()).collect();
    assert_eq!(found, before, "each in its place");

    // Killed between the job and its letter, there are both; and the job is done once.
    let mut killed = fleet.command(&["dead", "requeue", &jobs[1].id.to_string()]);
    let killed = killed.env("TURNLOCK_FAILPOINT", "rabbit.letter_requeued").output().await.unwrap();
    assert!(!killed.status.success());
    fleet.wait_for_messages(DEAD, 3).await;
    fleet.turnlock(&["dead", "requeue", "--all"]).await.ends(0);
    assert_eq!((fleet.messages(DEAD).await, fleet.messages("turnlock.jobs.normal").await), (0, 4));
    let performer = Counts::ending(Code::LoggedIn);
    at_work(&fleet, &performer, "no message", async || fleet.messages("turnlock.jobs.normal").await == 0)
        .await;
    for job in &jobs {
        let ended = async || fleet.store.job(job.id).await.unwrap().is_some_and(|row| row.has_ended());
        at_work(&fleet, &performer, "an end", ended).await;
    }
    assert_eq!(performer.performed(), 3);
}

#[tokio::test]
async fn without_a_broker_there_are_no_dead_letters() {
    let fleet = Fleet::embedded().await;
    for call in [&["dead", "list"][..], &["dead", "requeue", "--all"], &["dead", "drop", "12345678"]] {
        fleet.turnlock(call).await.ends(2).complains("there are no dead letters");
    }
}
