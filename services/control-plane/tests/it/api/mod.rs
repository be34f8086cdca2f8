//! One file per resource.

mod api_keys;
mod billing;
mod budget_adjustments;
mod budgets;
mod connection_settings;
mod connections;
mod constraint_proof;
mod constraints;
mod derived_keys;
mod explanations;
mod fact_statements;
mod management_keys;
mod members;
mod organizations;
mod projects;
mod provider_invoices;
mod rate_limits;
mod route_checks;
mod route_drafts;
mod route_rollouts;
mod route_simulations;
mod route_versions;
mod routes;
mod signals;
