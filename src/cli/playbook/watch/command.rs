/// What may be said at the prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Nothing: an empty line.
    Empty,
    Retry,
    Skip,
    Edit,
    /// Try a locator.
    Try(String),
    /// Save evidence.
    Keep,
    Help,
    Quit,
    Unknown(String),
}

impl Command {
    pub fn parse(line: &str) -> Self {
        let line = line.trim();
        match line {
            "" => Self::Empty,
            "r" | "retry" => Self::Retry,
            "s" | "skip" => Self::Skip,
            "e" | "edit" => Self::Edit,
            "p" => Self::Keep,
            "h" | "help" => Self::Help,
            "q" | "quit" => Self::Quit,
            _ => match line.strip_prefix('?') {
                Some(locator) if !locator.trim().is_empty() => Self::Try(locator.trim().to_owned()),
                Some(_) => Self::Help,
                None => Self::Unknown(line.to_owned()),
            },
        }
    }
}

/// What `h` says.
pub const HELP: &str = "  r          try the step again
  s          skip it, as if it had been done
  e          edit the playbook, and go on from this step
  ? LOCATOR  what a locator finds now: ? role=button name=Save, or as in the playbook:
             ? { role: button, name: Save, within: { role: dialog } }
  p          save a screenshot and a page snapshot
  q          quit";

#[cfg(test)]
mod tests {
    use super::{Command, HELP};

    #[test]
    fn help_is_indented_as_one() {
        assert!(HELP.lines().all(|line| line.starts_with("  ")), "{HELP}");
    }

    #[test]
    fn what_is_said_is_understood() {
        let said = ["r", " s ", "e", "p", "h", "?", "q", "", "? text=A", "?{ text: A }", "x"];
        let understood = said.map(Command::parse);
        let tried = |locator: &str| Command::Try(locator.to_owned());
        assert_eq!(
            understood,
            [
                Command::Retry,
                Command::Skip,
                Command::Edit,
                Command::Keep,
                Command::Help,
                Command::Help,
                Command::Quit,
                Command::Empty,
                tried("text=A"),
                tried("{ text: A }"),
                Command::Unknown("x".to_owned()),
            ]
        );
    }
}
