//! The module map holds: who may know whom is read from the imports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The modules that each module may know; the order is that in which data flows. A module that is not named
/// here fails the test, so that a new one is placed on purpose.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("job", &[]),
    ("credential", &[]),
    ("playbook", &["credential", "job"]),
    ("redact", &[]),
    ("telemetry", &["redact"]),
    ("config", &["playbook"]),
    ("store", &["job", "redact"]),
    ("vault", &["failpoint", "job", "redact", "store"]),
    ("queue", &["failpoint", "job", "outage", "redact", "store"]),
    ("net", &[]),
    // What attempts leave of pages, as files: no more than their names and places.
    ("evidence", &[]),
    ("inbox", &["credential", "job", "net", "outage", "redact", "store", "vault"]),
    ("audit", &["job", "queue", "redact", "store"]),
    ("answer", &["audit", "credential", "job", "store"]),
    ("reveal", &["audit", "credential", "job", "store", "vault"]),
    // It submits jobs and reads the store; it drives no browser. What it may show of a vault, that shows which writes it
    // into the audit.
    (
        "web",
        &[
            "answer", "audit", "evidence", "job", "net", "outage", "playbook", "queue", "redact", "reveal",
            "store", "traces", "words",
        ],
    ),
    ("browser", &["playbook", "process_table"]),
    // What is drafted is tried with a browser first; credentials enter by whoever calls it, so that it needs no vault.
    ("draft", &["browser", "playbook", "redact"]),
    // What steps see is recorded by whoever looks on while a flow is walked; it is tried without flow and vault.
    ("pages", &["browser", "flow", "playbook", "redact"]),
    ("mutate", &["browser", "pages", "playbook"]),
    ("failpoint", &[]),
    ("outage", &[]),
    ("words", &[]),
    ("process_table", &[]),
    (
        "flow",
        &[
            "browser",
            "credential",
            "evidence",
            "failpoint",
            "inbox",
            "job",
            "outage",
            "playbook",
            "redact",
            "store",
            "vault",
            "worker",
        ],
    ),
    ("notice", &["job", "redact", "store", "worker"]),
    ("traces", &["job", "net", "outage", "redact", "store", "worker"]),
    ("webhook", &["job", "net", "outage", "redact", "store"]),
    (
        "worker",
        &["evidence", "failpoint", "job", "outage", "process_table", "queue", "redact", "store", "vault"],
    ),
];

/// The assembly: the files of the command line that put the parts together, and what only they may know.
const ASSEMBLY: &[&str] = &[
    "cli/runtime.rs",
    "cli/sources.rs",
    "cli/doctor.rs",
    "cli/bench.rs",
    "cli/inbox/extract.rs",
    "cli/inbox/serve.rs",
    "cli/inbox/watch.rs",
    "cli/account/mod.rs",
    "cli/playbook/canary/round.rs",
    "cli/playbook/mutate.rs",
    "cli/playbook/new.rs",
    "cli/playbook/run.rs",
    "cli/playbook/watch/console.rs",
    "cli/playbook/test.rs",
];
const ASSEMBLY_ONLY: &[&str] = &["browser", "flow", "inbox"];

/// Crates that do I/O or know the process around them; the pure modules import none of them.
const IO: &[&str] = &[
    "std::fs",
    "std::net",
    "std::process",
    "std::env",
    "std::io::stdin",
    "std::thread",
    "tokio",
    "sqlx",
    "rustix",
    "command_fds",
    "rpassword",
    "indicatif",
];
const PURE: &[&str] = &["job", "playbook", "credential"];

#[test]
fn modules_know_only_whom_they_may() {
    let allowed: BTreeMap<_, BTreeSet<_>> =
        MAY_KNOW.iter().map(|(module, known)| (*module, known.iter().copied().collect())).collect();
    let mut wrong = Vec::new();
    for source in sources() {
        let module = source.module.as_str();
        if matches!(module, "cli" | "lib" | "main") {
            continue;
        }
        let Some(allowed) = allowed.get(module) else {
            wrong.push(format!("{}: the module `{module}` has no place in MAY_KNOW", source.name));
            continue;
        };
        for known in source.knows().filter(|known| known != module && !allowed.contains(known.as_str())) {
            wrong.push(format!("{}: `{module}` may not know `{known}`", source.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_assembly_knows_what_drives_a_browser() {
    for source in sources() {
        if source.module != "cli" || ASSEMBLY.contains(&source.name.as_str()) {
            continue;
        }
        for known in source.knows() {
            assert!(!ASSEMBLY_ONLY.contains(&known.as_str()), "{} may not know `{known}`", source.name);
        }
    }
}

#[test]
fn only_flow_uses_browser_inbox_and_vault_together() {
    let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources() {
        uses.entry(source.module.clone()).or_default().extend(source.knows());
    }
    let together = ["browser", "inbox", "vault"];
    for (module, known) in uses {
        let all = together.iter().all(|part| known.contains(*part));
        assert!(!all || module == "flow" || module == "cli", "`{module}` uses {together:?} together");
    }
}

#[test]
fn pure_modules_do_no_io() {
    for source in sources().filter(|source| PURE.contains(&source.module.as_str())) {
        for io in IO {
            assert!(!source.code.contains(&format!("{io}::")), "{} uses `{io}`", source.name);
        }
    }
}

#[test]
fn the_environment_is_read_in_one_place() {
    for source in sources().filter(|source| source.name != "config/environment.rs") {
        for read in ["env::var", "env::vars", "env::current_dir", "env::home_dir", "env::temp_dir"] {
            assert!(!source.code.contains(read), "{} reads the environment: {read}", source.name);
        }
    }
}

struct Source {
    /// The path below `src`.
    name: String,
    /// The top module.
    module: String,
    /// The text without comments and without its unit tests.
    code: String,
}

impl Source {
    /// The top modules of this crate that the text names.
    fn knows(&self) -> impl Iterator<Item = String> + '_ {
        let names = |rest: &str| -> Vec<String> {
            // Either one name, or a group in braces: `crate::{job::Job, store::Store}`.
            match rest.strip_prefix('{') {
                Some(group) => top_names(group),
                None => vec![first_name(rest)],
            }
        };
        self.code.split("crate::").skip(1).flat_map(names).filter(|name| !name.is_empty())
    }
}

fn first_name(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect()
}

/// The first names of the parts of a group, nested groups passed over.
fn top_names(group: &str) -> Vec<String> {
    let (mut names, mut depth, mut part) = (Vec::new(), 0, String::new());
    for c in group.chars() {
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(first_name(std::mem::take(&mut part).trim())),
            _ if depth == 0 => part.push(c),
            _ => {}
        }
    }
    names.push(first_name(part.trim()));
    names
}

fn sources() -> impl Iterator<Item = Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 20, "the sources were not found below {}", root.display());
    files.into_iter().map(move |path| {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        let module = name.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]\n").next().unwrap();
        let code = text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
        Source { name, module, code }
    })
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn groups_of_imports_are_read() {
    let code = "use crate::{job::{Job, Kind}, store::Store};\nuse crate::vault::Vault;".to_owned();
    let source = Source { name: String::new(), module: String::new(), code };
    assert_eq!(source.knows().collect::<Vec<_>>(), ["job", "store", "vault"]);
}
