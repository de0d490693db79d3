//! The gate: a principal in, a narrowed handle out. Every door asks it, and the catalog's queries take only its handles.
//!
//! It decides in two steps, as the doors answer them apart: whether the *role* allows a verb on a kind of thing at all
//! ([`Gate::privilege`]), and whether the thing is within reach. What is out of reach looks exactly like what is not there.

use std::net::IpAddr;
use std::sync::Arc;

use crate::api_key::ApiKey;
use crate::error::{Error, Result};
use crate::feature::FeatureKind;
use crate::hunt_group::HuntGroup;
use crate::id::{CustomerId, KeyId, PersonId};
use crate::listen::Door;
use crate::person::Account;
use crate::port::catalog::Catalog;
use crate::role::{Privilege, Privileges, Reach};
use crate::scope::{Scope, Scopes};
use crate::sound::Sound;
use crate::time::Timestamp;

/// Declares an enum that knows all of its variants, those with a kind of feature for each of these.
macro_rules! listed {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident $(($of:ident))?,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant $(($of))?,)*
        }

        impl $name {
            /// All of them.
            pub fn all() -> impl Iterator<Item = Self> + Clone {
                std::iter::empty()$(.chain(listed!(@of $name, $variant $(, $of)?)))*
            }
        }
    };
    (@of $name:ident, $variant:ident) => {
        [$name::$variant]
    };
    (@of $name:ident, $variant:ident, $of:ident) => {
        $of::ALL.into_iter().map($name::$variant)
    };
}

listed! {
/// What someone wants to do.
pub enum Verb {
    /// Know that it exists and what is written about it.
    See,
    /// Play it.
    Listen,
    /// Fetch all of it.
    Download,
    /// Give others the right to fetch it.
    Share,
    /// Change it.
    Change,
    /// Delete it.
    Delete,
    /// Create such things.
    Administer,
}
}

listed! {
/// What kind of thing it is done to.
pub enum Kind {
    /// A customer.
    Customer,
    /// A person.
    Person,
    /// A role.
    Role,
    /// A hunt group.
    HuntGroup,
    /// A level of a hunt group.
    Level,
    /// A destination of a hunt group.
    Destination,
    /// A message of a hunt group.
    Message,
    /// A sound.
    Sound,
    /// The file of a sound.
    SoundFile,
    /// A feature of a kind.
    Feature(FeatureKind),
    /// A prompt of a feature of a kind.
    Prompt(FeatureKind),
    /// A recording.
    Recording,
    /// A record group.
    RecordGroup,
    /// A recording in its record group, whose owner decides besides the role.
    GroupedRecording,
    /// A call record.
    Call,
    /// A ticket.
    Ticket,
    /// A session.
    Session,
    /// A target of reports.
    Target,
    /// The listen log.
    ListenLog,
    /// The installation: lock-outs, the check.
    Installation,
    /// A key of our own API.
    Key,
    /// What is counted.
    Metrics,
}
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The person; `None` is the local system owner, or the bearer of a link.
    pub person: Option<PersonId>,
    /// Their customer; the local system owner has none.
    pub customer: Option<CustomerId>,
    /// How far their role reaches.
    pub reach: Reach,
    /// What their role may.
    pub privileges: Privileges,
    /// Through which door they came.
    pub door: Door,
    /// From where; `None` on the control socket.
    pub peer: Option<IpAddr>,
    /// Who switched to the person, where they did not log in themselves.
    pub switched_by: Option<PersonId>,
    /// The API key that they are, which narrows their rights.
    pub key: Option<KeyRights>,
}

/// An API key that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRights {
    /// Its number.
    pub id: KeyId,
    /// What it may.
    pub scopes: Scopes,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

impl Principal {
    /// Whoever can use the control socket or the data directory itself.
    pub fn local_owner() -> Self {
        Self {
            person: None,
            customer: None,
            reach: Reach::System,
            privileges: Privileges::all(),
            door: Door::Local,
            peer: None,
            switched_by: None,
            key: None,
        }
    }

