//! The tasks that deliver: one for a target, each of which ends on its own, however it ends.

use std::collections::HashMap;
use std::future::Future;

use callvault_core::id::{CustomerId, TargetId};
use tokio::task::{Id, JoinError, JoinSet};

/// Running tasks, by what they work for.
pub(super) struct Crew<T> {
    tasks: JoinSet<T>,
    working: HashMap<Id, Work>,
}

/// What a task works for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Work {
    /// The target.
    pub(super) target: TargetId,
    /// Its customer.
    pub(super) customer: CustomerId,
    /// Whether the last attempt failed, so that this one may take its whole time for nothing.
    pub(super) doubtful: bool,
}

impl<T: Send + 'static> Crew<T> {
    pub(super) fn new() -> Self {
        Self { tasks: JoinSet::new(), working: HashMap::new() }
    }

    /// Starts a task.
    pub(super) fn start(&mut self, work: Work, task: impl Future<Output = T> + Send + 'static) {
        let id = self.tasks.spawn(task).id();
        self.working.insert(id, work);
    }

    /// The next task that ended and what it came to, nothing if it panicked. Waits for ever when there are none. Losing
    /// this future loses no task.
    pub(super) async fn ended(&mut self) -> (TargetId, Option<T>) {
        let joined = self.tasks.join_next_with_id().await;
        match joined.and_then(|joined| self.worked(joined)) {
            Some(ended) => ended,
            None => std::future::pending().await,
        }
    }

    /// As [`Crew::ended`], nothing when none has ended yet.
    pub(super) fn ended_already(&mut self) -> Option<(TargetId, Option<T>)> {
        let joined = self.tasks.try_join_next_with_id()?;
        self.worked(joined)
    }

    fn worked(&mut self, joined: Result<(Id, T), JoinError>) -> Option<(TargetId, Option<T>)> {
        match joined {
            Ok((id, outcome)) => self.working.remove(&id).map(|work| (work.target, Some(outcome))),
            Err(error) => {
                let work = self.working.remove(&error.id())?;
                tracing::error!(target.id = work.target.0, %error, "the delivery of reports ended badly");
                Some((work.target, None))
            }
        }
    }

    /// How many tasks run of which this holds.
    pub(super) fn count(&self, counts: impl Fn(&Work) -> bool) -> usize {
        self.working.values().filter(|work| counts(work)).count()
    }

    /// Whether nothing runs.
    pub(super) fn is_idle(&self) -> bool {
        self.working.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORK: Work = Work { target: TargetId(7), customer: CustomerId(1), doubtful: false };

    #[tokio::test]
    async fn a_panic_ends_its_own_task_alone() {
        let mut crew = Crew::new();
        crew.start(WORK, async { panic!("a fault of one target's delivery") });
        assert_eq!(crew.ended().await, (TargetId(7), None::<u8>));
        assert!(crew.is_idle());
        crew.start(Work { target: TargetId(8), doubtful: true, ..WORK }, async { 1 });
        assert_eq!(crew.count(|work| work.doubtful), 1);
        assert_eq!(crew.ended().await, (TargetId(8), Some(1)));
        assert_eq!(crew.count(|_| true), 0);
        assert_eq!(crew.ended_already(), None);
    }
}
