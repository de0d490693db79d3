//! Customers: the tree of tenants.

use async_trait::async_trait;
use callvault_core::customer::{Customer, CustomerChange, NewCustomer, RecordingsEncoding};
use callvault_core::gate::{InCustomer, Within};
use callvault_core::id::CustomerId;
use callvault_core::page::PageRequest;
use callvault_core::port::catalog::{CatalogError, CatalogResult, Customers};
use callvault_core::time::Timestamp;

use super::owners;
use super::plans::{self, plan_columns};
use super::sql::{Engine, Query, Row, Sql, Unit, look_up_first, number, read_all, read_first, require};
use super::within::within;
use super::{SqlCatalog, removals};

/// The columns of a customer, in the order in which [`read`] takes them.
macro_rules! customer_columns {
    () => {
        concat!(
            "id, parent, name, description, timezone, serial, device_name, ",
            plan_columns!(),
            ", disabled, created_at, recordings_encoding"
        )
    };
}

pub(super) use customer_columns;

#[async_trait]
impl<E: Engine> Customers for SqlCatalog<E> {
    async fn add_customer(&self, new: NewCustomer) -> CatalogResult<CustomerId> {
        self.engine.write(Add(new)).await
    }

    async fn change_customer(&self, id: CustomerId, change: CustomerChange) -> CatalogResult<()> {
        self.engine.write(Change { id, change }).await
    }

    async fn customer(&self, id: CustomerId) -> CatalogResult<Option<Customer>> {
        let query = Query::new(
            "reading a customer",
            concat!("SELECT ", customer_columns!(), " FROM customer WHERE id = $1"),
        )
        .with(id.0);
        look_up_first(&self.engine, query, read).await
    }

    async fn customer_line(&self, id: CustomerId) -> CatalogResult<Vec<CustomerId>> {
        // A parent never changes, so that a line has an end; the bound is for a damaged row.
        let query = Query::new(
            "reading a line of customers",
            "WITH RECURSIVE line (id, parent, depth) AS (
                 SELECT id, parent, CAST(0 AS BIGINT) FROM customer WHERE id = $1
                 UNION ALL
                 SELECT c.id, c.parent, l.depth + 1 FROM customer c JOIN line l ON c.id = l.parent
                     WHERE l.depth < 10000
             )
             SELECT id FROM line ORDER BY depth",
        )
        .with(id.0);
        let line = self.engine.look_up(query, |row| Ok(CustomerId(row.int("customer id")?))).await?;
        Ok(line.to_vec())
    }

    async fn message_bytes(&self, customer: &InCustomer) -> CatalogResult<u64> {
        plans::sum(read_first(&self.engine, plans::kept_bytes(customer.id())).await?)
    }

    async fn customers_named(&self, within: &Within, name: &str) -> CatalogResult<Vec<Customer>> {
        let query = Query::new(
            "looking for a customer by name",
            concat!(
                "SELECT ",
                customer_columns!(),
                " FROM customer WHERE name = $1 AND ",
                within!("id", "$2", "$3"),
                " ORDER BY id LIMIT 2"
            ),
        )
        .with(name)
        .within(within);
        read_all(&self.engine, query, read).await
    }

    async fn customers(
        &self,
        within: &Within,
        page: PageRequest<CustomerId>,
    ) -> CatalogResult<Vec<Customer>> {
        let query = Query::new(
            "listing customers",
            concat!(
                "SELECT ",
                customer_columns!(),
                " FROM customer WHERE id > $1 AND ",
                within!("id", "$2", "$3"),
                " ORDER BY id LIMIT $4"
            ),
        )
        .with(page.after.map_or(i64::MIN, |after| after.0))
        .within(within)
        .with(page.limit);
        read_all(&self.engine, query, read).await
    }
}

pub(super) fn read(row: &mut Row) -> CatalogResult<Customer> {
    Ok(Customer {
        id: CustomerId(row.int("customer id")?),
        parent: row.optional_int("customer parent")?.map(CustomerId),
        name: row.text("customer name")?,
        description: row.text("customer description")?,
        timezone: row.text("customer timezone")?,
        serial: row.text("customer serial")?,
        device_name: row.text("customer device_name")?,
        plan: plans::read(row)?,
        disabled: row.bool("customer disabled")?,
        created_at: Timestamp::from_unix_ms(row.int("customer created_at")?),
        recordings_encoding: row.parsed("customer recordings_encoding", RecordingsEncoding::parse)?,
    })
}

/// Fails with Gone `customer` unless it is there.
pub(super) async fn require_customer(sql: &mut dyn Sql, id: CustomerId) -> CatalogResult<()> {
    let query = Query::new("looking for a customer", "SELECT id FROM customer WHERE id = $1").with(id.0);
    require(sql, "customer", query).await
}

pub(super) struct Add(pub(super) NewCustomer);

