//! How messages are delivered, and what is done with those that cannot be.

use std::process::{Output, Stdio};

use tokio::net::TcpListener;
use tokio::process::Command;

use super::*;
use crate::suite::inbox::wire::SelfSigned;

#[tokio::test]
async fn it_is_tried_again_with_the_same_id_and_then_laid_aside() {
    let (secret, site) = (Key::generate().unwrap(), Site::new().await);
    let mut receiver = Receiver::start([503, 302, 500, 410]).await;
    let pace = Pace { first_wait: Duration::from_millis(20), tries: 3, ..Pace::default() };
    let delivering = site.courier(&receiver.url("events=job.finished"), &secret, pace);
    site.begun().await;
    let worker = site.worker(|_| Verdict::new(Code::LoggedIn, "as it should be"));
    site.run(&worker, "acme/alice").await;
    let tries = [receiver.next().await, receiver.next().await, receiver.next().await];
    assert!(tries.iter().all(|got| got.id() == tries[0].id() && got.is_signed_by(&secret)));
    assert_eq!(tries[1].path, "/", "what it points to is not followed");
    let dead = site.laid_aside().await;
    assert_eq!((dead.tries, dead.failure.as_deref()), (3, Some("it answered 500 Internal Server Error")));
    assert_eq!(dead.delivery.id.to_string(), tries[0].id());

    // It wants no more, says the receiver, and that is that; until somebody wants it nevertheless.
    site.store.retry_deliveries(None).await.unwrap();
    receiver.next().await;
    let dead = site.laid_aside().await;
    assert_eq!((dead.tries, dead.failure.as_deref()), (1, Some("it answered 410 Gone")));
    // By another process.
    drop(delivering);
    site.store.retry_deliveries(Some(dead.delivery.id)).await.unwrap();
    let _delivering = site.courier(&receiver.url("events=job.finished"), &secret, pace);
    assert_eq!(receiver.next().await.id(), tries[0].id());
    site.nothing_waits().await;
}

#[tokio::test]
async fn of_many_who_deliver_each_message_is_one_s_and_a_slow_server_holds_up_no_other() {
    let (secret, site) = (Key::generate().unwrap(), Site::new().await);
    // A server that never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_url = format!("http://{}/#name=silent&events=job.finished", silent.local_addr().unwrap());
    let mut receiver = Receiver::start([]).await;
    let endpoints = [endpoint(&silent_url, &secret), endpoint(&receiver.url("events=job.finished"), &secret)];
    let _all: Vec<_> = (0..4).map(|_| site.courier_of(endpoints.to_vec(), Pace::default())).collect();
    site.begun().await;
    let worker = site.worker(|_| Verdict::new(Code::LoggedIn, "as it should be"));
    let mut jobs = Vec::new();
    for name in ["a", "b", "c", "d", "e", "f"] {
        jobs.push(site.run(&worker, &format!("acme/{name}")).await.id.to_string());
    }
    let mut told = Vec::new();
    for _ in &jobs {
        told.push(receiver.next().await.body()["data"]["job"].as_str().unwrap().to_owned());
    }
    told.sort();
    jobs.sort();
    assert_eq!(told, jobs);
    let rows = site.store.deliveries(100).await.unwrap();
    assert!(rows.iter().filter(|row| row.delivery.endpoint == "silent").count() == 6, "{rows:?}");
    assert!(receiver.got.try_recv().is_err());
}

#[tokio::test]
async fn a_certificate_has_to_be_trusted() {
    let (secret, made) = (Key::generate().unwrap(), SelfSigned::new());
    let mut receiver = Receiver::start_tls(&made).await;
    let port = receiver.address.port();
    let url = format!("https://localhost:{port}/#events=job.finished");
    let trusting = format!("{url}&ca_file={}", made.files().certificate.display());
    for (url, why) in [
        (url, Some("no TLS with localhost: ")),
        (trusting.replace("localhost", "127.0.0.1"), Some("no TLS with 127.0.0.1: ")),
        (trusting, None),
    ] {
        let endpoint = endpoint(&url, &secret);
        let tried = endpoint.deliver(&turnlock::webhook::test_message(&endpoint)).await;
        assert_eq!(tried.is_delivered(), why.is_none(), "{}", tried.failure());
        match why {
            Some(why) => assert!(tried.failure().starts_with(why), "{}", tried.failure()),
            None => assert!(receiver.next().await.is_signed_by(&secret)),
        }
    }
}

