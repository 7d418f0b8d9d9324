//! Promise 2: no secret leaves the vault but into the app; the database holds ciphertext. And what is sealed
//! opens only where it belongs.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, Executor, Row, SqliteConnection};
use turnlock::job::AccountRef;
use turnlock::store::{CandidateKind, SqliteStore, Store, StoreError, WorkerId};
use turnlock::vault::{Credentials, Held, KeyError, KeyOrigin, MasterKey, NewAccount, Vault, VaultError};
use uuid::Uuid;

const PASSWORD: &str = "correct horse battery staple";
const TOTP: &str = "otpauth://totp/Acme:alice?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Acme";
const CODES: &str = "1111-aaaa\n2222-bbbb\n3333-cccc";
const NEXT: &str = "Tr0ub4dor-and-3-more-words";

#[tokio::test]
async fn credentials_go_through_their_lives() {
    let home = Home::new();
    let vault = home.vault().await;
    let alice = add(&vault, "acme/alice").await;
    assert_eq!(vault.accounts(None).await.unwrap().len(), 1);
    assert_eq!(vault.account(&alice).await.unwrap().unwrap().username, "alice");
    let held = vault.credentials(&alice).await.unwrap();
    assert_eq!(text(&held.password), Some(PASSWORD));
    assert!(held.totp.is_none() && held.pending_password.is_none() && held.previous_passwords.is_empty());

    let job = Uuid::now_v7();
    let next = vault.propose(&alice, CandidateKind::Password, &NEXT.into(), job).await.unwrap();
    let held = vault.credentials(&alice).await.unwrap();
    assert_eq!((text(&held.password), text(&held.pending_password)), (Some(PASSWORD), Some(NEXT)));
    let pending = held.pending_password.unwrap();
    assert_eq!((pending.candidate, pending.job, pending.submitted()), (next, Some(job), false));
    vault.mark_submitted(next).await.unwrap();
    assert!(vault.credentials(&alice).await.unwrap().pending_password.unwrap().submitted());
    vault.promote(next).await.unwrap();

    let totp = vault.propose(&alice, CandidateKind::Totp, &TOTP.into(), job).await.unwrap();
    let codes = vault.propose(&alice, CandidateKind::RecoveryCodes, &CODES.into(), job).await.unwrap();
    let held = vault.credentials(&alice).await.unwrap();
    assert_eq!((text(&held.pending_totp), text(&held.pending_recovery_codes)), (Some(TOTP), Some(CODES)));
    vault.promote(totp).await.unwrap();
    vault.promote(codes).await.unwrap();
    assert!(vault.claim_totp_step(&alice, totp, 7).await.unwrap());
    assert!(!vault.claim_totp_step(&alice, totp, 7).await.unwrap());

    let bad = vault.propose(&alice, CandidateKind::Password, &"refused".into(), job).await.unwrap();
    vault
        .reject(bad, &turnlock::store::Disproof::OtherOpens { opened: "current password".to_owned() })
        .await
        .unwrap();
    let held = vault.credentials(&alice).await.unwrap();
    assert_eq!((text(&held.password), text(&held.totp)), (Some(NEXT), Some(TOTP)));
    assert_eq!(text(&held.recovery_codes), Some(CODES));
    assert_eq!(held.previous_passwords.iter().map(reveal).collect::<Vec<_>>(), [PASSWORD]);

    assert!(vault.remove(&alice).await.unwrap());
    assert!(vault.credentials(&alice).await.unwrap().password.is_none());
}

