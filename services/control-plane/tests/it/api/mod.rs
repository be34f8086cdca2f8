//! One file per resource.

mod api_keys;
mod budgets;
mod connection_settings;
mod connections;
mod derived_keys;
mod management_keys;
mod members;
mod organizations;
mod projects;
mod rate_limits;
mod routes;