    /// A person who was verified at a door.
    pub fn of_account(account: &Account, door: Door, peer: IpAddr) -> Self {
        Self {
            person: Some(account.person.id),
            customer: Some(account.person.customer),
            reach: account.role.reach,
            privileges: account.role.privileges,
            door,
            peer: Some(peer),
            switched_by: None,
            key: None,
        }
    }

    /// A key of our own API.
    pub fn of_key(key: &ApiKey, peer: IpAddr) -> Self {
        Self {
            person: None,
            customer: Some(key.customer),
            reach: if key.below { Reach::Subtree } else { Reach::Customer },
            privileges: key.privileges,
            door: Door::Api,
            peer: Some(peer),
            switched_by: None,
            key: Some(KeyRights { id: key.id, scopes: key.scopes, expires_at: key.expires_at }),
        }
    }
}

/// A customer in which the principal may do what was asked. Only the gate makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InCustomer {
    customer: CustomerId,
}

impl InCustomer {
    /// The customer.
    pub fn id(&self) -> CustomerId {
        self.customer
    }
}

/// The customers among which a thing may be looked up by its own number. Only the gate makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within {
    bound: Bound,
}

impl From<InCustomer> for Within {
    /// One customer, for queries that are bound.
    fn from(customer: InCustomer) -> Self {
        Self { bound: Bound::Only(customer.id()) }
    }
}

/// The bound of a look-up, as engines put it into their queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// No bound.
    Everything,
    /// One customer and those below it.
    Below(CustomerId),
    /// One customer.
    Only(CustomerId),
}

impl Within {
    /// The bound itself.
    pub fn bound(&self) -> Bound {
        self.bound
    }
}

/// Where sounds are looked up: among a principal's customers, and where it may be, among those that are shared with all. Only the
/// gate makes one that reaches those.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoundsWithin {
    within: Option<Within>,
    shared: bool,
}

impl SoundsWithin {
    /// The customers; `None` is nobody's sounds but the shared ones.
    pub fn customers(&self) -> Option<Within> {
        self.within
    }

    /// Whether shared sounds are found, whose ever they are.
    pub fn shared(&self) -> bool {
        self.shared
    }
}

impl From<Within> for SoundsWithin {
    fn from(within: Within) -> Self {
        Self { within: Some(within), shared: false }
    }
}

/// The one place where rights are decided.
pub struct Gate {
    catalog: Arc<dyn Catalog>,
}

impl Gate {
    /// A gate over the catalog's tree of customers.
    pub fn new(catalog: Arc<dyn Catalog>) -> Self {
        Self { catalog }
    }

    /// Whether the scopes of a key and the role allow the verb on such things at all. Everything else that the gate decides
    /// asks this first.
    ///
    /// # Errors
    /// [`Error::ScopeForbids`], [`Error::RoleForbids`].
    pub fn privilege(&self, principal: &Principal, kind: Kind, verb: Verb) -> Result<()> {
        if let Some(key) = &principal.key {
            let scope = Scope::needed(kind, verb);
            if !key.scopes.has(scope) {
                return Err(Error::ScopeForbids { scope: scope.as_str() });
            }
        }
        // Who administers a kind of thing sees its things, so that what they made and changed can be shown to them.
        let administers = verb == Verb::See
            && principal.privileges.has(Privilege::Administrator)
            && matches!(kind, Kind::HuntGroup | Kind::Sound | Kind::Feature(_) | Kind::RecordGroup);
        if administers || principal.privileges.has_any(needed(kind, verb)) {
            Ok(())
        } else {
            Err(Error::RoleForbids)
        }
    }

