//! Shapes that resources share: the list envelope, names, and the texts of times.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use super::extract::page::{self, Cursor, PageQuery};
use crate::domain::identity::{DisplayName, Slug};
use crate::error::{Error, Result};

const MAX_OVERLAP_SECONDS: u32 = 604_800;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows, newest first.
    pub data: Vec<T>,
    /// Whether there are older ones.
    pub has_more: bool,
    /// Ask for them with `?cursor=`.
    #[schema(required = true)]
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page of what was fetched with [`PageQuery::fetch`].
    ///
    /// # Errors
    /// When the caller asked for none or too many.
    pub fn of<R, C: Cursor>(
        query: &PageQuery,
        mut rows: Vec<R>,
        cursor: impl Fn(&R) -> C,
        shape: impl FnMut(R) -> T,
    ) -> Result<Self> {
        let limit = query.limit()?;
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows
            .last()
            .filter(|_| has_more)
            .map(|last| page::encode(&cursor(last)));
        Ok(Self {
            data: rows.into_iter().map(shape).collect(),
            has_more,
            next_cursor,
        })
    }
}

/// How to rotate a secret.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateSecret {
    /// For how long the current secret works on; 0 ends it at once.
    #[schema(minimum = 0, maximum = 604_800)]
    overlap_seconds: u32,
}

impl RotateSecret {
    /// For how long the current secret works on.
    ///
    /// # Errors
    /// `validation_failed` when that is too long.
    pub fn overlap(&self) -> Result<Duration> {
        if self.overlap_seconds > MAX_OVERLAP_SECONDS {
            let detail = "At most 604800 seconds (7 days).";
            return Err(Error::field("/overlap_seconds", "out_of_range", detail));
        }
        Ok(Duration::seconds(i64::from(self.overlap_seconds)))
    }
}

/// Something with a name for URLs and a name for people.
#[derive(Debug, Serialize, ToSchema)]
pub struct Named {
    /// Its id.
    pub id: String,
    /// Its name in URLs.
    pub slug: String,
    /// Its name for people.
    pub name: String,
}

/// Reads a field of a merge patch: absent is `None`, null is `Some(None)`.
///
/// # Errors
/// When the value does not fit.
pub fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// Reads a secret.
///
/// # Errors
/// When it is not a text.
pub fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

/// As [`secret`], in a merge patch: absent is `None`, null is `Some(None)`.
///
/// # Errors
/// When it is neither a text nor null.
pub fn nullable_secret<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Option<SecretString>>, D::Error> {
    Ok(Some(
        Option::<String>::deserialize(deserializer)?.map(SecretString::from),
    ))
}

/// As [`secret`], when it may be absent or null.
///
/// # Errors
/// When it is neither a text nor null.
pub fn optional_secret<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
}

/// Reads a time in a merge patch: absent is `None`, null is `Some(None)`.
///
/// # Errors
/// When it is neither an RFC 3339 time nor null.
pub fn nullable_time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Option<OffsetDateTime>>, D::Error> {
    time::serde::rfc3339::option::deserialize(deserializer).map(Some)
}

/// The body's field `name`.
///
/// # Errors
/// A finding at `/name`.
pub fn display_name(text: &str) -> Result<DisplayName> {
    DisplayName::parse(text, "/name").map_err(|finding| Error::validation(vec![finding]))
}

/// The body's field `slug`.
///
/// # Errors
/// A finding at `/slug`.
pub fn slug(text: &str) -> Result<Slug> {
    Slug::parse(text, "/slug").map_err(|finding| Error::validation(vec![finding]))
}
