//! What a hunt group and its levels do with a call. Callvault keeps these settings and hands them out; it rings nobody.
//!
//! The meanings and bounds are those of the Enswitch functions (`docs/enswitch.md`, decisions 29, 30, 58 and 61).

use crate::id::RecordGroupId;
use crate::words::words;

/// The longest time that a level may ring, in seconds.
pub const MOST_RING_SECONDS: u16 = 3600;

words! {
    /// In which order the levels are tried.
    RingOrder {
        /// From the level behind the one where the last call stopped.
        Circular = "circular",
        /// From the first level.
        Linear = "linear",
        /// As circular, "smart"; the vendor does not say how.
        SmartCircular = "smart_circular",
        /// As linear, "smart"; the vendor does not say how.
        SmartLinear = "smart_linear",
    }

    /// How who answers is told of the call.
    Screening {
        /// Not at all.
        None = "none",
        /// The caller id is played.
        CallerId = "caller_id",
        /// The caller is asked to record a name.
        Name = "name",
    }
}

/// Where a call goes on: what is there, and its number. The vendor publishes no list of the kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// 1 to 32 lower-case letters, digits or underscores.
    pub kind: String,
    /// At most 255 characters; empty where the call ends.
    pub number: String,
}

impl Exit {
    /// The kind of the exit where the call ends.
    pub const HANGUP: &str = "hangup";

    /// The call ends.
    pub fn hangup() -> Self {
        Self { kind: Self::HANGUP.to_owned(), number: String::new() }
    }

    fn changed(self, change: ExitChange) -> Self {
        Self { kind: change.kind.unwrap_or(self.kind), number: change.number.unwrap_or(self.number) }
    }

    /// Whether it ends the call and has a number nevertheless.
    pub fn contradicts_itself(&self) -> bool {
        self.kind == Self::HANGUP && !self.number.is_empty()
    }
}

/// What may change about an exit; `None` keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExitChange {
    /// See [`Exit::kind`].
    pub kind: Option<String>,
    /// See [`Exit::number`].
    pub number: Option<String>,
}

impl From<Exit> for ExitChange {
    fn from(exit: Exit) -> Self {
        Self { kind: Some(exit.kind), number: Some(exit.number) }
    }
}

/// The settings of a hunt group. The default ones are those of a new hunt group of which nothing is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HuntGroupSettings {
    /// At most 1000 characters.
    pub description: String,
    /// In which order the levels are tried.
    pub order: RingOrder,
    /// How long each level rings unless it says otherwise, in seconds, at most [`MOST_RING_SECONDS`].
    pub ring_seconds: u16,
    /// The number of the music class, as it was told: Callvault knows none.
    pub music: Option<i64>,
    /// The caller hears music while it rings, rather than ringing.
    pub music_ringing: bool,
    /// Destinations may forward the call onwards.
    pub allow_forwards: bool,
    /// How who answers is told of the call.
    pub screen: Screening,
    /// The record group of its calls, one of the same customer.
    pub record_group: Option<RecordGroupId>,
    /// The control panel shows it.
    pub panel: bool,
    /// Where to go when no level answers.
    pub default_exit: Exit,
    /// Where to go when no destination can be called.
    pub unavailable_exit: Exit,
    /// Where to go when a destination was busy and none gave "no answer".
    pub busy_exit: Exit,
}

impl Default for HuntGroupSettings {
    fn default() -> Self {
        Self {
            description: String::new(),
            order: RingOrder::Linear,
            ring_seconds: 10,
            music: None,
            music_ringing: false,
            allow_forwards: false,
            screen: Screening::None,
            record_group: None,
            panel: false,
            default_exit: Exit::hangup(),
            unavailable_exit: Exit::hangup(),
            busy_exit: Exit::hangup(),
        }
    }
}

/// What may change about the settings of a hunt group; `None` keeps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HuntGroupSettingsChange {
    /// See [`HuntGroupSettings::description`].
    pub description: Option<String>,
    /// See [`HuntGroupSettings::order`].
    pub order: Option<RingOrder>,
    /// See [`HuntGroupSettings::ring_seconds`].
    pub ring_seconds: Option<u16>,
    /// `Some(None)` takes the music class away.
    pub music: Option<Option<i64>>,
    /// See [`HuntGroupSettings::music_ringing`].
    pub music_ringing: Option<bool>,
    /// See [`HuntGroupSettings::allow_forwards`].
    pub allow_forwards: Option<bool>,
    /// See [`HuntGroupSettings::screen`].
    pub screen: Option<Screening>,
    /// `Some(None)` takes the record group away.
    pub record_group: Option<Option<RecordGroupId>>,
    /// See [`HuntGroupSettings::panel`].
    pub panel: Option<bool>,
    /// See [`HuntGroupSettings::default_exit`].
    pub default_exit: ExitChange,
    /// See [`HuntGroupSettings::unavailable_exit`].
    pub unavailable_exit: ExitChange,
    /// See [`HuntGroupSettings::busy_exit`].
    pub busy_exit: ExitChange,
}

