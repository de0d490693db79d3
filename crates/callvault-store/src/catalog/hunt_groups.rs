//! Hunt groups. The messages of their levels are in [`super::messages`].

use async_trait::async_trait;
use callvault_core::audio::AudioKey;
use callvault_core::gate::{InCustomer, Within};
use callvault_core::hunt_group::settings::HuntGroupSettingsChange;
use callvault_core::hunt_group::{
    HuntGroup, HuntGroupChange, Level, Message, MessageVersion, NewHuntGroup, NewMessage,
};
use callvault_core::id::{CustomerId, HuntGroupId, PersonId};
use callvault_core::page::PageRequest;
use callvault_core::port::catalog::{CatalogError, CatalogResult, HuntGroups};
use callvault_core::time::Timestamp;

use super::hunt_group_settings::settings_columns;
use super::people::require_owner;
use super::sql::{Engine, Query, Row, Sql, Unit, look_up_first, number, read_all};
use super::within::within;
use super::{SqlCatalog, hunt_group_settings, messages, plans, record_groups, stored_audio};

/// Hunt groups, up to the condition.
macro_rules! hunt_groups_where {
    () => {
        concat!(
            "SELECT id, customer, name, owner, created_at, ",
            settings_columns!(),
            " FROM hunt_group WHERE "
        )
    };
}

#[async_trait]
impl<E: Engine> HuntGroups for SqlCatalog<E> {
    async fn add_hunt_group(&self, new: NewHuntGroup) -> CatalogResult<HuntGroupId> {
        self.engine.write(Add(new)).await
    }

    async fn change_hunt_group(&self, id: HuntGroupId, change: HuntGroupChange) -> CatalogResult<()> {
        self.engine.write(Change { id, change }).await
    }

    async fn remove_hunt_group(
        &self,
        id: HuntGroupId,
        noted: Vec<MessageVersion>,
        at: Timestamp,
    ) -> CatalogResult<Vec<AudioKey>> {
        self.engine.write(Remove { id, noted, at }).await
    }

    async fn hunt_group(&self, within: &Within, id: HuntGroupId) -> CatalogResult<Option<HuntGroup>> {
        let query = Query::new(
            "reading a hunt group",
            concat!(hunt_groups_where!(), "id = $1 AND ", within!("customer", "$2", "$3")),
        )
        .with(id.0)
        .within(within);
        look_up_first(&self.engine, query, read).await
    }

    async fn hunt_groups(
        &self,
        customer: &InCustomer,
        page: PageRequest<HuntGroupId>,
    ) -> CatalogResult<Vec<HuntGroup>> {
        let query = Query::new(
            "listing hunt groups",
            concat!(hunt_groups_where!(), "customer = $1 AND id > $2 ORDER BY id LIMIT $3"),
        )
        .with(customer.id().0)
        .with(page.after.map_or(i64::MIN, |after| after.0))
        .with(page.limit);
        read_all(&self.engine, query, read).await
    }

    async fn put_message(&self, new: NewMessage) -> CatalogResult<(i64, Vec<AudioKey>)> {
        self.engine.write(messages::Put(new)).await
    }

    async fn message(&self, hunt_group: HuntGroupId, level: Level) -> CatalogResult<Option<Message>> {
        messages::current(&self.engine, hunt_group, level).await
    }

    async fn message_versions(
        &self,
        hunt_group: HuntGroupId,
        level: Option<Level>,
    ) -> CatalogResult<Vec<Message>> {
        messages::versions(&self.engine, hunt_group, level).await
    }

    async fn restore_message(
        &self,
        hunt_group: HuntGroupId,
        level: Level,
        version: i64,
    ) -> CatalogResult<()> {
        self.engine.write(messages::Restore { hunt_group, level, version }).await
    }

    async fn clear_message(&self, hunt_group: HuntGroupId, noted: MessageVersion) -> CatalogResult<bool> {
        self.engine.write(messages::Clear { hunt_group, noted }).await
    }
}

fn read(row: &mut Row) -> CatalogResult<HuntGroup> {
    Ok(HuntGroup {
        id: HuntGroupId(row.int("hunt group id")?),
        customer: CustomerId(row.int("hunt group customer")?),
        name: row.text("hunt group name")?,
        owner: row.optional_int("hunt group owner")?.map(PersonId),
        created_at: Timestamp::from_unix_ms(row.int("hunt group created_at")?),
        settings: hunt_group_settings::read(row)?,
    })
}

pub(super) struct Add(pub(super) NewHuntGroup);

