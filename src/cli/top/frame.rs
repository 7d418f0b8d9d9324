use super::glance::{Glance, many};
use crate::cli::job::how_to_answer;
use crate::cli::output::{self, local_hour, local_time, short_id, span};
use crate::cli::terminal::{columns, cut, fit};
use crate::cli::{app, canary, worker};
use crate::job::Outcome;
use crate::queue::QueueState;
use crate::store::{Duty, UnderWay, WorkerRow};
use crate::worker::identity::is_gone;

/// Lines of one part that need not all be shown.
struct Part {
    heading: Option<String>,
    lines: Vec<String>,
}

/// Of a row, as wide as its column.
struct Cell {
    text: String,
    /// In the colour of this one.
    outcome: Option<Outcome>,
}

impl Cell {
    fn of(text: &str, width: usize) -> Self {
        Self { text: fit(text, width), outcome: None }
    }
}

/// How it is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// No line is wider, in columns.
    pub width: usize,
    /// There are no more lines; `None` for as many as there are.
    pub height: Option<usize>,
    /// Whether colours are used.
    pub colour: bool,
}

impl Frame {
    /// The lines of a frame.
    pub fn draw(self, glance: &Glance) -> Vec<String> {
        let mut lines = self.head(glance);
        let parts = [self.trouble(glance), self.workers(glance), self.running(glance)];
        let wants = [0, 1, 2].map(|nth: usize| parts[nth].lines.len());
        let headings: usize = parts
            .iter()
            .filter(|part| !part.lines.is_empty())
            .map(|part| 1 + usize::from(part.heading.is_some()))
            .sum();
        let shares = match self.height {
            Some(height) => share(height.saturating_sub(lines.len() + headings), wants),
            None => wants,
        };
        for (part, share) in
            parts.into_iter().zip(shares).filter(|(part, share)| !part.lines.is_empty() && *share > 0)
        {
            lines.push(String::new());
            lines.extend(part.heading);
            let all = part.lines.len();
            let shown = if share < all { share - 1 } else { all };
            lines.extend(part.lines.into_iter().take(shown));
            if shown < all {
                lines.push(format!("… and {} more", all - shown));
            }
        }
        if let Some(height) = self.height {
            lines.truncate(height);
        }
        lines
    }

    /// What there is as a whole: three lines, and the ends by outcome.
    fn head(self, glance: &Glance) -> Vec<String> {
        let (slots, busy) = glance.slots();
        let live = glance.workers.iter().filter(|row| !is_gone(row)).count();
        let workers = if live == 1 { "worker" } else { "workers" };
        let left = format!(
            "turnlock {}   {live} {workers}, {busy} of {slots} slots busy",
            env!("CARGO_PKG_VERSION")
        );
        let right = local_time(glance.at);
        let gap = self.width.saturating_sub(columns(&left) + columns(&right)).max(2);
        let depths = &glance.depths;
        let waiting = format!(
            "waiting {}: {} due, {} for later, {} held back by their apps; running {}",
            depths.due + depths.later + depths.held_back,
            depths.due,
            depths.later,
            depths.held_back,
            depths.running
        );
        let oldest = depths.oldest.as_ref().map_or_else(
            || "no job is due".to_owned(),
            |row| {
                let (id, since) = (short_id(row.job.id), span(row.not_before, glance.at));
                format!("oldest  {id} {} of {}, due for {since}", row.job.kind, row.job.account)
            },
        );
        let ended = |what: &str, ended: &[(Outcome, u64)]| {
            let cells = Outcome::ALL.map(|outcome| {
                let (many, wide) = (many(ended, outcome), outcome.as_str().len());
                Cell { text: format!("{many:>wide$}"), outcome: (many > 0).then_some(outcome) }
            });
            self.row([Cell::of(what, 10)].into_iter().chain(cells))
        };
        let outcomes = Outcome::ALL.map(|outcome| Cell::of(outcome.as_str(), outcome.as_str().len()));
        let heading = self.row([Cell::of("ENDED", 10)].into_iter().chain(outcomes));
        let broker = match &glance.broker {
            Ok(all) if all.is_empty() => None,
            Ok(all) => Some(format!("broker  {}", QueueState::in_words(all))),
            Err(why) => Some(format!("broker  not counted: {}", output::printable(why))),
        };
        let broker = broker.map(|words| cut(&words, self.width));
        let mut lines = vec![
            cut(&format!("{left}{:gap$}{right}", ""), self.width),
            cut(&waiting, self.width),
            cut(&oldest, self.width),
        ];
        lines.extend(broker);
        lines.extend([
            String::new(),
            self.dim(&heading),
            ended("in 1 min", &glance.minute),
            ended("in 1 h", &glance.hour),
        ]);
        lines
    }

