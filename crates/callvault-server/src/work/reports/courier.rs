//! The courier: looks which targets have something waiting, and sets a task to each of them.
//!
//! Promises: a target's reports go one after another, in their order; a target that is down holds up no other one, and
//! those of one customer no other customer's, as far as the bounds go: a quarter of all connections, and of each
//! customer's, is kept for targets whose last attempt went well. What is under way when the server stops is finished or
//! sent again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use callvault_core::id::TargetId;
use callvault_core::port::clock::Clock;
use callvault_core::port::wake::Wake as _;
use callvault_core::report::Target;
use callvault_core::service::sessions::Asking;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::attempts::Attempts;
use super::crew::{Crew, Work};
use super::delivery::{self, Delivery};
use crate::app::App;
use crate::work::bell::Bell;

/// How often the courier looks when nobody wakes it.
const ROUND: Duration = Duration::from_secs(1);

/// How often the catalog is tidied.
const TIDY_ROUND: Duration = Duration::from_secs(60);

/// What is remembered of a target.
#[derive(Debug)]
struct Known {
    attempts: Attempts,
    /// What its newest live session said when it was looked at last.
    asking: Asking,
    /// When it was served last, by the count of all services.
    served: u64,
    busy: bool,
}

/// Delivers what waits, until it is stopped.
pub struct Courier {
    app: Arc<App>,
    clock: Arc<dyn Clock>,
    bell: Arc<Bell>,
    known: HashMap<TargetId, Known>,
    crew: Crew<Attempts>,
    served: u64,
    tidied: Option<Duration>,
}

impl Courier {
    /// A courier over an application, whose use cases ring the bell.
    pub fn new(app: Arc<App>, clock: Arc<dyn Clock>, bell: Arc<Bell>) -> Self {
        Self { app, clock, bell, known: HashMap::new(), crew: Crew::new(), served: 0, tidied: None }
    }

    /// Delivers until `stop`. Then the reports under way may finish for up to `grace`; what did not, and all the others,
    /// wait in the catalog.
    pub async fn run(mut self, stop: CancellationToken, grace: Duration) {
        let bell = self.bell.clone();
        let mut round = interval(ROUND);
        round.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                ended = self.crew.ended() => self.note(ended),
                () = bell.heard() => {}
                _ = round.tick() => {}
            }
            while let Some(ended) = self.crew.ended_already() {
                self.note(ended);
            }
            let begun = Instant::now();
            match stop.run_until_cancelled(self.look(&stop)).await {
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "what waits to be reported could not be read");
                }
                None => break,
            }
            if stop.run_until_cancelled(sleep(rest_after(begun.elapsed()))).await.is_none() {
                break;
            }
        }
        let finish = async {
            while !self.crew.is_idle() {
                let ended = self.crew.ended().await;
                self.note(ended);
            }
        };
        if timeout(grace, finish).await.is_err() {
            tracing::warn!(
                "reports that were under way were cut off; they are sent again after the next start"
            );
        }
    }

    fn note(&mut self, (target, attempts): (TargetId, Option<Attempts>)) {
        let now = self.clock.uptime();
        if let Some(known) = self.known.get_mut(&target) {
            known.busy = false;
            match attempts {
                Some(attempts) => known.attempts = attempts,
                None => known.attempts.unreached(now),
            }
        }
    }

    async fn look(&mut self, stop: &CancellationToken) -> callvault_core::Result<()> {
        let now = self.clock.uptime();
        let app = self.app.clone();
        let reports = &app.services.reports;
        if self.tidied.is_none_or(|tidied| now.saturating_sub(tidied) >= TIDY_ROUND) {
            if reports.tidy().await? {
                // Deliveries go on between two parts.
                self.bell.wake();
            } else {
                self.tidied = Some(now);
            }
        }
        if reports.release_overdue().await? > 0 {
            // There may be more than one round releases.
            self.bell.wake();
        }
        let waiting = reports.waiting().await?;
        app.metrics.targets_waiting(waiting.len());
        let ids: HashSet<_> = waiting.iter().map(|target| target.id).collect();
        self.known.retain(|id, known| known.busy || ids.contains(id));
        let mut ready: Vec<_> = waiting.into_iter().filter(|target| self.is_ready(target, now)).collect();
        ready.sort_by_key(|target| self.known.get(&target.id).map(|known| known.served));
        for target in ready {
            self.start(&target, stop);
        }
        Ok(())
    }

    /// Whether it makes sense to serve a target now. Notes what its newest session says.
    fn is_ready(&mut self, target: &Target, now: Duration) -> bool {
        let Some(asking) = self.app.services.reports.asking(target) else { return false };
        let fresh =
            || Known { attempts: Attempts::default(), asking: asking.clone(), served: 0, busy: false };
        let known = self.known.entry(target.id).or_insert_with(fresh);
        if known.busy {
            return false;
        }
        if known.asking != asking {
            known.asking = asking;
            known.attempts.hasten(now);
        }
        known.attempts.may_try(now) && self.app.outlet.is_open(target)
    }

    /// Starts a task for a target, if the bounds leave room for it.
    fn start(&mut self, target: &Target, stop: &CancellationToken) {
        let Some(known) = self.known.get_mut(&target.id) else { return };
        let settings = &self.app.settings.reports;
        let work =
            Work { target: target.id, customer: target.customer, doubtful: known.attempts.failures() > 0 };
        let room = |most: usize, of_customer: bool| {
            let counts = |one: &Work| !of_customer || one.customer == work.customer;
            let all = self.crew.count(counts);
            let doubtful = self.crew.count(|one| counts(one) && one.doubtful);
            all < most.max(1) && (!work.doubtful || doubtful < most_doubtful(most))
        };
        if !room(settings.connections, false) || !room(settings.connections_per_customer, true) {
            return;
        }
        self.served += 1;
        known.served = self.served;
        known.busy = true;
        let delivery = Delivery { app: self.app.clone(), clock: self.clock.clone(), stop: stop.clone() };
        self.crew.start(work, delivery::run(delivery, target.id, known.attempts.clone()));
    }
}

/// How long the courier rests after a look that took so long, whatever ends or rings meanwhile. A look is as long as the list
/// of targets; one for each report of ten thousand targets would be all that the machine does.
fn rest_after(look: Duration) -> Duration {
    (look * 4).min(ROUND)
}

/// How many of so many connections targets may have whose last attempt failed.
fn most_doubtful(most: usize) -> usize {
    (most - most / 4).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_take_a_fifth_of_the_time_at_most() {
        for (look, rest) in [(0, 0), (1, 4), (30, 120), (250, 1000), (10_000, 1000)] {
            assert_eq!(rest_after(Duration::from_millis(look)), Duration::from_millis(rest), "{look}");
        }
    }

    #[test]
    fn a_quarter_is_kept_for_targets_that_are_well() {
        for (most, doubtful) in [(0, 1), (1, 1), (3, 3), (4, 3), (8, 6), (64, 48)] {
            assert_eq!(most_doubtful(most), doubtful, "{most}");
        }
    }
}
