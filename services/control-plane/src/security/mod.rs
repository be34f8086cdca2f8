//! How people prove who they are: passwords, access tokens, refresh tokens. Called by `app::sessions` and the extractors.

pub mod access_tokens;
pub mod passwords;
pub mod refresh_tokens;
