//! Hands a mail over, recipient by recipient.

use std::time::Duration;

use mail_parser::MessageParser;

use crate::inbox::source::{Arrival, Content, Desk, Taken};

/// A longer Message-ID than a line may have is none.
const LONGEST_ID: usize = 998;

/// What became of a mail for one recipient. Of several in one reply the last in this order counts: a mail that was put
/// off for one of them is sent again, and known again by those who have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    NotManaged,
    TakenIn,
    PutOff,
}

impl Fate {
    pub fn reply(self) -> &'static str {
        match self {
            Self::NotManaged => "550 5.1.1 No such address here",
            Self::TakenIn => "250 2.0.0 Taken in",
            Self::PutOff => "451 4.3.0 Cannot take it in now, try again later",
        }
    }
}

/// Hands a mail over for each recipient. One that was named twice gets it once, and two answers.
pub(super) async fn deliver(
    desk: &dyn Desk,
    sender: &str,
    recipients: &[String],
    content: fn(Vec<u8>) -> Content,
    raw: &[u8],
) -> Vec<Fate> {
    let key = key(raw);
    let mut fates: Vec<Fate> = Vec::with_capacity(recipients.len());
    for (index, recipient) in recipients.iter().enumerate() {
        let before = recipients[..index].iter().position(|known| known.eq_ignore_ascii_case(recipient));
        if let Some(before) = before {
            fates.push(fates[before]);
            continue;
        }
        let arrival = Arrival {
            recipient: recipient.clone(),
            sender: sender.to_owned(),
            content: content(raw.to_vec()),
            key: key.clone(),
            age: Duration::ZERO,
        };
        fates.push(match desk.deliver(arrival).await {
            Ok(Taken::New | Taken::Already) => Fate::TakenIn,
            Ok(Taken::NotManaged) => Fate::NotManaged,
            Err(error) => {
                tracing::warn!(%error, "a mail was put off");
                Fate::PutOff
            }
        });
    }
    fates
}

/// By what any other source knows the same mail as well.
fn key(raw: &[u8]) -> Option<String> {
    let headers = MessageParser::default().parse_headers(raw)?;
    let id = headers.message_id().filter(|id| !id.is_empty() && id.len() <= LONGEST_ID)?;
    Some(format!("mid:<{id}>"))
}
