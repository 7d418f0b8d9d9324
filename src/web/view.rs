use std::collections::{HashMap, HashSet};

use axum::http::StatusCode;
use uuid::Uuid;

use super::guard::Caller;
use super::problem::Problem;
use crate::audit::{entry_of, refused};
use crate::job::{AccountRef, Kind};
use crate::store::{
    AccountQuery, AccountSummary, AttemptRow, AuditQuery, AuditRow, JobPage, JobQuery, JobRow, LogPage,
    LogQuery, NewAudit, QuestionRow, Role, Store, StoreError, Wanting,
};

/// What a caller sees of the store: all of it, or what has to do with the accounts that are shared with its token. What
/// it does not see is not there.
pub struct View<'a> {
    store: &'a dyn Store,
    caller: &'a Caller,
}

/// The accounts that somebody sees.
#[derive(Debug, Clone)]
pub enum Seen {
    /// All that there are, and will be.
    All,
    /// These.
    Only(HashSet<AccountRef>),
}

impl Seen {
    /// Whether this one is among them.
    pub fn has(&self, account: &AccountRef) -> bool {
        match self {
            Self::All => true,
            Self::Only(accounts) => accounts.contains(account),
        }
    }

    /// Whether one of this app is among them.
    pub fn has_app(&self, app: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(accounts) => accounts.iter().any(|account| account.app() == app),
        }
    }
}

/// What somebody may have done to accounts that they see, looked up once for many.
pub enum May {
    /// Whatever there is.
    All,
    /// What their roles take.
    Of(HashMap<AccountRef, Role>),
}

impl May {
    /// Whether they may have such a job done.
    pub fn ask(&self, account: &AccountRef, kind: Kind) -> bool {
        match self {
            Self::All => true,
            Self::Of(roles) => roles.get(account).is_some_and(|role| role.may_ask(kind)),
        }
    }
}

impl<'a> View<'a> {
    pub fn new(store: &'a dyn Store, caller: &'a Caller) -> Self {
        Self { store, caller }
    }

    /// The token whose accounts are the only ones that are seen.
    fn shared_with(&self) -> Option<Uuid> {
        self.caller.only_shared.then_some(self.caller.token)
    }

    /// The accounts as of now, for those who go on to look.
    pub async fn seen(&self) -> Result<Seen, StoreError> {
        let Some(token) = self.shared_with() else { return Ok(Seen::All) };
        let shares = self.store.shares_of(token).await?;
        Ok(Seen::Only(shares.into_iter().map(|share| share.account).collect()))
    }

    /// What they may have done.
    pub async fn may(&self) -> Result<May, StoreError> {
        let Some(token) = self.shared_with() else { return Ok(May::All) };
        let shares = self.store.shares_of(token).await?;
        Ok(May::Of(shares.into_iter().map(|share| (share.account, share.role)).collect()))
    }

    /// Whether they see this account, be it there or not.
    async fn sees(&self, account: &AccountRef) -> Result<bool, StoreError> {
        match self.shared_with() {
            None => Ok(true),
            Some(token) => Ok(self.store.role(account, token).await?.is_some()),
        }
    }

    pub async fn job(&self, id: Uuid) -> Result<JobRow, Problem> {
        let row = self.store.job(id).await?;
        match row {
            Some(row) if self.sees(&row.job.account).await? => Ok(row),
            _ => Err(Problem::not_found(format!("there is no job {id}"))),
        }
    }

    pub async fn attempt(&self, id: Uuid) -> Result<AttemptRow, Problem> {
        let row = self.store.attempt(id).await?;
        match row {
            Some(row) if self.sees(&row.account).await? => Ok(row),
            _ => Err(Problem::not_found(format!("there is no attempt {id}"))),
        }
    }

    pub async fn log_page(&self, query: &LogQuery) -> Result<LogPage, StoreError> {
        if let Some(account) = &query.account
            && !self.sees(account).await?
        {
            return Ok(LogPage::default());
        }
        self.store.log_page(&LogQuery { shared_with: self.shared_with(), ..query.clone() }).await
    }

    pub async fn job_page(&self, query: &JobQuery) -> Result<JobPage, StoreError> {
        if let Some(account) = &query.account
            && !self.sees(account).await?
        {
            return Ok(JobPage::default());
        }
        self.store.job_page(&JobQuery { shared_with: self.shared_with(), ..query.clone() }).await
    }