#[tokio::test]
async fn the_command_tries_lists_and_repeats_and_shows_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let turnlock = async |arguments: &[&str], more: &[(&str, &str)]| -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_turnlock"));
        command.args(arguments).env_clear().env("HOME", folder.path()).envs(more.iter().copied());
        command.current_dir(folder.path()).stdin(Stdio::null()).output().await.unwrap()
    };
    let said = |output: &Output| {
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    let made = turnlock(&["webhook", "secret"], &[]).await;
    let file = folder.path().join("ops.whsec");
    std::fs::write(&file, &made.stdout).unwrap();
    let secret = SecretString::from(String::from_utf8(made.stdout).unwrap().trim().to_owned());
    let mut receiver = Receiver::start([204, 401, 302]).await;
    let url = format!("http://{}/T0K3N#name=ops&secret_file={}", receiver.address, file.display());
    std::fs::write(folder.path().join("turnlock.toml"), format!("webhook_url = [\"{url}\"]\n")).unwrap();

    let fine = turnlock(&["webhook", "test"], &[]).await;
    assert!(fine.status.success(), "{}", said(&fine));
    assert!(said(&fine).starts_with("ops took the message in "), "{}", said(&fine));
    let got = receiver.next().await;
    assert!(got.is_signed_by(&secret));
    assert_eq!((got.body()["type"].as_str(), &*got.path), (Some("webhook.test"), "/T0K3N"));
    let refused = turnlock(&["webhook", "test", "ops"], &[]).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("ops did not take the message: it answered 401 Unauthorized"));
    assert!(said(&refused).contains("It refuses the signature"), "{}", said(&refused));
    let elsewhere = turnlock(&["webhook", "test", "--json"], &[]).await;
    let line: Value = serde_json::from_slice(&elsewhere.stdout).unwrap();
    assert_eq!((&line["delivered"], &line["status"]), (&false.into(), &302.into()));
    let unknown = turnlock(&["webhook", "test", "opps"], &[]).await;
    assert!(said(&unknown).contains("no server is called opps: there are ops"), "{}", said(&unknown));

    let store = turnlock::store::open(&database(&folder)).await.unwrap();
    let message = turnlock::webhook::test_message(&endpoint(&url, &secret));
    assert!(store.put_deliveries(&[], (0, 0), &[], std::slice::from_ref(&message)).await.unwrap());
    store.not_delivered(message.id, "it answered 503 Service Unavailable", None).await.unwrap();
    let id = message.id.to_string();
    let list = turnlock(&["webhook", "list"], &[]).await;
    for word in ["ops", "webhook.test", "laid aside", "it answered 503", "turnlock webhook retry --dead"] {
        assert!(said(&list).contains(word), "{word} is missing in {}", said(&list));
    }
    assert_eq!(said(&turnlock(&["webhook", "retry", "--dead"], &[]).await), "1 message is due at once\n");
    let listed = turnlock(&["webhook", "list"], &[]).await;
    assert!(said(&listed).contains("none yet"), "{}", said(&listed));
    let waits = turnlock(&["webhook", "list", "--json"], &[]).await;
    let line: Value = serde_json::from_slice(&waits.stdout).unwrap();
    assert_eq!((&line["id"], &line["state"]), (&id.clone().into(), &"waiting".into()));
    assert_eq!(said(&turnlock(&["webhook", "drop", &id], &[]).await), "1 message is forgotten\n");
    assert_eq!(turnlock(&["webhook", "retry", &id], &[]).await.status.code(), Some(2));

    // The secret in a variable is as good, and a bad one is not repeated.
    let url = format!("http://{}/T0K3N", receiver.address);
    let by_variable = [("TURNLOCK_WEBHOOK_URL", &*url), ("TURNLOCK_WEBHOOK_SECRET", secret.expose_secret())];
    receiver.next().await;
    receiver.next().await;
    let fine = turnlock(&["webhook", "test"], &by_variable).await;
    assert!(fine.status.success() && receiver.next().await.is_signed_by(&secret), "{}", said(&fine));
    let bad = [("TURNLOCK_WEBHOOK_URL", &*url), ("TURNLOCK_WEBHOOK_SECRET", "hunter2")];
    let bad = turnlock(&["webhook", "test"], &bad).await;
    assert_eq!(bad.status.code(), Some(3));
    for output in [&fine, &refused, &elsewhere, &list, &listed, &waits, &bad] {
        let said = said(output);
        let shown = [secret.expose_secret(), "hunter2", "T0K3N"].into_iter().find(|one| said.contains(one));
        assert_eq!(shown, None, "{said}");
    }
}

fn database(folder: &tempfile::TempDir) -> String {
    format!("sqlite:{}", folder.path().join(".local/share/turnlock/turnlock.db").display())
}
