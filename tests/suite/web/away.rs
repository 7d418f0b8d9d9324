//! In a real browser: who watches is told when nothing could be seen any more, and goes on where it can.

use sqlx::{Connection as _, Executor as _, SqliteConnection};

use super::live::signed_in;
use super::*;
use crate::harness::proxy::Proxy;

const LIVE: &str = "{ text: live, exact: true }";
const AWAY: &str = "{ text: \"not live: the server is away, or you are signed out\" }";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_says_when_it_is_not_live_and_goes_on_by_itself() {
    let mut web = Web::start_streaming(None, LONG).await;
    let server = web.url.rsplit(':').next().unwrap().parse().unwrap();
    let between = Proxy::to(server).await;
    web.url = format!("http://127.0.0.1:{}", between.port());
    let account = web.account("acme/alice", "alice").await;
    let stage = signed_in(&web).await;
    let begun = web.begun(&account).await;
    let job = format!("/jobs/{}", begun.job);
    for page in ["/log", "/needs-you", "/fleet", &job] {
        stage.goto(page).await.unwrap();
        stage.see(LIVE).await.unwrap();
        between.cut().await;
        stage.see(AWAY).await.unwrap();
        if page == job {
            web.step(&begun, 1, "open /login", None).await;
        }
        between.mend();
        stage.see(LIVE).await.unwrap();
    }
    // What happened meanwhile is not missed.
    stage.see("{ text: open /login }").await.unwrap();
    // A process that stands still keeps its connections, and says nothing.
    between.freeze(true);
    stage.see(AWAY).await.unwrap();
    between.freeze(false);
    stage.see(LIVE).await.unwrap();
    web.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_says_when_the_server_cannot_read_its_database() {
    let web = Web::start_streaming(None, LONG).await;
    let stage = signed_in(&web).await;
    stage.see(LIVE).await.unwrap();
    let database = format!("sqlite:{}", web.folder.path().join("turnlock.db").display());
    let mut database = SqliteConnection::connect(&database).await.unwrap();
    database.execute("ALTER TABLE automation_log RENAME TO not_there").await.unwrap();
    stage.see("{ text: \"not live: the server cannot read its database\" }").await.unwrap();
    database.execute("ALTER TABLE not_there RENAME TO automation_log").await.unwrap();
    stage.see(LIVE).await.unwrap();
    web.end().await;
}