    /// The apps at which no attempt may begin now.
    pub async fn shut_apps(&self) -> Result<Vec<String>, StoreError> {
        self.store.shut_apps().await
    }

    pub async fn accounts(&self, query: AccountQuery) -> Result<Vec<AccountSummary>, StoreError> {
        self.store.summaries(&AccountQuery { shared_with: self.shared_with(), ..query }).await
    }

    /// One account, if it is there and they see it. Whoever does not see it is not told by the time, either, whether it is
    /// there: of such a one nothing is looked up but that it is not theirs.
    pub async fn account(&self, account: &AccountRef) -> Result<AccountSummary, Problem> {
        let unknown = || Problem::not_found(format!("there is no account {account}"));
        if !self.sees(account).await? {
            return Err(unknown());
        }
        let query = AccountQuery { account: Some(account.clone()), limit: 1, ..AccountQuery::default() };
        self.accounts(query).await?.pop().ok_or_else(unknown)
    }

    /// What the caller is to the account.
    pub async fn role(&self, account: &AccountRef) -> Result<Option<Role>, StoreError> {
        self.store.role(account, self.caller.token).await
    }

    /// What jobs ask people for now, the oldest first.
    pub async fn open_questions(&self, most: u32) -> Result<Vec<QuestionRow>, StoreError> {
        self.store.open_questions(self.shared_with(), most).await
    }

    pub async fn wanting(&self, of_each: u32) -> Result<Vec<Wanting>, StoreError> {
        self.store.wanting(self.shared_with(), of_each).await
    }

    /// Of accounts that they own, if they do not see all.
    pub async fn audits(&self, query: AuditQuery) -> Result<Vec<AuditRow>, StoreError> {
        self.store.audits(&AuditQuery { owned_by: self.shared_with(), ..query }).await
    }

    /// Refuses what the caller may not have done to the account: with a token that is good for all accounts, nothing;
    /// with another one, what its role does not take.
    pub async fn may_ask(&self, account: &AccountRef, kind: Kind) -> Result<(), Problem> {
        let unknown = || Problem::not_found(format!("there is no account {account}"));
        let Some(token) = self.shared_with() else {
            return self.store.account(account).await?.map(drop).ok_or_else(unknown);
        };
        let role = self.store.role(account, token).await?.ok_or_else(unknown)?;
        if role.may_ask(kind) {
            return Ok(());
        }
        Err(Problem::forbidden(format!(
            "a {role} of {account} may have `{}` done, and not `{kind}`: that is for its owners",
            Kind::VerifyLogin
        )))
    }

    /// The same of something that is done to a job of the account; that it is refused is written down.
    pub async fn may_do(
        &self,
        action: &str,
        job: Uuid,
        account: &AccountRef,
        kind: Kind,
    ) -> Result<(), Problem> {
        let asked = self.may_ask(account, kind).await;
        if let Err(problem) = &asked
            && problem.status() == StatusCode::FORBIDDEN
        {
            let entry = NewAudit { target: job.to_string(), ..entry_of(&self.caller.name, action, account) };
            refused(self.store, entry, problem.detail()).await?;
        }
        asked
    }

    /// Refuses to show what the caller's role does not take, and writes that down. Roles count here for every token, also
    /// for those that are good for all accounts.
    pub async fn may_see(
        &self,
        account: &AccountRef,
        action: &str,
        takes: fn(Role) -> bool,
    ) -> Result<(), Problem> {
        let unknown = || Problem::not_found(format!("there is no account {account}"));
        // Of accounts that are not theirs, those who see no others learn nothing, not even by how long it takes: the same is
        // looked up and written down, be they there or not.
        if !self.caller.only_shared && self.store.account(account).await?.is_none() {
            return Err(unknown());
        }
        let role = self.store.role(account, self.caller.token).await?;
        let why = match role {
            Some(role) if takes(role) => return Ok(()),
            Some(role) => format!("a {role} of {account} never sees its password: that is for its owners"),
            None => format!(
                "{account} is not shared with the token `{}`: `turnlock account share {account} --with {}` does that",
                self.caller.name, self.caller.name
            ),
        };
        refused(self.store, entry_of(&self.caller.name, action, account), &why).await?;
        Err(if self.caller.only_shared && role.is_none() { unknown() } else { Problem::forbidden(why) })
    }
}
