//! Customers: the tenants, in a tree of resellers.

use crate::id::CustomerId;
use crate::plan::{Plan, PlanChange};
use crate::time::Timestamp;
use crate::words::words;

words! {
    /// How recordings are written in the answers of the Enswitch dialect where the client does not say
    /// (`docs/enswitch.md` 41).
    RecordingsEncoding {
        /// As they are; inside JSON, one code point for each byte.
        Raw = "raw",
        /// As base64 text.
        Base64 = "base64",
    }
}

/// A tenant. Everything else belongs to exactly one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Its number.
    pub id: CustomerId,
    /// The customer above it (its reseller), if any.
    pub parent: Option<CustomerId>,
    /// Its name, 1 to 100 characters.
    pub name: String,
    /// A description, at most 1000 characters.
    pub description: String,
    /// An IANA zone; times are shown and filtered in it.
    pub timezone: String,
    /// The serial number of the device that it stands for, the `sn` of the Yeastar dialect: at most 32 visible ASCII
    /// characters, empty where it stands for none.
    pub serial: String,
    /// The name of that device, at most 100 characters, or empty.
    pub device_name: String,
    /// What it may keep.
    pub plan: Plan,
    /// How its recordings are written where nothing is said; raw at first.
    pub recordings_encoding: RecordingsEncoding,
    /// Nobody of a disabled customer can log in.
    pub disabled: bool,
    /// When it was added.
    pub created_at: Timestamp,
}

/// A customer to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCustomer {
    /// A number of one's own; the next free one otherwise.
    pub id: Option<CustomerId>,
    /// See [`Customer::parent`].
    pub parent: Option<CustomerId>,
    /// See [`Customer::name`].
    pub name: String,
    /// See [`Customer::description`].
    pub description: String,
    /// See [`Customer::timezone`].
    pub timezone: String,
    /// See [`Customer::serial`].
    pub serial: String,
    /// See [`Customer::device_name`].
    pub device_name: String,
    /// See [`Customer::plan`].
    pub plan: Plan,
    /// See [`Customer::created_at`].
    pub created_at: Timestamp,
}

/// What may change about a customer; `None` keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomerChange {
    /// See [`Customer::name`].
    pub name: Option<String>,
    /// See [`Customer::description`].
    pub description: Option<String>,
    /// See [`Customer::timezone`].
    pub timezone: Option<String>,
    /// See [`Customer::serial`].
    pub serial: Option<String>,
    /// See [`Customer::device_name`].
    pub device_name: Option<String>,
    /// See [`Customer::plan`].
    pub plan: PlanChange,
    /// See [`Customer::recordings_encoding`].
    pub recordings_encoding: Option<RecordingsEncoding>,
    /// See [`Customer::disabled`].
    pub disabled: Option<bool>,
}

impl CustomerChange {
    /// Whether it changes what is decided above the customer alone, its plan or whether it is disabled: no plan stands in the
    /// way of that.
    pub fn is_from_above(&self) -> bool {
        let above = Self { plan: self.plan, disabled: self.disabled, ..Self::default() };
        *self == above && above != Self::default()
    }
}
