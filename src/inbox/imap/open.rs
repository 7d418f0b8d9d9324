//! A mailbox that was opened on a connection.

use std::time::Duration;

use async_imap::imap_proto::{MailboxDatum, Response, ResponseCode, Status};
use async_trait::async_trait;
use jiff::Timestamp;
use tokio::time::{Instant, timeout};

use super::connect::Abilities;
use super::error::Failed;
use super::mail::{Fetched, ITEMS, REST, body, dated};
use super::wire::{Ended, Tag, Wire, quoted};

/// How long the server may take to hear that the connection ends.
const GOOD_BYE: Duration = Duration::from_secs(1);

/// Above all UIDs, without being `*`, which stands for the last mail even where that is an old one.
const LAST: u32 = u32::MAX - 1;

/// So many mails are asked of in one command.
const AT_ONCE: usize = 500;

/// The mailbox, open for reading alone: nothing that is done here changes it.
pub(super) struct Open {
    wire: Wire,
    /// The server tells by itself what comes.
    idle: bool,
    /// IDLE was asked for, and not ended.
    idling: Option<Tag>,
    /// How many mails are there, as the server has told.
    exists: u32,
    /// It has told of new ones, which were not fetched yet.
    new: bool,
    /// What it has warned of, unasked.
    warned: Option<String>,
    /// Of this mailbox UIDs are, as long as it stays the same.
    pub validity: u32,
    /// No mail that was there when it was opened has this UID or one above.
    pub next: u32,
    /// When it was opened; the answer came later.
    pub opened: Instant,
}

/// A mail, and when it had come at the latest.
pub(super) struct Found {
    pub mail: Fetched,
    pub seen: Instant,
}

/// Who takes mails as they come.
#[async_trait]
pub(super) trait Taker: Send {
    async fn take(&mut self, found: Found);
}

impl Open {
    /// Opens a mailbox.
    pub async fn examine(mut wire: Wire, abilities: &Abilities, name: &str) -> Result<Self, Failed> {
        let opened = Instant::now();
        let (mut validity, mut next, mut exists) = (None, None, 0);
        let command = format!("EXAMINE {}", *quoted(name));
        let ended = wire.run(&command, |response| match response {
            Response::Data { outcome, .. } => match outcome.code {
                Some(ResponseCode::UidValidity(said)) => validity = Some(said),
                Some(ResponseCode::UidNext(said)) => next = Some(said),
                _ => {}
            },
            Response::MailboxData(MailboxDatum::Exists(said)) => exists = *said,
            _ => {}
        });
        if let Ended::No(why) = ended.await? {
            return Err(Failed::Lasting(format!(
                "the server does not open the mailbox {name}: {why}; name one that is there"
            )));
        }
        let (Some(validity), Some(next)) = (validity, next) else {
            return Err(Failed::Lasting(format!(
                "the server gives the mails of {name} no lasting numbers (UIDVALIDITY, UIDNEXT): use another"
            )));
        };
        let idle = abilities.has("IDLE");
        Ok(Self { wire, idle, idling: None, exists, new: false, warned: None, validity, next, opened })
    }

    /// Whether the server tells by itself what comes.
    pub const fn tells(&self) -> bool {
        self.idle
    }

    /// Whether there is mail that was not fetched yet.
    pub const fn has_new(&self) -> bool {
        self.new
    }

    /// What the server has warned of since this was last asked: the mailbox may not be the one that was opened any more.
    pub fn warning(&mut self) -> Option<String> {
        self.warned.take()
    }

    /// Takes in the next that the server tells by itself. May be dropped at any moment.
    pub async fn listen(&mut self) -> Result<(), Failed> {
        let response = self.wire.listen().await?;
        self.heed(response.parsed());
        Ok(())
    }

    /// Has the server look for new mail, and tell of it.
    pub async fn look(&mut self) -> Result<(), Failed> {
        self.end_idle();
        let tag = self.wire.add("NOOP");
        if self.idle {
            self.idling = Some(self.wire.add("IDLE"));
        }
        self.wire.flush().await?;
        // By the end of NOOP it has told what was there when it began; Dovecot's IDLE alone tells after it has begun.
        self.until(&tag, |_| {}).await?.ok_or_passing("NOOP")?;
        self.idle_begun().await
    }

    /// Fetches the mails from that UID on, and has the server tell what comes next. Each mail is handed over as it comes.
    pub async fn fetch_from(&mut self, first: u32, taker: &mut dyn Taker) -> Result<(), Failed> {
        self.end_idle();
        self.new = false;
        let tag = self.wire.add(&format!("UID FETCH {first}:{LAST} {ITEMS}"));
        if self.idle {
            self.idling = Some(self.wire.add("IDLE"));
        }
        self.wire.flush().await?;
        let incomplete = self.fetched(&tag, taker).await?;
        self.idle_begun().await?;
        self.complete(incomplete, taker).await
    }

    /// Fetches mails by their UIDs.
    pub async fn fetch(&mut self, uids: &[u32], taker: &mut dyn Taker) -> Result<(), Failed> {
        for uids in uids.chunks(AT_ONCE) {
            let tag = self.wire.add(&format!("UID FETCH {} {ITEMS}", list(uids)));
            self.wire.flush().await?;
            let incomplete = self.fetched(&tag, taker).await?;
            self.complete(incomplete, taker).await?;
        }
        Ok(())
    }

