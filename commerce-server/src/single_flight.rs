//! Work whose result callers share: while it is under way nobody starts it again, however long it takes.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use commerce_core::Error;
use tokio::sync::watch;

/// The last run of some work.
pub(crate) struct SingleFlight<T>(Mutex<Option<Run<T>>>);

/// One run of the work.
#[derive(Clone)]
pub(crate) struct Run<T> {
    pub(crate) started: Instant,
    /// The result, and when it came.
    done: watch::Receiver<Option<(Instant, Result<T, Error>)>>,
}

impl<T> Default for SingleFlight<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone + Send + Sync + 'static> SingleFlight<T> {
    /// Joins the run that is under way or ended less than `valid_for` ago, or starts `work`. Must be called in a runtime.
    pub(crate) fn join(
        &self,
        valid_for: Duration,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Run<T> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(run) = last.as_ref().filter(|run| run.is_valid(valid_for)) {
            return run.clone();
        }
        let (sender, done) = watch::channel(None);
        tokio::spawn(async move {
            let result = work.await;
            sender.send_replace(Some((Instant::now(), result)));
        });
        let run = Run { started: Instant::now(), done };
        *last = Some(run.clone());
        run
    }
}

impl<T: Clone> Run<T> {
    /// The result, or `None` if the run takes longer than `timeout` from its start.
    pub(crate) async fn result(mut self, timeout: Duration) -> Option<Result<T, Error>> {
        let until = tokio::time::Instant::from_std(self.started + timeout);
        match tokio::time::timeout_at(until, self.done.wait_for(Option::is_some)).await {
            Ok(Ok(done)) => done.as_ref().map(|(_, result)| result.clone()),
            Ok(Err(_)) => Some(Err(Error::Store("the task that did this panicked".into()))),
            Err(_) => None,
        }
    }

    fn is_valid(&self, valid_for: Duration) -> bool {
        match &*self.done.borrow() {
            Some((at, _)) => at.elapsed() < valid_for,
            // A task that panicked will never be done.
            None => self.done.has_changed().is_ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn work_under_way_is_joined_and_its_result_repeated_for_a_while() {
        let (flight, runs, go) =
            (SingleFlight::default(), Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let work = || {
            let (runs, go) = (runs.clone(), go.clone());
            async move {
                go.notified().await;
                Ok(runs.fetch_add(1, Ordering::Relaxed))
            }
        };
        let (first, second) = (flight.join(LONG, work()), flight.join(LONG, work()));
        assert!(first.clone().result(Duration::from_millis(1)).await.is_none(), "it takes longer");
        go.notify_one();
        for run in [first, second, flight.join(LONG, work())] {
            assert!(matches!(run.result(LONG).await, Some(Ok(0))));
        }
        let next = flight.join(Duration::ZERO, work());
        go.notify_one();
        assert!(matches!(next.result(LONG).await, Some(Ok(1))), "an old result is not repeated");
    }

    #[tokio::test]
    async fn work_that_panics_is_not_joined() {
        let flight = SingleFlight::default();
        let panicked = flight.join(LONG, async { panic!("as this test wants") });
        assert!(matches!(panicked.result(LONG).await, Some(Err(Error::Store(_)))));
        assert!(matches!(flight.join(LONG, async { Ok(7) }).result(LONG).await, Some(Ok(7))));
    }
}
