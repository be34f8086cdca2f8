//! Keys that derive from another key of the project: for a team, a job or an agent, with smaller limits.

use actix_web::post;
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::ids::{ApiKeyId, BudgetId};
use sluicegate_metering::period::Interval;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::api_key_shapes::KeyWithSecret;
use super::budget_shapes::BudgetInterval;
use super::constraint_shapes::WriteConstraints;
use super::extract::{Creation, Developer, InProject, PathId};
use super::money::WriteMoney;
use super::reply::Reply;
use super::shapes::{display_name, nullable_time};
use crate::app::derived_keys::{self, Cap, Derivation};
use crate::domain::key_grants::GrantChanges;
use crate::error::{Error, Result};
use crate::problem::Problem;

/// A new key that derives from another. It gets what it names, which must not be more than the other has, and all that it
/// does not name as the other has it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeriveKey {
    /// Its name for people.
    #[schema(min_length = 1, max_length = 100, example = "run 42")]
    name: String,
    /// When it stops working; no later than the key it derives from.
    #[serde(default, deserialize_with = "nullable_time")]
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Option<OffsetDateTime>>,
    /// Models it may ask for; only those that the key it derives from may ask for.
    allowed_models: Option<Vec<String>>,
    /// What every endpoint must satisfy that serves its calls, besides what the keys it derives from demand.
    constraints: Option<WriteConstraints>,
    /// Most that it, and keys that derive from it, may spend: makes a hard budget over it. The budgets over the key it
    /// derives from count its calls in any case.
    limit: Option<WriteMoney>,
    /// In which time `limit` may be spent; `lifetime` when absent.
    interval: Option<BudgetInterval>,
}

/// A derived key, with the secret that is shown once.
#[derive(Serialize, ToSchema)]
pub(super) struct DerivedKey {
    /// The key and its secret.
    #[serde(flatten)]
    key: KeyWithSecret,
    /// Id of the budget that `limit` made.
    #[schema(value_type = Option<String>, required = true, example = "bud_01jd0000000000000000000000")]
    budget: Option<BudgetId>,
}

impl DeriveKey {
    fn derivation(self) -> Result<Derivation> {
        if self.limit.is_none() && self.interval.is_some() {
            let detail = "An interval says when a limit starts afresh: name a limit.";
            return Err(Error::field("/interval", "without_limit", detail));
        }
        Ok(Derivation {
            name: display_name(&self.name)?,
            grants: GrantChanges {
                expires_at: self.expires_at,
                allowed_models: self.allowed_models,
                constraints: self.constraints.map(WriteConstraints::checked).transpose()?,
            },
            cap: self.limit.map(|limit| Cap {
                limit: limit.amount,
                interval: self.interval.map_or(Interval::Lifetime, Into::into),
                counts_own_connections: true,
            }),
        })
    }
}

/// Derive a key
///
/// The new key can never do more than this one: its models, its end and the endpoints that serve it are bounded by this
/// key's, now and later, every budget over this key counts its calls, and it stops with this key. A key derives from at most four others, one through
/// the other.
#[utoipa::path(
    operation_id = "derive_key", tag = "keys", request_body = DeriveKey,
    params(
        ("project" = String, Path, description = "Id of the project"),
        ("key" = String, Path, description = "Id of the key to derive from"),
        ("Idempotency-Key" = Option<String>, Header, description = "Derive at most once per key, for 24 hours"),
    ),
    extensions(("x-sluicegate-role" = json!("developer"))),
    responses(
        (status = 201, description = "Derived; the secret is shown once", body = DerivedKey),
        (status = "default", description = "Problem; `errors` points to every finding", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/projects/{project}/keys/{key}/derive")]
pub(super) async fn derive_key(
    member: InProject<Developer>,
    parent: PathId<ApiKeyId>,
    body: Creation<DeriveKey>,
) -> Result<Reply> {
    let (once, body) = body.checked()?;
    let input = body.derivation()?;
    let (project, parent, now) = (member.project, parent.0, member.ctx.now);
    member
        .caller
        .create(once, move |tx| {
            async move {
                let (key, secret, budget) = derived_keys::derive(tx, project, parent, input).await?;
                let (id, revision) = (key.id, key.revision);
                let location = format!("/api/v1/projects/{project}/keys/{id}");
                let key = KeyWithSecret::of(key, &secret, now);
                Ok(Reply::created(location, &DerivedKey { key, budget })?.at_revision(revision))
            }
            .boxed()
        })
        .await
}
