//! Who belongs to which organization, and as what. The look-ups for authorization run in system scope: they decide
//! which tenant a request may act for.

use sluicegate_contracts::ids::{MembershipId, OrganizationId, ProjectId, UserId};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Connection;
use super::constraint::on_constraint;
use super::users::User;
use crate::codes::Code;
use crate::domain::principal::Principal;
use crate::domain::role::Role;
use crate::error::{Error, Result};

/// A person's place in an organization.
#[derive(Debug, Clone)]
pub struct Membership {
    /// Its id.
    pub id: MembershipId,
    /// Who.
    pub user: User,
    /// As what.
    pub role: Role,
    /// Counts its changes.
    pub revision: i64,
    /// Since when.
    pub created_at: OffsetDateTime,
}

/// What a request may act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// The tenant.
    pub organization: OrganizationId,
    /// The role in it.
    pub role: Role,
}

/// A membership with names, as its owner sees it.
#[derive(Debug, Clone)]
pub struct Belonging {
    /// Its id.
    pub id: MembershipId,
    /// As what.
    pub role: Role,
    /// The tenant.
    pub organization: OrganizationId,
    /// The tenant's name in URLs.
    pub slug: String,
    /// The tenant's name for people.
    pub name: String,
}

fn role(text: &str) -> Result<Role> {
    text.parse().map_err(Error::internal)
}

/// The role of `principal` in `organization`. System scope only.
///
/// # Errors
/// When Postgres refuses.
pub async fn access(
    connection: &mut Connection,
    principal: Principal,
    organization: OrganizationId,
) -> Result<Option<Access>> {
    let found = sqlx::query_scalar!(
        r#"select role as "role!" from grants where principal_id = $1 and organization_id = $2"#,
        principal.as_uuid(),
        organization.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    found
        .map(|text| {
            Ok(Access {
                organization,
                role: role(&text)?,
            })
        })
        .transpose()
}

/// The role of `principal` in the organization named by `slug`. System scope only.
///
/// # Errors
/// When Postgres refuses.
pub async fn access_by_slug(
    connection: &mut Connection,
    principal: Principal,
    slug: &str,
) -> Result<Option<Access>> {
    let found = sqlx::query!(
        r#"select organizations.id as organization_id, grants.role as "role!"
         from grants join organizations on organizations.id = grants.organization_id
         where grants.principal_id = $1 and organizations.slug = $2"#,
        principal.as_uuid(),
        slug,
    )
    .fetch_optional(connection)
    .await?;
    found
        .map(|row| {
            Ok(Access {
                organization: row.organization_id.into(),
                role: role(&row.role)?,
            })
        })
        .transpose()
}

/// The role of `principal` in the organization of `project`. System scope only.
///
/// # Errors
/// When Postgres refuses.
pub async fn access_to_project(
    connection: &mut Connection,
    principal: Principal,
    project: ProjectId,
) -> Result<Option<Access>> {
    let found = sqlx::query!(
        r#"select projects.organization_id, grants.role as "role!"
         from projects join grants on grants.organization_id = projects.organization_id
         where grants.principal_id = $1 and projects.id = $2 and projects.deleted_at is null"#,
        principal.as_uuid(),
        project.as_uuid(),
    )
    .fetch_optional(connection)
    .await?;
    found
        .map(|row| {
            Ok(Access {
                organization: row.organization_id.into(),
                role: role(&row.role)?,
            })
        })
        .transpose()
}

/// The project `slug` of `organization`. System scope only.
///
/// # Errors
/// When Postgres refuses.
pub async fn project_by_slug(
    connection: &mut Connection,
    organization: OrganizationId,
    slug: &str,
) -> Result<Option<ProjectId>> {
    let found = sqlx::query_scalar!(
        "select id from projects where organization_id = $1 and slug = $2 and deleted_at is null",
        organization.as_uuid(),
        slug,
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.map(ProjectId::from))
}

/// Everything `user` belongs to, oldest first. System scope only.
///
/// # Errors
/// When Postgres refuses.
pub async fn belongings(connection: &mut Connection, user: UserId) -> Result<Vec<Belonging>> {
    let rows = sqlx::query!(
        "select membership.id, membership.role, organization.id as organization_id, organization.slug, organization.name
         from memberships membership join organizations organization on organization.id = membership.organization_id
         where membership.user_id = $1 order by membership.id",
        user.as_uuid(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Belonging {
                id: row.id.into(),
                role: role(&row.role)?,
                organization: row.organization_id.into(),
                slug: row.slug,
                name: row.name,
            })
        })
        .collect()
}

