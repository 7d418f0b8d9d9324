//! Where `open` goes: an address, or the link that the app mails.

use super::Reader;
use super::fields::Field;
use super::target::LONGEST;
use crate::playbook::node::{Kind, Node};
use crate::playbook::{Destination, Place};

const EXAMPLE: &str = "open: { email_link: { containing: Reset password } }";

impl Reader<'_> {
    /// The value of an `open` step whose key is at `place`.
    pub(super) fn destination(&mut self, node: &Node, place: Place) -> Option<Destination> {
        match &node.kind {
            Kind::Text(text) if text.trim() == Destination::MAILED_LINK => {
                Some(Destination::MailedLink { containing: Vec::new(), timeout: None })
            }
            Kind::Map(_) => {
                let known = [Destination::MAILED_LINK];
                let fields = self.fields(node, place, "`open`", &known, EXAMPLE)?;
                fields.need(self, Destination::MAILED_LINK, "email_link: { containing: Reset password }")?;
                self.mailed_link(fields.field(Destination::MAILED_LINK)?)
            }
            _ => {
                let address = self.address(node)?;
                self.secret_in_address(&address, node.place);
                Some(Destination::Address(address))
            }
        }
    }

    fn mailed_link(&mut self, link: Field<'_>) -> Option<Destination> {
        if matches!(link.value.kind, Kind::Null) {
            let missing = Node { kind: Kind::Null, place: link.place };
            self.wrong_type(&missing, "`email_link`", "a map", EXAMPLE);
            return None;
        }
        let known = ["containing", "timeout"];
        let fields = self.fields(link.value, link.place, "`email_link`", &known, EXAMPLE)?;
        let containing = match fields.get("containing") {
            Some(node) => self.texts(node, "`containing`", "containing: Reset password")?,
            None => Vec::new(),
        };
        let timeout = match fields.get("timeout") {
            Some(node) => Some(self.duration(node, "`timeout`", LONGEST)?),
            None => None,
        };
        Some(Destination::MailedLink { containing, timeout })
    }
}
