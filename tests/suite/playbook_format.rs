//! `turnlock playbook fmt`: one way to write a playbook, which says what it said before and keeps its comments.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use turnlock::playbook::{Formatted, OriginOverrides, Unformatted, format, parse};

fn playbooks(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}

fn comments(source: &str) -> Vec<&str> {
    let mut comments: Vec<_> =
        source.lines().filter_map(|line| line.find("# ").map(|at| line[at..].trim_end())).collect();
    comments.sort_unstable();
    comments
}

/// What a playbook says, whatever lines it says it on: every step in words.
fn said(source: &str) -> Option<Vec<String>> {
    let playbook = parse("a", source, &OriginOverrides::new()).ok()?;
    let mut said = vec![format!("{:?} {:?} {:?}", playbook.origins, playbook.password, playbook.mfa)];
    said.extend(
        playbook
            .flows
            .iter()
            .flat_map(|flow| flow.steps.iter().map(|step| format!("{} {}", step.id, step.summary()))),
    );
    Some(said)
}

fn text_of(name: &str, source: &str) -> Result<String, Unformatted> {
    format(name, source).map(|formatted| formatted.text)
}

#[track_caller]
fn holds(name: &str, source: &str) -> Option<String> {
    let formatted = match text_of(name, source) {
        Ok(formatted) => formatted,
        Err(Unformatted::Changed(_)) => panic!("{name} would say something else:\n{source}"),
        Err(_) => return None,
    };
    assert_eq!(text_of(name, &formatted).unwrap(), formatted, "{name} is formatted twice");
    assert_eq!(comments(&formatted), comments(source), "{name}:\n{formatted}");
    assert_eq!(said(&formatted), said(source), "{name}");
    Some(formatted)
}

#[test]
fn every_playbook_keeps_its_meaning_and_its_comments() {
    let mut formatted = 0;
    for folder in ["playbooks", "tests/playbooks", "tests/golden/playbook"] {
        for path in playbooks(folder) {
            let source = fs::read_to_string(&path).unwrap();
            formatted += usize::from(holds(&path.display().to_string(), &source).is_some());
        }
    }
    assert!(formatted > 60, "only {formatted} were formatted");
}

#[test]
fn the_bundled_playbooks_are_formatted() {
    for folder in ["playbooks", "tests/playbooks"] {
        for path in playbooks(folder) {
            let source = fs::read_to_string(&path).unwrap();
            let formatted = text_of("it", &source).unwrap();
            if std::env::var_os("UPDATE").is_some() {
                fs::write(&path, formatted).unwrap();
                continue;
            }
            assert_eq!(formatted, source, "turnlock playbook fmt {}", path.display());
        }
    }
}

