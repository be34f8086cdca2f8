//! Drafts of routes: kept beside what is published, judged like it, and published when they are ready.

use serde_json::{Value, json};
use sluicegate_contracts::ids::{ProjectId, RouteId};
use sluicegate_service_runtime::ids;

use super::Tx;
use super::routes::{self, PublishDraft, Published};
use crate::codes::Code;
use crate::domain::identity::Slug;
use crate::domain::precondition::IfMatch;
use crate::domain::route_draft::RouteDraft;
use crate::error::{Error, Result};
use crate::store::connections::Account;
use crate::store::route_drafts::{self, Draft, DraftedRoute, Save};
use crate::store::{Lock, routes as rows};

/// A draft of a route that is not published yet. Its name is kept for it.
///
/// # Errors
/// `validation_failed` when it has no name, `slug_taken`.
pub async fn begin(tx: &mut Tx, project: ProjectId, slug: &str, document: &Value) -> Result<Draft> {
    let slug = Slug::parse(slug, "/slug").map_err(|finding| Error::validation(vec![finding]))?;
    let (organization, id, now) = (tx.organization()?, ids::fresh(), tx.ctx().now);
    route_drafts::reserve(tx.connection(), organization, project, id, slug.as_str(), now).await?;
    tx.audit("route_draft.begin", id, &json!({ "slug": slug.as_str() }));
    save(tx, project, id, document, Some(0)).await
}

/// Writes the draft of a route; the first one is based on what is published now. `rebase` says that it takes that
/// version into account.
///
/// # Errors
/// `not_found`; `if_match_required` and `version_conflict` where there is a draft; `draft_stale` when `rebase` is not the
/// published version; as [`begin`] for a route that is not published yet.
pub async fn write(
    tx: &mut Tx,
    project: ProjectId,
    id: RouteId,
    written: (&str, &Value),
    rebase: Option<u32>,
    if_match: IfMatch,
) -> Result<Draft> {
    let (route, draft) = locked(tx, project, id).await?;
    if draft.is_some() {
        if_match.required()?.check(i64::from(route.drafts))?;
    }
    if rebase.is_some_and(|base| base != route.version) {
        return Err(stale(route.version));
    }
    let (slug, document) = written;
    if route.version == 0 {
        let slug = Slug::parse(slug, "/slug").map_err(|finding| Error::validation(vec![finding]))?;
        let organization = tx.organization()?;
        route_drafts::rename(tx.connection(), organization, id, slug.as_str()).await?;
    }
    save(tx, project, id, document, rebase).await
}

async fn save(
    tx: &mut Tx,
    project: ProjectId,
    id: RouteId,
    document: &Value,
    base_version: Option<u32>,
) -> Result<Draft> {
    let organization = tx.organization()?;
    let save = Save {
        document,
        base_version,
        by: tx.ctx().user(),
        at: tx.ctx().now,
    };
    route_drafts::save(tx.connection(), organization, id, save).await?;
    let saved = route_drafts::find(tx.connection(), organization, project, id).await?;
    saved.ok_or_else(|| Error::internal("a draft that was just saved is gone"))
}

/// Drops the draft of a route, and the route too where nothing was ever published.
///
/// # Errors
/// `not_found`, `version_conflict`.
pub async fn discard(tx: &mut Tx, project: ProjectId, id: RouteId, if_match: &IfMatch) -> Result<()> {
    let (route, draft) = locked(tx, project, id).await?;
    let draft = draft.ok_or_else(Error::not_found)?;
    if_match.check(i64::from(draft.revision))?;
    let (organization, now) = (tx.organization()?, tx.ctx().now);
    route_drafts::delete(tx.connection(), organization, id).await?;
    if route.version == 0 {
        rows::delete(tx.connection(), id, now).await?;
    }
    tx.audit("route_draft.discard", id, &json!({ "slug": draft.slug }));
    Ok(())
}

/// Publishes the draft of a route as its next version, at once or in stages. `read` makes a route of the document.
///
/// # Errors
/// `not_found`, `version_conflict`; `draft_stale` when another version was published since it was begun; as
/// [`routes::publish_draft`] else.
pub async fn publish(
    tx: &mut Tx,
    project: ProjectId,
    id: RouteId,
    if_match: &IfMatch,
    read: impl FnOnce(Value) -> Result<RouteDraft> + Send,
    how: PublishDraft,
    host: Vec<Account>,
) -> Result<Published> {
    let (route, draft) = locked(tx, project, id).await?;
    let draft = draft.ok_or_else(Error::not_found)?;
    if_match.check(i64::from(draft.revision))?;
    if draft.base_version != route.version {
        return Err(stale(route.version));
    }
    let organization = tx.organization()?;
    let document = read(draft.document)?;
    let published = routes::publish_draft(tx, project, &route, document, how, host).await?;
    route_drafts::delete(tx.connection(), organization, id).await?;
    Ok(published)
}

async fn locked(tx: &mut Tx, project: ProjectId, id: RouteId) -> Result<(DraftedRoute, Option<Draft>)> {
    let organization = tx.organization()?;
    let route = route_drafts::route(tx.connection(), organization, project, id, Lock::ForUpdate).await?;
    let route = route.ok_or_else(Error::not_found)?;
    let draft = route_drafts::find(tx.connection(), organization, project, id).await?;
    Ok((route, draft))
}

fn stale(published: u32) -> Error {
    let detail = format!(
        "Version {published} is published now. Take over what it changed, and write the draft with \
         base_version={published}."
    );
    Error::new(Code::DraftStale, detail)
}
