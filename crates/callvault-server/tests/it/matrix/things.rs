//! What the cells are about: one thing of each kind in each place and in whose hands, made when a cell needs it, and again when a
//! cell has used it up.

use std::collections::{BTreeMap, HashMap};

use callvault_core::one_time_code::{OneTimeSecret, step_at};
use callvault_core::port::clock::Clock as _;
use callvault_testkit::sound::wav;
use callvault_testkit::world::{HERE, World};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::table::{LONE_ROLES, ROLES, Role};

/// A number that nothing has.
const ABSENT: &str = "999999";

/// Where a thing is, seen from the callers' customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// The callers' own customer.
    Own,
    /// A customer below it.
    Below,
    /// One with the same above it.
    Beside,
    /// The one above it.
    Above,
}

impl Place {
    /// Every place.
    pub(super) const ALL: [Self; 4] = [Self::Own, Self::Below, Self::Beside, Self::Above];

    /// Its word in the tables.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Below => "below",
            Self::Beside => "beside",
            Self::Above => "above",
        }
    }

    /// Its customer.
    fn customer(self) -> i64 {
        match self {
            Self::Above => 1,
            Self::Own => 2,
            Self::Below => 3,
            Self::Beside => 4,
        }
    }
}

/// Whose a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    /// The caller's.
    Caller,
    /// Somebody else's.
    Else,
    /// Nobody's, or things of this kind have no owner.
    Nobody,
}

/// What kind of thing it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Nothing: the cell has no object.
    Nothing,
    /// The customer of the place.
    Customer,
    /// A customer that is itself the object: the callers' own, one below or beside it, or the one above.
    Account,
    /// A customer directly below that of the place.
    SubAccount,
    /// Somebody with a small role.
    Person,
    /// A system owner.
    Greater,
    /// A person with a small role and a secret of one-time codes that no code was shown of yet.
    Codes,
    /// A system owner with such a secret.
    GreaterCodes,
    /// A hunt group with a message on level 1.
    HuntGroup,
    /// A destination of a hunt group.
    Destination,
    /// A sound with a file.
    Sound,
    /// One that is shared with all.
    Shared,
    /// A feature of this kind with a prompt.
    Feature(String),
    /// A music class of the phone system.
    SystemMusic,
    /// A record group.
    RecordGroup,
    /// A recording in a record group.
    Recording,
    /// A recording in none.
    Loose,
    /// A call record.
    Call,
    /// A ticket for a recording.
    Ticket,
    /// An API key.
    Key,
    /// A session of the Yeastar door.
    Session,
    /// A target of reports.
    Target,
}

impl Kind {
    /// The kind of this name.
    pub(super) fn of(word: &str) -> Self {
        match word {
            "nothing" => Self::Nothing,
            "customer" => Self::Customer,
            "account" => Self::Account,
            "subaccount" => Self::SubAccount,
            "person" => Self::Person,
            "greater" => Self::Greater,
            "codes" => Self::Codes,
            "greatercodes" => Self::GreaterCodes,
            "huntgroup" => Self::HuntGroup,
            "destination" => Self::Destination,
            "sound" => Self::Sound,
            "shared" => Self::Shared,
            "systemmusic" => Self::SystemMusic,
            "recordgroup" => Self::RecordGroup,
            "recording" => Self::Recording,
            "loose" => Self::Loose,
            "call" => Self::Call,
            "ticket" => Self::Ticket,
            "key" => Self::Key,
            "session" => Self::Session,
            "target" => Self::Target,
            kind if prompt(kind).is_some() => Self::Feature(kind.to_owned()),
            other => panic!("there is no kind {other}"),
        }
    }

