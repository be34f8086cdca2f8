//! How a process stops: the first signal drains, tracked tasks finish by a deadline, the second signal stops at once.
//!
//! Every background task of the product is spawned through [`Tasks`], so that stopping can wait for it and name what
//! did not finish.

use std::collections::HashMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The background tasks of one process (or of one application inside it), and the token that asks them to finish.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    drain: CancellationToken,
    running: Arc<Mutex<Running>>,
}

#[derive(Debug, Default)]
struct Running {
    next: u64,
    tasks: HashMap<u64, (&'static str, Option<AbortHandle>)>,
}

/// Tasks that did not finish by the deadline and were aborted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not finished by the deadline: {}", .0.join(", "))]
pub struct Unfinished(pub Vec<&'static str>);

/// A second signal arrived: whatever was still running was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stopped at once by a second signal")]
pub struct StoppedAtOnce;

impl Tasks {
    /// No tasks, not draining.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancelled when the process should take no new work and finish what it has.
    #[must_use]
    pub fn drain_token(&self) -> CancellationToken {
        self.drain.clone()
    }

    /// Runs `task` in the background under `name`. A panic ends the task alone and is logged; the process goes on.
    pub fn spawn(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let id = self.enter(name);
        let running = Arc::clone(&self.running);
        let tracked = async move {
            let _leave = Leave { id, running };
            if AssertUnwindSafe(task).catch_unwind().await.is_err() {
                tracing::error!(task = name, "a background task panicked");
            }
        };
        self.attach(id, self.tracker.spawn(tracked).abort_handle());
    }

    /// Runs the task made by `start` and makes it anew whenever it ends or panics before the drain, after `pause`.
    pub fn supervise<F>(
        &self,
        name: &'static str,
        pause: Duration,
        mut start: impl FnMut() -> F + Send + 'static,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        let drain = self.drain.clone();
        self.spawn(name, async move {
            loop {
                let panicked = AssertUnwindSafe(start()).catch_unwind().await.is_err();
                if drain.is_cancelled() {
                    return;
                }
                tracing::error!(
                    task = name,
                    panicked,
                    "a background task ended early and is started again"
                );
                tokio::time::sleep(pause).await;
            }
        });
    }

    /// Asks every task to finish and waits until they have, or until `deadline` has passed; then aborts the rest.
    ///
    /// # Errors
    /// [`Unfinished`] with the names of the aborted tasks.
    pub async fn join(&self, deadline: Duration) -> Result<(), Unfinished> {
        self.drain.cancel();
        self.tracker.close();
        if tokio::time::timeout(deadline, self.tracker.wait()).await.is_ok() {
            return Ok(());
        }
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<_> = running.tasks.values().map(|(name, _)| *name).collect();
        names.sort_unstable();
        for handle in running.tasks.values().filter_map(|(_, handle)| handle.as_ref()) {
            handle.abort();
        }
        Err(Unfinished(names))
    }

    fn enter(&self, name: &'static str) -> u64 {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.next += 1;
        let id = running.next;
        running.tasks.insert(id, (name, None));
        id
    }

    fn attach(&self, id: u64, handle: AbortHandle) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, slot)) = running.tasks.get_mut(&id) {
            *slot = Some(handle);
        }
    }
}

/// Forgets a task when its future is gone, however it went.
struct Leave {
    id: u64,
    running: Arc<Mutex<Running>>,
}

impl Drop for Leave {
    fn drop(&mut self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.tasks.remove(&self.id);
    }
}

/// Runs `serve` to its end. SIGTERM or SIGINT cancels `drain`, upon which `serve` should finish; a second signal drops
/// it. Called once, from `main`.
///
/// # Errors
/// The outer error when signal handlers cannot be installed; [`StoppedAtOnce`] after a second signal.
pub async fn until_stopped<T>(
    drain: &CancellationToken,
    serve: impl Future<Output = T>,
) -> std::io::Result<Result<T, StoppedAtOnce>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stopped = async {
        either(&mut terminate, &mut interrupt).await;
        tracing::info!("stopping: no new work is taken; a second signal stops at once");
        drain.cancel();
        either(&mut terminate, &mut interrupt).await;
    };
    Ok(tokio::select! {
        outcome = serve => Ok(outcome),
        () = stopped => Err(StoppedAtOnce),
    })
}

async fn either(first: &mut Signal, second: &mut Signal) {
    tokio::select! {
        _ = first.recv() => {}
        _ = second.recv() => {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use rustix::process::{Signal as Number, getpid, kill_process};

    use super::*;

    /// The first poll of the server comes after the handlers are in place, so no signal ends the test itself.
    async fn after_signals(numbers: &[Number], linger: bool) -> Result<(), StoppedAtOnce> {
        let drain = CancellationToken::new();
        let serve = async {
            for number in numbers {
                kill_process(getpid(), *number).unwrap();
                drain.cancelled().await;
            }
            if linger {
                std::future::pending::<()>().await;
            }
        };
        let stopped = tokio::time::timeout(Duration::from_secs(10), until_stopped(&drain, serve));
        stopped.await.unwrap().unwrap()
    }

    /// One test, since signals reach the whole process: tests side by side would hear each other's.
    #[tokio::test]
    async fn the_first_signal_drains_and_the_second_cuts() {
        for first in [Number::TERM, Number::INT] {
            assert_eq!(after_signals(&[first], false).await, Ok(()));
            for second in [Number::TERM, Number::INT] {
                let cut = after_signals(&[first, second], true).await;
                assert_eq!(cut, Err(StoppedAtOnce), "{first:?} {second:?}");
            }
        }
    }

    #[tokio::test]
    async fn join_waits_for_tasks_that_heed_the_drain() {
        let tasks = Tasks::new();
        let drain = tasks.drain_token();
        tasks.spawn("heeds", async move { drain.cancelled().await });
        assert_eq!(tasks.join(Duration::from_secs(10)).await, Ok(()));
    }

    #[tokio::test]
    async fn join_names_and_aborts_the_rest() {
        let tasks = Tasks::new();
        tasks.spawn("panics", async { panic!("on purpose") });
        tasks.spawn("stubborn", std::future::pending());
        let unfinished = tasks.join(Duration::from_millis(50)).await.unwrap_err();
        assert_eq!(unfinished, Unfinished(vec!["stubborn"]));
        assert_eq!(tasks.join(Duration::from_secs(10)).await, Ok(()));
    }

    #[tokio::test]
    async fn a_supervised_task_starts_again_after_a_panic() {
        let tasks = Tasks::new();
        let starts = Arc::new(AtomicU32::new(0));
        let (drain, seen) = (tasks.drain_token(), Arc::clone(&starts));
        tasks.supervise("moody", Duration::ZERO, move || {
            let (drain, seen) = (drain.clone(), Arc::clone(&seen));
            async move {
                assert!(seen.fetch_add(1, Ordering::SeqCst) >= 2, "on purpose");
                drain.cancelled().await;
            }
        });
        while starts.load(Ordering::SeqCst) < 3 {
            tokio::task::yield_now().await;
        }
        assert_eq!(tasks.join(Duration::from_secs(10)).await, Ok(()));
    }
}
