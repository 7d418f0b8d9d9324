//! How things look on a terminal.

use comfy_table::{ContentArrangement, Table, presets};

/// An empty table with this heading, as wide as the terminal at most.
#[must_use]
pub fn table<const N: usize>(heading: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(heading);
    table
}
