//! What is wrong or doubtful about a route that could be published: rules that no request reaches, and targets that nothing
//! serves as things stand. Pure; what is wrong is refused, what is doubtful is told.

use std::collections::{BTreeSet, HashMap};

use sluicegate_contracts::config::{
    Connection, Constraints, Endpoint, Level, ProviderId, RouteTarget, Rule, Status,
};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_routing::constraints::{Demand, check as satisfies};
use sluicegate_routing::rules::{Condition, Measure, Question, nearest};
use sluicegate_routing::{Candidate, Credential, RejectionCode, Site};

use super::route_draft::CheckedRoute;
use crate::error::FieldError;

/// The model of the gateway itself, which needs no connection.
const BUILT_IN: &str = "sluicegate/echo";

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The route cannot be published.
    Error,
    /// It can, and may not do what its author expects.
    Warning,
}

/// Something about a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Where, what kind, and a sentence.
    pub field: FieldError,
}

/// What a route can reach as things stand.
#[derive(Debug, Clone, Default)]
pub struct Supply {
    /// Connections that the project may call through, switched off or not.
    pub connections: Vec<Connection>,
    /// Endpoints in service of the models that the route names.
    pub endpoints: Vec<Endpoint>,
    /// The canonical model that a provider's own name stands for.
    pub canonical: HashMap<String, String>,
    /// Names of the budgets of the organization.
    pub budgets: Vec<String>,
}

impl Supply {
    /// Whether a model name means anything, though perhaps nothing serves it now.
    #[must_use]
    pub fn knows(&self, model: &str) -> bool {
        let is_of_a_server = |it: &Connection| {
            let slug = model.split_once('/').map(|(slug, _)| slug);
            slug == Some(it.slug.as_str()) && names_its_own_models(it)
        };
        is_built_in(model) || !offered(model, self).is_empty() || self.connections.iter().any(is_of_a_server)
    }
}

/// One way in which a rule can be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The model as the target names it.
    pub model: String,
    /// Id of the provider.
    pub provider: String,
    /// Slug of the connection; `None` for what the gateway answers itself.
    pub connection: Option<String>,
}

/// What is left for a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Name of the rule.
    pub rule: String,
    /// In the order of its targets.
    pub ways: Vec<Way>,
}

/// What was found of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgment {
    /// In the order of the document.
    pub findings: Vec<Finding>,
    /// One for each rule.
    pub reach: Vec<Reach>,
}

impl Judgment {
    /// Of a route that cannot be read at all.
    #[must_use]
    pub fn of_errors(fields: Vec<FieldError>) -> Self {
        let errors = fields.into_iter().map(|field| Finding {
            severity: Severity::Error,
            field,
        });
        Self {
            findings: errors.collect(),
            reach: Vec::new(),
        }
    }

    /// Those findings that stand against publishing.
    #[must_use]
    pub fn errors(&self) -> Vec<FieldError> {
        self.of(Severity::Error)
    }

    /// Those that do not.
    #[must_use]
    pub fn warnings(&self) -> Vec<FieldError> {
        self.of(Severity::Warning)
    }

    fn of(&self, severity: Severity) -> Vec<FieldError> {
        let findings = self.findings.iter().filter(|it| it.severity == severity);
        findings.map(|it| it.field.clone()).collect()
    }

    fn note(&mut self, severity: Severity, at: String, code: &'static str, detail: impl Into<String>) {
        let field = FieldError::new(at, code, detail);
        self.findings.push(Finding { severity, field });
    }
}

/// Judges a route. `is_plain`: it is written without saying that it is a rule.
#[must_use]
pub fn judge(route: &CheckedRoute, is_plain: bool, supply: &Supply, now: UnixMillis) -> Judgment {
    let mut judgment = Judgment {
        findings: Vec::new(),
        reach: Vec::new(),
    };
    let mut before: Vec<(&str, Condition)> = Vec::new();
    for (index, rule) in route.rules.iter().enumerate() {
        let at = if is_plain {
            String::new()
        } else {
            format!("/rules/{index}")
        };
        let condition = rule.when.as_deref().and_then(|when| Condition::read(when).ok());
        if let Some(condition) = condition {
            let at = format!("{at}/when");
            reachable(&at, &condition, &before, &mut judgment);
            for question in condition.questions() {
                if let Some((code, detail)) = unanswerable(question, supply) {
                    judgment.note(Severity::Warning, at.clone(), code, detail);
                }
            }
            before.push((&rule.name, condition));
        }
        supplied(&at, rule, supply, now, &mut judgment);
    }
    judgment
}

