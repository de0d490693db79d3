//! Record groups.

use async_trait::async_trait;
use callvault_core::gate::{InCustomer, Within};
use callvault_core::id::{CustomerId, PersonId, RecordGroupId};
use callvault_core::page::PageRequest;
use callvault_core::port::catalog::{CatalogError, CatalogResult, RecordGroupWork, RecordGroups};
use callvault_core::record_group::{
    Announcement, NewRecordGroup, RecordGroup, RecordGroupChange, RecordGroupSettings,
};
use callvault_core::time::Timestamp;

use super::keeping::SetEnd;
use super::people::require_owner;
use super::sql::{Engine, Query, Row, Sql, Unit, number, read_all, read_first, require};
use super::within::within;
use super::{SqlCatalog, plans};

/// The columns of the settings, in the order in which [`read_settings`] takes them and [`with`] binds them.
macro_rules! settings_columns {
    () => {
        "description, email, retention_days, fraction_percent, beep_seconds, record_inbound, record_outbound,
         transcribe, announcement"
    };
}

/// Record groups, up to the condition.
macro_rules! record_groups_where {
    () => {
        concat!(
            "SELECT id, customer, name, owner, created_at, ",
            settings_columns!(),
            " FROM record_group WHERE "
        )
    };
}

#[async_trait]
impl<E: Engine> RecordGroups for SqlCatalog<E> {
    async fn add_record_group(&self, new: NewRecordGroup) -> CatalogResult<RecordGroupId> {
        self.engine.write(Add(new)).await
    }

    async fn change_record_group(&self, id: RecordGroupId, change: RecordGroupChange) -> CatalogResult<()> {
        self.engine.write(Change { id, change }).await
    }

    async fn remove_record_group(&self, id: RecordGroupId) -> CatalogResult<()> {
        self.engine.write(Remove(id)).await
    }

    async fn record_group(&self, within: &Within, id: RecordGroupId) -> CatalogResult<Option<RecordGroup>> {
        let query = Query::new(
            "reading a record group",
            concat!(record_groups_where!(), "id = $1 AND ", within!("customer", "$2", "$3")),
        )
        .with(id.0)
        .within(within);
        read_first(&self.engine, query).await?.map(|mut row| read(&mut row)).transpose()
    }

    async fn record_groups(
        &self,
        customer: &InCustomer,
        page: PageRequest<RecordGroupId>,
    ) -> CatalogResult<Vec<RecordGroup>> {
        let query = Query::new(
            "listing record groups",
            concat!(record_groups_where!(), "customer = $1 AND id > $2 ORDER BY id LIMIT $3"),
        )
        .with(customer.id().0)
        .with(page.after.map_or(i64::MIN, |after| after.0))
        .with(page.limit);
        read_all(&self.engine, query, read).await
    }
}

fn read(row: &mut Row) -> CatalogResult<RecordGroup> {
    Ok(RecordGroup {
        id: RecordGroupId(row.int("record group id")?),
        customer: CustomerId(row.int("record group customer")?),
        name: row.text("record group name")?,
        owner: row.optional_int("record group owner")?.map(PersonId),
        created_at: Timestamp::from_unix_ms(row.int("record group created_at")?),
        settings: read_settings(row)?,
    })
}

/// Reads the columns of `settings_columns!`.
fn read_settings(row: &mut Row) -> CatalogResult<RecordGroupSettings> {
    Ok(RecordGroupSettings {
        description: row.text("record group description")?,
        email: row.text("record group email")?,
        retention_days: row.number("record group retention_days")?,
        fraction_percent: row.number("record group fraction_percent")?,
        beep_seconds: row.number("record group beep_seconds")?,
        record_inbound: row.bool("record group record_inbound")?,
        record_outbound: row.bool("record group record_outbound")?,
        transcribe: row.bool("record group transcribe")?,
        announcement: row.parsed("record group announcement", Announcement::parse)?,
    })
}

/// Binds the columns of `settings_columns!`.
fn with(query: Query, settings: &RecordGroupSettings) -> Query {
    query
        .with(settings.description.as_str())
        .with(settings.email.as_str())
        .with(settings.retention_days)
        .with(i64::from(settings.fraction_percent))
        .with(i64::from(settings.beep_seconds))
        .with(settings.record_inbound)
        .with(settings.record_outbound)
        .with(settings.transcribe)
        .with(settings.announcement.as_str())
}

/// Fails with Gone `record group` unless the customer has it.
pub(super) async fn require_of(
    sql: &mut dyn Sql,
    customer: CustomerId,
    id: RecordGroupId,
) -> CatalogResult<()> {
    let query = Query::new(
        "looking for a record group",
        "SELECT id FROM record_group WHERE id = $1 AND customer = $2",
    )
    .with(id.0)
    .with(customer.0);
    require(sql, "record group", query).await
}

