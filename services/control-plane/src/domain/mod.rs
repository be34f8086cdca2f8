//! Pure rules: no SQL, no HTTP, no clock. Values are parsed into types that cannot be wrong; called by `app` and `api`.

pub mod base_url;
pub mod identity;
pub mod model_pattern;
pub mod precondition;
pub mod providers;
pub mod role;
pub mod route_draft;
pub mod session;
