//! The exchanges and queues, as data: declared by every worker, and printable.
//!
//! Nothing here is refused by RabbitMQ 3.10 or by any later one up to 4.x: quorum queues, with everything that
//! versions differ in said explicitly.

use std::fmt;
use std::time::Duration;

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};

use crate::job::Priority;

/// The exchange that takes jobs, by priority.
pub const JOBS: &str = "turnlock.jobs";
/// The exchange and the queue of messages that are no jobs, or that no worker survived.
pub const DEAD: &str = "turnlock.dead";
/// The exchange that tells how jobs go, by `job.<kind>.<outcome>`.
pub const EVENTS: &str = "turnlock.events";

/// How often the broker delivers a message that comes back without an answer, as from workers that died over it.
pub(super) const DELIVERIES: u32 = 20;
/// How often a dead letter may be looked at: it is never to get lost by that.
const LOOKS: u32 = 1_000_000_000;

/// A step of the retry ladder: a queue in which a job waits that long, and comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rung {
    /// The exchange and its queue.
    pub name: &'static str,
    /// How long a job stays.
    pub wait: Duration,
}

/// The retry ladder, the shortest wait first.
pub const LADDER: [Rung; 3] = [
    Rung { name: "turnlock.retry.10s", wait: Duration::from_secs(10) },
    Rung { name: "turnlock.retry.1m", wait: Duration::from_secs(60) },
    Rung { name: "turnlock.retry.10m", wait: Duration::from_secs(600) },
];

impl Rung {
    /// The one for a job that has to wait so long: the longest that brings it back in time. A longer wait takes more
    /// than one turn.
    #[must_use]
    pub fn for_wait(wait: Duration) -> Self {
        LADDER.into_iter().rev().find(|rung| rung.wait <= wait).unwrap_or(LADDER[0])
    }
}

/// The queue of jobs of that priority.
#[must_use]
pub const fn queue_of(priority: Priority) -> &'static str {
    match priority {
        Priority::High => "turnlock.jobs.high",
        Priority::Normal => "turnlock.jobs.normal",
        Priority::Low => "turnlock.jobs.low",
    }
}

/// Every queue, in the order in which people want to see them.
pub fn queues() -> impl Iterator<Item = &'static str> {
    Priority::ALL.map(queue_of).into_iter().chain(LADDER.map(|rung| rung.name)).chain([DEAD])
}

/// One thing to declare.
#[derive(Debug, Clone, PartialEq)]
pub enum Declaration {
    /// A durable exchange.
    Exchange {
        /// Its name.
        name: &'static str,
        /// How it routes.
        kind: ExchangeKind,
    },
    /// A durable queue.
    Queue {
        /// Its name.
        name: &'static str,
        /// What it is told.
        arguments: Vec<(&'static str, Argument)>,
    },
    /// A way from an exchange to a queue.
    Binding {
        /// From there.
        exchange: &'static str,
        /// To there.
        queue: &'static str,
        /// For messages with this key.
        key: &'static str,
    },
}

/// The value of an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Argument {
    /// A name.
    Text(&'static str),
    /// A number.
    Number(u32),
}

/// All of it, in the order in which it can be declared.
#[must_use]
pub fn topology() -> Vec<Declaration> {
    use Argument::{Number, Text};
    use Declaration::{Binding, Exchange, Queue};

    // At least once: the broker keeps a message until the queue behind has it. That needs `reject-publish`.
    let quorum = || {
        vec![
            ("x-queue-type", Text("quorum")),
            ("x-overflow", Text("reject-publish")),
            ("x-dead-letter-strategy", Text("at-least-once")),
        ]
    };
    let mut all = vec![
        Exchange { name: JOBS, kind: ExchangeKind::Direct },
        Exchange { name: DEAD, kind: ExchangeKind::Fanout },
        Exchange { name: EVENTS, kind: ExchangeKind::Topic },
        // With a limit, letters that are looked at go back to their place, and some brokers set a low one of their own.
        Queue {
            name: DEAD,
            arguments: vec![("x-queue-type", Text("quorum")), ("x-delivery-limit", Number(LOOKS))],
        },
        Binding { exchange: DEAD, queue: DEAD, key: "" },
    ];
    for priority in Priority::ALL {
        let mut arguments = quorum();
        arguments.push(("x-delivery-limit", Number(DELIVERIES)));
        arguments.push(("x-dead-letter-exchange", Text(DEAD)));
        all.push(Queue { name: queue_of(priority), arguments });
        all.push(Binding { exchange: JOBS, queue: queue_of(priority), key: priority.as_str() });
    }
    for Rung { name, wait } in LADDER {
        let mut arguments = quorum();
        // A message keeps its key, and with it its priority.
        arguments.push(("x-dead-letter-exchange", Text(JOBS)));
        arguments.push(("x-message-ttl", Number(u32::try_from(wait.as_millis()).unwrap_or(u32::MAX))));
        all.push(Exchange { name, kind: ExchangeKind::Fanout });
        all.push(Queue { name, arguments });
        all.push(Binding { exchange: name, queue: name, key: "" });
    }
    all
}

/// Declares all of it. What is there already stays as it is.
///
/// # Errors
/// When the broker has something of that name that is declared otherwise, or the user may not declare.
pub(super) async fn declare(channel: &Channel) -> lapin::Result<()> {
    for declaration in topology() {
        match declaration {
            Declaration::Exchange { name, kind } => {
                let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
                channel.exchange_declare(name.into(), kind, options, FieldTable::default()).await?;
            }
            Declaration::Queue { name, arguments } => {
                let mut table = FieldTable::default();
                for (argument, value) in arguments {
                    table.insert(argument.into(), value.into());
                }
                channel.queue_declare(name.into(), QueueDeclareOptions::durable(), table).await?;
            }
            Declaration::Binding { exchange, queue, key } => {
                let options = QueueBindOptions::default();
                channel
                    .queue_bind(queue.into(), exchange.into(), key.into(), options, FieldTable::default())
                    .await?;
            }
        }
    }
    Ok(())
}

impl From<Argument> for AMQPValue {
    fn from(argument: Argument) -> Self {
        match argument {
            Argument::Text(text) => Self::LongString(text.into()),
            Argument::Number(number) => Self::LongLongInt(number.into()),
        }
    }
}

impl fmt::Display for Declaration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exchange { name, kind } => {
                write!(f, "exchange  {name}  {}", format!("{kind:?}").to_ascii_lowercase())
            }
            Self::Queue { name, arguments } => {
                write!(f, "queue     {name}")?;
                arguments.iter().try_for_each(|(argument, value)| match value {
                    Argument::Text(text) => write!(f, "  {argument}={text}"),
                    Argument::Number(number) => write!(f, "  {argument}={number}"),
                })
            }
            Self::Binding { exchange, queue, key: "" } => write!(f, "binding   {exchange} → {queue}"),
            Self::Binding { exchange, queue, key } => write!(f, "binding   {exchange} ─{key}→ {queue}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_takes_the_longest_rung_that_is_not_too_long() {
        let name = |seconds| Rung::for_wait(Duration::from_secs(seconds)).name;
        let names = [0, 10, 59, 60, 599, 600, 100_000].map(name);
        let [short, middle, long] = LADDER.map(|rung| rung.name);
        assert_eq!(names, [short, short, short, middle, middle, long, long]);
    }
}
