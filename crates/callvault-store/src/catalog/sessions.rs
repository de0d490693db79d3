//! Sessions.

use async_trait::async_trait;
use callvault_core::id::{CustomerId, PersonId};
use callvault_core::person::PasswordHash;
use callvault_core::port::catalog::{CatalogResult, LeftPlace, Sessions};
use callvault_core::report::WantedTarget;
use callvault_core::secret::{Secret, SecretHash};
use callvault_core::session::{RefreshToken, ReportWish, Session};
use callvault_core::time::Timestamp;

use super::SqlCatalog;
use super::reports;
use super::sql::{Engine, Query, Row, Sql, Unit, Value, batches, read_all};

#[async_trait]
impl<E: Engine> Sessions for SqlCatalog<E> {
    async fn begin_session(
        &self,
        session: Session,
        verified: PasswordHash,
        pushed_out: Vec<SecretHash>,
        target: Option<WantedTarget>,
    ) -> CatalogResult<bool> {
        self.engine.write(Begin { session, verified, pushed_out, target }).await
    }

    async fn slide_sessions(&self, slid: Vec<Session>, deleted: Vec<SecretHash>) -> CatalogResult<()> {
        if slid.is_empty() && deleted.is_empty() {
            return Ok(());
        }
        self.engine.write(Slide { slid, deleted }).await
    }

    async fn retarget_session(
        &self,
        session: Session,
        target: Option<WantedTarget>,
        left: Option<LeftPlace>,
    ) -> CatalogResult<()> {
        self.engine.write(Retarget { session, target, left }).await
    }

    async fn end_session(&self, token: SecretHash, left: Option<LeftPlace>) -> CatalogResult<bool> {
        self.engine.write(End { token, left }).await
    }

    async fn renew_session(
        &self,
        old: SecretHash,
        refresh: SecretHash,
        renewed: Session,
        pushed_out: Vec<SecretHash>,
    ) -> CatalogResult<bool> {
        self.engine.write(Renew { old, refresh, renewed, pushed_out }).await
    }

    async fn sessions(&self) -> CatalogResult<Vec<Session>> {
        let query = Query::new(
            "reading sessions",
            "SELECT token, person, customer, peer, application_server, report_port, report_url,
                 report_url_is_complete, report_version, report_place, created_at, expires_at,
                 refresh_token, refresh_expires_at
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
            url: Secret::new(row.text("session report url")?),
            url_is_complete: row.bool("session report url kind")?,
            version: row.text("session report version")?,
            place: row.text("session report place")?,
        },
        created_at: Timestamp::from_unix_ms(row.int("session created_at")?),
        expires_at: Timestamp::from_unix_ms(row.int("session expires_at")?),
        refresh: read_refresh(row)?,
    })
}

fn read_refresh(row: &mut Row) -> CatalogResult<Option<RefreshToken>> {
    if row.next_is_absent() {
        row.optional_bytes("session refresh token")?;
        row.optional_int("session refresh token's end")?;
        return Ok(None);
    }
    Ok(Some(RefreshToken {
        token: SecretHash::from_bytes(row.hash("session refresh token")?),
        expires_at: Timestamp::from_unix_ms(row.int("session refresh token's end")?),
    }))
}

struct Begin {
    session: Session,
    verified: PasswordHash,
    pushed_out: Vec<SecretHash>,
    target: Option<WantedTarget>,
}

#[async_trait]
impl Unit for Begin {
    type Output = bool;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<bool> {
        let session = &self.session;
        // A second run of this unit finds its own row, which is no reason to say no.
        let query = Query::new(
            "beginning a session",
            "INSERT INTO session (token, person, customer, peer, application_server, report_port,
                 report_url, report_url_is_complete, report_version, created_at, expires_at, report_place,
                 refresh_token, refresh_expires_at)
             SELECT $1, id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $13, $14, $15 FROM person
                 WHERE id = $2 AND password_hash = $12 AND NOT disabled
             ON CONFLICT (token) DO UPDATE SET expires_at = excluded.expires_at",
        )
        .with(session.token.as_bytes().as_slice())
        .with(session.person.0)
        .with(session.customer.0)
        .with(session.peer.to_string())
        .with(session.application_server.map(|address| address.to_string()))
        .with(i64::from(session.report.port))
        .with(session.report.url.reveal())
        .with(session.report.url_is_complete)
        .with(session.report.version.as_str())
        .with(session.created_at.unix_ms())
        .with(session.expires_at.unix_ms())
        .with(self.verified.reveal())
        .with(session.report.place.as_str())
        .with(Value::Bytes(session.refresh.map(|refresh| refresh.token.as_bytes().to_vec())))
        .with(session.refresh.map(|refresh| refresh.expires_at.unix_ms()));
        if sql.execute(query).await? == 0 {
            return Ok(false);
        }
        delete(sql, &self.pushed_out).await?;
        if let Some(target) = &self.target {
            reports::keep_target(sql, session.person, session.customer, target, session.expires_at).await?;
            reports::leave_oldest(sql, session.person, session.created_at).await?;
        }
        Ok(true)
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
    slid: Vec<Session>,
    deleted: Vec<SecretHash>,
}

