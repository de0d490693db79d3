//! Where recordings are kept, and for how long: the units of work. The lists are in [`super::kept`].
//!
//! Each unit first touches the row of its recording, so that two about one recording never work side by side, on an engine
//! with several writers either: of two that take the last two places, one finds that its is the last.

use async_trait::async_trait;
use callvault_core::gate::{InCustomer, Within};
use callvault_core::id::{CustomerId, RecordGroupId, RecordingId};
use callvault_core::kept::{KeptCursor, KeptFilter, KeptOrder, KeptRecording, Place, PlaceChange};
use callvault_core::page::PageRequest;
use callvault_core::port::catalog::{Added, CatalogError, CatalogResult, Keeping, PlaceToTake, Taken};
use callvault_core::record_group::RecordGroupSettings;
use callvault_core::recording::Recording;
use callvault_core::time::Timestamp;

use super::sql::{Engine, Query, Row, Sql, Unit, batches, read_all};
use super::stored_audio::audio_columns;
use super::{SqlCatalog, kept, recordings, stored_audio};

#[async_trait]
impl<E: Engine> Keeping for SqlCatalog<E> {
    async fn add_recording_into(&self, new: Recording, group: RecordGroupId) -> CatalogResult<Added> {
        self.engine.write(recordings::Add { new, record_group: Some(group) }).await
    }

    async fn places(&self, recordings: Vec<RecordingId>) -> CatalogResult<Vec<(RecordingId, Place)>> {
        let rows = recordings.into_iter().map(|id| vec![id.0.into()]).collect();
        let before = "SELECT p.recording, p.record_group, p.expires_at FROM (VALUES ";
        let after = ") AS v CROSS JOIN recording_place p
             WHERE p.recording = v.column1 ORDER BY p.recording, p.record_group";
        let mut places = Vec::new();
        for query in batches("reading the places of recordings", before, rows, after) {
            let read = |row: &mut Row| Ok((RecordingId(row.int("recording id")?), place(row)?));
            places.extend(read_all(&self.engine, query, read).await?);
        }
        places.sort_unstable();
        Ok(places)
    }

    async fn put_into_group(
        &self,
        recording: RecordingId,
        group: RecordGroupId,
        at: Timestamp,
    ) -> CatalogResult<()> {
        self.engine.write(Put { recording, group, at }).await
    }

    async fn take_from_group(
        &self,
        recording: RecordingId,
        group: RecordGroupId,
        noted: bool,
    ) -> CatalogResult<bool> {
        self.engine.write(Leave { recording, group, noted }).await
    }

    async fn change_places(
        &self,
        recording: RecordingId,
        change: PlaceChange,
        at: Timestamp,
        noted: bool,
    ) -> CatalogResult<()> {
        self.engine.write(Change { recording, change, at, noted }).await
    }

    async fn set_end(&self, recording: RecordingId, place: Place, noted: bool) -> CatalogResult<()> {
        self.engine.write(SetEnd { recording, place, noted }).await
    }

    async fn take_place(&self, place: PlaceToTake, at: Timestamp) -> CatalogResult<Taken> {
        self.engine.write(Take { place, at }).await
    }

    async fn ended(&self, by: Timestamp, limit: u32) -> CatalogResult<Vec<(Recording, Place)>> {
        let query = ended(by, limit);
        let read = |row: &mut Row| {
            let place = place(row)?;
            Ok((recordings::read(row)?, place))
        };
        read_all(&self.engine, query, read).await
    }

    async fn kept_recording(
        &self,
        within: &Within,
        recording: RecordingId,
        record_group: Option<RecordGroupId>,
    ) -> CatalogResult<Option<KeptRecording>> {
        kept::find(&self.engine, within, recording, record_group).await
    }

    async fn kept_recordings(
        &self,
        customer: &InCustomer,
        record_group: Option<RecordGroupId>,
        filter: &KeptFilter,
        order: KeptOrder,
        page: PageRequest<KeptCursor>,
    ) -> CatalogResult<Vec<KeptRecording>> {
        kept::list(&self.engine, customer.id(), record_group, filter, order, &page).await
    }
}

/// Reads a record group and an end.
pub(super) fn place(row: &mut Row) -> CatalogResult<Place> {
    Ok(Place {
        record_group: row.optional_int("record group of a place")?.map(RecordGroupId),
        expires_at: row.optional_int("end of a place")?.map(Timestamp::from_unix_ms),
    })
}

/// A range of the index of ends, cut off before the rest is read.
fn ended(by: Timestamp, limit: u32) -> Query {
    Query::new(
        "looking for what has ended",
        concat!(
            "SELECT e.record_group, e.expires_at, r.id, r.customer, r.name, r.stored_at, ",
            audio_columns!(),
            " FROM (SELECT record_group, recording, expires_at FROM recording_place WHERE expires_at <= $1
                 ORDER BY expires_at, recording, COALESCE(record_group, 0) LIMIT $2) AS e
             CROSS JOIN recording r CROSS JOIN audio a WHERE r.id = e.recording AND a.key = r.audio
             ORDER BY e.expires_at, r.id, COALESCE(e.record_group, 0)"
        ),
    )
    .with(by.unix_ms())
    .with(limit)
}

