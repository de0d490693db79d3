//! The port to customers, people and roles.

use async_trait::async_trait;

use super::CatalogResult;
use crate::customer::{Customer, CustomerChange, NewCustomer};
use crate::gate::{InCustomer, Within};
use crate::id::{CustomerId, PersonId, RoleId};
use crate::page::PageRequest;
use crate::person::profile::{PeopleSlice, Profiled};
use crate::person::{Account, NewPerson, Person, PersonChange};
use crate::role::{Privileges, Reach, Role};
use crate::time::Timestamp;

/// Customers.
#[async_trait]
pub trait Customers: Send + Sync {
    /// Adds one, if the plan of its parent allows it. Taken: `id`, also of one that was removed. Gone: the parent.
    async fn add_customer(&self, new: NewCustomer) -> CatalogResult<CustomerId>;
    /// Changes one, if the plan of its parent allows it. Kept: the one of the last system owner who can log in, from being
    /// disabled.
    async fn change_customer(&self, id: CustomerId, change: CustomerChange) -> CatalogResult<()>;
    /// One, by number alone: the gate asks before there is a handle.
    async fn customer(&self, id: CustomerId) -> CatalogResult<Option<Customer>>;
    /// The customer and those above it, nearest first.
    async fn customer_line(&self, id: CustomerId) -> CatalogResult<Vec<CustomerId>>;
    /// The bytes of what counts against the total of a customer's plan: each kept version of a message, and the file of each
    /// sound and each prompt.
    async fn message_bytes(&self, customer: &InCustomer) -> CatalogResult<u64>;
    /// Those of exactly this name that a principal reaches, by number, at most two: one name may have several.
    async fn customers_named(&self, within: &Within, name: &str) -> CatalogResult<Vec<Customer>>;
    /// Those a principal reaches, by number.
    async fn customers(&self, within: &Within, page: PageRequest<CustomerId>)
    -> CatalogResult<Vec<Customer>>;
}

/// People and roles.
#[async_trait]
pub trait People: Send + Sync {
    /// Adds one, if the plan of the customer allows it. Taken: `username`. Gone: customer, role.
    async fn add_person(&self, new: NewPerson) -> CatalogResult<PersonId>;
    /// Changes one, if the plan of the customer allows it; with a new password or disabled, the person's sessions, token
    /// pairs and login tokens, and those that they switched to others for, are deleted in the same commit. Taken: `username`. Kept: the last system owner who can log in, from losing that.
    async fn change_person(&self, id: PersonId, change: PersonChange) -> CatalogResult<()>;
    /// By name, without regard to case, for a login.
    async fn account_named(&self, username: &str) -> CatalogResult<Option<Account>>;
    /// By number, for a session.
    async fn account(&self, id: PersonId) -> CatalogResult<Option<Account>>;
    /// The people of a customer, by number.
    async fn people(&self, customer: &InCustomer, page: PageRequest<PersonId>) -> CatalogResult<Vec<Person>>;
    /// Adds a role. Taken: `name`.
    async fn add_role(&self, name: String, reach: Reach, privileges: Privileges) -> CatalogResult<RoleId>;
    /// All roles, by number; there are few.
    async fn roles(&self) -> CatalogResult<Vec<Role>>;
}

/// People with their profiles.
#[async_trait]
pub trait Profiles: Send + Sync {
    /// By number alone: the gate asks before there is a handle.
    async fn profile(&self, id: PersonId) -> CatalogResult<Option<Profiled>>;
    /// The people of a customer, by number.
    async fn profiles(
        &self,
        customer: &InCustomer,
        page: PageRequest<PersonId>,
    ) -> CatalogResult<Vec<Profiled>>;
    /// A slice of a customer's people, sorted. Costs a step of an index for each row that is left out.
    async fn sorted_people(&self, customer: &InCustomer, slice: PeopleSlice) -> CatalogResult<Vec<Profiled>>;
    /// How many people a customer has.
    async fn count_people(&self, customer: &InCustomer) -> CatalogResult<u64>;
    /// At most two of those within reach who have this e-mail address, without regard to case; nobody has the empty one.
    async fn people_with_email(&self, within: &Within, email: &str) -> CatalogResult<Vec<PersonId>>;
    /// The customers directly below one, by number; with `tops` those that stand below none as well, but for that one.
    async fn customers_below(
        &self,
        parent: &InCustomer,
        tops: bool,
        page: PageRequest<CustomerId>,
    ) -> CatalogResult<Vec<Customer>>;
}

/// Taking people and customers away. Their numbers are never given to others, so that the listen log goes on saying who it was.
#[async_trait]
pub trait Removals: Send + Sync {
    /// Removes a person with their sessions, token pairs, unused tickets, and targets of reports with what waits there, in one
    /// commit. Gone: the person. Kept (`id`): one who owns something, and the last system owner who can log in.
    async fn remove_person(&self, id: PersonId) -> CatalogResult<()>;
    /// Removes a customer with its tickets. Gone: the customer. Kept (`id`): one in which anything is left.
    async fn remove_customer(&self, id: CustomerId, at: Timestamp) -> CatalogResult<()>;
    /// Whether there was a customer of this number that was removed.
    async fn customer_is_gone(&self, id: CustomerId) -> CatalogResult<bool>;
}
