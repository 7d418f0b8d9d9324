//! How secrets come in: from a prompt, a file or standard input; never from an argument, where every process
//! of the machine could read them.

use std::io::{IsTerminal, Read, stdin};
use std::path::Path;

use secrecy::SecretString;
use zeroize::Zeroizing;

use super::Failure;
use crate::redact;

/// The most that a secret's file may hold, in bytes.
const MOST: u64 = 64 * 1024;

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
    let ask = |prompt: String| {
        rpassword::prompt_password(prompt)
            .map(Zeroizing::new)
            .map_err(|error| Failure::environment(format_args!("{what} cannot be asked for: {error}")))
    };
    let first = ask(format!("Enter {what}: "))?;
    if *ask("The same again: ".to_owned())? != *first {
        return Err(Failure::usage("the two differ; nothing was changed"));
    }
    known(&first, || format!("{what} is empty; nothing was changed"))
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
