//! From source to playbook, or to a report.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::node::Node;
use super::read::Reader;
use super::{Diagnostic, OriginOverrides, Playbook, Report, syntax};

/// Parses and checks a playbook. `name` is what messages call it, usually its path.
///
/// # Errors
/// A report of everything that is wrong with it, and what to write instead.
pub fn parse(name: &str, source: &str, overrides: &OriginOverrides) -> Result<Playbook, Report> {
    let report = |diagnostics: Vec<Diagnostic>| Report {
        name: name.to_owned(),
        source: source.to_owned(),
        diagnostics,
    };
    if source.len() > syntax::MAX_BYTES {
        return Err(report(syntax::too_large(source)));
    }
    let node = Node::read(source).map_err(|error| report(syntax::explain(&error, source)))?;
    let mut reader = Reader::new(source, overrides);
    let playbook = reader.playbook(&node);
    let report = report(reader.findings.into_sorted());
    match playbook {
        Some(playbook) if !report.has_errors() => Ok(Playbook {
            name: name.to_owned(),
            hash: HEXLOWER.encode(&Sha256::digest(source)),
            warnings: report,
            ..playbook
        }),
        _ => Err(report),
    }
}
