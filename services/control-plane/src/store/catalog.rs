//! Models and the priced ways to reach them. Written by the import, read by everybody.

use sluicegate_contracts::config::{Endpoint, Operation, PriceCard};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Connection, status};
use crate::domain::listed_facts::EvidenceOf;
use crate::domain::model_catalog::CatalogModel;
use crate::error::{Error, Result};

/// A price card as stored: without its version, which is a column of its own, so that equal prices are equal documents.
fn stored_price(card: &PriceCard) -> serde_json::Result<serde_json::Value> {
    let mut price = serde_json::to_value(card)?;
    if let Some(members) = price.as_object_mut() {
        members.remove(VERSION);
    }
    Ok(price)
}

fn price_card(mut price: serde_json::Value, version: u32) -> serde_json::Result<PriceCard> {
    if let Some(members) = price.as_object_mut() {
        members.insert(VERSION.to_owned(), version.into());
    }
    serde_json::from_value(price)
}

const VERSION: &str = "version";

/// An endpoint as stored. The price version counts on even while there is no price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEndpoint {
    /// What workers are told.
    pub endpoint: Endpoint,
    /// Version of the price, or of its absence.
    pub price_version: u32,
    /// Where its facts are from.
    pub evidence: EvidenceOf,
}

#[derive(Debug)]
struct EndpointRow {
    id: Uuid,
    model_id: String,
    provider: String,
    upstream_model: String,
    region: Option<String>,
    operations: Vec<String>,
    price: Option<serde_json::Value>,
    price_version: i32,
    context_window: Option<i64>,
    max_output_tokens: Option<i64>,
    facts: serde_json::Value,
    evidence: serde_json::Value,
    status: String,
}

impl TryFrom<EndpointRow> for StoredEndpoint {
    type Error = Error;

    fn try_from(row: EndpointRow) -> Result<Self> {
        let price_version = u32::try_from(row.price_version).map_err(Error::internal)?;
        let price = row
            .price
            .map(|price| price_card(price, price_version))
            .transpose()
            .map_err(Error::internal)?;
        Ok(Self {
            price_version,
            evidence: serde_json::from_value(row.evidence).map_err(Error::internal)?,
            endpoint: Endpoint {
                id: row.id.into(),
                model: row.model_id,
                provider: row.provider,
                upstream_model: row.upstream_model,
                region: row.region,
                operations: row.operations.iter().filter_map(|name| operation(name)).collect(),
                price,
                price_versions: Vec::new(),
                context_window: row.context_window.map(i64::cast_unsigned),
                max_output_tokens: row.max_output_tokens.map(i64::cast_unsigned),
                facts: serde_json::from_value(row.facts).map_err(Error::internal)?,
                status: status::of(&row.status),
            },
        })
    }
}

fn operation(name: &str) -> Option<Operation> {
    [
        Operation::ChatCompletions,
        Operation::Embeddings,
        Operation::Rerank,
    ]
    .into_iter()
    .find(|operation| operation.as_str() == name)
}

/// The endpoints of these providers, in service or not, locked until commit so that imports follow one another.
///
/// # Errors
/// When Postgres refuses.
pub async fn lock_endpoints(
    connection: &mut Connection,
    providers: &[String],
) -> Result<Vec<StoredEndpoint>> {
    let rows = sqlx::query_as!(
        EndpointRow,
        "select id, model_id, provider, upstream_model, region, operations, price, price_version,
                context_window, max_output_tokens, facts, evidence, status
         from catalog_endpoints where provider = any($1) order by id for update",
        providers,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(StoredEndpoint::try_from).collect()
}

/// The endpoints in service of these models.
///
/// # Errors
/// When Postgres refuses.
pub async fn endpoints_of(connection: &mut Connection, models: &[String]) -> Result<Vec<StoredEndpoint>> {
    let rows = sqlx::query_as!(
        EndpointRow,
        "select id, model_id, provider, upstream_model, region, operations, price, price_version,
                context_window, max_output_tokens, facts, evidence, status
         from catalog_endpoints where model_id = any($1) and status = 'active'
         order by model_id, provider, upstream_model",
        models,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(StoredEndpoint::try_from).collect()
}

/// The endpoints in service at these providers.
///
/// # Errors
/// When Postgres refuses.
pub async fn endpoints_at(connection: &mut Connection, providers: &[String]) -> Result<Vec<Endpoint>> {
    let rows = sqlx::query_as!(
        EndpointRow,
        "select id, model_id, provider, upstream_model, region, operations, price, price_version,
                context_window, max_output_tokens, facts, evidence, status
         from catalog_endpoints where provider = any($1) and status = 'active'
         order by provider, upstream_model",
        providers,
    )
    .fetch_all(connection)
    .await?;
    let stored = rows.into_iter().map(StoredEndpoint::try_from);
    stored.map(|stored| Ok(stored?.endpoint)).collect()
}

/// The models that providers serve under these names of their own: name and model, each pair once.
///
/// # Errors
/// When Postgres refuses.
pub async fn models_served_as(
    connection: &mut Connection,
    names: &[String],
) -> Result<Vec<(String, String)>> {
    let rows = sqlx::query!(
        "select distinct upstream_model, model_id from catalog_endpoints
         where upstream_model = any($1) and status = 'active' order by upstream_model, model_id",
        names,
    );
    let rows = rows.fetch_all(connection).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.upstream_model, row.model_id))
        .collect())
}

