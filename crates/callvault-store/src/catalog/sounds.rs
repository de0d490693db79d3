//! Library sounds.

use async_trait::async_trait;
use callvault_core::audio::{AudioKey, StoredAudio};
use callvault_core::gate::{InCustomer, SoundsWithin};
use callvault_core::id::{CustomerId, SoundId};
use callvault_core::page::PageRequest;
use callvault_core::port::catalog::{CatalogError, CatalogResult, Sounds};
use callvault_core::sound::{NewSound, Sound, SoundChange};
use callvault_core::time::Timestamp;

use super::SqlCatalog;
use super::plans;
use super::sql::{Engine, Query, Row, Sql, Unit, look_up_first, number, read_all};
use super::stored_audio::{self, audio_columns};
use super::within::within;

/// Sounds with their audio, if they have any.
macro_rules! sounds {
    () => {
        concat!(
            "SELECT s.id, s.customer, s.name, s.description, s.shared, s.created_at, s.file_name, ",
            audio_columns!(),
            " FROM sound s LEFT JOIN audio a ON a.key = s.audio WHERE "
        )
    };
}

#[async_trait]
impl<E: Engine> Sounds for SqlCatalog<E> {
    async fn add_sound(&self, new: NewSound) -> CatalogResult<SoundId> {
        self.engine.write(Add(new)).await
    }

    async fn change_sound(&self, id: SoundId, change: SoundChange) -> CatalogResult<()> {
        self.engine.write(Change { id, change }).await
    }

    async fn fill_sound(
        &self,
        id: SoundId,
        audio: StoredAudio,
        file_name: Option<String>,
        noted: Vec<AudioKey>,
        at: Timestamp,
    ) -> CatalogResult<Vec<AudioKey>> {
        self.engine.write(Fill { id, audio, file_name, noted, at }).await
    }

    async fn clear_sound(
        &self,
        id: SoundId,
        noted: Vec<AudioKey>,
        at: Timestamp,
    ) -> CatalogResult<Option<Vec<AudioKey>>> {
        self.engine.write(Clear { id, noted, at }).await
    }

    async fn remove_sound(
        &self,
        id: SoundId,
        noted: Vec<AudioKey>,
        at: Timestamp,
    ) -> CatalogResult<Vec<AudioKey>> {
        self.engine.write(Remove { id, noted, at }).await
    }

    async fn sound(&self, within: &SoundsWithin, id: SoundId) -> CatalogResult<Option<Sound>> {
        let query = Query::new(
            "reading a sound",
            concat!(
                sounds!(),
                "s.id = $1 AND (",
                within!("s.customer", "$2", "$3"),
                " OR ($4 AND s.shared))"
            ),
        )
        .with(id.0)
        .within_sounds(within);
        look_up_first(&self.engine, query, read).await
    }

    async fn sounds(
        &self,
        customer: &InCustomer,
        shared: bool,
        page: PageRequest<SoundId>,
    ) -> CatalogResult<Vec<Sound>> {
        // Each part is a range of an index of its own; together with the other one, all sounds would be walked.
        let text = if shared {
            concat!(
                sounds!(),
                "s.id IN (SELECT id FROM (SELECT id FROM sound WHERE customer = $1 AND id > $2 ORDER BY id LIMIT $3) own
                          UNION SELECT id FROM (SELECT id FROM sound WHERE shared AND id > $2 ORDER BY id LIMIT $3) common)
                 ORDER BY s.id LIMIT $3"
            )
        } else {
            concat!(sounds!(), "s.customer = $1 AND s.id > $2 ORDER BY s.id LIMIT $3")
        };
        let query = Query::new("listing sounds", text)
            .with(customer.id().0)
            .with(page.after.map_or(i64::MIN, |after| after.0))
            .with(page.limit);
        read_all(&self.engine, query, read).await
    }
}

fn read(row: &mut Row) -> CatalogResult<Sound> {
    Ok(Sound {
        id: SoundId(row.int("sound id")?),
        customer: CustomerId(row.int("sound customer")?),
        name: row.text("sound name")?,
        description: row.text("sound description")?,
        shared: row.bool("sound shared")?,
        created_at: Timestamp::from_unix_ms(row.int("sound created_at")?),
        file_name: row.optional_text("sound file_name")?,
        audio: stored_audio::read_optional(row)?,
    })
}

