//! Pure rules: no SQL, no HTTP, no clock. Values are parsed into types that cannot be wrong; called by `app` and `api`.

pub mod identity;
pub mod precondition;
pub mod role;
pub mod session;
