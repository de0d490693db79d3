//! Scopes: what an API key may, by kind of thing. They narrow the rights of whoever made the key and never add to them.

use std::fmt;

use crate::gate::{Kind, Verb};

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $word:literal),* $(,)?) => {
        /// One thing that an API key may.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Scope { $($(#[$doc])* $name),* }

        impl Scope {
            /// All of them, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its word, in the API and in the catalog.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }
        }
    };
}

scopes! {
    /// Read customers.
    CustomersRead = "customers:read",
    /// Add, change and remove customers.
    CustomersWrite = "customers:write",
    /// Read people and roles.
    PeopleRead = "people:read",
    /// Add, change and remove people, add roles, and turn one-time codes on and off.
    PeopleWrite = "people:write",
    /// Read hunt groups, their levels and destinations.
    HuntGroupsRead = "huntgroups:read",
    /// Add, change and remove them.
    HuntGroupsWrite = "huntgroups:write",
    /// Read and play messages of hunt groups.
    MessagesRead = "messages:read",
    /// Put, restore and clear them.
    MessagesWrite = "messages:write",
    /// Read and play sounds.
    SoundsRead = "sounds:read",
    /// Add, change, fill and remove them.
    SoundsWrite = "sounds:write",
    /// Read features, and their prompts, and play these.
    FeaturesRead = "features:read",
    /// Add, change and remove features, and put and remove their prompts.
    FeaturesWrite = "features:write",
    /// Read, play and verify recordings.
    RecordingsRead = "recordings:read",
    /// Store and remove them.
    RecordingsWrite = "recordings:write",
    /// Read record groups.
    RecordGroupsRead = "recordgroups:read",
    /// Add, change and remove them.
    RecordGroupsWrite = "recordgroups:write",
    /// Read call records.
    CallsRead = "calls:read",
    /// Add call records.
    CallsWrite = "calls:write",
    /// List tickets.
    TicketsRead = "tickets:read",
    /// Make tickets, which hand a recording out to whoever has them, and revoke them.
    TicketsWrite = "tickets:write",
    /// List sessions.
    SessionsRead = "sessions:read",
    /// End them.
    SessionsWrite = "sessions:write",
    /// List targets of reports.
    TargetsRead = "targets:read",
    /// Test them and send to them again.
    TargetsWrite = "targets:write",
    /// Read and verify the listen log.
    LogRead = "log:read",
    /// List API keys.
    KeysRead = "keys:read",
    /// Make and revoke API keys, none of which may more than the key that makes it.
    KeysWrite = "keys:write",
    /// Run the check and list lock-outs.
    InstallationRead = "installation:read",
    /// Clear lock-outs.
    InstallationWrite = "installation:write",
    /// Read `/metrics`.
    Metrics = "metrics",
}

impl Scope {
    /// The scope that a key needs to do something to such a thing.
    pub fn needed(kind: Kind, verb: Verb) -> Self {
        let reading = matches!(verb, Verb::See | Verb::Listen | Verb::Download);
        let of = |read, write| if reading { read } else { write };
        match kind {
            Kind::Customer => of(Self::CustomersRead, Self::CustomersWrite),
            Kind::Person | Kind::Role => of(Self::PeopleRead, Self::PeopleWrite),
            Kind::HuntGroup | Kind::Level | Kind::Destination => {
                of(Self::HuntGroupsRead, Self::HuntGroupsWrite)
            }
            Kind::Message => of(Self::MessagesRead, Self::MessagesWrite),
            Kind::Sound | Kind::SoundFile => of(Self::SoundsRead, Self::SoundsWrite),
            // Whoever shares makes a ticket.
            Kind::Recording | Kind::Call if verb == Verb::Share => Self::TicketsWrite,
            Kind::Feature(_) | Kind::Prompt(_) => of(Self::FeaturesRead, Self::FeaturesWrite),
            Kind::RecordGroup => of(Self::RecordGroupsRead, Self::RecordGroupsWrite),
            Kind::Recording | Kind::GroupedRecording => of(Self::RecordingsRead, Self::RecordingsWrite),
            Kind::Call => of(Self::CallsRead, Self::CallsWrite),
            Kind::Ticket => of(Self::TicketsRead, Self::TicketsWrite),
            Kind::Session => of(Self::SessionsRead, Self::SessionsWrite),
            Kind::Target => of(Self::TargetsRead, Self::TargetsWrite),
            Kind::ListenLog => Self::LogRead,
            Kind::Key => of(Self::KeysRead, Self::KeysWrite),
            Kind::Installation => of(Self::InstallationRead, Self::InstallationWrite),
            Kind::Metrics => Self::Metrics,
        }
    }

    fn bit(self) -> u32 {
        1 << (self as u32)
    }

    /// What is read where this is written.
    fn implied(self) -> Option<Self> {
        let kind = self.as_str().strip_suffix(":write")?;
        Self::ALL.iter().copied().find(|one| one.as_str().strip_suffix(":read") == Some(kind))
    }
}

/// A set of scopes. Whoever may write may read: answers show what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u32);

impl Scopes {
    /// Whether this one is in it.
    pub fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether all of another set are in it.
    pub fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those in it, in the order of the documentation.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |one| self.has(*one))
    }

    /// From words: `recordings:read`, or `recordings:*` for all of a kind.
    ///
    /// # Errors
    /// The word that is none.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut scopes = Self::default();
        for word in words {
            let of_kind = |scope: &Scope| {
                let all = word.strip_suffix(":*").and_then(|kind| scope.as_str().strip_prefix(kind));
                scope.as_str() == word || all.is_some_and(|rest| rest.starts_with(':'))
            };
            let found: Self = Scope::ALL.iter().copied().filter(of_kind).collect();
            if found.is_empty() {
                return Err(word.to_owned());
            }
            scopes.0 |= found.0;
        }
        Ok(scopes)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<T: IntoIterator<Item = Scope>>(scopes: T) -> Self {
        let with_implied = |scope: Scope| scope.bit() | scope.implied().map_or(0, Scope::bit);
        Self(scopes.into_iter().fold(0, |bits, one| bits | with_implied(one)))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Scope::as_str).collect();
        f.write_str(&words.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_written() {
        let check = |words: &[&str], shown: Result<&str, &str>| {
            let scopes = Scopes::parse(words.iter().copied());
            let scopes = scopes.map(|scopes| scopes.to_string());
            assert_eq!(scopes, shown.map(str::to_owned).map_err(str::to_owned), "{words:?}");
        };
        check(&["recordings:read"], Ok("recordings:read"));
        check(&["recordings:write"], Ok("recordings:read,recordings:write"));
        check(&["sounds:*", "metrics"], Ok("sounds:read,sounds:write,metrics"));
        check(&["log:*"], Ok("log:read"));
        check(&[], Ok(""));
        for wrong in
            ["", "*", ":*", "recordings", "recording:*", "recordings:", "metrics:*", "Metrics", "s:*"]
        {
            check(&["calls:read", wrong], Err(wrong));
        }
        for scope in Scope::ALL {
            assert!(Scopes::parse([scope.as_str()]).unwrap().has(*scope));
        }
    }

    #[test]
    fn every_scope_opens_something() {
        for scope in Scope::ALL {
            let opens = |kind: Kind| Verb::all().any(|verb| Scope::needed(kind, verb) == *scope);
            assert!(Kind::all().any(opens), "{}", scope.as_str());
        }
    }
}
