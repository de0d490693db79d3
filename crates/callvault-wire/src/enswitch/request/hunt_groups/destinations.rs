//! `huntgroups/destinations/*`: whom the levels of a hunt group call.

use crate::enswitch::request::Arguments;
use crate::enswitch::schema::members::Members;
use crate::enswitch::schema::values::{CallerIdSuffix, Description, DestinationKind, Dialled, Level};
use crate::enswitch::schema::{Input, Presence, Rows, Validation, field, fields, input, row, wire_name};

fields! {
    /// What a destination is besides its place and number.
    Settings,
    /// What changes about a destination besides its place and number.
    Changes {
        /// Digits added to the caller id.
        append_callerid: CallerIdSuffix = default(""),
        /// Whether it is called; otherwise it is skipped.
        available: bool = default("1"),
        /// Whether who answers hears the caller id first.
        screen: bool = default("0"),
        /// A description.
        description: Description = default(""),
    }
}

input! {
    /// A call of `huntgroups/destinations/create`.
    set Create {
        /// The hunt group.
        huntgroup: i64 = required,
        /// The level.
        level: Level = required,
        /// What it is.
        kind "dtype": DestinationKind = required,
        /// Its number, line or URI.
        number "dnumber": Dialled = required,
        /// Everything else about it.
        settings: Settings = group,
        /// Whether to judge only.
        validation: Validation = group,
    }
}

input! {
    /// A call of `huntgroups/destinations/update`. The hunt group stays.
    set Update {
        /// The destination.
        id: i64 = required,
        /// The new level.
        level: Level = kept,
        /// What it becomes.
        kind "dtype": DestinationKind = kept,
        /// Its new number, line or URI.
        number "dnumber": Dialled = kept,
        /// What else changes.
        changes: Changes = group,
        /// Whether to judge only.
        validation: Validation = group,
    }
}

/// A call of `huntgroups/destinations/get`: which destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Get {
    /// The one with this id.
    Id(i64),
    /// The one with this number at this place.
    Place {
        /// What it is.
        kind: DestinationKind,
        /// Its number, line or URI.
        number: Dialled,
        /// The hunt group.
        huntgroup: i64,
        /// The level.
        level: Level,
    },
}

impl Input for Get {
    const ROWS: &'static [Rows] = &[
        row::<i64>("id", Presence::Unless("the other four")),
        row::<DestinationKind>("dtype", Presence::Unless("id")),
        row::<Dialled>("dnumber", Presence::Unless("id")),
        row::<i64>("huntgroup", Presence::Unless("id")),
        row::<Level>("level", Presence::Unless("id")),
    ];

    /// With an id, the others are judged, but select nothing: the id alone is enough.
    fn read(arguments: &mut Arguments<'_>) -> Option<Self> {
        let before = arguments.mark();
        let id = arguments.given("id");
        let kind = arguments.given::<DestinationKind>("dtype");
        let number = arguments.given::<Dialled>("dnumber");
        let huntgroup = arguments.given::<i64>("huntgroup");
        let level = arguments.given::<Level>("level");
        if arguments.mark() > before {
            return None;
        }
        match (id?, kind?, number?, huntgroup?, level?) {
            (Some(id), ..) => Some(Self::Id(id)),
            (None, None, None, None, None) => arguments.required("id").map(Self::Id),
            (None, Some(kind), Some(number), Some(huntgroup), Some(level)) => {
                Some(Self::Place { kind, number, huntgroup, level })
            }
            (None, kind, number, huntgroup, level) => {
                let given = [
                    ("dtype", kind.is_some()),
                    ("dnumber", number.is_some()),
                    ("huntgroup", huntgroup.is_some()),
                    ("level", level.is_some()),
                ];
                for (key, _) in given.into_iter().filter(|(_, given)| !given) {
                    arguments.fault_of_all(
                        [key],
                        "Without id, all of dtype, dnumber, huntgroup and level are required.",
                    );
                }
                None
            }
        }
    }

    fn write(&self, members: &mut Members) {
        match self {
            Self::Id(id) => members.number("id", *id),
            Self::Place { kind, number, huntgroup, level } => {
                members.put("dtype", kind);
                members.put("dnumber", number);
                members.put("huntgroup", huntgroup);
                members.put("level", level);
            }
        }
    }
}

/// A call of `huntgroups/destinations/list`: which destinations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum List {
    /// Those of a hunt group.
    OfHuntGroup(i64),
    /// Those with a number, in whatever hunt group the caller may see.
    WithNumber {
        /// What they are.
        kind: DestinationKind,
        /// Their number, line or URI.
        number: Dialled,
    },
}

impl Input for List {
    const ROWS: &'static [Rows] = &[
        row::<DestinationKind>("dtype", Presence::Unless("huntgroup")),
        row::<Dialled>("dnumber", Presence::Unless("huntgroup")),
        row::<i64>("huntgroup", Presence::Unless("dtype and dnumber")),
    ];

    /// Either the hunt group, or type and number.
    fn read(arguments: &mut Arguments<'_>) -> Option<Self> {
        let kind = arguments.given::<DestinationKind>("dtype");
        let number = arguments.given::<Dialled>("dnumber");
        let huntgroup = arguments.given::<i64>("huntgroup");
        const EITHER: &str = "Give either huntgroup, or dtype and dnumber.";
        match (kind?, number?, huntgroup?) {
            (None, None, Some(huntgroup)) => Some(Self::OfHuntGroup(huntgroup)),
            (Some(kind), Some(number), None) => Some(Self::WithNumber { kind, number }),
            (None, None, None) => {
                arguments.fault_of_all(["dtype", "dnumber", "huntgroup"], EITHER);
                None
            }
            (kind, number, huntgroup) => {
                // At fault is what is too much next to a hunt group, or what is missing next to the other
                // half.
                let both = huntgroup.is_some();
                let faults = [("dtype", kind.is_some() == both), ("dnumber", number.is_some() == both)];
                for (key, _) in faults.into_iter().filter(|(_, at_fault)| *at_fault) {
                    arguments.fault_of_all([key], EITHER);
                }
                if both {
                    arguments.fault_of_all(["huntgroup"], EITHER);
                }
                None
            }
        }
    }

    fn write(&self, members: &mut Members) {
        match self {
            Self::OfHuntGroup(huntgroup) => members.number("huntgroup", *huntgroup),
            Self::WithNumber { kind, number } => {
                members.put("dtype", kind);
                members.put("dnumber", number);
            }
        }
    }
}

input! {
    /// A call of `huntgroups/destinations/delete`.
    set Delete {
        /// The destination.
        id: i64 = required,
    }
}
