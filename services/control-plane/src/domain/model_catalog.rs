//! What a price and model list says, as catalog rows. Pure; the import decides what changes. What cannot be expressed exactly is
//! left out and counted, never rounded.

use std::collections::BTreeMap;

use sluicegate_contracts::config::{Facts, Operation, PriceCard, ProviderId};

use super::bedrock_models;
use super::listed_facts::{self, Evidence, EvidenceOf};
use super::model_names;
use super::models_dev::{self, Document, Modalities, ModelEntry};
use super::providers::{self, Provider};
use super::unlisted_prices;

/// A model, whoever serves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogModel {
    /// Canonical id, `vendor/model`.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Largest prompt plus answer, in tokens.
    pub context_window: Option<u64>,
    /// Largest answer, in tokens.
    pub max_output_tokens: Option<u64>,
    /// What it reads: `text`, `image`, …
    pub input: Vec<String>,
    /// What it writes.
    pub output: Vec<String>,
}

/// One priced way to reach a model, as a list describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogEndpoint {
    /// Canonical id of the model.
    pub model: String,
    /// Provider id.
    pub provider: &'static str,
    /// The provider's own name for the model.
    pub upstream_model: String,
    /// What it can be asked.
    pub operations: Vec<Operation>,
    /// Prices; their version is 0 here and is given by the import.
    pub price: Option<PriceCard>,
    /// Largest prompt plus answer, in tokens.
    pub context_window: Option<u64>,
    /// Largest answer, in tokens.
    pub max_output_tokens: Option<u64>,
    /// What is known of it beyond that.
    pub facts: Facts,
    /// And whence.
    pub evidence: EvidenceOf,
}

/// What a list says, and what of it was left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    /// Models by id.
    pub models: BTreeMap<String, CatalogModel>,
    /// Endpoints, by provider and upstream name.
    pub endpoints: Vec<CatalogEndpoint>,
    /// The known providers the list names; it speaks for these only.
    pub providers: Vec<&'static str>,
    /// Providers it names that cannot be reached.
    pub unknown_providers: u64,
    /// Rows of models that do not read and write text.
    pub not_text: u64,
    /// Embedding models of providers that cannot be asked for vectors here.
    pub not_reachable: u64,
    /// Endpoints whose price is missing or cannot be expressed.
    pub unpriced: u64,
}

impl Catalog {
    /// Reads a list.
    ///
    /// # Errors
    /// When the text is not JSON of that form.
    pub fn parse(text: &str) -> Result<Self, models_dev::Unreadable> {
        let document = Document::parse(text)?;
        let mut catalog = Self::default();
        for (id, entry) in document.providers {
            match providers::find(&id).filter(|provider| !provider.id.names_its_own_models()) {
                Some(provider) => {
                    catalog.providers.push(provider.id.as_str());
                    let models = distinct(provider, entry.models);
                    models
                        .into_iter()
                        .for_each(|(name, model)| catalog.add(provider, name, model));
                }
                None => catalog.unknown_providers += 1,
            }
        }
        catalog.add_facts(&document.source.evidence());
        Ok(catalog)
    }

    fn add(&mut self, provider: &'static Provider, upstream_model: String, entry: ModelEntry) {
        let has_text = |modalities: &[String]| modalities.iter().any(|modality| modality == "text");
        if !has_text(&entry.modalities.input) || !has_text(&entry.modalities.output) {
            self.not_text += 1;
            return;
        }
        let operation = operation(&upstream_model, entry.family.as_deref());
        if operation == Operation::Embeddings && !provider.id.has_embeddings() {
            self.not_reachable += 1;
            return;
        }
        let model = model_names::canonical(provider, &upstream_model);
        let price = entry
            .cost
            .as_ref()
            .and_then(|cost| models_dev::price_card(cost).ok());
        let price = price.map(|card| unlisted_prices::added(card, provider.id, &model));
        self.unpriced += u64::from(price.is_none());
        let endpoint = CatalogEndpoint {
            model,
            provider: provider.id.as_str(),
            upstream_model,
            operations: vec![operation],
            price,
            facts: Facts {
                open_weights: entry.open_weights,
                tools: entry.tool_call,
                json_schema: entry.structured_output,
                reasoning: entry.reasoning,
                ..Facts::UNKNOWN
            },
            evidence: EvidenceOf::new(),
            context_window: entry.limit.context.filter(|tokens| *tokens > 0),
            // Lists give the length of an embedding vector in this place.
            max_output_tokens: entry
                .limit
                .output
                .filter(|tokens| *tokens > 0 && operation == Operation::ChatCompletions),
        };
        self.describe(provider, &endpoint, entry.name, entry.modalities);
        self.endpoints.push(endpoint);
    }

