//! `frames`.

use super::Reader;
use super::fields::Field;
use crate::playbook::Rule;
use crate::playbook::node::{Kind, Node};
use crate::playbook::suggest::{listed, nearest};
use crate::playbook::{Frame, Origin, Place};

const EXAMPLE: &str = "frames: { sign_in: { css: iframe.sign-in, origin: sso } }";

impl Reader<'_> {
    /// Reads `frames`.
    pub(super) fn frames(&mut self, node: &Node) {
        let Some(entries) = self.entries(node, "`frames`", EXAMPLE) else {
            return;
        };
        // All the names are known before the first frame is read, for a frame may nest in a later one.
        let mut named = Vec::new();
        for field in entries {
            if let Some(name) = self.name(field, "a frame", "sign_in") {
                self.frame_names.push((name.to_owned(), field.place));
                named.push(field);
            }
        }
        for field in named {
            if let Some(frame) = self.frame(field) {
                self.frames.push(frame);
            }
        }
        self.frame_cycles();
    }

    fn frame(&mut self, field: Field<'_>) -> Option<Frame> {
        let what = format!("the frame `{}`", field.name);
        let Kind::Map(entries) = &field.value.kind else {
            let example = "{ css: iframe.sign-in, origin: app }";
            self.wrong_type(field.value, &what, "a locator", example);
            return None;
        };
        // A frame is a locator with one key more.
        let (origin, rest): (Vec<_>, Vec<_>) = entries
            .iter()
            .cloned()
            .partition(|(key, _)| matches!(&key.kind, Kind::Text(key) if key == "origin"));
        let locator = Node { kind: Kind::Map(rest), place: field.place };
        let origin = match origin.first() {
            Some((_, value)) => Some(self.frame_origin(value, &what)?),
            None => None,
        };
        Some(Frame {
            name: field.name.to_owned(),
            locator: self.locator(&locator, field.place, &what)?,
            origin,
            place: field.place,
        })
    }

    fn frame_origin(&mut self, node: &Node, what: &str) -> Option<Origin> {
        let name = self.text(node, &format!("the origin of {what}"), "origin: app")?;
        if let Some(origin) = self.origins.iter().find(|origin| origin.name == name) {
            return Some(origin.used.clone());
        }
        if self.origins.is_empty() {
            return None;
        }
        let names = || self.origins.iter().map(|origin| origin.name.as_str());
        let help = match nearest(name, names()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if name.contains("://") => {
                format!(
                    "declare it under `origins` and name it here: `origins: {{ …, sso: {name} }}`, `origin: sso`"
                )
            }
            None => format!("declare it under `origins`, or use {}", listed(names(), "or")),
        };
        self.findings
            .error(Rule::OriginUndeclared, node.place, format!("no origin is called `{name}`"))
            .label("not under `origins`")
            .help(help);
        None
    }

    /// Whether a locator may name this frame; notes it if not.
    pub(super) fn known_frame(&mut self, name: &str, place: Place) -> bool {
        self.frames_used.insert(name.to_owned());
        if self.frame_names.iter().any(|(known, _)| known == name) {
            return true;
        }
        let names = self.frame_names.iter().map(|(name, _)| name.as_str());
        let meant = nearest(name, names).map(str::to_owned);
        self.frames_used.extend(meant.clone());
        let help = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("declare it: `frames: {{ {name}: {{ css: \"iframe…\", origin: app }} }}`"),
        };
        self.findings
            .error(Rule::FrameUnknown, place, format!("no frame is called `{name}`"))
            .label("not under `frames`")
            .help(help);
        false
    }

    fn frame_cycles(&mut self) {
        let parent = |name: &str| {
            let frame = self.frames.iter().find(|frame| frame.name == name)?;
            frame.parent()
        };
        let mut cycles = Vec::new();
        for frame in &self.frames {
            let mut way = vec![frame.name.as_str()];
            let mut above = frame.parent();
            while let Some(name) = above {
                let closed = way[0] == name;
                if closed || way.contains(&name) {
                    if closed {
                        way.push(name);
                        cycles.push((frame.place, way.join(" → ")));
                    }
                    break;
                }
                way.push(name);
                above = parent(name);
            }
        }
        for (place, way) in cycles {
            self.findings
                .error(Rule::FrameCycle, place, format!("frames lie within each other: {way}"))
                .label("within itself")
                .help("remove the `frame:` of the outermost one: it lies in the main page");
        }
    }

    /// Warns of frames that no step reaches into.
    pub(super) fn unused_frames(&mut self) {
        let unused: Vec<_> = self
            .frame_names
            .iter()
            .filter(|(name, place)| {
                // A family's frames are for those who need them.
                place.offset <= self.own && !self.frames_used.contains(name)
            })
            .cloned()
            .collect();
        for (name, place) in unused {
            self.findings
                .warning(Rule::FrameUnused, place, format!("no step reaches into the frame `{name}`"))
                .label("declared, not used")
                .help(format!("add `frame: {name}` to the targets in it, or remove it"));
        }
    }
}
