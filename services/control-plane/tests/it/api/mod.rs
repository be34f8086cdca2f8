//! One file per resource.

mod api_keys;
mod connection_settings;
mod connections;
mod members;
mod organizations;
mod projects;
mod routes;
