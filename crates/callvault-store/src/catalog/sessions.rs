//! Sessions.

use async_trait::async_trait;
use callvault_core::id::{CustomerId, PersonId};
use callvault_core::port::catalog::{CatalogResult, Sessions};
use callvault_core::secret::SecretHash;
use callvault_core::session::{ReportWish, Session};
use callvault_core::time::Timestamp;

use super::SqlCatalog;
use super::sql::{Engine, Query, Row, Sql, Unit, Value, batches, read_all};

#[async_trait]
impl<E: Engine> Sessions for SqlCatalog<E> {
    async fn write_sessions(&self, written: Vec<Session>, deleted: Vec<SecretHash>) -> CatalogResult<()> {
        if written.is_empty() && deleted.is_empty() {
            return Ok(());
        }
        self.engine.write(Write { written, deleted }).await
    }

    async fn slide_sessions(
        &self,
        ends: Vec<(SecretHash, Timestamp)>,
        deleted: Vec<SecretHash>,
    ) -> CatalogResult<()> {
        if ends.is_empty() && deleted.is_empty() {
            return Ok(());
        }
        self.engine.write(Slide { ends, deleted }).await
    }

    async fn sessions(&self) -> CatalogResult<Vec<Session>> {
        let query = Query::new(
            "reading sessions",
            "SELECT token, person, customer, peer, application_server, report_port, report_url,
                 report_url_is_complete, report_version, created_at, expires_at
             FROM session ORDER BY created_at, token",
        );
        read_all(&self.engine, query, read).await
    }
}

fn read(row: &mut Row) -> CatalogResult<Session> {
    let token = SecretHash::from_bytes(row.hash("session token")?);
    let person = PersonId(row.int("session person")?);
    let customer = CustomerId(row.int("session customer")?);
    let peer = row.parsed("session peer", |text| text.parse().ok())?;
    let what = "session application server";
    let application_server = if row.next_is_absent() {
        row.optional_text(what)?;
        None
    } else {
        Some(row.parsed(what, |text| text.parse().ok())?)
    };
    Ok(Session {
        token,
        person,
        customer,
        peer,
        application_server,
        report: ReportWish {
            port: row.number("session report port")?,
            url: row.text("session report url")?,
            url_is_complete: row.bool("session report url kind")?,
            version: row.text("session report version")?,
        },
        created_at: Timestamp::from_unix_ms(row.int("session created_at")?),
        expires_at: Timestamp::from_unix_ms(row.int("session expires_at")?),
    })
}

struct Write {
    written: Vec<Session>,
    deleted: Vec<SecretHash>,
}

impl Write {
    fn rows(&self) -> Vec<Vec<Value>> {
        // One statement must not touch a row twice (ON CONFLICT refuses), so that the last of a token counts.
        let mut last = std::collections::BTreeMap::new();
        last.extend(self.written.iter().map(|session| (session.token, session)));
        last.into_values().map(row).collect()
    }
}

fn row(session: &Session) -> Vec<Value> {
    vec![
        session.token.as_bytes().as_slice().into(),
        session.person.0.into(),
        session.customer.0.into(),
        session.peer.to_string().into(),
        session.application_server.map(|address| address.to_string()).into(),
        i64::from(session.report.port).into(),
        session.report.url.as_str().into(),
        session.report.url_is_complete.into(),
        session.report.version.as_str().into(),
        session.created_at.unix_ms().into(),
        session.expires_at.unix_ms().into(),
    ]
}

#[async_trait]
impl Unit for Write {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let before = "INSERT INTO session (token, person, customer, peer, application_server, report_port,
                          report_url, report_url_is_complete, report_version, created_at, expires_at) VALUES ";
        let after = " ON CONFLICT (token) DO UPDATE SET peer = excluded.peer,
                          application_server = excluded.application_server, report_port = excluded.report_port,
                          report_url = excluded.report_url,
                          report_url_is_complete = excluded.report_url_is_complete,
                          report_version = excluded.report_version, expires_at = excluded.expires_at";
        for query in batches("writing sessions", before, self.rows(), after) {
            sql.execute(query).await.map_err(|error| error.gone("person"))?;
        }
        delete(sql, &self.deleted).await
    }
}

async fn delete(sql: &mut dyn Sql, tokens: &[SecretHash]) -> CatalogResult<()> {
    let rows = tokens.iter().map(|token| vec![token.as_bytes().as_slice().into()]).collect();
    for query in batches("deleting sessions", "DELETE FROM session WHERE token IN (", rows, ")") {
        sql.execute(query).await?;
    }
    Ok(())
}

struct Slide {
    ends: Vec<(SecretHash, Timestamp)>,
    deleted: Vec<SecretHash>,
}

#[async_trait]
impl Unit for Slide {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        for (token, end) in &self.ends {
            let query =
                Query::new("sliding a session", "UPDATE session SET expires_at = $2 WHERE token = $1")
                    .with(token.as_bytes().as_slice())
                    .with(end.unix_ms());
            sql.execute(query).await?;
        }
        delete(sql, &self.deleted).await
    }
}