    /// Whose such a thing can be in a place: an owner is somebody of its own customer.
    pub(super) fn owners(&self, place: Place) -> &'static [Owner] {
        match (self, place) {
            (
                Self::HuntGroup | Self::Destination | Self::Feature(_) | Self::RecordGroup | Self::Recording,
                Place::Own,
            ) => &[Owner::Caller, Owner::Else, Owner::Nobody],
            (
                Self::HuntGroup | Self::Destination | Self::Feature(_) | Self::RecordGroup | Self::Recording,
                _,
            ) => &[Owner::Else, Owner::Nobody],
            (Self::Person | Self::Codes, Place::Own) => &[Owner::Caller, Owner::Else],
            (Self::Person | Self::Greater | Self::Codes | Self::GreaterCodes, _) => &[Owner::Else],
            (Self::Account, Place::Own) => &[Owner::Caller],
            (Self::Nothing, Place::Below | Place::Beside | Place::Above) => &[],
            _ => &[Owner::Nobody],
        }
    }
}

/// The file of a feature of this kind that the cells are about, and whether it is selected by a number.
fn prompt(kind: &str) -> Option<(&'static str, bool)> {
    Some(match kind {
        "queue" | "timegroup" | "campaign" => ("main", false),
        "code" | "number" => ("message", true),
        "patternmenu" => ("digits", false),
        "music" => ("1", false),
        "mailbox" => ("busy", true),
        "cardgroup" => ("balance", false),
        "unlimited" => ("welcome", false),
        _ => return None,
    })
}

/// One thing.
#[derive(Debug, Clone)]
pub(super) struct Thing {
    /// Where it is.
    pub(super) place: Place,
    /// Whose it is.
    pub(super) owner: Owner,
    names: BTreeMap<&'static str, String>,
}

impl Thing {
    /// What it is called in one way or another.
    pub(super) fn name(&self, name: &str) -> &str {
        self.names.get(name).unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }

    /// Whether a row of a list is about it.
    pub(super) fn is_in(&self, rows: &Value) -> bool {
        let id = self.name("id");
        // Numbers are written as their digits, and no text has its quotes in an id.
        let is_it = |value: &Value| value.to_string().trim_matches('"') == id;
        let keys = ["id", "recordid", "callid", "call_id"];
        rows.as_array().unwrap().iter().any(|row| keys.iter().any(|key| is_it(&row[*key])))
    }

    /// Where our own API tells of it.
    fn paths(&self, kind: &Kind) -> Vec<String> {
        let id = self.name("id");
        let customer = self.name("customer");
        let of_customer = |what: &str| format!("/{what}?customer={customer}&limit=1000");
        match kind {
            Kind::HuntGroup => vec![format!("/huntgroups/{id}"), format!("/destinations?huntgroup={id}")],
            Kind::Destination => vec![format!("/destinations/{id}")],
            Kind::Sound | Kind::Shared => vec![format!("/sounds/{id}")],
            Kind::Feature(kind) => vec![format!("/features/{kind}/{id}")],
            Kind::SystemMusic => vec![format!("/features/music/{id}")],
            Kind::RecordGroup => vec![format!("/recordgroups/{id}")],
            Kind::Recording | Kind::Loose => vec![format!("/recordings/{}", self.name("name"))],
            Kind::Person | Kind::Greater | Kind::Codes | Kind::GreaterCodes => {
                vec![format!("/people/{id}"), format!("/people/{id}/totp"), of_customer("people")]
            }
            Kind::Account => vec![format!("/customers/{id}")],
            Kind::Session => vec![of_customer("sessions")],
            Kind::Ticket => vec!["/tickets?limit=1000".to_owned()],
            Kind::Key => vec![of_customer("keys")],
            Kind::Target => vec![format!("/targets/{id}")],
            Kind::Call => vec![of_customer("calls")],
            Kind::Nothing | Kind::Customer | Kind::SubAccount => {
                let made = [
                    "huntgroups",
                    "sounds",
                    "features",
                    "recordgroups",
                    "recordings",
                    "calls",
                    "people",
                    "keys",
                ];
                let mut paths = made.map(of_customer).to_vec();
                paths.extend(["/customers?limit=1000", "/roles?limit=1000"].map(str::to_owned));
                paths
            }
        }
    }

    /// The same names for what is not there, in the same customer if that is `visible`.
    pub(super) fn absent(&self, is_visible: bool) -> Self {
        let mut absent = self.clone();
        for (name, value) in &mut absent.names {
            let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
            *value = match *name {
                "customer" if is_visible => continue,
                "email" => "nobody@example.com".to_owned(),
                "username" => "nobody".to_owned(),
                "handle" => "000000000000".to_owned(),
                _ if is_number => ABSENT.to_owned(),
                _ => "nothing.wav".to_owned(),
            };
        }
        absent
    }
}

