//! Customers below one's own, and their removal.

use super::Accounts;
use crate::customer::Customer;
use crate::error::{Error, Result};
use crate::gate::{Kind, Principal, Verb};
use crate::id::CustomerId;
use crate::page::PageRequest;
use crate::role::Reach;

impl Accounts {
    /// The customers directly below one, by number; without `parent` below the caller's own, and for those who reach the
    /// whole installation the ones that stand below none as well. Who reaches no customer but their own finds none.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`] (customer).
    pub async fn customers_below(
        &self,
        principal: &Principal,
        parent: Option<CustomerId>,
        page: PageRequest<CustomerId>,
    ) -> Result<Vec<Customer>> {
        let tops = parent.is_none() && principal.reach == Reach::System;
        let parent = self.gate.customer(principal, Kind::Customer, Verb::See, parent).await?;
        if principal.reach < Reach::Subtree {
            return Ok(Vec::new());
        }
        Ok(self.catalog.customers_below(&parent, tops, page).await?)
    }

    /// One customer within reach that is not the caller's own.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`].
    pub async fn customer_below(
        &self,
        principal: &Principal,
        verb: Verb,
        id: CustomerId,
    ) -> Result<Customer> {
        self.gate.privilege(principal, Kind::Customer, verb)?;
        let missing = Error::NotFound { what: "customer" };
        if principal.customer == Some(id) {
            return Err(missing);
        }
        self.gate.customer(principal, Kind::Customer, verb, Some(id)).await?;
        self.catalog.customer(id).await?.ok_or(missing)
    }

    /// Removes a customer in which nothing is left. Its number is never given again: the listen log goes on telling of it.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], [`Error::Invalid`] (`id`: one's own), [`Error::Conflict`] (`id`: something
    /// is left in it, and what).
    pub async fn remove_customer(&self, principal: &Principal, id: CustomerId) -> Result<()> {
        self.gate.privilege(principal, Kind::Customer, Verb::Delete)?;
        if principal.reach < Reach::Subtree {
            return Err(Error::RoleForbids);
        }
        self.gate.customer(principal, Kind::Customer, Verb::Delete, Some(id)).await?;
        if principal.customer == Some(id) {
            return Err(Error::invalid("id", "one cannot remove one's own customer"));
        }
        self.catalog.remove_customer(id, self.clock.now()).await?;
        self.forget_cached();
        Ok(())
    }
}
