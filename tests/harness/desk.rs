//! Desks at which messages are handed over, and sources that run.

use std::collections::{HashSet, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use turnlock::inbox::smtp::{Receiver, SmtpOptions};
use turnlock::inbox::{Arrival, Content, Desk, DeskClosed, Message, Source, Taken};

use super::SOON;

/// A source that runs until this is dropped.
pub struct Receiving {
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Receiving {
    /// Receives mail on a free port.
    pub async fn mail(desk: impl Desk + 'static) -> Self {
        Self::mail_to(Arc::new(desk)).await
    }

    /// The same for a desk that the test looks at.
    pub async fn mail_to(desk: Arc<dyn Desk>) -> Self {
        let receiver = Receiver::bind(SmtpOptions::smtp(([127, 0, 0, 1], 0).into())).await.unwrap();
        let address = receiver.local_addr();
        Self::start(receiver, address, desk)
    }

    /// Runs a source that is bound. One without an address cannot be asked for it.
    pub fn start(source: impl Source + 'static, address: Option<SocketAddr>, desk: Arc<dyn Desk>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { source.run(desk, stopped).await.unwrap() });
        Self { address: address.unwrap_or(([0, 0, 0, 0], 0).into()), stop, tasks }
    }

    /// Returns when the source has ended.
    pub async fn end(mut self) {
        self.stop.send_replace(true);
        self.tasks.join_next().await.unwrap().unwrap();
    }
}

/// What arrived, as an inbox reads it.
pub fn message(arrival: &Arrival) -> Message {
    let (to, at) = (arrival.recipient.clone(), Timestamp::now() - arrival.age);
    match &arrival.content {
        Content::Mail(raw) | Content::DirectMail(raw) => Message::from_mail(to, at, raw),
        Content::Text(text) => Message::from_text(to, at, text.clone()),
    }
}

/// A desk that keeps what it is given, for a test to look at.
#[derive(Default)]
pub struct Tray {
    managed: Mutex<HashSet<String>>,
    /// For these it takes in nothing now.
    closed: Mutex<HashSet<String>>,
    /// It does not know any more whom it manages.
    lost: AtomicBool,
    known: Mutex<HashSet<(String, String)>>,
    arrivals: Mutex<VecDeque<Arrival>>,
    came: Notify,
}

impl Tray {
    pub fn new(managed: &[&str]) -> Arc<Self> {
        let tray = Self::default();
        tray.manage(managed);
        Arc::new(tray)
    }

    /// Manages these from now on, and no others.
    pub fn manage(&self, addresses: &[&str]) {
        *self.managed.lock().unwrap() = addresses.iter().map(|address| address.to_lowercase()).collect();
    }

    /// Is closed for these from now on, and for no others.
    pub fn close_for(&self, addresses: &[&str]) {
        *self.closed.lock().unwrap() = addresses.iter().map(|address| address.to_lowercase()).collect();
    }

    /// Cannot say from now on whom it manages.
    pub fn lose_the_list(&self) {
        self.lost.store(true, Ordering::SeqCst);
    }

    /// The next that arrives.
    pub async fn next(&self) -> Arrival {
        let arrival = async {
            loop {
                let came = self.came.notified();
                if let Some(arrival) = self.arrivals.lock().unwrap().pop_front() {
                    return arrival;
                }
                came.await;
            }
        };
        timeout(SOON, arrival).await.expect("nothing arrived")
    }

    /// How many have arrived that were not looked at.
    pub fn waiting(&self) -> usize {
        self.arrivals.lock().unwrap().len()
    }

    fn is_open(&self, address: &str) -> Result<(), DeskClosed> {
        let closed = self.closed.lock().unwrap().contains(&address.to_lowercase());
        if closed { Err(DeskClosed("the database is away".into())) } else { Ok(()) }
    }
}

#[async_trait]
impl Desk for Tray {
    async fn manages(&self, address: &str) -> Result<bool, DeskClosed> {
        if self.lost.load(Ordering::SeqCst) {
            return Err(DeskClosed("the database is away".into()));
        }
        Ok(self.managed.lock().unwrap().contains(&address.to_lowercase()))
    }

    async fn deliver(&self, arrival: Arrival) -> Result<Taken, DeskClosed> {
        self.is_open(&arrival.recipient)?;
        if !self.manages(&arrival.recipient).await? {
            return Ok(Taken::NotManaged);
        }
        let key = arrival.key.clone().map(|key| (arrival.recipient.to_lowercase(), key));
        if key.is_some_and(|key| !self.known.lock().unwrap().insert(key)) {
            return Ok(Taken::Already);
        }
        self.arrivals.lock().unwrap().push_back(arrival);
        self.came.notify_one();
        Ok(Taken::New)
    }
}