type Key = (Kind, Place, Owner, Option<Role>);

/// An installation with a person of every role in one customer, and things around them.
pub(super) struct Things {
    /// The installation.
    pub(super) world: World,
    callers: HashMap<Role, i64>,
    others: HashMap<Place, i64>,
    made: HashMap<Key, Thing>,
    count: u32,
}

impl Things {
    /// Customers and people, and nothing else yet.
    pub(super) async fn new() -> Self {
        let world = World::new().await;
        for (id, parent) in [(1, None), (2, Some(1)), (3, Some(2)), (4, Some(1))] {
            world.customer(id, parent).await;
        }
        let mut callers = HashMap::new();
        for role in LONE_ROLES {
            let privileges: Vec<_> = role.privileges().collect();
            let role = json!({ "name": role.name, "privileges": privileges, "reach": role.reach });
            world.add("/roles", role).await;
        }
        for role in ROLES.iter().chain(LONE_ROLES).copied() {
            let person = json!({
                "customer": 2, "username": role.word(), "role": role.name, "password": "password",
                "email": format!("{}@example.com", role.word()),
            });
            callers.insert(role, world.add("/people", person).await["id"].as_i64().unwrap());
        }
        let mut others = HashMap::new();
        for place in Place::ALL {
            let username = format!("other-{}", place.word());
            others.insert(place, world.person(place.customer(), &username, "api").await);
        }
        Self { world, callers, others, made: HashMap::new(), count: 0 }
    }

    /// A number that was not used before.
    pub(super) fn next(&mut self) -> u32 {
        self.count += 1;
        self.count
    }

    /// The thing of this kind, place and owner, for a caller.
    pub(super) async fn thing(&mut self, kind: &Kind, place: Place, owner: Owner, caller: Role) -> Thing {
        let key = Self::key(kind, place, owner, caller);
        if let Some(thing) = self.made.get(&key) {
            return thing.clone();
        }
        let names = self.make(kind, place, owner, caller).await;
        let thing = Thing { place, owner, names };
        self.made.insert(key, thing.clone());
        thing
    }

    /// Has the next cell get another one. A caller cannot be another one, so what was done to them is undone: with one-time codes
    /// their password alone would open nothing any more.
    pub(super) async fn used_up(&mut self, kind: &Kind, place: Place, owner: Owner, caller: Role) {
        self.made.remove(&Self::key(kind, place, owner, caller));
        if matches!(kind, Kind::Person | Kind::Codes) && owner == Owner::Caller {
            let path = format!("/people/{}/totp", self.callers[&caller]);
            let answer = self.world.local(Method::DELETE, &path, "").await;
            assert!(matches!(answer.status.as_u16(), 204 | 404), "{path}: {}", answer.text());
        }
    }

    /// All that is known of a thing, and of the caller's own things that a template names; where the object is a customer, of what
    /// could have been made in it.
    pub(super) async fn state(&self, kind: &Kind, thing: &Thing, template: &str, caller: Role) -> String {
        let mut paths = thing.paths(kind);
        for part in template.split("{mine:").skip(1) {
            let kind = Kind::of(part.split([':', '}']).next().unwrap());
            let mine = self.made.get(&Self::key(&kind, Place::Own, Owner::Caller, caller));
            paths.extend(mine.into_iter().flat_map(|mine| mine.paths(&kind)));
        }
        let mut state = String::new();
        for path in paths {
            let answer = self.world.local(Method::GET, &path, "").await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
            state.push_str(&answer.text());
        }
        state
    }

    /// The same for the caller's own things that a template names.
    pub(super) async fn mine_used_up(&mut self, template: &str, caller: Role) {
        for part in template.split("{mine:").skip(1) {
            let kind = part.split([':', '}']).next().unwrap();
            self.used_up(&Kind::of(kind), Place::Own, Owner::Caller, caller).await;
        }
    }

