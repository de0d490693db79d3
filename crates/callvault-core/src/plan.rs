//! The plan of a customer: what it may keep of hunt groups' messages, of prompts and of sounds (`docs/enswitch.md` 22), how
//! many destinations a hunt group, and how many people and customers below it the customer may have, and whether it has
//! record groups.
//!
//! What counts is each version of a message that is kept, each prompt and the file of each sound, with its size, also where
//! several are taken from the same sound. A plan holds for whoever asks, the command line included: who may, changes the plan.

/// The plan of a customer. The one that nobody has set limits nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Whether hunt groups and messages may be added, and hunt groups changed. Those that are there stay and can be fetched
    /// and removed.
    pub hunt_groups_allowed: bool,
    /// The largest message, prompt or sound, in bytes from 1 to 2^53 - 1; the installation's own cap holds as well.
    pub largest_message_bytes: Option<u64>,
    /// The most bytes of all messages, prompts and sounds together, from 1 to 2^53 - 1.
    pub total_message_bytes: Option<u64>,
    /// The most destinations of one hunt group.
    pub hunt_group_destinations: Option<u32>,
    /// Whether sounds may be added, changed and filled. Those that are there stay and can be fetched, used and removed.
    pub sounds_allowed: bool,
    /// The most people. A plan of none also keeps those that are there from being changed, but for password and lock.
    pub people: Option<u32>,
    /// The most customers directly below it. A plan of none also keeps those that are there from being changed, but for plan and
    /// lock.
    pub customers: Option<u32>,
    /// Whether record groups may be added and changed. Those that are there stay, with their recordings.
    pub record_groups_allowed: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            hunt_groups_allowed: true,
            largest_message_bytes: None,
            total_message_bytes: None,
            hunt_group_destinations: None,
            sounds_allowed: true,
            people: None,
            customers: None,
            record_groups_allowed: true,
        }
    }
}

/// What may change about a plan; `None` keeps, `Some(None)` takes a limit away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlanChange {
    /// See [`Plan::hunt_groups_allowed`].
    pub hunt_groups_allowed: Option<bool>,
    /// See [`Plan::largest_message_bytes`].
    pub largest_message_bytes: Option<Option<u64>>,
    /// See [`Plan::total_message_bytes`].
    pub total_message_bytes: Option<Option<u64>>,
    /// See [`Plan::hunt_group_destinations`].
    pub hunt_group_destinations: Option<Option<u32>>,
    /// See [`Plan::sounds_allowed`].
    pub sounds_allowed: Option<bool>,
    /// See [`Plan::people`].
    pub people: Option<Option<u32>>,
    /// See [`Plan::customers`].
    pub customers: Option<Option<u32>>,
    /// See [`Plan::record_groups_allowed`].
    pub record_groups_allowed: Option<bool>,
}

/// The part of a plan that forbids something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanLimit {
    /// There are no hunt groups in it.
    #[error("the plan of the customer has no hunt groups")]
    HuntGroups,
    /// The file is too large for it.
    #[error("the plan of the customer allows a message, prompt or sound {limit_bytes} bytes at most")]
    LargestMessage {
        /// See [`Plan::largest_message_bytes`].
        limit_bytes: u64,
    },
    /// All files together would be too large for it.
    #[error(
        "the plan of the customer allows {limit_bytes} bytes of messages, prompts and sounds in all, older versions included"
    )]
    TotalMessages {
        /// See [`Plan::total_message_bytes`].
        limit_bytes: u64,
    },
    /// The hunt group would have too many destinations for it.
    #[error("the plan of the customer allows {limit} destinations of a hunt group at most")]
    Destinations {
        /// See [`Plan::hunt_group_destinations`].
        limit: u32,
    },
    /// There are no sounds in it.
    #[error("the plan of the customer has no sounds")]
    Sounds,
    /// There would be too many people for it.
    #[error("the plan of the customer allows {limit} people at most")]
    People {
        /// See [`Plan::people`].
        limit: u32,
    },
    /// There would be too many customers below it.
    #[error("the plan of the customer allows {limit} customers below it at most")]
    Customers {
        /// See [`Plan::customers`].
        limit: u32,
    },
    /// There are no record groups in it.
    #[error("the plan of the customer has no record groups")]
    RecordGroups,
}

/// How large one more file may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Room {
    tightest: Option<(u64, PlanLimit)>,
}

impl Plan {
    /// Whether it has hunt groups.
    ///
    /// # Errors
    /// [`PlanLimit::HuntGroups`].
    pub fn check_hunt_groups(&self) -> Result<(), PlanLimit> {
        if self.hunt_groups_allowed { Ok(()) } else { Err(PlanLimit::HuntGroups) }
    }

    /// Whether it has sounds.
    ///
    /// # Errors
    /// [`PlanLimit::Sounds`].
    pub fn check_sounds(&self) -> Result<(), PlanLimit> {
        if self.sounds_allowed { Ok(()) } else { Err(PlanLimit::Sounds) }
    }

    /// Whether it has record groups.
    ///
    /// # Errors
    /// [`PlanLimit::RecordGroups`].
    pub fn check_record_groups(&self) -> Result<(), PlanLimit> {
        if self.record_groups_allowed { Ok(()) } else { Err(PlanLimit::RecordGroups) }
    }

    /// Whether a file may be of this size, whatever else is kept.
    ///
    /// # Errors
    /// [`PlanLimit::LargestMessage`].
    pub fn check_size(&self, size_bytes: u64) -> Result<(), PlanLimit> {
        Self { total_message_bytes: None, ..*self }.room(0).check(size_bytes)
    }