    /// Adds what is known of every endpoint. Where rows of one model disagree about its weights, nothing is known of them;
    /// what a model can do depends on who serves it, so that each row speaks for itself.
    fn add_facts(&mut self, list: &Evidence) {
        let mut said: BTreeMap<String, Option<bool>> = BTreeMap::new();
        for endpoint in &self.endpoints {
            let Some(open) = endpoint.facts.open_weights else {
                continue;
            };
            let said = said.entry(endpoint.model.clone()).or_insert(Some(open));
            *said = said.filter(|before| *before == open);
        }
        for endpoint in &mut self.endpoints {
            endpoint.facts.open_weights = said.get(&endpoint.model).copied().flatten();
            let known = listed_facts::of(endpoint.provider, &endpoint.model, &endpoint.facts, list);
            (endpoint.facts, endpoint.evidence) = known;
        }
    }

    /// The vendor's own description of a model wins over that of those who host it.
    fn describe(
        &mut self,
        provider: &Provider,
        endpoint: &CatalogEndpoint,
        name: String,
        modalities: Modalities,
    ) {
        let vendor = endpoint.model.split_once('/').map(|(vendor, _)| vendor);
        let is_own = provider.vendor.is_some() && provider.vendor == vendor;
        if is_own || !self.models.contains_key(&endpoint.model) {
            let model = CatalogModel {
                id: endpoint.model.clone(),
                name,
                context_window: endpoint.context_window,
                max_output_tokens: endpoint.max_output_tokens,
                input: modalities.input,
                output: modalities.output,
            };
            self.models.insert(endpoint.model.clone(), model);
        }
    }
}

/// The rows of a provider, one per model where it lists a model under several ids.
fn distinct(provider: &Provider, mut models: BTreeMap<String, ModelEntry>) -> BTreeMap<String, ModelEntry> {
    if provider.id == ProviderId::Bedrock {
        let kept: Vec<String> = bedrock_models::preferred(models.keys().map(String::as_str))
            .into_iter()
            .map(str::to_owned)
            .collect();
        models.retain(|id, _| kept.contains(id));
    }
    models
}

/// Lists do not say what a model is asked for, but embedding models say it in their names.
fn operation(upstream_model: &str, family: Option<&str>) -> Operation {
    let says_embedding = |text: &str| text.to_lowercase().contains("embed");
    if says_embedding(upstream_model) || family.is_some_and(says_embedding) {
        Operation::Embeddings
    } else {
        Operation::ChatCompletions
    }
}

#[cfg(test)]
mod tests {
    use sluicegate_contracts::money::PicoUsd;

    use super::*;

    /// The list that a fresh deployment starts with.
    const SEED: &str = include_str!("../../catalog/models-dev.json");

