//! The port to profiles of people, and to the removal of people and customers.

use async_trait::async_trait;

use super::CatalogResult;
use crate::customer::Customer;
use crate::gate::{InCustomer, Within};
use crate::id::{CustomerId, PersonId};
use crate::page::PageRequest;
use crate::person::profile::{PeopleSlice, Profiled};
use crate::time::Timestamp;

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
