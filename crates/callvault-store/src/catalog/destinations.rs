//! Destinations of hunt groups, and trying out changes.

use async_trait::async_trait;
use callvault_core::destination::{
    Destination, DestinationChange, DestinationDetails, DestinationKind, NewDestination,
};
use callvault_core::gate::Within;
use callvault_core::hunt_group::Level;
use callvault_core::id::{DestinationId, HuntGroupId, PersonId};
use callvault_core::page::PageRequest;
use callvault_core::port::catalog::{CatalogError, CatalogResult, Destinations, OwnedDestination};

use super::sql::{Engine, Query, Row, Sql, Unit, number, read_all, read_first};
use super::within::within;
use super::{SqlCatalog, plans};

/// Destinations with the owner of their hunt group, for a condition on `d` and `h`.
macro_rules! destinations_where {
    ($($condition:expr),+) => {
        concat!(
            "SELECT d.id, d.hunt_group, d.level, d.kind, d.number, d.append_caller_id, d.available, d.screen,
                 d.description, h.owner
             FROM destination d JOIN hunt_group h ON h.id = d.hunt_group WHERE ",
            $($condition),+
        )
    };
}

#[async_trait]
impl<E: Engine> Destinations for SqlCatalog<E> {
    async fn add_destination(&self, new: NewDestination) -> CatalogResult<DestinationId> {
        self.engine.write(Add(new)).await
    }

    async fn change_destination(&self, id: DestinationId, change: DestinationChange) -> CatalogResult<()> {
        self.engine.write(Change { id, change }).await
    }

    async fn remove_destination(&self, id: DestinationId) -> CatalogResult<()> {
        self.engine.write(Remove(id)).await
    }

    async fn destination(
        &self,
        within: &Within,
        id: DestinationId,
    ) -> CatalogResult<Option<OwnedDestination>> {
        let query = Query::new(
            "reading a destination",
            destinations_where!("d.id = $1 AND ", within!("h.customer", "$2", "$3")),
        )
        .with(id.0)
        .within(within);
        read_first(&self.engine, query).await?.map(|mut row| read(&mut row)).transpose()
    }

    async fn destinations(
        &self,
        hunt_group: HuntGroupId,
        page: PageRequest<DestinationId>,
    ) -> CatalogResult<Vec<Destination>> {
        let query = Query::new(
            "listing the destinations of a hunt group",
            destinations_where!("d.hunt_group = $1 AND d.id > $2 ORDER BY d.id LIMIT $3"),
        )
        .with(hunt_group.0)
        .with(page.after.map_or(i64::MIN, |after| after.0))
        .with(page.limit);
        read_all(&self.engine, query, |row| Ok(read(row)?.0)).await
    }

    async fn destination_on_level(
        &self,
        hunt_group: HuntGroupId,
        level: Level,
        kind: DestinationKind,
        number: &str,
    ) -> CatalogResult<Option<Destination>> {
        let query = Query::new(
            "reading a destination of a level",
            destinations_where!(
                "d.hunt_group = $1 AND d.level = $2 AND d.kind = $3 AND d.number = $4 ORDER BY d.id LIMIT 1"
            ),
        )
        .with(hunt_group.0)
        .with(i64::from(level.number()))
        .with(kind.as_str())
        .with(number);
        let row = read_first(&self.engine, query).await?;
        row.map(|mut row| Ok(read(&mut row)?.0)).transpose()
    }

    async fn destinations_with_number(
        &self,
        within: &Within,
        kind: DestinationKind,
        number: &str,
        page: PageRequest<DestinationId>,
    ) -> CatalogResult<Vec<OwnedDestination>> {
        let query = Query::new(
            "listing the destinations with a number",
            destinations_where!(
                "d.number = $1 AND d.kind = $2 AND d.id > $3 AND ",
                within!("h.customer", "$4", "$5"),
                " ORDER BY d.id LIMIT $6"
            ),
        )
        .with(number)
        .with(kind.as_str())
        .with(page.after.map_or(i64::MIN, |after| after.0))
        .within(within)
        .with(page.limit);
        read_all(&self.engine, query, read).await
    }
}