    fn endpoint<'a>(catalog: &'a Catalog, provider: &str, upstream: &str) -> &'a CatalogEndpoint {
        let found = catalog
            .endpoints
            .iter()
            .find(|one| one.provider == provider && one.upstream_model == upstream);
        found.unwrap()
    }

    #[test]
    fn the_seed_reads_whole() {
        let catalog = Catalog::parse(SEED).unwrap();
        assert!(catalog.endpoints.len() > 700 && catalog.models.len() > 400);
        assert_eq!((catalog.unknown_providers, catalog.not_text), (0, 0));
        let mut known = providers::PROVIDERS.iter().map(|provider| provider.id);
        let missing =
            known.find(|id| !id.names_its_own_models() && !catalog.providers.contains(&id.as_str()));
        assert_eq!(
            missing, None,
            "every provider with models of its own has some in the seed"
        );
    }

    #[test]
    fn facts_have_evidence_and_none_is_made_up_from_rows_that_disagree() {
        let catalog = Catalog::parse(SEED).unwrap();
        for endpoint in &catalog.endpoints {
            let names: Vec<&str> = endpoint.evidence.keys().map(String::as_str).collect();
            let mut known = endpoint.facts.names();
            known.sort_unstable();
            assert_eq!(known, names, "{}", endpoint.model);
            assert!(endpoint.facts.retention_days.is_none() && endpoint.facts.trains.is_none());
        }
        let oss = endpoint(&catalog, "groq", "openai/gpt-oss-120b");
        assert_eq!(oss.facts.license.as_deref(), Some("Apache-2.0"));
        assert_eq!(
            endpoint(&catalog, "openai", "gpt-4o-mini").facts.open_weights,
            Some(false)
        );
        let row = |open: &str| {
            format!(
                r#"{{"models":{{"openai/x":{{"name":"X","modalities":{{"input":["text"],"output":["text"]}},"open_weights":{open}}}}}}}"#
            )
        };
        let list = format!(
            r#"{{"providers":{{"groq":{},"togetherai":{}}}}}"#,
            row("true"),
            row("false")
        );
        let disputed = Catalog::parse(&list).unwrap();
        assert!(
            disputed
                .endpoints
                .iter()
                .all(|it| it.facts.open_weights.is_none())
        );
    }

    #[test]
    fn what_a_model_can_do_is_what_its_row_says_and_unknown_where_it_is_silent() {
        let catalog = Catalog::parse(SEED).unwrap();
        let abilities = |provider, upstream| {
            let Facts {
                tools,
                json_schema,
                reasoning,
                ..
            } = endpoint(&catalog, provider, upstream).facts;
            (tools, json_schema, reasoning)
        };
        assert_eq!(
            abilities("openai", "gpt-4o-mini"),
            (Some(true), Some(true), Some(false))
        );
        assert_eq!(
            abilities("openai", "gpt-4"),
            (Some(true), Some(false), Some(false))
        );
        assert_eq!(
            abilities("azure", "phi-4-reasoning"),
            (Some(false), None, Some(true))
        );
    }

    #[test]
    fn prices_and_operations_come_out_exact() {
        let catalog = Catalog::parse(SEED).unwrap();
        let mini = endpoint(&catalog, "openai", "gpt-4o-mini");
        let price = mini.price.as_ref().unwrap();
        let rates = &price.rates;
        assert_eq!((rates.input.picos(), rates.output.picos()), (150_000, 600_000));
        assert_eq!(rates.cache_read.map(PicoUsd::picos), Some(75_000));
        assert_eq!(mini.operations, [Operation::ChatCompletions]);
        let embedding = endpoint(&catalog, "openai", "text-embedding-3-small");
        assert_eq!(embedding.operations, [Operation::Embeddings]);
        assert_eq!(embedding.max_output_tokens, None);
        let tiered = catalog
            .endpoints
            .iter()
            .filter_map(|one| one.price.as_ref())
            .find(|one| !one.tiers.is_empty());
        assert!(tiered.unwrap().tiers[0].above_input_tokens >= 100_000);
    }

    #[test]
    fn clouds_serve_models_under_the_names_their_vendors_give() {
        let catalog = Catalog::parse(SEED).unwrap();
        for (provider, upstream, model) in [
            (
                "amazon-bedrock",
                "global.anthropic.claude-sonnet-4-6",
                "anthropic/claude-sonnet-4-6",
            ),
            (
                "google-vertex",
                "claude-sonnet-4-6@default",
                "anthropic/claude-sonnet-4-6",
            ),
            ("anthropic", "claude-sonnet-4-6", "anthropic/claude-sonnet-4-6"),
            ("azure", "gpt-4o-mini", "openai/gpt-4o-mini"),
            ("google-vertex", "gemini-2.5-flash", "google/gemini-2.5-flash"),
            ("google", "gemini-2.5-flash", "google/gemini-2.5-flash"),
        ] {
            assert_eq!(endpoint(&catalog, provider, upstream).model, model);
        }
        let mut reached: Vec<_> = catalog
            .endpoints
            .iter()
            .map(|it| (it.provider, &it.upstream_model))
            .collect();
        reached.sort_unstable();
        reached.dedup();
        assert_eq!(
            reached.len(),
            catalog.endpoints.len(),
            "one row per provider and name"
        );
    }

    #[test]
    fn what_cannot_be_priced_is_listed_without_a_price() {
        let text = r#"{"providers":{"openai":{"models":{"a":{"name":"A","modalities":{"input":["text"],"output":["text"]},
            "cost":{"input":0.00000001,"output":1}},"b":{"name":"B","modalities":{"input":["text"],"output":["image"]}}}},
            "nobody":{"models":{}}}}"#;
        let catalog = Catalog::parse(text).unwrap();
        assert_eq!(
            (catalog.unpriced, catalog.not_text, catalog.unknown_providers),
            (1, 1, 1)
        );
        assert_eq!(catalog.endpoints[0].price, None);
        assert!(Catalog::parse("[]").is_err());
    }
}
