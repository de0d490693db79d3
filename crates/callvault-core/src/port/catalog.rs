//! The port to the catalog. Each method is a whole unit of work, given as data, safe to run again, answered after COMMIT;
//! no method shows a transaction. Queries about what belongs to a customer take a handle that only the gate makes.

mod accounts;
mod api_keys;
mod calls;
mod destinations;
mod features;
mod hunt_groups;
mod keeping;
mod login_tokens;
mod one_time_codes;
mod record_groups;
mod recordings;
mod reports;
mod sessions;
mod sounds;
mod token_pairs;
mod trials;

use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;

use crate::audio::{AudioKey, StoredAudio};
use crate::gate::{InCustomer, Within};
use crate::id::{PersonId, RecordGroupId};
use crate::listen::{Head, LogRow};
use crate::page::PageRequest;
use crate::plan::PlanLimit;
use crate::secret::SecretHash;
use crate::ticket::Ticket;
use crate::time::Timestamp;

pub use self::accounts::{Customers, People, Profiles, Removals};
pub use self::api_keys::ApiKeys;
pub use self::calls::{CallAdded, Calls};
pub use self::destinations::{Destinations, Levels, OwnedDestination};
pub use self::features::Features;
pub use self::hunt_groups::HuntGroups;
pub use self::keeping::{Keeping, PlaceToTake, Taken};
pub use self::login_tokens::{LoginTokenPlace, LoginTokens};
pub use self::one_time_codes::OneTimeCodes;
pub use self::record_groups::{RecordGroupWork, RecordGroups};
pub use self::recordings::{Added, FoundRecordings, Recordings};
pub use self::reports::Reports;
pub use self::sessions::{LeftPlace, Sessions};
pub use self::sounds::Sounds;
pub use self::token_pairs::{PairAdded, TokenPairs};
pub use self::trials::{Trial, Trials};

/// A catalog that failed.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// A value that must be unique is taken.
    #[error("{field} is taken")]
    Taken {
        /// The field, as our own API names it.
        field: &'static str,
    },
    /// What the unit of work is about is not there (any more).
    #[error("the {what} is gone")]
    Gone {
        /// The kind of thing.
        what: &'static str,
    },
    /// What would go is not what its deletion was noted of: others came before this unit of work, which did nothing.
    #[error("the {what} are others than those that were noted")]
    Changed {
        /// The kind of things.
        what: &'static str,
    },
    /// What would be left contradicts itself.
    #[error("{} would contradict itself", .fields.join(" and "))]
    Contradicts {
        /// The fields, as our own API names them, at least one.
        fields: Vec<&'static str>,
    },
    /// It must stay, because of what it holds or because something depends on it.
    #[error("{field}: {reason}")]
    Kept {
        /// The field, as our own API names it.
        field: &'static str,
        /// A sentence for the person who asked.
        reason: String,
    },
    /// The record group keeps recordings for no days, so that what is put into it would be lost.
    #[error("record group {record_group} keeps no recordings")]
    KeepsNothing {
        /// The record group.
        record_group: RecordGroupId,
    },
    /// The plan of the customer does not allow it.
    #[error("{0}")]
    PlanForbids(PlanLimit),
    /// A row does not hold what it must.
    #[error("the catalog holds an unreadable {what}")]
    Unreadable {
        /// The kind of row and column.
        what: &'static str,
    },
    /// The engine failed.
    #[error("{operation} failed")]
    Engine {
        /// What was tried.
        operation: &'static str,
        /// Why; for the log alone.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
}

/// The result of a catalog method.
pub type CatalogResult<T> = Result<T, CatalogError>;

/// Objects that no other row needs: being received under a lease, or discarded and not removed yet.
#[async_trait]
pub trait LooseObjects: Send + Sync {
    /// Reserves keys before their objects are begun.
    async fn receive(&self, keys: Vec<AudioKey>, until: Timestamp) -> CatalogResult<()>;
    /// Lengthens leases of uploads that go on.
    async fn extend_leases(&self, keys: Vec<AudioKey>, until: Timestamp) -> CatalogResult<()>;
    /// Keys whose lease is over, or that are discarded: to remove from the store, then to [`LooseObjects::forget`].
    async fn removable(&self, now: Timestamp, limit: u32) -> CatalogResult<Vec<AudioKey>>;
    /// Forgets keys whose objects are removed.
    async fn forget(&self, keys: Vec<AudioKey>) -> CatalogResult<()>;
    /// Which of these keys the catalog knows of, in whatever part.
    async fn known(&self, keys: Vec<AudioKey>) -> CatalogResult<Vec<AudioKey>>;
    /// All audio that something needs, by key, with the kind and name of one thing that needs it.
    async fn needed(&self, page: PageRequest<AudioKey>) -> CatalogResult<Vec<NeededAudio>>;
}

