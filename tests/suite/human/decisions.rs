//! What only a person can do: the job waits, and goes on once it is done.

use super::*;

/// A stand whose playbook knows the page that waits for an approval, with an account that is asked for one.
async fn wanting(approval: Approval) -> (Stand, AccountRef) {
    let state = "captcha: { text: confirm that you are not a robot }\n        needs_human:\n          see: { role: heading, name: \
                 Approve this sign-in }\n          then:\n            - click: { role: button, name: I have approved it }";
    let known = ("captcha: { text: confirm that you are not a robot }", state);
    let stand = Stand::start(Rig::planned(vec![Plan::changed("acme", &[known])]).await).await;
    stand.rig.app.add_user(NewUser::new("hana", FIRST_PASSWORD)).unwrap();
    let asks = Switches { approval: Some(approval), ..Switches::default() };
    stand.rig.app.set_user_switches("hana", Some(asks));
    let hana = stand.rig.known("hana", FIRST_PASSWORD, None).await;
    (stand, hana)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_goes_on_by_itself_once_its_page_does() {
    let (stand, hana) = wanting(Approval::Noticed).await;
    let job = patient(&hana);
    let running = stand.run(&job);
    assert_eq!(stand.asked(job.id, None).await["wanted"], "decision");
    let (status, said) = stand.answer(job.id, json!({ "code": "123456" })).await;
    assert!(status == StatusCode::BAD_REQUEST && said.contains("go_on or give_up, and no code"), "{said}");
    for odd in [json!({ "decision": "yes" }), json!({ "decision": "go_on", "code": "123456" }), json!({})] {
        assert_eq!(stand.answer(job.id, odd).await.0, StatusCode::BAD_REQUEST);
    }
    // Somebody approves it on the phone.
    stand.rig.app.set_user_switches("hana", None);
    assert_ended(&running.await.unwrap(), Outcome::Succeeded, Code::LoggedIn);
    let question = stand.store().question_of(job.id).await.unwrap().unwrap();
    assert_eq!(question.state, QuestionState::Withdrawn);
    let steps = steps(&stand, job.id).await;
    assert!(steps.iter().any(|step| step.contains("the page went on: signed_in")), "{steps:#?}");
    stand.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_goes_on_when_somebody_says_so_and_asks_again_where_it_cannot() {
    let (stand, hana) = wanting(Approval::Clicked).await;
    let job = patient(&hana);
    let running = stand.run(&job);
    let asked = stand.asked(job.id, None).await;
    let go_on = json!({ "decision": "go_on", "question": asked["id"] });
    assert_eq!(stand.answer(job.id, go_on.clone()).await.0, StatusCode::OK);
    let (status, said) = stand.answer(job.id, go_on).await;
    assert!(status == StatusCode::CONFLICT && said.contains("a decision is taken once"), "{said}");
    // It was not approved yet, and the page says the same.
    let again = stand.asked(job.id, Some(&asked)).await;
    stand.rig.app.set_user_switches("hana", None);
    let go_on = json!({ "decision": "go_on", "question": again["id"] });
    assert_eq!(stand.answer(job.id, go_on).await.0, StatusCode::OK);
    assert_ended(&running.await.unwrap(), Outcome::Succeeded, Code::LoggedIn);
    let steps = steps(&stand, job.id).await;
    assert!(steps.iter().any(|step| step.contains("go_on, says helper")), "{steps:#?}");
    stand.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_ends_when_somebody_gives_it_up_and_where_it_may_not_wait() {
    let (stand, hana) = wanting(Approval::Clicked).await;
    let job = patient(&hana);
    let running = stand.run(&job);
    stand.asked(job.id, None).await;
    assert_eq!(stand.answer(job.id, json!({ "decision": "give_up" })).await.0, StatusCode::OK);
    assert_ended(&running.await.unwrap(), Outcome::NeedsHuman, Code::HumanWanted);
    // Who is asked for an approval gave the right password: that costs nothing of the budget.
    assert_eq!(tries(&stand, job.id).await, [Some(TryResult::NotSent)]);
    // The state's steps are for what follows on a person's word.
    stand.rig.app.set_user_switches("hana", None);
    let asks = Switches { approval: Some(Approval::Clicked), ..Switches::default() };
    stand.rig.app.set_user_switches("hana", Some(asks));
    let row = stand.rig.run(Kind::VerifyLogin, &hana).await;
    assert_ended(&row, Outcome::NeedsHuman, Code::HumanWanted);
    let steps = stand.store().log_steps(row.id).await.unwrap();
    assert!(!steps.iter().any(|step| step.summary.contains("I have approved it")), "{steps:#?}");
    assert_eq!(tries(&stand, row.job).await, [Some(TryResult::NotSent)]);
    stand.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_stops_asks_for_less_long_and_what_it_asked_costs_nothing() {
    let (stand, hana) = wanting(Approval::Clicked).await;
    let job = patient(&hana);
    stand.store().submit(&job, None).await.unwrap();
    // Long enough to be seen, and shorter than the job waits.
    let drain = Duration::from_secs(3);
    let worker = stand.rig.worker_with(WorkerConfig { drain, ..WorkerConfig::default() });
    let (shutdown, told) = oneshot::channel::<()>();
    let working = tokio::spawn(async move { worker.run(async { drop(told.await) }).await.unwrap() });
    let asked = stand.asked(job.id, None).await;
    let until = |asked: &Value| asked["until"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    shutdown.send(()).unwrap();
    let shortened = async {
        loop {
            let question = stand.store().question_of(job.id).await.unwrap().unwrap();
            assert_eq!(question.state, QuestionState::Open, "its worker has ended, and nobody was told when");
            let earlier = until(&asked).duration_since(question.until);
            if earlier > jiff::SignedDuration::from_secs(30) {
                return question;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let question = tokio::time::timeout(SOON, shortened).await.unwrap();
    assert_eq!(question.id.to_string(), asked["id"], "it is the same question");
    working.await.unwrap();
    assert_ended(&stand.rig.attempts(job.id).await[0], Outcome::Interrupted, Code::WorkerStopped);
    assert_eq!(tries(&stand, job.id).await, [Some(TryResult::NotSent)]);
    stand.end().await;
}
