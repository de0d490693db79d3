//! Taking people and customers away: never with anything of theirs that somebody might miss.
//!
//! What is left in the way is looked for table by table, so that the refusal can say it; a table that is not named here still
//! refuses by its reference.

use async_trait::async_trait;
use callvault_core::id::{CustomerId, PersonId};
use callvault_core::port::catalog::{CatalogError, CatalogResult, Removals};
use callvault_core::time::Timestamp;

use super::SqlCatalog;
use super::owners;
use super::sql::{Cause, Engine, Query, Sql, SqlError, Unit, read_first};

/// What a person may own, and how to find one of it. Each is a step of an index.
const OWNED: &[(&str, &str)] = &[
    ("hunt groups", "SELECT 1 FROM hunt_group WHERE owner = $1 LIMIT 1"),
    ("features", "SELECT 1 FROM feature WHERE owner = $1 LIMIT 1"),
    ("record groups", "SELECT 1 FROM record_group WHERE owner = $1 LIMIT 1"),
];

/// What may be left in a customer.
const LEFT: &[(&str, &str)] = &[
    ("customers", "SELECT 1 FROM customer WHERE parent = $1 LIMIT 1"),
    ("people", "SELECT 1 FROM person WHERE customer = $1 LIMIT 1"),
    ("hunt groups", "SELECT 1 FROM hunt_group WHERE customer = $1 LIMIT 1"),
    ("features", "SELECT 1 FROM feature WHERE customer = $1 LIMIT 1"),
    ("record groups", "SELECT 1 FROM record_group WHERE customer = $1 LIMIT 1"),
    ("sounds", "SELECT 1 FROM sound WHERE customer = $1 LIMIT 1"),
    ("recordings", "SELECT 1 FROM recording WHERE customer = $1 LIMIT 1"),
    ("calls", "SELECT 1 FROM call_record WHERE customer = $1 LIMIT 1"),
];

#[async_trait]
impl<E: Engine> Removals for SqlCatalog<E> {
    async fn remove_person(&self, id: PersonId) -> CatalogResult<()> {
        self.engine.write(RemovePerson(id)).await
    }

    async fn remove_customer(&self, id: CustomerId, at: Timestamp) -> CatalogResult<()> {
        self.engine.write(RemoveCustomer { id, at }).await
    }

    async fn customer_is_gone(&self, id: CustomerId) -> CatalogResult<bool> {
        Ok(read_first(&self.engine, gone(id)).await?.is_some())
    }
}

/// Finds the number of a customer that was removed.
pub(super) fn gone(id: CustomerId) -> Query {
    Query::new("looking for a customer that is gone", "SELECT id FROM gone_customer WHERE id = $1").with(id.0)
}

/// Fails with Kept where something is found.
async fn require_none(
    sql: &mut dyn Sql,
    id: i64,
    searches: &[(&str, &'static str)],
    says: &str,
) -> CatalogResult<()> {
    let mut found = Vec::new();
    for &(what, text) in searches {
        if sql.fetch_first(Query::new("looking for what is left", text).with(id)).await?.is_some() {
            found.push(what);
        }
    }
    if found.is_empty() { Ok(()) } else { Err(kept(format!("{says}: {}", found.join(", ")))) }
}

fn kept(reason: String) -> CatalogError {
    CatalogError::Kept { field: "id", reason }
}

/// For the removal of a row to which others may refer of which nothing is said here.
fn still_referred_to(error: SqlError, says: &str) -> CatalogError {
    if error.cause == Cause::Reference { kept(format!("{says}: something else")) } else { error.into() }
}

struct RemovePerson(PersonId);

const OWNS: &str = "give away or remove first what the person owns";

#[async_trait]
impl Unit for RemovePerson {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let id = self.0.0;
        require_none(sql, id, OWNED, OWNS).await?;
        let owners = owners::in_force(sql).await?;
        for (operation, text) in [
            ("ending a person's sessions", "DELETE FROM session WHERE person = $1"),
            ("ending a person's tokens", "DELETE FROM token_pair WHERE person = $1"),
            (
                "ending a person's login tokens",
                "DELETE FROM login_token WHERE person = $1 OR switched_by = $1",
            ),
            ("forgetting a person's one-time codes", "DELETE FROM one_time_code WHERE person = $1"),
            ("taking a person's tickets back", "DELETE FROM ticket WHERE made_by = $1"),
            (
                "forgetting a person's reports",
                "DELETE FROM report WHERE target IN (SELECT id FROM report_target WHERE person = $1)",
            ),
            ("forgetting a person's targets", "DELETE FROM report_target WHERE person = $1"),
        ] {
            sql.execute(Query::new(operation, text).with(id)).await?;
        }
        let query = Query::new("removing a person", "DELETE FROM person WHERE id = $1").with(id);
        if sql.execute(query).await.map_err(|error| still_referred_to(error, OWNS))? == 0 {
            return Err(CatalogError::Gone { what: "person" });
        }
        owners::check_left(sql, &owners, "id").await
    }
}

struct RemoveCustomer {
    id: CustomerId,
    at: Timestamp,
}

const HOLDS: &str = "remove first what is left in the customer";

#[async_trait]
impl Unit for RemoveCustomer {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let id = self.id.0;
        require_none(sql, id, LEFT, HOLDS).await?;
        // Whatever they were for is gone.
        for (operation, text) in [
            ("forgetting a customer's tickets", "DELETE FROM ticket WHERE customer = $1"),
            ("forgetting a customer's keys", "DELETE FROM api_key WHERE customer = $1"),
        ] {
            sql.execute(Query::new(operation, text).with(id)).await?;
        }
        let query = Query::new("removing a customer", "DELETE FROM customer WHERE id = $1").with(id);
        if sql.execute(query).await.map_err(|error| still_referred_to(error, HOLDS))? == 0 {
            return Err(CatalogError::Gone { what: "customer" });
        }
        let query = Query::new(
            "remembering the number of a customer",
            "INSERT INTO gone_customer (id, gone_at) VALUES ($1, $2)",
        );
        sql.execute(query.with(id).with(self.at.unix_ms())).await?;
        Ok(())
    }
}
