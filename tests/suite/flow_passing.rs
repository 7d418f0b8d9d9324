//! What a page shows in passing, while it asks whether the password is right, signs nobody in.

use std::sync::Arc;
use std::time::Duration;

use turnlock::job::{Code, Kind};

use crate::harness::rig::{FIRST_PASSWORD, Plan, Rig};
use crate::harness::{Reply, Site};

/// Draws its *Sign out* before it asks, as some apps do.
const EAGER: &str = r#"
<form><label>Password <input type=password></label><button>Sign in</button></form><main></main>
<script>
document.forms[0].onsubmit = async (event) => {
  event.preventDefault();
  const [form, main] = [event.target, document.querySelector('main')];
  form.hidden = true;
  main.innerHTML = '<button>Sign out</button>';
  NEWS
  const answer = await fetch('/check', { method: 'POST', body: form.querySelector('input').value });
  if (await answer.text() !== 'right') {
    main.innerHTML = '<p role=alert>Wrong password';
    form.hidden = false;
  }
}
</script>"#;

/// An app that does so; with a request that is never answered beside it, if that is to be.
pub async fn eager(password: &'static str, news: &str) -> Site {
    let page = Arc::new(EAGER.replace("NEWS", news));
    Site::with(move |request| {
        let page = Arc::clone(&page);
        Box::pin(async move {
            match request.path.as_str() {
                "/check" => {
                    // As servers do that slow down whoever guesses.
                    let thinks = Duration::from_millis(500);
                    tokio::time::sleep(thinks).await;
                    Reply::Late(if request.body == password { "right" } else { "wrong" }.to_owned(), thinks)
                }
                "/news" => Reply::Silence,
                _ => Reply::html(&*page),
            }
        })
    })
    .await
}

/// What comes of a login with each of the two passwords.
async fn logins(news: &str) -> [Code; 2] {
    let site = eager(FIRST_PASSWORD, news).await;
    let playbook = format!(
        "app: acme
title: Eager
origins: {{ app: http://127.0.0.1:4180, site: {} }}
flows:
  login:
    - open: site:/
    - fill: {{ into: {{ label: Password }}, with: password }}
    - click: {{ role: button, name: Sign in }}
    - expect: {{ signed_in: {{ role: button, name: Sign out }}, bad_credentials: {{ text: Wrong password }} }}
",
        site.url()
    );
    let rig = Rig::planned(vec![Plan { playbook, ..Plan::default() }]).await;
    let right = rig.known("right", FIRST_PASSWORD, None).await;
    let wrong = rig.known("wrong", "Not-The-Password-1", None).await;
    let right = rig.run(Kind::VerifyLogin, &right).await;
    let wrong = rig.run(Kind::VerifyLogin, &wrong).await;
    [right, wrong].map(|row| row.verdict.unwrap().code)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_out_that_shows_while_the_password_is_checked_signs_nobody_in() {
    assert_eq!(logins("").await, [Code::LoggedIn, Code::BadCredentials]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_never_answered_keeps_nobody_out() {
    assert_eq!(logins("fetch('/news');").await, [Code::LoggedIn, Code::BadCredentials]);
}
