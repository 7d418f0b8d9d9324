//! Playbooks: source → spanned nodes → typed tree → checks → diagnostics.
//!
//! A playbook is data that describes an app: its origins, its password rules, its flows. This
//! module turns the text into a [`Playbook`] or into a [`Report`] of everything that is wrong
//! with it. It reads no file and opens no connection.

mod check;
mod diagnostic;
mod findings;
mod mismatch;
mod node;
mod overrides;
mod parse;
mod read;
mod report;
mod rule;
mod schema;
mod suggest;
mod syntax;
mod tree;

pub use diagnostic::{Diagnostic, Severity};
pub use mismatch::Mismatch;
pub use overrides::OriginOverrides;
pub use parse::parse;
pub use report::Report;
pub use rule::Rule;
pub use schema::schema;
pub use tree::*;