#[async_trait]
impl Unit for Add {
    type Output = HuntGroupId;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<HuntGroupId> {
        let new = &self.0;
        let plan = plans::of_customer(sql, new.customer).await?;
        if let Some(owner) = new.owner {
            require_owner(sql, new.customer, owner).await?;
        }
        if let Some(id) = new.settings.record_group {
            record_groups::require_of(sql, new.customer, id).await?;
        }
        plan.check_hunt_groups().map_err(CatalogError::PlanForbids)?;
        let id = number(sql, "hunt_group", new.id.map(|id| id.0)).await?;
        let query = Query::new(
            "adding a hunt group",
            concat!(
                "INSERT INTO hunt_group (id, customer, name, owner, created_at, ",
                settings_columns!(),
                ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"
            ),
        )
        .with(id)
        .with(new.customer.0)
        .with(new.name.as_str())
        .with(new.owner.map(|owner| owner.0))
        .with(new.created_at.unix_ms());
        let query = hunt_group_settings::with(query, &new.settings);
        sql.execute(query).await.map_err(|error| error.taken("id"))?;
        Ok(HuntGroupId(id))
    }
}

pub(super) struct Change {
    pub(super) id: HuntGroupId,
    pub(super) change: HuntGroupChange,
}

#[async_trait]
impl Unit for Change {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let query = Query::new(
            "changing a hunt group",
            "UPDATE hunt_group SET name = COALESCE($2, name), owner = CASE WHEN $3 THEN $4 ELSE owner END
             WHERE id = $1",
        )
        .with(self.id.0)
        .with(self.change.name.as_deref())
        .with(self.change.owner.is_some())
        .with(self.change.owner.flatten().map(|owner| owner.0));
        if sql.execute(query).await.map_err(|error| error.gone("owner"))? == 0 {
            return Err(CatalogError::Gone { what: "hunt group" });
        }
        let (customer, plan) = plans::of_hunt_group(sql, self.id).await?;
        if let Some(Some(owner)) = self.change.owner {
            require_owner(sql, customer, owner).await?;
        }
        if let Some(Some(id)) = self.change.settings.record_group {
            record_groups::require_of(sql, customer, id).await?;
        }
        if self.change.settings != HuntGroupSettingsChange::default() {
            self.change_settings(sql).await?;
        }
        plan.check_hunt_groups().map_err(CatalogError::PlanForbids)
    }
}

impl Change {
    /// The row is this unit's own since it wrote the name.
    async fn change_settings(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let query = Query::new(
            "reading the settings of a hunt group",
            concat!("SELECT ", settings_columns!(), " FROM hunt_group WHERE id = $1"),
        )
        .with(self.id.0);
        let mut row = sql.fetch_first(query).await?.ok_or(CatalogError::Gone { what: "hunt group" })?;
        let settings = hunt_group_settings::read(&mut row)?.changed(self.change.settings.clone());
        let fields = settings.contradictory_exits();
        if !fields.is_empty() {
            return Err(CatalogError::Contradicts { fields });
        }
        let query = Query::new(
            "changing the settings of a hunt group",
            concat!(
                "UPDATE hunt_group SET (",
                settings_columns!(),
                ") = ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) WHERE id = $1"
            ),
        )
        .with(self.id.0);
        sql.execute(hunt_group_settings::with(query, &settings)).await?;
        Ok(())
    }
}

struct Remove {
    id: HuntGroupId,
    noted: Vec<MessageVersion>,
    at: Timestamp,
}

#[async_trait]
impl Unit for Remove {
    type Output = Vec<AudioKey>;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<Vec<AudioKey>> {
        let query = Query::new(
            "removing the messages of a hunt group",
            "DELETE FROM message WHERE hunt_group = $1 RETURNING level, version, audio",
        )
        .with(self.id.0);
        let keys = messages::gone(sql.fetch(query).await?, &self.noted)?;
        for (operation, text) in [
            ("removing the levels of a hunt group", "DELETE FROM hunt_group_level WHERE hunt_group = $1"),
            ("removing the destinations of a hunt group", "DELETE FROM destination WHERE hunt_group = $1"),
        ] {
            sql.execute(Query::new(operation, text).with(self.id.0)).await?;
        }
        let query =
            Query::new("removing a hunt group", "DELETE FROM hunt_group WHERE id = $1").with(self.id.0);
        if sql.execute(query).await? == 0 {
            return Err(CatalogError::Gone { what: "hunt group" });
        }
        stored_audio::discard(sql, keys, self.at).await
    }
}
