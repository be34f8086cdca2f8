//! Organizations: created with their data key, their first owner and a first project.

use serde_json::json;
use sluicegate_contracts::config::{Constraints, Entity};
use sluicegate_contracts::ids::UserId;
use sluicegate_service_runtime::ids;

use super::{Tx, data_key, fact_statements, projects};
use crate::domain::identity::{DisplayName, Slug};
use crate::domain::precondition::IfMatch;
use crate::domain::role::Role;
use crate::error::{Error, Result};
use crate::store::organizations::{self, Organization};
use crate::store::{memberships, projects::Project};

/// A new organization with `owner` and a project called "default". The transaction acts for its id already.
///
/// # Errors
/// `slug_taken`, when the caller chose the slug.
pub async fn create(
    tx: &mut Tx,
    owner: UserId,
    name: &DisplayName,
    slug: Option<Slug>,
) -> Result<(Organization, Project)> {
    let id = tx.organization()?;
    let now = tx.ctx().now;
    let organization = Organization {
        id,
        slug: slug
            .unwrap_or_else(|| distinct_slug(name.as_str()))
            .as_str()
            .to_owned(),
        name: name.as_str().to_owned(),
        data_key: data_key::fresh(tx.state(), id),
        constraints: Constraints::NONE,
        revision: 1,
        created_at: now,
    };
    organizations::insert(tx.connection(), &organization).await?;
    memberships::insert(tx.connection(), ids::fresh(), id, owner, Role::Owner, now).await?;
    tx.audit(
        "organization.create",
        id,
        &json!({ "slug": organization.slug, "name": organization.name }),
    );
    tx.publish(&Entity::Organization(organization.published(Vec::new())))?;
    let project = projects::create(tx, &DisplayName::parse("default", "").map_err(only)?, None).await?;
    Ok((organization, project))
}

fn only(finding: crate::error::FieldError) -> Error {
    Error::validation(vec![finding])
}

/// Names resemble each other, slugs must not: four random characters keep them apart.
fn distinct_slug(name: &str) -> Slug {
    let suffix = format!("{:04x}", rand::random::<u16>());
    Slug::from_name(name, "org", Some(&suffix))
}

/// What shall change.
#[derive(Debug, Default)]
pub struct Changes {
    /// The name for people.
    pub name: Option<DisplayName>,
    /// The name in URLs.
    pub slug: Option<Slug>,
    /// The constraints, which are sound by themselves.
    pub constraints: Option<Constraints>,
}

/// Changes what the tenant is called, and what it demands of endpoints.
///
/// # Errors
/// `slug_taken`, `version_conflict`.
pub async fn update(tx: &mut Tx, changes: Changes, if_match: &IfMatch) -> Result<Organization> {
    let id = tx.organization()?;
    let found = organizations::find_for_update(tx.connection(), id).await?;
    let mut organization = found.ok_or_else(Error::not_found)?;
    if_match.check(organization.revision)?;
    if let Some(name) = changes.name {
        name.as_str().clone_into(&mut organization.name);
    }
    if let Some(slug) = changes.slug {
        slug.as_str().clone_into(&mut organization.slug);
    }
    let demands_otherwise = changes.constraints.is_some();
    if let Some(changed) = changes.constraints {
        organization.constraints = changed;
    }
    organizations::update(tx.connection(), &mut organization).await?;
    tx.audit(
        "organization.update",
        id,
        &json!({
            "slug": organization.slug,
            "name": organization.name,
            "constraints": organization.constraints,
        }),
    );
    if demands_otherwise {
        fact_statements::publish(tx, organization.clone()).await?;
    }
    Ok(organization)
}