/// What a unit knows of its recording: its row is this unit's own from here on.
struct Held {
    customer: CustomerId,
    /// Where it is kept, at least one.
    places: Vec<Place>,
}

impl Held {
    fn at(&self, group: Option<RecordGroupId>) -> Option<&Place> {
        self.places.iter().find(|place| place.record_group == group)
    }
}

/// Gone: the recording.
async fn hold(sql: &mut dyn Sql, recording: RecordingId) -> CatalogResult<Held> {
    let query = Query::new(
        "queueing for a recording",
        "UPDATE recording SET stored_at = stored_at WHERE id = $1 RETURNING customer",
    );
    let row = sql.fetch_first(query.with(recording.0)).await?;
    let mut row = row.ok_or(CatalogError::Gone { what: "recording" })?;
    let customer = CustomerId(row.int("recording customer")?);
    let query = Query::new(
        "reading the places of a recording",
        "SELECT record_group, expires_at FROM recording_place WHERE recording = $1",
    );
    let mut rows = sql.fetch(query.with(recording.0)).await?;
    let places = rows.iter_mut().map(place).collect::<CatalogResult<_>>()?;
    Ok(Held { customer, places })
}

/// The end that a record group gives. Gone: the record group, also one of another customer.
async fn end_of(
    sql: &mut dyn Sql,
    customer: CustomerId,
    group: RecordGroupId,
    at: Timestamp,
) -> CatalogResult<Timestamp> {
    // Touched, so that the group cannot be removed, nor its days changed, until this is committed.
    let query = Query::new(
        "queueing for a record group",
        "UPDATE record_group SET retention_days = retention_days WHERE id = $1 AND customer = $2
         RETURNING retention_days",
    )
    .with(group.0)
    .with(customer.0);
    let row = sql.fetch_first(query).await?;
    let retention_days =
        row.ok_or(CatalogError::Gone { what: "record group" })?.number("record group retention_days")?;
    let settings = RecordGroupSettings { retention_days, ..RecordGroupSettings::default() };
    settings.end_of(at).ok_or(CatalogError::KeepsNothing { record_group: group })
}

/// Keeps a recording at one more place: in a group with the end that it gives, in none without one. Gone: the record group.
pub(super) async fn insert(
    sql: &mut dyn Sql,
    customer: CustomerId,
    recording: RecordingId,
    record_group: Option<RecordGroupId>,
    at: Timestamp,
) -> CatalogResult<()> {
    let end = match record_group {
        Some(group) => Some(end_of(sql, customer, group, at).await?),
        None => None,
    };
    let query = Query::new(
        "keeping a recording at a place",
        "INSERT INTO recording_place (record_group, recording, began_at, expires_at)
         SELECT CAST($1 AS BIGINT), id, began_at, CAST($3 AS BIGINT) FROM recording WHERE id = $2",
    )
    .with(record_group.map(|group| group.0))
    .with(recording.0)
    .with(end.map(Timestamp::unix_ms));
    sql.execute(query).await?;
    Ok(())
}

async fn leave(
    sql: &mut dyn Sql,
    recording: RecordingId,
    record_group: Option<RecordGroupId>,
) -> CatalogResult<()> {
    let query = Query::new(
        "taking a place from a recording",
        "DELETE FROM recording_place WHERE recording = $1 AND COALESCE(record_group, 0) = $2",
    )
    .with(recording.0)
    .with(record_group.map_or(0, |group| group.0));
    sql.execute(query).await?;
    Ok(())
}

/// Keeps a recording that was sent once more where it was sent to. A place that has not ended stays as it is, only that what
/// is sent to no group is kept without an end; one that has ended is there anew, as if nothing had been there. Gone, Keeps
/// nothing: as [`insert`].
pub(super) async fn keep_on(
    sql: &mut dyn Sql,
    recording: RecordingId,
    record_group: Option<RecordGroupId>,
    at: Timestamp,
) -> CatalogResult<()> {
    let held = hold(sql, recording).await?;
    if let Some(place) = held.at(record_group) {
        let is_kept = match record_group {
            None => place.expires_at.is_none(),
            Some(_) => !place.has_ended(at),
        };
        if is_kept {
            return Ok(());
        }
        leave(sql, recording, record_group).await?;
    }
    insert(sql, held.customer, recording, record_group, at).await
}

struct Put {
    recording: RecordingId,
    group: RecordGroupId,
    at: Timestamp,
}

