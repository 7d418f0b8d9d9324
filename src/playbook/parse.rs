//! From source to playbook, or to a report.

use std::collections::BTreeMap;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::family::{self, Families, Family};
use super::findings::Findings;
use super::node::Node;
use super::read::Reader;
use super::suggest::{listed, nearest};
use super::{Diagnostic, OriginOverrides, Playbook, Report, Rule, syntax};

/// What a playbook is read from: again for each account, where accounts have parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    name: String,
    source: String,
    family: Option<Family>,
    overrides: OriginOverrides,
}

/// The values that an account gives to a playbook's parameters, by name.
pub type Parameters = BTreeMap<String, String>;

/// Parses and checks a playbook that may extend one of the families that Turnlock has within it. `name` is what messages
/// call it, usually its path.
///
/// # Errors
/// A report of everything that is wrong with it, and what to write instead.
pub fn parse(name: &str, source: &str, overrides: &OriginOverrides) -> Result<Playbook, Report> {
    parse_among(name, source, overrides, &Families::default())
}

/// The same, with further families.
///
/// # Errors
/// A report of everything that is wrong with it, and what to write instead.
pub fn parse_among(
    name: &str,
    source: &str,
    overrides: &OriginOverrides,
    families: &Families,
) -> Result<Playbook, Report> {
    let mut template = Template {
        name: name.to_owned(),
        source: source.to_owned(),
        family: None,
        overrides: overrides.clone(),
    };
    let node = template.node()?;
    if let Some((extended, place)) = family::extended(&node) {
        let found = families.get(extended);
        if found.is_none() {
            let mut findings = Findings::default();
            let help = match nearest(extended, families.names()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!(
                    "put it into families/{extended}.yaml beside the playbook, or extend {}",
                    listed(families.names(), "or")
                ),
            };
            findings
                .error(Rule::FamilyUnknown, place, format!("there is no family `{extended}`"))
                .label("neither beside the playbook nor within Turnlock")
                .help(help);
            return Err(template.report(findings.into_sorted()));
        }
        template.family = found.cloned();
    }
    template.read(node, None)
}

impl Template {
    /// The playbook for an account with these parameters.
    ///
    /// # Errors
    /// If one is missing, or no value that the playbook takes; or if with them the playbook is not sound.
    pub fn with(&self, parameters: &Parameters) -> Result<Playbook, Report> {
        self.read(self.node()?, Some(parameters))
    }

    fn report(&self, diagnostics: Vec<Diagnostic>) -> Report {
        Report {
            name: self.name.clone(),
            source: self.source.clone(),
            family: self.family.clone(),
            diagnostics,
        }
    }

    fn node(&self) -> Result<Node, Report> {
        if self.source.len() > syntax::MAX_BYTES {
            return Err(self.report(syntax::too_large(&self.source)));
        }
        Node::read(&self.source).map_err(|error| self.report(syntax::explain(&error, &self.source)))
    }

    /// The family's text, its places behind the playbook's own.
    fn family_node(&self, family: &Family) -> Result<Node, Report> {
        let behind = self.source.len() + 1;
        let moved = |mut diagnostics: Vec<Diagnostic>| {
            diagnostics.iter_mut().for_each(|found| found.place.offset += behind);
            self.report(diagnostics)
        };
        if family.source.len() > syntax::MAX_BYTES {
            return Err(moved(syntax::too_large(&family.source)));
        }
        let mut node =
            Node::read(&family.source).map_err(|error| moved(syntax::explain(&error, &family.source)))?;
        family::shift(&mut node, behind);
        Ok(node)
    }

    fn read(&self, mut node: Node, parameters: Option<&Parameters>) -> Result<Playbook, Report> {
        let mut hash = Sha256::new_with_prefix(&self.source);
        let mut whole = self.source.clone();
        let mut reader_findings = Findings::default();
        if let Some(family) = &self.family {
            let common = self.family_node(family)?;
            for key in family::not_in_families(&common) {
                reader_findings
                    .error(Rule::FamilyKey, key.place, "a family does not say which app it is")
                    .label("belongs into the playbooks that extend it")
                    .help("remove it here");
            }
            family::extend(&mut node, common);
            hash.update("\n");
            hash.update(&family.source);
            whole.push('\n');
            whole.push_str(&family.source);
        }
        let mut reader = Reader::new(&whole, self.source.len(), &self.overrides);
        reader.findings = reader_findings;
        reader.parameters(&mut node, parameters);
        if parameters.is_some() && reader.findings.errors() > 0 {
            return Err(self.report(reader.findings.into_sorted()));
        }
        let playbook = reader.playbook(&node);
        let report = self.report(reader.findings.into_sorted());
        match playbook {
            Some(playbook) if !report.has_errors() => Ok(Playbook {
                name: self.name.clone(),
                hash: HEXLOWER.encode(&hash.finalize()),
                warnings: report,
                template: Arc::new(self.clone()),
                ..playbook
            }),
            _ => Err(report),
        }
    }
}
