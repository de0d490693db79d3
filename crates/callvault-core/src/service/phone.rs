//! What a system that keeps calls can tell of the telephone system whose calls they are (`docs/yeastar.md` G47).

use std::sync::Arc;
use std::time::Duration;

use crate::call::CallParties;
use crate::customer::Customer;
use crate::error::{Error, Result};
use crate::gate::{Gate, Kind, Principal, Verb};
use crate::id::CustomerId;
use crate::port::catalog::{Catalog, CatalogError};
use crate::port::clock::Clock;
use crate::service::Ports;
use crate::time::{WallTime, Zone};

/// The most extensions and the most trunks that are told.
const MOST_PARTIES: u32 = 10_000;

/// A customer as the device that it stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its name, or nothing.
    pub name: String,
    /// Its serial number, or nothing.
    pub serial: String,
    /// What the customer's clock shows.
    pub shown: WallTime,
    /// How far that is from UTC, in minutes, positive to the east.
    pub utc_offset_minutes: i16,
    /// For how long this process runs.
    pub uptime: Duration,
}

/// The use cases.
pub struct Phone {
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    gate: Arc<Gate>,
    began: Duration,
}

impl Phone {
    pub(crate) fn new(ports: &Ports, gate: Arc<Gate>) -> Self {
        let began = ports.clock.uptime();
        Self { catalog: ports.catalog.clone(), clock: ports.clock.clone(), gate, began }
    }

    /// The device of a session's customer. Whoever has a session may know of it.
    ///
    /// # Errors
    /// [`Error::NotFound`] (customer), or when the catalog fails.
    pub async fn device(&self, customer: CustomerId) -> Result<Device> {
        let found = self.catalog.customer(customer).await?;
        let Customer { device_name, serial, timezone, .. } =
            found.ok_or(Error::NotFound { what: "customer" })?;
        let unreadable = CatalogError::Unreadable { what: "customer timezone" };
        let zone = Zone::named(&timezone).ok_or(unreadable)?;
        let now = self.clock.now();
        Ok(Device {
            name: device_name,
            serial,
            shown: zone.shown(now),
            utc_offset_minutes: zone.offset_minutes(now),
            uptime: self.clock.uptime().saturating_sub(self.began),
        })
    }

    /// The extensions and trunks that the customer's latest calls name: extensions short ones first, then by their digits;
    /// trunks by name. Nobody's are told to someone who may not see calls.
    ///
    /// # Errors
    /// [`Error::NotFound`] (customer), or when the catalog fails.
    pub async fn parties(&self, principal: &Principal, customer: CustomerId) -> Result<CallParties> {
        let customer = match self.gate.customer(principal, Kind::Call, Verb::See, Some(customer)).await {
            Err(Error::RoleForbids) => return Ok(CallParties::default()),
            found => found?,
        };
        let mut parties = self.catalog.call_parties(&customer, MOST_PARTIES).await?;
        parties.extensions.sort_by(|one, other| (one.len(), one).cmp(&(other.len(), other)));
        parties.trunks.sort();
        Ok(parties)
    }
}
