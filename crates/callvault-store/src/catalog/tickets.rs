//! Tickets that outlive the process.

use async_trait::async_trait;
use callvault_core::gate::Within;
use callvault_core::id::{CustomerId, PersonId};
use callvault_core::port::catalog::{CatalogError, CatalogResult, Tickets};
use callvault_core::recording::RecordingName;
use callvault_core::secret::SecretHash;
use callvault_core::ticket::Ticket;
use callvault_core::time::Timestamp;

use super::SqlCatalog;
use super::sql::{Engine, Query, Row, Sql, Unit, Value, read_all, read_first};
use super::within::within;

macro_rules! tickets {
    () => {
        "SELECT random, customer, recording, session, made_by, allowed, created_at, expires_at FROM ticket
         WHERE claimed_at IS NULL AND "
    };
}

#[async_trait]
impl<E: Engine> Tickets for SqlCatalog<E> {
    async fn add_ticket(&self, ticket: Ticket) -> CatalogResult<()> {
        self.engine.write(Add(ticket)).await
    }

    async fn ticket(&self, random: SecretHash, now: Timestamp) -> CatalogResult<Option<Ticket>> {
        let query = Query::new("reading a ticket", concat!(tickets!(), "random = $1 AND expires_at > $2"))
            .with(random.as_bytes().as_slice())
            .with(now.unix_ms());
        read_first(&self.engine, query).await?.map(|mut row| read(&mut row)).transpose()
    }

    async fn claim_ticket(&self, random: SecretHash, now: Timestamp) -> CatalogResult<bool> {
        let query = Query::new(
            "claiming a ticket",
            "UPDATE ticket SET claimed_at = $2
             WHERE random = $1 AND claimed_at IS NULL AND expires_at > $2 RETURNING handle",
        )
        .with(random.as_bytes().as_slice())
        .with(now.unix_ms());
        Ok(self.engine.write(Touch(query)).await? == 1)
    }

    async fn tickets(&self, within: &Within, now: Timestamp) -> CatalogResult<Vec<Ticket>> {
        let query = Query::new(
            "listing tickets",
            concat!(
                tickets!(),
                "expires_at > $1 AND ",
                within!("customer", "$2", "$3"),
                " ORDER BY created_at, random"
            ),
        )
        .with(now.unix_ms())
        .within(within);
        read_all(&self.engine, query, read).await
    }

    async fn revoke_ticket(&self, within: &Within, handle: &str) -> CatalogResult<bool> {
        let query = Query::new(
            "revoking a ticket",
            concat!(
                "DELETE FROM ticket WHERE handle = $1 AND claimed_at IS NULL AND ",
                within!("customer", "$2", "$3"),
                " RETURNING handle"
            ),
        )
        .with(handle)
        .within(within);
        Ok(self.engine.write(Touch(query)).await? > 0)
    }

    async fn prune_tickets(&self, before: Timestamp) -> CatalogResult<()> {
        let query = Query::new(
            "pruning tickets",
            "DELETE FROM ticket WHERE expires_at < $1 OR claimed_at < $1 RETURNING handle",
        )
        .with(before.unix_ms());
        self.engine.write(Touch(query)).await.map(|_| ())
    }
}

fn read(row: &mut Row) -> CatalogResult<Ticket> {
    let random = SecretHash::from_bytes(row.hash("ticket")?);
    let customer = CustomerId(row.int("ticket customer")?);
    let subject = row.parsed("ticket recording", |text| RecordingName::new(text).ok())?;
    let session = if row.next_is_absent() {
        row.optional_bytes("ticket session")?;
        None
    } else {
        Some(SecretHash::from_bytes(row.hash("ticket session")?))
    };
    let made_by = row.optional_int("ticket made_by")?.map(PersonId);
    // Addresses that cannot be read must not widen the ticket to anywhere, which an empty list is.
    let allowed = row.parsed("ticket addresses", |text| {
        text.split(',').filter(|item| !item.is_empty()).map(|item| item.parse().ok()).collect()
    })?;
    Ok(Ticket {
        random,
        customer,
        subject,
        session,
        made_by,
        allowed,
        created_at: Timestamp::from_unix_ms(row.int("ticket created_at")?),
        expires_at: Timestamp::from_unix_ms(row.int("ticket expires_at")?),
    })
}

struct Add(Ticket);

#[async_trait]
impl Unit for Add {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let ticket = &self.0;
        let allowed: Vec<_> = ticket.allowed.iter().map(ToString::to_string).collect();
        // 128 random bits do not collide: what is there already is an earlier run of this unit, used or not.
        let query = Query::new(
            "adding a ticket",
            "INSERT INTO ticket
                 (random, handle, customer, recording, session, made_by, allowed, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (random) DO NOTHING",
        )
        .with(ticket.random.as_bytes().as_slice())
        .with(ticket.random.handle())
        .with(ticket.customer.0)
        .with(ticket.subject.as_str())
        .with(Value::Bytes(ticket.session.map(|session| session.as_bytes().to_vec())))
        .with(ticket.made_by.map(|person| person.0))
        .with(allowed.join(","))
        .with(ticket.created_at.unix_ms())
        .with(ticket.expires_at.unix_ms());
        sql.execute(query).await.map_err(|error| error.gone("customer"))?;
        Ok(())
    }
}

/// One statement that answers a row for each ticket it touched.
struct Touch(Query);

#[async_trait]
impl Unit for Touch {
    type Output = usize;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<usize> {
        sql.fetch(self.0.clone()).await.map(|rows| rows.len()).map_err(CatalogError::from)
    }
}
