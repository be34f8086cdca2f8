//! Successful answers: JSON with entity tag, location and configuration version. A plain value, so that the answer to a
//! request with an Idempotency-Key can be kept and given again.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::{Deserialize, Serialize};
use sluicegate_contracts::event::ConfigVersion;

use crate::app::Committed;
use crate::domain::precondition::etag;
use crate::error::{Error, Result};

/// Tells a caller which version its change led to.
pub const CONFIG_VERSION_HEADER: &str = "x-sluicegate-config-version";
/// Tells a caller that this answer was given before.
const REPLAYED_HEADER: &str = "idempotency-replayed";

/// An answer that succeeded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reply {
    status: u16,
    body: Option<String>,
    etag: Option<String>,
    location: Option<String>,
    version: Option<ConfigVersion>,
    #[serde(skip)]
    replayed: bool,
}

impl Reply {
    fn new(status: StatusCode, body: Option<String>) -> Self {
        Self {
            status: status.as_u16(),
            body,
            etag: None,
            location: None,
            version: None,
            replayed: false,
        }
    }

    /// 200 with a body.
    ///
    /// # Errors
    /// Internal, when the body cannot be serialized.
    pub fn ok(body: &impl Serialize) -> Result<Self> {
        Ok(Self::new(
            StatusCode::OK,
            Some(serde_json::to_string(body).map_err(Error::internal)?),
        ))
    }

    /// 200 with the state of something at `revision`, which becomes its entity tag.
    ///
    /// # Errors
    /// Internal, when the body cannot be serialized.
    pub fn state(revision: i64, body: &impl Serialize) -> Result<Self> {
        Ok(Self::ok(body)?.at_revision(revision))
    }

    /// 201 with a body and where to find it again.
    ///
    /// # Errors
    /// Internal, when the body cannot be serialized.
    pub fn created(location: String, body: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_string(body).map_err(Error::internal)?;
        let mut reply = Self::new(StatusCode::CREATED, Some(body));
        reply.location = Some(location);
        Ok(reply)
    }

    /// 204.
    #[must_use]
    pub fn no_content() -> Self {
        Self::new(StatusCode::NO_CONTENT, None)
    }

    /// With the entity tag of `revision`.
    #[must_use]
    pub fn at_revision(mut self, revision: i64) -> Self {
        self.etag = Some(etag(revision));
        self
    }

    /// With the configuration version the change led to.
    #[must_use]
    pub fn at_version(mut self, version: Option<ConfigVersion>) -> Self {
        self.version = version;
        self
    }

    /// The configuration version the change led to.
    #[must_use]
    pub fn version(&self) -> Option<ConfigVersion> {
        self.version
    }

    /// Marked as given before.
    #[must_use]
    pub fn replayed(mut self) -> Self {
        self.replayed = true;
        self
    }
}

impl From<Committed<Self>> for Reply {
    fn from(committed: Committed<Self>) -> Self {
        committed.value.at_version(committed.version)
    }
}

impl Responder for Reply {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(etag) = self.etag {
            response.insert_header((header::ETAG, etag));
        }
        if let Some(location) = self.location {
            response.insert_header((header::LOCATION, location));
        }
        if let Some(version) = self.version {
            response.insert_header((CONFIG_VERSION_HEADER, version.0.to_string()));
        }
        if self.replayed {
            response.insert_header((REPLAYED_HEADER, "true"));
        }
        match self.body {
            Some(body) => response.content_type("application/json").body(body),
            None => response.finish(),
        }
    }
}
