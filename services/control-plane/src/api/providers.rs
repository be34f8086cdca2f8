//! The providers connections can be made to.

use actix_web::get;
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::Session;
use super::reply::Reply;
use crate::domain::providers::{self, PROVIDERS};
use crate::error::Result;

/// A provider.
#[derive(Serialize, ToSchema)]
struct Provider {
    /// Its id.
    #[schema(example = "openai")]
    id: &'static str,
    /// Its name for people.
    #[schema(example = "OpenAI")]
    name: &'static str,
    /// Its own base URL; null when the connection must name one.
    #[schema(required = true)]
    base_url: Option<&'static str>,
    /// Whether calls need a credential.
    needs_credential: bool,
    /// Where its models are documented.
    #[schema(required = true)]
    docs_url: Option<&'static str>,
}

impl From<&providers::Provider> for Provider {
    fn from(provider: &providers::Provider) -> Self {
        Self {
            id: provider.id,
            name: provider.name,
            base_url: provider.base_url,
            needs_credential: provider.needs_credential,
            docs_url: Some(provider.docs_url),
        }
    }
}

/// List providers
#[utoipa::path(
    operation_id = "list_providers", tag = "connections",
    responses(
        (status = 200, description = "Every provider, by id", body = [Provider]),
    )
)]
#[get("/providers")]
pub(super) async fn list_providers(_session: Session) -> Result<Reply> {
    Reply::ok(&PROVIDERS.iter().map(Provider::from).collect::<Vec<_>>())
}
