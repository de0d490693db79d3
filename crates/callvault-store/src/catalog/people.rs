//! People and roles.

use async_trait::async_trait;
use callvault_core::gate::InCustomer;
use callvault_core::id::{CustomerId, PersonId, RoleId};
use callvault_core::page::PageRequest;
use callvault_core::person::profile::ProfileChange;
use callvault_core::person::{
    Account, DownloadErrors, EmptyCalls, NewPerson, PasswordHash, Person, PersonChange,
};
use callvault_core::port::catalog::{CatalogError, CatalogResult, People};
use callvault_core::role::{Privilege, Privileges, Reach, Role};
use callvault_core::time::Timestamp;

use super::customers::require_customer;
use super::owners;
use super::profiles::{self, profile_columns};
use super::sql::{Engine, Query, Row, Sql, Unit, number, read_all, read_first, require};
use super::{SqlCatalog, plans};

/// The columns of a `person` called `p`, in the order in which [`read`] takes them.
macro_rules! person_columns {
    () => {
        "p.id, p.customer, p.username, p.role, p.password_hash, p.source, p.download_errors, p.empty_calls, p.disabled,
         p.created_at"
    };
}

pub(super) use person_columns;

/// One account with its role and whether its customer, or one above it, is disabled.
macro_rules! account_where {
    ($condition:literal) => {
        concat!(
            "WITH RECURSIVE line (id, parent, disabled) AS (
                 SELECT c.id, c.parent, c.disabled FROM customer c JOIN person p ON p.customer = c.id WHERE ",
            $condition,
            "    UNION
                 SELECT c.id, c.parent, c.disabled FROM customer c JOIN line l ON c.id = l.parent
             )
             SELECT ",
            person_columns!(),
            ", r.id, r.name, r.reach, r.privileges, r.builtin, EXISTS (SELECT 1 FROM line WHERE disabled),
             EXISTS (SELECT 1 FROM one_time_code t WHERE t.person = p.id AND t.confirmed)
             FROM person p JOIN role r ON r.id = p.role WHERE ",
            $condition
        )
    };
}

#[async_trait]
impl<E: Engine> People for SqlCatalog<E> {
    async fn add_person(&self, new: NewPerson) -> CatalogResult<PersonId> {
        self.engine.write(Add(new)).await
    }

    async fn change_person(&self, id: PersonId, change: PersonChange) -> CatalogResult<()> {
        self.engine.write(Change { id, change }).await
    }

    async fn account_named(&self, username: &str) -> CatalogResult<Option<Account>> {
        let query =
            Query::new("reading an account", account_where!("p.username_key = $1")).with(folded(username));
        read_first(&self.engine, query).await?.map(|mut row| read_account(&mut row)).transpose()
    }

    async fn account(&self, id: PersonId) -> CatalogResult<Option<Account>> {
        let query = Query::new("reading an account", account_where!("p.id = $1")).with(id.0);
        read_first(&self.engine, query).await?.map(|mut row| read_account(&mut row)).transpose()
    }

    async fn people(&self, customer: &InCustomer, page: PageRequest<PersonId>) -> CatalogResult<Vec<Person>> {
        let query = Query::new(
            "listing people",
            concat!(
                "SELECT ",
                person_columns!(),
                " FROM person p WHERE p.customer = $1 AND p.id > $2 ORDER BY p.id LIMIT $3"
            ),
        )
        .with(customer.id().0)
        .with(page.after.map_or(i64::MIN, |after| after.0))
        .with(page.limit);
        read_all(&self.engine, query, read).await
    }

    async fn add_role(&self, name: String, reach: Reach, privileges: Privileges) -> CatalogResult<RoleId> {
        self.engine.write(AddRole { name, reach, privileges }).await
    }

    async fn roles(&self) -> CatalogResult<Vec<Role>> {
        let query =
            Query::new("listing roles", "SELECT id, name, reach, privileges, builtin FROM role ORDER BY id");
        read_all(&self.engine, query, read_role).await
    }
}

/// The form in which names that are unique without regard to case are compared.
pub(super) fn folded(name: &str) -> String {
    name.to_lowercase()
}

pub(super) fn read(row: &mut Row) -> CatalogResult<Person> {
    Ok(Person {
        id: PersonId(row.int("person id")?),
        customer: CustomerId(row.int("person customer")?),
        username: row.text("person username")?,
        role: RoleId(row.int("person role")?),
        password_hash: PasswordHash::new(row.text("person password")?),
        source: row.parsed("person source", |text| text.parse().ok())?,
        download_errors: row.parsed("person download_errors", DownloadErrors::parse)?,
        empty_calls: row.parsed("person empty_calls", EmptyCalls::parse)?,
        disabled: row.bool("person disabled")?,
        created_at: Timestamp::from_unix_ms(row.int("person created_at")?),
    })
}

fn read_role(row: &mut Row) -> CatalogResult<Role> {
    Ok(Role {
        id: RoleId(row.int("role id")?),
        name: row.text("role name")?,
        reach: row.parsed("role reach", Reach::parse)?,
        // A privilege that only a newer version knows opens nothing here.
        privileges: row.text("role privileges")?.split(',').filter_map(Privilege::parse).collect(),
        builtin: row.bool("role builtin")?,
    })
}

fn read_account(row: &mut Row) -> CatalogResult<Account> {
    Ok(Account {
        person: read(row)?,
        role: read_role(row)?,
        customer_disabled: row.bool("customer disabled")?,
        one_time_codes: row.bool("person one-time codes")?,
    })
}

