//! People with their profiles, and customers below another.
//!
//! What lists are sorted by is kept folded beside each name, so that every order is a range of an index.

use async_trait::async_trait;
use callvault_core::customer::Customer;
use callvault_core::gate::{InCustomer, Within};
use callvault_core::id::{CustomerId, PersonId};
use callvault_core::page::PageRequest;
use callvault_core::person::profile::{DateFormat, PeopleOrder, PeopleSlice, Profile, Profiled, TimeFormat};
use callvault_core::port::catalog::{CatalogError, CatalogResult, Profiles};

use super::customers::customer_columns;
use super::people::{folded, person_columns};
use super::plans::plan_columns;
use super::sql::{Engine, Query, Row, Sql, read_all, read_first};
use super::within::within;
use super::{SqlCatalog, customers, people};

/// The columns of a profile of a `person` called `p`, in the order in which [`read`] takes them.
macro_rules! profile_columns {
    () => {
        "p.email, p.title, p.forename, p.surname, p.company, p.description, p.country, p.language, p.timezone,
         p.date_format, p.time_format, p.telephone, p.mobile, p.fax, p.extension, p.public_key"
    };
}

pub(super) use profile_columns;

/// People with their profiles, up to the condition.
macro_rules! profiled_where {
    () => {
        concat!("SELECT ", person_columns!(), ", ", profile_columns!(), " FROM person p WHERE ")
    };
}

#[async_trait]
impl<E: Engine> Profiles for SqlCatalog<E> {
    async fn profile(&self, id: PersonId) -> CatalogResult<Option<Profiled>> {
        let query = Query::new("reading a profile", concat!(profiled_where!(), "p.id = $1")).with(id.0);
        read_first(&self.engine, query).await?.map(|mut row| read_profiled(&mut row)).transpose()
    }

    async fn profiles(
        &self,
        customer: &InCustomer,
        page: PageRequest<PersonId>,
    ) -> CatalogResult<Vec<Profiled>> {
        let query = Query::new(
            "listing profiles",
            concat!(profiled_where!(), "p.customer = $1 AND p.id > $2 ORDER BY p.id LIMIT $3"),
        )
        .with(customer.id().0)
        .with(page.after.map_or(i64::MIN, |after| after.0))
        .with(page.limit);
        read_all(&self.engine, query, read_profiled).await
    }

    async fn sorted_people(&self, customer: &InCustomer, slice: PeopleSlice) -> CatalogResult<Vec<Profiled>> {
        let column = match slice.order {
            PeopleOrder::Username => "p.username_key",
            PeopleOrder::Forename => "p.forename_key",
            PeopleOrder::Surname => "p.surname_key",
            PeopleOrder::FullName => "p.full_name_key",
        };
        let (sign, way) = if slice.descending { ("<", "DESC") } else { (">", "ASC") };
        let behind = match &slice.after {
            Some(_) => format!("AND ({column}, p.id) {sign} ($4, $5) "),
            None => String::new(),
        };
        let text = format!(
            "{}p.customer = $1 {behind}ORDER BY {column} {way}, p.id {way} LIMIT $2 OFFSET $3",
            profiled_where!()
        );
        let skip = i64::try_from(slice.skip).unwrap_or(i64::MAX);
        let mut query = Query::new("sorting people", text).with(customer.id().0).with(slice.limit).with(skip);
        if let Some((key, id)) = slice.after {
            query = query.with(key).with(id.0);
        }
        read_all(&self.engine, query, read_profiled).await
    }

    async fn count_people(&self, customer: &InCustomer) -> CatalogResult<u64> {
        let query = Query::new("counting people", "SELECT COUNT(*) FROM person WHERE customer = $1")
            .with(customer.id().0);
        let what = "count of people";
        read_first(&self.engine, query).await?.ok_or(CatalogError::Unreadable { what })?.number(what)
    }

    async fn people_with_email(&self, within: &Within, email: &str) -> CatalogResult<Vec<PersonId>> {
        let query = Query::new(
            "looking for an e-mail address",
            concat!(
                "SELECT id FROM person WHERE email_key = $1 AND email_key <> '' AND ",
                within!("customer", "$2", "$3"),
                " ORDER BY id LIMIT 2"
            ),
        )
        .with(folded(email.trim()))
        .within(within);
        read_all(&self.engine, query, |row| Ok(PersonId(row.int("person id")?))).await
    }

    async fn customers_below(
        &self,
        parent: &InCustomer,
        tops: bool,
        page: PageRequest<CustomerId>,
    ) -> CatalogResult<Vec<Customer>> {
        let query = Query::new(
            "listing customers below another",
            concat!(
                "SELECT ",
                customer_columns!(),
                " FROM customer WHERE (parent = $1 OR ($2 AND parent IS NULL AND id <> $1)) AND id > $3
                 ORDER BY id LIMIT $4"
            ),
        )
        .with(parent.id().0)
        .with(tops)
        .with(page.after.map_or(i64::MIN, |after| after.0))
        .with(page.limit);
        read_all(&self.engine, query, customers::read).await
    }
}

fn read_profiled(row: &mut Row) -> CatalogResult<Profiled> {
    Ok(Profiled { person: people::read(row)?, profile: read(row)? })
}

/// Reads the columns of `profile_columns!`.
pub(super) fn read(row: &mut Row) -> CatalogResult<Profile> {
    Ok(Profile {
        email: row.text("person email")?,
        title: row.text("person title")?,
        forename: row.text("person forename")?,
        surname: row.text("person surname")?,
        company: row.text("person company")?,
        description: row.text("person description")?,
        country: row.text("person country")?,
        language: row.text("person language")?,
        timezone: row.text("person timezone")?,
        date_format: row.parsed("person date_format", DateFormat::parse)?,
        time_format: row.parsed("person time_format", TimeFormat::parse)?,
        telephone: row.text("person telephone")?,
        mobile: row.text("person mobile")?,
        fax: row.text("person fax")?,
        extension: row.text("person extension")?,
        public_key: row.text("person public_key")?,
    })
}

/// Writes the whole profile of a person who is there.
pub(super) async fn write(sql: &mut dyn Sql, id: PersonId, profile: &Profile) -> CatalogResult<()> {
    // The user name has a column of its own for its key.
    let key = |order: PeopleOrder| order.key("", profile);
    let query = Query::new(
        "writing a profile",
        "UPDATE person SET email = $2, title = $3, forename = $4, surname = $5, company = $6, description = $7,
             country = $8, language = $9, timezone = $10, date_format = $11, time_format = $12, telephone = $13,
             mobile = $14, fax = $15, extension = $16, public_key = $17, email_key = $18, forename_key = $19,
             surname_key = $20, full_name_key = $21
         WHERE id = $1",
    )
    .with(id.0)
    .with(profile.email.as_str())
    .with(profile.title.as_str())
    .with(profile.forename.as_str())
    .with(profile.surname.as_str())
    .with(profile.company.as_str())
    .with(profile.description.as_str())
    .with(profile.country.as_str())
    .with(profile.language.as_str())
    .with(profile.timezone.as_str())
    .with(profile.date_format.as_str())
    .with(profile.time_format.as_str())
    .with(profile.telephone.as_str())
    .with(profile.mobile.as_str())
    .with(profile.fax.as_str())
    .with(profile.extension.as_str())
    .with(profile.public_key.as_str())
    .with(folded(profile.email.trim()))
    .with(key(PeopleOrder::Forename))
    .with(key(PeopleOrder::Surname))
    .with(key(PeopleOrder::FullName));
    sql.execute(query).await?;
    Ok(())
}
