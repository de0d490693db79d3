//! Token pairs of the P-Series dialect.

use async_trait::async_trait;
use callvault_core::id::PersonId;
use callvault_core::person::PasswordHash;
use callvault_core::port::catalog::{CatalogError, CatalogResult, PairAdded, TokenPairs};
use callvault_core::secret::SecretHash;
use callvault_core::time::Timestamp;
use callvault_core::token_pair::TokenPair;

use super::SqlCatalog;
use super::sql::{Engine, Query, Row, Sql, Unit, read_first};

macro_rules! pair_where {
    ($condition:literal) => {
        concat!(
            "SELECT access, refresh, person, access_ends, refresh_ends FROM token_pair WHERE ",
            $condition
        )
    };
}

#[async_trait]
impl<E: Engine> TokenPairs for SqlCatalog<E> {
    async fn add_token_pair(
        &self,
        pair: TokenPair,
        verified: PasswordHash,
        most: u32,
        now: Timestamp,
    ) -> CatalogResult<PairAdded> {
        self.engine.write(Add { pair, verified, most, now }).await
    }

    async fn token_pair_with_access(&self, access: SecretHash) -> CatalogResult<Option<TokenPair>> {
        let query = Query::new("reading a token", pair_where!("access = $1"));
        let query = query.with(access.as_bytes().as_slice());
        read_first(&self.engine, query).await?.map(|mut row| read(&mut row)).transpose()
    }

    async fn token_pair_with_refresh(&self, refresh: SecretHash) -> CatalogResult<Option<TokenPair>> {
        let query = Query::new("reading a token", pair_where!("refresh = $1"));
        let query = query.with(refresh.as_bytes().as_slice());
        read_first(&self.engine, query).await?.map(|mut row| read(&mut row)).transpose()
    }

    async fn replace_token_pair(
        &self,
        refresh: SecretHash,
        new: TokenPair,
        most: u32,
        now: Timestamp,
    ) -> CatalogResult<PairAdded> {
        self.engine.write(Replace { refresh, new, most, now }).await
    }

    async fn end_token_pair(&self, access: SecretHash) -> CatalogResult<()> {
        let query = Query::new("ending a token", "DELETE FROM token_pair WHERE access = $1");
        self.engine.write(Delete(query.with(access.as_bytes().as_slice()))).await
    }

    async fn prune_token_pairs(&self, now: Timestamp) -> CatalogResult<()> {
        let query = Query::new("pruning tokens", "DELETE FROM token_pair WHERE refresh_ends <= $1");
        self.engine.write(Delete(query.with(now.unix_ms()))).await
    }
}

fn read(row: &mut Row) -> CatalogResult<TokenPair> {
    Ok(TokenPair {
        access: SecretHash::from_bytes(row.hash("access token")?),
        refresh: SecretHash::from_bytes(row.hash("refresh token")?),
        person: PersonId(row.int("token person")?),
        access_ends: Timestamp::from_unix_ms(row.int("access token end")?),
        refresh_ends: Timestamp::from_unix_ms(row.int("refresh token end")?),
    })
}

/// How many access tokens of a person are alive, but for those of one pair.
async fn live_beside(
    sql: &mut dyn Sql,
    person: PersonId,
    access: SecretHash,
    now: Timestamp,
) -> CatalogResult<u32> {
    let query = Query::new(
        "counting tokens",
        "SELECT COUNT(*) FROM token_pair WHERE person = $1 AND access_ends > $2 AND access <> $3",
    )
    .with(person.0)
    .with(now.unix_ms())
    .with(access.as_bytes().as_slice());
    let row = sql.fetch_first(query).await?;
    row.ok_or(CatalogError::Unreadable { what: "count" })?.number("count")
}

struct Add {
    pair: TokenPair,
    verified: PasswordHash,
    most: u32,
    now: Timestamp,
}

#[async_trait]
impl Unit for Add {
    type Output = PairAdded;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<PairAdded> {
        let pair = &self.pair;
        // It changes nothing, but holds the row: logins side by side are counted one after the other on every engine.
        let query = Query::new(
            "looking at who wants a token",
            "UPDATE person SET disabled = disabled WHERE id = $1 AND password_hash = $2 AND NOT disabled",
        )
        .with(pair.person.0)
        .with(self.verified.reveal());
        if sql.execute(query).await? == 0 {
            return Ok(PairAdded::Refused);
        }
        if live_beside(sql, pair.person, pair.access, self.now).await? >= self.most {
            return Ok(PairAdded::Full);
        }
        let query = Query::new(
            "forgetting tokens",
            "DELETE FROM token_pair WHERE person = $1 AND refresh_ends <= $2",
        )
        .with(pair.person.0)
        .with(self.now.unix_ms());
        sql.execute(query).await?;
        // 128 random bits do not collide: what is there already is an earlier run of this unit.
        let query = Query::new(
            "adding a token",
            "INSERT INTO token_pair (access, refresh, person, access_ends, refresh_ends)
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (access) DO NOTHING",
        )
        .with(pair.access.as_bytes().as_slice())
        .with(pair.refresh.as_bytes().as_slice())
        .with(pair.person.0)
        .with(pair.access_ends.unix_ms())
        .with(pair.refresh_ends.unix_ms());
        sql.execute(query).await?;
        Ok(PairAdded::Added)
    }
}

struct Replace {
    refresh: SecretHash,
    new: TokenPair,
    most: u32,
    now: Timestamp,
}

impl Replace {
    async fn with(
        &self,
        sql: &mut dyn Sql,
        condition: &'static str,
        hash: SecretHash,
    ) -> CatalogResult<Option<TokenPair>> {
        let query = Query::new("reading a token", condition).with(hash.as_bytes().as_slice());
        sql.fetch_first(query).await?.map(|mut row| read(&mut row)).transpose()
    }
}

#[async_trait]
impl Unit for Replace {
    type Output = PairAdded;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<PairAdded> {
        let new = &self.new;
        let query = Query::new(
            "looking at who renews a token",
            "UPDATE person SET disabled = disabled WHERE id = $1 AND NOT disabled",
        )
        .with(new.person.0);
        if sql.execute(query).await? == 0 {
            return Ok(PairAdded::Refused);
        }
        let Some(old) = self.with(sql, pair_where!("refresh = $1"), self.refresh).await? else {
            // The new pair is there where this is a second run, and only then: nobody else knows its tokens.
            let done = self.with(sql, pair_where!("access = $1"), new.access).await?.is_some();
            return Ok(if done { PairAdded::Added } else { PairAdded::Refused });
        };
        if old.person != new.person || old.refresh_ends <= self.now {
            return Ok(PairAdded::Refused);
        }
        if live_beside(sql, new.person, old.access, self.now).await? >= self.most {
            return Ok(PairAdded::Full);
        }
        // One statement decides who of several gets the new pair, also where an engine runs units side by side.
        let query = Query::new(
            "replacing a token",
            "UPDATE token_pair SET access = $2, refresh = $3, access_ends = $4, refresh_ends = $5 WHERE refresh = $1",
        )
        .with(self.refresh.as_bytes().as_slice())
        .with(new.access.as_bytes().as_slice())
        .with(new.refresh.as_bytes().as_slice())
        .with(new.access_ends.unix_ms())
        .with(new.refresh_ends.unix_ms());
        Ok(if sql.execute(query).await? == 1 { PairAdded::Added } else { PairAdded::Refused })
    }
}

struct Delete(Query);

#[async_trait]
impl Unit for Delete {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        sql.execute(self.0.clone()).await?;
        Ok(())
    }
}