impl HuntGroupSettings {
    /// With a change.
    pub fn changed(self, change: HuntGroupSettingsChange) -> Self {
        Self {
            description: change.description.unwrap_or(self.description),
            order: change.order.unwrap_or(self.order),
            ring_seconds: change.ring_seconds.unwrap_or(self.ring_seconds),
            music: change.music.unwrap_or(self.music),
            music_ringing: change.music_ringing.unwrap_or(self.music_ringing),
            allow_forwards: change.allow_forwards.unwrap_or(self.allow_forwards),
            screen: change.screen.unwrap_or(self.screen),
            record_group: change.record_group.unwrap_or(self.record_group),
            panel: change.panel.unwrap_or(self.panel),
            default_exit: self.default_exit.changed(change.default_exit),
            unavailable_exit: self.unavailable_exit.changed(change.unavailable_exit),
            busy_exit: self.busy_exit.changed(change.busy_exit),
        }
    }

    /// The exits that end the call and have a number, which none may (`docs/enswitch.md` 30). A change may be right in itself
    /// and still leave some.
    pub fn contradictory_exits(&self) -> Vec<&'static str> {
        let exits = [
            ("default_exit", &self.default_exit),
            ("unavailable_exit", &self.unavailable_exit),
            ("busy_exit", &self.busy_exit),
        ];
        exits.into_iter().filter(|(_, exit)| exit.contradicts_itself()).map(|(field, _)| field).collect()
    }
}

/// The settings of one level. The default ones are those of a level that nobody touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LevelSettings {
    /// How long it rings, in seconds, at most [`MOST_RING_SECONDS`]; `None` is as long as the hunt group says.
    pub ring_seconds: Option<u16>,
    /// The caller hears music while it rings; `None` is as the hunt group says.
    pub music_ringing: Option<bool>,
    /// The level's message is played. Putting a message does not switch it on, removing it switches it off
    /// (`docs/enswitch.md` 28).
    pub play_message: bool,
}

/// What may change about a level; `None` keeps, `Some(None)` is the hunt group's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LevelChange {
    /// See [`LevelSettings::ring_seconds`].
    pub ring_seconds: Option<Option<u16>>,
    /// See [`LevelSettings::music_ringing`].
    pub music_ringing: Option<Option<bool>>,
    /// See [`LevelSettings::play_message`].
    pub play_message: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let settings = HuntGroupSettings { music: Some(7), ..HuntGroupSettings::default() };
        assert_eq!(settings.clone().changed(HuntGroupSettingsChange::default()), settings);
        let change = HuntGroupSettingsChange {
            music: Some(None),
            busy_exit: ExitChange { kind: Some("phone".to_owned()), number: None },
            ..HuntGroupSettingsChange::default()
        };
        let changed = settings.changed(change);
        assert_eq!(changed.music, None);
        assert_eq!(changed.busy_exit, Exit { kind: "phone".to_owned(), number: String::new() });
        assert_eq!(changed.default_exit, Exit::hangup());
    }

    #[test]
    fn a_number_behind_the_end_of_a_call_is_refused() {
        let number = |number: &str| HuntGroupSettingsChange {
            unavailable_exit: ExitChange { kind: None, number: Some(number.to_owned()) },
            ..HuntGroupSettingsChange::default()
        };
        let check = |change, fields: &[&str]| {
            assert_eq!(HuntGroupSettings::default().changed(change).contradictory_exits(), fields);
        };
        check(number("100"), &["unavailable_exit"]);
        check(number(""), &[]);
        let whole = Exit { kind: "phone".to_owned(), number: "100".to_owned() };
        check(HuntGroupSettingsChange { busy_exit: whole.into(), ..number("") }, &[]);
        let busy_exit = ExitChange { kind: None, number: Some("100".to_owned()) };
        check(HuntGroupSettingsChange { busy_exit, ..number("100") }, &["unavailable_exit", "busy_exit"]);
    }

    #[test]
    fn words_round_trip() {
        for order in RingOrder::ALL {
            assert_eq!(RingOrder::parse(order.as_str()), Some(*order));
        }
        for screen in Screening::ALL {
            assert_eq!(Screening::parse(screen.as_str()), Some(*screen));
        }
        assert_eq!(RingOrder::parse("Linear"), None);
    }
}