#[async_trait]
impl Unit for Add {
    type Output = CustomerId;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<CustomerId> {
        let new = &self.0;
        if let Some(parent) = new.parent {
            require_customer(sql, parent).await?;
            plans::check_another_customer(sql, parent).await?;
        }
        if let Some(wanted) = new.id {
            // The listen log still tells of the one that had it.
            if sql.fetch_first(removals::gone(wanted)).await?.is_some() {
                return Err(CatalogError::Taken { field: "id" });
            }
        }
        let id = number(sql, "customer", new.id.map(|id| id.0)).await?;
        let query = Query::new(
            "adding a customer",
            "INSERT INTO customer (id, parent, name, timezone, serial, device_name, hunt_groups_allowed,
                 largest_message_bytes, total_message_bytes, hunt_group_destinations, sounds_allowed,
                 record_groups_allowed, disabled, created_at, description, most_people, most_customers)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, FALSE, $13, $14, $15, $16)",
        )
        .with(id)
        .with(new.parent.map(|parent| parent.0))
        .with(new.name.as_str())
        .with(new.timezone.as_str())
        .with(new.serial.as_str())
        .with(new.device_name.as_str())
        .with(new.plan.hunt_groups_allowed)
        .with(plans::column(new.plan.largest_message_bytes)?)
        .with(plans::column(new.plan.total_message_bytes)?)
        .with(new.plan.hunt_group_destinations)
        .with(new.plan.sounds_allowed)
        .with(new.plan.record_groups_allowed)
        .with(new.created_at.unix_ms())
        .with(new.description.as_str())
        .with(new.plan.people)
        .with(new.plan.customers);
        sql.execute(query).await.map_err(|error| error.taken("id"))?;
        Ok(CustomerId(id))
    }
}

pub(super) struct Change {
    pub(super) id: CustomerId,
    pub(super) change: CustomerChange,
}

#[async_trait]
impl Unit for Change {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        if !self.change.is_from_above() {
            let query = Query::new("looking for a parent", "SELECT parent FROM customer WHERE id = $1");
            let row = sql.fetch_first(query.with(self.id.0)).await?;
            let mut row = row.ok_or(CatalogError::Gone { what: "customer" })?;
            if let Some(parent) = row.optional_int("customer parent")? {
                plans::of_customer(sql, CustomerId(parent))
                    .await?
                    .check_customers(1)
                    .map_err(CatalogError::PlanForbids)?;
            }
        }
        let owners = match self.change.disabled {
            Some(true) => owners::in_force(sql).await?,
            _ => Vec::new(),
        };
        let plan = &self.change.plan;
        let query = Query::new(
            "changing a customer",
            "UPDATE customer SET name = COALESCE($2, name), timezone = COALESCE($3, timezone),
                 disabled = COALESCE($4, disabled), serial = COALESCE($5, serial),
                 device_name = COALESCE($6, device_name),
                 hunt_groups_allowed = COALESCE($7, hunt_groups_allowed),
                 largest_message_bytes = CASE WHEN $8 THEN $9 ELSE largest_message_bytes END,
                 total_message_bytes = CASE WHEN $10 THEN $11 ELSE total_message_bytes END,
                 hunt_group_destinations = CASE WHEN $12 THEN $13 ELSE hunt_group_destinations END,
                 sounds_allowed = COALESCE($14, sounds_allowed),
                 description = COALESCE($15, description),
                 most_people = CASE WHEN $16 THEN $17 ELSE most_people END,
                 most_customers = CASE WHEN $18 THEN $19 ELSE most_customers END,
                 record_groups_allowed = COALESCE($20, record_groups_allowed),
                 recordings_encoding = COALESCE($21, recordings_encoding)
             WHERE id = $1",
        )
        .with(self.id.0)
        .with(self.change.name.as_deref())
        .with(self.change.timezone.as_deref())
        .with(self.change.disabled)
        .with(self.change.serial.as_deref())
        .with(self.change.device_name.as_deref())
        .with(plan.hunt_groups_allowed)
        .with(plan.largest_message_bytes.is_some())
        .with(plans::column(plan.largest_message_bytes.flatten())?)
        .with(plan.total_message_bytes.is_some())
        .with(plans::column(plan.total_message_bytes.flatten())?)
        .with(plan.hunt_group_destinations.is_some())
        .with(plan.hunt_group_destinations.flatten())
        .with(plan.sounds_allowed)
        .with(self.change.description.as_deref())
        .with(plan.people.is_some())
        .with(plan.people.flatten())
        .with(plan.customers.is_some())
        .with(plan.customers.flatten())
        .with(plan.record_groups_allowed)
        .with(self.change.recordings_encoding.map(RecordingsEncoding::as_str));
        if sql.execute(query).await? == 0 {
            return Err(CatalogError::Gone { what: "customer" });
        }
        owners::check_left(sql, &owners, "disabled").await
    }
}
