//! Objects that nothing needs: being received under a lease, or discarded and not removed yet.
//!
//! An object goes from `receiving` to needed (its row is deleted in the commit that needs it) or to `discarded`, never
//! back. A lease that is over is ended in the step that hands the key out for removal, so that a late upload is refused
//! rather than stored under a key whose bytes are being removed.

use async_trait::async_trait;
use callvault_core::audio::AudioKey;
use callvault_core::page::PageRequest;
use callvault_core::port::catalog::{CatalogError, CatalogResult, LooseObjects, NeededAudio};
use callvault_core::time::Timestamp;

use super::SqlCatalog;
use super::sql::{Engine, Query, Row, Sql, Unit, Value, batches, read_all};
use super::stored_audio::{self, audio_columns};

#[async_trait]
impl<E: Engine> LooseObjects for SqlCatalog<E> {
    async fn receive(&self, keys: Vec<AudioKey>, until: Timestamp) -> CatalogResult<()> {
        self.engine.write(Receive { keys, until }).await
    }

    async fn extend_leases(&self, keys: Vec<AudioKey>, until: Timestamp) -> CatalogResult<()> {
        if keys.is_empty() { Ok(()) } else { self.engine.write(Extend { keys, until }).await }
    }

    async fn removable(&self, now: Timestamp, limit: u32) -> CatalogResult<Vec<AudioKey>> {
        self.engine.write(EndLeases { now }).await?;
        let query = Query::new(
            "listing discarded objects",
            "SELECT key FROM loose_object WHERE discarded_at IS NOT NULL ORDER BY discarded_at, key LIMIT $1",
        )
        .with(limit);
        read_all(&self.engine, query, stored_audio::key).await
    }

    async fn forget(&self, keys: Vec<AudioKey>) -> CatalogResult<()> {
        if keys.is_empty() { Ok(()) } else { self.engine.write(Forget { keys }).await }
    }

    async fn known(&self, keys: Vec<AudioKey>) -> CatalogResult<Vec<AudioKey>> {
        let mut known = Vec::new();
        let before = "WITH asked (key) AS (VALUES ";
        let after = ") SELECT q.key FROM asked q WHERE EXISTS (SELECT 1 FROM audio a WHERE a.key = q.key)
                         OR EXISTS (SELECT 1 FROM loose_object l WHERE l.key = q.key)";
        for query in batches("looking for objects", before, rows(&keys), after) {
            known.extend(read_all(&self.engine, query, stored_audio::key).await?);
        }
        Ok(known)
    }

    async fn needed(&self, page: PageRequest<AudioKey>) -> CatalogResult<Vec<NeededAudio>> {
        let query = Query::new(
            "listing audio",
            concat!(
                "SELECT ",
                audio_columns!(),
                ", (SELECT MIN(r.name) FROM recording r WHERE r.audio = a.key),
                   (SELECT MIN(CAST(m.hunt_group AS TEXT) || '/' || CAST(m.level AS TEXT) || '/'
                        || CAST(m.version AS TEXT)) FROM message m WHERE m.audio = a.key),
                   (SELECT MIN(s.id) FROM sound s WHERE s.audio = a.key),
                   (SELECT MIN(p.kind || '/' || CAST(p.feature AS TEXT) || '/' || p.file)
                        FROM prompt p WHERE p.audio = a.key)
                 FROM audio a WHERE a.key > $1
                     AND (EXISTS (SELECT 1 FROM recording r WHERE r.audio = a.key)
                         OR EXISTS (SELECT 1 FROM message m WHERE m.audio = a.key)
                         OR EXISTS (SELECT 1 FROM sound s WHERE s.audio = a.key)
                         OR EXISTS (SELECT 1 FROM prompt p WHERE p.audio = a.key))
                 ORDER BY a.key LIMIT $2"
            ),
        )
        .with(page.after.map(|key| key.to_string()).unwrap_or_default())
        .with(page.limit);
        read_all(&self.engine, query, read_needed).await
    }
}

fn rows(keys: &[AudioKey]) -> Vec<Vec<Value>> {
    keys.iter().map(|key| vec![key.to_string().into()]).collect()
}

fn read_needed(row: &mut Row) -> CatalogResult<NeededAudio> {
    let audio = stored_audio::read(row)?;
    let recording = row.optional_text("recording name")?;
    let message = row.optional_text("message place")?;
    let sound = row.optional_int("sound id")?;
    let prompt = row.optional_text("prompt place")?;
    let user = recording.map(|name| ("recording", name));
    let user = user.or(message.map(|place| ("message", place)));
    let user = user.or(sound.map(|id| ("sound", id.to_string())));
    let user = user.or(prompt.map(|place| ("prompt", place)));
    let (kind, name) = user.ok_or(CatalogError::Unreadable { what: "user of audio" })?;
    Ok(NeededAudio { audio, kind, name })
}

struct Receive {
    keys: Vec<AudioKey>,
    until: Timestamp,
}

#[async_trait]
impl Unit for Receive {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let row = |key: &AudioKey| vec![key.to_string().into(), self.until.unix_ms().into()];
        let before = "INSERT INTO loose_object (key, lease_until) VALUES ";
        let rows = self.keys.iter().map(row).collect();
        for query in batches("reserving keys", before, rows, " ON CONFLICT (key) DO NOTHING") {
            sql.execute(query).await?;
        }
        Ok(())
    }
}

struct Extend {
    keys: Vec<AudioKey>,
    until: Timestamp,
}

#[async_trait]
impl Unit for Extend {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        for key in &self.keys {
            let query = Query::new(
                "extending a lease",
                "UPDATE loose_object SET lease_until = $2
                 WHERE key = $1 AND discarded_at IS NULL AND lease_until < $2",
            )
            .with(key.to_string())
            .with(self.until.unix_ms());
            sql.execute(query).await?;
        }
        Ok(())
    }
}

struct EndLeases {
    now: Timestamp,
}

#[async_trait]
impl Unit for EndLeases {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let query = Query::new(
            "ending leases",
            "UPDATE loose_object SET discarded_at = $1, lease_until = NULL WHERE lease_until <= $1",
        )
        .with(self.now.unix_ms());
        sql.execute(query).await?;
        Ok(())
    }
}

struct Forget {
    keys: Vec<AudioKey>,
}

#[async_trait]
impl Unit for Forget {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let before = "DELETE FROM loose_object WHERE key IN (";
        for query in batches("forgetting objects", before, rows(&self.keys), ")") {
            sql.execute(query).await?;
        }
        Ok(())
    }
}
