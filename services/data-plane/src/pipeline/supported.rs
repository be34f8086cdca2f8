//! Which parameters a model, or a route, is known to take here: what the facts of an endpoint that serves it say it can do, as
//! far as the dialect that its provider is called in can say it. Called by the listing of models.

use sluicegate_protocols::Dialect;
use sluicegate_protocols::models_list::{Capability, parameters};
use sluicegate_routing::Candidate;
use sluicegate_routing::facts::Known;

use super::resolve::candidates;
use crate::snapshot::{Catalog, ProjectView};
use crate::upstream::spoken_by;

/// The parameters by OpenRouter's names, each once. One endpoint that takes it is enough, and for a route one of any of its
/// rules: calls that need a parameter pass over targets that lack it, and a rule may be there for just these calls.
pub(crate) fn supported_parameters(
    name: &str,
    project: &ProjectView,
    catalog: &Catalog,
) -> Vec<&'static str> {
    let mut supported: Vec<&'static str> = Vec::new();
    for candidate in reached(name, project, catalog) {
        for parameter in taken_by(&candidate) {
            if !supported.contains(&parameter) {
                supported.push(parameter);
            }
        }
    }
    supported.sort_unstable();
    supported
}

fn reached<'s>(name: &'s str, project: &'s ProjectView, catalog: &'s Catalog) -> Vec<Candidate<'s>> {
    let Some(live) = project.routes.get(name) else {
        return candidates(name, None, project, catalog).unwrap_or_default();
    };
    let targets = live.route.rules.iter().flat_map(|rule| &rule.targets);
    targets
        .filter_map(|target| candidates(&target.model, target.connection, project, catalog))
        .flatten()
        .collect()
}

fn taken_by(candidate: &Candidate<'_>) -> impl Iterator<Item = &'static str> {
    let known = Known::of(candidate);
    let dialect = spoken_by(candidate.provider, candidate.upstream_model, Dialect::OpenAiChat);
    let capabilities = [
        (Capability::Tools, known.tools()),
        (Capability::JsonSchema, known.json_schema()),
        (Capability::Reasoning, known.reasoning()),
    ];
    let known_to_be_able = capabilities.into_iter().filter(|(_, can)| *can == Some(true));
    known_to_be_able
        .filter_map(move |(capability, _)| Some(parameters(capability, dialect?)))
        .flatten()
        .copied()
}
