//! Trying changes of people and customers out.

pub(super) mod owners;

use async_trait::async_trait;
use callvault_core::port::catalog::{AccountTrials, AccountWork, CatalogResult};

use super::sql::{Engine, Sql, Unit};
use super::{SqlCatalog, customers, people};

#[async_trait]
impl<E: Engine> AccountTrials for SqlCatalog<E> {
    async fn try_account(&self, work: AccountWork) -> CatalogResult<()> {
        self.engine.write(Trial(work)).await
    }
}

/// Does the work of another unit and takes it back, so that a trial and the change itself cannot come to different ends.
struct Trial(AccountWork);

#[async_trait]
impl Unit for Trial {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        sql.script("beginning a trial", "SAVEPOINT trial").await?;
        // A work that fails is taken back with the whole unit.
        match self.0.clone() {
            AccountWork::AddPerson(new) => people::Add(*new).run(sql).await.map(drop)?,
            AccountWork::ChangePerson(id, change) => people::Change { id, change: *change }.run(sql).await?,
            AccountWork::AddCustomer(new) => customers::Add(new).run(sql).await.map(drop)?,
            AccountWork::ChangeCustomer(id, change) => customers::Change { id, change }.run(sql).await?,
        }
        sql.script("ending a trial", "ROLLBACK TO SAVEPOINT trial; RELEASE SAVEPOINT trial").await?;
        Ok(())
    }
}
