//! How much may be begun with servers that tenants name.

use uuid::Uuid;

/// What may be begun beside that which is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeRoom {
    /// So many in all.
    pub count: i64,
    /// So many of an organization, counting those that are under way.
    pub share: i64,
    /// What an exchange is under way with.
    pub targets: Vec<Uuid>,
    /// Whose that is, in the same order.
    pub organizations: Vec<Uuid>,
}
