//! The messages of hunt-group levels, with their older versions.

use async_trait::async_trait;
use callvault_core::audio::AudioKey;
use callvault_core::hunt_group::{Level, Message, MessageVersion, NewMessage};
use callvault_core::id::{HuntGroupId, PersonId};
use callvault_core::port::catalog::{CatalogError, CatalogResult};
use callvault_core::time::Timestamp;

use super::sql::{Engine, Query, Row, Sql, Unit, look_up_first, read_all};
use super::stored_audio::{self, audio_columns};
use super::{hunt_group_settings, plans};

/// Messages with their audio, for a condition on `m`.
macro_rules! messages_where {
    ($condition:literal) => {
        concat!(
            "SELECT m.hunt_group, m.level, m.version, m.name, m.current, m.put_by, m.created_at, ",
            audio_columns!(),
            " FROM message m JOIN audio a ON a.key = m.audio WHERE ",
            $condition
        )
    };
}

pub(super) async fn current<E: Engine>(
    engine: &E,
    hunt_group: HuntGroupId,
    level: Level,
) -> CatalogResult<Option<Message>> {
    let query =
        Query::new("reading a message", messages_where!("m.hunt_group = $1 AND m.level = $2 AND m.current"))
            .with(hunt_group.0)
            .with(i64::from(level.number()));
    look_up_first(engine, query, read).await
}

pub(super) async fn versions<E: Engine>(
    engine: &E,
    hunt_group: HuntGroupId,
    level: Option<Level>,
) -> CatalogResult<Vec<Message>> {
    let query = match level {
        Some(level) => Query::new(
            "listing the versions of a message",
            messages_where!("m.hunt_group = $1 AND m.level = $2 ORDER BY m.version DESC"),
        )
        .with(hunt_group.0)
        .with(i64::from(level.number())),
        None => Query::new(
            "listing messages",
            messages_where!("m.hunt_group = $1 ORDER BY m.level, m.version DESC"),
        )
        .with(hunt_group.0),
    };
    read_all(engine, query, read).await
}

fn read(row: &mut Row) -> CatalogResult<Message> {
    Ok(Message {
        hunt_group: HuntGroupId(row.int("message hunt group")?),
        level: level(row)?,
        version: row.int("message version")?,
        name: row.text("message name")?,
        current: row.bool("message current")?,
        put_by: row.optional_int("message put_by")?.map(PersonId),
        created_at: Timestamp::from_unix_ms(row.int("message created_at")?),
        audio: stored_audio::read(row)?,
    })
}

fn level(row: &mut Row) -> CatalogResult<Level> {
    let what = "message level";
    Level::new(row.int(what)?).ok_or(CatalogError::Unreadable { what })
}

/// The objects of deleted versions, whose rows tell level, version and audio.
///
/// # Errors
/// [`CatalogError::Changed`] when one of them was not noted, so that its unit leaves all of them where they are.
pub(super) fn gone(rows: Vec<Row>, noted: &[MessageVersion]) -> CatalogResult<Vec<AudioKey>> {
    let mut gone = Vec::with_capacity(rows.len());
    for mut row in rows {
        let (level, version) = (level(&mut row)?, row.int("message version")?);
        gone.push(MessageVersion { level, version, audio: stored_audio::key(&mut row)? });
    }
    stored_audio::require_noted("messages", &gone, noted)?;
    Ok(gone.into_iter().map(|one| one.audio).collect())
}

/// Leaves the level without a current message.
async fn unset(sql: &mut dyn Sql, hunt_group: HuntGroupId, level: Level) -> CatalogResult<()> {
    let query = Query::new(
        "setting a message aside",
        "UPDATE message SET current = FALSE WHERE hunt_group = $1 AND level = $2 AND current",
    )
    .with(hunt_group.0)
    .with(i64::from(level.number()));
    sql.execute(query).await?;
    Ok(())
}

pub(super) struct Put(pub(super) NewMessage);

impl Put {
    /// The version that an earlier run of this unit made, if it did.
    async fn put_before(&self, sql: &mut dyn Sql) -> CatalogResult<Option<i64>> {
        let new = &self.0;
        let query = Query::new(
            "looking for a message",
            "SELECT version FROM message WHERE hunt_group = $1 AND level = $2 AND current
                 AND audio = $3 AND name = $4 AND created_at = $5",
        )
        .with(new.hunt_group.0)
        .with(i64::from(new.level.number()))
        .with(new.audio.key.to_string())
        .with(new.name.as_str())
        .with(new.created_at.unix_ms());
        sql.fetch_first(query).await?.map(|mut row| row.int("message version")).transpose()
    }