    /// Jobs that wait for a person, breakers that are open, canaries that fail.
    fn trouble(self, glance: &Glance) -> Part {
        let breakers = glance.broken.iter().map(|row| {
            let text = app::breaker(row).replace('\n', "; ");
            format!("! {}: its breaker is {text}", row.app)
        });
        let canaries = glance.ill.iter().filter_map(|row| canary::warning(row, false));
        let paint = |line: String| output::painted(&cut(&line, self.width), Outcome::Rejected, self.colour);
        let questions = glance.questions.iter().map(|question| {
            let (account, how) = (&question.account, how_to_answer(question));
            let until = local_hour(question.until);
            let whole = format!("! {account} waits for {} until {until}: {how}", question.wanted.words());
            // What to do comes before what for.
            let brief = || format!("! {account} waits until {until}: {how}");
            let line = if columns(&whole) > self.width { brief() } else { whole };
            output::painted(&cut(&line, self.width), Outcome::NeedsHuman, self.colour)
        });
        Part { heading: None, lines: questions.chain(breakers.chain(canaries).map(paint)).collect() }
    }

    fn workers(self, glance: &Glance) -> Part {
        let room = self.width.saturating_sub(8 + 2 + 2 + 9 + 2 + 20 + 2 + 12).clamp(8, 40);
        let wide = [8, room, 9, 20, 12];
        let cells =
            |words: [&str; 5]| -> [Cell; 5] { std::array::from_fn(|nth| Cell::of(words[nth], wide[nth])) };
        let heading = self.row(cells(["WORKER", "HOST", "BUSY", "STATE", "HEARD OF"]));
        let line = |row: &WorkerRow| {
            let (state, outcome) = match (is_gone(row), row.duty) {
                (true, _) => ("gone".to_owned(), Outcome::Rejected),
                (false, duty) if duty != row.wanted => (
                    format!("{duty}, is to {}", if row.wanted == Duty::Draining { "drain" } else { "work" }),
                    Outcome::RetryLater,
                ),
                (false, Duty::Draining) => ("draining".to_owned(), Outcome::RetryLater),
                (false, Duty::Working) => ("working".to_owned(), Outcome::Succeeded),
            };
            let (busy, heard) =
                (format!("{}/{}", row.busy, row.slots), format!("{} ago", span(row.beat_at, glance.at)));
            let mut cells = cells([worker::short(row), row.id.host().unwrap_or("?"), &busy, &state, &heard]);
            cells[3].outcome = Some(outcome);
            self.row(cells)
        };
        let mut lines: Vec<_> = glance.workers.iter().map(line).collect();
        if lines.is_empty() {
            lines.push("no workers".to_owned());
        }
        Part { heading: Some(self.dim(&heading)), lines }
    }

