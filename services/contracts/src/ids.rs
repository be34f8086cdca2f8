//! Every id of the product in one alphabetical list: a time-ordered UUID inside, `prefix_` + base32 outside.
//!
//! The text form is the TypeID form: the prefix, an underscore, and the 128 bits as 26 characters of lowercase
//! Crockford base32, so ids sort by creation time as text too. Parsing refuses another entity's prefix.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const ENCODED_LEN: usize = 26;

/// Why a text is not an id of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseIdError {
    /// The text does not start with the prefix of the expected kind.
    #[error("expected an id that starts with `{0}_`")]
    Prefix(&'static str),
    /// The part after the prefix is not 26 characters of Crockford base32.
    #[error("expected 26 characters of base32 after the prefix")]
    Encoding,
}

fn encode(uuid: Uuid) -> [u8; ENCODED_LEN] {
    let bits = uuid.as_u128();
    let mut out = [0; ENCODED_LEN];
    for (index, slot) in out.iter_mut().enumerate() {
        let shift = 5 * (ENCODED_LEN - 1 - index);
        *slot = ALPHABET[((bits >> shift) & 31) as usize];
    }
    out
}

fn decode(text: &str) -> Option<Uuid> {
    let bytes = text.as_bytes();
    // 26 characters carry 130 bits; the first may only use its lower three.
    if bytes.len() != ENCODED_LEN || bytes[0] > b'7' {
        return None;
    }
    bytes
        .iter()
        .try_fold(0u128, |bits, byte| {
            let value = ALPHABET.iter().position(|letter| letter == byte)?;
            Some((bits << 5) | value as u128)
        })
        .map(Uuid::from_u128)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Text prefix of this kind of id, without the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// The bare UUID, for storage.
            #[must_use]
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($prefix, "_"))?;
                encode(self.0).iter().try_for_each(|byte| fmt::Write::write_char(f, char::from(*byte)))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let encoded = text
                    .strip_prefix(concat!($prefix, "_"))
                    .ok_or(ParseIdError::Prefix($prefix))?;
                decode(encoded).map(Self).ok_or(ParseIdError::Encoding)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A threshold of a budget that was reached.
    AlertId = "alt";
    /// An inference key.
    ApiKeyId = "key";
    /// One entry of the audit trail.
    AuditEventId = "aud";
    /// A change of the limit of one window of a budget.
    BudgetAdjustmentId = "adj";
    /// A limit of spend.
    BudgetId = "bud";
    /// A credentialed account at a provider.
    ConnectionId = "con";
    /// A catalog row: model × provider × region × variant, with price and facts.
    EndpointId = "ep";
    /// Facts that an organization states.
    FactStatementId = "fct";
    /// An invitation to an organization.
    InviteId = "inv";
    /// A business event of an organization's ledger.
    LedgerTransferId = "led";
    /// A key by which programs manage an organization.
    ManagementKeyId = "mgk";
    /// A user's membership of an organization.
    MembershipId = "mem";
    /// The tenant: the wall of isolation.
    OrganizationId = "org";
    /// The place inside an organization where keys, routes, budgets and logs live.
    ProjectId = "prj";
    /// What a provider billed, as uploaded.
    ProviderInvoiceId = "pin";
    /// A limit of requests, tokens or concurrency.
    RateLimitId = "lim";
    /// One inference call, as the caller sees it.
    RequestId = "req";
    /// A named, versioned policy.
    RouteId = "rt";
    /// A signed-in session (a family of rotating refresh tokens).
    SessionId = "ses";
    /// A value that a tenant pushes from outside for conditions of its routes.
    SignalId = "sig";
    /// Where the values of a signal are fetched from.
    SignalSourceId = "sgs";
    /// A payment for credit, asked for.
    TopUpId = "top";
    /// A person.
    UserId = "usr";
    /// An address that is told of events.
    WebhookId = "whk";
    /// One event on its way to a webhook.
    WebhookDeliveryId = "whd";
    /// A data-plane worker, stable over restarts of the same data directory.
    WorkerId = "wrk";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_round_trips_and_keeps_order(a: u128, b: u128) {
            let (a, b) = (ApiKeyId::from(Uuid::from_u128(a)), ApiKeyId::from(Uuid::from_u128(b)));
            prop_assert_eq!(a.to_string().parse::<ApiKeyId>(), Ok(a));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }

        #[test]
        fn parsing_never_panics(text in "\\PC{0,40}") {
            let _ = text.parse::<RouteId>();
            let _ = format!("rt_{text}").parse::<RouteId>();
        }
    }

    #[test]
    fn another_kind_or_an_overflow_is_refused() {
        let key = ApiKeyId::from(Uuid::from_u128(7)).to_string();
        assert_eq!(key.parse::<RouteId>(), Err(ParseIdError::Prefix("rt")));
        assert_eq!(
            "key_80000000000000000000000000".parse::<ApiKeyId>(),
            Err(ParseIdError::Encoding)
        );
    }
}
