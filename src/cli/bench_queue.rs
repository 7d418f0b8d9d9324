use std::io::{Write, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use clap::Args;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::json;
use tokio::sync::Notify;
use uuid::Uuid;

use super::{Context, Exit, Failure, parts};
use crate::config::Queue as Choice;
use crate::job::{Code, Job, Kind, Verdict};
use crate::queue::rabbit::RabbitQueue;
use crate::queue::{EmbeddedQueue, Queue};
use crate::worker::{Attempt, Performed, Performer, StepSink, Stop, Worker, WorkerConfig};

/// Send jobs that need no browser through queue and database, for `make bench`
#[derive(Debug, Args)]
#[command(hide = true)]
pub struct BenchQueue {
    /// How many jobs; prints one {"jobs": …, "seconds": …, "cpu_seconds": …, "own_cpu_seconds": …}
    #[arg(long, default_value_t = 10_000)]
    jobs: usize,
    /// Of how many accounts
    #[arg(long, default_value_t = 2_000)]
    accounts: usize,
    /// How many are under way at a time; no browser limits it here
    #[arg(long, default_value_t = 256)]
    at_once: usize,
}

impl BenchQueue {
    /// Does it: every job is submitted, claimed, leased, logged, ended and announced as any other; only what it asks
    /// for takes no time.
    ///
    /// # Errors
    /// If a part is missing or broken, or a job was not done exactly once.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let store = parts::open_store(&config).await?;
        let how = WorkerConfig { slots: self.at_once, ..WorkerConfig::default() };
        let queue: Arc<dyn Queue> = match &config.queue {
            Choice::Rabbit(url) => {
                let queue = RabbitQueue::consume(url.secret(), &how.id, how.slots, Arc::clone(&store));
                queue.connected().await.map_err(Failure::environment)?;
                Arc::new(queue)
            }
            Choice::Embedded => Arc::new(EmbeddedQueue::new(Arc::clone(&store))),
        };
        // Accounts of its own, so that it can be run again.
        let run = Uuid::now_v7().simple().to_string();
        let jobs = (0..self.jobs).map(|nth| {
            let account = format!("bench/{run}-{}", nth % self.accounts).parse();
            account.map(|account| Job::new(Kind::VerifyLogin, account)).map_err(Failure::usage)
        });
        let jobs = jobs.collect::<Result<Vec<Job>, Failure>>()?;
        let idle = Arc::new(Idle { left: AtomicUsize::new(jobs.len()), done: Notify::new() });
        let worker = Worker::new(Arc::clone(&store), Arc::clone(&queue), Arc::clone(&idle) as _, how);

        let (cpu, own, start) = (machine_cpu_seconds(), own_cpu_seconds(), Instant::now());
        let submitting = async {
            let submissions = stream::iter(&jobs).map(|job| queue.submit(job, None));
            let submitted = submissions.buffer_unordered(self.at_once).try_for_each(|_| async { Ok(()) });
            submitted.await.map_err(Failure::from)
        };
        // Those that run when the last has begun are ended before the worker is. What cannot be submitted is not
        // waited for.
        let working = async { worker.run(idle.done.notified()).await.map_err(Failure::from) };
        tokio::try_join!(submitting, working)?;
        let seconds = start.elapsed().as_secs_f64();
        let (cpu, own) = (machine_cpu_seconds() - cpu, own_cpu_seconds() - own);
        let mut ended = 0;
        for job in &jobs {
            ended +=
                usize::from(store.job(job.id).await?.is_some_and(|row| row.has_ended() && row.attempts == 1));
        }
        if ended != jobs.len() {
            let why = format!("{ended} of {} jobs were done exactly once", jobs.len());
            return Err(Failure::new(Exit::JobFailed, why));
        }
        let line =
            json!({ "jobs": jobs.len(), "seconds": seconds, "cpu_seconds": cpu, "own_cpu_seconds": own });
        writeln!(stdout(), "{line}")?;
        Ok(Exit::Done)
    }
}

/// Does nothing to any app.
struct Idle {
    left: AtomicUsize,
    done: Notify,
}

#[async_trait]
impl Performer for Idle {
    async fn perform(&self, _attempt: &Attempt, _steps: StepSink, _stop: Stop) -> Performed {
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.done.notify_one();
        }
        Performed::new(Verdict::new(Code::LoggedIn, ""))
    }
}

/// What all processors of the machine were busy for since it started, servers included; 0 where nobody says.
fn machine_cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let fields = stat.lines().next().unwrap_or_default().split_whitespace().skip(1);
    // user, nice, system, idle, iowait, irq, softirq
    let ticks: Vec<f64> = fields.filter_map(|field| field.parse().ok()).collect();
    let busy = [0, 1, 2, 5, 6].into_iter().filter_map(|nth| ticks.get(nth)).sum::<f64>();
    busy / rustix::param::clock_ticks_per_second() as f64
}

fn own_cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    // utime and stime are the 14th and 15th of all, the name being the 2nd.
    let ticks: Vec<f64> = fields.skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    ticks.iter().sum::<f64>() / rustix::param::clock_ticks_per_second() as f64
}
