//! Roles: named sets of privileges, and how far they reach.

use std::fmt;

use crate::id::RoleId;
use crate::words::words;

words! {
    /// A flag on a role. The words are those of the Enswitch guide, but for `yeastar_api`, which opens the Yeastar door.
    #[derive(PartialOrd, Ord)]
    Privilege {
        /// May create and change everything of a customer.
        Administrator = "administrator",
        /// An ordinary user of the phone system.
        User = "user",
        /// A residential user.
        Residential = "residential",
        /// A wholesale customer.
        Wholesale = "wholesale",
        /// The sound library.
        Sounds = "sounds",
        /// Call recordings.
        Record = "record",
        /// Call records.
        Cdrs = "cdrs",
        /// Features.
        Features = "features",
        /// Voicemail messages.
        Messages = "messages",
        /// Calling cards.
        Cards = "cards",
        /// Commerce.
        Commerce = "commerce",
        /// Call shops.
        Callshop = "callshop",
        /// Generic files.
        Files = "files",
        /// Actions on running calls.
        Actions = "actions",
        /// The control panel.
        Panel = "panel",
        /// Listen log, ledger and reports.
        Reports = "reports",
        /// Sending faxes.
        SendFaxes = "send_faxes",
        /// The installation itself.
        System = "system",
        /// Logging in at the Yeastar door.
        YeastarApi = "yeastar_api",
    }
}

impl Privilege {
    fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

/// A set of privileges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Privileges(u32);

impl Privileges {
    /// Every privilege.
    pub fn all() -> Self {
        Privilege::ALL.iter().copied().collect()
    }

    /// Whether the set has it.
    pub fn has(self, privilege: Privilege) -> bool {
        self.0 & privilege.bit() != 0
    }

    /// Whether the set has at least one of these.
    pub fn has_any(self, any_of: &[Privilege]) -> bool {
        any_of.iter().any(|one| self.has(*one))
    }

    /// Whether every privilege of `other` is in this set.
    pub fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// This set without one privilege.
    pub fn without(self, privilege: Privilege) -> Self {
        Self(self.0 & !privilege.bit())
    }

    /// The privileges in their fixed order.
    pub fn iter(self) -> impl Iterator<Item = Privilege> {
        Privilege::ALL.iter().copied().filter(move |one| self.has(*one))
    }

    /// From words separated by commas or blanks; the error is the first unknown word.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words = text.split([',', ' ']).filter(|word| !word.is_empty());
        words.map(|word| Privilege::parse(word).ok_or_else(|| word.to_owned())).collect()
    }
}

impl FromIterator<Privilege> for Privileges {
    fn from_iter<T: IntoIterator<Item = Privilege>>(privileges: T) -> Self {
        Self(privileges.into_iter().fold(0, |bits, one| bits | one.bit()))
    }
}

impl fmt::Display for Privileges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Privilege::as_str).collect();
        f.write_str(&words.join(","))
    }
}

words! {
    /// How far a role reaches.
    #[derive(PartialOrd, Ord)]
    Reach {
        /// What is theirs, and viewing of what has no owner, in their own customer.
        Own = "own",
        /// All of their own customer.
        Customer = "customer",
        /// Their own customer and those below it.
        Subtree = "subtree",
        /// The whole installation.
        System = "system",
    }
}

impl Reach {
    /// The reach of a role that states none: as far as the pre-made role with such privileges.
    pub fn implied_by(privileges: Privileges) -> Self {
        use Privilege::{Administrator, Cdrs, Record, Reports, System, YeastarApi};
        if privileges.has(System) {
            Self::System
        } else if privileges.has_any(&[Administrator, Record, Cdrs, Reports, YeastarApi]) {
            Self::Customer
        } else {
            Self::Own
        }
    }
}

/// A named set of privileges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its number.
    pub id: RoleId,
    /// Its name, unique without regard to case.
    pub name: String,
    /// How far it reaches.
    pub reach: Reach,
    /// What it may.
    pub privileges: Privileges,
    /// Exists from the start; cannot be changed.
    pub builtin: bool,
}

/// The roles that every installation has from the start (design, chapter 4), numbered from 1 in this order.
pub fn builtin_roles() -> Vec<Role> {
    use Privilege::{
        Actions, Administrator, Cards, Cdrs, Commerce, Files, Messages, Panel, Record, Reports, Residential,
        Sounds, System, User, Wholesale, YeastarApi,
    };
    let administrator = [
        Administrator,
        User,
        Residential,
        Wholesale,
        Sounds,
        Record,
        Cdrs,
        Messages,
        Cards,
        Commerce,
        Files,
        Actions,
        Panel,
        Reports,
    ];
    let table: [(&str, Reach, Privileges); 8] = [
        ("system owner", Reach::System, Privileges::all()),
        ("reseller", Reach::Subtree, Privileges::all().without(System)),
        ("administrator", Reach::Customer, administrator.into_iter().collect()),
        ("user", Reach::Own, [User, Sounds, Messages].into_iter().collect()),
        ("residential", Reach::Own, [Residential, Messages].into_iter().collect()),
        ("supervisor", Reach::Customer, [User, Record, Cdrs, Reports].into_iter().collect()),
        ("auditor", Reach::Customer, [Reports].into_iter().collect()),
        ("api", Reach::Customer, [YeastarApi, Record, Cdrs, User].into_iter().collect()),
    ];
    let rows = table.into_iter().zip(1..);
    rows.map(|((name, reach, privileges), number)| Role {
        id: RoleId(number),
        name: name.to_owned(),
        reach,
        privileges,
        builtin: true,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for privilege in Privilege::ALL {
            assert_eq!(Privilege::parse(privilege.as_str()), Some(*privilege));
        }
        let all = Privileges::all();
        assert_eq!(Privileges::parse(&all.to_string()), Ok(all));
        assert_eq!(
            Privileges::parse("user, record"),
            Ok([Privilege::User, Privilege::Record].into_iter().collect())
        );
        assert_eq!(Privileges::parse("user,recrod"), Err("recrod".to_owned()));
    }

    #[test]
    fn the_table_of_roles_is_that_of_the_design() {
        let roles = builtin_roles();
        let check = |name: &str, reach: Reach, privileges: &str| {
            let role = roles.iter().find(|role| role.name == name).unwrap();
            assert_eq!(role.reach, reach, "{name}");
            assert_eq!(role.privileges, Privileges::parse(privileges).unwrap(), "{name}");
        };
        check("user", Reach::Own, "user sounds messages");
        check("residential", Reach::Own, "residential messages");
        check("supervisor", Reach::Customer, "user record cdrs reports");
        check("auditor", Reach::Customer, "reports");
        check("api", Reach::Customer, "yeastar_api record cdrs user");
        assert!(!roles[1].privileges.has(Privilege::System), "reseller");
        assert!(!roles[2].privileges.has(Privilege::YeastarApi), "administrator");
    }
}
