//! Accounts and jobs, as people give them.

use super::*;

#[test]
fn an_account_is_added_shown_changed_and_removed() {
    let home = with_alice();
    let shown = home.call(&["account", "show", "acme/alice"]).ends(0).out;
    for part in ["alice@example.test", "alice@codes.test", "password", "totp", "current", "its owner"] {
        assert!(shown.contains(part), "`{part}` is not in:\n{shown}");
    }
    // What is not named stays; a password that is replaced is kept as the previous one.
    home.call_with(&["account", "add", "acme/alice", "--password-file", "-"], "Another-Pass-9", &[]).ends(0);
    let shown = home.call(&["account", "show", "acme/alice", "--json"]).ends(0).out;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["username"], "alice@example.test");
    let states: Vec<_> = shown["credentials"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["kind"] == "password")
        .map(|row| row["state"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(states, ["current", "previous"]);

    home.call(&["account", "remove", "acme/alice"]).ends(2).complains("--yes");
    home.call(&["account", "remove", "acme/alice", "--yes"]).ends(0);
    home.call(&["account", "show", "acme/alice"]).ends(2).complains("there is no account acme/alice");
    home.call(&["account", "remove", "acme/alice", "--yes"]).ends(2);
}

#[test]
fn no_command_shows_a_secret() {
    let home = with_alice();
    for arguments in [
        &["account", "show", "acme/alice"] as &[&str],
        &["account", "show", "acme/alice", "--json"],
        &["account", "list", "--json", "-vvv"],
        &["log", "--json"],
        &["submit", "verify-login", "--account", "acme/alice", "--json", "-vvv"],
    ] {
        let said = home.call(arguments).ends(0);
        for secret in [PASSWORD, "JBSWY3DP"] {
            assert!(
                !said.out.contains(secret) && !said.err.contains(secret),
                "{arguments:?}: {}{}",
                said.out,
                said.err
            );
        }
    }
    for file in ["turnlock.db", "turnlock.db-wal"] {
        let path = home.path().join(".local/share/turnlock").join(file);
        let bytes = std::fs::read(path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(PASSWORD) && !text.contains("JBSWY3DP"), "{file} holds a secret in the clear");
    }
}

#[test]
fn a_secret_is_never_taken_from_an_argument() {
    let home = Home::new();
    let equals = format!("--password={PASSWORD}");
    for arguments in [&["--password", PASSWORD] as &[&str], &[&equals], &["--totp", PASSWORD], &[PASSWORD]] {
        let call = [&["account", "add", "acme/alice"], arguments].concat();
        let said = home.call(&call).ends(2).complains("not read from the command line");
        assert!(!said.err.contains(PASSWORD), "{}", said.err);
    }
    home.call(&["account", "add", "acme/alice"]).ends(2).complains("--password-file");
    home.call(&["account", "add", "acme/alice", "--password-file", "-", "--totp-file", "-"])
        .ends(2)
        .complains("one secret");
    home.call(&["account", "add", "acme/alice", "--password-file", "-"]).ends(2).complains("is empty");
    home.call(&["account", "add", "alice", "--password-file", "-"]).ends(2).complains("app/name");
}

#[test]
fn what_an_account_gives_to_a_parameter_is_held_to_its_playbook() {
    let home = Home::new();
    std::fs::create_dir(home.path().join("playbooks")).unwrap();
    let playbook = "app: shop\ntitle: Shop\nextends: django-allauth\nparams:\n  tenant: { description: The customer, example: acme }\n\
                    origins: { app: \"https://${tenant}.shop.example\" }\n";
    std::fs::write(home.path().join("playbooks/shop.yaml"), playbook).unwrap();
    home.call(&["playbook", "check"]).ends(0);
    assert!(home.call(&["playbook", "list"]).ends(0).out.contains("family django-allauth"));
    let add = |more: &[&str]| {
        let call = [&["account", "add", "shop/alice", "--password-file", "-"], more].concat();
        home.call_with(&call, PASSWORD, &[])
    };
    add(&["--param", "tenant=evil.example/"]).ends(2).complains("not of the form");
    add(&["--param", "tennant=acme"]).ends(2).complains("it has tenant");
    add(&["--param", "tenant"]).ends(2).complains("NAME=VALUE");
    home.call(&["account", "show", "shop/alice"]).ends(2);
    add(&[]).ends(2).complains("no value for `tenant`");
    home.call(&["account", "show", "shop/alice"]).ends(2);
    let csv = "account,password\nshop/alice,Pass-Word-1\n";
    home.call_with(&["account", "import"], csv, &[]).ends(2).complains("shop/alice: ").complains("`tenant`");
    add(&["--param", "tenant=globex"]).ends(0);
    // What the playbook asks for no more is no hindrance, and goes.
    let shop = home.path().join("playbooks/shop.yaml");
    std::fs::write(&shop, playbook.replace("tenant", "customer")).unwrap();
    add(&[]).ends(0).complains("no value for `customer`");
    add(&["--param", "customer=globex"]).ends(0);
    assert!(!home.call(&["account", "show", "shop/alice"]).ends(0).out.contains("tenant"));
    std::fs::write(&shop, playbook).unwrap();
    add(&["--param", "tenant=globex"]).ends(0);
    // What it gives, it keeps.
    add(&[]).ends(0);
    home.call_with(&["account", "import"], csv, &[]).ends(0);
    assert!(home.call(&["account", "show", "shop/alice"]).ends(0).out.contains("tenant=globex"));
}

/// A family is checked by itself, where it stands.
#[test]
fn a_family_beside_the_playbooks_is_one_that_they_extend() {
    let home = Home::new();
    std::fs::create_dir_all(home.path().join("playbooks/families")).unwrap();
    let flow = GOOD.split_once("flows:").unwrap().1;
    std::fs::write(home.path().join("playbooks/families/mine.yaml"), format!("flows:{flow}")).unwrap();
    let playbook = "app: shop\ntitle: Shop\nextends: mine\norigins: { app: https://shop.example }\n";
    std::fs::write(home.path().join("playbooks/shop.yaml"), playbook).unwrap();
    home.call(&["playbook", "check", "playbooks", "playbooks/families/mine.yaml"]).ends(0);
    std::fs::write(home.path().join("playbooks/families/mine.yaml"), "flows:\n  login:\n    - fil: x\n")
        .unwrap();
    for file in ["playbooks/shop.yaml", "playbooks/families/mine.yaml"] {
        home.call(&["playbook", "check", file]).ends(4).complains("families/mine.yaml:3:7");
    }
}

#[test]
fn a_code_is_given_once() {
    let home = with_alice();
    let first = home.call(&["account", "code", "acme/alice"]).ends(0).complains("good for");
    assert!(
        first.out.trim().len() == 6 && first.out.trim().chars().all(|c| c.is_ascii_digit()),
        "{}",
        first.out
    );
    home.call_with(&["account", "add", "acme/bob", "--password-file", "-"], PASSWORD, &[]).ends(0);
    home.call(&["account", "code", "acme/bob"]).ends(2).complains("no TOTP secret");
    home.call(&["account", "code", "acme/eve"]).ends(2).complains("there is no account");
}

#[test]
fn accounts_are_imported_all_or_none() {
    let home = Home::new();
    let good = "account,username,password\nacme/a,a,Pass-Word-1\nacme/b,b,Pass-Word-2\n";
    let bad = format!("{good}acme/,c,Pass-Word-3\nacme/d,d,\n");
    let said =
        home.call_with(&["account", "import"], &bad, &[]).ends(2).complains("line 4:").complains("line 5:");
    assert!(!said.err.contains("Pass-Word"), "{}", said.err);
    assert!(home.call(&["account", "list", "--json"]).ends(0).out.is_empty());
    home.call_with(&["account", "import", "-"], good, &[]).ends(0);
    assert_eq!(home.call(&["account", "list", "--json"]).ends(0).out.lines().count(), 2);
}

#[test]
fn an_app_without_a_playbook_is_noticed_before_anything_is_changed() {
    let home = with_alice();
    std::fs::create_dir(home.path().join("playbooks")).unwrap();
    std::fs::write(home.path().join("playbooks/good.yaml"), GOOD).unwrap();
    let about = "there is no playbook for the app `nope`: the apps are good";
    let added =
        home.call_with(&["account", "add", "nope/carol", "--password-file", "-"], PASSWORD, &[]).ends(0);
    assert_eq!(
        added.err,
        "note: no playbook describes `nope` yet: `turnlock playbook new URL --app nope` drafts one\n"
    );
    // Nor is one of use that cannot be read.
    std::fs::write(home.path().join("playbooks/bad.yaml"), b"app: bad\ntitle: Caf\xe9\n").unwrap();
    home.call_with(&["account", "add", "bad/carol", "--password-file", "-", "--param", "a=b"], PASSWORD, &[])
        .ends(0)
        .complains(
            "note: the playbook of `bad` cannot be used, so what the account gives to its parameters is not",
        );
    home.call(&["playbook", "check", "playbooks/bad.yaml"])
        .ends(3)
        .complains("not UTF-8 from line 2 on, and seems to be Windows-1252")
        .complains("iconv -f WINDOWS-1252 -t UTF-8 playbooks/bad.yaml");
    let wide: Vec<u8> = "\u{feff}app: bad\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(home.path().join("playbooks/bad.yaml"), wide).unwrap();
    home.call(&["playbook", "check", "playbooks/bad.yaml"])
        .ends(3)
        .complains("seems to be UTF-16. Save it as UTF-8");
    std::fs::remove_file(home.path().join("playbooks/bad.yaml")).unwrap();
    home.call(&["submit", "verify_login", "--account", "nope/carol"]).ends(2).complains(about);
    home.call(&["run", "verify_login", "--account", "nope/carol"]).ends(2).complains(about);
    assert_eq!(home.call(&["log"]).ends(0).out, "no attempts\n");
    // Without any playbook here the worker may have them elsewhere.
    std::fs::remove_dir_all(home.path().join("playbooks")).unwrap();
    home.call(&["submit", "verify_login", "--account", "nope/carol"]).ends(0);
}

#[test]
fn what_is_no_mail_address_is_refused() {
    let home = Home::new();
    for bad in ["nonsense", "@codes.test", "alice@", "al ice@codes.test", "<alice@codes.test>", "a@b@c"] {
        home.call_with(
            &["account", "add", "acme/alice", "--address", bad, "--password-file", "-"],
            PASSWORD,
            &[],
        )
        .ends(2)
        .complains("local@domain");
    }
    let csv = "account,password,address\nacme/a,Pass-Word-1,nonsense\n";
    home.call_with(&["account", "import"], csv, &[]).ends(2).complains("line 2:").complains("local@domain");
    assert!(home.call(&["account", "list", "--json"]).ends(0).out.is_empty());
}

#[test]
fn an_account_that_is_imported_twice_is_told_by_its_lines() {
    let home = Home::new();
    let csv = "account,password\nacme/a,Pass-Word-1\nacme/b,Pass-Word-2\nacme/a,Pass-Word-3\n";
    home.call_with(&["account", "import"], csv, &[])
        .ends(2)
        .complains("line 4: acme/a stands in line 2 already");
    assert!(home.call(&["account", "list", "--json"]).ends(0).out.is_empty());
}

#[test]
fn a_job_is_submitted_once_under_one_id() {
    let home = with_alice();
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let submit = ["submit", "verify-login", "--account", "acme/alice", "--id", id, "--json"];
    for new in [true, false] {
        let line: serde_json::Value = serde_json::from_str(&home.call(&submit).ends(0).out).unwrap();
        assert_eq!((line["job"].as_str(), line["new"].as_bool()), (Some(id), Some(new)));
    }
    home.call(&["submit", "enrol-mfa", "--account", "acme/alice", "--id", id])
        .ends(2)
        .complains("submitted before");
    home.call(&["submit", "fly", "--account", "acme/alice"]).ends(2).complains("is not a kind of job");
    home.call(&["submit", "verify-login", "--account", "acme/eve"])
        .ends(2)
        .complains("there is no account acme/eve");
    home.call(&["log", "--job", id]).ends(2).complains("no attempt");
    home.call(&["log", "--failed", "--outcome", "rejected"]).ends(2).complains("cannot be used with");
    home.call(&["log", "--outcome", "rejected,lost"]).ends(2).complains("lost");
    home.call(&["log", "--since", "yesterday"]).ends(2).complains("is not a time");
    // It waits; whoever is at the shell asked for it, whatever the environment says.
    let list = |filter: &[&str]| home.call(&[&["job", "list"], filter].concat()).ends(0).out;
    let line: serde_json::Value = serde_json::from_str(&list(&["--state", "queued", "--json"])).unwrap();
    assert_eq!((line["job"].as_str(), line["waits"].as_str()), (Some(id), Some("due")));
    let asker = line["requested_by"].as_str().unwrap();
    assert!(asker.starts_with("shell:"), "{line}");
    let shown = list(&["--requested-by", asker, "--app", "acme"]);
    assert!(
        shown.contains("a8057") && shown.contains("due since") && shown.contains("acme/alice"),
        "{shown}"
    );
    assert_eq!(list(&["--failed"]), "no jobs\n");
    home.call(&["job", "list", "--state", "lost"]).ends(2).complains("is no state of a job");
    home.call(&["job", "retry", "b302099a8057"]).ends(1).complains("has not ended");
    home.call(&["cancel", id]).ends(0);
    let line: serde_json::Value =
        serde_json::from_str(&home.call(&["job", "retry", id, "--json"]).ends(0).out).unwrap();
    assert_eq!(line["retry_of"].as_str(), Some(id));
    let audit = home.call(&["audit"]).ends(0).out;
    assert!(audit.contains("job.retry"), "{audit}");
    let listed = list(&["--json"]);
    assert!(listed.lines().count() == 2 && listed.contains(line["job"].as_str().unwrap()), "{listed}");
}
