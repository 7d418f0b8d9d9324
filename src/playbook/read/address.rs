//! The addresses of `open` steps.

use url::Url;

use super::Reader;
use super::origins::is_snake_case;
use crate::playbook::Rule;
use crate::playbook::node::Node;
use crate::playbook::suggest::{listed, nearest};
use crate::playbook::{Address, Destination, Place};

impl Reader<'_> {
    /// An address within a declared origin: `/login`, `sso:/start`, or a whole URL.
    pub(super) fn address(&mut self, node: &Node) -> Option<Address> {
        let text = self.text(node, "`open`", "open: /login")?.trim();
        if text.starts_with('/') && !text.starts_with("//") {
            return self.address_on("app", text, text, node.place);
        }
        if let Some((name, path)) = text.split_once(':')
            && is_snake_case(name)
            && path.starts_with('/')
            && !path.starts_with("//")
        {
            return self.address_on(name, path, text, node.place);
        }
        match Url::parse(text) {
            Ok(url) if url.has_host() => self.whole_address(&url, text, node.place),
            _ => {
                let example = match text.contains(':') {
                    true => "login",
                    false => text.trim_start_matches(['/', '.']),
                };
                let help = match nearest(text, [Destination::MAILED_LINK]) {
                    Some(meant) => format!("did you mean `{meant}`, the link that the app mails?"),
                    None => format!(
                        "write a path on the origin `app`: `/{example}`; on another origin: `sso:/start`; a whole URL; \
                         or `email_link`, the link that the app mails"
                    ),
                };
                self.findings
                    .error(Rule::Address, node.place, format!("`{text}` is no address to open"))
                    .label("neither a path nor a URL")
                    .help(help);
                None
            }
        }
    }

    fn address_on(&mut self, name: &str, path: &str, written: &str, place: Place) -> Option<Address> {
        let Some(origin) = self.origins.iter().find(|origin| origin.name == name) else {
            // A playbook whose `origins` are broken has been told so already.
            if name == "app" || self.origins.is_empty() {
                self.left_out += 1;
            } else {
                let names = || self.origins.iter().map(|origin| origin.name.as_str());
                let help = match nearest(name, names()) {
                    Some(meant) => format!("did you mean `{meant}:{path}`?"),
                    None => format!("declare it under `origins`, or use {}", listed(names(), "or")),
                };
                self.findings
                    .error(Rule::OriginUndeclared, place, format!("no origin is called `{name}`"))
                    .label("not under `origins`")
                    .help(help);
            }
            return None;
        };
        let url = Url::parse(origin.used.as_str()).ok()?.join(path).ok()?;
        if !origin.used.matches(&url) {
            // `/\elsewhere` is `//elsewhere` to a browser.
            let host = url.host_str().unwrap_or_default().to_owned();
            self.findings
                .error(Rule::OriginUndeclared, place, format!("this path leads to another host, {host}"))
                .label("browsers read `\\` as `/`")
                .help("write the path with single, forward slashes");
            return None;
        }
        Some(Address { origin: name.to_owned(), url, written: written.to_owned() })
    }

    fn whole_address(&mut self, url: &Url, written: &str, place: Place) -> Option<Address> {
        let declared = self.origins.iter().find(|origin| origin.written.matches(url));
        let bare = url.username().is_empty() && url.password().is_none();
        if let Some(origin) = declared
            && bare
        {
            let mut rest = url.path().to_owned();
            for (mark, part) in [('?', url.query()), ('#', url.fragment())] {
                if let Some(part) = part {
                    rest.push(mark);
                    rest.push_str(part);
                }
            }
            let name = origin.name.clone();
            return self.address_on(&name, &rest, written, place);
        }
        if !bare {
            self.findings
                .error(Rule::Address, place, "this address holds a username or a password")
                .label("visible to whoever reads the playbook")
                .help("leave out what stands before the `@`; credentials come from the vault");
        } else if self.origins.is_empty() {
            self.left_out += 1;
        } else {
            let origin = url.origin().ascii_serialization();
            self.findings
                .error(Rule::OriginUndeclared, place, format!("{origin} is not a declared origin"))
                .label("not under `origins`")
                .help(format!("if it belongs to the app, declare it: `origins: {{ …, name: {origin} }}`"));
        }
        None
    }
}
