//! The facts that the catalog holds of endpoints, each with its evidence: a committed list of seats and licenses, and what a
//! price list says of weights and capabilities. Pure; called by [`super::model_catalog`].

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use sluicegate_contracts::config::{About, Facts};

/// See `catalog/NOTICE`.
const LIST: &str = include_str!("../../catalog/facts.json");

/// Where a fact is from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// A page or a document.
    pub source: String,
    /// The day or the month it was seen, as ISO 8601 writes it; `None` when a list does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
}

/// Evidence by the name of the fact.
pub type EvidenceOf = BTreeMap<String, Evidence>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    about: About,
    facts: Facts,
    /// Where whoever doubts it can look; nobody vouches for a day on which it was looked up.
    source: String,
}

/// The list, the most particular first. Reading it is covered by a test; a list that cannot be read states nothing.
static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let mut entries: Vec<Entry> = serde_json::from_str(LIST).unwrap_or_default();
    entries.sort_by_key(|it| std::cmp::Reverse(it.about.particularity()));
    entries
});

/// What is known of `model` at `provider`; `listed` is what a price list with this evidence says.
#[must_use]
pub fn of(provider: &str, model: &str, listed: &Facts, list: &Evidence) -> (Facts, EvidenceOf) {
    let (mut known, mut evidence) = (Facts::UNKNOWN, EvidenceOf::new());
    for entry in ENTRIES.iter().filter(|it| it.about.fits(provider, None, model)) {
        let source = Evidence {
            source: entry.source.clone(),
            as_of: None,
        };
        take(&mut known, &entry.facts, &source, &mut evidence);
    }
    take(&mut known, listed, list, &mut evidence);
    (known, evidence)
}

/// Fills what is not known yet.
fn take(known: &mut Facts, facts: &Facts, source: &Evidence, evidence: &mut EvidenceOf) {
    let before = known.names();
    known.fill(facts);
    for name in known.names().into_iter().filter(|name| !before.contains(name)) {
        evidence.insert(name.to_owned(), source.clone());
    }
}

#[cfg(test)]
mod tests {
    use sluicegate_contracts::config::ProviderId;

    use super::super::countries;
    use super::*;

    #[test]
    fn the_list_reads_and_states_only_what_depends_on_no_contract() {
        let entries: Vec<Entry> = serde_json::from_str(LIST).unwrap();
        assert_eq!(entries.len(), ENTRIES.len());
        for entry in &entries {
            let about = &entry.about;
            assert!(about.connection.is_none() && (about.provider.is_some() != about.model.is_some()));
            if let Some(provider) = &about.provider {
                assert!(provider.parse::<ProviderId>().is_ok(), "{provider}");
                assert_eq!(entry.facts.names(), ["operator_home"], "{provider}");
            } else {
                let facts = &entry.facts;
                let of_model = ["author_home", "license", "distillable"];
                assert!(
                    facts.names().iter().all(|name| of_model.contains(name)),
                    "{about:?}"
                );
            }
            let places = [entry.facts.operator_home, entry.facts.author_home];
            let is_country = |code: String| countries::parse(&code).is_ok();
            assert!(
                places
                    .into_iter()
                    .flatten()
                    .all(|place| is_country(place.to_string()))
            );
            assert!(entry.source.starts_with("https://"), "{}", entry.source);
        }
    }

    #[test]
    fn each_fact_has_its_own_evidence() {
        let list = Evidence {
            source: "a list".to_owned(),
            as_of: None,
        };
        let listed = Facts {
            open_weights: Some(true),
            ..Facts::UNKNOWN
        };
        let (facts, evidence) = of("groq", "openai/gpt-oss-120b", &listed, &list);
        assert_eq!(facts.operator_home.unwrap().to_string(), "US");
        assert_eq!(facts.license.as_deref(), Some("Apache-2.0"));
        assert_eq!((facts.open_weights, facts.retention_days), (Some(true), None));
        assert_eq!(evidence["open_weights"], list);
        assert!(evidence["operator_home"].source.contains("groq.com"));
        assert!(evidence["license"].source.contains("huggingface.co/openai"));
        assert_eq!(
            evidence.keys().collect::<Vec<_>>(),
            ["author_home", "license", "open_weights", "operator_home"]
        );
        let (nothing, evidence) = of("ollama", "somebody/llama", &Facts::UNKNOWN, &list);
        assert!(nothing.are_none() && evidence.is_empty());
    }
}
