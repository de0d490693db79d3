//! The port to the catalog. Each method is a whole unit of work, given as data, safe to run again, answered after COMMIT;
//! no method shows a transaction. Queries about what belongs to a customer take a handle that only the gate makes.

mod accounts;
mod api_keys;
mod destinations;
mod features;
mod keeping;
mod login_tokens;
mod one_time_codes;
mod record_groups;
mod trials;

use std::collections::BTreeSet;
use std::error::Error as StdError;

use async_trait::async_trait;

use crate::audio::{AudioKey, StoredAudio};
use crate::call::{CallFilter, CallParties, CallPlace, CallRecord};
use crate::customer::{Customer, CustomerChange, NewCustomer};
use crate::found::{FoundFilter, FoundOrder, FoundRecording, IdSpan, Slice};
use crate::gate::{InCustomer, SoundsWithin, Within};
use crate::hunt_group::{
    HuntGroup, HuntGroupChange, Level, Message, MessageVersion, NewHuntGroup, NewMessage,
};
use crate::id::{
    CallRecordId, CustomerId, HuntGroupId, PersonId, RecordGroupId, RecordingId, ReportId, RoleId, SoundId,
    TargetId,
};
use crate::listen::{Head, LogRow};
use crate::page::PageRequest;
use crate::person::{Account, NewPerson, PasswordHash, Person, PersonChange};
use crate::plan::PlanLimit;
use crate::recording::{Recording, RecordingName};
use crate::report::{Report, Target, TargetFailure, TargetState, WantedTarget};
use crate::role::{Privileges, Reach, Role};
use crate::secret::SecretHash;
use crate::session::Session;
use crate::sound::{NewSound, Sound, SoundChange};
use crate::ticket::Ticket;
use crate::time::Timestamp;
use crate::token_pair::TokenPair;

pub use self::accounts::{Profiles, Removals};
pub use self::api_keys::ApiKeys;
pub use self::destinations::{Destinations, Levels, OwnedDestination};
pub use self::features::Features;
pub use self::keeping::{Keeping, PlaceToTake, Taken};
pub use self::login_tokens::{LoginTokenPlace, LoginTokens};
pub use self::one_time_codes::OneTimeCodes;
pub use self::record_groups::{RecordGroupWork, RecordGroups};
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

/// Hunt groups and the messages of their levels.
#[async_trait]
pub trait HuntGroups: Send + Sync {
    /// Adds one, if the plan of its customer has hunt groups. Taken: `id`. Gone: customer, owner, record group (also those
    /// of another customer).
    async fn add_hunt_group(&self, new: NewHuntGroup) -> CatalogResult<HuntGroupId>;
    /// Changes one, if the plan of its customer has hunt groups. Gone: owner or record group is none of the same customer.
    /// Contradicts: the exits that would end the call and have a number.
    async fn change_hunt_group(&self, id: HuntGroupId, change: HuntGroupChange) -> CatalogResult<()>;
    /// Removes one with its levels, destinations and all messages, whose objects become discarded. Changed: it has a message
    /// that is none of the `noted`.
    async fn remove_hunt_group(
        &self,
        id: HuntGroupId,
        noted: Vec<MessageVersion>,
        at: Timestamp,
    ) -> CatalogResult<Vec<AudioKey>>;
    /// One.
    async fn hunt_group(&self, within: &Within, id: HuntGroupId) -> CatalogResult<Option<HuntGroup>>;
    /// Those of a customer, by number.
    async fn hunt_groups(
        &self,
        customer: &InCustomer,
        page: PageRequest<HuntGroupId>,
    ) -> CatalogResult<Vec<HuntGroup>>;
    /// Puts a message as the new current version and releases its object's `receiving` row; answers the version and the
    /// objects that no version kept needs any more (they become discarded). The plan of the hunt group's customer decides in the
    /// same step; when it forbids the message, nothing is done. Changed: a version would go that is not noted.
    async fn put_message(&self, new: NewMessage) -> CatalogResult<(i64, Vec<AudioKey>)>;
    /// The current message of a level.
    async fn message(&self, hunt_group: HuntGroupId, level: Level) -> CatalogResult<Option<Message>>;
    /// The versions of a level, newest first; of all levels without one.
    async fn message_versions(
        &self,
        hunt_group: HuntGroupId,
        level: Option<Level>,
    ) -> CatalogResult<Vec<Message>>;
    /// Makes an older version current again, if the plan of the customer has hunt groups and allows its size. Gone: the
    /// version.
    async fn restore_message(&self, hunt_group: HuntGroupId, level: Level, version: i64)
    -> CatalogResult<()>;
    /// Leaves a level without a current message, and has it play none; the versions stay. False, and nothing done, when the
    /// current one is not the one that was noted.
    async fn clear_message(&self, hunt_group: HuntGroupId, noted: MessageVersion) -> CatalogResult<bool>;
}

