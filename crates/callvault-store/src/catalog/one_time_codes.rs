//! One-time codes of people.

use async_trait::async_trait;
use callvault_core::id::PersonId;
use callvault_core::one_time_code::{OneTimeSecret, StoredSecret};
use callvault_core::port::catalog::{CatalogError, CatalogResult, OneTimeCodes};
use callvault_core::time::Timestamp;

use super::SqlCatalog;
use super::sql::{Engine, Query, Row, Sql, Unit, read_first};

#[async_trait]
impl<E: Engine> OneTimeCodes for SqlCatalog<E> {
    async fn begin_one_time_codes(
        &self,
        person: PersonId,
        secret: OneTimeSecret,
        at: Timestamp,
    ) -> CatalogResult<bool> {
        let query = Query::new(
            "beginning one-time codes",
            "INSERT INTO one_time_code (person, secret, confirmed, last_step, created_at)
             VALUES ($1, $2, FALSE, 0, $3)
             ON CONFLICT (person) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at
                 WHERE NOT one_time_code.confirmed",
        )
        .with(person.0)
        .with(secret.as_bytes().as_slice())
        .with(at.unix_ms());
        self.engine.write(Change(query)).await
    }

    async fn one_time_secret(&self, person: PersonId) -> CatalogResult<Option<StoredSecret>> {
        let query = Query::new(
            "reading the secret of one-time codes",
            "SELECT secret, confirmed, last_step FROM one_time_code WHERE person = $1",
        )
        .with(person.0);
        read_first(&self.engine, query).await?.map(|mut row| read(&mut row)).transpose()
    }

    async fn confirm_one_time_codes(
        &self,
        person: PersonId,
        secret: OneTimeSecret,
        step: i64,
    ) -> CatalogResult<bool> {
        self.engine.write(Confirm { person, secret, step }).await
    }

    async fn use_one_time_code(
        &self,
        person: PersonId,
        secret: OneTimeSecret,
        step: i64,
    ) -> CatalogResult<bool> {
        // A second run of this unit finds the code used, which fails closed.
        let query = Query::new(
            "using a one-time code",
            "UPDATE one_time_code SET last_step = $3
             WHERE person = $1 AND secret = $2 AND confirmed AND last_step < $3",
        )
        .with(person.0)
        .with(secret.as_bytes().as_slice())
        .with(step);
        self.engine.write(Change(query)).await
    }

    async fn remove_one_time_codes(&self, person: PersonId) -> CatalogResult<bool> {
        let query = Query::new("turning one-time codes off", "DELETE FROM one_time_code WHERE person = $1");
        self.engine.write(Change(query.with(person.0))).await
    }
}

fn read(row: &mut Row) -> CatalogResult<StoredSecret> {
    let what = "secret of one-time codes";
    let bytes = row.optional_bytes(what)?.and_then(|bytes| bytes.try_into().ok());
    Ok(StoredSecret {
        secret: OneTimeSecret::from_bytes(bytes.ok_or(CatalogError::Unreadable { what })?),
        confirmed: row.bool("confirmation of one-time codes")?,
        last_step: row.int("last step of one-time codes")?,
    })
}

/// A statement that changes a row or none.
struct Change(Query);

#[async_trait]
impl Unit for Change {
    type Output = bool;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<bool> {
        Ok(sql.execute(self.0.clone()).await.map_err(|error| error.gone("person"))? > 0)
    }
}

struct Confirm {
    person: PersonId,
    secret: OneTimeSecret,
    step: i64,
}

#[async_trait]
impl Unit for Confirm {
    type Output = bool;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<bool> {
        // A second run of this unit finds its own row.
        let query = Query::new(
            "turning one-time codes on",
            "UPDATE one_time_code SET confirmed = TRUE, last_step = $3
             WHERE person = $1 AND secret = $2 AND (NOT confirmed OR last_step = $3)",
        )
        .with(self.person.0)
        .with(self.secret.as_bytes().as_slice())
        .with(self.step);
        if sql.execute(query).await? == 0 {
            return Ok(false);
        }
        for text in [
            "DELETE FROM session WHERE person = $1",
            "DELETE FROM token_pair WHERE person = $1",
            "DELETE FROM login_token WHERE person = $1 OR switched_by = $1",
        ] {
            sql.execute(Query::new("ending what was got without a code", text).with(self.person.0)).await?;
        }
        Ok(true)
    }
}