    fn key(kind: &Kind, place: Place, owner: Owner, caller: Role) -> Key {
        (kind.clone(), place, owner, Some(caller).filter(|_| owner == Owner::Caller))
    }

    /// Puts the names of a thing into a text: `{id}` and the like, `{mine:KIND}` or `{mine:KIND:NAME}` of the caller's own thing
    /// of a kind, and `{n}`.
    pub(super) async fn fill(&mut self, template: &str, thing: &Thing, caller: Role) -> String {
        let mut filled = template.replace("{n}", &self.next().to_string());
        for (name, value) in &thing.names {
            filled = filled.replace(&format!("{{{name}}}"), value);
        }
        while let Some(start) = filled.find("{mine:") {
            let end = start + filled[start..].find('}').unwrap();
            let words = filled[start + 6..end].to_owned();
            let (kind, name) = words.split_once(':').unwrap_or((&words, "id"));
            let mine = Box::pin(self.thing(&Kind::of(kind), Place::Own, Owner::Caller, caller)).await;
            filled.replace_range(start..=end, mine.name(name));
        }
        filled
    }

    async fn put(&self, path: &str, audio: Vec<u8>) -> Value {
        let answer = self.world.local(Method::PUT, path, audio).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text());
        if answer.status == StatusCode::NO_CONTENT { Value::Null } else { answer.json() }
    }

    async fn make(
        &mut self,
        kind: &Kind,
        place: Place,
        owner: Owner,
        caller: Role,
    ) -> BTreeMap<&'static str, String> {
        let n = self.next();
        let customer = place.customer();
        let owner_id = match owner {
            Owner::Caller => Some(self.callers[&caller]),
            Owner::Else => Some(self.others[&place]),
            Owner::Nobody => None,
        };
        let mut names = BTreeMap::from([("customer", customer.to_string())]);
        let world = &self.world;
        let id = match kind {
            Kind::Nothing => Value::Null,
            Kind::Customer => json!(customer),
            Kind::Account | Kind::SubAccount => match (kind, place) {
                (Kind::Account, Place::Own | Place::Above) => json!(customer),
                (Kind::Account, Place::Beside) => self.account(1, n).await,
                (Kind::Account, Place::Below) => self.account(2, n).await,
                _ => self.account(customer, n).await,
            },
            Kind::Person | Kind::Codes if owner == Owner::Caller => {
                names.insert("username", caller.word());
                names.insert("email", format!("{}@example.com", caller.word()));
                json!(self.callers[&caller])
            }
            Kind::Person | Kind::Greater | Kind::Codes | Kind::GreaterCodes => {
                let is_small = matches!(kind, Kind::Person | Kind::Codes);
                let role = if is_small { "residential" } else { "system owner" };
                let username = format!("person-{n}");
                let email = format!("{username}@example.com");
                let person = json!({
                    "customer": customer, "username": username, "role": role, "password": "password", "email": email,
                });
                names.extend([("username", username), ("email", email)]);
                world.add("/people", person).await["id"].clone()
            }
            Kind::HuntGroup | Kind::Destination => {
                let group = json!({ "customer": customer, "name": format!("Group {n}"), "owner": owner_id });
                let group = world.add("/huntgroups", group).await["id"].clone();
                names.insert("group", group.to_string());
                if *kind == Kind::HuntGroup {
                    world.message(group.as_i64().unwrap(), 1, "hello.wav", wav(n, 80)).await;
                    group
                } else {
                    let number = format!("55{n:04}");
                    let body = json!({ "huntgroup": group, "level": 1, "type": "phone", "number": number });
                    names.insert("number", number);
                    world.add("/destinations", body).await["id"].clone()
                }
            }
            Kind::Sound | Kind::Shared => {
                let sound = json!({
                    "customer": customer, "name": format!("Sound {n}"), "shared": *kind == Kind::Shared,
                });
                let id = world.add("/sounds", sound).await["id"].clone();
                self.put(&format!("/sounds/{id}/audio"), wav(n, 80)).await;
                id
            }
            Kind::SystemMusic => {
                let music =
                    json!({ "kind": "music", "customer": customer, "name": "Built in", "system": true });
                world.add("/features", music).await["id"].clone()
            }
            Kind::Feature(kind) => {
                let (file, is_numbered) = prompt(kind).unwrap();
                let number = is_numbered.then(|| format!("66{n:04}"));
                let feature = json!({
                    "kind": kind, "customer": customer, "name": format!("Feature {n}"), "owner": owner_id,
                    "number": number,
                });
                let id = world.add("/features", feature).await["id"].clone();
                self.put(&format!("/features/{kind}/{id}/prompts/{file}"), wav(n, 80)).await;
                names.extend(number.map(|number| ("number", number)));
                id
            }
            Kind::RecordGroup => self.record_group(customer, owner_id, n).await,
            Kind::Recording => {
                let group = self.record_group(customer, owner_id, n).await;
                let other = self.record_group(customer, owner_id, n).await;
                names.extend([("group", group.to_string()), ("other", other.to_string())]);
                self.recording(customer, &format!("&record_group={group}"), n, &mut names).await
            }
            Kind::Loose => self.recording(customer, "", n, &mut names).await,
            Kind::Call => {
                let id = format!("call-{n}");
                let call = json!({
                    "call_id": id, "started_at": "2019-10-24T01:27:19Z", "from": "4000", "to": format!("77{n:04}"),
                    "call_seconds": 9, "talk_seconds": 7, "status": "ANSWERED", "kind": "Internal",
                });
                let body = json!({ "customer": customer, "calls": [call], "report": false });
                let told = world.local(Method::POST, "/calls", body.to_string()).await;
                assert_eq!(told.status, StatusCode::OK, "{}", told.text());
                json!(id)
            }
            Kind::Ticket => {
                self.recording(customer, "", n, &mut names).await;
                let ticket = json!({ "customer": customer, "recording": names["name"], "ttl_seconds": 3600 });
                let id = world.add("/tickets", ticket).await["id"].clone();
                names.insert("handle", id.as_str().unwrap().to_owned());
                id
            }
            Kind::Key => {
                let key = json!({ "customer": customer, "scopes": ["huntgroups:read"] });
                world.add("/keys", key).await["id"].clone()
            }
            Kind::Session | Kind::Target => {
                let username = format!("session-{n}");
                let person = world.person(customer, &username, "api").await;
                world.log_in(HERE, &username).await;
                let path = if *kind == Kind::Session { "/sessions" } else { "/targets" };
                let rows = world.local(Method::GET, path, "").await.json();
                let is_theirs = |row: &&Value| match kind {
                    Kind::Session => row["person"] == person,
                    _ => row["customer"] == customer,
                };
                let id = rows["items"].as_array().unwrap().iter().find(is_theirs).unwrap()["id"].clone();
                names.extend(id.as_str().map(|id| ("handle", id.to_owned())));
                id
            }
        };
        if matches!(kind, Kind::Codes | Kind::GreaterCodes) {
            let begun = world.add(&format!("/people/{id}/totp"), json!({})).await;
            let secret = OneTimeSecret::from_base32(begun["secret"].as_str().unwrap()).unwrap();
            let code = secret.code(step_at(world.clock.now()));
            names.insert("code", code.reveal().to_owned());
        }
        names.insert("id", id.as_str().map_or_else(|| id.to_string(), str::to_owned));
        names
    }

    async fn account(&self, parent: i64, n: u32) -> Value {
        let account = json!({ "parent": parent, "name": format!("Customer {n}") });
        self.world.add("/customers", account).await["id"].clone()
    }

    async fn record_group(&self, customer: i64, owner: Option<i64>, n: u32) -> Value {
        let group = json!({ "customer": customer, "name": format!("Group {n}"), "owner": owner });
        self.world.add("/recordgroups", group).await["id"].clone()
    }

    async fn recording(
        &self,
        customer: i64,
        group: &str,
        n: u32,
        names: &mut BTreeMap<&'static str, String>,
    ) -> Value {
        let name = format!("recording-{n}.wav");
        let kept = self.put(&format!("/recordings/{name}?customer={customer}{group}"), wav(n, 80)).await;
        names.insert("name", name);
        kept["id"].clone()
    }
}