/// Library sounds.
#[async_trait]
pub trait Sounds: Send + Sync {
    /// Adds one, still without a file, if the plan of its customer has sounds. Taken: `id`. Gone: the customer.
    async fn add_sound(&self, new: NewSound) -> CatalogResult<SoundId>;
    /// Changes one, if the plan of its customer has sounds. Gone: the sound.
    async fn change_sound(&self, id: SoundId, change: SoundChange) -> CatalogResult<()>;
    /// Gives it its bytes and their name, if the plan of its customer allows them; answers the objects that became discarded.
    /// Gone: the sound. Changed: the file that it has is none of the `noted`.
    async fn fill_sound(
        &self,
        id: SoundId,
        audio: StoredAudio,
        file_name: Option<String>,
        noted: Vec<AudioKey>,
        at: Timestamp,
    ) -> CatalogResult<Vec<AudioKey>>;
    /// Leaves it without a file; answers the objects that became discarded, `None` when it had none. Gone: the sound.
    /// Changed: the file that it has is none of the `noted`.
    async fn clear_sound(
        &self,
        id: SoundId,
        noted: Vec<AudioKey>,
        at: Timestamp,
    ) -> CatalogResult<Option<Vec<AudioKey>>>;
    /// Removes one; answers the objects that became discarded. Gone: the sound. Changed: the file that it has is none of
    /// the `noted`.
    async fn remove_sound(
        &self,
        id: SoundId,
        noted: Vec<AudioKey>,
        at: Timestamp,
    ) -> CatalogResult<Vec<AudioKey>>;
    /// One.
    async fn sound(&self, within: &SoundsWithin, id: SoundId) -> CatalogResult<Option<Sound>>;
    /// Those of a customer, by number; with `shared` also those that are shared with all customers.
    async fn sounds(
        &self,
        customer: &InCustomer,
        shared: bool,
        page: PageRequest<SoundId>,
    ) -> CatalogResult<Vec<Sound>>;
}

/// What became of a recording that was to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Added {
    /// It is there now.
    New,
    /// The same bytes are there under this name already, and kept from here on where and as long as the new ones would have
    /// been; the new object became discarded.
    Already(Box<Recording>),
    /// Other bytes are there under this name; the new object became discarded.
    Differs(Box<Recording>),
}

/// Recordings.
#[async_trait]
pub trait Recordings: Send + Sync {
    /// Adds one and releases its object's `receiving` row; calls that waited for it become reports in the same commit. Gone:
    /// the customer, the receiving row. What is there already gets the wanted place besides those that it has: a group that it
    /// is in already only anew, if that place has ended; without a group one without an end.
    async fn add_recording(&self, new: Recording) -> CatalogResult<Added>;
    /// One.
    async fn recording(
        &self,
        customer: &InCustomer,
        name: &RecordingName,
    ) -> CatalogResult<Option<Recording>>;
    /// All of this name that a principal reaches; at most one per customer.
    async fn recordings_named(&self, within: &Within, name: &RecordingName) -> CatalogResult<Vec<Recording>>;
    /// Those of a customer, by name.
    async fn recordings(
        &self,
        customer: &InCustomer,
        page: PageRequest<RecordingName>,
    ) -> CatalogResult<Vec<Recording>>;
    /// Removes one with all its places; answers the objects that became discarded. Gone: the recording. Changed: it is none
    /// of the `noted`.
    async fn remove_recording(
        &self,
        customer: &InCustomer,
        name: &RecordingName,
        noted: Vec<RecordingId>,
        at: Timestamp,
    ) -> CatalogResult<Vec<AudioKey>>;
}

/// Recordings with their calls. [`Recordings::add_recording`] and [`Calls::add_calls`] join the two, whichever comes
/// first, in their own commit: a call that names a recording with that one; then, where a recording's name holds a call
/// id, those that no call names with the calls of the id that name none, one each, the first that came with the first
/// that began.
#[async_trait]
pub trait FoundRecordings: Send + Sync {
    /// A slice of a customer's recordings. Costs a step of an index for each row before the slice, and where the order is
    /// not that of the filter's index, the sorting of what the filter wants; never a walk of other rows.
    async fn find_recordings(
        &self,
        customer: &InCustomer,
        filter: &FoundFilter,
        order: FoundOrder,
        slice: Slice,
    ) -> CatalogResult<Vec<FoundRecording>>;
    /// How many a filter wants. Costs a step of an index for each of them: of the customer's recordings without a filter,
    /// else of the range of time, or of a number's calls in it.
    async fn count_found(&self, customer: &InCustomer, filter: &FoundFilter) -> CatalogResult<u64>;
    /// Those of a customer whose ids are in one of the spans, in no order; one in two spans may come twice.
    async fn recordings_in_spans(
        &self,
        customer: &InCustomer,
        spans: Vec<IdSpan>,
    ) -> CatalogResult<Vec<FoundRecording>>;
}

