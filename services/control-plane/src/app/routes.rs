//! Routes. Each change publishes the next version of the whole document; versions are never changed.

use serde_json::json;
use sluicegate_contracts::config::{Entity, EntityKind, Experiment, RetryPolicy, Route, Rule, Strategy};
use sluicegate_contracts::ids::{ProjectId, RouteId};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_service_runtime::ids;
use time::OffsetDateTime;

use super::{Tx, route_rollouts, route_supply};
use crate::codes::Code;
use crate::domain::instant::millis;
use crate::domain::precondition::IfMatch;
use crate::domain::publication_message::PublicationMessage;
use crate::domain::rollout::Plan;
use crate::domain::route_check::{Judgment, judge};
use crate::domain::route_draft::{CheckedRoute, RouteDraft, RuleDraft, Rules, TargetDraft};
use crate::error::{Error, FieldError, Result};
use crate::store::connections::{self, Account};
use crate::store::route_drafts::DraftedRoute;
use crate::store::route_versions::{self, Publication};
use crate::store::routes::{self, LiveRoute};
use crate::store::{Connection, Lock, budget_relations};

/// What shall change; the rest stays as published.
#[derive(Debug, Default)]
pub struct Changes {
    /// Name of the route.
    pub slug: Option<String>,
    /// Further model names that mean it.
    pub aliases: Option<Vec<String>>,
    /// All rules anew.
    pub rules: Option<Vec<RuleDraft>>,
    /// How targets are ordered, of a route of one rule that takes every request.
    pub strategy: Option<Strategy>,
    /// What is compared, likewise.
    pub experiment: Option<Experiment>,
    /// Where requests go, likewise.
    pub targets: Option<Vec<TargetDraft>>,
    /// Retries, likewise.
    pub retry: Option<RetryPolicy>,
}

impl Changes {
    /// Whether they change the only rule of a route.
    #[must_use]
    pub const fn touches_plain_rule(&self) -> bool {
        self.strategy.is_some() || self.experiment.is_some() || self.targets.is_some() || self.retry.is_some()
    }
}

/// How a draft is published.
#[derive(Debug)]
pub struct PublishDraft {
    /// Why.
    pub message: PublicationMessage,
    /// In which stages; `None`: at once.
    pub rollout: Option<Plan>,
}

/// A route as it was just published, and what is doubtful about it.
pub type Published = (LiveRoute, Vec<FieldError>);

/// A route that may be published, and what is doubtful about it.
async fn checked(
    tx: &mut Tx,
    project: ProjectId,
    draft: RouteDraft,
    host: Vec<Account>,
) -> Result<(CheckedRoute, Vec<FieldError>)> {
    let connections = connections::names(tx.connection(), project).await?;
    let supply = route_supply::of_project(tx.connection(), project, &draft, host).await?;
    let is_plain = draft.is_plain();
    let checked = draft.check(&connections).map_err(Error::validation)?;
    let now = millis(tx.ctx().now);
    let judgment = judge(&checked, is_plain, &supply, now);
    let errors = judgment.errors();
    if !errors.is_empty() {
        return Err(Error::validation(errors));
    }
    Ok((checked, judgment.warnings()))
}

/// What was found of a draft, and what is left for each of its rules.
///
/// # Errors
/// When Postgres refuses.
pub async fn check(
    connection: &mut Connection,
    project: ProjectId,
    draft: RouteDraft,
    host: Vec<Account>,
    now: UnixMillis,
) -> Result<Judgment> {
    let supply = route_supply::of_project(connection, project, &draft, host).await?;
    let own = supply.connections.iter().filter(|it| it.project == Some(project));
    let names: Vec<_> = own.map(|it| (it.id, it.slug.clone())).collect();
    let is_plain = draft.is_plain();
    Ok(match draft.check(&names) {
        Ok(checked) => judge(&checked, is_plain, &supply, now),
        Err(fields) => Judgment::of_errors(fields),
    })
}

/// A new route at version 1.
///
/// # Errors
/// `validation_failed` with every finding, `slug_taken`, `alias_taken`.
pub async fn create(
    tx: &mut Tx,
    project: ProjectId,
    draft: RouteDraft,
    message: Option<PublicationMessage>,
    host: Vec<Account>,
) -> Result<Published> {
    let (checked, warnings) = checked(tx, project, draft, host).await?;
    let route = published(tx, project, ids::fresh(), 1, checked)?;
    let (publication, now) = (publication(tx, message, None), tx.ctx().now);
    routes::insert(tx.connection(), &route, &publication, now).await?;
    announce(tx, &route, "route.create", &publication)?;
    let live = LiveRoute {
        last_version: route.version,
        route,
        created_at: now,
        published_at: now,
        rollout: None,
    };
    Ok((live, warnings))
}

