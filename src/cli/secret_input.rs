//! How secrets come in: from a prompt, a file or standard input; never from an argument, where every process
//! of the machine could read them.

use std::io::{IsTerminal, Read, Write, stderr, stdin};
use std::path::Path;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::SecretString;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use super::Failure;
use super::stops::Stops;
use crate::redact;

/// The most that a secret's file may hold, in bytes.
const MOST: u64 = 64 * 1024;

/// What a shell reports of a process that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// The secret in a file, `-` for standard input. The line break at its end is not part of it.
///
/// # Errors
/// If it cannot be read, is not UTF-8 or is empty.
pub fn from_file(path: &Path, what: &str) -> Result<SecretString, Failure> {
    let mut text = Zeroizing::new(String::new());
    let dash = path == Path::new("-");
    let read = if dash {
        stdin().lock().take(MOST).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MOST).read_to_string(&mut text))
    };
    let place = if dash { "standard input".to_owned() } else { path.display().to_string() };
    read.map_err(|error| Failure::environment(format_args!("{what} cannot be read from {place}: {error}")))?;
    known(&text, || format!("{place} is empty: {what} was expected there"))
}

/// The secret that the person at the terminal types, unseen and once; where there is no terminal, what standard input says.
///
/// # Errors
/// If it cannot be read, or is empty.
pub fn from_prompt_or_stdin(what: &str) -> Result<SecretString, Failure> {
    if !stdin().is_terminal() {
        return from_file(Path::new("-"), what);
    }
    let echo = EchoGuard::new()?;
    let typed = ask(&format!("Enter {what}: "), what)?;
    drop(echo);
    known(&typed, || format!("{what} is empty; nothing was changed"))
}

fn ask(prompt: &str, what: &str) -> Result<Zeroizing<String>, Failure> {
    rpassword::prompt_password(prompt)
        .map(Zeroizing::new)
        .map_err(|error| Failure::environment(format_args!("{what} cannot be asked for: {error}")))
}

/// The secret that the person at the terminal types, unseen and twice.
///
/// # Errors
/// If there is no terminal, or the two differ.
pub fn from_prompt(what: &str, instead: &str) -> Result<SecretString, Failure> {
    if !stdin().is_terminal() {
        let hint = format_args!(
            "there is no terminal to ask for {what}: give it with {instead} (`-` is standard input)"
        );
        return Err(Failure::usage(hint));
    }
    let echo = EchoGuard::new()?;
    let first = ask(&format!("Enter {what}: "), what)?;
    let again = ask("The same again: ", what)?;
    drop(echo);
    if *again != *first {
        return Err(Failure::usage("the two differ; nothing was changed"));
    }
    known(&first, || format!("{what} is empty; nothing was changed"))
}

/// While it lives, the terminal shows nothing of what is typed, also before it is asked for: `rpassword` sees to that only behind its
/// prompt. Ctrl-C and SIGTERM give the echo back before they end the process: a prompt that dies in the middle would leave a shell
/// that shows nothing either.
struct EchoGuard {
    before: Option<Termios>,
    stopped: JoinHandle<()>,
}

impl EchoGuard {
    fn new() -> Result<Self, Failure> {
        let mut stops = Stops::new()?;
        let before = tcgetattr(stdin()).ok();
        // The prompt blocks its own thread; the runtime has others.
        let at_end = before.clone();
        let stopped = tokio::spawn(async move {
            stops.next().await;
            set_modes(at_end.as_ref());
            let _ = writeln!(stderr(), "\nturnlock: nothing was changed");
            std::process::exit(INTERRUPTED);
        });
        if let Some(mut quiet) = before.clone() {
            quiet.local_modes.remove(LocalModes::ECHO);
            set_modes(Some(&quiet));
        }
        Ok(Self { before, stopped })
    }
}

impl Drop for EchoGuard {
    fn drop(&mut self) {
        self.stopped.abort();
        set_modes(self.before.as_ref());
    }
}

fn set_modes(modes: Option<&Termios>) {
    if let Some(modes) = modes {
        // If even this fails there is nothing better to do than to go on.
        let _ = tcsetattr(stdin(), OptionalActions::Now, modes);
    }
}

/// What to say instead of clap's message where a secret seems to stand on the command line: clap would repeat it.
pub fn refusal(error: &clap::Error) -> Option<String> {
    use clap::error::{ContextKind, ErrorKind};
    let stray = matches!(error.kind(), ErrorKind::UnknownArgument | ErrorKind::TooManyValues);
    if !stray {
        return None;
    }
    let said = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
    let answering = said.contains("job answer");
    if !said.contains("account add") && !answering {
        return None;
    }
    let argument = error.get(ContextKind::InvalidArg).map(ToString::to_string).unwrap_or_default();
    let option = argument.split('=').next().filter(|option| option.starts_with("--"));
    let what = option.map_or("an argument is one too many".to_owned(), |option| {
        format!("{option} is not understood here")
    });
    if answering {
        return Some(format!(
            "{what}. Codes are not read from the command line, where every process of the machine could read them: let the \
             code be asked for, or give it on standard input. See `turnlock job answer --help`"
        ));
    }
    Some(format!(
        "{what}. Secrets are not read from the command line, where every process of the machine could read them: use \
         --password-file and --totp-file (`-` is standard input), or let the password be asked for. See \
         `turnlock account add --help`"
    ))
}

/// Registers the secret, so that it is masked from here on.
fn known(text: &str, empty: impl Fn() -> String) -> Result<SecretString, Failure> {
    let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    if text.trim().is_empty() {
        return Err(Failure::usage(empty()));
    }
    let secret = SecretString::from(text);
    redact::register(&secret);
    Ok(secret)
}