fn read(row: &mut Row) -> CatalogResult<OwnedDestination> {
    let what = "destination level";
    let id = DestinationId(row.int("destination id")?);
    let hunt_group = HuntGroupId(row.int("destination hunt group")?);
    let details = DestinationDetails {
        level: Level::new(row.int(what)?).ok_or(CatalogError::Unreadable { what })?,
        kind: row.parsed("destination kind", DestinationKind::parse)?,
        number: row.text("destination number")?,
        append_caller_id: row.text("destination append_caller_id")?,
        available: row.bool("destination available")?,
        screen: row.bool("destination screen")?,
        description: row.text("destination description")?,
    };
    let owner = row.optional_int("hunt group owner")?.map(PersonId);
    Ok((Destination { id, hunt_group, details }, owner))
}

pub(super) struct Add(pub(super) NewDestination);

#[async_trait]
impl Unit for Add {
    type Output = DestinationId;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<DestinationId> {
        let NewDestination { id, hunt_group, details } = &self.0;
        let (_, plan) = plans::of_hunt_group(sql, *hunt_group).await?;
        plan.check_hunt_groups().map_err(CatalogError::PlanForbids)?;
        let id = number(sql, "destination", id.map(|id| id.0)).await?;
        let query = Query::new(
            "adding a destination",
            "INSERT INTO destination (id, hunt_group, level, kind, number, append_caller_id, available, screen,
                 description)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .with(id)
        .with(hunt_group.0)
        .with(i64::from(details.level.number()))
        .with(details.kind.as_str())
        .with(details.number.as_str())
        .with(details.append_caller_id.as_str())
        .with(details.available)
        .with(details.screen)
        .with(details.description.as_str());
        sql.execute(query).await.map_err(|error| error.taken("id"))?;
        if plan.hunt_group_destinations.is_some() {
            let count = count(sql, *hunt_group).await?;
            plan.check_destinations(count).map_err(CatalogError::PlanForbids)?;
        }
        Ok(DestinationId(id))
    }
}

/// How many destinations a hunt group has, with that of this unit.
async fn count(sql: &mut dyn Sql, hunt_group: HuntGroupId) -> CatalogResult<u64> {
    // Touched so that an engine with several writers lets the next unit count only what this one has committed.
    let query = Query::new("queueing for a hunt group", "UPDATE hunt_group SET panel = panel WHERE id = $1");
    sql.execute(query.with(hunt_group.0)).await?;
    let query = Query::new("counting destinations", "SELECT COUNT(*) FROM destination WHERE hunt_group = $1")
        .with(hunt_group.0);
    let what = "count of destinations";
    sql.fetch_first(query).await?.ok_or(CatalogError::Unreadable { what })?.number(what)
}

pub(super) struct Change {
    pub(super) id: DestinationId,
    pub(super) change: DestinationChange,
}

#[async_trait]
impl Unit for Change {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let change = &self.change;
        let query = Query::new(
            "changing a destination",
            "UPDATE destination SET level = COALESCE($2, level), kind = COALESCE($3, kind),
                 number = COALESCE($4, number), append_caller_id = COALESCE($5, append_caller_id),
                 available = COALESCE($6, available), screen = COALESCE($7, screen),
                 description = COALESCE($8, description)
             WHERE id = $1 RETURNING hunt_group",
        )
        .with(self.id.0)
        .with(change.level.map(|level| i64::from(level.number())))
        .with(change.kind.map(DestinationKind::as_str))
        .with(change.number.as_deref())
        .with(change.append_caller_id.as_deref())
        .with(change.available)
        .with(change.screen)
        .with(change.description.as_deref());
        let mut row = sql.fetch_first(query).await?.ok_or(CatalogError::Gone { what: "destination" })?;
        let hunt_group = HuntGroupId(row.int("destination hunt group")?);
        let (_, plan) = plans::of_hunt_group(sql, hunt_group).await?;
        plan.check_hunt_groups().map_err(CatalogError::PlanForbids)
    }
}

struct Remove(DestinationId);

#[async_trait]
impl Unit for Remove {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let query = Query::new("removing a destination", "DELETE FROM destination WHERE id = $1");
        match sql.execute(query.with(self.0.0)).await? {
            0 => Err(CatalogError::Gone { what: "destination" }),
            _ => Ok(()),
        }
    }
}
