use std::io::{self, Write};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::row::{action, evidence};
use crate::cli::output::{self, duration, painted, short_id};
use crate::cli::terminal::{self, cut, fit, wrap};
use crate::job::Outcome;
use crate::store::AttemptRow;

/// The columns before the account, and those of the outcome and of how long it took: `15:21:07  30b2a4d7  verify_login     `.
const BEFORE: usize = 8 + 2 + 8 + 2 + 15 + 2;
const BEHIND: usize = 2 + 11 + 2 + 9;

/// How wide an account is shown at least and at most.
const ACCOUNT: (usize, usize) = (10, 32);

/// From so many columns on there is room for a code behind the rest.
const CODE: usize = 2 + 21;

/// After so long a time without a line it is said how long that was.
const PAUSE: SignedDuration = SignedDuration::from_mins(5);

/// What belongs to an attempt stands below it, moved in as far as its job.
const INDENT: usize = 10;

/// Writes attempts as they begin and end, a line each, since nobody knows what a table that still grows will hold. Columns
/// stand below one another, and no id is broken.
pub(super) struct Lines {
    /// Of the terminal; `None` where lines may be as long as they are.
    width: Option<usize>,
    colour: bool,
    /// The day of the last line, which its time leaves out.
    day: Option<Date>,
    /// The time of the last line.
    last: Option<Timestamp>,
}

impl Lines {
    /// For standard output.
    pub fn new(colour: bool) -> Self {
        Self { width: terminal::width(), colour, day: None, last: None }
    }

    /// An attempt that begins, or that has ended; of one that failed, below it what happened, what to do, and where its
    /// evidence lies.
    pub fn write(&mut self, out: &mut impl Write, row: &AttemptRow) -> io::Result<()> {
        let when = row.ended_at.unwrap_or(row.started_at);
        let at = when.to_zoned(TimeZone::system());
        if self.day != Some(at.date()) {
            self.day = Some(at.date());
            writeln!(out, "{}", self.dim(&format!("── {} ──", at.strftime("%A, %Y-%m-%d"))))?;
        }
        // What has been said stays on the screen: that much later stays true, and that long ago does not.
        if let Some(last) = self.last.filter(|last| when.duration_since(*last) >= PAUSE) {
            writeln!(out, "{}", self.dim(&format!("── {} later ──", output::span(last, when))))?;
        }
        // The clocks of workers differ: what is told late is no pause.
        self.last = self.last.max(Some(when));
        let room = self.width.map_or(ACCOUNT.1, |all| all.saturating_sub(BEFORE + BEHIND));
        let account = fit(&row.account.to_string(), room.clamp(ACCOUNT.0, ACCOUNT.1));
        let (time, job) = (at.strftime("%H:%M:%S"), short_id(row.job));
        let what = format!("{time}  {job}  {:<15}  {account}", row.kind.as_str());
        let again = if row.number > 1 { format!(", try {}", row.number) } else { String::new() };
        let Some(verdict) = &row.verdict else {
            return writeln!(out, "{}", self.dim(&format!("{what}  begins{again}")));
        };
        let outcome = painted(&format!("{:<11}", verdict.outcome.as_str()), verdict.outcome, self.colour);
        let took = row.duration.map(duration).unwrap_or_default();
        let fits = self.width.is_none_or(|all| all >= BEFORE + ACCOUNT.0 + BEHIND + CODE);
        let code = if fits { format!("  {}{again}", verdict.code) } else { String::new() };
        writeln!(out, "{what}  {outcome}  {took:>9}{code}")?;
        if verdict.outcome == Outcome::Succeeded {
            return Ok(());
        }
        let message =
            if fits { verdict.message.clone() } else { format!("{}: {}", verdict.code, verdict.message) };
        let room = self.width.map(|all| all.saturating_sub(INDENT).max(20));
        for line in [Some(message), action(row)].into_iter().flatten().flat_map(|text| wrap(&text, room)) {
            writeln!(out, "{:INDENT$}{line}", "")?;
        }
        // A path that is broken is of no use.
        evidence(row).map_or(Ok(()), |path| writeln!(out, "{:INDENT$}{}", "", output::printable(&path)))
    }

