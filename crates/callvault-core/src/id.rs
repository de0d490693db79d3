//! Identities. Administered objects number from a counter per kind; recordings have time-ordered 64-bit ids.

use std::fmt;
use std::str::FromStr;

use crate::port::random::Random;
use crate::time::Timestamp;

macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

numbered! {
    /// A customer (tenant).
    CustomerId
}
numbered! {
    /// A person (account).
    PersonId
}
numbered! {
    /// A role.
    RoleId
}
numbered! {
    /// A key of our own API.
    KeyId
}
numbered! {
    /// A hunt group.
    HuntGroupId
}
numbered! {
    /// A destination of a hunt group.
    DestinationId
}
numbered! {
    /// A record group.
    RecordGroupId
}
numbered! {
    /// A library sound.
    SoundId
}
numbered! {
    /// A feature, among those of its kind.
    FeatureId
}
numbered! {
    /// A recording: 43 bits of Unix milliseconds above 20 random bits, so that ids sort by arrival.
    RecordingId
}

numbered! {
    /// A target of reports.
    TargetId
}
numbered! {
    /// A report that waits for its target.
    ReportId
}

numbered! {
    /// A call record: made like the id of a recording.
    CallRecordId
}

impl CallRecordId {
    /// A fresh id for something that arrives now.
    pub fn new(now: Timestamp, random: &dyn Random) -> Self {
        Self(RecordingId::new(now, random).0)
    }
}

impl RecordingId {
    /// A fresh id for something that arrives now.
    pub fn new(now: Timestamp, random: &dyn Random) -> Self {
        let mut noise = [0u8; 4];
        random.fill(&mut noise);
        let low = i64::from(u32::from_be_bytes(noise) & 0xF_FFFF);
        Self(((now.unix_ms() & 0x7FF_FFFF_FFFF) << 20) | low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Ones;
    impl Random for Ones {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0xFF);
        }
    }

    #[test]
    fn recording_ids_sort_by_time_and_stay_positive() {
        let earlier = RecordingId::new(Timestamp::from_unix_ms(1_700_000_000_000), &Ones);
        let later = RecordingId::new(Timestamp::from_unix_ms(1_700_000_000_001), &Ones);
        assert!(earlier < later);
        assert!(earlier.0 > 0);
        assert_eq!(earlier.0 >> 20, 1_700_000_000_000);
    }
}