fn published(tx: &Tx, project: ProjectId, id: RouteId, version: u32, checked: CheckedRoute) -> Result<Route> {
    Ok(Route {
        id,
        organization: tx.organization()?,
        project,
        slug: checked.slug,
        version,
        aliases: checked.aliases,
        rules: checked.rules,
        rollout: None,
    })
}

fn publication(tx: &Tx, message: Option<PublicationMessage>, restores: Option<u32>) -> Publication {
    Publication {
        by: tx.ctx().user(),
        message: message.map(PublicationMessage::into_text),
        restores,
    }
}

fn announce(tx: &mut Tx, route: &Route, action: &str, publication: &Publication) -> Result<()> {
    let mut detail = json!({ "slug": route.slug, "version": route.version });
    if let Some(message) = &publication.message {
        detail["message"] = json!(message);
    }
    if let Some(restores) = publication.restores {
        detail["restores"] = json!(restores);
    }
    tx.audit(action, route.id, &detail);
    tx.publish(&Entity::Route(route.clone()))
}

async fn locked(tx: &mut Tx, project: ProjectId, id: RouteId, if_match: &IfMatch) -> Result<LiveRoute> {
    let live = routes::published(tx.connection(), project, id, Lock::ForUpdate).await?;
    if_match.check(i64::from(live.route.version))?;
    Ok(live)
}

fn merged(current: &Route, changes: Changes) -> Result<RouteDraft> {
    let is_of_plain = changes.touches_plain_rule();
    let rules = match (changes.rules, current.plain()) {
        (Some(rules), _) => Rules::Several(rules),
        (None, Some(only)) => {
            let mut draft = as_drafted(only);
            draft.strategy = changes.strategy.unwrap_or(draft.strategy);
            draft.experiment = changes.experiment;
            draft.targets = changes.targets.unwrap_or(draft.targets);
            draft.retry = changes.retry.unwrap_or(draft.retry);
            Rules::Plain(Box::new(draft))
        }
        (None, None) if is_of_plain => {
            let detail = "The route has rules, each with strategy, targets and retries of its own. Send all rules anew.";
            return Err(Error::field("/rules", "missing", detail));
        }
        (None, None) => Rules::Several(current.rules.iter().map(as_drafted).collect()),
    };
    Ok(RouteDraft {
        slug: changes.slug.unwrap_or_else(|| current.slug.clone()),
        aliases: changes.aliases.unwrap_or_else(|| current.aliases.clone()),
        rules,
    })
}

/// A published rule as its author could have written it.
fn as_drafted(rule: &Rule) -> RuleDraft {
    let targets = rule.targets.iter().map(|target| TargetDraft {
        model: target.model.clone(),
        connection: target.connection.map(|id| id.to_string()),
        weight: target.weight,
        arm: target.arm.clone(),
    });
    RuleDraft {
        name: rule.name.clone(),
        when: rule.when.clone(),
        constraints: rule.constraints.clone(),
        strategy: rule.strategy,
        experiment: rule.experiment.clone(),
        targets: targets.collect(),
        retry: rule.retry.clone(),
    }
}

/// Publishes the next version of a route.
///
/// # Errors
/// `not_found`, `not_published`, `version_conflict`, `rollout_under_way`, `validation_failed` with every finding, `slug_taken`,
/// `alias_taken`.
pub async fn update(
    tx: &mut Tx,
    project: ProjectId,
    id: RouteId,
    changes: Changes,
    message: Option<PublicationMessage>,
    if_match: &IfMatch,
    host: Vec<Account>,
) -> Result<Published> {
    let live = locked(tx, project, id, if_match).await?;
    route_rollouts::none_under_way(&live)?;
    let draft = merged(&live.route, changes)?;
    let publication = publication(tx, message, None);
    publish(tx, project, Before::of(&live), draft, &publication, host).await
}

