//! Recordings.

use async_trait::async_trait;
use callvault_core::audio::AudioKey;
use callvault_core::gate::{InCustomer, Within};
use callvault_core::id::{CustomerId, RecordGroupId, RecordingId};
use callvault_core::page::PageRequest;
use callvault_core::port::catalog::{Added, CatalogError, CatalogResult, Recordings};
use callvault_core::recording::{Recording, RecordingName};
use callvault_core::time::Timestamp;

use super::outbox;
use super::sql::{Engine, Query, Row, Sql, Unit, look_up_first, read_all};
use super::stored_audio::{self, audio_columns};
use super::within::within;
use super::{SqlCatalog, found, keeping};

/// Recordings with their audio.
macro_rules! recordings {
    () => {
        concat!(
            "SELECT r.id, r.customer, r.name, r.stored_at, ",
            audio_columns!(),
            " FROM recording r JOIN audio a ON a.key = r.audio WHERE "
        )
    };
}

#[async_trait]
impl<E: Engine> Recordings for SqlCatalog<E> {
    async fn add_recording(&self, new: Recording) -> CatalogResult<Added> {
        self.engine.write(Add { new, record_group: None }).await
    }

    async fn recording(
        &self,
        customer: &InCustomer,
        name: &RecordingName,
    ) -> CatalogResult<Option<Recording>> {
        let query = named(customer.id(), name);
        look_up_first(&self.engine, query, read).await
    }

    async fn recordings_named(&self, within: &Within, name: &RecordingName) -> CatalogResult<Vec<Recording>> {
        let query = Query::new(
            "finding recordings by name",
            concat!(
                recordings!(),
                "r.name = $1 AND ",
                within!("r.customer", "$2", "$3"),
                " ORDER BY r.customer"
            ),
        )
        .with(name.as_str())
        .within(within);
        Ok(self.engine.look_up(query, read).await?.to_vec())
    }

    async fn recordings(
        &self,
        customer: &InCustomer,
        page: PageRequest<RecordingName>,
    ) -> CatalogResult<Vec<Recording>> {
        let query = Query::new(
            "listing recordings",
            concat!(recordings!(), "r.customer = $1 AND r.name > $2 ORDER BY r.name LIMIT $3"),
        )
        .with(customer.id().0)
        .with(page.after.as_ref().map_or("", RecordingName::as_str))
        .with(page.limit);
        read_all(&self.engine, query, read).await
    }

    async fn remove_recording(
        &self,
        customer: &InCustomer,
        name: &RecordingName,
        noted: Vec<RecordingId>,
        at: Timestamp,
    ) -> CatalogResult<Vec<AudioKey>> {
        self.engine.write(Remove { customer: customer.id(), name: name.clone(), noted, at }).await
    }
}

fn named(customer: CustomerId, name: &RecordingName) -> Query {
    Query::new("reading a recording", concat!(recordings!(), "r.customer = $1 AND r.name = $2"))
        .with(customer.0)
        .with(name.as_str())
}

/// Reads a recording with its audio.
pub(super) fn read(row: &mut Row) -> CatalogResult<Recording> {
    Ok(Recording {
        id: RecordingId(row.int("recording id")?),
        customer: CustomerId(row.int("recording customer")?),
        name: row.parsed("recording name", |text| RecordingName::new(text).ok())?,
        stored_at: Timestamp::from_unix_ms(row.int("recording stored_at")?),
        audio: stored_audio::read(row)?,
    })
}

/// Adds a recording, into a record group or into none.
pub(super) struct Add {
    pub(super) new: Recording,
    pub(super) record_group: Option<RecordGroupId>,
}

