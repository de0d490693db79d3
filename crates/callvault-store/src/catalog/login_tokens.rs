//! Login tokens of the Enswitch dialect.

use async_trait::async_trait;
use callvault_core::gate::Within;
use callvault_core::id::{CustomerId, PersonId};
use callvault_core::login_token::{LetInBy, LoginToken};
use callvault_core::person::PasswordHash;
use callvault_core::port::catalog::{CatalogResult, LoginTokenPlace, LoginTokens};
use callvault_core::secret::SecretHash;
use callvault_core::time::Timestamp;

use super::SqlCatalog;
use super::sql::{Engine, Query, Row, Sql, Unit, look_up_first, read_all, read_first};
use super::within::within;

macro_rules! token_where {
    ($($condition:expr),+) => {
        concat!(
            "SELECT token, person, customer, peer, switched_by, created_at, expires_at FROM login_token WHERE ",
            $($condition),+
        )
    };
}

#[async_trait]
impl<E: Engine> LoginTokens for SqlCatalog<E> {
    async fn add_login_token(
        &self,
        token: LoginToken,
        read: PasswordHash,
        by: LetInBy,
        most: u32,
    ) -> CatalogResult<Option<Vec<SecretHash>>> {
        self.engine.write(Add { token, read, by, most }).await
    }

    async fn login_token(&self, token: SecretHash) -> CatalogResult<Option<LoginToken>> {
        let query = Query::new("reading a login token", token_where!("token = $1"));
        let query = query.with(token.as_bytes().as_slice());
        look_up_first(&self.engine, query, read).await
    }

    async fn login_tokens(
        &self,
        within: &Within,
        now: Timestamp,
        after: Option<LoginTokenPlace>,
        limit: u32,
    ) -> CatalogResult<Vec<LoginToken>> {
        // Before the first place is what is younger than any.
        let (at, token) =
            after.unwrap_or((Timestamp::from_unix_ms(i64::MAX), SecretHash::from_bytes([0; 32])));
        let query = Query::new(
            "listing login tokens",
            token_where!(
                "(expires_at IS NULL OR expires_at > $1) AND created_at <= $2 AND (created_at < $2 OR token > $3) AND ",
                within!("customer", "$4", "$5"),
                " ORDER BY created_at DESC, token LIMIT $6"
            ),
        )
        .with(now.unix_ms())
        .with(at.unix_ms())
        .with(token.as_bytes().as_slice())
        .within(within)
        .with(limit);
        read_all(&self.engine, query, read).await
    }

    async fn login_token_beginning(
        &self,
        within: &Within,
        beginning: [u8; 6],
        now: Timestamp,
    ) -> CatalogResult<Option<LoginToken>> {
        let (mut first, mut last) = ([0u8; 32], [255u8; 32]);
        first[..6].copy_from_slice(&beginning);
        last[..6].copy_from_slice(&beginning);
        let query = Query::new(
            "looking for a login token",
            token_where!(
                "token >= $1 AND token <= $2 AND (expires_at IS NULL OR expires_at > $3) AND ",
                within!("customer", "$4", "$5"),
                " ORDER BY token LIMIT 1"
            ),
        )
        .with(first.as_slice())
        .with(last.as_slice())
        .with(now.unix_ms())
        .within(within);
        read_first(&self.engine, query).await?.map(|mut row| read(&mut row)).transpose()
    }

    async fn end_login_token(&self, token: SecretHash) -> CatalogResult<()> {
        let query = Query::new("ending a login token", "DELETE FROM login_token WHERE token = $1");
        self.engine.write(Delete(query.with(token.as_bytes().as_slice()))).await
    }

    async fn prune_login_tokens(&self, now: Timestamp) -> CatalogResult<()> {
        let query = Query::new("pruning login tokens", "DELETE FROM login_token WHERE expires_at <= $1");
        self.engine.write(Delete(query.with(now.unix_ms()))).await
    }
}