#[async_trait]
impl Unit for Put {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        keep_on(sql, self.recording, Some(self.group), self.at).await
    }
}

/// Fails with Changed where a recording would go sooner and nobody has noted it.
fn require_noted(goes_sooner: bool, noted: bool) -> CatalogResult<()> {
    if goes_sooner && !noted { Err(CatalogError::Changed { what: "places" }) } else { Ok(()) }
}

struct Leave {
    recording: RecordingId,
    group: RecordGroupId,
    noted: bool,
}

#[async_trait]
impl Unit for Leave {
    type Output = bool;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<bool> {
        let held = hold(sql, self.recording).await?;
        let group = Some(self.group);
        if held.at(group).is_none() {
            return Ok(false);
        }
        require_noted(held.places.len() > 1, self.noted)?;
        leave(sql, self.recording, group).await?;
        if held.places.len() == 1 {
            insert(sql, held.customer, self.recording, None, Timestamp::from_unix_ms(0)).await?;
        }
        Ok(true)
    }
}

struct Change {
    recording: RecordingId,
    change: PlaceChange,
    at: Timestamp,
    noted: bool,
}

#[async_trait]
impl Unit for Change {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let held = hold(sql, self.recording).await?;
        if let Some(wanted) = self.change.record_group {
            for place in held.places.iter().filter(|place| place.record_group != wanted) {
                leave(sql, self.recording, place.record_group).await?;
            }
            let place = held.at(wanted);
            if place.is_some_and(|place| place.has_ended(self.at)) {
                // It may have been kept by the others that were just taken.
                leave(sql, self.recording, wanted).await?;
            }
            if place.is_none_or(|place| place.has_ended(self.at)) {
                insert(sql, held.customer, self.recording, wanted, self.at).await?;
            }
        }
        // Behind what refuses the change: nothing is noted of one that does not come to be.
        require_noted(self.change.shortens(&held.places), self.noted)?;
        let Some(expires_at) = self.change.expires_at else { return Ok(()) };
        let query = Query::new(
            "setting the ends of a recording",
            "UPDATE recording_place SET expires_at = $2 WHERE recording = $1",
        )
        .with(self.recording.0)
        .with(expires_at.map(Timestamp::unix_ms));
        sql.execute(query).await?;
        Ok(())
    }
}

/// Sets the end of one place.
pub(super) struct SetEnd {
    pub(super) recording: RecordingId,
    pub(super) place: Place,
    pub(super) noted: bool,
}

#[async_trait]
impl Unit for SetEnd {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let held = hold(sql, self.recording).await?;
        let Place { record_group, expires_at } = self.place;
        let present = held.at(record_group).ok_or(CatalogError::Gone { what: "recording" })?;
        require_noted(present.is_shortened_by(expires_at), self.noted)?;
        let query = Query::new(
            "setting the end of a place",
            "UPDATE recording_place SET expires_at = $3
             WHERE recording = $1 AND COALESCE(record_group, 0) = $2",
        )
        .with(self.recording.0)
        .with(record_group.map_or(0, |group| group.0))
        .with(expires_at.map(Timestamp::unix_ms));
        sql.execute(query).await?;
        Ok(())
    }
}

struct Take {
    place: PlaceToTake,
    at: Timestamp,
}

#[async_trait]
impl Unit for Take {
    type Output = Taken;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<Taken> {
        let PlaceToTake { recording, record_group, ended_by, with_recording, noted } = self.place;
        let held = match hold(sql, recording).await {
            Err(CatalogError::Gone { .. }) => return Ok(Taken::Nothing),
            held => held?,
        };
        let Some(place) = held.at(record_group) else { return Ok(Taken::Nothing) };
        if ended_by.is_some_and(|by| !place.has_ended(by)) {
            return Ok(Taken::Nothing);
        }
        if held.places.len() > 1 {
            require_noted(ended_by.is_none(), noted)?;
            leave(sql, recording, record_group).await?;
            return Ok(Taken::Place);
        }
        if !with_recording {
            return Ok(Taken::NotTheLast);
        }
        forget_places(sql, recording).await?;
        let query = Query::new("removing a recording", "DELETE FROM recording WHERE id = $1 RETURNING audio");
        let row = sql.fetch_first(query.with(recording.0)).await?;
        let key = stored_audio::key(&mut row.ok_or(CatalogError::Gone { what: "recording" })?)?;
        Ok(Taken::Recording(stored_audio::discard(sql, vec![key], self.at).await?))
    }
}

/// Takes all places from a recording that is about to go.
pub(super) async fn forget_places(sql: &mut dyn Sql, recording: RecordingId) -> CatalogResult<()> {
    let query = Query::new(
        "forgetting the places of a recording",
        "DELETE FROM recording_place WHERE recording = $1",
    );
    sql.execute(query.with(recording.0)).await?;
    Ok(())
}
