//! What kind of place an account is at. Follows from its connection alone, so that it is worked out once and not at every
//! decision.

use sluicegate_contracts::config::{Connection, ProviderId};

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Site {
    /// It is at the provider itself, and not at a server that speaks like it: what the catalog says of the service holds.
    pub is_own: bool,
    /// It is a gateway itself and is sent what the caller demands and wishes of providers: it answers for them.
    pub is_gateway: bool,
}

impl Site {
    /// Neither: a server of somebody, or the built-in echo.
    pub const OTHER: Self = Self {
        is_own: false,
        is_gateway: false,
    };

    /// Where an account is.
    #[must_use]
    pub fn of(account: &Connection) -> Self {
        let Ok(provider) = account.provider.parse::<ProviderId>() else {
            return Self::OTHER;
        };
        let host = account.base_url.host_str();
        Self {
            is_own: host.is_some_and(|host| provider.is_own_host(host)),
            is_gateway: provider == ProviderId::OpenRouter,
        }
    }
}
