//! Library sounds.

use async_trait::async_trait;
use callvault_core::audio::{AudioKey, StoredAudio};
use callvault_core::gate::{InCustomer, Within};
use callvault_core::id::{CustomerId, SoundId};
use callvault_core::page::PageRequest;
use callvault_core::port::catalog::{CatalogError, CatalogResult, Sounds};
use callvault_core::sound::{NewSound, Sound};
use callvault_core::time::Timestamp;

use super::SqlCatalog;
use super::customers::require_customer;
use super::plans;
use super::sql::{Engine, Query, Row, Sql, Unit, number, read_all, read_first};
use super::stored_audio::{self, audio_columns};
use super::within::within;

/// Sounds with their audio, if they have any.
macro_rules! sounds {
    () => {
        concat!(
            "SELECT s.id, s.customer, s.name, s.created_at, ",
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

    async fn fill_sound(
        &self,
        id: SoundId,
        audio: StoredAudio,
        at: Timestamp,
    ) -> CatalogResult<Vec<AudioKey>> {
        self.engine.write(Fill { id, audio, at }).await
    }

    async fn remove_sound(&self, id: SoundId, at: Timestamp) -> CatalogResult<Vec<AudioKey>> {
        self.engine.write(Remove { id, at }).await
    }

    async fn sound(&self, within: &Within, id: SoundId) -> CatalogResult<Option<Sound>> {
        let query = Query::new(
            "reading a sound",
            concat!(sounds!(), "s.id = $1 AND ", within!("s.customer", "$2", "$3")),
        )
        .with(id.0)
        .within(within);
        read_first(&self.engine, query).await?.map(|mut row| read(&mut row)).transpose()
    }

    async fn sounds(&self, customer: &InCustomer, page: PageRequest<SoundId>) -> CatalogResult<Vec<Sound>> {
        let query = Query::new(
            "listing sounds",
            concat!(sounds!(), "s.customer = $1 AND s.id > $2 ORDER BY s.id LIMIT $3"),
        )
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
        created_at: Timestamp::from_unix_ms(row.int("sound created_at")?),
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

struct Add(NewSound);

#[async_trait]
impl Unit for Add {
    type Output = SoundId;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<SoundId> {
        let new = &self.0;
        require_customer(sql, new.customer).await?;
        let id = number(sql, "sound", new.id.map(|id| id.0)).await?;
        let query = Query::new(
            "adding a sound",
            "INSERT INTO sound (id, customer, name, created_at) VALUES ($1, $2, $3, $4)",
        )
        .with(id)
        .with(new.customer.0)
        .with(new.name.as_str())
        .with(new.created_at.unix_ms());
        sql.execute(query).await.map_err(|error| error.taken("id"))?;
        Ok(SoundId(id))
    }
}

struct Fill {
    id: SoundId,
    audio: StoredAudio,
    at: Timestamp,
}

#[async_trait]
impl Unit for Fill {
    type Output = Vec<AudioKey>;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<Vec<AudioKey>> {
        let (customer, before) = owner_and_key(sql, self.id).await?;
        stored_audio::take(sql, &self.audio).await?;
        let query = Query::new("filling a sound", "UPDATE sound SET audio = $2 WHERE id = $1")
            .with(self.id.0)
            .with(self.audio.key.to_string());
        sql.execute(query).await?;
        let discarded = stored_audio::discard(sql, before.into_iter().collect(), self.at).await?;
        let plan = plans::of_customer(sql, customer).await?;
        plans::check_written(sql, customer, &plan, self.audio.size_bytes).await?;
        Ok(discarded)
    }
}

struct Remove {
    id: SoundId,
    at: Timestamp,
}

#[async_trait]
impl Unit for Remove {
    type Output = Vec<AudioKey>;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<Vec<AudioKey>> {
        let (_, key) = owner_and_key(sql, self.id).await?;
        let query = Query::new("removing a sound", "DELETE FROM sound WHERE id = $1").with(self.id.0);
        sql.execute(query).await?;
        stored_audio::discard(sql, key.into_iter().collect(), self.at).await
    }
}