    /// The UIDs and dates of the mails that the server took in on a day or later.
    pub async fn since(&mut self, day: jiff::civil::Date) -> Result<Vec<(u32, Timestamp)>, Failed> {
        let tag = self.wire.add(&format!("UID SEARCH SINCE {}", day.strftime("%d-%b-%Y")));
        self.wire.flush().await?;
        let mut uids = Vec::new();
        let ended = self.until(&tag, |response| {
            if let Response::MailboxData(MailboxDatum::Search(found)) = response {
                uids.extend_from_slice(found);
            }
        });
        ended.await?.ok_or_passing("to search by date")?;
        uids.sort_unstable();
        let mut all = Vec::new();
        for uids in uids.chunks(AT_ONCE) {
            let tag = self.wire.add(&format!("UID FETCH {} (UID INTERNALDATE)", list(uids)));
            self.wire.flush().await?;
            let ended = self.until(&tag, |response| all.extend(dated(response)));
            ended.await?.ok_or_passing("to tell dates of mail")?;
        }
        Ok(all)
    }

    /// Ends the connection in good order, if the server takes part in that.
    pub async fn close(mut self) {
        self.end_idle();
        self.wire.add("LOGOUT");
        let good_bye = async {
            self.wire.flush().await?;
            loop {
                self.wire.listen().await?;
            }
        };
        let _: Result<Result<(), Failed>, _> = timeout(GOOD_BYE, good_bye).await;
    }

    /// Reads what a FETCH brings. Returns the mails of which more is wanted.
    async fn fetched(&mut self, tag: &Tag, taker: &mut dyn Taker) -> Result<Vec<Found>, Failed> {
        let mut incomplete = Vec::new();
        loop {
            let response = self.wire.read().await?;
            if let Some(mail) = Fetched::of(response.parsed()) {
                let found = Found { mail, seen: Instant::now() };
                if found.mail.wants_rest() {
                    incomplete.push(found);
                } else {
                    taker.take(found).await;
                }
            } else if let Some(ended) = tag.ended_by(response.parsed()) {
                ended.ok_or_passing("to hand out mail")?;
                return Ok(incomplete);
            } else {
                self.heed(response.parsed());
            }
        }
    }

    /// Fetches what is wanted of larger mails, and hands them over.
    async fn complete(&mut self, incomplete: Vec<Found>, taker: &mut dyn Taker) -> Result<(), Failed> {
        for mut found in incomplete {
            let was_idle = self.end_idle();
            let tag = self.wire.add(&format!("UID FETCH {} {REST}", found.mail.uid));
            self.wire.flush().await?;
            let raw = &mut found.mail.raw;
            let ended = self.until(&tag, |response| {
                if let Some(rest) = body(response) {
                    raw.extend_from_slice(rest);
                }
            });
            ended.await?.ok_or_passing("to hand out the rest of a mail")?;
            if was_idle {
                self.begin_idle().await?;
            }
            taker.take(found).await;
        }
        Ok(())
    }

    async fn begin_idle(&mut self) -> Result<(), Failed> {
        self.idling = Some(self.wire.add("IDLE"));
        self.wire.flush().await?;
        self.idle_begun().await
    }

    /// Reads up to where IDLE has begun, if it was asked for.
    async fn idle_begun(&mut self) -> Result<(), Failed> {
        while self.idling.is_some() {
            let response = self.wire.read().await?;
            if let Response::Continue(_) = response.parsed() {
                break;
            }
            self.heed(response.parsed());
        }
        Ok(())
    }

    /// Whether there was something to end.
    fn end_idle(&mut self) -> bool {
        let was_idle = self.idling.take().is_some();
        if was_idle {
            self.wire.add_line("DONE");
        }
        was_idle
    }

    /// Reads to the end of a command.
    async fn until(&mut self, tag: &Tag, mut each: impl FnMut(&Response<'_>)) -> Result<Ended, Failed> {
        loop {
            let response = self.wire.read().await?;
            if let Some(ended) = tag.ended_by(response.parsed()) {
                return Ok(ended);
            }
            self.heed(response.parsed());
            each(response.parsed());
        }
    }

    /// Takes note of what the server tells by itself.
    fn heed(&mut self, response: &Response<'_>) {
        match response {
            Response::MailboxData(MailboxDatum::Exists(count)) => {
                self.new |= *count > self.exists;
                self.exists = *count;
            }
            Response::Data { status: Status::No, outcome, .. } => {
                self.warned = Some(outcome.information.as_deref().unwrap_or("something").to_owned());
            }
            Response::Expunge(_) => self.exists = self.exists.saturating_sub(1),
            _ => {}
        }
        if let Some(ended) = self.idling.as_ref().and_then(|idling| idling.ended_by(response)) {
            // The server has ended it by itself. If it does not want it at all, it is asked from time to time instead.
            self.idling = None;
            self.idle = matches!(ended, Ended::Ok);
            self.new = true;
        }
    }
}

fn list(uids: &[u32]) -> String {
    uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}
