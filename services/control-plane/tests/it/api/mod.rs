//! One file per resource.

mod api_keys;
mod connections;
mod members;
mod organizations;
mod projects;
mod routes;
