//! The prompts of features: one for each file, replaced as a whole.

use async_trait::async_trait;
use callvault_core::audio::AudioKey;
use callvault_core::feature::{FeatureKey, FeatureKind, Prompt, PromptFile};
use callvault_core::id::{CustomerId, PersonId};
use callvault_core::port::catalog::{CatalogError, CatalogResult};
use callvault_core::time::Timestamp;

use super::sql::{Engine, Query, Row, Sql, Unit, look_up_first, read_all};
use super::stored_audio::{self, audio_columns};
use super::{features, plans};

/// Prompts with their audio, for a condition on `p`.
macro_rules! prompts_where {
    ($condition:literal) => {
        concat!(
            "SELECT p.kind, p.feature, p.file, p.name, p.put_by, p.created_at, ",
            audio_columns!(),
            " FROM prompt p JOIN audio a ON a.key = p.audio WHERE ",
            $condition
        )
    };
}

impl Query {
    /// The next three parameters, for a condition on kind, feature and file.
    fn prompt(self, feature: FeatureKey, file: PromptFile) -> Self {
        self.with(feature.kind.as_str()).with(feature.id.0).with(file.as_str())
    }
}

pub(super) async fn one<E: Engine>(
    engine: &E,
    feature: FeatureKey,
    file: PromptFile,
) -> CatalogResult<Option<Prompt>> {
    let query =
        Query::new("reading a prompt", prompts_where!("p.kind = $1 AND p.feature = $2 AND p.file = $3"))
            .prompt(feature, file);
    look_up_first(engine, query, read).await
}

pub(super) async fn of_feature<E: Engine>(engine: &E, feature: FeatureKey) -> CatalogResult<Vec<Prompt>> {
    let query =
        Query::new("listing prompts", prompts_where!("p.kind = $1 AND p.feature = $2 ORDER BY p.file"))
            .with(feature.kind.as_str())
            .with(feature.id.0);
    read_all(engine, query, read).await
}

fn read(row: &mut Row) -> CatalogResult<Prompt> {
    let feature = features::key(row)?;
    Ok(Prompt {
        feature,
        file: file(feature.kind, row)?,
        name: row.text("prompt name")?,
        put_by: row.optional_int("prompt put_by")?.map(PersonId),
        created_at: Timestamp::from_unix_ms(row.int("prompt created_at")?),
        audio: stored_audio::read(row)?,
    })
}

/// Reads which file of a feature of this kind is meant.
pub(super) fn file(kind: FeatureKind, row: &mut Row) -> CatalogResult<PromptFile> {
    row.parsed("prompt file", |word| kind.file(word))
}

/// The key that a prompt has, if it is there.
async fn key_of(sql: &mut dyn Sql, feature: FeatureKey, file: PromptFile) -> CatalogResult<Option<AudioKey>> {
    let query = Query::new(
        "looking for a prompt",
        "SELECT audio FROM prompt WHERE kind = $1 AND feature = $2 AND file = $3",
    )
    .prompt(feature, file);
    sql.fetch_first(query).await?.map(|mut row| stored_audio::key(&mut row)).transpose()
}

pub(super) struct Put {
    pub(super) new: Prompt,
    pub(super) noted: Vec<AudioKey>,
}

#[async_trait]
impl Unit for Put {
    type Output = Vec<AudioKey>;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<Vec<AudioKey>> {
        let new = &self.new;
        let query =
            Query::new("looking for a feature", "SELECT customer FROM feature WHERE kind = $1 AND id = $2")
                .with(new.feature.kind.as_str())
                .with(new.feature.id.0);
        let mut row = sql.fetch_first(query).await?.ok_or(CatalogError::Gone { what: "feature" })?;
        let customer = CustomerId(row.int("feature customer")?);
        stored_audio::take(sql, &new.audio).await?;
        let before = key_of(sql, new.feature, new.file).await?;
        let replaced = before.filter(|before| *before != new.audio.key);
        stored_audio::require_noted("prompts", replaced.as_slice(), &self.noted)?;
        let query = Query::new(
            "putting a prompt",
            "INSERT INTO prompt (kind, feature, file, name, put_by, created_at, audio)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (kind, feature, file) DO UPDATE SET name = excluded.name, put_by = excluded.put_by,
                 created_at = excluded.created_at, audio = excluded.audio",
        )
        .prompt(new.feature, new.file)
        .with(new.name.as_str())
        .with(new.put_by.map(|person| person.0))
        .with(new.created_at.unix_ms())
        .with(new.audio.key.to_string());
        sql.execute(query).await?;
        let discarded = stored_audio::discard(sql, replaced.into_iter().collect(), new.created_at).await?;
        let plan = plans::of_customer(sql, customer).await?;
        plans::check_written(sql, customer, &plan, new.audio.size_bytes).await?;
        Ok(discarded)
    }
}

pub(super) struct Remove {
    pub(super) feature: FeatureKey,
    pub(super) file: PromptFile,
    pub(super) noted: Vec<AudioKey>,
    pub(super) at: Timestamp,
}

#[async_trait]
impl Unit for Remove {
    type Output = Option<Vec<AudioKey>>;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<Self::Output> {
        let query = Query::new(
            "removing a prompt",
            "DELETE FROM prompt WHERE kind = $1 AND feature = $2 AND file = $3 RETURNING audio",
        )
        .prompt(self.feature, self.file);
        let Some(mut row) = sql.fetch_first(query).await? else { return Ok(None) };
        let key = stored_audio::key(&mut row)?;
        stored_audio::require_noted("prompts", &[key], &self.noted)?;
        stored_audio::discard(sql, vec![key], self.at).await.map(Some)
    }
}
