//! The only room with SQL: one module per table, functions named by verbs. Readers and writers take a connection that
//! `Database` or `Tx` opened for one tenant (or for the system), so row-level security stands behind every query.

pub mod account_keys;
pub mod activity;
pub mod api_keys;
pub mod audit;
pub mod budget_adjustments;
pub mod budget_alerts;
pub mod budget_keeping;
pub mod budget_relations;
pub mod budget_schedules;
pub mod budget_spend;
pub mod budgets;
pub mod catalog;
pub mod config;
pub mod connection_tests;
pub mod connections;
pub mod constraint;
mod constraints;
pub mod credit_accounts;
pub mod credit_charges;
pub mod credits;
pub mod database;
pub mod derived_keys;
pub mod experiment_figures;
pub mod fact_statements;
pub mod idempotency;
pub mod invites;
pub mod key_usage;
pub mod ledger;
pub mod ledger_rows;
pub mod ledger_state;
pub mod management_keys;
pub mod memberships;
pub mod migrations;
pub mod organizations;
pub mod outbox;
pub mod past_requests;
pub mod payment_events;
pub mod projects;
pub mod provider_invoices;
pub mod rate_limits;
pub mod referents;
pub mod requests;
pub mod rollout_figures;
pub mod route_drafts;
pub mod route_rollouts;
pub mod route_versions;
pub mod routes;
pub mod session_budgets;
pub mod sessions;
pub mod signal_sources;
pub mod signals;
pub mod snapshot;
mod status;
pub mod throttles;
pub mod top_ups;
pub mod usage_dead_letters;
pub mod usage_progress;
pub mod usage_records;
pub mod usage_rollups;
pub mod users;
pub mod verification;
pub mod webhook_deliveries;
pub mod webhooks;
pub mod worker_epochs;
pub mod workers;

pub use database::Database;

/// A connection inside an open transaction.
pub type Connection = sqlx::PgConnection;

/// Whether a row is only read or about to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// Only read.
    None,
    /// Kept from other writers to the end of the transaction.
    ForUpdate,
}
