//! What docs/queue.md says that producers write, as it stands there.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use tokio::process::Command;

use super::*;

const GUIDE: &str = include_str!("../../../docs/queue.md");

/// The first example in that language that holds these words.
fn example(language: &str, words: &str) -> &'static str {
    let fence = format!("```{language}\n");
    let examples = GUIDE.split(fence.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap());
    examples.into_iter().find(|example| example.contains(words)).unwrap()
}

/// RabbitMQ's own tool, which its management plugin offers for download, and how it finds the broker.
fn provide_rabbitmqadmin(folder: &Path, broker: &Broker) {
    let versions = std::fs::read_dir("/usr/lib/rabbitmq/lib").unwrap();
    let plugins = versions.flat_map(|version| std::fs::read_dir(version.unwrap().path().join("plugins")));
    let plugins = plugins.flatten().map(|plugin| plugin.unwrap().path().join("priv/www/cli/rabbitmqadmin"));
    let tool = plugins.into_iter().find(|tool| tool.is_file()).expect("RabbitMQ has its management plugin");
    let program = folder.join("rabbitmqadmin");
    std::fs::write(&program, std::fs::read(tool).unwrap()).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let url = url::Url::parse(&broker.url()).unwrap();
    let (port, user, password) = (broker.management(), url.username(), url.password().unwrap());
    let config =
        format!("[default]\nhostname = 127.0.0.1\nport = {port}\nusername = {user}\npassword = {password}\n");
    std::fs::write(folder.join(".rabbitmqadmin.conf"), config).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn examples_of_the_documentation_publish_jobs() {
    let producers = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/producers");
    assert!(producers.join("installed").is_file(), "scripts/install-test-deps installs the clients");
    let fleet = Fleet::on_broker(Broker::start_managed().await, Duration::ZERO).await;
    rabbit::declare(&fleet.broker.url().into()).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    provide_rabbitmqadmin(home.path(), &fleet.broker);
    let path = format!("{}:{}", home.path().display(), std::env::var("PATH").unwrap());
    let run = async |program: &Path, arguments: &[&str]| -> Output {
        let mut command = Command::new(program);
        command.args(arguments).env("PATH", &path).env("HOME", home.path());
        command.env("TURNLOCK_QUEUE_URL", fleet.broker.url()).current_dir(&producers);
        command.output().await.unwrap()
    };
    let python = producers.join("python/bin/python");
    let outputs = [
        run(&python, &["-c", example("python", "pika")]).await,
        run(Path::new("node"), &["--input-type=module", "--eval", example("js", "amqplib")]).await,
        run(Path::new("sh"), &["-ec", example("sh", "rabbitmqadmin")]).await,
    ];
    for output in &outputs {
        assert!(output.status.success(), "{output:?}");
    }
    let queue = topology::queue_of(Priority::Normal);
    let until = tokio::time::Instant::now() + SOON;
    while fleet.messages(queue).await < 3 {
        assert!(tokio::time::Instant::now() < until, "each has published a job: {outputs:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let worker = fleet.worker(fleet.broker.url());
    let all_done = async {
        while fleet.idle.performed.load(Ordering::Relaxed) < 3 {
            assert!(tokio::time::Instant::now() < until + PATIENCE, "each job is performed");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        ended = worker.run(std::future::pending()) => panic!("{ended:?}"),
        () = all_done => {}
    }
    // The jobs of all three are for the same account.
    let rows = fleet.store.log(&LogQuery::default()).await.unwrap();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row.account.to_string() == "acme/alice" && row.kind == Kind::VerifyLogin));
    assert_eq!(fleet.messages(topology::DEAD).await, 0);
}
