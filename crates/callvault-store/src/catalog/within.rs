//! The bound of a look-up, as a condition that every query about a customer's things carries.

use callvault_core::gate::{Bound, SoundsWithin, Within};

use super::sql::Query;

/// A condition on a column that holds a customer: inside the bound that [`Query::within`] binds to the two parameters.
/// The tree below a customer is walked only for a bound that needs it.
macro_rules! within {
    ($column:literal, $kind:literal, $root:literal) => {
        concat!(
            "(CAST(", $kind, " AS BIGINT) = 0 OR ", $column, " = CAST(", $root, " AS BIGINT) OR (CAST(", $kind,
            " AS BIGINT) = 2 AND ", $column, " IN (WITH RECURSIVE below (id) AS (SELECT CAST(", $root,
            " AS BIGINT) UNION SELECT c.id FROM customer c JOIN below b ON c.parent = b.id) SELECT id FROM below)))"
        )
    };
}

pub(super) use within;

impl Query {
    /// The next two parameters, for a condition of `within!`.
    pub(super) fn within(self, within: &Within) -> Self {
        match within.bound() {
            Bound::Everything => self.with(0i64).with(None::<i64>),
            Bound::Only(customer) => self.with(1i64).with(customer.0),
            Bound::Below(customer) => self.with(2i64).with(customer.0),
        }
    }

    /// The next three parameters, for a condition of `within!` and whether shared sounds are meant as well.
    pub(super) fn within_sounds(self, within: &SoundsWithin) -> Self {
        let query = match within.customers() {
            Some(customers) => self.within(&customers),
            // A kind of bound that nothing is inside of.
            None => self.with(3i64).with(None::<i64>),
        };
        query.with(within.shared())
    }
}
