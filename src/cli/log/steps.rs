use std::io::{self, Write};

use serde_json::{Value, json};

use crate::cli::output::{self, printable};
use crate::store::{AttemptRow, Step};

/// The steps of an attempt, a line each, and where its evidence lies.
pub(super) fn print(out: &mut impl Write, row: &AttemptRow, steps: &[Step]) -> io::Result<()> {
    writeln!(out, "\nAttempt {} of job {}", row.number, row.job)?;
    // An id is as long as the path through the states that leads to it.
    let width = steps.iter().map(|step| step.id.len()).max().unwrap_or(0);
    for step in steps {
        let took = step.duration.map(output::duration).unwrap_or_default();
        let result = step.result.map_or("not ended", |result| result.as_str());
        let (id, summary) = (printable(&step.id), printable(&step.summary));
        writeln!(out, "  {result:<11} {id:<width$}  {summary} ({took})")?;
        if let Some(detail) = &step.detail {
            writeln!(out, "              {}", output::printable_lines(detail))?;
        }
    }
    if let Some(evidence) = &row.provenance.evidence {
        writeln!(out, "  Evidence: {}", printable(&evidence.display().to_string()))?;
    }
    Ok(())
}

/// The steps of an attempt as programs read them.
#[must_use]
pub fn as_json(steps: &[Step]) -> Value {
    let one = |step: &Step| {
        json!({
            "seq": step.seq,
            "id": step.id,
            "summary": step.summary,
            "started_at": step.started_at.to_string(),
            "duration_ms": step.duration.map(|length| u64::try_from(length.as_millis()).unwrap_or(u64::MAX)),
            "result": step.result.map(|result| result.as_str()),
            "detail": step.detail,
        })
    };
    steps.iter().map(one).collect()
}
