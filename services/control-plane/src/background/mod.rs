//! What the control plane does without being asked. Each task is an idempotent pass without input: it looks at the
//! state, does what is due, and can be run again at any time, here or in another process. `driver` runs them.

pub mod budget_keeper;
pub mod budget_periods;
pub mod credit_expiry;
pub mod credit_tranches;
pub mod driver;
pub mod housekeeping;
pub mod metrics;
pub mod outbox_relay;
pub mod usage_ingester;
pub mod usage_watch;

use sluicegate_backplane::{ConfigBus, Escrow, UsageQueue};
use sluicegate_service_runtime::health::Health;
use sluicegate_service_runtime::metrics::Registry;
use sluicegate_service_runtime::shutdown::Tasks;

use crate::state::AppState;
use budget_keeper::BudgetKeeper;
use budget_periods::BudgetPeriods;
use credit_expiry::CreditExpiry;
use credit_tranches::CreditTranches;
use driver::Driver;
use housekeeping::Housekeeping;
use metrics::BackgroundMetrics;
use outbox_relay::OutboxRelay;
use usage_ingester::UsageIngester;
use usage_watch::UsageWatch;

/// Starts every task of the control plane; they stop with the drain of `tasks`.
pub fn start(
    state: &AppState,
    bus: &ConfigBus,
    queue: &UsageQueue,
    escrow: &Escrow,
    tasks: &Tasks,
    registry: &Registry,
    health: &Health,
) {
    let metrics = BackgroundMetrics::register(registry);
    let driver = Driver::new(tasks.clone(), health.clone());
    let (state, bus, queue) = (state.clone(), bus.clone(), queue.clone());
    let relay = {
        let (state, metrics) = (state.clone(), metrics.clone());
        driver.start(move || OutboxRelay::new(state.clone(), bus.clone(), metrics.clone()))
    };
    outbox_relay::poke_on_notify(tasks, &state, relay);
    {
        let (state, queue, metrics) = (state.clone(), queue.clone(), metrics.clone());
        driver.start(move || UsageIngester::new(state.clone(), queue.clone(), metrics.clone()));
    }
    {
        let state = state.clone();
        driver.start(move || UsageWatch::new(state.clone(), queue.clone(), metrics.clone()));
    }
    {
        let state = state.clone();
        driver.start(move || BudgetPeriods::new(state.clone()));
    }
    {
        let (state, escrow) = (state.clone(), escrow.clone());
        driver.start(move || BudgetKeeper::new(state.clone(), escrow.clone()));
    }
    {
        let state = state.clone();
        driver.start(move || CreditExpiry::new(state.clone()));
    }
    {
        let state = state.clone();
        driver.start(move || CreditTranches::new(state.clone()));
    }
    driver.start(move || Housekeeping::new(state.clone()));
}