/// What became of a call record that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallAdded {
    /// It is there now.
    New,
    /// The same call is there already: same call id, beginning and callee.
    Already,
}

/// Call records.
#[async_trait]
pub trait Calls: Send + Sync {
    /// Adds call records of one customer in one commit; answers for each, in order. A call that is there already is kept
    /// as it was first told. In the same commit each call that is new becomes a report for every target of its customer; one
    /// whose recording is not stored waits for that, at most until `patience_ends`. Without `patience_ends` nobody is told of
    /// them. Taken: `id`, where another call has one of the ids, also that of a call that is there already. Gone: the
    /// customer.
    async fn add_calls(
        &self,
        new: Vec<CallRecord>,
        patience_ends: Option<Timestamp>,
    ) -> CatalogResult<Vec<CallAdded>>;
    /// Those of a customer, by beginning, then id; from an index whatever the filter, never by a walk of all rows.
    async fn calls(
        &self,
        customer: &InCustomer,
        filter: &CallFilter,
        page: PageRequest<CallPlace>,
    ) -> CatalogResult<Vec<CallRecord>>;
    /// Those of a customer with this call id, by beginning, then id.
    async fn calls_with_id(
        &self,
        customer: &InCustomer,
        call_id: &str,
        page: PageRequest<CallPlace>,
    ) -> CatalogResult<Vec<CallRecord>>;
    /// Which of these records of a customer are the first of their call id, by beginning, then id.
    async fn first_legs(
        &self,
        customer: &InCustomer,
        records: &[CallRecord],
    ) -> CatalogResult<BTreeSet<CallRecordId>>;
    /// Numbers and trunks that a customer's calls name, for the lists that connectors ask for at their start: at most `limit`
    /// distinct ones of each, those of the latest calls first. A catalog may leave calls out that lie ten thousand back.
    async fn call_parties(&self, customer: &InCustomer, limit: u32) -> CatalogResult<CallParties>;
}

/// Objects that no row of the above needs: being received under a lease, or discarded and not removed yet.
#[async_trait]
pub trait LooseObjects: Send + Sync {
    /// Reserves a key before its object is begun.
    async fn receive(&self, key: AudioKey, until: Timestamp) -> CatalogResult<()>;
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

/// Sessions.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Adds a session with its target, deletes those it pushes out, and leaves the oldest places of its person that no live
    /// session asks for, beyond [`crate::report::PLACES_FOR_NOBODY`], in one commit; false, and nothing done, when its
    /// person is gone or disabled, or their password is not the one that was verified any more.
    async fn begin_session(
        &self,
        session: Session,
        verified: PasswordHash,
        pushed_out: Vec<SecretHash>,
        target: Option<WantedTarget>,
    ) -> CatalogResult<bool>;
    /// Writes the ends of sessions that are still there, and nothing else of them, keeps the targets of their rows for as
    /// long, and deletes others, in one commit. A session that was deleted meanwhile stays deleted.
    async fn slide_sessions(&self, slid: Vec<Session>, deleted: Vec<SecretHash>) -> CatalogResult<()>;
    /// Writes a session whose target changed. What waited at a place that is left goes to the new target; without one it is
    /// set aside.
    async fn retarget_session(
        &self,
        session: Session,
        target: Option<WantedTarget>,
        left: Option<LeftPlace>,
    ) -> CatalogResult<()>;
    /// Deletes a session. What waits at a place that is left is set aside.
    async fn end_session(&self, token: SecretHash, left: Option<LeftPlace>) -> CatalogResult<()>;
    /// Gives a session a new token, end and refresh token, in one commit with the deletion of those it pushes out; false,
    /// and nothing done, when there is no session any more that `old` and `refresh` belong to. True for exactly one caller.
    async fn renew_session(
        &self,
        old: SecretHash,
        refresh: SecretHash,
        renewed: Session,
        pushed_out: Vec<SecretHash>,
    ) -> CatalogResult<bool>;
    /// All sessions, live and remembered.
    async fn sessions(&self) -> CatalogResult<Vec<Session>>;
}

