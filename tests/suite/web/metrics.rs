//! What the board of Grafana and the alerts of Prometheus ask for is what `/metrics` offers.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use turnlock::job::BreakerPolicy;
use turnlock::store::{Beat, Duty, Left, NewCanary, NewDelivery};

use super::*;

const BOARD: &str = include_str!("../../../deploy/grafana/turnlock.json");
const ALERTS: &str = include_str!("../../../deploy/prometheus/alerts.yaml");

/// Labels that Prometheus adds by itself.
const FOREIGN: [&str; 2] = ["job", "instance"];

#[tokio::test]
async fn the_board_and_the_alerts_ask_for_what_is_offered() {
    let web = Web::start().await;
    let account = web.account("acme/alice", "alice").await;
    let token = web.token(&[Scope::Read]).await;
    let begun = web.begun(&account).await;
    let wiki = web.account("wiki/alice", "alice").await;
    web.store.submit(&Job::new(Kind::VerifyLogin, wiki), None).await.unwrap();
    let policy = BreakerPolicy { failures: 1, first_wait: LONG, longest_wait: LONG };
    let left = web.store.leave(&begun.claim, Code::AppError, &policy).await.unwrap();
    assert!(matches!(left, Left::Opened { .. }));
    web.ended(&begun, Code::LoggedIn, "well", None).await;
    let beat = Beat {
        worker: WorkerId::new("w1"),
        version: String::new(),
        slots: 4,
        duty: Duty::Working,
        overrules: false,
        hold: LONG,
        browser_memory: Some(5 << 30),
    };
    web.store.worker_beat(&beat).await.unwrap();
    let canary = NewCanary {
        account: account.clone(),
        flow: "login".to_owned(),
        job: Uuid::now_v7(),
        tried_at: Timestamp::now(),
        verdict: Verdict::new(Code::PageNotAsDescribed, ""),
        playbook_hash: None,
    };
    web.store.mark_canary(&canary).await.unwrap();
    let dead = NewDelivery {
        id: Uuid::now_v7(),
        endpoint: "ops".to_owned(),
        event: "job.finished".to_owned(),
        body: "{}".to_owned(),
    };
    assert!(web.store.put_deliveries(&[], (0, 0), &[], std::slice::from_ref(&dead)).await.unwrap());
    web.store.not_delivered(dead.id, "it answered 500", None).await.unwrap();

    let until = tokio::time::Instant::now() + crate::harness::SOON;
    let text = loop {
        let request = client().get(web.at("/metrics")).bearer_auth(token.expose());
        let text = request.send().await.unwrap().text().await.unwrap();
        if text.contains(r#"outcome="succeeded",code="logged_in"} 1"#) {
            break text;
        }
        assert!(tokio::time::Instant::now() < until, "{text}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    for line in [
        "turnlock_browser_memory_bytes{worker=\"w1\"} 5368709120",
        "turnlock_webhook_deliveries{state=\"waiting\"} 0",
        "turnlock_webhook_deliveries{state=\"dead\"} 1",
        "turnlock_breaker_open{app=\"acme\"} 1",
        "turnlock_canary_failing{app=\"acme\",flow=\"login\"} 1",
        "turnlock_workers{state=\"alive\"} 1",
        // What has not come yet is there already, so that the first of it is an increase to Prometheus: of what the playbook
        // has flows for.
        r#"turnlock_attempts_total{app="acme",kind="verify_login",outcome="needs_human",code="human_wanted"} 0"#,
        r#"turnlock_attempts_total{app="acme",kind="reconcile",outcome="needs_human",code="code_not_received"} 0"#,
        // Its playbook is not known here.
        r#"turnlock_attempts_total{app="wiki",kind="change_password",outcome="unknown",code="answer_lost"} 0"#,
    ] {
        assert!(text.contains(line), "`{line}` is not in {text}");
    }
    assert!(!text.contains(r#"app="acme",kind="change_password""#), "{text}");
    let offered = offered(&text);
    let mut asked = asked(ALERTS);
    // A quotation mark stands behind a backslash there.
    asked.extend(self::asked(&BOARD.replace("\\\"", "\"")));
    assert!(asked.len() > 20, "{asked:?}");
    for (name, labels) in &asked {
        let known = offered.get(name).unwrap_or_else(|| panic!("{name} is not offered: {text}"));
        for (label, value) in labels {
            let values = known.get(label).filter(|_| !FOREIGN.contains(&&**label));
            let values = values.unwrap_or_else(|| panic!("{name} has no label {label}"));
            assert!(label != "state" || values.contains(value), "{name} has no {label}={value}");
        }
    }
    // And nothing is offered that nobody looks at.
    let looked_at: BTreeSet<_> = asked.iter().map(|(name, _)| name.as_str()).collect();
    let unseen = offered.keys().filter(|name| !name.ends_with("_sum") && !name.ends_with("_count"));
    let unseen: Vec<_> = unseen.filter(|name| !looked_at.contains(name.as_str())).collect();
    assert!(unseen.is_empty(), "{unseen:?} are on no board and in no alert");
    web.end().await;
}

/// The metrics of an answer, each with the values of its labels.
fn offered(text: &str) -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
    let (sample, label) = (Regex::new(r"^(turnlock_\w+)(?:\{(.*)\})? ").unwrap(), label());
    let mut all: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for found in text.lines().filter_map(|line| sample.captures(line)) {
        let labels = all.entry(found[1].to_owned()).or_default();
        for pair in label.captures_iter(found.get(2).map_or("", |all| all.as_str())) {
            labels.entry(pair[1].to_owned()).or_default().insert(pair[2].to_owned());
        }
    }
    all
}

/// The metrics that are asked for, with what is asked of their labels.
fn asked(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let (metric, label) = (Regex::new(r"\b(turnlock_[a-z_]+)(?:\{([^}]*)\})?").unwrap(), label());
    let one = |found: regex::Captures<'_>| {
        let labels = label.captures_iter(found.get(2).map_or("", |all| all.as_str()));
        (found[1].to_owned(), labels.map(|pair| (pair[1].to_owned(), pair[2].to_owned())).collect())
    };
    metric.captures_iter(text).map(one).collect()
}

fn label() -> Regex {
    Regex::new(r#"(\w+)(?:=|!=|=~|!~)"([^"]*)""#).unwrap()
}
