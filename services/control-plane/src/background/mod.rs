//! What the control plane does without being asked. Each task is an idempotent pass without input: it looks at the
//! state, does what is due, and can be run again at any time, here or in another process. `driver` runs them.

pub mod budget_keeper;
pub mod budget_periods;
pub mod credit_expiry;
pub mod credit_tranches;
pub mod driver;
pub mod exchanges;
pub mod housekeeping;
pub mod metrics;
pub mod outbox_relay;
pub mod rollouts;
pub mod signal_fetcher;
pub mod usage_ingester;
pub mod usage_watch;
pub mod webhook_sender;

use sluicegate_service_runtime::process::Runtime;

use crate::outbound::Outbound;
use crate::startup::Seams;
use crate::state::AppState;
use budget_keeper::BudgetKeeper;
use budget_periods::BudgetPeriods;
use credit_expiry::CreditExpiry;
use credit_tranches::CreditTranches;
use driver::{Driver, Task};
use exchanges::Exchanges;
use housekeeping::Housekeeping;
use metrics::BackgroundMetrics;
use outbox_relay::OutboxRelay;
use rollouts::Rollouts;
use signal_fetcher::SignalFetcher;
use usage_ingester::UsageIngester;
use usage_watch::UsageWatch;
use webhook_sender::WebhookSender;

/// Starts every task of the control plane; they stop with the drain of the runtime's tasks.
pub fn start(state: &AppState, seams: &Seams, outbound: &Outbound) {
    let Runtime {
        tasks,
        registry,
        health,
        ..
    } = &seams.runtime;
    let metrics = BackgroundMetrics::register(registry);
    let driver = Driver::new(tasks.clone(), health.clone());
    let (state, bus, queue) = (state.clone(), seams.bus.clone(), seams.queue.clone());
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
        let (state, escrow) = (state.clone(), seams.escrow.clone());
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
    {
        let state = state.clone();
        driver.start(move || Rollouts::new(state.clone()));
    }
    {
        let (state, outbound) = (state.clone(), outbound.clone());
        let exchanges = Exchanges::new(tasks.clone(), SignalFetcher::NAME);
        driver.start(move || SignalFetcher::new(state.clone(), outbound.clone(), exchanges.clone()));
    }
    {
        let (state, outbound) = (state.clone(), outbound.clone());
        let exchanges = Exchanges::new(tasks.clone(), WebhookSender::NAME);
        driver.start(move || WebhookSender::new(state.clone(), outbound.clone(), exchanges.clone()));
    }
    driver.start(move || Housekeeping::new(state.clone()));
}
