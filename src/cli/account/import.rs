use std::collections::HashMap;
use std::io::{Read, Write, stderr, stdin, stdout};
use std::path::{Path, PathBuf};

use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use zeroize::Zeroizing;

use super::add::{check_params, entry, still_asked_for};
use super::{Context, Exit, Failure, address, number, totp_link};
use crate::audit::audited;
use crate::cli::library::Library;
use crate::cli::parts;
use crate::playbook::Parameters;
use crate::redact;
use crate::vault::NewAccount;

/// A column for what the account gives to a parameter of its app's playbook begins like this.
const PARAM: &str = "param.";

/// The fields of a record; the first three are needed.
const FIELDS: [&str; 6] = ["account", "username", "password", "totp", "address", "number"];

#[derive(Debug, Args)]
#[command(after_help = "CSV, with a heading:
  account,username,password,totp,address,number
  acme/alice,alice@example.test,…,,alice@codes.example.test,

JSON Lines:
  {\"account\": \"acme/alice\", \"username\": \"alice@example.test\", \"password\": \"…\"}

`totp` (an otpauth:// link or base32), `address` and `number` may be left out. What an account gives to a parameter of its app's
playbook stands in a column or field named after it: `param.tenant`. All records are read before the first is written: if one is wrong, none is written.")]
pub struct Import {
    /// The file, `-` for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
}

impl Import {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let text = read(&self.file)?;
        let mut accounts = Vec::new();
        let mut wrong = 0;
        let mut lines = HashMap::new();
        for (line, record) in records(&text)? {
            let read = record.and_then(account).and_then(|read| {
                match lines.insert(read.new.account.clone(), line) {
                    None => Ok(read),
                    Some(first) => Err(format!("{} stands in line {first} already", read.new.account)),
                }
            });
            match read {
                Ok(account) => accounts.push(account),
                Err(why) => {
                    wrong += 1;
                    writeln!(stderr(), "line {line}: {why}")?;
                }
            }
        }
        if wrong > 0 {
            return Err(Failure::usage(format_args!(
                "{wrong} of the records cannot be read; nothing was imported"
            )));
        }
        let config = context.config()?;
        let vault = parts::open_vault(&config).await?;
        let library = Library::load(&config.playbooks, &config.origins, false);
        for Imported { new, params } in &accounts {
            // An account that is there keeps what it gives, if nothing is given here.
            let kept = match params.is_empty() {
                true => vault.account(&new.account).await?.map(|account| account.params),
                false => None,
            };
            let kept = kept.map(|params| still_asked_for(library.as_ref().ok(), new.account.app(), params));
            let params = kept.as_ref().unwrap_or(params);
            check_params(library.as_ref().ok(), new.account.app(), params).map_err(|failure| {
                Failure::new(failure.exit(), format_args!("{}: {failure}", new.account))
            })?;
        }
        for (done, Imported { new, params }) in accounts.iter().enumerate() {
            let written = async {
                vault.add_account(new).await?;
                if !params.is_empty() {
                    vault.store().put_params(&new.account, params).await?;
                }
                Ok::<_, Failure>(())
            };
            let entry = entry("account.import", new, !params.is_empty());
            audited(vault.store().as_ref(), entry, written).await.map_err(|failure| {
                let told =
                    format_args!("{}: {failure}; {done} were imported before it", new.account).to_string();
                Failure::new(failure.exit(), told)
            })?;
        }
        writeln!(stdout(), "imported {}", accounts.len())?;
        Ok(Exit::Done)
    }
}

fn read(file: &Path) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    let read = if file == Path::new("-") {
        stdin().lock().read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.map_err(|error| Failure::environment(format_args!("{} cannot be read: {error}", file.display())))?;
    Ok(text)
}

/// What stands in a line.
#[derive(Default)]
struct Record {
    /// The fields in their order; one that is missing is empty.
    fields: [String; FIELDS.len()],
    /// What is given to the playbook's parameters, by their names.
    params: Parameters,
}

/// An account that is to be written.
#[derive(Debug)]
struct Imported {
    new: NewAccount,
    params: Parameters,
}

/// A record, or what is wrong with it.
type ReadRecord = Result<Record, String>;

/// The records with the lines that they begin on. A message never repeats a value: it may be a secret.
fn records(text: &str) -> Result<Vec<(u64, ReadRecord)>, Failure> {
    if text.trim_start().starts_with('{') {
        let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
        return Ok(lines.map(|(line, number)| (number, from_json(line))).collect());
    }
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(text.as_bytes());
    let heading =
        reader.headers().map_err(|_| Failure::usage("the heading of the CSV cannot be read"))?.clone();
    let is_param = |name: &str| name.strip_prefix(PARAM).is_some_and(|name| !name.is_empty());
    if let Some(stranger) = heading.iter().find(|name| !FIELDS.contains(name) && !is_param(name)) {
        // Without a heading, the first record's values would stand here.
        let named =
            stranger.chars().all(|c| c.is_ascii_lowercase() || c == '_') && heading.get(0) == Some("account");
        let said = if named {
            format!("`{stranger}` is no column")
        } else {
            "the first line is no heading".to_owned()
        };
        return Err(Failure::usage(format_args!("{said}: the columns are {}", FIELDS.join(", "))));
    }
    let place = FIELDS.map(|field| heading.iter().position(|name| name == field));
    let params: Vec<(String, usize)> = heading
        .iter()
        .enumerate()
        .filter_map(|(at, name)| Some((name.strip_prefix(PARAM)?.to_owned(), at)))
        .collect();
    let read = |record: Result<csv::StringRecord, csv::Error>| match record {
        Ok(record) => {
            let field = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or_default().to_owned();
            let given = params.iter().map(|(name, at)| (name.clone(), field(Some(*at))));
            let params = given.filter(|(_, value)| !value.is_empty()).collect();
            let read = Record { fields: place.map(field), params };
            (record.position().map_or(0, csv::Position::line), Ok(read))
        }
        Err(error) => {
            let line = error.position().map_or(0, csv::Position::line);
            (line, Err(format!("the record does not have {} fields, as the heading has", heading.len())))
        }
    };
    Ok(reader.records().map(read).collect())
}

fn from_json(line: &str) -> Result<Record, String> {
    let value: Value = serde_json::from_str(line)
        .map_err(|error| format!("this is not JSON, from column {} on", error.column()))?;
    let Value::Object(fields) = value else { return Err("a record is an object: {…}".to_owned()) };
    let mut record = Record::default();
    for (name, value) in fields {
        let text = match value {
            Value::String(text) => text,
            Value::Null => String::new(),
            _ => return Err(format!("`{name}` must be a text in quotes")),
        };
        if let Some(param) = name.strip_prefix(PARAM).filter(|param| !param.is_empty()) {
            if !text.is_empty() {
                record.params.insert(param.to_owned(), text);
            }
            continue;
        }
        let at = FIELDS.iter().position(|field| *field == name);
        let at = at.ok_or_else(|| format!("`{name}` is no field: the fields are {}", FIELDS.join(", ")))?;
        record.fields[at] = text;
    }
    Ok(record)
}

fn account(Record { fields, params }: Record) -> Result<Imported, String> {
    let [account, username, password, totp, mailed, texted] = fields;
    let secret = |text: String| {
        let secret = SecretString::from(text);
        redact::register(&secret);
        Some(secret).filter(|secret| !secret.expose_secret().is_empty())
    };
    let (password, totp) = (secret(password), secret(totp));
    let account: crate::job::AccountRef = account.parse().map_err(|error| format!("{error}"))?;
    let account = account.to_be_added().map_err(|error| error.to_string())?;
    if password.is_none() {
        return Err(format!("{account} has no password"));
    }
    let totp =
        totp.as_ref().map(totp_link).transpose().map_err(|error| format!("`totp` of {account}: {error}"))?;
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let mailed = given(mailed).map(|mailed| address(&mailed)).transpose();
    let mailed = mailed.map_err(|error| format!("`address` of {account}: {error}"))?;
    let texted = given(texted).map(|texted| number(&texted)).transpose();
    let texted = texted.map_err(|error| format!("`number` of {account}: {error}"))?;
    let new = NewAccount {
        username: if username.is_empty() { account.name().to_owned() } else { username },
        account,
        address: mailed,
        number: texted,
        password,
        totp,
    };
    Ok(Imported { new, params })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read_all(text: &str) -> Vec<(u64, Result<Imported, String>)> {
        records(text).unwrap().into_iter().map(|(line, record)| (line, record.and_then(account))).collect()
    }

    #[test]
    fn csv_and_json_lines_say_the_same() {
        let csv = "username,account,password,param.tenant,param.other\r\n\"al,ice\",acme/alice,\"pass \"\"word\"\" 1\",north,\r\n";
        let json = r#"{"account": "acme/alice", "username": "al,ice", "password": "pass \"word\" 1", "totp": null, "param.tenant": "north"}"#;
        for text in [csv, json] {
            let mut all = read_all(text);
            let Imported { new: account, params } = all.pop().unwrap().1.unwrap();
            assert_eq!(params.into_iter().collect::<Vec<_>>(), [("tenant".to_owned(), "north".to_owned())]);
            assert_eq!(
                (account.account.to_string().as_str(), account.username.as_str()),
                ("acme/alice", "al,ice")
            );
            assert_eq!(account.password.unwrap().expose_secret(), r#"pass "word" 1"#);
        }
    }

    #[test]
    fn messages_name_the_line_and_no_value() {
        let text = "account,username,password,totp\nacme/a,a,hunter2hunter2,not base 32!\nacme/b,b,,\nhunter3hunter3\n";
        let wrong: Vec<_> =
            read_all(text).into_iter().map(|(line, read)| (line, read.unwrap_err())).collect();
        assert_eq!(wrong.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3, 4]);
        assert!(!format!("{wrong:?}").contains("hunter"), "{wrong:?}");
        let json =
            "{\"account\": \"acme/a\", \"password\": 31337}\n{\"password\": hunter2}\n{\"pasword\": \"x\"}";
        let wrong: Vec<_> =
            read_all(json).into_iter().map(|(line, read)| (line, read.unwrap_err())).collect();
        assert_eq!(wrong.len(), 3);
        assert!(
            !format!("{wrong:?}").contains("hunter") && !format!("{wrong:?}").contains("31337"),
            "{wrong:?}"
        );
        let no_heading = records("acme/alice,alice,hunter2\n").err().unwrap().to_string();
        assert!(!no_heading.contains("hunter2"), "{no_heading}");
    }
}
