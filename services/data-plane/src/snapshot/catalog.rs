//! The model catalog as an index: by canonical model, by provider and upstream name, by bare upstream name.
//!
//! Only endpoints in service are in it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sluicegate_contracts::config::Endpoint;

/// Every endpoint in service.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    models: BTreeMap<Arc<str>, Vec<Arc<Endpoint>>>,
    providers: HashMap<Arc<str>, HashMap<Arc<str>, Arc<Endpoint>>>,
    bare: HashMap<Arc<str>, Option<Arc<str>>>,
}

impl Catalog {
    /// Indexes `endpoints`. Where two claim the same provider and upstream name, the one with the lower id is kept.
    #[must_use]
    pub(super) fn index(endpoints: impl IntoIterator<Item = Arc<Endpoint>>) -> Self {
        let mut catalog = Self::default();
        for endpoint in endpoints {
            catalog.add(endpoint);
        }
        for endpoints in catalog.models.values_mut() {
            endpoints.sort_unstable_by_key(|endpoint| endpoint.id);
        }
        catalog
    }

    fn add(&mut self, endpoint: Arc<Endpoint>) {
        let model: Arc<str> = match self.models.get_key_value(endpoint.model.as_str()) {
            Some((model, _)) => Arc::clone(model),
            None => endpoint.model.as_str().into(),
        };
        let upstream: Arc<str> = endpoint.upstream_model.as_str().into();
        self.bare
            .entry(Arc::clone(&upstream))
            .and_modify(|only| {
                if only.as_ref() != Some(&model) {
                    *only = None;
                }
            })
            .or_insert_with(|| Some(Arc::clone(&model)));
        let by_name = self
            .providers
            .entry(endpoint.provider.as_str().into())
            .or_default();
        let holder = by_name.entry(upstream).or_insert_with(|| Arc::clone(&endpoint));
        if endpoint.id < holder.id {
            *holder = Arc::clone(&endpoint);
        }
        self.models.entry(model).or_default().push(endpoint);
    }

    /// The endpoints of a canonical model (`vendor/model`), by id; empty when it is unknown.
    #[must_use]
    pub fn by_model(&self, model: &str) -> &[Arc<Endpoint>] {
        self.models.get(model).map_or(&[], Vec::as_slice)
    }

    /// The endpoint a provider serves under its own name for a model.
    #[must_use]
    pub fn find(&self, provider: &str, upstream_model: &str) -> Option<&Arc<Endpoint>> {
        self.providers.get(provider)?.get(upstream_model)
    }

    /// The canonical model a bare upstream name stands for (`gpt-4o-mini`), when exactly one model has that name.
    #[must_use]
    pub fn bare(&self, name: &str) -> Option<&str> {
        self.bare.get(name)?.as_deref()
    }

    /// Every canonical model with its endpoints, in order of the names.
    pub fn models(&self) -> impl Iterator<Item = (&str, &[Arc<Endpoint>])> {
        self.models
            .iter()
            .map(|(model, endpoints)| (&**model, endpoints.as_slice()))
    }
}

#[cfg(test)]
mod tests {
    use sluicegate_contracts::config::{Facts, Status};
    use uuid::Uuid;

    use super::*;

    fn endpoint(id: u128, model: &str, provider: &str, upstream_model: &str) -> Arc<Endpoint> {
        Arc::new(Endpoint {
            id: Uuid::from_u128(id).into(),
            model: model.to_owned(),
            provider: provider.to_owned(),
            upstream_model: upstream_model.to_owned(),
            region: None,
            operations: Vec::new(),
            price: None,
            price_versions: Vec::new(),
            context_window: None,
            max_output_tokens: None,
            facts: Facts::UNKNOWN,
            status: Status::Active,
        })
    }

    #[test]
    fn finds_by_each_kind_of_name() {
        let catalog = Catalog::index([
            endpoint(3, "openai/gpt-4o", "azure", "gpt-4o"),
            endpoint(1, "openai/gpt-4o", "openai", "gpt-4o"),
            endpoint(2, "meta/llama-3", "groq", "llama3"),
            endpoint(4, "meta/llama-3-chat", "together", "llama3"),
        ]);
        let providers: Vec<_> = catalog
            .by_model("openai/gpt-4o")
            .iter()
            .map(|e| e.provider.as_str())
            .collect();
        assert_eq!(providers, ["openai", "azure"]);
        assert!(catalog.by_model("openai/gpt-5").is_empty());
        assert_eq!(catalog.find("groq", "llama3").unwrap().model, "meta/llama-3");
        assert!(catalog.find("groq", "gpt-4o").is_none());
        assert_eq!(catalog.bare("gpt-4o"), Some("openai/gpt-4o"));
        assert_eq!((catalog.bare("llama3"), catalog.bare("nobody")), (None, None));
        assert_eq!(catalog.models().count(), 3);
    }

    #[test]
    fn of_two_claims_the_lower_id_wins_in_any_order() {
        let (low, high) = (endpoint(1, "a/x", "p", "x"), endpoint(2, "b/x", "p", "x"));
        for order in [[&low, &high], [&high, &low]] {
            let catalog = Catalog::index(order.map(Arc::clone));
            assert_eq!(catalog.find("p", "x").unwrap().id, low.id);
            assert_eq!(catalog.bare("x"), None);
        }
    }
}