fn reachable(at: &str, condition: &Condition, before: &[(&str, Condition)], judgment: &mut Judgment) {
    let earlier = before.iter().find(|(_, other)| other == condition);
    if condition.never_holds() {
        let detail = "No request can make this true, so the rule never applies.";
        judgment.note(Severity::Error, at.to_owned(), "never_holds", detail);
    } else if condition.always_holds() {
        let detail = "Every request makes this true, so no rule after this one is ever reached.";
        judgment.note(Severity::Error, at.to_owned(), "always_holds", detail);
    } else if let Some((name, _)) = earlier {
        let detail =
            format!("The rule {name:?} before it has the same condition, so this one is never reached.");
        judgment.note(Severity::Error, at.to_owned(), "unreachable", detail);
    }
}

/// Why nothing will ever be known of what a condition asks about: its value for what is not known counts then.
fn unanswerable(question: &Question, supply: &Supply) -> Option<Doubt> {
    let name = &*question.of;
    let meant = |near: Option<&str>| near.map_or_else(String::new, |near| format!(" Did you mean {near:?}?"));
    if question.measure == Measure::BudgetLeft {
        let known = || supply.budgets.iter().map(String::as_str);
        if known().any(|budget| budget == name) {
            return None;
        }
        let meant = meant(nearest(name, known()));
        let detail = format!("There is no budget {name:?}, so nothing is ever known of it.{meant}");
        return Some(("unknown_budget", detail));
    }
    let slugs = || supply.connections.iter().map(|it| it.slug.as_str());
    if let Some(over) = question.over.as_deref()
        && !slugs().any(|slug| slug == over)
    {
        let meant = meant(nearest(over, slugs()));
        let detail = format!("There is no connection {over:?}, so nothing is ever known of it.{meant}");
        return Some(("unknown_connection", detail));
    }
    if is_built_in(name) {
        let detail = format!("Nothing is measured of {name}, which the gateway answers itself.");
        return Some(("not_measured", detail));
    }
    if name.parse::<ProviderId>().is_ok() {
        let is_reached = supply.connections.iter().any(|it| it.provider == name);
        let detail = || format!("No connection reaches {name}, so nothing is ever known of it.");
        return (!is_reached).then(|| ("no_connection", detail()));
    }
    let target = RouteTarget {
        model: name.to_owned(),
        connection: None,
        weight: 1,
        arm: None,
    };
    let offers = offered(name, supply);
    reaching(&target, &offers, supply)
        .is_empty()
        .then(|| unreached(name, &offers))
}

fn supplied(at: &str, rule: &Rule, supply: &Supply, now: UnixMillis, judgment: &mut Judgment) {
    let mut ways = Vec::new();
    let mut served: BTreeSet<&str> = BTreeSet::new();
    for (index, target) in rule.targets.iter().enumerate() {
        let at = format!("{at}/targets/{index}");
        let (found, doubt) = reached(target, &rule.constraints, supply, now);
        if let Some((code, detail)) = doubt {
            judgment.note(Severity::Warning, format!("{at}/model"), code, detail);
        }
        served.extend(target.arm.as_deref().filter(|_| !found.is_empty()));
        ways.extend(found);
    }
    if ways.is_empty() {
        let detail =
            "As things stand nothing can serve this rule: every request that comes to it is refused.";
        judgment.note(
            Severity::Warning,
            format!("{at}/targets"),
            "matches_nothing",
            detail,
        );
    }
    let arms = rule.experiment.iter().flat_map(|it| &it.arms).enumerate();
    for (index, arm) in arms.filter(|(_, arm)| arm.weight > 0 && !served.contains(arm.name.as_str())) {
        let detail = format!(
            "As things stand nothing serves the arm {:?}: its requests go to the other targets.",
            arm.name
        );
        let at = format!("{at}/experiment/arms/{index}");
        judgment.note(Severity::Warning, at, "matches_nothing", detail);
    }
    judgment.reach.push(Reach {
        rule: rule.name.clone(),
        ways,
    });
}