#[test]
fn keys_indentation_and_quotes_are_put_in_order() {
    let source = "\
# the app
title:   Acme
app: 'acme'   # its name
flows:
      logout:
      - click: {name: \"Sign out\", role: button}
      - expect: {signed_out: {text: 'Bye: now'}}   # at last
      login:
      # first of all
      -   open:    /login

      - fill:
          with: username
          into: {css: 'input[name=\"user\"]', timeout: 5s}
      - {click: {role: button,
                 name: Sign in}}
      - expect:
           bad_credentials: {text: [Wrong, \"No such user\"]}
           signed_in: {text: Hello}
           # nothing else is known
origins: {app: \"https://acme.example\"}
# the end
";
    let expected = "\
# the app
app: acme # its name
title: Acme
origins: { app: https://acme.example }
flows:
  login:
    # first of all
    - open: /login

    - fill:
        into: { css: 'input[name=\"user\"]', timeout: 5s }
        with: username
    - click: { role: button, name: Sign in }
    - expect:
        bad_credentials: { text: [Wrong, No such user] }
        signed_in: { text: Hello }
        # nothing else is known
  logout:
    - click: { role: button, name: Sign out }
    - expect: { signed_out: { text: \"Bye: now\" } } # at last
# the end
";
    assert_eq!(holds("acme.yaml", source).unwrap(), expected);
}

#[test]
fn what_is_repeated_stays_above_what_repeats_it() {
    let source = "flows:\n  login:\n    - click: &next { name: Next, role: button }\n    - click: *next\n    - see: &a\n        text: x\napp: acme\n";
    let Formatted { text: formatted, out_of_order } = format("acme.yaml", source).unwrap();
    assert!(out_of_order && formatted.starts_with("flows:"), "{formatted}");
    assert!(formatted.contains("- click: &next { name: Next, role: button }\n    - click: *next\n    - see: &a\n        text: x\n"), "{formatted}");
}

#[test]
fn what_cannot_be_read_is_answered_by_its_place() {
    let error = format("acme.yaml", "app: [").unwrap_err().to_string();
    assert!(error.contains("acme.yaml:"), "{error}");
    let error = format("acme.yaml", "app: acme\ntitle: !shout Acme\n").unwrap_err().to_string();
    assert!(error.contains("acme.yaml:2: a tag"), "{error}");
}

#[test]
fn the_mark_of_a_document_is_read_and_left_out() {
    let source = "# yaml-language-server: $schema=playbook.schema.json\n---\ntitle: Acme\napp: acme\n";
    let expected = "# yaml-language-server: $schema=playbook.schema.json\napp: acme\ntitle: Acme\n";
    assert_eq!(holds("acme.yaml", source).unwrap(), expected);
    assert_eq!(holds("acme.yaml", "--- # a draft\n\napp: acme\n").unwrap(), "# a draft\n\napp: acme\n");
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/acme.yaml");
    let bundled = fs::read_to_string(bundled).unwrap();
    let marked = format!("---\n{bundled}");
    assert_eq!(holds("acme.yaml", &marked).unwrap(), bundled);
    assert!(said(&marked).is_some(), "it is no playbook to `check` and `run`");
    let error = format("acme.yaml", "%YAML 1.2\n---\napp: acme\n").unwrap_err().to_string();
    assert!(error.contains("acme.yaml:") && error.contains("a directive"), "{error}");
}

/// A comment, an empty line or another indentation put somewhere between the lines of a good playbook.
fn disturbed() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("# a remark".to_owned()),
        Just("            # a deep remark".to_owned()),
        Just("    # a remark within".to_owned()),
        Just(String::new()),
        Just("      ".to_owned()),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), piece), 1..12).prop_map(|changes| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/acme.yaml");
        let source = fs::read_to_string(path).unwrap();
        let mut lines: Vec<_> = source.lines().map(str::to_owned).collect();
        for (at, piece) in changes {
            lines.insert(at.index(lines.len() + 1), piece);
        }
        lines.join("\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn remarks_and_empty_lines_anywhere_are_kept(source in disturbed()) {
        holds("acme.yaml", &source);
    }
}

#[test]
fn the_command_writes_or_only_tells() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("acme.yaml");
    fs::write(&file, "title: Acme   # its name\napp: acme\n").unwrap();
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_turnlock"));
        let output =
            command.args(["playbook", "fmt"]).args(arguments).arg(&file).current_dir(folder.path()).output();
        let output = output.unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = run(&["--check"]);
    assert!(code == 1 && said.contains("acme.yaml: would be written otherwise"), "{code} {said}");
    assert!(fs::read_to_string(&file).unwrap().starts_with("title:"));
    assert_eq!(run(&[]).0, 0);
    assert_eq!(fs::read_to_string(&file).unwrap(), "app: acme\ntitle: Acme # its name\n");
    assert_eq!(run(&["--check"]), (0, String::new()));
    fs::write(&file, "app: [").unwrap();
    assert_eq!(run(&[]).0, 4);
    // What a link leads to is written, and the link stays.
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("shared.yaml");
    fs::write(&target, "title: Acme\napp: acme\n").unwrap();
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink(&target, &file).unwrap();
    assert_eq!(run(&[]).0, 0);
    assert_eq!(fs::read_to_string(&target).unwrap(), "app: acme\ntitle: Acme\n");
    assert!(file.is_symlink());
}

#[test]
fn standard_input_comes_out_formatted() {
    let run = |arguments: &[&str], input: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_turnlock"));
        let streams = command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let streams = streams.stderr(std::process::Stdio::piped());
        let mut child = streams.args(["playbook", "fmt"]).args(arguments).arg("-").spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        let done = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
    };
    const SOURCE: &str = "title: Acme   # its name\napp: acme\n";
    const FORMATTED: &str = "app: acme\ntitle: Acme # its name\n";
    assert_eq!(run(&[], SOURCE), (0, FORMATTED.to_owned(), String::new()));
    assert_eq!(run(&["--check"], FORMATTED), (0, String::new(), String::new()));
    assert_eq!(run(&["--check"], SOURCE).0, 1);
    let (code, out, said) = run(&[], "app: [");
    assert!(code == 4 && out.is_empty() && said.contains("standard input:1"), "{code} {out} {said}");
    assert_eq!(run(&["other.yaml"], SOURCE).0, 2);
    // Where an anchor keeps the order of the keys, that is said; and only there.
    let unordered = "title: &acme Acme\napp: *acme\n";
    let (code, out, said) = run(&[], unordered);
    assert_eq!((code, out.as_str()), (0, unordered));
    assert!(said.contains("note: standard input: the keys keep the order that they have"), "{said}");
    let ordered = "app: &acme acme\ntitle: *acme\n";
    assert_eq!(run(&[], ordered), (0, ordered.to_owned(), String::new()));
}

/// A comment within brackets goes with the item that it stood behind, and an empty line before the last comment stays.
#[test]
fn what_was_formatted_once_is_not_formatted_again() {
    let source = "\
app: acme
title: Acme
origins: { app: https://acme.example }
flows:
  login:
    - open: /
    - fill: { into: [ {label: Email}, # mail
        {label: User, exact: true}, # user
        {autocomplete: username} ], with: username }
    - fill: { into: { label: Password }, with: password }
    - expect: { signed_in: { text: Hello }, bad_credentials: { text: Wrong } }

  # change_password: where?

  # ? enrol_mfa: where?
";
    let formatted = holds("it", source).unwrap();
    assert!(formatted.contains("          # mail\n          - label: Email\n"), "{formatted}");
    assert!(formatted.contains("          - { label: User, exact: true } # user\n"), "{formatted}");
    assert!(
        formatted.ends_with("\n\n  # change_password: where?\n\n  # ? enrol_mfa: where?\n"),
        "{formatted}"
    );
}
