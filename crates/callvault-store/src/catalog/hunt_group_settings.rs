//! What hunt groups and their levels do with calls, as columns.

use async_trait::async_trait;
use callvault_core::hunt_group::Level;
use callvault_core::hunt_group::settings::{
    Exit, HuntGroupSettings, LevelChange, LevelSettings, RingOrder, Screening,
};
use callvault_core::id::{HuntGroupId, RecordGroupId};
use callvault_core::port::catalog::{CatalogError, CatalogResult, Levels};

use super::sql::{Engine, Query, Row, Sql, Unit, read_first};
use super::{SqlCatalog, plans};

/// The columns of a hunt group's settings, in the order in which [`read`] takes them and [`with`] binds them.
macro_rules! settings_columns {
    () => {
        "description, ring_order, ring_seconds, music, music_ringing, allow_forwards, screen, record_group, panel,
         default_exit, default_number, unavailable_exit, unavailable_number, busy_exit, busy_number"
    };
}

pub(super) use settings_columns;

/// Reads the columns of `settings_columns!`.
pub(super) fn read(row: &mut Row) -> CatalogResult<HuntGroupSettings> {
    let exit = |row: &mut Row| {
        let kind = row.text("hunt group exit")?;
        CatalogResult::Ok(Exit { kind, number: row.text("hunt group exit")? })
    };
    Ok(HuntGroupSettings {
        description: row.text("hunt group description")?,
        order: row.parsed("hunt group ring_order", RingOrder::parse)?,
        ring_seconds: row.number("hunt group ring_seconds")?,
        music: row.optional_int("hunt group music")?,
        music_ringing: row.bool("hunt group music_ringing")?,
        allow_forwards: row.bool("hunt group allow_forwards")?,
        screen: row.parsed("hunt group screen", Screening::parse)?,
        record_group: row.optional_int("hunt group record_group")?.map(RecordGroupId),
        panel: row.bool("hunt group panel")?,
        default_exit: exit(row)?,
        unavailable_exit: exit(row)?,
        busy_exit: exit(row)?,
    })
}

/// The next 15 parameters, for the columns of `settings_columns!`.
pub(super) fn with(query: Query, settings: &HuntGroupSettings) -> Query {
    let query = query
        .with(settings.description.as_str())
        .with(settings.order.as_str())
        .with(i64::from(settings.ring_seconds))
        .with(settings.music)
        .with(settings.music_ringing)
        .with(settings.allow_forwards)
        .with(settings.screen.as_str())
        .with(settings.record_group.map(|group| group.0))
        .with(settings.panel);
    let exits = [&settings.default_exit, &settings.unavailable_exit, &settings.busy_exit];
    exits.iter().fold(query, |query, exit| query.with(exit.kind.as_str()).with(exit.number.as_str()))
}

#[async_trait]
impl<E: Engine> Levels for SqlCatalog<E> {
    async fn level_settings(&self, hunt_group: HuntGroupId, level: Level) -> CatalogResult<LevelSettings> {
        let query = Query::new(
            "reading a level",
            "SELECT ring_seconds, music_ringing, play_message FROM hunt_group_level
             WHERE hunt_group = $1 AND level = $2",
        )
        .with(hunt_group.0)
        .with(i64::from(level.number()));
        let row = read_first(&self.engine, query).await?;
        row.map_or(Ok(LevelSettings::default()), |mut row| read_level(&mut row))
    }

    async fn change_level(
        &self,
        hunt_group: HuntGroupId,
        level: Level,
        change: LevelChange,
    ) -> CatalogResult<()> {
        self.engine.write(ChangeLevel { hunt_group, level, change }).await
    }
}

fn read_level(row: &mut Row) -> CatalogResult<LevelSettings> {
    let what = "level ring_seconds";
    let seconds = row.optional_int(what)?.map(u16::try_from).transpose();
    let ring_seconds = seconds.map_err(|_| CatalogError::Unreadable { what })?;
    let music_ringing = if row.next_is_absent() {
        row.optional_int("level music_ringing")?;
        None
    } else {
        Some(row.bool("level music_ringing")?)
    };
    Ok(LevelSettings { ring_seconds, music_ringing, play_message: row.bool("level play_message")? })
}

pub(super) struct ChangeLevel {
    pub(super) hunt_group: HuntGroupId,
    pub(super) level: Level,
    pub(super) change: LevelChange,
}

#[async_trait]
impl Unit for ChangeLevel {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let Self { hunt_group, level, change } = self;
        let (_, plan) = plans::of_hunt_group(sql, *hunt_group).await?;
        plan.check_hunt_groups().map_err(CatalogError::PlanForbids)?;
        let query = Query::new(
            "changing a level",
            "INSERT INTO hunt_group_level (hunt_group, level, ring_seconds, music_ringing, play_message)
             VALUES ($1, $2, $4, $6, COALESCE($7, FALSE))
             ON CONFLICT (hunt_group, level) DO UPDATE SET
                 ring_seconds = CASE WHEN $3 THEN excluded.ring_seconds ELSE hunt_group_level.ring_seconds END,
                 music_ringing = CASE WHEN $5 THEN excluded.music_ringing ELSE hunt_group_level.music_ringing END,
                 play_message = COALESCE($7, hunt_group_level.play_message)",
        )
        .with(hunt_group.0)
        .with(i64::from(level.number()))
        .with(change.ring_seconds.is_some())
        .with(change.ring_seconds.flatten().map(i64::from))
        .with(change.music_ringing.is_some())
        .with(change.music_ringing.flatten())
        .with(change.play_message);
        sql.execute(query).await?;
        Ok(())
    }
}

/// Has a level play nothing, because it lost its message (`docs/enswitch.md` 28).
pub(super) async fn play_nothing(
    sql: &mut dyn Sql,
    hunt_group: HuntGroupId,
    level: Level,
) -> CatalogResult<()> {
    let query = Query::new(
        "switching a message off",
        "UPDATE hunt_group_level SET play_message = FALSE WHERE hunt_group = $1 AND level = $2",
    )
    .with(hunt_group.0)
    .with(i64::from(level.number()));
    sql.execute(query).await?;
    Ok(())
}
