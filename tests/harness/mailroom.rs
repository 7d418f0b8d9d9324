//! An inbox in a database of its own, into which tests lay messages.

use std::sync::Arc;
use std::time::Duration;

use turnlock::inbox::{Arrival, Content, Desk, Inbox, Taken};
use turnlock::job::AccountRef;
use turnlock::store::{self, AccountEntry, Store};
use turnlock::vault::{MasterKey, Vault};

pub struct Mailroom {
    pub inbox: Inbox,
    pub store: Arc<dyn Store>,
    pub vault: Vault,
    _folder: Option<tempfile::TempDir>,
}

impl Mailroom {
    /// With an account for each of these addresses, `acme/` and what stands before the `@`.
    pub async fn open(addresses: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("turnlock.db").display());
        let room = Self::at(&url, addresses).await;
        Self { _folder: Some(folder), ..room }
    }

    /// The same in that database.
    pub async fn at(url: &str, addresses: &[&str]) -> Self {
        let store = store::open(url).await.unwrap();
        let vault = Vault::open(Arc::clone(&store), MasterKey::generate().unwrap()).await.unwrap();
        let inbox = Inbox::new(Arc::clone(&store), vault.message_seal());
        for address in addresses {
            let account = account_of(address);
            let username = account.name().to_owned();
            let entry =
                AccountEntry { account, username, address: Some((*address).to_owned()), number: None };
            store.put_account(&entry, &[]).await.unwrap();
        }
        Self { inbox, store, vault, _folder: None }
    }

    pub async fn text(&self, address: &str, text: &str) -> Taken {
        self.arrives(address, Content::Text(text.to_owned()), Duration::ZERO).await
    }

    pub async fn mail(&self, address: &str, raw: &str) -> Taken {
        let raw = raw.replace('\n', "\r\n").into_bytes();
        self.arrives(address, Content::Mail(raw), Duration::ZERO).await
    }

    pub async fn arrives(&self, address: &str, content: Content, age: Duration) -> Taken {
        let arrival =
            Arrival { recipient: address.to_owned(), sender: String::new(), content, key: None, age };
        self.inbox.deliver(arrival).await.unwrap()
    }

    /// How many messages lie in it that nobody has taken.
    pub async fn waiting(&self) -> usize {
        let all = self.store.messages_after(0, 1000).await.unwrap();
        all.iter().filter(|message| message.job.is_none()).count()
    }
}

pub fn account_of(address: &str) -> AccountRef {
    let name = address.split_once('@').map_or(address, |(name, _)| name);
    format!("acme/{}", name.to_lowercase()).parse().unwrap()
}

/// A moment later than all that has happened, by a clock of whole milliseconds.
pub async fn tick() {
    tokio::time::sleep(Duration::from_millis(5)).await;
}
