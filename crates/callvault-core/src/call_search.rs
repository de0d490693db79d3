//! Which calls go into a file of call records of the P-Series dialect.

use std::fmt;

use crate::call::{CallFilter, CallRecord, CallStatus};
use crate::time::Timestamp;

/// A choice of calls. What is `None` does not filter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallSearch {
    /// Begun at this time or later.
    pub since: Option<Timestamp>,
    /// Begun at this time or earlier.
    pub until: Option<Timestamp>,
    /// With this caller.
    pub from: Option<String>,
    /// With this callee.
    pub to: Option<String>,
    /// That ended so.
    pub status: Option<CallStatus>,
    /// Numbers match where they contain what was asked for; they have to be the same otherwise.
    pub in_part: bool,
}

impl CallSearch {
    /// What an index can tell of it; [`CallSearch::takes`] decides about what that finds. With numbers in part it is
    /// the range of time alone.
    pub fn filter(&self) -> CallFilter {
        let number = self.from.as_ref().or(self.to.as_ref()).filter(|_| !self.in_part);
        CallFilter {
            since: self.since,
            until: self.until,
            numbers: number.into_iter().cloned().collect(),
            recording: None,
        }
    }

    /// Whether a call is chosen.
    pub fn takes(&self, call: &CallRecord) -> bool {
        let number = |wanted: &Option<String>, number: &str| {
            wanted
                .as_deref()
                .is_none_or(|wanted| if self.in_part { number.contains(wanted) } else { number == wanted })
        };
        self.since.is_none_or(|since| since <= call.started_at)
            && self.until.is_none_or(|until| call.started_at <= until)
            && number(&self.from, &call.from)
            && number(&self.to, &call.to)
            && self.status.is_none_or(|status| status == call.status)
    }
}

impl fmt::Display for CallSearch {
    /// As the listen log names it: `since=... until=... from=... to=... status=...`, or `all`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |text: &Option<String>| {
            text.as_ref().map(|text| if self.in_part { format!("*{text}*") } else { text.clone() })
        };
        let parts = [
            ("since", self.since.map(|at| at.to_string())),
            ("until", self.until.map(|at| at.to_string())),
            ("from", number(&self.from)),
            ("to", number(&self.to)),
            ("status", self.status.map(|status| status.as_str().to_owned())),
        ];
        let mut separator = "";
        for (word, value) in parts {
            if let Some(value) = value {
                write!(f, "{separator}{word}={value}")?;
                separator = " ";
            }
        }
        if separator.is_empty() { f.write_str("all") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{CallKind, PartyNames};
    use crate::id::{CallRecordId, CustomerId};

    fn call(started_at: i64, from: &str, to: &str, status: CallStatus) -> CallRecord {
        let started_at = Timestamp::from_unix_ms(started_at);
        CallRecord {
            id: CallRecordId(1),
            customer: CustomerId(1),
            call_id: "1.1".to_owned(),
            started_at,
            from: from.to_owned(),
            to: to.to_owned(),
            call_seconds: 1,
            talk_seconds: 0,
            source_trunk: String::new(),
            destination_trunk: String::new(),
            pin_code: String::new(),
            status,
            kind: CallKind::Internal,
            recording: None,
            did_number: String::new(),
            agent_ring_seconds: 0,
            names: PartyNames::default(),
            received_at: started_at,
        }
    }

    #[test]
    fn calls_are_chosen() {
        let at = |unix_ms| Some(Timestamp::from_unix_ms(unix_ms));
        let text = |text: &str| Some(text.to_owned());
        let all = CallSearch::default;
        let check = |search: CallSearch, expected: [bool; 3], shown: &str| {
            let calls = [
                call(1_000, "2001", "2002", CallStatus::Answered),
                call(2_000, "2002", "2001", CallStatus::Busy),
                call(3_000, "+492001", "", CallStatus::NoAnswer),
            ];
            assert_eq!(calls.each_ref().map(|call| search.takes(call)), expected, "{search}");
            assert_eq!(search.to_string(), shown);
        };
        check(all(), [true, true, true], "all");
        check(
            CallSearch { since: at(2_000), ..all() },
            [false, true, true],
            "since=1970-01-01T00:00:02.000Z",
        );
        check(
            CallSearch { until: at(2_000), ..all() },
            [true, true, false],
            "until=1970-01-01T00:00:02.000Z",
        );
        check(CallSearch { from: text("2001"), ..all() }, [true, false, false], "from=2001");
        check(CallSearch { to: text("2001"), ..all() }, [false, true, false], "to=2001");
        let in_part = CallSearch { from: text("200"), to: text("2"), in_part: true, ..all() };
        assert_eq!(in_part.filter().numbers, [""; 0]);
        check(in_part, [true, true, false], "from=*200* to=*2*");
        let both = CallSearch { from: text("2001"), to: text("2001"), ..all() };
        assert_eq!(both.filter().numbers, ["2001"]);
        check(both, [false; 3], "from=2001 to=2001");
        let answered = CallSearch { status: Some(CallStatus::NoAnswer), ..all() };
        check(answered, [false, false, true], "status=NO ANSWER");
    }
}