/// Audio that something needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededAudio {
    /// The audio.
    pub audio: StoredAudio,
    /// `recording`, `message`, `sound` or `prompt`.
    pub kind: &'static str,
    /// A recording's name, `huntgroup/level/version`, a sound's number, or `kind/feature/file`.
    pub name: String,
}

/// Tickets that outlive the process.
#[async_trait]
pub trait Tickets: Send + Sync {
    /// Adds one.
    async fn add_ticket(&self, ticket: Ticket) -> CatalogResult<()>;
    /// One that is neither used nor over.
    async fn ticket(&self, random: SecretHash, now: Timestamp) -> CatalogResult<Option<Ticket>>;
    /// Uses it up, in one atomic step; true for exactly one caller.
    async fn claim_ticket(&self, random: SecretHash, now: Timestamp) -> CatalogResult<bool>;
    /// Those neither used nor over.
    async fn tickets(&self, within: &Within, now: Timestamp) -> CatalogResult<Vec<Ticket>>;
    /// Takes back the one with this handle; false when there is none.
    async fn revoke_ticket(&self, within: &Within, handle: &str) -> CatalogResult<bool>;
    /// Deletes those that ended before `before`.
    async fn prune_tickets(&self, before: Timestamp) -> CatalogResult<()>;
}

/// Which entries of the listen log are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogFilter {
    /// About this recording, message, sound or prompt.
    pub name: Option<String>,
    /// By this person.
    pub person: Option<PersonId>,
}

/// The place of an entry in the whole log: its epoch, then its place in its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogPlace {
    /// The writer epoch.
    pub epoch: i64,
    /// The place in the chain.
    pub sequence: i64,
}

/// The listen log.
#[async_trait]
pub trait ListenLog: Send + Sync {
    /// Runs the task that writes the log where its writes are made, which saves two changes of thread for each. It stands still
    /// while the catalog writes, and ends at the latest when the catalog is closed.
    fn beside_writer(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>);
    /// A fresh writer epoch, for one run of one server.
    async fn open_epoch(&self, at: Timestamp) -> CatalogResult<i64>;
    /// Appends rows and moves the heads, in one commit. Rows that are there already are passed over.
    async fn append_log(&self, rows: Arc<[LogRow]>, heads: Vec<Head>) -> CatalogResult<()>;
    /// Entries of a customer, in order of epoch and place.
    async fn log_rows(
        &self,
        customer: &InCustomer,
        filter: &LogFilter,
        page: PageRequest<LogPlace>,
    ) -> CatalogResult<Vec<LogRow>>;
    /// The heads of all chains that a principal reaches.
    async fn log_heads(&self, within: &Within) -> CatalogResult<Vec<Head>>;
    /// Entries of one chain, in order, after a place.
    async fn log_chain(&self, head: &Head, after: i64, limit: u32) -> CatalogResult<Vec<LogRow>>;
}

/// A whole catalog.
#[async_trait]
pub trait Catalog:
    Customers
    + People
    + Profiles
    + Removals
    + HuntGroups
    + Levels
    + Destinations
    + Trials
    + Sounds
    + Features
    + RecordGroups
    + Recordings
    + Keeping
    + FoundRecordings
    + Calls
    + LooseObjects
    + Sessions
    + Reports
    + TokenPairs
    + LoginTokens
    + OneTimeCodes
    + ApiKeys
    + Tickets
    + ListenLog
{
    /// Proves that the engine answers and can write, for the readiness probe.
    async fn ping(&self) -> CatalogResult<()>;
    /// What the engine finds wrong with itself (damaged pages, dangling rows), one sentence each.
    async fn self_check(&self) -> CatalogResult<Vec<String>>;
    /// Ends the writer after what is queued; later units fail.
    async fn close(&self);
}
