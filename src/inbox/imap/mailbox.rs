//! One mailbox, watched over one connection at a time.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::ImapOptions;
use super::address::ImapUrl;
use super::clock::{Known, ServerClock};
use super::connect::connect;
use super::eager::Eager;
use super::error::Failed;
use super::open::{Found, Open, Taker};
use crate::inbox::recipient::Addresses;
use crate::inbox::source::{Arrival, Content, Desk, DeskClosed};
use crate::outage::Outage;

/// How often IDLE is asked for anew, and the mailbox looked through: servers may end it after 30 minutes (RFC 2177), and
/// what keeps track of connections on the way often after ten.
const IDLE_ANEW: Duration = Duration::from_secs(9 * 60);

/// How often a server without IDLE is asked.
const ASK: Duration = Duration::from_secs(5);

/// How long to wait at most before what fails is tried again.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How often is tried again what has worked and is refused now.
const REFUSED: Duration = Duration::from_secs(60);

/// The day of a mail is that of the server's clock and place, which may be another than ours.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A mailbox, and what is known of it beyond a connection.
pub(super) struct Watched {
    name: String,
    url: Arc<ImapUrl>,
    options: ImapOptions,
    eager: Eager,
    out: Out,
    seen: Option<Seen>,
    outage: Outage,
}

/// How far a mailbox was seen through.
#[derive(Debug, Clone, Copy)]
struct Seen {
    validity: u32,
    /// The first UID of which nothing is known.
    next: u32,
    /// When a look was begun that found no mail with that UID or one above.
    absent: Instant,
}

/// The way of a mail to the inbox.
struct Out {
    desk: Arc<dyn Desk>,
    /// What comes before the UID in a mail's key, but for the validity.
    place: String,
    clock: ServerClock,
    outage: Outage,
}

impl Watched {
    pub fn new(
        source: &str,
        name: String,
        url: Arc<ImapUrl>,
        options: ImapOptions,
        desk: Arc<dyn Desk>,
    ) -> Self {
        let eager = Eager::new(options.awaited.clone());
        let outage = Outage::of(format!("{source}: {name} cannot be watched"), LONGEST_WAIT);
        let out = Out {
            desk,
            place: format!("imap:{}/{name}", url.host),
            clock: ServerClock::new(),
            outage: Outage::of(format!("{source}: a mail in {name} cannot be handed over"), LONGEST_WAIT),
        };
        Self { name, url, options, eager, out, seen: None, outage }
    }

    /// Watches it until told to stop, over as many connections as that takes.
    ///
    /// # Errors
    /// What no waiting mends.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) -> Result<(), String> {
        let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
        tokio::pin!(stopped);
        loop {
            let mut open = None;
            let failed = tokio::select! {
                () = &mut stopped => None,
                failed = self.follow(&mut open) => Some(failed),
            };
            let Some(failed) = failed else {
                if let Some(open) = open {
                    open.close().await;
                }
                return Ok(());
            };
            drop(open);
            let mut wait = self.outage.failed(&failed);
            if let Failed::Lasting(why) = failed {
                if self.seen.is_none() {
                    return Err(why);
                }
                wait = REFUSED;
            }
            tokio::select! {
                () = &mut stopped => return Ok(()),
                () = sleep(wait) => {}
            }
        }
    }

    /// Connects and hands over what comes, until that fails. Leaves the mailbox where it can be closed.
    async fn follow(&mut self, place: &mut Option<Open>) -> Failed {
        let connected = async {
            let (wire, abilities) = connect(&self.url).await?;
            Open::examine(wire, &abilities, &self.name).await
        };
        let open = match connected.await {
            Ok(open) => place.insert(open),
            Err(failed) => return failed,
        };
        let Err(failed) = self.work(open).await;
        failed
    }

    async fn work(&mut self, open: &mut Open) -> Result<std::convert::Infallible, Failed> {
        let before = self.seen.filter(|seen| seen.validity == open.validity);
        let mut seen = match before {
            Some(seen) => seen,
            None => {
                self.look_back(open).await?;
                Seen { validity: open.validity, next: open.next, absent: open.opened }
            }
        };
        // Nobody has watched since: what is there is found, and not live.
        let mut live = false;
        loop {
            let looked = Instant::now();
            self.fetch(open, &mut seen, live).await?;
            live = true;
            if !open.has_new() {
                seen.absent = looked;
            }
            self.seen = Some(seen);
            self.outage.over();
            self.wait(open, &mut seen.absent).await?;
        }
    }

    /// Returns when there is new mail, or when it is time to see whether there is some.
    async fn wait(&mut self, open: &mut Open, absent: &mut Instant) -> Result<(), Failed> {
        let end = Instant::now() + IDLE_ANEW;
        while !open.has_new() {
            let ask = if open.tells() { end } else { Instant::now() + ASK };
            tokio::select! {
                heard = open.listen() => {
                    heard?;
                    continue;
                }
                () = self.eager.next_look() => {}
                () = sleep_until(ask.min(end)) => {
                    if open.tells() || ask >= end {
                        return Ok(());
                    }
                }
            }
            let looked = Instant::now();
            open.look().await?;
            if !open.has_new() {
                *absent = looked;
                if let Some(seen) = &mut self.seen {
                    seen.absent = looked;
                }
            }
        }
        Ok(())
    }

    /// Hands over what has come since.
    async fn fetch(&mut self, open: &mut Open, seen: &mut Seen, live: bool) -> Result<(), Failed> {
        let Seen { validity, next, absent } = *seen;
        let mut since = Since { out: &mut self.out, validity, first: next, next, absent, live };
        open.fetch_from(next, &mut since).await?;
        seen.next = since.next;
        Ok(())
    }

    /// Hands over what has come lately, in a mailbox of which nothing is known.
    async fn look_back(&mut self, open: &mut Open) -> Result<(), Failed> {
        let retention = SignedDuration::try_from(self.options.retention).unwrap_or(DAY);
        let first = Timestamp::now().saturating_sub(retention + DAY).unwrap_or(Timestamp::MIN);
        let dates = open.since(first.to_zoned(TimeZone::UTC).date()).await?;
        let seen = Instant::now();
        let known = |taken_in| Known { taken_in, seen, absent: None, live: false };
        dates.iter().for_each(|(_, taken_in)| self.out.clock.learn(&known(*taken_in)));
        let clock = &self.out.clock;
        let recent = |taken_in| clock.age(&known(taken_in), seen, Timestamp::now()) <= self.options.retention;
        let uids: Vec<u32> =
            dates.iter().filter(|(uid, at)| *uid < open.next && recent(*at)).map(|(uid, _)| *uid).collect();
        let mut before = Before { out: &mut self.out, validity: open.validity };
        open.fetch(&uids, &mut before).await
    }
}

