//! Proves that a principal has at least a role in the organization or project of the path. Whatever it has no grant for
//! does not exist for it.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde::Deserialize;
use sluicegate_contracts::ids::{OrganizationId, ProjectId};

use super::{Caller, SignedIn};
use crate::codes::Code;
use crate::domain::role::Role;
use crate::error::{Error, Result};
use crate::store::memberships::{self, Access};

/// A role as a type, to be named in a handler's signature.
pub trait AtLeast: fmt::Debug + 'static {
    /// The smallest role that passes.
    const ROLE: Role;
}

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl AtLeast for $name {
            const ROLE: Role = Role::$name;
        }
    )*};
}

roles! {
    /// Everybody in the organization.
    Viewer;
    /// Developers and above.
    Developer;
    /// Admins and above.
    Admin;
    /// Owners.
    Owner;
}

/// Somebody with at least role `R` in the organization of the path (`{org}`, id or slug).
#[derive(Debug)]
pub struct InOrganization<R> {
    /// The doors to the tenant's rows.
    pub caller: Caller,
    /// The tenant.
    pub organization: OrganizationId,
    /// Their own role.
    pub role: Role,
    proof: PhantomData<R>,
}

/// Somebody with at least role `R` in the organization of the path's project (`{project}`, id, or slug together with
/// `?organization=`).
#[derive(Debug)]
pub struct InProject<R> {
    /// The doors to the tenant's rows.
    pub caller: Caller,
    /// The project.
    pub project: ProjectId,
    proof: PhantomData<R>,
}

impl<R> Deref for InOrganization<R> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<R> Deref for InProject<R> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

fn admit<R: AtLeast>(access: Option<Access>) -> Result<Access> {
    let access = access.ok_or_else(Error::not_found)?;
    if access.role < R::ROLE {
        let need = format!(
            "You are {}; this needs {}.",
            access.role.as_str(),
            R::ROLE.as_str()
        );
        return Err(Error::new(Code::Forbidden, need));
    }
    Ok(access)
}

/// The access of a principal to the organization named by id or slug.
///
/// # Errors
/// `not_found` for strangers, `forbidden` for members with too small a role.
pub async fn to_organization<R: AtLeast>(who: &SignedIn, named: &str) -> Result<Access> {
    let (principal, named) = (who.principal, named.to_owned());
    let access = who
        .look_up(move |connection| {
            async move {
                match named.parse::<OrganizationId>() {
                    Ok(id) => memberships::access(connection, principal, id).await,
                    Err(_) => memberships::access_by_slug(connection, principal, &named).await,
                }
            }
            .boxed()
        })
        .await?;
    admit::<R>(access)
}

#[derive(Deserialize)]
struct SlugScope {
    organization: Option<String>,
}

async fn to_project<R: AtLeast>(
    who: &SignedIn,
    named: String,
    scope: Option<String>,
) -> Result<(Access, ProjectId)> {
    let principal = who.principal;
    let (access, project) = who
        .look_up(move |connection| {
            async move {
                if let Ok(project) = named.parse::<ProjectId>() {
                    return Ok((
                        memberships::access_to_project(connection, principal, project).await?,
                        Some(project),
                    ));
                }
                let Some(organization) = scope else {
                    return Ok((None, None));
                };
                let access = match organization.parse::<OrganizationId>() {
                    Ok(id) => memberships::access(connection, principal, id).await?,
                    Err(_) => memberships::access_by_slug(connection, principal, &organization).await?,
                };
                let Some(access) = access else {
                    return Ok((None, None));
                };
                let project = memberships::project_by_slug(connection, access.organization, &named).await?;
                Ok((Some(access), project))
            }
            .boxed()
        })
        .await?;
    let project = project.ok_or_else(Error::not_found)?;
    Ok((admit::<R>(access)?, project))
}

impl<R: AtLeast> FromRequest for InOrganization<R> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let who = SignedIn::of(request);
        let named = request.match_info().query("org").to_owned();
        async move {
            let who = who.await?;
            let access = to_organization::<R>(&who, &named).await?;
            Ok(Self {
                caller: who.acting_for(access.organization),
                organization: access.organization,
                role: access.role,
                proof: PhantomData,
            })
        }
        .boxed_local()
    }
}

impl<R: AtLeast> FromRequest for InProject<R> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let who = SignedIn::of(request);
        let named = request.match_info().query("project").to_owned();
        let scope = actix_web::web::Query::<SlugScope>::from_query(request.query_string())
            .ok()
            .and_then(|query| query.into_inner().organization);
        async move {
            let who = who.await?;
            let (access, project) = to_project::<R>(&who, named, scope).await?;
            Ok(Self {
                caller: who.acting_for(access.organization),
                project,
                proof: PhantomData,
            })
        }
        .boxed_local()
    }
}
