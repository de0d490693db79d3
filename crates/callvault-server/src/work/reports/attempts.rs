//! When a target is tried again, and when a report is given up (`docs/yeastar.md` G24). Pure: the caller has the clock.

use std::time::Duration;

use callvault_core::id::ReportId;

/// The longest wait between two attempts, and the wait after one that the policy forbids.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How often a report is sent to a target that answers and does not take it.
const MOST_REJECTIONS: u32 = 5;

/// Within what time those attempts lie.
const REJECTION_SPAN: Duration = Duration::from_secs(60);

/// What is remembered of a target between attempts. Times are uptimes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Attempts {
    /// Failures since the last success.
    failures: u32,
    /// Which report was rejected, how often, and from when on it is not tried again.
    rejected: Option<(ReportId, u32, Duration)>,
    not_before: Duration,
    /// The last failure was the policy's, which a new login does not change.
    forbidden: bool,
}

/// What follows from a rejection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The same report is tried again.
    TryAgain,
    /// The report is set aside, and the next one goes at once.
    Park,
}

impl Attempts {
    /// Failures since the last success.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether it is time.
    pub(super) fn may_try(&self, now: Duration) -> bool {
        now >= self.not_before
    }

    /// A report was taken.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// The target could not be reached, or said nothing.
    pub(super) fn unreached(&mut self, now: Duration) {
        self.forbidden = false;
        self.wait(now);
    }

    /// Learns of rejections of a report before the last start, the first of them so long ago.
    pub(super) fn recall(&mut self, report: ReportId, times: u32, ago: Duration, now: Duration) {
        if self.rejected.is_none_or(|(known, ..)| known != report) {
            self.rejected = Some((report, times, now + REJECTION_SPAN.saturating_sub(ago)));
        }
    }

    /// The target answered, and did not take the report.
    pub(super) fn rejected(&mut self, report: ReportId, now: Duration) -> Verdict {
        let (times, ends) = match self.rejected {
            Some((same, times, ends)) if same == report => (times + 1, ends),
            _ => (1, now + REJECTION_SPAN),
        };
        if times >= MOST_REJECTIONS || now >= ends {
            *self = Self::default();
            return Verdict::Park;
        }
        self.rejected = Some((report, times, ends));
        self.forbidden = false;
        self.wait(now);
        Verdict::TryAgain
    }

    /// The policy forbids the target.
    pub(super) fn forbidden(&mut self, now: Duration) {
        self.failures = self.failures.saturating_add(1);
        self.forbidden = true;
        self.not_before = now + LONGEST_WAIT;
    }

    /// Nothing could be tried, through no fault of the target.
    pub(super) fn put_off(&mut self, now: Duration, wait: Duration) {
        self.not_before = self.not_before.max(now + wait);
    }

    /// A new login says that the target is there: it may be tried at once.
    pub(super) fn hasten(&mut self, now: Duration) {
        if !self.forbidden {
            self.not_before = self.not_before.min(now);
        }
    }

    /// 1, 2, 4 ... 60 seconds.
    fn wait(&mut self, now: Duration) {
        let seconds = 1_u64.checked_shl(self.failures).unwrap_or(u64::MAX);
        self.failures = self.failures.saturating_add(1);
        self.not_before = now + Duration::from_secs(seconds).min(LONGEST_WAIT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Tries whenever it may, second by second; answers when that was.
    fn tried(until: u64, mut fail: impl FnMut(&mut Attempts, Duration)) -> Vec<u64> {
        let mut attempts = Attempts::default();
        let mut tried = Vec::new();
        for second in 0..=until {
            if attempts.may_try(at(second)) {
                tried.push(second);
                fail(&mut attempts, at(second));
            }
        }
        tried
    }

    #[test]
    fn a_target_out_of_reach_is_tried_after_1_2_4_and_at_last_60_seconds() {
        let expected = vec![0, 1, 3, 7, 15, 31, 63, 123, 183, 243];
        assert_eq!(tried(250, Attempts::unreached), expected);
    }

    #[test]
    fn the_wait_never_ends_up_short() {
        let mut attempts = Attempts::default();
        for _ in 0..200 {
            attempts.unreached(at(0));
        }
        assert!(!attempts.may_try(at(59)));
        assert!(attempts.may_try(at(60)));
    }

    #[test]
    fn a_rejected_report_has_five_tries_and_the_next_one_five_of_its_own() {
        let mut attempts = Attempts::default();
        let mut told = Vec::new();
        for second in 0..40 {
            if attempts.may_try(at(second)) {
                let report = ReportId(i64::from(told.contains(&(15, Verdict::Park))));
                told.push((second, attempts.rejected(report, at(second))));
            }
        }
        use Verdict::{Park, TryAgain};
        let first = [(0, TryAgain), (1, TryAgain), (3, TryAgain), (7, TryAgain), (15, Park)];
        // The next report goes at once: here that is the second after.
        let second = [(16, TryAgain), (17, TryAgain), (19, TryAgain), (23, TryAgain), (31, Park)];
        assert_eq!(told[..10], [first, second].concat());
    }

    #[test]
    fn rejections_more_than_a_minute_apart_end_it_too() {
        let mut attempts = Attempts::default();
        assert_eq!(attempts.rejected(ReportId(1), at(0)), Verdict::TryAgain);
        attempts.unreached(at(1));
        assert_eq!(attempts.rejected(ReportId(1), at(60)), Verdict::Park);
        assert!(attempts.may_try(at(60)));
    }

    #[test]
    fn rejections_before_a_restart_count() {
        let rejected = |times: u32, ago: u64, later: u64| {
            let mut attempts = Attempts::default();
            attempts.recall(ReportId(1), times, at(ago), at(0));
            // What is known already is not learned again.
            attempts.recall(ReportId(1), 1, at(0), at(0));
            attempts.rejected(ReportId(1), at(later))
        };
        assert_eq!(rejected(3, 10, 49), Verdict::TryAgain);
        assert_eq!(rejected(3, 10, 50), Verdict::Park, "a minute after the first");
        assert_eq!(rejected(4, 10, 0), Verdict::Park, "the fifth");
        assert_eq!(rejected(1, 600, 0), Verdict::Park, "long after the first");
        let mut attempts = Attempts::default();
        attempts.recall(ReportId(1), 4, at(10), at(0));
        assert_eq!(attempts.rejected(ReportId(2), at(0)), Verdict::TryAgain, "another report");
    }

    #[test]
    fn what_is_forbidden_waits_a_minute_whatever_logs_in() {
        let forbidden = |attempts: &mut Attempts, now: Duration| {
            attempts.forbidden(now);
            attempts.hasten(now);
        };
        assert_eq!(tried(180, forbidden), vec![0, 60, 120, 180]);
    }

    #[test]
    fn a_login_ends_the_wait_and_a_success_the_count() {
        let mut attempts = Attempts::default();
        for second in 0..5 {
            attempts.unreached(at(second));
        }
        assert!(!attempts.may_try(at(10)));
        attempts.hasten(at(10));
        assert!(attempts.may_try(at(10)));
        attempts.succeeded();
        attempts.unreached(at(11));
        assert!(attempts.may_try(at(12)), "the first wait is one second again");
    }
}
