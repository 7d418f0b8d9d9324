//! What watching costs. Nothing is asserted of times: `cargo nextest run --features failpoints --run-ignored only -E
//! 'test(measures)' --no-capture` prints them.

use std::time::Instant;

use super::*;

/// The processor time of this process so far, in seconds.
fn processor_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    // In hundredths, as Linux tells it to everybody.
    fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}

async fn stream(client: &Client, url: String) -> Response {
    let response = client.get(url).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    response
}

/// From the moment at which a step is in the database until a viewer has it.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn how_soon_steps_are_seen() {
    let web = Web::start_streaming(None, LONG).await;
    let begun = web.begun(&web.account("acme/alice", "alice").await).await;
    let reader = web.signed_in(&[Scope::Read]).await;
    let mut events = stream(&reader, web.at(&format!("/jobs/{}/events", begun.job))).await;
    let mut times = Vec::new();
    for seq in 1..=100 {
        let mark = format!("step number {seq} of this test");
        web.step(&begun, seq, &mark, Some(StepResult::Ok)).await;
        let written = Instant::now();
        let mut seen = String::new();
        while !seen.contains(&mark) {
            seen.push_str(&String::from_utf8_lossy(&events.chunk().await.unwrap().unwrap()));
        }
        times.push(written.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    println!("a step is seen after {:.0} ms (median), {:.0} ms (worst of 100)", times[50], times[99]);
    web.end().await;
}

/// With the viewers in the same process, so that their part counts as well.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn what_500_viewers_cost_when_nothing_happens() {
    let web = Web::start_streaming(None, LONG).await;
    let begun = web.begun(&web.account("acme/alice", "alice").await).await;
    let reader = web.signed_in(&[Scope::Read]).await;
    let mut viewers = Vec::new();
    for nth in 0..500 {
        let path = match nth % 10 {
            0 | 1 => format!("/jobs/{}/events", begun.job),
            2 => "/needs-you/events".to_owned(),
            3 => "/fleet/events".to_owned(),
            4 => "/apps/events".to_owned(),
            _ => "/log/events".to_owned(),
        };
        let mut events = stream(&reader, web.at(&path)).await;
        viewers.push(tokio::spawn(async move { while let Ok(Some(_)) = events.chunk().await {} }));
    }
    let (began, used) = (Instant::now(), processor_time());
    tokio::time::sleep(Duration::from_secs(30)).await;
    let share = (processor_time() - used) / began.elapsed().as_secs_f64();
    println!(
        "500 viewers, half of them at the log, the others at each page that is live: {share:.3} of a core"
    );
    viewers.iter().for_each(tokio::task::JoinHandle::abort);
    web.end().await;
}
