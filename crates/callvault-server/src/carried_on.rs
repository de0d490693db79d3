//! Work that goes on when whoever waits for it leaves.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use tokio::runtime::Handle;

use crate::listen::stay::Stay;

/// Work that is done where it is awaited, as long as it is, and in a task of its own from then on. A task from the start
/// would do as well, but costs every request a change of thread and back.
///
/// A panic is an answer, not one of the task that waits.
pub(crate) struct CarriedOn<T: 'static> {
    work: Option<BoxFuture<'static, T>>,
    stay: Option<Stay>,
}

impl<T> CarriedOn<T> {
    /// Work of a connection with this stay; what has none is work of the process itself.
    pub(crate) fn new(stay: Option<Stay>, work: BoxFuture<'static, T>) -> Self {
        Self { work: Some(work), stay }
    }
}

impl<T> Future for CarriedOn<T> {
    /// The error is what the panic was raised with.
    type Output = Result<T, Box<dyn Any + Send>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Polled again after its end, which nobody does, it would wait for ever.
        let Some(work) = &mut self.work else { return Poll::Pending };
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => {
                self.work = None;
                Poll::Ready(Ok(output))
            }
            Err(panic) => {
                self.work = None;
                Poll::Ready(Err(panic))
            }
        }
    }
}

impl<T> Drop for CarriedOn<T> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take()
            && let Ok(runtime) = Handle::try_current()
        {
            match self.stay.take() {
                Some(stay) => drop(runtime.spawn(stay.carry_on(work))),
                None => drop(runtime.spawn(async move { drop(work.await) })),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn work_goes_on_when_nobody_waits_any_more() {
        let (go, wait) = oneshot::channel::<()>();
        let (done, finished) = oneshot::channel();
        let mut work = Box::pin(CarriedOn::new(
            None,
            Box::pin(async move {
                wait.await.expect("the word to go on");
                done.send(7).expect("somebody who listens");
            }),
        ));
        // Begun, and then left.
        assert!(futures_util::poll!(work.as_mut()).is_pending());
        drop(work);
        go.send(()).expect("the work is still there");
        assert_eq!(finished.await.expect("it came to its end"), 7);
    }

    #[tokio::test]
    async fn work_that_was_not_begun_is_done_as_well() {
        let (done, finished) = oneshot::channel();
        drop(CarriedOn::new(None, Box::pin(async move { done.send(7) })));
        assert_eq!(finished.await.expect("it was done"), 7);
    }

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        let work = async {
            tokio::task::yield_now().await;
            if true {
                panic!("on purpose");
            }
            1
        };
        let panic = CarriedOn::new(None, Box::pin(work)).await.expect_err("a panic");
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"on purpose"));
        assert_eq!(CarriedOn::new(None, Box::pin(async { 2 })).await.expect("no panic"), 2);
    }
}