    /// Whether the role has any of these privileges: for dialects whose functions name their own, and which ask the rest of the
    /// gate as well.
    ///
    /// # Errors
    /// [`Error::RoleForbids`].
    pub fn any_of(&self, principal: &Principal, privileges: &[Privilege]) -> Result<()> {
        if principal.key.is_some() {
            // Keys are of our own API alone, which names kinds and verbs.
            return Err(Error::RoleForbids);
        }
        if principal.privileges.has_any(privileges) { Ok(()) } else { Err(Error::RoleForbids) }
    }

    /// What [`Gate::customer`] asks before it looks at the customer, for whoever has to know that first.
    ///
    /// # Errors
    /// [`Error::ScopeForbids`], [`Error::RoleForbids`].
    pub fn in_some_customer(&self, principal: &Principal, kind: Kind, verb: Verb) -> Result<()> {
        self.privilege(principal, kind, verb)?;
        if principal.reach == Reach::Own && !open_to_own_reach(kind) {
            return Err(Error::RoleForbids);
        }
        Ok(())
    }

    /// Narrows to one customer; without one, the principal's own. For things keyed by customer, the verb needs a
    /// role that reaches a whole customer. The listen log alone outlives its customer, for who reaches the whole installation.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`], or [`Error::Invalid`] when the local owner names no customer.
    pub async fn customer(
        &self,
        principal: &Principal,
        kind: Kind,
        verb: Verb,
        customer: Option<CustomerId>,
    ) -> Result<InCustomer> {
        self.in_some_customer(principal, kind, verb)?;
        let Some(customer) = customer.or(principal.customer) else {
            return Err(Error::invalid("customer", "say which customer"));
        };
        let told_of = kind == Kind::ListenLog && principal.reach == Reach::System;
        if self.reaches(principal, customer).await?
            || told_of && self.catalog.customer_is_gone(customer).await?
        {
            Ok(InCustomer { customer })
        } else {
            Err(Error::NotFound { what: "customer" })
        }
    }

    /// Narrows to whatever the principal reaches, for look-ups by number. For things keyed by customer, the verb needs a role
    /// that reaches a whole customer.
    ///
    /// # Errors
    /// [`Error::RoleForbids`].
    pub fn within(&self, principal: &Principal, kind: Kind, verb: Verb) -> Result<Within> {
        self.privilege(principal, kind, verb)?;
        if principal.reach == Reach::Own && !open_to_own_reach(kind) && kind != Kind::Person {
            return Err(Error::RoleForbids);
        }
        let bound = match (principal.reach, principal.customer) {
            (Reach::System, _) => Bound::Everything,
            (Reach::Subtree, Some(own)) => Bound::Below(own),
            (Reach::Customer | Reach::Own, Some(own)) => Bound::Only(own),
            (_, None) => return Err(Error::RoleForbids),
        };
        Ok(Within { bound })
    }