#[async_trait]
impl Unit for Slide {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        for session in &self.slid {
            // Only the end: the rest was read before a heartbeat that may have been committed meanwhile.
            let query = Query::new(
                "sliding a session",
                "UPDATE session SET expires_at = $2 WHERE token = $1 RETURNING report_place",
            )
            .with(session.token.as_bytes().as_slice())
            .with(session.expires_at.unix_ms());
            let Some(mut row) = sql.fetch_first(query).await? else { continue };
            let place = row.text("session report place")?;
            reports::keep_longer(sql, session.person, &place, session.expires_at).await?;
        }
        delete(sql, &self.deleted).await
    }
}

/// Writes what a heartbeat may change about a session; false when it is not there any more.
async fn change(sql: &mut dyn Sql, session: &Session) -> CatalogResult<bool> {
    let query = Query::new(
        "changing a session",
        "UPDATE session SET application_server = $2, report_port = $3, report_url = $4,
             report_url_is_complete = $5, report_version = $6, expires_at = $7, report_place = $8
         WHERE token = $1",
    )
    .with(session.token.as_bytes().as_slice())
    .with(session.application_server.map(|address| address.to_string()))
    .with(i64::from(session.report.port))
    .with(session.report.url.reveal())
    .with(session.report.url_is_complete)
    .with(session.report.version.as_str())
    .with(session.expires_at.unix_ms())
    .with(session.report.place.as_str());
    Ok(sql.execute(query).await? > 0)
}

struct Retarget {
    session: Session,
    target: Option<WantedTarget>,
    left: Option<LeftPlace>,
}

#[async_trait]
impl Unit for Retarget {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let session = &self.session;
        if !change(sql, session).await? {
            return Ok(());
        }
        let mut now_at = None;
        if let Some(target) = &self.target {
            let (person, customer) = (session.person, session.customer);
            now_at = Some(reports::keep_target(sql, person, customer, target, session.expires_at).await?);
        }
        match &self.left {
            Some(left) => reports::leave(sql, left, now_at).await,
            None => Ok(()),
        }
    }
}

struct End {
    token: SecretHash,
    left: Option<LeftPlace>,
}

#[async_trait]
impl Unit for End {
    type Output = bool;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<bool> {
        let query = Query::new("ending a session", "DELETE FROM session WHERE token = $1")
            .with(self.token.as_bytes().as_slice());
        let ended = sql.execute(query).await? > 0;
        if let Some(left) = &self.left {
            reports::leave(sql, left, None).await?;
        }
        Ok(ended)
    }
}

struct Renew {
    old: SecretHash,
    refresh: SecretHash,
    renewed: Session,
    pushed_out: Vec<SecretHash>,
}

#[async_trait]
impl Unit for Renew {
    type Output = bool;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<bool> {
        let renewed = &self.renewed;
        // A second run of this unit finds the row under its new token.
        let query = Query::new(
            "renewing a session",
            "UPDATE session SET token = $2, expires_at = $3, refresh_token = $4, refresh_expires_at = $5
             WHERE token = $2 OR (token = $1 AND refresh_token = $6)",
        )
        .with(self.old.as_bytes().as_slice())
        .with(renewed.token.as_bytes().as_slice())
        .with(renewed.expires_at.unix_ms())
        .with(Value::Bytes(renewed.refresh.map(|refresh| refresh.token.as_bytes().to_vec())))
        .with(renewed.refresh.map(|refresh| refresh.expires_at.unix_ms()))
        .with(self.refresh.as_bytes().as_slice());
        if sql.execute(query).await? == 0 {
            return Ok(false);
        }
        reports::keep_longer(sql, renewed.person, &renewed.report.place, renewed.expires_at).await?;
        delete(sql, &self.pushed_out).await?;
        Ok(true)
    }
}