/// Publishes an older version again, as the next one. It has to pass as if it were new: accounts and models may be gone. A rollout
/// ends with it; the published version itself is where that leads back to.
///
/// # Errors
/// As [`update`]; a finding at `/to_version` where there is no such version, or nothing to take back.
pub async fn roll_back(
    tx: &mut Tx,
    project: ProjectId,
    id: RouteId,
    to: u32,
    message: Option<PublicationMessage>,
    if_match: &IfMatch,
    host: Vec<Account>,
) -> Result<Published> {
    let live = locked(tx, project, id, if_match).await?;
    let refused = |code, detail| Error::field("/to_version", code, detail);
    if live.rollout.is_some() {
        let live = route_rollouts::give_up(tx, project, id).await?;
        if to == live.route.version {
            return Ok((live, Vec::new()));
        }
    }
    if to == live.route.version {
        let detail = "This version is the published one: there is nothing to take back.";
        return Err(refused("is_published", detail));
    }
    let organization = tx.organization()?;
    let older = route_versions::find(tx.connection(), organization, id, to).await?;
    let older = older.ok_or_else(|| refused("unknown_version", "The route has no such version."))?;
    let draft = merged(&older.route, Changes::default())?;
    let publication = publication(tx, message, Some(to));
    publish(tx, project, Before::of(&live), draft, &publication, host).await
}

/// What a version comes after.
#[derive(Debug, Clone, Copy)]
struct Before {
    id: RouteId,
    created_at: OffsetDateTime,
}

impl Before {
    fn of(live: &LiveRoute) -> Self {
        Self {
            id: live.route.id,
            created_at: live.created_at,
        }
    }
}

/// Publishes what was a draft as the next version of its route, or as the first; with a plan in stages.
///
/// # Errors
/// `rollout_under_way`; `validation_failed` with every finding, also where nothing is published that could serve meanwhile;
/// `slug_taken`, `alias_taken`.
pub async fn publish_draft(
    tx: &mut Tx,
    project: ProjectId,
    drafted: &DraftedRoute,
    draft: RouteDraft,
    how: PublishDraft,
    host: Vec<Account>,
) -> Result<Published> {
    let before = Before {
        id: drafted.id,
        created_at: drafted.created_at,
    };
    let publication = publication(tx, Some(how.message), None);
    let live = routes::find(tx.connection(), project, drafted.id, Lock::None).await?;
    live.as_ref().map_or(Ok(()), route_rollouts::none_under_way)?;
    let Some(plan) = how.rollout else {
        return publish(tx, project, before, draft, &publication, host).await;
    };
    let live = live.ok_or_else(|| {
        let detail =
            "Nothing is published that could serve the others meanwhile. Publish the first version at once.";
        Error::field("/rollout", "nothing_published", detail)
    })?;
    let (route, warnings) = next(tx, project, before.id, draft, host).await?;
    let live = route_rollouts::begin(tx, &live, route, &publication, plan).await?;
    Ok((live, warnings))
}

/// The next version of a route, not yet published, and what is doubtful about it.
async fn next(
    tx: &mut Tx,
    project: ProjectId,
    id: RouteId,
    draft: RouteDraft,
    host: Vec<Account>,
) -> Result<(Route, Vec<FieldError>)> {
    let organization = tx.organization()?;
    let (checked, warnings) = checked(tx, project, draft, host).await?;
    let version = route_versions::next(tx.connection(), organization, id).await?;
    Ok((published(tx, project, id, version, checked)?, warnings))
}

async fn publish(
    tx: &mut Tx,
    project: ProjectId,
    before: Before,
    draft: RouteDraft,
    publication: &Publication,
    host: Vec<Account>,
) -> Result<Published> {
    let (route, warnings) = next(tx, project, before.id, draft, host).await?;
    let now = tx.ctx().now;
    routes::publish(tx.connection(), &route, publication, now).await?;
    let action = match publication.restores {
        Some(_) => "route.roll_back",
        None => "route.publish",
    };
    announce(tx, &route, action, publication)?;
    let live = LiveRoute {
        last_version: route.version,
        route,
        created_at: before.created_at,
        published_at: now,
        rollout: None,
    };
    Ok((live, warnings))
}

/// Takes a route out of use.
///
/// # Errors
/// `not_found`, `not_published`, `version_conflict`; `in_use` while a budget sends calls without room to it.
pub async fn delete(tx: &mut Tx, project: ProjectId, id: RouteId, if_match: &IfMatch) -> Result<()> {
    let live = locked(tx, project, id, if_match).await?;
    let budgets = budget_relations::falling_back_to(tx.connection(), id).await?;
    if !budgets.is_empty() {
        let detail = format!("Budgets switch to it: {}.", budgets.join(", "));
        return Err(Error::new(Code::InUse, detail));
    }
    let now = tx.ctx().now;
    routes::delete(tx.connection(), id, now).await?;
    tx.audit("route.delete", id, &json!({ "slug": live.route.slug }));
    tx.retract(EntityKind::Route, id.as_uuid());
    Ok(())
}
