//! The request path of a whole worker over HTTP, with a scripted provider behind it.

#[cfg(test)]
mod account_api;
#[cfg(test)]
mod accounts;
#[cfg(test)]
mod asks;
#[cfg(test)]
mod auth;
#[cfg(test)]
mod budgets;
#[cfg(test)]
mod capabilities;
#[cfg(test)]
mod connection_test;
#[cfg(test)]
mod constraints;
mod credit;
#[cfg(test)]
mod decisions;
#[cfg(test)]
mod dialects;
#[cfg(test)]
mod disconnect;
#[cfg(test)]
mod drain;
#[cfg(test)]
mod echo;
#[cfg(test)]
mod endings;
#[cfg(test)]
mod experiments;
#[cfg(test)]
mod failover;
#[cfg(test)]
mod hedging;
#[cfg(test)]
mod languages;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod live;
#[cfg(test)]
mod metered;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod models;
#[cfg(test)]
mod not_ready;
#[cfg(test)]
mod on_exceed;
#[cfg(test)]
mod openrouter;
#[cfg(test)]
mod openrouter_asks;
#[cfg(test)]
mod output_cap;
#[cfg(test)]
mod passthrough;
#[cfg(test)]
mod pricing;
#[cfg(test)]
mod rate_limits;
#[cfg(test)]
mod rollouts;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod service_account;
#[cfg(test)]
mod session_budgets;
#[cfg(test)]
mod sightings;
#[cfg(test)]
mod ssrf;
#[cfg(test)]
mod state_conditions;
#[cfg(test)]
mod steering;
#[cfg(test)]
mod streaming;
#[cfg(test)]
mod support;
#[cfg(test)]
mod timeouts;
