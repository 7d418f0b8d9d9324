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
use crate::inbox::source::{Arrival, Content, Desk, DeskClosed, MailboxMark};
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

/// How often a warning has the mailbox opened anew: one that was removed and made again is known by nothing else to some
/// servers, and others warn of a quota each time that they are asked.
const DOUBTED: Duration = Duration::from_secs(60);

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
    /// When a warning last had it opened anew.
    doubted: Option<Instant>,
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
    /// By what the inbox knows the mailbox.
    mailbox: String,
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
            mailbox: format!("{name} of {}, port {}", url.account(), url.port),
            place: format!("imap:{}/{name}", url.host),
            clock: ServerClock::new(),
            outage: Outage::of(format!("{source}: a mail in {name} cannot be handed over"), LONGEST_WAIT),
        };
        Self { name, url, options, eager, out, seen: None, doubted: None, outage }
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
            if !open.has_new() {
                self.out.mark(&seen).await;
            }
            self.wait(open, &mut seen).await?;
        }
    }

    /// Returns when there is new mail, or when it is time to see whether there is some.
    async fn wait(&mut self, open: &mut Open, seen: &mut Seen) -> Result<(), Failed> {
        let end = Instant::now() + IDLE_ANEW;
        while !open.has_new() {
            let mut asked = false;
            let ask = if open.tells() { end } else { Instant::now() + ASK };
            tokio::select! {
                heard = open.listen() => {
                    heard?;
                    continue;
                }
                first = self.eager.next_look() => asked = first,
                () = sleep_until(ask.min(end)) => {
                    if open.tells() || ask >= end {
                        return Ok(());
                    }
                }
            }
            let looked = Instant::now();
            open.look().await?;
            self.doubt(open)?;
            if !open.has_new() {
                seen.absent = looked;
                self.seen = Some(*seen);
                if asked {
                    // Whoever finds the mail that answers the request, be it another process, knows that it came later.
                    self.out.mark(seen).await;
                }
            }
        }
        Ok(())
    }

    /// Fails where the server has warned of something, so that the mailbox is opened anew.
    fn doubt(&mut self, open: &mut Open) -> Result<(), Failed> {
        let Some(warning) = open.warning() else { return Ok(()) };
        if self.doubted.is_some_and(|doubted| doubted.elapsed() < DOUBTED) {
            return Ok(());
        }
        self.doubted = Some(Instant::now());
        Err(Failed::Passing(format!("the server warns: {warning}")))
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
        let mark = self.out.marked(open.validity).await;
        let mails = dates.into_iter().filter(|(uid, _)| *uid < open.next);
        let known = |taken_in, uid| Known { taken_in, seen, absent: absent_by(mark, uid), live: false };
        let mails: Vec<(u32, Known)> = mails.map(|(uid, taken_in)| (uid, known(taken_in, uid))).collect();
        mails.iter().for_each(|(_, known)| self.out.clock.learn(known));
        let recent = |known| self.out.clock.age(known, seen, Timestamp::now()) <= self.options.retention;
        let uids: Vec<u32> = mails.iter().filter(|(_, known)| recent(known)).map(|(uid, _)| *uid).collect();
        let mut before = Before { out: &mut self.out, validity: open.validity, mark };
        open.fetch(&uids, &mut before).await
    }
}

/// Takes what was there when a mailbox was opened of which nothing was known.
struct Before<'a> {
    out: &'a mut Out,
    validity: u32,
    /// What whoever watched it before has noted.
    mark: Option<MailboxMark>,
}

/// When a mail with that UID had not come yet, as the mark says.
fn absent_by(mark: Option<MailboxMark>, uid: u32) -> Option<Instant> {
    mark.filter(|mark| uid >= mark.next).map(|mark| mark.looked)
}

#[async_trait]
impl Taker for Before<'_> {
    async fn take(&mut self, found: Found) {
        let absent = absent_by(self.mark, found.mail.uid);
        self.out.hand_over(found, self.validity, absent, false).await;
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
    /// Notes how far the mailbox was seen through.
    async fn mark(&self, seen: &Seen) {
        let Seen { validity, next, absent } = *seen;
        let mark = MailboxMark { validity, next, looked: absent, shown: self.clock.shown(absent) };
        if let Err(error) = self.desk.mark(&self.mailbox, &mark).await {
            tracing::debug!(%error, "how far a mailbox was seen through could not be noted");
        }
    }

    /// What was noted by whoever watched the mailbox before, and what they knew of the server's clock.
    async fn marked(&mut self, validity: u32) -> Option<MailboxMark> {
        let mark = self.desk.marked(&self.mailbox).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "how far a mailbox was seen through is not known");
            None
        })?;
        self.clock.take_over(&mark);
        (mark.validity == validity).then_some(mark)
    }

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
