//! What is wanting for a flow that goes on by what the app sends.

use crate::config::{Inbox, Way};
use crate::job::AccountRef;
use crate::playbook::{Flow, FlowKind};
use crate::store::Account;

/// Why a flow is not tried, and what to give for it.
#[derive(Debug, PartialEq, Eq)]
pub struct Lack {
    pub why: String,
    pub give: String,
}

/// What is wanting for the flow with this account, where messages come in these ways; `None` if it can be tried.
pub fn lack(flow: &Flow, account: &Account, inbox: &[Inbox]) -> Option<Lack> {
    // The others ask for a code on some of their ways only.
    if !flow.kind.proves_contact() && flow.kind != FlowKind::Recover {
        return None;
    }
    let ways = [
        (flow.awaits_mail(), account.address.is_some(), MAIL),
        (flow.sends_texts(), account.number.is_some(), TEXTS),
    ];
    let used = ways.iter().filter(|(used, ..)| *used);
    let lacks: Vec<_> = used.map(|(_, reached, sent)| sent.lack(*reached, &account.account, inbox)).collect();
    // An app that sends either way needs but one of them.
    if lacks.iter().any(Option::is_none) { None } else { lacks.into_iter().flatten().next() }
}

/// What is wanting for a method of MFA where every account that was named has its MFA already.
pub fn lacks_an_account(flow: &Flow, accounts: &[AccountRef]) -> Lack {
    let with = match flow.kind {
        FlowKind::EnrolMfaEmail => " and with a managed address",
        FlowKind::EnrolMfaSms => " and with a number",
        _ => "",
    };
    let named: Vec<_> = accounts.iter().map(|account| format!("--account {account}")).collect();
    Lack {
        why: "MFA stays on once it is, so that each method wants an account of its own".to_owned(),
        give: format!("name one more, without MFA{with}: `{} --account …`", named.join(" ")),
    }
}

/// What an app sends, and how it comes here.
struct Sent {
    /// Where it goes.
    to: &'static str,
    flag: &'static str,
    /// What it is.
    what: &'static str,
    ways: &'static [Way],
    url: &'static str,
}

const MAIL: Sent = Sent {
    to: "managed address",
    flag: "--address ADDRESS",
    what: "mail",
    ways: &[Way::Smtp, Way::Lmtp, Way::Imap],
    url: "imaps://…",
};

const TEXTS: Sent =
    Sent {
        to: "number", flag: "--number NUMBER", what: "text messages", ways: &[Way::Sms], url: "sms://…"
    };

impl Sent {
    fn lack(&self, reached: bool, account: &AccountRef, inbox: &[Inbox]) -> Option<Lack> {
        let Self { to, flag, what, ways, url } = self;
        if !reached {
            return Some(Lack {
                why: format!("{account} has no {to} that the app could send to"),
                give: format!("give it the one that the app knows: `turnlock account add {account} {flag}`"),
            });
        }
        (!inbox.iter().any(|inbox| ways.contains(&inbox.way))).then(|| Lack {
            why: format!("no {what} can come in: no such inbox is configured"),
            give: format!("name an inbox for {what}: `--inbox-url {url}`, see docs/inbox.md"),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::*;
    use crate::playbook::{OriginOverrides, Playbook, parse};

    fn playbook() -> Playbook {
        let source = include_str!("../../../../playbooks/acme.yaml");
        parse("acme.yaml", source, &OriginOverrides::new()).unwrap()
    }

    fn account(address: Option<&str>, number: Option<&str>) -> Account {
        Account {
            account: "acme/trial".parse().unwrap(),
            username: "trial".to_owned(),
            address: address.map(str::to_owned),
            number: number.map(str::to_owned),
            params: BTreeMap::new(),
            mfa_note: None,
            created_at: Timestamp::now(),
            updated_at: Timestamp::now(),
        }
    }

    fn texts() -> Inbox {
        Inbox { way: Way::Sms, ..Inbox::smtp("127.0.0.1:2580".parse().unwrap()) }
    }

    #[test]
    fn what_an_app_sends_needs_a_place_to_go_and_a_way_to_come() {
        let (playbook, mail) = (playbook(), Inbox::smtp("127.0.0.1:2525".parse().unwrap()));
        let why = |flow, account: &Account, inbox: &[Inbox]| {
            let lack = lack(playbook.flows.get(flow).unwrap(), account, inbox);
            lack.map(|lack| format!("{}; {}", lack.why, lack.give)).unwrap_or_default()
        };
        let (bare, reached) = (account(None, None), account(Some("a@codes.test"), Some("+15550100")));
        for flow in [FlowKind::SetContact, FlowKind::EnrolMfaEmail, FlowKind::Recover] {
            let said = why(flow, &bare, std::slice::from_ref(&mail));
            assert!(
                said.contains("acme/trial has no managed address") && said.contains("--address"),
                "{said}"
            );
            let said = why(flow, &reached, &[texts()]);
            assert!(said.contains("no mail can come in") && said.contains("imaps://"), "{said}");
            assert_eq!(why(flow, &reached, std::slice::from_ref(&mail)), "");
        }
        let said = why(FlowKind::EnrolMfaSms, &bare, &[texts()]);
        assert!(said.contains("acme/trial has no number") && said.contains("--number"), "{said}");
        let said = why(FlowKind::EnrolMfaSms, &reached, std::slice::from_ref(&mail));
        assert!(said.contains("no text messages can come in") && said.contains("sms://"), "{said}");
        assert_eq!(why(FlowKind::EnrolMfaSms, &reached, &[mail, texts()]), "");
        for flow in [FlowKind::Login, FlowKind::Logout, FlowKind::EnrolMfa, FlowKind::ChangePassword] {
            assert_eq!(why(flow, &bare, &[]), "", "{flow}");
        }
    }

    #[test]
    fn another_account_is_asked_for_by_what_it_must_have() {
        let playbook = playbook();
        let accounts = ["acme/trial".parse().unwrap(), "acme/second".parse().unwrap()];
        let lack = lacks_an_account(playbook.flows.get(FlowKind::EnrolMfaSms).unwrap(), &accounts);
        assert_eq!(
            lack.give,
            "name one more, without MFA and with a number: `--account acme/trial --account acme/second --account …`"
        );
    }
}