/// Whose the sound is, and the key that it has, if any. Gone: the sound.
async fn owner_and_key(sql: &mut dyn Sql, id: SoundId) -> CatalogResult<(CustomerId, Option<AudioKey>)> {
    let query =
        Query::new("looking for a sound", "SELECT customer, audio FROM sound WHERE id = $1").with(id.0);
    let mut row = sql.fetch_first(query).await?.ok_or(CatalogError::Gone { what: "sound" })?;
    let customer = CustomerId(row.int("sound customer")?);
    let key = if row.next_is_absent() { None } else { Some(stored_audio::key(&mut row)?) };
    Ok((customer, key))
}

pub(super) struct Add(pub(super) NewSound);

#[async_trait]
impl Unit for Add {
    type Output = SoundId;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<SoundId> {
        let new = &self.0;
        let plan = plans::of_customer(sql, new.customer).await?;
        plan.check_sounds().map_err(CatalogError::PlanForbids)?;
        let id = number(sql, "sound", new.id.map(|id| id.0)).await?;
        let query = Query::new(
            "adding a sound",
            "INSERT INTO sound (id, customer, name, description, shared, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .with(id)
        .with(new.customer.0)
        .with(new.name.as_str())
        .with(new.description.as_str())
        .with(new.shared)
        .with(new.created_at.unix_ms());
        sql.execute(query).await.map_err(|error| error.taken("id"))?;
        Ok(SoundId(id))
    }
}

pub(super) struct Change {
    pub(super) id: SoundId,
    pub(super) change: SoundChange,
}

#[async_trait]
impl Unit for Change {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let query = Query::new(
            "changing a sound",
            "UPDATE sound SET name = COALESCE($2, name), description = COALESCE($3, description),
                 shared = COALESCE($4, shared)
             WHERE id = $1 RETURNING customer",
        )
        .with(self.id.0)
        .with(self.change.name.as_deref())
        .with(self.change.description.as_deref())
        .with(self.change.shared);
        let mut row = sql.fetch_first(query).await?.ok_or(CatalogError::Gone { what: "sound" })?;
        let plan = plans::of_customer(sql, CustomerId(row.int("sound customer")?)).await?;
        plan.check_sounds().map_err(CatalogError::PlanForbids)
    }
}

struct Fill {
    id: SoundId,
    audio: StoredAudio,
    file_name: Option<String>,
    noted: Vec<AudioKey>,
    at: Timestamp,
}

#[async_trait]
impl Unit for Fill {
    type Output = Vec<AudioKey>;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<Vec<AudioKey>> {
        let (customer, before) = owner_and_key(sql, self.id).await?;
        // An earlier run of this unit may have filled it.
        let replaced = before.filter(|before| *before != self.audio.key);
        stored_audio::require_noted("sounds", replaced.as_slice(), &self.noted)?;
        let plan = plans::of_customer(sql, customer).await?;
        plan.check_sounds().map_err(CatalogError::PlanForbids)?;
        stored_audio::take(sql, &self.audio).await?;
        let query =
            Query::new("filling a sound", "UPDATE sound SET audio = $2, file_name = $3 WHERE id = $1")
                .with(self.id.0)
                .with(self.audio.key.to_string())
                .with(self.file_name.as_deref());
        sql.execute(query).await?;
        let discarded = stored_audio::discard(sql, replaced.into_iter().collect(), self.at).await?;
        plans::check_written(sql, customer, &plan, self.audio.size_bytes).await?;
        Ok(discarded)
    }
}

struct Clear {
    id: SoundId,
    noted: Vec<AudioKey>,
    at: Timestamp,
}

#[async_trait]
impl Unit for Clear {
    type Output = Option<Vec<AudioKey>>;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<Option<Vec<AudioKey>>> {
        let (_, Some(key)) = owner_and_key(sql, self.id).await? else { return Ok(None) };
        stored_audio::require_noted("sounds", &[key], &self.noted)?;
        let query = Query::new(
            "taking the file of a sound away",
            "UPDATE sound SET audio = NULL, file_name = NULL WHERE id = $1",
        );
        sql.execute(query.with(self.id.0)).await?;
        stored_audio::discard(sql, vec![key], self.at).await.map(Some)
    }
}

struct Remove {
    id: SoundId,
    noted: Vec<AudioKey>,
    at: Timestamp,
}

#[async_trait]
impl Unit for Remove {
    type Output = Vec<AudioKey>;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<Vec<AudioKey>> {
        let (_, key) = owner_and_key(sql, self.id).await?;
        stored_audio::require_noted("sounds", key.as_slice(), &self.noted)?;
        let query = Query::new("removing a sound", "DELETE FROM sound WHERE id = $1").with(self.id.0);
        sql.execute(query).await?;
        stored_audio::discard(sql, key.into_iter().collect(), self.at).await
    }
}
