//! What an attempt that is under way has left so far stays, however old and large it is.

use turnlock::evidence::{Limits, PICTURE, folder_of};

use super::*;
use crate::harness::fleet::until;

#[tokio::test]
async fn evidence_of_an_attempt_under_way_stays() {
    let site = Site::new().await;
    let artifacts = site.folder.path().join("artifacts");
    let long_ago = std::time::SystemTime::UNIX_EPOCH;
    let write = |folder: PathBuf| {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(PICTURE), [0; 100]).unwrap();
        std::fs::File::open(folder.join(PICTURE)).unwrap().set_modified(long_ago).unwrap();
        folder
    };
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let acts = {
        let (begun, go_on) = (begun.clone(), go_on.clone());
        move |_, _, _| {
            let (begun, go_on) = (begun.clone(), go_on.clone());
            async move {
                begun.notify_one();
                go_on.notified().await;
                ended(Code::LoggedIn)
            }
        }
    };
    let job = job("acme/alice");
    site.queue.submit(&job, None).await.unwrap();
    let doing = site.worker(acts);
    let limits = Limits { retention: Some(Duration::from_secs(1)), bytes: Some(1) };
    let tidies = || {
        let tidying = WorkerConfig { evidence: Some((artifacts.clone(), limits)), ..config() };
        site.worker_with(tidying, |_, _, _| async { ended(Code::LoggedIn) })
    };
    let gone = async |folder: &PathBuf| until("what is old no more", async || !folder.exists()).await;
    let (stop, stopped) = shutdown();
    let (result, ()) = tokio::join!(doing.run(stopped), async {
        begun.notified().await;
        let under_way = write(folder_of(&artifacts, job.id, 1));
        let others = write(folder_of(&artifacts, Uuid::now_v7(), 1));
        // Written later in the job's own folder, by nobody who is at it.
        let next = write(folder_of(&artifacts, job.id, 2));
        let tidying = tidies();
        tokio::select! {
            ended = tidying.run(std::future::pending()) => ended.unwrap(),
            ((), ()) = async { tokio::join!(gone(&others), gone(&next)) } => {}
        }
        assert!(under_way.join(PICTURE).is_file());
        go_on.notify_one();
        site.queue.ended(job.id).await.unwrap();
        let tidying = tidies();
        tokio::select! {
            ended = tidying.run(std::future::pending()) => ended.unwrap(),
            () = gone(&under_way) => {}
        }
        stop.send(()).unwrap();
    });
    result.unwrap();
}
