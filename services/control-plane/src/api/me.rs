//! The signed-in person: who they are and what they belong to.

use actix_web::get;
use futures_util::FutureExt;
use serde::Serialize;
use sluicegate_contracts::ids::{MembershipId, UserId};
use utoipa::ToSchema;

use super::extract::Session;
use super::reply::Reply;
use super::shapes::Named;
use crate::codes::Code;
use crate::domain::role::Role;
use crate::error::{Error, Result};
use crate::store::{memberships, projects, users};

/// Projects shown per organization; further ones are in the list of projects.
const SHOWN_PROJECTS: i64 = 200;

/// A person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct User {
    /// Their id.
    #[schema(value_type = String, example = "usr_01jd0000000000000000000000")]
    id: UserId,
    /// Their mail address.
    #[schema(example = "ada@example.com")]
    email: String,
    /// What they are called.
    #[schema(example = "Ada")]
    name: String,
}

impl From<users::User> for User {
    fn from(user: users::User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            name: user.name,
        }
    }
}

/// The signed-in person and what they belong to.
#[derive(Serialize, ToSchema)]
struct Me {
    /// Who.
    user: User,
    /// Every organization they belong to, the oldest first.
    memberships: Vec<Membership>,
}

/// A place in an organization.
#[derive(Serialize, ToSchema)]
struct Membership {
    /// Its id.
    #[schema(value_type = String, example = "mem_01jd0000000000000000000000")]
    id: MembershipId,
    /// As what.
    role: Role,
    /// The organization.
    organization: Named,
    /// Its projects, newest first.
    projects: Vec<Named>,
}

/// Who am I
#[utoipa::path(
    operation_id = "me", tag = "me",
    responses(
        (status = 200, description = "The signed-in person", body = Me),
    )
)]
#[get("/me")]
pub(super) async fn me(session: Session) -> Result<Reply> {
    let (user, principal) = (session.user, session.principal);
    let me = session
        .look_up(move |connection| {
            async move {
                let gone = || Error::new(Code::Unauthenticated, "This account no longer exists.");
                let person = users::find(connection, user).await?.ok_or_else(gone)?;
                let mut places = Vec::new();
                for place in memberships::belongings(connection, user).await? {
                    let organization = Some(place.organization);
                    let found =
                        projects::list_of(connection, principal, organization, None, SHOWN_PROJECTS).await?;
                    let named = |project: projects::Project| Named {
                        id: project.id.to_string(),
                        slug: project.slug,
                        name: project.name,
                    };
                    places.push(Membership {
                        id: place.id,
                        role: place.role,
                        organization: Named {
                            id: place.organization.to_string(),
                            slug: place.slug,
                            name: place.name,
                        },
                        projects: found.into_iter().map(named).collect(),
                    });
                }
                Ok(Me {
                    user: person.into(),
                    memberships: places,
                })
            }
            .boxed()
        })
        .await?;
    Reply::ok(&me)
}
