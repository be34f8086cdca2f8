//! The catalog as people read it: models with the priced ways to reach them.

use std::cmp::Reverse;
use std::collections::HashMap;

use actix_web::{get, web};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::config::PriceCard;
use sluicegate_contracts::money::PicoUsd;
use utoipa::{IntoParams, ToSchema};

use super::extract::access;
use super::extract::{Cursor, PageQuery, SignedIn, Viewer};
use super::fact_shapes::KnownFact;
use super::money::Money;
use super::reply::Reply;
use super::shapes::Page;
use crate::domain::model_catalog::CatalogModel;
use crate::error::{Error, Result};
use crate::store::catalog;
use crate::store::fact_statements::{self, Stated};

/// A model and the ways to reach it.
#[derive(Serialize, ToSchema)]
struct Model {
    /// Canonical id, `vendor/model`; what callers send.
    #[schema(example = "openai/gpt-4o-mini")]
    id: String,
    /// Name for people.
    name: String,
    /// First half of the id.
    #[schema(example = "openai")]
    vendor: String,
    /// Largest prompt plus answer, in tokens.
    #[schema(required = true)]
    context_window: Option<u64>,
    /// Largest answer, in tokens.
    #[schema(required = true)]
    max_output_tokens: Option<u64>,
    /// What it reads and writes.
    modalities: Modalities,
    /// The priced ways to reach it.
    endpoints: Vec<ModelEndpoint>,
}

/// What a model reads and writes.
#[derive(Serialize, ToSchema)]
struct Modalities {
    /// `text`, `image`, …
    input: Vec<String>,
    /// `text`, …
    output: Vec<String>,
}

/// A priced way to reach a model.
#[derive(Serialize, ToSchema)]
struct ModelEndpoint {
    /// Provider id.
    provider: String,
    /// Region, when the provider tells them apart.
    #[schema(required = true)]
    region: Option<String>,
    /// The provider's own name for the model.
    upstream_model: String,
    /// What it can be asked: `chat_completions`, `embeddings`.
    operations: Vec<&'static str>,
    /// Prices; null when unknown.
    #[schema(required = true)]
    price: Option<Price>,
    /// What is known of it beyond that, and where each of it is from. What is not listed is not known.
    facts: Vec<KnownFact>,
}

/// Prices per million tokens.
#[derive(Serialize, ToSchema)]
struct Price {
    /// Prompt tokens.
    input_per_mtok: Money,
    /// Generated tokens.
    output_per_mtok: Money,
    /// Prompt tokens read from cache; null: as prompt tokens.
    #[schema(required = true)]
    cache_read_per_mtok: Option<Money>,
    /// Prompt tokens written to cache; null: as prompt tokens.
    #[schema(required = true)]
    cache_write_per_mtok: Option<Money>,
}

impl From<PriceCard> for Price {
    fn from(card: PriceCard) -> Self {
        let money = |price: PicoUsd| Money::from(price.per_million());
        Self {
            input_per_mtok: money(card.rates.input),
            output_per_mtok: money(card.rates.output),
            cache_read_per_mtok: card.rates.cache_read.map(money),
            cache_write_per_mtok: card.rates.cache_write.map(money),
        }
    }
}

impl ModelEndpoint {
    /// An endpoint as `stated`, the most particular first, leaves what is known of it.
    fn of(stored: catalog::StoredEndpoint, stated: &[Stated]) -> Self {
        let catalog::StoredEndpoint {
            endpoint, evidence, ..
        } = stored;
        let mut facts = KnownFact::listed(&endpoint.facts, &evidence);
        let fits = |it: &&Stated| it.statement.about.fits(&endpoint.provider, None, &endpoint.model);
        stated
            .iter()
            .filter(fits)
            .for_each(|it| KnownFact::state(&mut facts, it));
        Self {
            facts,
            provider: endpoint.provider,
            region: endpoint.region,
            upstream_model: endpoint.upstream_model,
            operations: endpoint
                .operations
                .into_iter()
                .map(|operation| operation.as_str())
                .collect(),
            price: endpoint.price.map(Price::from),
        }
    }
}

impl Model {
    fn of(model: CatalogModel, endpoints: Vec<ModelEndpoint>) -> Self {
        Self {
            vendor: model
                .id
                .split_once('/')
                .map_or_else(String::new, |(vendor, _)| vendor.to_owned()),
            id: model.id,
            name: model.name,
            context_window: model.context_window,
            max_output_tokens: model.max_output_tokens,
            modalities: Modalities {
                input: model.input,
                output: model.output,
            },
            endpoints,
        }
    }
}

