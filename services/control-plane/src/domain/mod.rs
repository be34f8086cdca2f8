//! Pure rules: no SQL, no HTTP, no clock. Values are parsed into types that cannot be wrong; called by `app` and `api`.

pub mod base_url;
mod bedrock_models;
pub mod budget_books;
pub mod budget_draft;
pub mod budget_window;
pub mod identity;
pub mod instant;
pub mod key_cap;
pub mod key_grants;
pub mod model_catalog;
pub mod model_names;
pub mod model_pattern;
pub mod precondition;
pub mod price_text;
pub mod principal;
pub mod provider_settings;
pub mod providers;
pub mod rate_limit_draft;
pub mod role;
pub mod route_draft;
pub mod session;
mod unlisted_prices;
pub mod usage_progress;
pub mod usage_query;