/// Makes `user` a member.
///
/// # Errors
/// `already_member`.
pub async fn insert(
    connection: &mut Connection,
    id: MembershipId,
    organization: OrganizationId,
    user: UserId,
    role: Role,
    now: OffsetDateTime,
) -> Result<()> {
    let inserted = sqlx::query!(
        "insert into memberships (id, organization_id, user_id, role, created_at) values ($1, $2, $3, $4, $5)",
        id.as_uuid(),
        organization.as_uuid(),
        user.as_uuid(),
        role.as_str(),
        now,
    )
    .execute(connection)
    .await;
    on_constraint(inserted, "memberships_once", || {
        Error::new(
            Code::AlreadyMember,
            "This person already belongs to the organization.",
        )
    })?;
    Ok(())
}

struct Row {
    id: Uuid,
    user_id: Uuid,
    email: String,
    name: String,
    role: String,
    revision: i64,
    created_at: OffsetDateTime,
}

impl TryFrom<Row> for Membership {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            user: User {
                id: row.user_id.into(),
                email: row.email,
                name: row.name,
            },
            role: role(&row.role)?,
            revision: row.revision,
            created_at: row.created_at,
        })
    }
}

/// The members of `organization`, newest first, created before `before`.
///
/// # Errors
/// When Postgres refuses.
pub async fn list(
    connection: &mut Connection,
    organization: OrganizationId,
    before: Option<MembershipId>,
    limit: i64,
) -> Result<Vec<Membership>> {
    sqlx::query_as!(
        Row,
        "select membership.id, membership.user_id, users.email, users.name, membership.role, membership.revision,
            membership.created_at
         from memberships membership join users on users.id = membership.user_id
         where membership.organization_id = $1 and ($2::uuid is null or membership.id < $2)
         order by membership.id desc limit $3",
        organization.as_uuid(),
        before.map(MembershipId::as_uuid),
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Membership::try_from)
    .collect()
}

/// The membership with this id.
///
/// # Errors
/// When Postgres refuses.
pub async fn find(
    connection: &mut Connection,
    organization: OrganizationId,
    id: MembershipId,
) -> Result<Option<Membership>> {
    sqlx::query_as!(
        Row,
        "select membership.id, membership.user_id, users.email, users.name, membership.role, membership.revision,
            membership.created_at
         from memberships membership join users on users.id = membership.user_id
         where membership.organization_id = $1 and membership.id = $2",
        organization.as_uuid(),
        id.as_uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Membership::try_from)
    .transpose()
}

/// How many owners `organization` has, after locking them: two owners leaving at once must see each other.
///
/// # Errors
/// When Postgres refuses.
pub async fn count_owners_for_update(
    connection: &mut Connection,
    organization: OrganizationId,
) -> Result<usize> {
    let owners = sqlx::query_scalar!(
        "select id from memberships where organization_id = $1 and role = 'owner' order by id for update",
        organization.as_uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(owners.len())
}

/// Changes a role and counts the change; the new revision.
///
/// # Errors
/// When Postgres refuses.
pub async fn set_role(connection: &mut Connection, id: MembershipId, role: Role) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "update memberships set role = $2, revision = revision + 1 where id = $1 returning revision",
        id.as_uuid(),
        role.as_str(),
    )
    .fetch_one(connection)
    .await?)
}

/// Ends a membership.
///
/// # Errors
/// When Postgres refuses.
pub async fn delete(connection: &mut Connection, id: MembershipId) -> Result<()> {
    sqlx::query!("delete from memberships where id = $1", id.as_uuid())
        .execute(connection)
        .await?;
    Ok(())
}