/// Takes what was there when a mailbox was opened of which nothing was known.
struct Before<'a> {
    out: &'a mut Out,
    validity: u32,
}

#[async_trait]
impl Taker for Before<'_> {
    async fn take(&mut self, found: Found) {
        self.out.hand_over(found, self.validity, None, false).await;
    }
}

/// Takes what has come since a mailbox was seen through.
struct Since<'a> {
    out: &'a mut Out,
    validity: u32,
    first: u32,
    /// The first UID of which nothing is known.
    next: u32,
    absent: Instant,
    live: bool,
}

#[async_trait]
impl Taker for Since<'_> {
    async fn take(&mut self, found: Found) {
        // Below it are mails of a server that takes the range for another one.
        if found.mail.uid >= self.first {
            let (uid, absent) = (found.mail.uid, Some(self.absent));
            self.out.learn(&found, absent, self.live);
            self.out.hand_over(found, self.validity, absent, self.live).await;
            self.next = self.next.max(uid.saturating_add(1));
        }
    }
}

impl Out {
    fn learn(&mut self, found: &Found, absent: Option<Instant>, live: bool) {
        self.clock.learn(&Known { taken_in: found.mail.taken_in, seen: found.seen, absent, live });
    }

    /// Hands a mail over, however long that takes.
    async fn hand_over(&mut self, found: Found, validity: u32, absent: Option<Instant>, live: bool) {
        let known = Known { taken_in: found.mail.taken_in, seen: found.seen, absent, live };
        let addresses = Addresses::of(&found.mail.raw);
        let key = format!("{}/{validity}/{}", self.place, found.mail.uid);
        loop {
            match self.try_to(&found, &addresses, &key, &known).await {
                Ok(()) => return self.outage.over(),
                Err(error) => sleep(self.outage.failed(&error)).await,
            }
        }
    }

    async fn try_to(
        &self,
        found: &Found,
        addresses: &Addresses,
        key: &str,
        known: &Known,
    ) -> Result<(), DeskClosed> {
        let Some(recipient) = addresses.managed(&*self.desk).await? else {
            tracing::debug!(key, "a mail that is for nobody who is managed");
            return Ok(());
        };
        let arrival = Arrival {
            recipient,
            sender: addresses.sender.clone(),
            content: Content::Mail(found.mail.raw.clone()),
            key: Some(key.to_owned()),
            age: self.clock.age(known, Instant::now(), Timestamp::now()),
        };
        let taken = self.desk.deliver(arrival).await?;
        tracing::debug!(key, ?taken, "a mail was handed over");
        Ok(())
    }
}