    /// Whether a hunt group may have this many destinations.
    ///
    /// # Errors
    /// [`PlanLimit::Destinations`].
    pub fn check_destinations(&self, count: u64) -> Result<(), PlanLimit> {
        match self.hunt_group_destinations {
            Some(limit) if count > u64::from(limit) => Err(PlanLimit::Destinations { limit }),
            _ => Ok(()),
        }
    }

    /// Whether a customer may have this many people.
    ///
    /// # Errors
    /// [`PlanLimit::People`].
    pub fn check_people(&self, count: u64) -> Result<(), PlanLimit> {
        match self.people {
            Some(limit) if count > u64::from(limit) => Err(PlanLimit::People { limit }),
            _ => Ok(()),
        }
    }

    /// Whether a customer may have this many customers below it.
    ///
    /// # Errors
    /// [`PlanLimit::Customers`].
    pub fn check_customers(&self, count: u64) -> Result<(), PlanLimit> {
        match self.customers {
            Some(limit) if count > u64::from(limit) => Err(PlanLimit::Customers { limit }),
            _ => Ok(()),
        }
    }

    /// The room for one more file beside `kept_bytes` of others.
    pub fn room(&self, kept_bytes: u64) -> Room {
        let largest = self
            .largest_message_bytes
            .map(|limit_bytes| (limit_bytes, PlanLimit::LargestMessage { limit_bytes }));
        let left = self.total_message_bytes.map(|limit_bytes| {
            (limit_bytes.saturating_sub(kept_bytes), PlanLimit::TotalMessages { limit_bytes })
        });
        // Of two that leave the same, the first is named.
        Room { tightest: largest.into_iter().chain(left).min_by_key(|(bytes, _)| *bytes) }
    }

    /// With a change.
    pub fn changed(self, change: PlanChange) -> Self {
        Self {
            hunt_groups_allowed: change.hunt_groups_allowed.unwrap_or(self.hunt_groups_allowed),
            largest_message_bytes: change.largest_message_bytes.unwrap_or(self.largest_message_bytes),
            total_message_bytes: change.total_message_bytes.unwrap_or(self.total_message_bytes),
            hunt_group_destinations: change.hunt_group_destinations.unwrap_or(self.hunt_group_destinations),
            sounds_allowed: change.sounds_allowed.unwrap_or(self.sounds_allowed),
            people: change.people.unwrap_or(self.people),
            customers: change.customers.unwrap_or(self.customers),
            record_groups_allowed: change.record_groups_allowed.unwrap_or(self.record_groups_allowed),
        }
    }
}

impl Room {
    /// Whether a file of this size fits.
    ///
    /// # Errors
    /// The limit that it is over.
    pub fn check(&self, size_bytes: u64) -> Result<(), PlanLimit> {
        match self.tightest {
            Some((bytes, limit)) if size_bytes > bytes => Err(limit),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tighter_limit_decides_and_is_named() {
        let largest = PlanLimit::LargestMessage { limit_bytes: 100 };
        let total = PlanLimit::TotalMessages { limit_bytes: 150 };
        let check = |kept: u64, size: u64, expected: Result<(), PlanLimit>| {
            let plan =
                Plan { largest_message_bytes: Some(100), total_message_bytes: Some(150), ..Plan::default() };
            assert_eq!(plan.room(kept).check(size), expected, "{size} beside {kept}");
        };
        check(0, 100, Ok(()));
        check(0, 101, Err(largest));
        check(50, 100, Ok(()));
        check(50, 101, Err(largest));
        check(51, 99, Ok(()));
        check(51, 100, Err(total));
        // A total that was lowered below what is there takes nothing more.
        check(200, 0, Ok(()));
        check(200, 1, Err(total));
        assert_eq!(Plan::default().room(u64::MAX).check(u64::MAX), Ok(()));
    }

    #[test]
    fn as_many_destinations_as_the_limit_says() {
        let plan = Plan { hunt_group_destinations: Some(2), ..Plan::default() };
        assert_eq!(plan.check_destinations(2), Ok(()));
        assert_eq!(plan.check_destinations(3), Err(PlanLimit::Destinations { limit: 2 }));
        assert_eq!(Plan::default().check_destinations(u64::MAX), Ok(()));
        let plan = Plan { people: Some(2), customers: Some(0), ..Plan::default() };
        assert_eq!(plan.check_people(2), Ok(()));
        assert_eq!(plan.check_people(3), Err(PlanLimit::People { limit: 2 }));
        assert_eq!(plan.check_customers(1), Err(PlanLimit::Customers { limit: 0 }));
        assert_eq!(Plan::default().check_people(u64::MAX), Ok(()));
        assert_eq!(Plan::default().check_customers(u64::MAX), Ok(()));
    }

    #[test]
    fn a_change_keeps_sets_and_takes_away() {
        let plan = Plan { largest_message_bytes: Some(1), total_message_bytes: Some(2), ..Plan::default() };
        assert_eq!(plan.changed(PlanChange::default()), plan);
        let change = PlanChange {
            hunt_groups_allowed: Some(false),
            largest_message_bytes: Some(None),
            total_message_bytes: Some(Some(3)),
            hunt_group_destinations: Some(Some(0)),
            sounds_allowed: Some(false),
            people: Some(Some(5)),
            customers: None,
            record_groups_allowed: Some(false),
        };
        let expected = Plan {
            hunt_groups_allowed: false,
            largest_message_bytes: None,
            total_message_bytes: Some(3),
            hunt_group_destinations: Some(0),
            sounds_allowed: false,
            people: Some(5),
            customers: None,
            record_groups_allowed: false,
        };
        assert_eq!(plan.changed(change), expected);
    }
}
