//! `huntgroups/levels/get` and `set`. Levels always exist; there is nothing to create or delete.

use crate::enswitch::request::Arguments;
use crate::enswitch::schema::members::Members;
use crate::enswitch::schema::values::{Inherited, Level, Seconds};
use crate::enswitch::schema::{Input, Presence, Rows, Validation, field, fields, input, row, wire_name};

/// The hunt group of a level: `huntgroup`, or `id`, which the vendor's examples say (`docs/enswitch.md` 29).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfHuntGroup(pub i64);

impl Input for OfHuntGroup {
    const ROWS: &'static [Rows] =
        &[row::<i64>("huntgroup", Presence::Unless("id")), row::<i64>("id", Presence::Unless("huntgroup"))];

    fn read(arguments: &mut Arguments<'_>) -> Option<Self> {
        let huntgroup = arguments.given("huntgroup");
        let alias = arguments.given("id");
        match (huntgroup?, alias?) {
            (None, None) => arguments.required("huntgroup").map(Self),
            (Some(one), Some(other)) if one != other => {
                arguments
                    .fault_of_all(["huntgroup", "id"], "Give huntgroup or id, or the same value for both.");
                None
            }
            (Some(id), _) | (None, Some(id)) => Some(Self(id)),
        }
    }

    fn write(&self, members: &mut Members) {
        members.number("huntgroup", self.0);
    }
}

fields! {
    /// What a level is. The defaults are those of a level that nobody touched (`docs/enswitch.md` 28).
    Settings,
    /// What changes about a level.
    Changes {
        /// How long it rings.
        ringtime: Inherited<Seconds> = default("-2"),
        /// Whether the caller hears music while it rings.
        music_ringing: Inherited<bool> = default("-2"),
        /// Whether the level's message is played.
        play_message: bool = default("0"),
    }
}

input! {
    /// A call of `huntgroups/levels/get`.
    set Get {
        /// The hunt group.
        huntgroup: OfHuntGroup = group,
        /// The level.
        level: Level = required,
    }
}

input! {
    /// A call of `huntgroups/levels/set`.
    set Set {
        /// The hunt group.
        huntgroup: OfHuntGroup = group,
        /// The level.
        level: Level = required,
        /// What changes.
        changes: Changes = group,
        /// Whether to judge only.
        validation: Validation = group,
    }
}
