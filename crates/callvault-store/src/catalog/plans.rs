//! What the plan of a customer allows, decided inside the unit of work that it is about: two uploads side by side cannot
//! both take the last room.

use callvault_core::id::{CustomerId, HuntGroupId};
use callvault_core::plan::Plan;
use callvault_core::port::catalog::{CatalogError, CatalogResult};

use super::sql::{Query, Row, Sql};

/// The columns of a plan, in the order in which [`read`] takes them. They are those of no other table.
macro_rules! plan_columns {
    () => {
        "hunt_groups_allowed, largest_message_bytes, total_message_bytes, hunt_group_destinations, sounds_allowed,
         most_people, most_customers, record_groups_allowed"
    };
}

pub(super) use plan_columns;

/// Reads the columns of `plan_columns!`.
pub(super) fn read(row: &mut Row) -> CatalogResult<Plan> {
    Ok(Plan {
        hunt_groups_allowed: row.bool("customer hunt_groups_allowed")?,
        largest_message_bytes: size(row, "customer largest_message_bytes")?,
        total_message_bytes: size(row, "customer total_message_bytes")?,
        hunt_group_destinations: count(row, "customer hunt_group_destinations")?,
        sounds_allowed: row.bool("customer sounds_allowed")?,
        people: count(row, "customer most_people")?,
        customers: count(row, "customer most_customers")?,
        record_groups_allowed: row.bool("customer record_groups_allowed")?,
    })
}

fn size(row: &mut Row, what: &'static str) -> CatalogResult<Option<u64>> {
    let value = row.optional_int(what)?;
    value.map(u64::try_from).transpose().map_err(|_| CatalogError::Unreadable { what })
}

fn count(row: &mut Row, what: &'static str) -> CatalogResult<Option<u32>> {
    let value = row.optional_int(what)?;
    value.map(u32::try_from).transpose().map_err(|_| CatalogError::Unreadable { what })
}

/// A limit as the column holds it. The service allows none that does not fit.
pub(super) fn column(limit_bytes: Option<u64>) -> CatalogResult<Option<i64>> {
    let what = "customer plan";
    limit_bytes.map(i64::try_from).transpose().map_err(|_| CatalogError::Unreadable { what })
}

/// The customer of a hunt group and its plan. Gone: the hunt group.
pub(super) async fn of_hunt_group(
    sql: &mut dyn Sql,
    hunt_group: HuntGroupId,
) -> CatalogResult<(CustomerId, Plan)> {
    let query = Query::new(
        "reading the plan of a hunt group's customer",
        concat!(
            "SELECT c.id, ",
            plan_columns!(),
            " FROM customer c JOIN hunt_group h ON h.customer = c.id WHERE h.id = $1"
        ),
    )
    .with(hunt_group.0);
    let mut row = sql.fetch_first(query).await?.ok_or(CatalogError::Gone { what: "hunt group" })?;
    Ok((CustomerId(row.int("customer id")?), read(&mut row)?))
}

/// The plan of a customer. Gone: the customer.
pub(super) async fn of_customer(sql: &mut dyn Sql, id: CustomerId) -> CatalogResult<Plan> {
    let query = Query::new(
        "reading the plan of a customer",
        concat!("SELECT ", plan_columns!(), " FROM customer WHERE id = $1"),
    )
    .with(id.0);
    read(&mut sql.fetch_first(query).await?.ok_or(CatalogError::Gone { what: "customer" })?)
}

/// The sizes of what counts against a plan's total: each kept version of a message, and the file of each
/// sound and each prompt.
pub(super) fn kept_bytes(customer: CustomerId) -> Query {
    Query::new(
        "adding up messages, prompts and sounds",
        "SELECT CAST(COALESCE(SUM(a.size_bytes), 0) AS BIGINT) FROM (
             SELECT m.audio AS audio FROM message m JOIN hunt_group h ON h.id = m.hunt_group WHERE h.customer = $1
             UNION ALL
             SELECT s.audio AS audio FROM sound s WHERE s.customer = $1
             UNION ALL
             SELECT p.audio AS audio FROM prompt p JOIN feature f ON f.kind = p.kind AND f.id = p.feature
                 WHERE f.customer = $1
         ) kept JOIN audio a ON a.key = kept.audio",
    )
    .with(customer.0)
}

/// Reads the answer of [`kept_bytes`].
pub(super) fn sum(row: Option<Row>) -> CatalogResult<u64> {
    let what = "sum of audio sizes";
    row.ok_or(CatalogError::Unreadable { what })?.number(what)
}

/// Whether one more person is within a customer's plan. Gone: the customer.
pub(super) async fn check_another_person(sql: &mut dyn Sql, customer: CustomerId) -> CatalogResult<()> {
    let plan = of_customer(sql, customer).await?;
    if plan.people.is_none() {
        return Ok(());
    }
    queue(sql, customer).await?;
    let query = Query::new("counting people", "SELECT COUNT(*) FROM person WHERE customer = $1");
    let count = counted(sql, query.with(customer.0)).await?;
    plan.check_people(count + 1).map_err(CatalogError::PlanForbids)
}

/// Whether one more customer below another is within that one's plan. Gone: the customer.
pub(super) async fn check_another_customer(sql: &mut dyn Sql, parent: CustomerId) -> CatalogResult<()> {
    let plan = of_customer(sql, parent).await?;
    if plan.customers.is_none() {
        return Ok(());
    }
    queue(sql, parent).await?;
    let query = Query::new("counting customers", "SELECT COUNT(*) FROM customer WHERE parent = $1");
    let count = counted(sql, query.with(parent.0)).await?;
    plan.check_customers(count + 1).map_err(CatalogError::PlanForbids)
}

async fn counted(sql: &mut dyn Sql, query: Query) -> CatalogResult<u64> {
    let what = "count";
    sql.fetch_first(query).await?.ok_or(CatalogError::Unreadable { what })?.number(what)
}

/// Touches a customer, so that an engine with several writers lets the next unit count only what this one has committed.
async fn queue(sql: &mut dyn Sql, customer: CustomerId) -> CatalogResult<()> {
    let query = Query::new("queueing for a plan", "UPDATE customer SET disabled = disabled WHERE id = $1");
    sql.execute(query.with(customer.0)).await?;
    Ok(())
}

/// Whether a file that this unit has just written is within its customer's plan; if not, the unit leaves no trace.
pub(super) async fn check_written(
    sql: &mut dyn Sql,
    customer: CustomerId,
    plan: &Plan,
    size_bytes: u64,
) -> CatalogResult<()> {
    let kept = if plan.total_message_bytes.is_some() {
        queue(sql, customer).await?;
        sum(sql.fetch_first(kept_bytes(customer)).await?)?
    } else {
        size_bytes
    };
    plan.room(kept.saturating_sub(size_bytes)).check(size_bytes).map_err(CatalogError::PlanForbids)
}
