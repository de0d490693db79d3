//! API keys.

use async_trait::async_trait;
use callvault_core::api_key::ApiKey;
use callvault_core::gate::{InCustomer, Within};
use callvault_core::id::{CustomerId, KeyId, PersonId};
use callvault_core::page::PageRequest;
use callvault_core::port::catalog::{ApiKeys, CatalogResult};
use callvault_core::role::Privilege;
use callvault_core::scope::Scope;
use callvault_core::secret::SecretHash;
use callvault_core::time::Timestamp;

use super::SqlCatalog;
use super::customers::require_customer;
use super::sql::{Engine, Query, Row, Sql, Unit, look_up_first, number, read_all};
use super::within::within;

/// The columns of an `api_key` called `k`, in the order in which [`read`] takes them.
macro_rules! key_columns {
    () => {
        "k.id, k.hash, k.customer, k.below, k.name, k.scopes, k.privileges, k.made_by, k.created_at, k.expires_at,
         k.last_used_at"
    };
}

#[async_trait]
impl<E: Engine> ApiKeys for SqlCatalog<E> {
    async fn add_key(&self, key: ApiKey) -> CatalogResult<KeyId> {
        self.engine.write(Add(key)).await
    }

    async fn key(&self, hash: SecretHash) -> CatalogResult<Option<(ApiKey, bool)>> {
        let query = Query::new(
            "reading a key",
            concat!(
                "WITH RECURSIVE line (id, parent, disabled) AS (
                     SELECT c.id, c.parent, c.disabled FROM customer c JOIN api_key k ON k.customer = c.id
                         WHERE k.hash = $1
                     UNION
                     SELECT c.id, c.parent, c.disabled FROM customer c JOIN line l ON c.id = l.parent
                 )
                 SELECT ",
                key_columns!(),
                ", EXISTS (SELECT 1 FROM line WHERE disabled) FROM api_key k WHERE k.hash = $1"
            ),
        )
        .with(hash.as_bytes().as_slice());
        look_up_first(&self.engine, query, |row| Ok((read(row)?, row.bool("customer disabled")?))).await
    }

    async fn keys(&self, customer: &InCustomer, page: PageRequest<KeyId>) -> CatalogResult<Vec<ApiKey>> {
        let query = Query::new(
            "listing keys",
            concat!(
                "SELECT ",
                key_columns!(),
                " FROM api_key k WHERE k.customer = $1 AND k.id > $2 ORDER BY k.id LIMIT $3"
            ),
        )
        .with(customer.id().0)
        .with(page.after.map_or(i64::MIN, |after| after.0))
        .with(page.limit);
        read_all(&self.engine, query, read).await
    }

    async fn revoke_key(&self, within: &Within, id: KeyId) -> CatalogResult<bool> {
        let query = Query::new(
            "revoking a key",
            concat!("DELETE FROM api_key WHERE id = $1 AND ", within!("customer", "$2", "$3")),
        );
        self.engine.write(Change(query.with(id.0).within(within))).await
    }

    async fn note_key_use(&self, id: KeyId, at: Timestamp) -> CatalogResult<()> {
        let query = Query::new(
            "noting the use of a key",
            "UPDATE api_key SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)",
        );
        self.engine.write(Change(query.with(id.0).with(at.unix_ms()))).await.map(drop)
    }
}

fn read(row: &mut Row) -> CatalogResult<ApiKey> {
    Ok(ApiKey {
        id: KeyId(row.int("key id")?),
        hash: SecretHash::from_bytes(row.hash("key hash")?),
        customer: CustomerId(row.int("key customer")?),
        below: row.bool("key reach")?,
        name: row.text("key name")?,
        // What only a newer version knows opens nothing here.
        scopes: words(&row.text("key scopes")?, |word| {
            Scope::ALL.iter().copied().find(|one| one.as_str() == word)
        }),
        privileges: words(&row.text("key privileges")?, Privilege::parse),
        made_by: row.optional_int("key made_by")?.map(PersonId),
        created_at: Timestamp::from_unix_ms(row.int("key created_at")?),
        expires_at: row.optional_int("key expires_at")?.map(Timestamp::from_unix_ms),
        last_used_at: row.optional_int("key last_used_at")?.map(Timestamp::from_unix_ms),
    })
}

fn words<T, C: FromIterator<T>>(text: &str, parse: impl Fn(&str) -> Option<T>) -> C {
    text.split(',').filter_map(parse).collect()
}

struct Add(ApiKey);

#[async_trait]
impl Unit for Add {
    type Output = KeyId;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<KeyId> {
        let key = &self.0;
        require_customer(sql, key.customer).await?;
        let id = number(sql, "api_key", None).await?;
        // 128 random bits do not collide: what is there already is an earlier run of this unit.
        let query = Query::new(
            "adding a key",
            "INSERT INTO api_key
                 (id, hash, customer, below, name, scopes, privileges, made_by, created_at, expires_at, last_used_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (hash) DO UPDATE SET name = excluded.name RETURNING id",
        )
        .with(id)
        .with(key.hash.as_bytes().as_slice())
        .with(key.customer.0)
        .with(key.below)
        .with(key.name.as_str())
        .with(key.scopes.to_string())
        .with(key.privileges.to_string())
        .with(key.made_by.map(|person| person.0))
        .with(key.created_at.unix_ms())
        .with(key.expires_at.map(Timestamp::unix_ms))
        .with(key.last_used_at.map(Timestamp::unix_ms));
        let row = sql.fetch_first(query).await?;
        Ok(KeyId(row.map_or(Ok(id), |mut row| row.int("key id"))?))
    }
}

/// A statement that changes a row or none.
struct Change(Query);

#[async_trait]
impl Unit for Change {
    type Output = bool;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<bool> {
        Ok(sql.execute(self.0.clone()).await? > 0)
    }
}