/// A place for reports that a session does not ask for any more. It is left when no other live session of the person does
/// so either, as the catalog finds in the same commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftPlace {
    /// The person.
    pub person: PersonId,
    /// The [`WantedTarget::place`].
    pub place: String,
    /// Since when, and why, as an operator is told.
    pub left: TargetFailure,
}

/// Targets of reports, and the reports that wait for them.
#[async_trait]
pub trait Reports: Send + Sync {
    /// The targets within reach with what waits for them, by number; only one of them with `id`.
    async fn targets(&self, within: &Within, id: Option<TargetId>) -> CatalogResult<Vec<TargetState>>;
    /// One, for who delivers.
    async fn report_target(&self, id: TargetId) -> CatalogResult<Option<Target>>;
    /// Those for which something waits.
    async fn targets_with_reports(&self) -> CatalogResult<Vec<Target>>;
    /// What waits for a target, in the order in which it goes.
    async fn reports(&self, target: TargetId, limit: u32) -> CatalogResult<Vec<Report>>;
    /// Takes a report off the list; the target's last failure is forgotten.
    async fn report_delivered(&self, target: TargetId, report: ReportId, at: Timestamp) -> CatalogResult<()>;
    /// Keeps the target's last failure.
    async fn target_failed(&self, target: TargetId, failure: TargetFailure) -> CatalogResult<()>;
    /// Counts an answer that did not take a report; the failure is the target's last one too.
    async fn report_rejected(
        &self,
        target: TargetId,
        report: ReportId,
        failure: TargetFailure,
    ) -> CatalogResult<()>;
    /// Sets a report aside, with the failure, which is the target's last one too.
    async fn park_report(
        &self,
        target: TargetId,
        report: ReportId,
        failure: TargetFailure,
    ) -> CatalogResult<()>;
    /// Puts what was set aside until then at the end of the list; answers how many. At most a thousand at once.
    async fn resend_reports(&self, target: TargetId, at: Timestamp) -> CatalogResult<u64>;
    /// Makes reports of calls whose recording did not come in time; answers how many calls. At most a thousand at once.
    async fn release_overdue_calls(&self, now: Timestamp) -> CatalogResult<u64>;
    /// Sets aside what waited longer than [`crate::report::REPORT_LIFE`] or whose target is not kept any more; forgets what was
    /// set aside longer ago than [`crate::report::PARKED_LIFE`], targets that are not kept and have nothing, and calls
    /// whose recording did not come within [`crate::report::LATE_RECORDING_LIFE`]. At most a thousand of each at once;
    /// answers whether there may be more.
    async fn tidy_reports(&self, now: Timestamp) -> CatalogResult<bool>;
}

/// What became of a token pair that was to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairAdded {
    /// It is there now.
    Added,
    /// Too many access tokens of the person are alive.
    Full,
    /// The person is gone or disabled, their password or the pair to be replaced is not that of then any more.
    Refused,
}

/// Token pairs of the P-Series dialect.
#[async_trait]
pub trait TokenPairs: Send + Sync {
    /// Adds a pair unless `most` other access tokens of the person are alive at `now`, and deletes those of the person
    /// whose refresh tokens are over. Refused when the person is gone or disabled, or their password is not the one that
    /// was verified any more.
    async fn add_token_pair(
        &self,
        pair: TokenPair,
        verified: PasswordHash,
        most: u32,
        now: Timestamp,
    ) -> CatalogResult<PairAdded>;
    /// The pair of an access token, alive or not.
    async fn token_pair_with_access(&self, access: SecretHash) -> CatalogResult<Option<TokenPair>>;
    /// The pair of a refresh token, alive or not.
    async fn token_pair_with_refresh(&self, refresh: SecretHash) -> CatalogResult<Option<TokenPair>>;
    /// Puts a new pair in the place of the live one with this refresh token, unless `most` access tokens of the person are
    /// alive beside that one. Of several callers with one refresh token, one succeeds and the others are refused.
    async fn replace_token_pair(
        &self,
        refresh: SecretHash,
        new: TokenPair,
        most: u32,
        now: Timestamp,
    ) -> CatalogResult<PairAdded>;
    /// Deletes the pair of an access token.
    async fn end_token_pair(&self, access: SecretHash) -> CatalogResult<()>;
    /// Deletes those whose refresh tokens are over.
    async fn prune_token_pairs(&self, now: Timestamp) -> CatalogResult<()>;
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
    /// A fresh writer epoch, for one run of one server.
    async fn open_epoch(&self, at: Timestamp) -> CatalogResult<i64>;
    /// Appends rows and moves the heads, in one commit. Rows that are there already are passed over.
    async fn append_log(&self, rows: Vec<LogRow>, heads: Vec<Head>) -> CatalogResult<()>;
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