    /// That what stands above was before, and what comes now is new, for who looks on.
    pub fn until_now(&self, out: &mut impl Write, now: Timestamp) -> io::Result<()> {
        match self.last.filter(|_| self.width.is_some()) {
            Some(last) => {
                let words =
                    format!("── that was {} ago; from now on as it happens ──", output::span(last, now));
                writeln!(out, "{}", self.dim(&words))
            }
            None => Ok(()),
        }
    }

    fn dim(&self, text: &str) -> String {
        let text = self.width.map_or_else(|| output::printable(text), |all| cut(text, all));
        if self.colour { format!("\u{1b}[2m{text}\u{1b}[0m") } else { text }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::job::{Code, Kind, Verdict};
    use crate::store::{Provenance, WorkerId};

    fn row(account: &str, at: &str, verdict: Option<Verdict>) -> AttemptRow {
        let at = at.parse::<jiff::civil::DateTime>().unwrap();
        let at = at.to_zoned(TimeZone::system()).unwrap().timestamp();
        let ended = verdict.as_ref().map(|_| at);
        AttemptRow {
            seq: 1,
            changed: 1,
            id: uuid::Uuid::nil(),
            job: uuid::Uuid::from_u128(0x30b2_a4d7),
            kind: Kind::ChangePassword,
            account: account.parse().unwrap(),
            requested_by: None,
            number: 1,
            worker: WorkerId::new("w"),
            queued_at: at,
            started_at: at,
            ended_at: ended,
            duration: ended.map(|_| Duration::from_millis(12_140)),
            user_action: verdict.as_ref().map(|verdict| verdict.code.user_action().to_owned()),
            verdict,
            provenance: Provenance { evidence: Some("/evidence/1".into()), ..Provenance::default() },
        }
    }

    fn shown(width: Option<usize>, rows: &[AttemptRow]) -> String {
        let (mut out, mut lines) = (Vec::new(), Lines { width, colour: false, day: None, last: None });
        rows.iter().for_each(|row| lines.write(&mut out, row).unwrap());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_stand_below_one_another_and_the_day_is_said_once() {
        let rows = [
            row("acme/alice", "2026-11-29T15:21:07", None),
            row("acme/alice", "2026-11-29T15:21:19", Some(Verdict::new(Code::PasswordChanged, "Done."))),
            row("acme/alice", "2026-11-30T00:00:01", None),
        ];
        assert_eq!(
            shown(Some(100), &rows),
            "── Sunday, 2026-11-29 ──
15:21:07  30b2a4d7  change_password  acme/alice                        begins
15:21:19  30b2a4d7  change_password  acme/alice                        succeeded       12.1 s  password_changed
── Monday, 2026-11-30 ──
── 8 h 38 min later ──
00:00:01  30b2a4d7  change_password  acme/alice                        begins
"
        );
    }

    #[test]
    fn who_looks_on_learns_how_long_ago_the_last_thing_was() {
        let one = row("acme/alice", "2026-11-29T15:21:07", None);
        let said = |width| {
            let (mut out, mut lines) = (Vec::new(), Lines { width, colour: false, day: None, last: None });
            lines.until_now(&mut out, one.started_at).unwrap();
            lines.write(&mut out, &one).unwrap();
            lines.until_now(&mut out, one.started_at + SignedDuration::from_secs(185)).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert!(said(Some(80)).starts_with("── Sunday"), "nothing was before");
        assert!(said(Some(80)).ends_with("\n── that was 3 min 5 s ago; from now on as it happens ──\n"));
        assert!(said(None).ends_with("  begins\n"), "a file is read at any time");
    }

    #[test]
    fn narrow_terminals_get_narrow_lines_and_whole_ids() {
        let verdict = Verdict::new(
            Code::Captcha,
            "The app asks for proof that a person is there, at the step login.4.",
        );
        let rows = [row("acme/somebody-with-a-very-long-name", "2026-11-29T15:21:19", Some(verdict))];
        let narrow = shown(Some(80), &rows);
        assert!(narrow.lines().all(|line| terminal::columns(line) <= 80), "{narrow}");
        assert!(narrow.contains("  30b2a4d7  change_password  acme/somebody-with…  needs_human"), "{narrow}");
        assert!(narrow.contains("          captcha: The app asks"), "{narrow}");
        let piped = shown(None, &rows);
        assert!(
            piped.contains(
                "\n          The app asks for proof that a person is there, at the step login.4.\n"
            ),
            "{piped}"
        );
        assert!(piped.ends_with("          Evidence: /evidence/1\n"), "{piped}");
    }
}
