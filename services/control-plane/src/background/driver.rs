//! Runs background tasks: a pass when its time has come or when poked, one at a time, with the outcome of the last one
//! as a readiness check. A drain ends the loop between two passes, never within one.

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use sluicegate_service_runtime::health::{CheckHandle, Health};
use sluicegate_service_runtime::shutdown::Tasks;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Pause after a failed pass, so that a dependency that is away is not asked without end.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Something that is done again and again.
pub trait Task: Send + 'static {
    /// Its name in logs and readiness checks.
    const NAME: &'static str;
    /// Time from the end of a pass to the next.
    const INTERVAL: Duration;

    /// Does what is due. Short enough to be awaited when the process stops.
    fn pass(&mut self) -> impl Future<Output = anyhow::Result<Pass>> + Send;

    /// Ends when a pass is worth it before its time. Dropped when something else comes first.
    fn woken(&self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }
}

/// How a pass ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Nothing is left to do.
    Idle,
    /// More is there: the next pass follows at once.
    More,
}

/// Makes a task's next pass come at once. Poking twice before it starts is poking once.
#[derive(Debug, Clone, Default)]
pub struct Poke(Arc<Notify>);

impl Poke {
    /// Asks for a pass.
    pub fn poke(&self) {
        self.0.notify_one();
    }
}

/// Starts tasks.
#[derive(Debug, Clone)]
pub struct Driver {
    tasks: Tasks,
    health: Health,
}

impl Driver {
    /// A driver whose tasks are tracked by `tasks` and report to `health`.
    #[must_use]
    pub fn new(tasks: Tasks, health: Health) -> Self {
        Self { tasks, health }
    }

    /// Runs the task that `make` makes until the drain; after a panic, a new one.
    pub fn start<T: Task>(&self, make: impl Fn() -> T + Send + 'static) -> Poke {
        let poke = Poke::default();
        let check = self.health.register(T::NAME);
        check.ok("not run yet");
        let (drain, poked) = (self.tasks.drain_token(), poke.clone());
        self.tasks.supervise(T::NAME, PAUSE_AFTER_FAILURE, move || {
            drive(make(), check.clone(), poked.clone(), drain.clone())
        });
        poke
    }
}

async fn drive<T: Task>(mut task: T, check: CheckHandle, poke: Poke, drain: CancellationToken) {
    let mut failing = false;
    while !drain.is_cancelled() {
        let pause = match task.pass().await {
            Ok(pass) => {
                if failing {
                    tracing::info!(task = T::NAME, "works again");
                }
                failing = false;
                check.ok("last pass succeeded");
                match pass {
                    Pass::More => continue,
                    Pass::Idle => T::INTERVAL,
                }
            }
            Err(error) => {
                report_failure(T::NAME, &check, &error, failing);
                failing = true;
                T::INTERVAL.max(PAUSE_AFTER_FAILURE)
            }
        };
        tokio::select! {
            () = drain.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
            () = poke.0.notified(), if !failing => {}
            () = task.woken(), if !failing => {}
        }
    }
}

/// Tells an outage once at warning level, however many passes it lasts.
fn report_failure(task: &'static str, check: &CheckHandle, error: &impl Display, failing: bool) {
    if failing {
        tracing::debug!(task, %error, "still failing");
    } else {
        tracing::warn!(task, %error, "a pass failed; it is tried again until it succeeds");
    }
    // Serving the API does not depend on it, so traffic may still come.
    check.degraded("the last pass failed; it is tried again");
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    struct Counting(Arc<AtomicU32>);

    impl Task for Counting {
        const NAME: &'static str = "counting";
        const INTERVAL: Duration = Duration::from_secs(3_600);

        async fn pass(&mut self) -> anyhow::Result<Pass> {
            tokio::task::yield_now().await;
            match self.0.fetch_add(1, Ordering::SeqCst) {
                0 => Ok(Pass::More),
                1 => Ok(Pass::Idle),
                2 => panic!("on purpose"),
                _ => anyhow::bail!("on purpose"),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn passes_follow_pokes_survive_panics_and_end_with_the_drain() {
        let (tasks, health, count) = (Tasks::new(), Health::new(), Arc::new(AtomicU32::new(0)));
        let seen = Arc::clone(&count);
        let poke = Driver::new(tasks.clone(), health.clone()).start(move || Counting(Arc::clone(&seen)));
        let reached = async |passes| {
            while count.load(Ordering::SeqCst) < passes {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        reached(2).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(count.load(Ordering::SeqCst), 2, "idle until poked");
        poke.poke();
        reached(4).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
        let report = health.report();
        assert!(report.ready && report.checks["counting"].message.contains("failed"));
        assert!(tasks.join(Duration::from_secs(5)).await.is_ok());
    }
}