    /// Whether the principal may do this to a hunt group, or to what is on its levels, that a [`Within`] found: see
    /// [`Gate::owned`].
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`].
    pub fn hunt_group(
        &self,
        principal: &Principal,
        kind: Kind,
        verb: Verb,
        hunt_group: &HuntGroup,
    ) -> Result<()> {
        self.owned(principal, kind, verb, hunt_group.owner)
    }

    /// The same for whose owner is known (`docs/enswitch.md` 21): administrators may do it to all of a customer's, others to
    /// what they own; viewing is open to roles that reach a whole customer, and to all where nobody is the owner.
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`].
    pub fn owned(
        &self,
        principal: &Principal,
        kind: Kind,
        verb: Verb,
        owner: Option<PersonId>,
    ) -> Result<()> {
        self.privilege(principal, kind, verb)?;
        let viewing = is_viewing(verb);
        let own = owner.is_some() && owner == principal.person;
        // A role that reaches a whole customer views all of it, as the supervisor of the design's table does.
        let view = viewing && (owner.is_none() || principal.reach >= Reach::Customer);
        if principal.privileges.has(Privilege::Administrator) || own || view {
            Ok(())
        } else {
            Err(Error::NotFound { what: owner_of(kind) })
        }
    }

    /// Whether the principal may make a person the owner of something that they may change: themself, or, where a role reaches a
    /// whole customer, those whom it sees there (`docs/enswitch.md` 45, 67). That the owner is of the thing's own customer is
    /// decided by the catalog, and looks the same.
    ///
    /// # Errors
    /// [`Error::NotFound`] (owner).
    pub fn owner(&self, principal: &Principal, owner: PersonId) -> Result<()> {
        let sees_others =
            principal.reach >= Reach::Customer && self.privilege(principal, Kind::Person, Verb::See).is_ok();
        if sees_others || principal.person == Some(owner) {
            Ok(())
        } else {
            Err(Error::NotFound { what: "owner" })
        }
    }

    /// Narrows to the sounds that the principal reaches; what is shared is there for viewing.
    ///
    /// # Errors
    /// [`Error::RoleForbids`].
    pub fn sounds(&self, principal: &Principal, kind: Kind, verb: Verb) -> Result<SoundsWithin> {
        let within = self.within(principal, kind, verb)?;
        Ok(SoundsWithin { within: Some(within), shared: is_viewing(verb) })
    }

    /// The sounds that the principal may take a file from for something that they may change: what they may listen to, and
    /// whatever is shared. A key needs the scope for both.
    ///
    /// # Errors
    /// [`Error::ScopeForbids`].
    pub fn sound_sources(&self, principal: &Principal) -> Result<SoundsWithin> {
        let within = match self.within(principal, Kind::SoundFile, Verb::Listen) {
            Err(refused @ Error::ScopeForbids { .. }) => return Err(refused),
            within => within.ok(),
        };
        Ok(SoundsWithin { within, shared: true })
    }

    /// Whether the principal may do this to a sound that a [`SoundsWithin`] found: a sound has no owner ([`Gate::owned`]), and
    /// while it is shared, system owners alone change it (`docs/enswitch.md` 64).
    ///
    /// # Errors
    /// [`Error::RoleForbids`], [`Error::NotFound`].
    pub fn sound(&self, principal: &Principal, kind: Kind, verb: Verb, sound: &Sound) -> Result<()> {
        self.owned(principal, kind, verb, None)?;
        if sound.shared && !is_viewing(verb) && principal.reach != Reach::System {
            return Err(Error::NotFound { what: "sound" });
        }
        Ok(())
    }

    /// Widens a customer that was let through to those below it, as far as the role reaches.
    pub fn with_those_below(&self, principal: &Principal, customer: InCustomer) -> Within {
        let bound = match principal.reach {
            Reach::Subtree | Reach::System => Bound::Below(customer.customer),
            Reach::Own | Reach::Customer => Bound::Only(customer.customer),
        };
        Within { bound }
    }

    /// Whether the principal views whatever is in a customer within reach, whoever owns it.
    pub fn views_all(&self, principal: &Principal) -> bool {
        principal.privileges.has(Privilege::Administrator) || principal.reach >= Reach::Customer
    }

    /// Whether a customer is within reach.
    pub(crate) async fn reaches(&self, principal: &Principal, customer: CustomerId) -> Result<bool> {
        match principal.reach {
            Reach::System => Ok(self.catalog.customer(customer).await?.is_some()),
            _ if principal.customer == Some(customer) => Ok(true),
            Reach::Subtree => {
                let line = self.catalog.customer_line(customer).await?;
                Ok(principal.customer.is_some_and(|own| line.contains(&own)))
            }
            Reach::Own | Reach::Customer => Ok(false),
        }
    }

    /// The handle for a session's or a ticket's own customer, whose rights were decided when it was made, and for that of a
    /// thing that the gate has let through already.
    pub(crate) fn vouched(&self, customer: CustomerId) -> InCustomer {
        InCustomer { customer }
    }
}