type Doubt = (&'static str, String);

/// How a target can be served, and what is doubtful about that.
fn reached(
    target: &RouteTarget,
    constraints: &Constraints,
    supply: &Supply,
    now: UnixMillis,
) -> (Vec<Way>, Option<Doubt>) {
    let model = target.model.as_str();
    let way = |provider: &str, connection: Option<&Connection>| Way {
        model: model.to_owned(),
        provider: provider.to_owned(),
        connection: connection.map(|it| it.slug.clone()),
    };
    if is_built_in(model) {
        return (vec![way("sluicegate", None)], None);
    }
    let offers = offered(model, supply);
    let reaching = reaching(target, &offers, supply);
    if reaching.is_empty() {
        return (Vec::new(), Some(unreached(model, &offers)));
    }
    let has_credential = |it: &Connection| it.credential.is_some() || names_its_own_models(it);
    let in_service: Vec<_> = reaching
        .iter()
        .filter(|(it, _)| it.status == Status::Active)
        .collect();
    let ready: Vec<_> = in_service.iter().filter(|(it, _)| has_credential(it)).collect();
    let demand = Demand {
        level: Level::Route,
        constraints,
    };
    let mut codes: Vec<&str> = Vec::new();
    let allowed: Vec<_> = ready
        .iter()
        .filter(|(connection, offer)| {
            let verdict = satisfies(&candidate(model, connection, *offer), demand, now);
            codes.extend(verdict.err().map(RejectionCode::as_str));
            verdict.is_ok()
        })
        .collect();
    let doubt = if in_service.is_empty() {
        Some((
            "connection_disabled",
            format!("Every connection that reaches {model} is disabled."),
        ))
    } else if ready.is_empty() {
        Some((
            "no_credential",
            format!("No connection that reaches {model} has a credential."),
        ))
    } else if allowed.is_empty() {
        codes.dedup();
        let detail = format!(
            "The constraints of the rule leave nothing that serves {model}: {}.",
            codes.join(", ")
        );
        Some(("nothing_allowed", detail))
    } else if allowed
        .iter()
        .all(|(_, offer)| offer.is_none_or(|it| it.prices().is_empty()))
    {
        let detail = format!(
            "The price of {model} is not known: hard budgets that refuse unknown prices do not let it through."
        );
        Some(("price_unknown", detail))
    } else {
        None
    };
    let ways = allowed
        .iter()
        .map(|(connection, _)| way(&connection.provider, Some(connection)));
    (ways.collect(), doubt)
}

/// Whether the gateway answers a model itself.
pub(super) fn is_built_in(model: &str) -> bool {
    model.split(':').next() == Some(BUILT_IN)
}

/// The rows of the catalog for a model.
pub(super) fn offered<'s>(model: &str, supply: &'s Supply) -> Vec<&'s Endpoint> {
    let canonical = supply.canonical.get(model).map_or(model, String::as_str);
    let endpoints = supply.endpoints.iter();
    endpoints.filter(|it| it.model == canonical).collect()
}

/// The connections that reach a target, each with the row of the catalog that it serves.
pub(super) fn reaching<'s>(
    target: &RouteTarget,
    offers: &[&'s Endpoint],
    supply: &'s Supply,
) -> Vec<(&'s Connection, Option<&'s Endpoint>)> {
    let usable = || {
        let connections = supply.connections.iter();
        connections.filter(|it| target.connection.is_none_or(|only| it.id == only))
    };
    let own = target
        .model
        .split_once('/')
        .and_then(|(slug, _)| usable().find(|it| it.slug == slug && names_its_own_models(it)));
    if let Some(own) = own {
        return vec![(own, None)];
    }
    let served = |connection: &'s Connection| {
        let offers = offers.iter().filter(|it| it.provider == connection.provider);
        offers.map(move |it| (connection, Some(*it)))
    };
    usable().flat_map(served).collect()
}

/// Why no connection reaches a model.
fn unreached(model: &str, offers: &[&Endpoint]) -> Doubt {
    if offers.is_empty() {
        let detail = format!("Neither the catalog nor a connection knows the model {model}.");
        return ("unknown_model", detail);
    }
    let mut providers: Vec<&str> = offers.iter().map(|it| it.provider.as_str()).collect();
    providers.dedup();
    let detail = format!(
        "No connection reaches {model}. Add one of: {}.",
        providers.join(", ")
    );
    ("no_connection", detail)
}

fn candidate<'s>(model: &'s str, connection: &'s Connection, offer: Option<&'s Endpoint>) -> Candidate<'s> {
    Candidate {
        provider: &connection.provider,
        upstream_model: offer.map_or(model, |it| it.upstream_model.as_str()),
        connection: Some(connection),
        credential: Credential::Ready,
        endpoint: offer,
        stated: &[],
        site: Site::of(connection),
    }
}

pub(super) fn names_its_own_models(connection: &Connection) -> bool {
    let provider = connection.provider.parse::<ProviderId>();
    provider.is_ok_and(ProviderId::names_its_own_models)
}
