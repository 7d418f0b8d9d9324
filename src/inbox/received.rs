//! A message as a job looks at it: what it says, who sent it, and when.

use jiff::Timestamp;
use mail_parser::{Message as Mail, MessageParser};
use sha2::{Digest, Sha256};

use super::message::Message;
use super::sender::Sender;
use super::source::{Arrival, Content};
use crate::store::MessageRow;

/// A message that was taken out of the inbox. Prints nothing of what it says.
#[derive(Debug, Clone)]
pub struct Received {
    /// What it says.
    pub message: Message,
    /// Who sent it.
    pub sender: Sender,
    /// When it was sent, by the sender's clock.
    pub sent_at: Option<Timestamp>,
}

impl Received {
    /// Reads what was sealed of an [`Arrival`].
    pub(super) fn read(row: &MessageRow, says: &[u8]) -> Option<Self> {
        let (sender, content) = Content::from_bytes(says)?;
        Some(match content {
            Content::Text(text) => Self {
                message: Message::from_text(&row.address, row.arrived_at, text),
                sender: Sender::of_text(sender),
                sent_at: None,
            },
            Content::Mail(raw) => Self::of_mail(row, &raw, Sender::of_mail),
            Content::DirectMail(raw) => Self::of_mail(row, &raw, Sender::of_direct_mail),
        })
    }

    fn of_mail(row: &MessageRow, raw: &[u8], sender: impl Fn(&Mail<'_>) -> Sender) -> Self {
        let headers = headers(raw);
        Self {
            message: Message::from_mail(&row.address, row.arrived_at, raw),
            sender: headers.as_ref().map(sender).unwrap_or_default(),
            sent_at: headers.as_ref().and_then(date),
        }
    }
}

/// By what a message is known that comes twice, by the same way or by another: of a mail by what its sender called it and
/// when it was sent, which every copy says; else by what its source calls it.
pub(super) fn mark(arrival: &Arrival) -> Option<String> {
    let named = match &arrival.content {
        Content::Mail(raw) | Content::DirectMail(raw) => headers(raw).and_then(|mail| {
            let id = mail.message_id()?;
            let date = mail.date().map(mail_parser::DateTime::to_timestamp).unwrap_or_default();
            let digest = Sha256::digest(format!("{id}\n{date}"));
            Some(format!("mail:{}", data_encoding::HEXLOWER.encode(&digest[..16])))
        }),
        Content::Text(_) => None,
    };
    named.or_else(|| arrival.key.clone())
}

fn headers(raw: &[u8]) -> Option<Mail<'_>> {
    MessageParser::default().parse_headers(raw)
}

fn date(mail: &Mail<'_>) -> Option<Timestamp> {
    Timestamp::from_second(mail.date()?.to_timestamp()).ok()
}
