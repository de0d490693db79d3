//! Which way a call went, where a phone system does not say: by how long the numbers of its parties are.

use callvault_core::call::CallKind;

/// The plan of numbers: extensions are short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberPlan {
    /// The most characters that an extension has.
    pub longest_extension: usize,
}

impl Default for NumberPlan {
    fn default() -> Self {
        Self { longest_extension: 6 }
    }
}

impl NumberPlan {
    /// Whether a party is inside: a number of few digits, or, as a callee, a short word such as `s`. A caller without a
    /// number of digits (`anonymous`, nothing) is outside.
    fn is_extension(self, number: &str, is_callee: bool) -> bool {
        let length = number.chars().count();
        let fits = (1..=self.longest_extension).contains(&length) && !number.starts_with('+');
        fits && (is_callee || number.chars().all(|character| character.is_ascii_digit()))
    }

    /// Which way a call went.
    pub fn kind(self, from: &str, to: &str) -> CallKind {
        match (self.is_extension(from, false), self.is_extension(to, true)) {
            (true, true) => CallKind::Internal,
            (_, false) => CallKind::Outbound,
            (false, true) => CallKind::Inbound,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_number_is_outside() {
        let check = |from: &str, to: &str, expected: CallKind| {
            assert_eq!(NumberPlan::default().kind(from, to), expected, "{from:?} to {to:?}");
        };
        check("2001", "2002", CallKind::Internal);
        check("15551230001", "100", CallKind::Inbound);
        check("anonymous", "100", CallKind::Inbound);
        check("", "s", CallKind::Inbound);
        check("+4930", "100", CallKind::Inbound);
        check("2001", "15551230001", CallKind::Outbound);
        check("2001", "*97", CallKind::Internal);
        let short = NumberPlan { longest_extension: 3 };
        assert_eq!(short.kind("2001", "100"), CallKind::Inbound);
    }
}
