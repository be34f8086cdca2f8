//! Looks at the usage pipeline from outside: depth of the queue, holes in the records that stand open too long, and
//! watermarks published once more, in case the queue lost them.

use std::time::Duration;

use futures_util::FutureExt;
use sluicegate_backplane::UsageQueue;

use super::driver::{Pass, Task};
use super::metrics::BackgroundMetrics;
use super::usage_ingester::watermark;
use crate::state::AppState;
use crate::store::database::Scope;
use crate::store::usage_progress::{self, SourceProgress};

/// A hole that is older than this is a loss until proven otherwise: reclaiming and shipping again take less.
const GAP_SECONDS: i64 = 60;
const REPUBLISHED_HOURS: i64 = 1;

/// See the module.
pub struct UsageWatch {
    state: AppState,
    queue: UsageQueue,
    metrics: BackgroundMetrics,
    /// What was last told, so that a standing hole is told once.
    told: Vec<(usage_progress::Source, u64)>,
}

impl UsageWatch {
    /// The task.
    #[must_use]
    pub fn new(state: AppState, queue: UsageQueue, metrics: BackgroundMetrics) -> Self {
        Self {
            state,
            queue,
            metrics,
            told: Vec::new(),
        }
    }

    fn tell(&mut self, gaps: &[SourceProgress]) {
        self.metrics
            .usage_gaps
            .set(i64::try_from(gaps.len()).unwrap_or(i64::MAX));
        let mut standing = Vec::new();
        for gap in gaps {
            let Some((first, last)) = gap.progress.gap() else {
                continue;
            };
            if !self.told.contains(&(gap.source, first)) {
                let (worker, epoch) = (gap.source.worker, gap.source.epoch);
                tracing::error!(%worker, epoch, first, last, "usage records are missing");
            }
            standing.push((gap.source, first));
        }
        self.told = standing;
    }
}

impl Task for UsageWatch {
    const NAME: &'static str = "usage watch";
    const INTERVAL: Duration = Duration::from_secs(5);

    async fn pass(&mut self) -> anyhow::Result<Pass> {
        let now = self.state.now()?;
        let (gap, recent) = (
            now - time::Duration::seconds(GAP_SECONDS),
            now - time::Duration::hours(REPUBLISHED_HOURS),
        );
        let (gaps, updated) = self
            .state
            .within(Scope::System, move |connection| {
                async move {
                    let gaps = usage_progress::gaps_before(connection, gap).await?;
                    Ok((gaps, usage_progress::updated_since(connection, recent).await?))
                }
                .boxed()
            })
            .await?;
        self.tell(&gaps);
        let watermarks: Vec<_> = updated.iter().map(watermark).collect();
        self.queue.publish_watermarks(&watermarks).await?;
        let depth = self.queue.depth().await?;
        self.metrics
            .usage_queue_entries
            .set(i64::try_from(depth.entries)?);
        self.metrics
            .usage_queue_oldest
            .set(depth.oldest.map_or(0.0, |age| age.as_secs_f64()));
        Ok(Pass::Idle)
    }
}
