//! Imports a price and model list: what is new or changed is published, what is gone is taken out of service, and the
//! rest is left alone, so importing the same list twice changes nothing. Used by the `import` command, and by the first
//! start of a deployment with the committed seed.

use std::collections::HashMap;
use std::fmt;

use futures_util::FutureExt;
use serde::Serialize;
use sluicegate_contracts::config::{Endpoint, Entity, PriceCard, Status};
use sluicegate_service_runtime::ids;

use super::{Ctx, Tx};
use crate::domain::model_catalog::{Catalog, CatalogEndpoint};
use crate::error::{Error, Result};
use crate::state::AppState;
use crate::store::catalog::{self, StoredEndpoint};
use crate::store::database::Scope;

/// The list a new deployment starts with.
pub const SEED: &str = include_str!("../../catalog/models-dev.json");

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ImportSummary {
    /// Models written because they are new or described differently.
    pub models_written: u64,
    /// Endpoints that were not known.
    pub endpoints_added: u64,
    /// Known endpoints that changed, also back into service.
    pub endpoints_changed: u64,
    /// Of those, how many have another price.
    pub prices_changed: u64,
    /// Endpoints the list no longer has, taken out of service.
    pub endpoints_disabled: u64,
    /// Endpoints that are as they were.
    pub endpoints_unchanged: u64,
    /// Endpoints without a usable price.
    pub unpriced: u64,
    /// Providers of the list that cannot be reached.
    pub unknown_providers: u64,
    /// Models that do not read and write text.
    pub not_text: u64,
}

impl fmt::Display for ImportSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} endpoints added, {} changed ({} in price), {} taken out of service, {} as they were; \
             {} models written; left out: {} providers that cannot be reached, {} models without text; \
             {} endpoints without a price",
            self.endpoints_added,
            self.endpoints_changed,
            self.prices_changed,
            self.endpoints_disabled,
            self.endpoints_unchanged,
            self.models_written,
            self.unknown_providers,
            self.not_text,
            self.unpriced,
        )
    }
}

/// Imports a list in the form of models.dev, in one transaction.
///
/// # Errors
/// When the text is no such list (a field error that says where), or Postgres refuses.
pub async fn import(state: &AppState, text: &str) -> Result<ImportSummary> {
    let list = Catalog::parse(text).map_err(|error| Error::field("", "not_a_list", error.to_string()))?;
    tracing::info!(
        endpoints = list.endpoints.len(),
        models = list.models.len(),
        "importing the catalog"
    );
    let ctx = Ctx::system("catalog import", state.now()?);
    let done = state.write(ctx, move |tx| apply(tx, list).boxed()).await?;
    tracing::info!(summary = %done.value, "imported the catalog");
    Ok(done.value)
}

/// Imports the seed unless there is a catalog already.
///
/// # Errors
/// As [`import`].
pub async fn import_seed_if_empty(state: &AppState) -> Result<Option<ImportSummary>> {
    if state
        .within(Scope::System, |connection| catalog::is_empty(connection).boxed())
        .await?
    {
        import(state, SEED).await.map(Some)
    } else {
        Ok(None)
    }
}

async fn apply(tx: &mut Tx, list: Catalog) -> Result<ImportSummary> {
    let now = tx.ctx().now;
    let mut summary = ImportSummary {
        unpriced: list.unpriced,
        unknown_providers: list.unknown_providers,
        not_text: list.not_text,
        ..ImportSummary::default()
    };
    for model in list.models.values() {
        summary.models_written += u64::from(catalog::upsert_model(tx.connection(), model, now).await?);
    }
    let providers: Vec<String> = list.providers.iter().map(|id| (*id).to_owned()).collect();
    let known = catalog::lock_endpoints(tx.connection(), &providers).await?;
    let mut known: HashMap<_, _> = known
        .into_iter()
        .map(|stored| {
            (
                key(&stored.endpoint.provider, &stored.endpoint.upstream_model),
                stored,
            )
        })
        .collect();
    for listed in list.endpoints {
        let stored = known.remove(&key(listed.provider, &listed.upstream_model));
        if let Some(next) = next(stored, listed, &mut summary) {
            put(tx, &next).await?;
        }
    }
    // In a fixed order, so that two control planes importing at once wait for instead of blocking each other.
    let mut gone: Vec<_> = known
        .into_values()
        .filter(|one| one.endpoint.status == Status::Active)
        .collect();
    gone.sort_by_key(|stored| stored.endpoint.id);
    for mut stored in gone {
        stored.endpoint.status = Status::Disabled;
        summary.endpoints_disabled += 1;
        put(tx, &stored).await?;
    }
    if summary.endpoints_added + summary.endpoints_changed + summary.endpoints_disabled > 0 {
        let detail = serde_json::to_value(&summary).map_err(Error::internal)?;
        tx.audit("catalog.imported", "catalog", &detail);
    }
    Ok(summary)
}

fn key(provider: &str, upstream_model: &str) -> (String, String) {
    (provider.to_owned(), upstream_model.to_owned())
}

async fn put(tx: &mut Tx, stored: &StoredEndpoint) -> Result<()> {
    let now = tx.ctx().now;
    catalog::upsert_endpoint(tx.connection(), stored, now).await?;
    tx.publish(&Entity::Endpoint(stored.endpoint.clone()))
}

/// What a listed endpoint becomes; `None` when it stays as it is.
fn next(
    stored: Option<StoredEndpoint>,
    listed: CatalogEndpoint,
    summary: &mut ImportSummary,
) -> Option<StoredEndpoint> {
    let at_version = |price: Option<PriceCard>, version| price.map(|price| PriceCard { version, ..price });
    let Some(stored) = stored else {
        summary.endpoints_added += 1;
        return Some(StoredEndpoint {
            price_version: 1,
            evidence: listed.evidence.clone(),
            endpoint: endpoint(ids::fresh(), None, listed, 1),
        });
    };
    let is_same_price = at_version(stored.endpoint.price.clone(), 0) == listed.price;
    let price_version = if is_same_price {
        stored.price_version
    } else {
        stored.price_version.saturating_add(1)
    };
    let region = stored.endpoint.region.clone();
    let next = StoredEndpoint {
        price_version,
        evidence: listed.evidence.clone(),
        endpoint: endpoint(stored.endpoint.id, region, listed, price_version),
    };
    if next == stored {
        summary.endpoints_unchanged += 1;
        return None;
    }
    summary.endpoints_changed += 1;
    summary.prices_changed += u64::from(!is_same_price);
    Some(next)
}

fn endpoint(
    id: sluicegate_contracts::ids::EndpointId,
    region: Option<String>,
    listed: CatalogEndpoint,
    price_version: u32,
) -> Endpoint {
    Endpoint {
        id,
        model: listed.model,
        provider: listed.provider.to_owned(),
        upstream_model: listed.upstream_model,
        region,
        operations: listed.operations,
        price: listed.price.map(|price| PriceCard {
            version: price_version,
            ..price
        }),
        price_versions: Vec::new(),
        context_window: listed.context_window,
        max_output_tokens: listed.max_output_tokens,
        facts: listed.facts,
        status: Status::Active,
    }
}