    fn running(self, glance: &Glance) -> Part {
        let account = (self.width / 4).clamp(10, 32);
        // Less than that tells nothing of a step.
        let rest = self.width.saturating_sub(8 + 2 + 15 + 2 + account + 2 + 11 + 2).max(12);
        let wide = [8, 15, account, 11, rest];
        let cells =
            |words: [&str; 5]| -> [Cell; 5] { std::array::from_fn(|nth| Cell::of(words[nth], wide[nth])) };
        let heading = cells(["JOB", "KIND", "ACCOUNT", "FOR", "STEP"]);
        let line = |one: &UnderWay| {
            let row = &one.attempt;
            let step = one.step.as_ref().map(|step| format!("{}  {}", step.id, step.summary));
            let (id, account) = (short_id(row.job), row.account.to_string());
            let (since, step) =
                (span(row.started_at, glance.at), step.unwrap_or_else(|| "begins".to_owned()));
            self.row(cells([&id, row.kind.as_str(), &account, &since, &step]))
        };
        Part {
            heading: Some(self.dim(&self.row(heading))),
            lines: glance.under_way.iter().map(line).collect(),
        }
    }

    /// The cells side by side, as far as they fit whole: half a number is another one.
    fn row(self, cells: impl IntoIterator<Item = Cell>) -> String {
        let (mut row, mut taken) = (String::new(), 0);
        for cell in cells {
            let gap = if taken == 0 { "" } else { "  " };
            taken += gap.len() + columns(&cell.text);
            if taken > self.width {
                break;
            }
            row.push_str(gap);
            row.push_str(&match cell.outcome {
                Some(outcome) => output::painted(&cell.text, outcome, self.colour),
                None => cell.text,
            });
        }
        row
    }