    async fn prune(&self, sql: &mut dyn Sql) -> CatalogResult<Vec<AudioKey>> {
        let new = &self.0;
        let query = Query::new(
            "pruning the versions of a message",
            "DELETE FROM message WHERE hunt_group = $1 AND level = $2 AND NOT current AND version NOT IN (
                 SELECT version FROM message WHERE hunt_group = $1 AND level = $2 ORDER BY version DESC LIMIT $3)
             RETURNING level, version, audio",
        )
        .with(new.hunt_group.0)
        .with(i64::from(new.level.number()))
        .with(new.keep_versions);
        let keys = gone(sql.fetch(query).await?, &new.noted)?;
        stored_audio::discard(sql, keys, new.created_at).await
    }
}

#[async_trait]
impl Unit for Put {
    type Output = (i64, Vec<AudioKey>);

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<Self::Output> {
        let new = &self.0;
        let (customer, plan) = plans::of_hunt_group(sql, new.hunt_group).await?;
        if let Some(version) = self.put_before(sql).await? {
            return Ok((version, Vec::new()));
        }
        plan.check_hunt_groups().map_err(CatalogError::PlanForbids)?;
        stored_audio::take(sql, &new.audio).await?;
        unset(sql, new.hunt_group, new.level).await?;
        let query = Query::new(
            "putting a message",
            "INSERT INTO message (hunt_group, level, version, name, current, put_by, created_at, audio)
             VALUES ($1, $2,
                 (SELECT COALESCE(MAX(version), 0) + 1 FROM message WHERE hunt_group = $1 AND level = $2),
                 $3, TRUE, $4, $5, $6)
             RETURNING version",
        )
        .with(new.hunt_group.0)
        .with(i64::from(new.level.number()))
        .with(new.name.as_str())
        .with(new.put_by.map(|person| person.0))
        .with(new.created_at.unix_ms())
        .with(new.audio.key.to_string());
        let what = "message version";
        let mut row = sql.fetch_first(query).await?.ok_or(CatalogError::Unreadable { what })?;
        let version = row.int(what)?;
        let discarded = self.prune(sql).await?;
        plans::check_written(sql, customer, &plan, new.audio.size_bytes).await?;
        Ok((version, discarded))
    }
}

pub(super) struct Restore {
    pub(super) hunt_group: HuntGroupId,
    pub(super) level: Level,
    pub(super) version: i64,
}

#[async_trait]
impl Unit for Restore {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        unset(sql, self.hunt_group, self.level).await?;
        let query = Query::new(
            "restoring a message",
            "UPDATE message SET current = TRUE WHERE hunt_group = $1 AND level = $2 AND version = $3
             RETURNING (SELECT a.size_bytes FROM audio a WHERE a.key = message.audio)",
        )
        .with(self.hunt_group.0)
        .with(i64::from(self.level.number()))
        .with(self.version);
        let mut row = sql.fetch_first(query).await?.ok_or(CatalogError::Gone { what: "version" })?;
        // The total is what it was: the version was kept all along.
        let (_, plan) = plans::of_hunt_group(sql, self.hunt_group).await?;
        let size_bytes = row.number("audio size")?;
        let allowed = plan.check_hunt_groups().and_then(|()| plan.check_size(size_bytes));
        allowed.map_err(CatalogError::PlanForbids)
    }
}

pub(super) struct Clear {
    pub(super) hunt_group: HuntGroupId,
    pub(super) noted: MessageVersion,
}

#[async_trait]
impl Unit for Clear {
    type Output = bool;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<bool> {
        let MessageVersion { level, version, audio } = self.noted;
        let query = Query::new(
            "clearing a message",
            "UPDATE message SET current = FALSE
             WHERE hunt_group = $1 AND level = $2 AND version = $3 AND audio = $4 AND current",
        )
        .with(self.hunt_group.0)
        .with(i64::from(level.number()))
        .with(version)
        .with(audio.to_string());
        let cleared = sql.execute(query).await? > 0;
        if cleared {
            hunt_group_settings::play_nothing(sql, self.hunt_group, level).await?;
        }
        Ok(cleared)
    }
}
