//! Trying changes out.

use async_trait::async_trait;
use callvault_core::port::catalog::{CatalogResult, Trial, Trials};

use super::hunt_group_settings::ChangeLevel;
use super::sql::{Engine, Sql, Unit};
use super::{SqlCatalog, customers, destinations, hunt_groups, people, record_groups, sounds};

#[async_trait]
impl<E: Engine> Trials for SqlCatalog<E> {
    async fn try_out(&self, change: Trial) -> CatalogResult<()> {
        self.engine.write(TryOut(change)).await
    }
}

/// Does the work of another unit and takes it back, so that a trial and the change itself cannot come to different ends.
struct TryOut(Trial);

#[async_trait]
impl Unit for TryOut {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        sql.script("beginning a trial", "SAVEPOINT trial").await?;
        // A work that fails is taken back with the whole unit.
        match self.0.clone() {
            Trial::AddHuntGroup(new) => hunt_groups::Add(new).run(sql).await.map(drop)?,
            Trial::ChangeHuntGroup(id, change) => hunt_groups::Change { id, change }.run(sql).await?,
            Trial::ChangeLevel(hunt_group, level, change) => {
                ChangeLevel { hunt_group, level, change }.run(sql).await?;
            }
            Trial::AddDestination(new) => destinations::Add(new).run(sql).await.map(drop)?,
            Trial::ChangeDestination(id, change) => destinations::Change { id, change }.run(sql).await?,
            Trial::AddSound(new) => sounds::Add(new).run(sql).await.map(drop)?,
            Trial::ChangeSound(id, change) => sounds::Change { id, change }.run(sql).await?,
            Trial::RecordGroup(work) => record_groups::run(work, sql).await?,
            Trial::AddPerson(new) => people::Add(*new).run(sql).await.map(drop)?,
            Trial::ChangePerson(id, change) => people::Change { id, change: *change }.run(sql).await?,
            Trial::AddCustomer(new) => customers::Add(new).run(sql).await.map(drop)?,
            Trial::ChangeCustomer(id, change) => customers::Change { id, change }.run(sql).await?,
        }
        sql.script("ending a trial", "ROLLBACK TO SAVEPOINT trial; RELEASE SAVEPOINT trial").await?;
        Ok(())
    }
}