impl Add {
    /// The name is in use: the new object is not needed, unless an earlier run of this unit put it there.
    async fn found(&self, sql: &mut dyn Sql, found: Recording) -> CatalogResult<Added> {
        let new = &self.new;
        if found.audio.key == new.audio.key {
            return Ok(Added::New);
        }
        let query =
            Query::new("giving up audio", "DELETE FROM audio WHERE key = $1").with(new.audio.key.to_string());
        sql.execute(query).await?;
        let query = Query::new(
            "discarding an upload",
            "UPDATE loose_object SET lease_until = NULL, discarded_at = $2 WHERE key = $1 AND discarded_at IS NULL",
        )
        .with(new.audio.key.to_string())
        .with(new.stored_at.unix_ms());
        if sql.execute(query).await? == 0 {
            return Err(CatalogError::Gone { what: "upload" });
        }
        let same = found.audio.sha256 == new.audio.sha256 && found.audio.size_bytes == new.audio.size_bytes;
        let found = Box::new(found);
        if !same {
            return Ok(Added::Differs(found));
        }
        keeping::keep_on(sql, found.id, self.record_group, new.stored_at).await?;
        Ok(Added::Already(found))
    }
}

#[async_trait]
impl Unit for Add {
    type Output = Added;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<Added> {
        let new = &self.new;
        stored_audio::insert(sql, &new.audio).await?;
        let prospect = found::prospect(sql, new.customer, &new.name).await?;
        let unnamed = if prospect.named.is_none() { prospect.unrecorded } else { None };
        let call = prospect.named.or(unnamed);
        let query = Query::new(
            "adding a recording",
            "INSERT INTO recording (customer, name, id, stored_at, audio, call, began_at, call_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (customer, name) DO NOTHING",
        )
        .with(new.customer.0)
        .with(new.name.as_str())
        .with(new.id.0)
        .with(new.stored_at.unix_ms())
        .with(new.audio.key.to_string())
        .with(call.map(|(id, _)| id))
        .with(call.map_or(new.stored_at, |(_, began_at)| began_at).unix_ms())
        .with(new.name.call_id());
        let added = sql.execute(query).await.map_err(|error| match error.cause {
            super::sql::Cause::Unique => error.taken("id"),
            _ => error.gone("customer"),
        })?;
        if added == 0 {
            let row = sql.fetch_first(named(new.customer, &new.name)).await?;
            let mut row = row.ok_or(CatalogError::Unreadable { what: "recording" })?;
            return self.found(sql, read(&mut row)?).await;
        }
        keeping::insert(sql, new.customer, new.id, self.record_group, new.stored_at).await?;
        if let Some((call, _)) = unnamed {
            found::name_calls(sql, [(call, &new.name)]).await?;
        }
        if prospect.is_awaited || unnamed.is_some() {
            outbox::recording_added(sql, new, unnamed.map(|(call, _)| call)).await?;
        }
        if stored_audio::release(sql, new.audio.key).await? {
            Ok(Added::New)
        } else {
            Err(CatalogError::Gone { what: "upload" })
        }
    }
}

struct Remove {
    customer: CustomerId,
    name: RecordingName,
    noted: Vec<RecordingId>,
    at: Timestamp,
}

#[async_trait]
impl Unit for Remove {
    type Output = Vec<AudioKey>;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<Vec<AudioKey>> {
        let query = Query::new(
            "looking for a recording",
            "SELECT id FROM recording WHERE customer = $1 AND name = $2",
        )
        .with(self.customer.0)
        .with(self.name.as_str());
        let mut row = sql.fetch_first(query).await?.ok_or(CatalogError::Gone { what: "recording" })?;
        let id = RecordingId(row.int("recording id")?);
        stored_audio::require_noted("recordings", &[id], &self.noted)?;
        keeping::forget_places(sql, id).await?;
        let query = Query::new(
            "removing a recording",
            "DELETE FROM recording WHERE customer = $1 AND name = $2 RETURNING audio",
        )
        .with(self.customer.0)
        .with(self.name.as_str());
        let mut row = sql.fetch_first(query).await?.ok_or(CatalogError::Gone { what: "recording" })?;
        let key = stored_audio::key(&mut row)?;
        stored_audio::discard(sql, vec![key], self.at).await
    }
}
