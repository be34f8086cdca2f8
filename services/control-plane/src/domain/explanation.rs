//! Where a request would go that nobody has made: the rules of its route in order, then the engine itself, and the same
//! record that a worker keeps of a decision. Pure. Nothing is known of how endpoints fare.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use sluicegate_contracts::config::{Constraints, Level, Operation, RouteTarget, Rule, Strategy};
use sluicegate_contracts::event::ConfigHead;
use sluicegate_contracts::ids::{ApiKeyId, RequestId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::usage::{Decision, RequestShape};
use sluicegate_metering::{CallSize, Prompt, Span};
use sluicegate_routing::experiment::{Whose, draw};
use sluicegate_routing::rules::{Condition, Modalities, Observed, Readings, Signals};
use sluicegate_routing::select::Pool;
use sluicegate_routing::strategy::objective;
use sluicegate_routing::{
    Bounds, Candidate, Ceiling, Decided, Demand, NoRoute, Preferences, RequestFeatures, RoutingInput, Seed,
    Selection, Target, Unknown, plan,
};

use super::replay::{StatedOf, Today, target, terms, turn};

/// Longest that a call takes where a worker is set up as usual, in milliseconds: prices that change until then count.
const LONGEST_CALL_MS: i64 = 4_200_000;

/// What might be asked.
#[derive(Debug)]
pub struct Hypothetical {
    /// Its id, which weighted and near-equal choices are drawn by.
    pub request: RequestId,
    /// What the engine is told.
    pub features: RequestFeatures,
    /// What kind of request it is.
    pub shape: RequestShape,
    /// The language of what its user says last, one of those that conditions know; empty: it cannot be told.
    pub language: &'static str,
    /// By which API it comes.
    pub dialect: String,
    /// The model name as sent.
    pub model: String,
    /// Headers that conditions may read.
    pub headers: Vec<(String, String)>,
    /// Texts in its metadata.
    pub metadata: Vec<(String, String)>,
    /// For whom it is.
    pub user: Option<String>,
    /// In which session.
    pub session: Option<String>,
    /// Its tags, in ascending order.
    pub tags: Vec<String>,
    /// The key it is made with.
    pub key: Option<ApiKeyId>,
    /// What it demands itself.
    pub constraints: Constraints,
    /// How it would have the candidates tried.
    pub preferences: Preferences,
    /// What it may cost.
    pub max_cost: Option<NanoUsd>,
}

/// What its model name means.
#[derive(Debug)]
pub enum Meaning<'r> {
    /// Models, each to be tried after the one before.
    Models(Vec<RouteTarget>),
    /// A route.
    Route {
        /// Its rules.
        rules: &'r [Rule],
        /// Whether the name is an alias of it.
        by_alias: bool,
    },
}

/// Everything besides the request that decides.
#[derive(Debug)]
pub struct Surroundings<'w> {
    /// The configuration that is in force.
    pub config: ConfigHead,
    /// Accounts, catalog and constraints; those of the key are among those above.
    pub today: &'w Today,
    /// What is stated of accounts.
    pub stated: &'w StatedOf,
    /// Signals of the project.
    pub signals: &'w Signals,
}

/// What would come of it.
#[derive(Debug)]
pub struct Explained {
    /// The decision.
    pub decision: Decision,
    /// The code of the error that its caller would get; `None`: it would be sent.
    pub refusal: Option<&'static str>,
    /// Whether measures would decide, of which nothing is known.
    pub is_measured: bool,
}

/// Decides.
#[must_use]
pub fn explain(asked: &Hypothetical, meaning: &Meaning<'_>, around: &Surroundings<'_>) -> Explained {
    let (mut readings, mut drawn) = (Readings::default(), None);
    let (rule, named, selection) = match meaning {
        Meaning::Models(models) => (None, models.as_slice(), Selection::Direct),
        Meaning::Route { rules, by_alias } => {
            let rule;
            (rule, readings) = deciding(rules, asked, around);
            let targets = rule.map_or(&[][..], |rule| rule.targets.as_slice());
            let experiment = rule.and_then(|rule| rule.experiment.as_ref());
            drawn = experiment.map(|experiment| draw(experiment, &whose(asked)));
            let selection = Selection::Route {
                strategy: rule.map_or(Strategy::Ordered, |rule| rule.strategy),
                by_alias: *by_alias,
            };
            (rule, targets, selection)
        }
    };
    let targets: Vec<Target<'_>> = named
        .iter()
        .map(|it| Target {
            turn: turn(drawn.as_ref(), it),
            ..target(it, around.today, around.stated)
        })
        .collect();
    let bounds = HypotheticalBounds { asked, around };
    let input = RoutingInput {
        selection,
        targets: &targets,
        features: asked.features,
        demands: &demands(asked, rule, around.today),
        ceiling: asked.max_cost.map(|most| Ceiling {
            most,
            bounds: &bounds,
        }),
        preferences: &asked.preferences,
        now: around.today.now,
        live: &Unknown,
        held: Duration::ZERO,
        seed: Seed::from_id(asked.request.as_uuid().as_u128()),
    };
    let outcome = plan(&input, &mut Pool::default());
    let decided = Decided {
        config: around.config,
        features: &asked.features,
        shape: asked.shape,
        rule: rule.map(|rule| rule.name.as_str()),
        drawn: drawn.as_ref(),
        readings: &readings,
        language: Some(asked.language).filter(|it| !it.is_empty()),
        targets: &targets,
        bounds: Some(&bounds),
        outcome: outcome.as_ref(),
    };
    Explained {
        decision: decided.written(true),
        refusal: outcome.as_ref().err().map(refusal),
        is_measured: match selection {
            Selection::Direct => false,
            Selection::Route { strategy, .. } => objective(strategy).is_some(),
        } || asked.preferences.goes_by_measures(),
    }
}