    fn dim(self, text: &str) -> String {
        if self.colour { format!("\u{1b}[2m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Divides the lines that there are among those that are wanted, fairly: nobody gets none as long as another has two.
fn share(mut room: usize, wants: [usize; 3]) -> [usize; 3] {
    let mut shares = [0; 3];
    while room > 0 {
        let hungry = (0..3).filter(|nth| shares[*nth] < wants[*nth]).min_by_key(|nth| shares[*nth]);
        let Some(nth) = hungry else { break };
        shares[nth] += 1;
        room -= 1;
    }
    shares
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::job::{Code, Kind};
    use crate::store::{AppRow, AttemptRow, Breaker, Depths, Provenance, Step, WorkerId};

    fn glance(workers: usize, running: usize) -> Glance {
        let at: Timestamp = "2026-11-29T15:21:07Z".parse().unwrap();
        let ago = |seconds| at - jiff::SignedDuration::from_secs(seconds);
        let worker = |nth: usize| WorkerRow {
            id: WorkerId::new(format!("host-{nth}:4711:boot:w{nth}")),
            version: "0.1.0".to_owned(),
            slots: 4,
            busy: 3,
            duty: Duty::Working,
            wanted: if nth == 0 { Duty::Draining } else { Duty::Working },
            started_at: ago(90_000),
            since: ago(90_000),
            beat_at: ago(4),
            gone: nth == 1,
            browser_memory: None,
        };
        let attempt = |nth: usize| UnderWay {
            attempt: AttemptRow {
                seq: 1,
                changed: 1,
                id: Uuid::nil(),
                job: Uuid::from_u128(nth as u128),
                kind: Kind::ChangePassword,
                account: format!("acme/会社の人{nth}.with-a-long-name").parse().unwrap(),
                requested_by: None,
                number: 1,
                worker: WorkerId::new("w"),
                queued_at: at,
                started_at: ago(95),
                ended_at: None,
                duration: None,
                verdict: None,
                user_action: None,
                provenance: Provenance::default(),
            },
            step: (nth > 0).then(|| Step {
                seq: 7,
                id: "change_password.4".to_owned(),
                summary: "commit: click role button \u{1b}[2J\"Change password\"".to_owned(),
                started_at: at,
                duration: None,
                result: None,
                detail: None,
            }),
        };
        let open = AppRow {
            app: "acme".to_owned(),
            failures: 6,
            code: Some(Code::PageNotAsDescribed),
            breaker: Breaker::Open { since: ago(60), probe_at: ago(1), probing: false },
            ..AppRow::default()
        };
        Glance {
            questions: Vec::new(),
            at,
            workers: (0..workers).map(worker).collect(),
            broker: Ok(Vec::new()),
            depths: Depths { due: 3, later: 9, held_back: 200, running: 2, oldest: None },
            under_way: (0..running).map(attempt).collect(),
            minute: vec![(Outcome::Succeeded, 12)],
            hour: vec![(Outcome::Succeeded, 633), (Outcome::Rejected, 4)],
            broken: vec![open],
            ill: Vec::new(),
        }
    }

    #[test]
    fn a_large_fleet_fits_a_small_terminal() {
        let frame = Frame { width: 80, height: Some(24), colour: false };
        let lines = frame.draw(&glance(20, 50));
        assert_eq!(lines.len(), 24, "{}", lines.join("\n"));
        for line in &lines {
            assert!(columns(line) <= 80 && !line.contains('\u{1b}'), "{line:?}");
        }
        let all = lines.join("\n");
        for part in [
            "19 workers, 57 of 76 slots busy",
            "… and 15 more",
            "… and 46 more",
            "! acme: its breaker is open",
        ] {
            assert!(all.contains(part), "`{part}` is not in:\n{all}");
        }
    }

    #[test]
    fn what_does_not_fit_whole_is_left_out() {
        let plain = |line: &String| {
            let mut parts = line.split('\u{1b}');
            let first = parts.next().unwrap().to_owned();
            parts.fold(first, |all, part| all + part.split_once('m').unwrap().1)
        };
        for width in 0..100 {
            let frame = Frame { width, height: None, colour: true };
            let lines: Vec<_> = frame.draw(&glance(3, 2)).iter().map(plain).collect();
            for line in &lines {
                assert!(columns(line) <= width.max(9), "{width}: {line:?}");
            }
            // A number ends below the name of its column.
            let [heading, _, hour] = &lines[4..7] else { panic!("{lines:?}") };
            assert_eq!(columns(heading), columns(hour), "{width}");
            assert_eq!(
                heading.split_whitespace().count().max(1),
                hour.split_whitespace().count().max(3) - 2,
                "{width}"
            );
        }
    }

    #[test]
    fn a_frame_reads_well() {
        let lines = Frame { width: 100, height: None, colour: false }.draw(&glance(3, 2));
        let lines: Vec<_> = lines.iter().map(|line| line.trim_end()).collect();
        assert_eq!(
            lines[4..7],
            [
                "ENDED       succeeded  rejected  retry_later  needs_human  interrupted  unknown",
                "in 1 min           12         0            0            0            0        0",
                "in 1 h            633         4            0            0            0        0",
            ]
        );
        assert_eq!(
            lines[10..],
            [
                "WORKER    HOST                                      BUSY       STATE                 HEARD OF",
                "w0        host-0                                    3/4        working, is to drain  4 s ago",
                "w1        host-1                                    3/4        gone                  4 s ago",
                "w2        host-2                                    3/4        working               4 s ago",
                "",
                "JOB       KIND             ACCOUNT                    FOR          STEP",
                "00000000  change_password  acme/会社の人0.with-a-lo…  1 min 35 s   begins",
                "00000001  change_password  acme/会社の人1.with-a-lo…  1 min 35 s   change_password.4  commit: click…",
            ]
        );
    }

    #[test]
    fn lines_are_shared_fairly() {
        assert_eq!(share(14, [0, 20, 20]), [0, 7, 7]);
        assert_eq!(share(14, [1, 2, 20]), [1, 2, 11]);
        assert_eq!(share(3, [9, 9, 9]), [1, 1, 1]);
        assert_eq!(share(50, [1, 2, 3]), [1, 2, 3]);
        assert_eq!(share(0, [1, 2, 3]), [0, 0, 0]);
    }
}