fn read(row: &mut Row) -> CatalogResult<LoginToken> {
    Ok(LoginToken {
        token: SecretHash::from_bytes(row.hash("login token")?),
        person: PersonId(row.int("login token person")?),
        customer: CustomerId(row.int("login token customer")?),
        peer: row.parsed("login token peer", |text| text.parse().ok())?,
        switched_by: row.optional_int("login token switched_by")?.map(PersonId),
        created_at: Timestamp::from_unix_ms(row.int("login token created_at")?),
        expires_at: row.optional_int("login token end")?.map(Timestamp::from_unix_ms),
    })
}

struct Add {
    token: LoginToken,
    read: PasswordHash,
    by: LetInBy,
    most: u32,
}

/// Holds the row of somebody who must be there and not disabled, so that logins side by side are counted one after the
/// other on every engine; false when they are not.
async fn holds(sql: &mut dyn Sql, person: PersonId, verified: Option<&PasswordHash>) -> CatalogResult<bool> {
    let query = Query::new(
        "looking at who wants a login token",
        "UPDATE person SET disabled = disabled
         WHERE id = $1 AND (CAST($2 AS TEXT) IS NULL OR password_hash = $2) AND NOT disabled",
    )
    .with(person.0)
    .with(verified.map(PasswordHash::reveal));
    Ok(sql.execute(query).await? > 0)
}

/// Whether somebody was let in by what is good still; `new` is the token that they get.
async fn is_good(sql: &mut dyn Sql, by: &LetInBy, new: SecretHash) -> CatalogResult<bool> {
    match by {
        LetInBy::Token(token) => {
            // An earlier run of the unit may have pushed it out for the new one.
            let query = Query::new(
                "looking for the token of who wants another",
                "UPDATE login_token SET created_at = created_at WHERE token IN ($1, $2)",
            )
            .with(token.as_bytes().as_slice())
            .with(new.as_bytes().as_slice());
            Ok(sql.execute(query).await? > 0)
        }
        LetInBy::Password { person, verified, with_code } => {
            if !holds(sql, *person, Some(verified)).await? {
                return Ok(false);
            }
            let query = Query::new(
                "looking for one-time codes of who wants a login token",
                "SELECT 1 FROM one_time_code WHERE person = $1 AND confirmed",
            );
            Ok(*with_code || sql.fetch_first(query.with(person.0)).await?.is_none())
        }
    }
}

#[async_trait]
impl Unit for Add {
    type Output = Option<Vec<SecretHash>>;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<Option<Vec<SecretHash>>> {
        let token = &self.token;
        if !holds(sql, token.person, Some(&self.read)).await? || !is_good(sql, &self.by, token.token).await? {
            return Ok(None);
        }
        if let Some(person) = token.switched_by
            && !holds(sql, person, None).await?
        {
            return Ok(None);
        }
        // 128 random bits do not collide: what is there already is an earlier run of this unit.
        let query = Query::new(
            "adding a login token",
            "INSERT INTO login_token (token, person, customer, peer, switched_by, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (token) DO NOTHING",
        )
        .with(token.token.as_bytes().as_slice())
        .with(token.person.0)
        .with(token.customer.0)
        .with(token.peer.to_string())
        .with(token.switched_by.map(|person| person.0))
        .with(token.created_at.unix_ms())
        .with(token.expires_at.map(Timestamp::unix_ms));
        sql.execute(query).await?;
        let query = Query::new(
            "pushing login tokens out",
            "DELETE FROM login_token WHERE person = $1 AND token <> $3 AND (expires_at <= $2 OR token NOT IN (
                 SELECT token FROM login_token WHERE person = $1 AND (expires_at IS NULL OR expires_at > $2)
                 ORDER BY CASE WHEN token = $3 THEN 0 ELSE 1 END, created_at DESC, token LIMIT $4))
             RETURNING token",
        )
        .with(token.person.0)
        .with(token.created_at.unix_ms())
        .with(token.token.as_bytes().as_slice())
        .with(self.most);
        let rows = sql.fetch(query).await?;
        let gone = rows.into_iter().map(|mut row| Ok(SecretHash::from_bytes(row.hash("login token")?)));
        gone.collect::<CatalogResult<_>>().map(Some)
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