/// Fails with Gone `owner` unless it is a person of the customer.
pub(super) async fn require_owner(
    sql: &mut dyn Sql,
    customer: CustomerId,
    owner: PersonId,
) -> CatalogResult<()> {
    let query = Query::new("looking for an owner", "SELECT id FROM person WHERE id = $1 AND customer = $2")
        .with(owner.0)
        .with(customer.0);
    require(sql, "owner", query).await
}

async fn require_role(sql: &mut dyn Sql, id: RoleId) -> CatalogResult<()> {
    require(sql, "role", Query::new("looking for a role", "SELECT id FROM role WHERE id = $1").with(id.0))
        .await
}

pub(super) struct Add(pub(super) NewPerson);

#[async_trait]
impl Unit for Add {
    type Output = PersonId;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<PersonId> {
        let new = &self.0;
        require_customer(sql, new.customer).await?;
        require_role(sql, new.role).await?;
        plans::check_another_person(sql, new.customer).await?;
        let id = number(sql, "person", None).await?;
        let query = Query::new(
            "adding a person",
            "INSERT INTO person
                 (id, customer, username, username_key, role, password_hash, source, download_errors, empty_calls,
                  disabled, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, FALSE, $10)",
        )
        .with(id)
        .with(new.customer.0)
        .with(new.username.as_str())
        .with(folded(&new.username))
        .with(new.role.0)
        .with(new.password_hash.reveal())
        .with(new.source.to_string())
        .with(new.download_errors.as_str())
        .with(new.empty_calls.as_str())
        .with(new.created_at.unix_ms());
        sql.execute(query).await.map_err(|error| error.taken("username"))?;
        profiles::write(sql, PersonId(id), &new.profile).await?;
        Ok(PersonId(id))
    }
}

pub(super) struct Change {
    pub(super) id: PersonId,
    pub(super) change: PersonChange,
}

#[async_trait]
impl Unit for Change {
    type Output = ();

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let change = &self.change;
        if let Some(role) = change.role {
            require_role(sql, role).await?;
        }
        let owners = match change.role.is_some() || change.disabled == Some(true) {
            true => owners::in_force(sql).await?,
            false => Vec::new(),
        };
        let query = Query::new(
            "changing a person",
            "UPDATE person SET role = COALESCE($2, role), password_hash = COALESCE($3, password_hash),
                 source = COALESCE($4, source), disabled = COALESCE($5, disabled),
                 download_errors = COALESCE($6, download_errors), empty_calls = COALESCE($7, empty_calls),
                 username = COALESCE($8, username), username_key = COALESCE($9, username_key)
             WHERE id = $1 RETURNING customer",
        )
        .with(self.id.0)
        .with(change.role.map(|role| role.0))
        .with(change.password_hash.as_ref().map(PasswordHash::reveal))
        .with(change.source.as_ref().map(ToString::to_string))
        .with(change.disabled)
        .with(change.download_errors.map(DownloadErrors::as_str))
        .with(change.empty_calls.map(EmptyCalls::as_str))
        .with(change.username.as_deref())
        .with(change.username.as_deref().map(folded));
        let row = sql.fetch_first(query).await.map_err(|error| error.taken("username"))?;
        let customer = row.ok_or(CatalogError::Gone { what: "person" })?.int("person customer")?;
        if !change.is_of_locks() {
            let plan = plans::of_customer(sql, CustomerId(customer)).await?;
            plan.check_people(1).map_err(CatalogError::PlanForbids)?;
        }
        let field = if change.disabled == Some(true) { "disabled" } else { "role" };
        owners::check_left(sql, &owners, field).await?;
        if change.profile != ProfileChange::default() {
            self.change_profile(sql).await?;
        }
        if change.password_hash.is_some() || change.disabled == Some(true) {
            for text in [
                "DELETE FROM session WHERE person = $1",
                "DELETE FROM token_pair WHERE person = $1",
                "DELETE FROM login_token WHERE person = $1 OR switched_by = $1",
            ] {
                sql.execute(Query::new("ending a person's sessions", text).with(self.id.0)).await?;
            }
        }
        Ok(())
    }
}

impl Change {
    /// The row is this unit's own since it wrote the account.
    async fn change_profile(&self, sql: &mut dyn Sql) -> CatalogResult<()> {
        let query = Query::new(
            "reading a profile",
            concat!("SELECT ", profile_columns!(), " FROM person p WHERE p.id = $1"),
        )
        .with(self.id.0);
        let mut row = sql.fetch_first(query).await?.ok_or(CatalogError::Gone { what: "person" })?;
        let profile = profiles::read(&mut row)?.changed(self.change.profile.clone());
        profiles::write(sql, self.id, &profile).await
    }
}

struct AddRole {
    name: String,
    reach: Reach,
    privileges: Privileges,
}

#[async_trait]
impl Unit for AddRole {
    type Output = RoleId;

    async fn run(&self, sql: &mut dyn Sql) -> CatalogResult<RoleId> {
        let id = number(sql, "role", None).await?;
        let query = Query::new(
            "adding a role",
            "INSERT INTO role (id, name, name_key, reach, privileges, builtin) VALUES ($1, $2, $3, $4, $5, FALSE)",
        )
        .with(id)
        .with(self.name.as_str())
        .with(folded(&self.name))
        .with(self.reach.as_str())
        .with(self.privileges.to_string());
        sql.execute(query).await.map_err(|error| error.taken("name"))?;
        Ok(RoleId(id))
    }
}
