//! The listen log: chains of entries per customer and writer epoch, and their heads.

use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use callvault_core::gate::{InCustomer, Within};
use callvault_core::id::{CustomerId, PersonId};
use callvault_core::listen::{Head, LogRow};
use callvault_core::page::PageRequest;
use callvault_core::port::catalog::{CatalogResult, ListenLog, LogFilter, LogPlace};
use callvault_core::time::Timestamp;

use super::SqlCatalog;
use super::sql::{Borrowed, Engine, Insertion, Query, Row, Sql, Unit, number, read_all};
use super::within::within;

/// Entries for a condition, in the order in which [`read`] takes the columns.
macro_rules! log_where {
    ($($condition:literal),*) => {
        concat!(
            "SELECT customer, epoch, sequence, at, person, door, peer, action, kind, name, sha256, first_byte,
                 last_byte, ticket, hash FROM listen_log WHERE ",
            $($condition),*
        )
    };
}

/// A page of a customer's entries with a condition on `$5` in front.
macro_rules! page_where {
    ($condition:literal) => {
        log_where!(
            "customer = $1 AND ",
            $condition,
            "(epoch, sequence) > ($2, $3) ORDER BY epoch, sequence LIMIT $4"
        )
    };
}

#[async_trait]
impl<E: Engine> ListenLog for SqlCatalog<E> {
    fn beside_writer(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.engine.beside_writer(task);
    }

    async fn open_epoch(&self, at: Timestamp) -> CatalogResult<i64> {
        self.engine.write(OpenEpoch { at }).await
    }

    async fn append_log(&self, rows: Arc<[LogRow]>, heads: Vec<Head>) -> CatalogResult<()> {
        if rows.is_empty() && heads.is_empty() {
            return Ok(());
        }
        self.engine.write(Append { rows, heads }).await
    }

    async fn log_rows(
        &self,
        customer: &InCustomer,
        filter: &LogFilter,
        page: PageRequest<LogPlace>,
    ) -> CatalogResult<Vec<LogRow>> {
        // Each filter has a text of its own, so that each finds its index.
        let text = match (&filter.name, filter.person) {
            (None, None) => page_where!(""),
            (Some(_), None) => page_where!("name = $5 AND "),
            (None, Some(_)) => page_where!("person = $5 AND "),
            (Some(_), Some(_)) => page_where!("name = $5 AND person = $6 AND "),
        };
        let after = page.after.unwrap_or(LogPlace { epoch: i64::MIN, sequence: i64::MIN });
        let mut query = Query::new("listing the listen log", text)
            .with(customer.id().0)
            .with(after.epoch)
            .with(after.sequence)
            .with(page.limit);
        if let Some(name) = &filter.name {
            query = query.with(name.as_str());
        }
        if let Some(person) = filter.person {
            query = query.with(person.0);
        }
        read_all(&self.engine, query, read).await
    }

    async fn log_heads(&self, within: &Within) -> CatalogResult<Vec<Head>> {
        let query = Query::new(
            "reading the heads of the listen log",
            concat!(
                "SELECT customer, epoch, sequence, hash FROM listen_head WHERE ",
                within!("customer", "$1", "$2"),
                " ORDER BY customer, epoch"
            ),
        )
        .within(within);
        read_all(&self.engine, query, read_head).await
    }

    async fn log_chain(&self, head: &Head, after: i64, limit: u32) -> CatalogResult<Vec<LogRow>> {
        let query = Query::new(
            "reading a chain of the listen log",
            log_where!("customer = $1 AND epoch = $2 AND sequence > $3 ORDER BY sequence LIMIT $4"),
        )
        .with(head.customer.0)
        .with(head.epoch)
        .with(after)
        .with(limit);
        read_all(&self.engine, query, read).await
    }
}

fn read(row: &mut Row) -> CatalogResult<LogRow> {
    Ok(LogRow {
        customer: CustomerId(row.int("log customer")?),
        epoch: row.int("log epoch")?,
        sequence: row.int("log sequence")?,
        at: Timestamp::from_unix_ms(row.int("log time")?),
        person: row.optional_int("log person")?.map(PersonId),
        door: row.text("log door")?,
        peer: row.text("log peer")?,
        action: row.text("log action")?,
        kind: row.text("log kind")?,
        name: row.text("log name")?,
        sha256: row.bytes("log audio hash")?,
        first_byte: row.int("log first byte")?,
        last_byte: row.int("log last byte")?,
        ticket: row.text("log ticket")?,
        hash: row.hash("log hash")?,
    })
}

fn read_head(row: &mut Row) -> CatalogResult<Head> {
    Ok(Head {
        customer: CustomerId(row.int("log head customer")?),
        epoch: row.int("log head epoch")?,
        sequence: row.int("log head sequence")?,
        hash: row.hash("log head hash")?,
    })
}

struct OpenEpoch {
    at: Timestamp,
}

#[async_trait]
impl Unit for OpenEpoch {
    type Output = i64;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<i64> {
        let epoch = number(sql, "writer_epoch", None).await?;
        let query = Query::new(
            "opening a writer epoch",
            "INSERT INTO writer_epoch (epoch, opened_at) VALUES ($1, $2)",
        )
        .with(epoch)
        .with(self.at.unix_ms());
        sql.execute(query).await?;
        Ok(epoch)
    }
}

struct Append {
    rows: Arc<[LogRow]>,
    heads: Vec<Head>,
}

const APPEND: Insertion = Insertion {
    operation: "appending to the listen log",
    before: "INSERT INTO listen_log (customer, epoch, sequence, at, person, door, peer, action, kind, name,
                 sha256, first_byte, last_byte, ticket, hash) VALUES ",
    columns: 15,
    after: " ON CONFLICT (customer, epoch, sequence) DO NOTHING",
};

/// How many rows are handed to the engine at once.
const ROWS: usize = 64;

fn values(row: &LogRow) -> [Borrowed<'_>; APPEND.columns] {
    [
        Borrowed::Int(Some(row.customer.0)),
        Borrowed::Int(Some(row.epoch)),
        Borrowed::Int(Some(row.sequence)),
        Borrowed::Int(Some(row.at.unix_ms())),
        Borrowed::Int(row.person.map(|person| person.0)),
        Borrowed::Text(&row.door),
        Borrowed::Text(&row.peer),
        Borrowed::Text(&row.action),
        Borrowed::Text(&row.kind),
        Borrowed::Text(&row.name),
        Borrowed::Bytes(&row.sha256),
        Borrowed::Int(Some(row.first_byte)),
        Borrowed::Int(Some(row.last_byte)),
        Borrowed::Text(&row.ticket),
        Borrowed::Bytes(&row.hash),
    ]
}

#[async_trait]
impl Unit for Append {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let mut all = Vec::with_capacity(ROWS.min(self.rows.len()) * APPEND.columns);
        for rows in self.rows.chunks(ROWS) {
            all.clear();
            all.extend(rows.iter().flat_map(values));
            sql.insert(&APPEND, &all).await?;
        }
        // A head never goes back, also when an earlier unit is run again after a later one.
        for head in &self.heads {
            let moved = Query::new(
                "moving a head of the listen log",
                "INSERT INTO listen_head (customer, epoch, sequence, hash) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (customer, epoch) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash
                 WHERE listen_head.sequence < excluded.sequence",
            );
            let moved = moved.with(head.customer.0).with(head.epoch).with(head.sequence);
            sql.execute(moved.with(head.hash.as_slice())).await?;
        }
        Ok(())
    }
}