/// Does a change of the trials.
pub(super) async fn run(work: RecordGroupWork, sql: &mut dyn Sql) -> CatalogResult<()> {
    match work {
        RecordGroupWork::Add(new) => Add(new).run(sql).await.map(drop),
        RecordGroupWork::Change(id, change) => Change { id, change }.run(sql).await,
        RecordGroupWork::SetEnd(recording, place) => SetEnd { recording, place, noted: true }.run(sql).await,
    }
}

struct Add(NewRecordGroup);

#[async_trait]
impl Unit for Add {
    type Output = RecordGroupId;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<RecordGroupId> {
        let new = &self.0;
        let plan = plans::of_customer(sql, new.customer).await?;
        if let Some(owner) = new.owner {
            require_owner(sql, new.customer, owner).await?;
        }
        plan.check_record_groups().map_err(CatalogError::PlanForbids)?;
        let id = number(sql, "record_group", new.id.map(|id| id.0)).await?;
        let query = Query::new(
            "adding a record group",
            concat!(
                "INSERT INTO record_group (id, customer, name, owner, created_at, ",
                settings_columns!(),
                ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
            ),
        )
        .with(id)
        .with(new.customer.0)
        .with(new.name.as_str())
        .with(new.owner.map(|owner| owner.0))
        .with(new.created_at.unix_ms());
        sql.execute(with(query, &new.settings)).await.map_err(|error| error.taken("id"))?;
        Ok(RecordGroupId(id))
    }
}

struct Change {
    id: RecordGroupId,
    change: RecordGroupChange,
}

#[async_trait]
impl Unit for Change {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        // Writes first, so that the row is this unit's own while it is read.
        let query = Query::new(
            "changing a record group",
            concat!(
                "UPDATE record_group SET name = COALESCE($2, name),
                     owner = CASE WHEN $3 THEN CAST($4 AS BIGINT) ELSE owner END
                 WHERE id = $1 RETURNING customer, ",
                settings_columns!()
            ),
        )
        .with(self.id.0)
        .with(self.change.name.as_deref())
        .with(self.change.owner.is_some())
        .with(self.change.owner.flatten().map(|owner| owner.0));
        let rows = sql.fetch(query).await.map_err(|error| error.gone("owner"))?;
        let mut row = rows.into_iter().next().ok_or(CatalogError::Gone { what: "record group" })?;
        let customer = CustomerId(row.int("record group customer")?);
        if let Some(Some(owner)) = self.change.owner {
            require_owner(sql, customer, owner).await?;
        }
        let plan = plans::of_customer(sql, customer).await?;
        plan.check_record_groups().map_err(CatalogError::PlanForbids)?;
        let settings = read_settings(&mut row)?.changed(self.change.settings.clone());
        let query = Query::new(
            "changing the settings of a record group",
            concat!(
                "UPDATE record_group SET (",
                settings_columns!(),
                ") = ($2, $3, $4, $5, $6, $7, $8, $9, $10) WHERE id = $1"
            ),
        )
        .with(self.id.0);
        sql.execute(with(query, &settings)).await?;
        Ok(())
    }
}

struct Remove(RecordGroupId);

#[async_trait]
impl Unit for Remove {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        // Touched, so that nothing comes into it any more.
        let query = Query::new(
            "queueing for a record group",
            "UPDATE record_group SET retention_days = retention_days WHERE id = $1",
        );
        sql.execute(query.with(self.0.0)).await?;
        let query = Query::new(
            "looking into a record group",
            "SELECT recording FROM recording_place WHERE record_group = $1 LIMIT 1",
        );
        if sql.fetch_first(query.with(self.0.0)).await?.is_some() {
            let reason = "the record group still has recordings";
            return Err(CatalogError::Kept { field: "id", reason: reason.to_owned() });
        }
        // Those of its own customer alone: what others were told before there were record groups means none.
        let query = Query::new(
            "taking a record group from hunt groups",
            "UPDATE hunt_group SET record_group = NULL
             WHERE record_group = $1 AND customer = (SELECT customer FROM record_group WHERE id = $1)",
        );
        sql.execute(query.with(self.0.0)).await?;
        let query = Query::new("removing a record group", "DELETE FROM record_group WHERE id = $1");
        match sql.execute(query.with(self.0.0)).await? {
            0 => Err(CatalogError::Gone { what: "record group" }),
            _ => Ok(()),
        }
    }
}