fn tokens(count: Option<u64>) -> Result<Option<i64>> {
    count.map(i64::try_from).transpose().map_err(Error::internal)
}

/// Writes models that are new or changed. Returns how many were.
///
/// # Errors
/// When Postgres refuses.
pub async fn upsert_model(
    connection: &mut Connection,
    model: &CatalogModel,
    now: OffsetDateTime,
) -> Result<bool> {
    let written = sqlx::query!(
        "insert into catalog_models as known
            (id, name, context_window, max_output_tokens, input_modalities, output_modalities, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (id) do update set
            name = excluded.name, context_window = excluded.context_window,
            max_output_tokens = excluded.max_output_tokens, input_modalities = excluded.input_modalities,
            output_modalities = excluded.output_modalities, updated_at = excluded.updated_at
         where (known.name, known.context_window, known.max_output_tokens, known.input_modalities,
                known.output_modalities)
            is distinct from (excluded.name, excluded.context_window, excluded.max_output_tokens,
                excluded.input_modalities, excluded.output_modalities)",
        model.id,
        model.name,
        tokens(model.context_window)?,
        tokens(model.max_output_tokens)?,
        &model.input,
        &model.output,
        now,
    )
    .execute(connection)
    .await?;
    Ok(written.rows_affected() > 0)
}

/// Writes an endpoint, new or changed, and remembers the version of its price.
///
/// # Errors
/// When Postgres refuses.
pub async fn upsert_endpoint(
    connection: &mut Connection,
    stored: &StoredEndpoint,
    now: OffsetDateTime,
) -> Result<()> {
    let endpoint = &stored.endpoint;
    let price = endpoint.price.as_ref().map(stored_price).transpose();
    let price = price.map_err(Error::internal)?;
    let price_version = i32::try_from(stored.price_version).map_err(Error::internal)?;
    let operations: Vec<String> = endpoint
        .operations
        .iter()
        .map(|one| one.as_str().to_owned())
        .collect();
    sqlx::query!(
        "insert into catalog_endpoints
            (id, model_id, provider, upstream_model, region, operations, price, price_version, context_window,
             max_output_tokens, status, updated_at, facts, evidence)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         on conflict (id) do update set
            model_id = excluded.model_id, operations = excluded.operations, price = excluded.price,
            price_version = excluded.price_version, context_window = excluded.context_window,
            max_output_tokens = excluded.max_output_tokens, status = excluded.status,
            updated_at = excluded.updated_at, facts = excluded.facts, evidence = excluded.evidence",
        endpoint.id.as_uuid(),
        endpoint.model,
        endpoint.provider,
        endpoint.upstream_model,
        endpoint.region,
        &operations,
        price,
        price_version,
        tokens(endpoint.context_window)?,
        tokens(endpoint.max_output_tokens)?,
        status::word(endpoint.status),
        now,
        serde_json::to_value(&endpoint.facts).map_err(Error::internal)?,
        serde_json::to_value(&stored.evidence).map_err(Error::internal)?,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into catalog_prices (endpoint_id, version, price, known_from) values ($1, $2, $3, $4)
         on conflict (endpoint_id, version) do nothing",
        endpoint.id.as_uuid(),
        price_version,
        price,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether there is anything in the catalog.
///
/// # Errors
/// When Postgres refuses.
pub async fn is_empty(connection: &mut Connection) -> Result<bool> {
    let some = sqlx::query_scalar!(r#"select exists(select from catalog_endpoints) as "some!""#);
    Ok(!some.fetch_one(connection).await?)
}

struct ModelRow {
    id: String,
    name: String,
    context_window: Option<i64>,
    max_output_tokens: Option<i64>,
    input_modalities: Vec<String>,
    output_modalities: Vec<String>,
}

impl From<ModelRow> for CatalogModel {
    fn from(row: ModelRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            context_window: row.context_window.map(i64::cast_unsigned),
            max_output_tokens: row.max_output_tokens.map(i64::cast_unsigned),
            input: row.input_modalities,
            output: row.output_modalities,
        }
    }
}

/// Models that can be reached, by id after `after`; `search` in id or name, through `provider`.
///
/// # Errors
/// When Postgres refuses.
pub async fn list_models(
    connection: &mut Connection,
    search: Option<&str>,
    provider: Option<&str>,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<CatalogModel>> {
    let rows = sqlx::query_as!(
        ModelRow,
        "select id, name, context_window, max_output_tokens, input_modalities, output_modalities
         from catalog_models model
         where ($1::text is null or strpos(model.id, lower($1)) > 0 or strpos(lower(model.name), lower($1)) > 0)
           and ($3::text is null or model.id > $3)
           and exists (
                select from catalog_endpoints endpoint
                where endpoint.model_id = model.id and endpoint.status = 'active'
                  and ($2::text is null or endpoint.provider = $2)
           )
         order by id limit $4",
        search,
        provider,
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(CatalogModel::from).collect())
}

/// One model, if it can be reached.
///
/// # Errors
/// When Postgres refuses.
pub async fn find_model(connection: &mut Connection, id: &str) -> Result<Option<CatalogModel>> {
    let row = sqlx::query_as!(
        ModelRow,
        "select id, name, context_window, max_output_tokens, input_modalities, output_modalities
         from catalog_models model
         where id = $1 and exists (
            select from catalog_endpoints where model_id = model.id and status = 'active'
         )",
        id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(CatalogModel::from))
}