#[tokio::test]
async fn the_owner_may_correct_a_credential() {
    let home = Home::new();
    let vault = home.vault().await;
    let alice = add(&vault, "acme/alice").await;
    let first = vault.credentials(&alice).await.unwrap().password.unwrap().candidate;

    // The same again makes no new one; another does.
    add(&vault, "acme/alice").await;
    assert_eq!(vault.credentials(&alice).await.unwrap().password.unwrap().candidate, first);
    let mut other = new(&alice, Some(NEXT));
    other.totp = Some(TOTP.into());
    vault.add_account(&other).await.unwrap();
    let held = vault.credentials(&alice).await.unwrap();
    assert_eq!((text(&held.password), text(&held.totp)), (Some(NEXT), Some(TOTP)));
    assert_eq!(held.previous_passwords[0].candidate, first);

    // Without a password, what is there stays; but a new account needs one.
    vault.add_account(&new(&alice, None)).await.unwrap();
    assert_eq!(text(&vault.credentials(&alice).await.unwrap().password), Some(NEXT));
    let refused = vault.add_account(&new(&"acme/bob".parse().unwrap(), None)).await;
    assert!(matches!(refused, Err(VaultError::NoPassword(_))));
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_cannot_write() {
    let home = Home::new();
    let vault = home.vault().await;
    let alice = add(&vault, "acme/alice").await;
    let hold = |worker: &str, ttl| {
        let (store, alice, worker) = (vault.store().clone(), alice.clone(), WorkerId::new(worker));
        async move { store.acquire(&alice, &worker, ttl).await.unwrap().unwrap() }
    };
    let paused = vault.under(&hold("paused", Duration::ZERO).await);
    let next = vault.under(&hold("next", Duration::from_secs(60)).await);
    let job = Uuid::now_v7();
    let refused = paused.propose(&alice, CandidateKind::Password, &NEXT.into(), job).await;
    assert!(matches!(refused, Err(VaultError::Store(StoreError::LeaseLost(_)))));
    let id = next.propose(&alice, CandidateKind::Password, &NEXT.into(), job).await.unwrap();
    let refused = paused.promote(id).await;
    assert!(matches!(refused, Err(VaultError::Store(StoreError::LeaseLost(_)))));
    next.promote(id).await.unwrap();
}

#[tokio::test]
async fn no_secret_is_readable_in_any_file() {
    let home = Home::new();
    let vault = home.vault().await;
    let alice = add(&vault, "acme/alice").await;
    let job = Uuid::now_v7();
    for (kind, secret) in
        [(CandidateKind::Password, NEXT), (CandidateKind::Totp, TOTP), (CandidateKind::RecoveryCodes, CODES)]
    {
        let id = vault.propose(&alice, kind, &secret.into(), job).await.unwrap();
        vault.mark_submitted(id).await.unwrap();
        vault.promote(id).await.unwrap();
    }
    let rejected =
        vault.propose(&alice, CandidateKind::Password, &"neverTaken99!".into(), job).await.unwrap();
    vault
        .reject(rejected, &turnlock::store::Disproof::OtherOpens { opened: "current password".to_owned() })
        .await
        .unwrap();

    let secrets = [PASSWORD, NEXT, TOTP, "JBSWY3DPEHPK3PXP", "1111-aaaa", "3333-cccc", "neverTaken99!"];
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(home.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for secret in secrets {
            assert!(!contains(&bytes, secret.as_bytes()), "{secret} stands in {}", path.display());
        }
        seen.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    // The search itself works, and the write-ahead log, where all of it is by now, was searched.
    assert!(seen.iter().any(|name| name.ends_with("-wal")), "{seen:?}");
    assert!(contains(&std::fs::read(home.database().with_extension("db-wal")).unwrap(), b"acme/alice"));
}

#[tokio::test]
async fn a_flipped_bit_does_not_pass() {
    let home = Home::new();
    let vault = home.vault().await;
    let alice = add(&vault, "acme/alice").await;
    let mut raw = home.vandal().await;
    let sealed: Vec<u8> =
        raw.fetch_one("SELECT sealed FROM candidates").await.unwrap().get::<Vec<u8>, _>("sealed");
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1 << (at % 8);
        set_sealed(&mut raw, &alice, &changed).await;
        let opened = vault.credentials(&alice).await;
        assert!(matches!(opened, Err(VaultError::Tampered { .. })), "byte {at}");
    }
    for length in [0, 1, 24, 96, 97, sealed.len() - 1] {
        set_sealed(&mut raw, &alice, &sealed[..length]).await;
        assert!(vault.credentials(&alice).await.is_err(), "cut to {length}");
    }
    set_sealed(&mut raw, &alice, &sealed).await;
    assert_eq!(text(&vault.credentials(&alice).await.unwrap().password), Some(PASSWORD));
}

#[tokio::test]
async fn a_record_opens_only_where_it_belongs() {
    let home = Home::new();
    let vault = home.vault().await;
    let alice = add(&vault, "acme/alice").await;
    let mallory = "acme/mallory".parse().unwrap();
    vault.add_account(&new(&mallory, Some("mallory's own"))).await.unwrap();

    // Whoever can write the database, and knows one account's password, is not to read another's by
    // moving it there: by its ciphertext, by its row, as another kind, as another version.
    for sql in [
        "UPDATE candidates SET sealed = (SELECT sealed FROM candidates WHERE account = 'acme/alice')
         WHERE account = 'acme/mallory'",
        "UPDATE candidates SET account = CASE account WHEN 'acme/alice' THEN 'acme/mallory' ELSE 'acme/alice' END",
        "UPDATE candidates SET kind = 'recovery_codes' WHERE account = 'acme/mallory'",
        "UPDATE candidates SET version = 9 WHERE account = 'acme/mallory'",
        "UPDATE candidates SET id = '018f0000-0000-7000-8000-000000000000' WHERE account = 'acme/mallory'",
    ] {
        let mut raw = home.vandal().await;
        raw.execute("BEGIN").await.unwrap();
        // The moved rows must not trip over the unique indexes on their way.
        raw.execute("DROP INDEX one_current").await.unwrap();
        let before: i64 = raw.fetch_one("SELECT total_changes() AS n").await.unwrap().get("n");
        if sql.contains("CASE") {
            // `UNIQUE (account, kind, version)`: aside first.
            raw.execute("UPDATE candidates SET version = 2 WHERE account = 'acme/mallory'").await.unwrap();
        }
        raw.execute(sql).await.unwrap();
        let after: i64 = raw.fetch_one("SELECT total_changes() AS n").await.unwrap().get("n");
        assert!(after > before, "{sql}");
        raw.execute("COMMIT").await.unwrap();
        let opened = vault.credentials(&mallory).await;
        assert!(matches!(opened, Err(VaultError::Tampered { .. })), "{sql}");
        drop(raw);
        home.restore(&vault, &alice, &mallory).await;
    }
}

#[tokio::test]
async fn another_key_is_found_at_once() {
    let home = Home::new();
    home.vault().await;
    let other = MasterKey::generate().unwrap();
    let refused = Vault::open(home.store().await, other).await.err().unwrap();
    assert!(matches!(refused, VaultError::WrongKey));
    assert!(refused.to_string().starts_with("wrong key: this database was sealed with another master key"));
    // And the right one still opens it.
    home.vault().await;
}

#[test]
fn the_key_file_is_made_once_and_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys/master.key");
    assert!(matches!(MasterKey::load(&path), Err(KeyError::Missing(_))));
    let made: Vec<_> = std::thread::scope(|scope| {
        let makers: Vec<_> =
            (0..8).map(|_| scope.spawn(|| MasterKey::load_or_create(&path).unwrap().1)).collect();
        makers.into_iter().map(|maker| maker.join().unwrap()).collect()
    });
    assert_eq!(made.iter().filter(|origin| **origin == KeyOrigin::Created).count(), 1);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no drafts are left");
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!((text.len(), text.ends_with("=\n")), (45, true));
    MasterKey::load(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_bad_key_file_says_how_to_mend_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    MasterKey::load_or_create(&path).unwrap();
    for (bits, open) in [(0o640, true), (0o604, true), (0o620, true), (0o600, false), (0o400, false)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(bits)).unwrap();
        match MasterKey::load(&path) {
            Err(error @ KeyError::TooOpen { .. }) if open => {
                assert!(error.to_string().contains(&format!("chmod 600 {}", path.display())), "{error}");
            }
            other => assert!(other.is_ok() && !open, "{bits:o}"),
        }
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    for wrong in ["", "not base64 at all!", "c2hvcnQ=", &"A".repeat(400)] {
        std::fs::write(&path, wrong).unwrap();
        let refused = MasterKey::load_or_create(&path).err().unwrap();
        assert!(matches!(refused, KeyError::Malformed { .. }), "{wrong}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), wrong, "it is not overwritten");
    }
}

#[test]
fn debugging_output_holds_no_secret() {
    let key = MasterKey::generate().unwrap();
    assert_eq!(format!("{key:?}"), "MasterKey(…)");
    let new = new(&"acme/alice".parse().unwrap(), Some(PASSWORD));
    assert!(!format!("{new:?}").contains(PASSWORD));
    let held = Held {
        candidate: Uuid::nil(),
        version: 1,
        secret: PASSWORD.into(),
        submitted_at: None,
        job: None,
        created_at: jiff::Timestamp::UNIX_EPOCH,
    };
    let credentials = Credentials { password: Some(held), ..Credentials::default() };
    assert!(!format!("{credentials:?}").contains(PASSWORD));
}

#[tokio::test]
async fn what_the_vault_opens_is_masked_from_then_on() {
    let home = Home::new();
    let vault = home.vault().await;
    let alice = "acme/alice".parse().unwrap();
    let mut account = new(&alice, Some("masked-Pa55word"));
    account.totp = Some("otpauth://totp/A:a?secret=MZXW6YTBOI2DSNJTGE&issuer=A".into());
    vault.add_account(&account).await.unwrap();
    let said = turnlock::redact::redact("typed masked-Pa55word, saw MZXW 6YTB OI2D SNJT GE");
    assert!(!said.contains("masked") && !said.contains("MZXW"), "{said}");
}

// Helpers.

/// A database and its key in a folder of their own.
struct Home {
    folder: tempfile::TempDir,
    key: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), key: tempfile::tempdir().unwrap() }
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("turnlock.db")
    }

    async fn store(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(self.database()).await.unwrap())
    }

    async fn vault(&self) -> Vault {
        let (key, _) = MasterKey::load_or_create(self.key.path().join("master.key")).unwrap();
        Vault::open(self.store().await, key).await.unwrap()
    }

    /// Someone who writes the database behind Turnlock's back, its guards taken away.
    async fn vandal(&self) -> SqliteConnection {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(self.database()).foreign_keys(false);
        let mut raw = SqliteConnection::connect_with(&options).await.unwrap();
        for guard in ["candidate_fixed", "candidate_sealed", "candidate_kept", "candidate_transitions"] {
            raw.execute(sqlx::AssertSqlSafe(format!("DROP TRIGGER IF EXISTS {guard}"))).await.unwrap();
        }
        raw
    }

    /// Both accounts as they were before.
    async fn restore(&self, vault: &Vault, alice: &AccountRef, mallory: &AccountRef) {
        let mut raw = self.vandal().await;
        raw.execute("DELETE FROM candidates").await.unwrap();
        raw.execute("CREATE UNIQUE INDEX one_current ON candidates (account, kind) WHERE state = 'current'")
            .await
            .unwrap();
        vault.add_account(&new(alice, Some(PASSWORD))).await.unwrap();
        vault.add_account(&new(mallory, Some("mallory's own"))).await.unwrap();
    }
}

async fn set_sealed(raw: &mut SqliteConnection, account: &AccountRef, sealed: &[u8]) {
    sqlx::query("UPDATE candidates SET sealed = ? WHERE account = ?")
        .bind(sealed)
        .bind(account.to_string())
        .execute(raw)
        .await
        .unwrap();
}

fn new(account: &AccountRef, password: Option<&str>) -> NewAccount {
    NewAccount {
        account: account.clone(),
        username: account.name().to_owned(),
        address: None,
        number: None,
        password: password.map(SecretString::from),
        totp: None,
    }
}

async fn add(vault: &Vault, name: &str) -> AccountRef {
    let account = name.parse().unwrap();
    vault.add_account(&new(&account, Some(PASSWORD))).await.unwrap();
    account
}

fn reveal(held: &Held) -> &str {
    held.secret.expose_secret()
}

fn text(held: &Option<Held>) -> Option<&str> {
    held.as_ref().map(reveal)
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
