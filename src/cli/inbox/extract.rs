use std::io::{Read, Write, stderr, stdin, stdout};

use clap::Args;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use url::Url;

use super::{Exit, Failure};
use crate::cli::output::printable;
use crate::inbox::extract::{CodePattern, Decision, Expected, Explained, ExtractHints, WeighedCode};
use crate::inbox::links::LinkHints;
use crate::inbox::{Message, is_mail};

/// No mail is larger.
const LARGEST: u64 = 64 * 1024 * 1024;

#[derive(Debug, Args)]
#[command(after_help = "\
The message is a text, as an SMS is, or a mail with its header (an .eml file); which of them it is shows at its start.
What is read is as secret as it was before: the code goes to standard output, for whoever asked for it.

Examples:
  turnlock inbox extract < message.eml
  echo 'Your code is 482 915. Order 771332.' | turnlock inbox extract --explain
  turnlock inbox extract --host app.example --maxlength 6 --json < message.eml
  turnlock inbox extract --link --host app.example < message.eml

Exit codes:
  0  there is a code, and no doubt about it
  1  there is none
  5  several texts could be the code")]
pub struct Extract {
    /// A host of the app: a code that is bound to another site is not taken; may be given several times
    #[arg(long = "host", value_name = "HOST")]
    hosts: Vec<String>,
    /// The host of the frame in which the code is typed; else it is typed in the page itself
    #[arg(long, value_name = "HOST")]
    frame_host: Option<String>,
    /// The playbook's own pattern, a regular expression: its first group is the code, or all that it matches
    #[arg(long, value_name = "REGEX", value_parser = CodePattern::new)]
    pattern: Option<CodePattern>,
    /// The code has only digits, this many
    #[arg(long, value_name = "N")]
    digits: Option<usize>,
    /// The page takes no more characters than this
    #[arg(long, value_name = "N")]
    maxlength: Option<usize>,
    /// Print the link that was mailed to one of the hosts instead
    #[arg(long, requires = "hosts", conflicts_with_all = ["frame_host", "pattern", "digits", "maxlength", "explain"])]
    link: bool,
    /// Say why it was chosen, and what else was weighed
    #[arg(long)]
    explain: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Extract {
    pub fn run(self) -> Result<Exit, Failure> {
        let mut raw = Vec::new();
        stdin().lock().take(LARGEST).read_to_end(&mut raw)?;
        let message = if is_mail(&raw) {
            Message::from_mail("", Timestamp::now(), &raw)
        } else {
            Message::from_text("", Timestamp::now(), String::from_utf8_lossy(&raw))
        };
        if self.link {
            return self.link(&message);
        }
        let hints = ExtractHints {
            digits: self.digits,
            pattern: self.pattern,
            origin_hosts: self.hosts,
            frame_host: self.frame_host,
            expected: Expected { maxlength: self.maxlength, ..Expected::default() },
        };
        let explained = message.explain(&hints);
        if self.json {
            writeln!(stdout(), "{:#}", as_json(&explained, self.explain))?;
        } else {
            if let Decision::Code(code, _) = &explained.decision {
                writeln!(stdout(), "{}", printable(code.expose_secret()))?;
            }
            if self.explain {
                explain(&explained)?;
            } else if !matches!(explained.decision, Decision::Code(..)) {
                writeln!(stderr(), "no code: {}; --explain says more", explained.decision)?;
            }
        }
        Ok(match explained.decision {
            Decision::Code(..) => Exit::Done,
            Decision::Ambiguous(_) => Exit::Unclear,
            _ => Exit::JobFailed,
        })
    }

    fn link(&self, message: &Message) -> Result<Exit, Failure> {
        let origin = |host: &String| Url::parse(&format!("https://{host}")).map(|url| url.origin());
        let origins = self.hosts.iter().map(origin).collect::<Result<_, _>>();
        let origins = origins.map_err(|error| Failure::usage(format_args!("a host is no host: {error}")))?;
        let found = message.link(&LinkHints { origins, containing: Vec::new() });
        let link = found.as_ref().ok().and_then(Option::as_ref).map(|link| link.url().to_string());
        if self.json {
            writeln!(stdout(), "{:#}", json!({ "link": link, "ambiguous": found.is_err() }))?;
        } else if let Some(link) = &link {
            writeln!(stdout(), "{link}")?;
        }
        match found {
            Ok(Some(_)) => Ok(Exit::Done),
            Ok(None) => {
                writeln!(stderr(), "no link to these hosts was mailed for a request")?;
                Ok(Exit::JobFailed)
            }
            Err(ambiguous) => {
                writeln!(stderr(), "no link: {ambiguous}")?;
                Ok(Exit::Unclear)
            }
        }
    }
}

/// To standard error, so that the code alone goes where a script reads it.
fn explain(explained: &Explained) -> Result<(), Failure> {
    let mut out = stderr().lock();
    let found = if matches!(explained.decision, Decision::Code(..)) { "a code" } else { "no code" };
    writeln!(out, "{found}, {}: {}", explained.place, explained.decision)?;
    for candidate in &explained.candidates {
        let mark = if explained.takes(candidate) { "▸" } else { " " };
        writeln!(out, "{mark} {}, weight {}:", printable(candidate.code.expose_secret()), candidate.weight)?;
        for (reason, weight) in &candidate.reasons {
            writeln!(out, "    {weight:+} {reason}")?;
        }
    }
    Ok(())
}

fn as_json(explained: &Explained, everything: bool) -> Value {
    let code = match &explained.decision {
        Decision::Code(code, _) => Some(code.expose_secret()),
        _ => None,
    };
    let mut value = json!({
        "code": code,
        "ambiguous": matches!(explained.decision, Decision::Ambiguous(_)),
        "why": explained.decision.to_string(),
        "place": explained.place,
    });
    if everything {
        let reasons = |candidate: &WeighedCode| -> Vec<Value> {
            let reasons = candidate.reasons.iter();
            reasons
                .map(|(reason, weight)| json!({ "weight": weight, "because": reason.to_string() }))
                .collect()
        };
        let candidates = explained.candidates.iter().map(|candidate| {
            json!({
                "code": candidate.code.expose_secret(),
                "weight": candidate.weight,
                "taken": explained.takes(candidate),
                "reasons": reasons(candidate),
            })
        });
        value["candidates"] = candidates.collect();
    }
    value
}
