//! The rows of stored audio: read as a part of what has them, written with it, and given up when nothing needs them.

use callvault_core::audio::{AudioFacts, AudioKey, Codec, Container, Marks, Sha256, StoredAudio};
use callvault_core::port::catalog::{CatalogError, CatalogResult};
use callvault_core::time::Timestamp;

use super::sql::{Query, Row, Sql};

/// The columns of an `audio` row called `a`, in the order in which [`read`] takes them. Rows of earlier versions have a SHA-1 besides.
macro_rules! audio_columns {
    () => {
        "a.key, a.sha256, a.size_bytes, a.escaped_len, a.container, a.codec, a.rate_hz, a.channels, a.duration_ms, a.marks"
    };
}

pub(super) use audio_columns;

/// Reads the columns of `audio_columns!`.
pub(super) fn read(row: &mut Row) -> CatalogResult<StoredAudio> {
    Ok(StoredAudio {
        key: key(row)?,
        sha256: Sha256(row.hash("audio hash")?),
        size_bytes: row.number("audio size")?,
        escaped_len: row.number("audio escaped length")?,
        facts: AudioFacts {
            container: row.parsed("audio container", Container::parse)?,
            codec: row.parsed("audio codec", Codec::parse)?,
            rate_hz: row.number("audio rate")?,
            channels: row.number("audio channels")?,
            duration_ms: row.number("audio duration")?,
            marks: Marks::from_words(row.text("audio marks")?.split(',')),
        },
    })
}

/// Reads the columns of `audio_columns!` after a left join.
pub(super) fn read_optional(row: &mut Row) -> CatalogResult<Option<StoredAudio>> {
    // The key decides; it is looked at on its own because the rest is absent with it.
    if row.next_is_absent() { Ok(None) } else { read(row).map(Some) }
}

/// Reads one key.
pub(super) fn key(row: &mut Row) -> CatalogResult<AudioKey> {
    row.parsed("audio key", AudioKey::parse)
}

/// Writes the row unless it is there.
pub(super) async fn insert(sql: &mut dyn Sql, audio: &StoredAudio) -> CatalogResult<()> {
    let size = |bytes: u64| i64::try_from(bytes).map_err(|_| CatalogError::Unreadable { what: "audio size" });
    let facts = &audio.facts;
    let query = Query::new(
        "writing audio",
        "INSERT INTO audio
             (key, sha256, size_bytes, escaped_len, container, codec, rate_hz, channels, duration_ms, marks)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (key) DO NOTHING",
    )
    .with(audio.key.to_string())
    .with(audio.sha256.0.as_slice())
    .with(size(audio.size_bytes)?)
    .with(size(audio.escaped_len)?)
    .with(facts.container.as_str())
    .with(facts.codec.as_str())
    .with(facts.rate_hz)
    .with(i64::from(facts.channels))
    .with(size(facts.duration_ms)?)
    .with(facts.marks.to_string());
    sql.execute(query).await?;
    Ok(())
}

/// Takes the object's `receiving` row away; false when there is none, because the lease was over and the object is
/// being removed, or because the object was never being received.
pub(super) async fn release(sql: &mut dyn Sql, key: AudioKey) -> CatalogResult<bool> {
    let query =
        Query::new("releasing an upload", "DELETE FROM loose_object WHERE key = $1 AND discarded_at IS NULL")
            .with(key.to_string());
    Ok(sql.execute(query).await? == 1)
}

/// Writes the row of an object that was received, or makes sure that the row of a shared one is there.
///
/// Gone: `upload`, when the object is neither.
pub(super) async fn take(sql: &mut dyn Sql, audio: &StoredAudio) -> CatalogResult<()> {
    if release(sql, audio.key).await? {
        return insert(sql, audio).await;
    }
    let query = Query::new("looking for shared audio", "SELECT key FROM audio WHERE key = $1")
        .with(audio.key.to_string());
    super::sql::require(sql, "upload", query).await
}

/// Changed: one of the things that go is none of those whose deletion was noted, so that its unit leaves all of them where they
/// are.
pub(super) fn require_noted<T: PartialEq>(what: &'static str, gone: &[T], noted: &[T]) -> CatalogResult<()> {
    if gone.iter().all(|one| noted.contains(one)) { Ok(()) } else { Err(CatalogError::Changed { what }) }
}

/// Gives up objects that have just lost a user: those that nothing else needs become discarded, and are answered.
pub(super) async fn discard(
    sql: &mut dyn Sql,
    mut keys: Vec<AudioKey>,
    at: Timestamp,
) -> CatalogResult<Vec<AudioKey>> {
    keys.sort_unstable();
    keys.dedup();
    let mut discarded = Vec::with_capacity(keys.len());
    for key in keys {
        let delete = Query::new(
            "giving up audio",
            "DELETE FROM audio WHERE key = $1
                 AND NOT EXISTS (SELECT 1 FROM recording WHERE audio = $1)
                 AND NOT EXISTS (SELECT 1 FROM message WHERE audio = $1)
                 AND NOT EXISTS (SELECT 1 FROM sound WHERE audio = $1)
                 AND NOT EXISTS (SELECT 1 FROM prompt WHERE audio = $1)",
        )
        .with(key.to_string());
        if sql.execute(delete).await? == 1 {
            let insert = Query::new(
                "discarding audio",
                "INSERT INTO loose_object (key, discarded_at) VALUES ($1, $2)
                 ON CONFLICT (key) DO UPDATE SET lease_until = NULL, discarded_at = excluded.discarded_at",
            )
            .with(key.to_string())
            .with(at.unix_ms());
            sql.execute(insert).await?;
            discarded.push(key);
        }
    }
    Ok(discarded)
}