/// What it says of itself that an experiment can draw for.
fn whose(asked: &Hypothetical) -> Whose<'_> {
    Whose {
        session: asked.session.as_deref(),
        user: asked.user.as_deref(),
        key: asked.key,
        headers: &asked.headers,
        metadata: &asked.metadata,
        request: Seed::from_id(asked.request.as_uuid().as_u128()),
    }
}

/// The first rule that applies, and what conditions are told of endpoints and budgets: that it is not known. A condition that
/// cannot be read, which cannot be published, never holds.
fn deciding<'r>(
    rules: &'r [Rule],
    asked: &Hypothetical,
    around: &Surroundings<'_>,
) -> (Option<&'r Rule>, Readings) {
    let read = |rule: &Rule| rule.when.as_deref().map(Condition::read);
    let conditions: Vec<_> = rules.iter().map(read).collect();
    let questions: BTreeSet<_> = conditions
        .iter()
        .flatten()
        .flatten()
        .flat_map(Condition::questions)
        .collect();
    let readings = questions.into_iter().map(|it| (it.clone(), None)).collect();
    let key = asked.key.map(|key| key.to_string()).unwrap_or_default();
    let observed = observed(asked, &key, &readings, around);
    let applies = |condition: &Option<Result<Condition, _>>| match condition {
        None => true,
        Some(Ok(condition)) => condition.holds(&observed),
        Some(Err(_)) => false,
    };
    let mut each = rules.iter().zip(&conditions);
    let rule = each
        .find(|(_, condition)| applies(condition))
        .map(|(rule, _)| rule);
    (rule, readings)
}

fn observed<'r>(
    asked: &'r Hypothetical,
    key: &'r str,
    readings: &'r Readings,
    around: &'r Surroundings<'_>,
) -> Observed<'r> {
    let (features, shape) = (&asked.features, &asked.shape);
    Observed {
        input_tokens: u64::from(features.input_tokens),
        max_output_tokens: features.max_output_tokens,
        stream: features.stream,
        operation: features.operation,
        language: asked.language,
        dialect: &asked.dialect,
        model: &asked.model,
        modalities: Modalities {
            image: shape.image,
            audio: shape.audio,
            file: shape.file,
        },
        tools: shape.tools,
        json_schema: shape.json_schema,
        reasoning: shape.reasoning,
        headers: &asked.headers,
        metadata: &asked.metadata,
        user: asked.user.as_deref(),
        session: asked.session.as_deref(),
        tags: &asked.tags,
        key,
        now: around.today.now,
        signals: around.signals,
        readings,
    }
}

/// What stands over the request, outermost first.
fn demands<'r>(asked: &'r Hypothetical, rule: Option<&'r Rule>, today: &'r Today) -> Vec<Demand<'r>> {
    let above = |is_wanted: fn(Level) -> bool| {
        let above = today.above.iter().filter(move |(level, _)| is_wanted(*level));
        above.map(|(level, constraints)| (*level, constraints))
    };
    above(|level| level < Level::Route)
        .chain(rule.map(|rule| (Level::Route, &rule.constraints)))
        .chain(above(|level| level > Level::Route))
        .chain([(Level::Request, &asked.constraints)])
        .filter(|(_, constraints)| !constraints.are_none())
        .map(|(level, constraints)| Demand { level, constraints })
        .collect()
}

/// The code that a caller would get.
fn refusal(none: &NoRoute) -> &'static str {
    if none.is_for_size() {
        "context_length_exceeded"
    } else if none.is_by_choice() {
        "constraint_filtered"
    } else {
        "no_route"
    }
}

/// What it can cost by the counts it was described with.
struct HypotheticalBounds<'r> {
    asked: &'r Hypothetical,
    around: &'r Surroundings<'r>,
}

impl Bounds for HypotheticalBounds<'_> {
    fn bound(&self, candidate: &Candidate<'_>) -> Option<NanoUsd> {
        let today = self.around.today;
        let Some(terms) = terms(candidate, today.organization) else {
            return Some(NanoUsd::ZERO);
        };
        let features = &self.asked.features;
        let generated = match features.operation {
            Operation::Embeddings | Operation::Rerank => Some(0),
            Operation::ChatCompletions => {
                let of_model = candidate
                    .endpoint
                    .and_then(|it| it.max_output_tokens.or(it.context_window));
                features.max_output_tokens.or(of_model)
            }
        };
        let prompt = Prompt::Tokens(u64::from(features.input_tokens));
        let span = Span {
            from: today.now,
            until: today.now.offset(LONGEST_CALL_MS),
        };
        let quote = terms.quote(&CallSize::of_text(prompt, generated), span);
        quote.ok()?.bound().ok()
    }
}

impl fmt::Debug for HypotheticalBounds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HypotheticalBounds").finish_non_exhaustive()
    }
}