/// Models are listed by their id.
impl Cursor for String {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        String::from_utf8(bytes.to_vec()).ok()
    }
}

/// Which models to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ModelsQuery {
    /// Part of the id or name, in any case.
    q: Option<String>,
    /// Only models this provider serves.
    provider: Option<String>,
    /// Facts as this organization (id or slug) states them, besides those of the catalog.
    organization: Option<String>,
}

/// Whose facts to show.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FactsOf {
    /// Facts as this organization (id or slug) states them, besides those of the catalog.
    organization: Option<String>,
}

/// More than an organization can state.
const ALL_STATEMENTS: i64 = 1_000;

/// What an organization states of more than one account, the most particular first; nothing when none is named.
async fn stated_by(who: &SignedIn, organization: Option<&str>) -> Result<Vec<Stated>> {
    let Some(named) = organization else {
        return Ok(Vec::new());
    };
    let organization = access::to_organization::<Viewer>(who, named).await?.organization;
    let mut stated = who
        .look_up(move |connection| {
            fact_statements::list(connection, organization, None, ALL_STATEMENTS).boxed()
        })
        .await?;
    stated.sort_by_key(|it| Reverse(it.statement.about.particularity()));
    Ok(stated)
}

/// List models
#[utoipa::path(
    operation_id = "list_models", tag = "models", params(ModelsQuery, PageQuery),
    responses(
        (status = 200, description = "Models that can be reached, by id", body = Page<Model>),
    )
)]
#[get("/models")]
pub(super) async fn list_models(
    who: SignedIn,
    query: web::Query<ModelsQuery>,
    page: PageQuery,
) -> Result<Reply> {
    let (fetch, after, query) = (page.fetch()?, page.before::<String>()?, query.into_inner());
    let stated = stated_by(&who, query.organization.as_deref()).await?;
    let (models, mut endpoints) = who
        .look_up(move |connection| {
            async move {
                let (q, provider) = (query.q.as_deref(), query.provider.as_deref());
                let models = catalog::list_models(connection, q, provider, after.as_deref(), fetch).await?;
                let ids: Vec<String> = models.iter().map(|model| model.id.clone()).collect();
                let endpoints = catalog::endpoints_of(connection, &ids).await?;
                Ok((models, by_model(endpoints, &stated)))
            }
            .boxed()
        })
        .await?;
    let shape = |model: CatalogModel| {
        let endpoints = endpoints.remove(&model.id).unwrap_or_default();
        Model::of(model, endpoints)
    };
    Reply::ok(&Page::of(&page, models, |model| model.id.clone(), shape)?)
}

fn by_model(
    endpoints: Vec<catalog::StoredEndpoint>,
    stated: &[Stated],
) -> HashMap<String, Vec<ModelEndpoint>> {
    let mut by_model: HashMap<String, Vec<ModelEndpoint>> = HashMap::new();
    for stored in endpoints {
        let model = stored.endpoint.model.clone();
        let shown = ModelEndpoint::of(stored, stated);
        by_model.entry(model).or_default().push(shown);
    }
    by_model
}

/// Read a model
#[utoipa::path(
    operation_id = "get_model", tag = "models",
    params(("vendor" = String, Path, description = "First half of the id"), ("name" = String, Path, description = "Second half of the id"), FactsOf),
    responses(
        (status = 200, description = "The model", body = Model),
    )
)]
#[get("/models/{vendor}/{name}")]
pub(super) async fn get_model(
    who: SignedIn,
    path: web::Path<(String, String)>,
    of: web::Query<FactsOf>,
) -> Result<Reply> {
    let stated = stated_by(&who, of.organization.as_deref()).await?;
    let (vendor, name) = path.into_inner();
    let id = format!("{vendor}/{name}");
    let (model, mut endpoints) = who
        .look_up(move |connection| {
            async move {
                let model = catalog::find_model(connection, &id)
                    .await?
                    .ok_or_else(Error::not_found)?;
                let endpoints = catalog::endpoints_of(connection, &[id]).await?;
                Ok((model, by_model(endpoints, &stated)))
            }
            .boxed()
        })
        .await?;
    let endpoints = endpoints.remove(&model.id).unwrap_or_default();
    Reply::ok(&Model::of(model, endpoints))
}