/// Whether a verb leaves things as they are and in the same hands.
fn is_viewing(verb: Verb) -> bool {
    matches!(verb, Verb::See | Verb::Listen | Verb::Download)
}

/// What these privileges open, as scopes.
pub(crate) fn opened(privileges: Privileges) -> Scopes {
    let verbs = Kind::all().flat_map(|kind| Verb::all().map(move |verb| (kind, verb)));
    let open = verbs.filter(|(kind, verb)| privileges.has_any(needed(*kind, *verb)));
    open.map(|(kind, verb)| Scope::needed(kind, verb)).collect()
}

/// The first of the scopes that the principal does not have, by key or role.
pub(crate) fn beyond(principal: &Principal, wanted: Scopes) -> Option<Scope> {
    let opened = opened(principal.privileges);
    let own = |scope: Scope| opened.has(scope) && principal.key.is_none_or(|key| key.scopes.has(scope));
    wanted.iter().find(|scope| !own(*scope))
}

/// Kinds that a role with the shortest reach may look up in its own customer; ownership is decided after.
fn open_to_own_reach(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::HuntGroup
            | Kind::Level
            | Kind::Destination
            | Kind::Message
            | Kind::Sound
            | Kind::SoundFile
            | Kind::Feature(_)
            | Kind::Prompt(_)
            | Kind::RecordGroup
            | Kind::GroupedRecording
    )
}

/// The thing that has the owner who is asked about.
fn owner_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Feature(_) | Kind::Prompt(_) => "feature",
        Kind::Sound | Kind::SoundFile => "sound",
        Kind::RecordGroup | Kind::GroupedRecording => "record group",
        _ => "hunt group",
    }
}

/// The privileges of which one is needed.
fn needed(kind: Kind, verb: Verb) -> &'static [Privilege] {
    use Privilege::{
        Administrator, Callshop, Cdrs, Record, Reports, Residential, Sounds, System, User, Wholesale,
    };
    let viewing = is_viewing(verb);
    match (kind, verb) {
        (Kind::Recording | Kind::Ticket, Verb::Share) => &[Record],
        (Kind::Recording, _) if viewing => &[Record],
        (Kind::RecordGroup, Verb::See | Verb::Change) | (Kind::GroupedRecording, _) => &[Record],
        (Kind::Ticket, Verb::See) => &[Record],
        (Kind::Call, Verb::Share) => &[Cdrs],
        (Kind::Call, _) if viewing => &[Cdrs, Callshop],
        (Kind::HuntGroup, Verb::See) => &[Residential, User, Wholesale],
        (Kind::HuntGroup, Verb::Change) => &[Residential, User],
        (Kind::Message | Kind::Level | Kind::Destination, _) => &[Residential, User],
        (Kind::Sound, Verb::See) => &[Sounds, User],
        (Kind::SoundFile, _) if viewing => &[Sounds],
        (Kind::SoundFile, _) => &[Sounds, User],
        (Kind::Person, Verb::See) => &[User, Administrator],
        (Kind::Person, Verb::Change) => &[User, Wholesale, Administrator],
        (Kind::Feature(kind), Verb::See) => kind.viewers(),
        (Kind::Prompt(kind), _) if viewing => kind.viewers(),
        (Kind::Prompt(kind), _) => kind.changers(),
        (Kind::Role, Verb::See) => &[User, Administrator, System],
        (Kind::Role, _) | (Kind::Installation | Kind::Metrics, _) => &[System],
        (Kind::ListenLog, Verb::See) => &[Reports],
        (
            Kind::Customer
            | Kind::Person
            | Kind::HuntGroup
            | Kind::Sound
            | Kind::Feature(_)
            | Kind::Recording
            | Kind::RecordGroup
            | Kind::Call
            | Kind::Ticket
            | Kind::Session
            | Kind::Target
            | Kind::Key
            | Kind::ListenLog,
            _,
        ) => &[Administrator],
    }
}
