//! Playbooks: source → spanned nodes → typed tree → checks → diagnostics.
//!
//! A playbook is data that describes an app: its origins, its password rules, its flows. This
//! module turns the text into a [`Playbook`] or into a [`Report`] of everything that is wrong
//! with it. It reads no file and opens no connection.

mod alike;
mod check;
mod diagnostic;
mod family;
mod findings;
mod format;
mod mismatch;
mod node;
mod overrides;
mod parse;
mod quote;
mod read;
mod read_back;
mod reference;
mod report;
mod rule;
mod schema;
mod secrets;
mod suggest;
mod syntax;
mod tree;
mod tried;
mod written;
pub(crate) mod yaml;

pub use diagnostic::{Diagnostic, Severity};
pub use family::{Families, Family};
pub use format::{Formatted, Unformatted, format};
pub use mismatch::{Fault, Mismatch};
pub use overrides::OriginOverrides;
pub use parse::{Parameters, Template, parse, parse_among};
pub use quote::{Quote, find_step};
pub(crate) use read::{PASSWORD, names_a_secret};
pub use reference::{locator_examples, reference};
pub use report::Report;
pub use rule::Rule;
pub use schema::schema;
pub use suggest::{listed, nearest};
pub use tree::*;
pub use tried::parse_target;
pub use yaml::scalar;
