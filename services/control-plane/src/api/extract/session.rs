//! Proves that a person is signed in: for what a person alone can have or do.

use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use sluicegate_contracts::ids::{OrganizationId, UserId};

use super::{Caller, SignedIn};
use crate::codes::Code;
use crate::domain::principal::Principal;
use crate::error::{Error, Result};

/// A person who is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    /// Who.
    pub user: UserId,
    who: SignedIn,
}

impl Session {
    /// The same person acting for `organization`. The caller of this has checked that they may.
    #[must_use]
    pub fn acting_for(self, organization: OrganizationId) -> Caller {
        self.who.acting_for(organization)
    }
}

impl Deref for Session {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.who
    }
}

impl FromRequest for Session {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let who = SignedIn::of(request);
        async move {
            let who = who.await?;
            match who.principal {
                Principal::Person(user) => Ok(Self { user, who }),
                Principal::Key(_) => {
                    let detail = "This belongs to people: sign in instead of sending a management key.";
                    Err(Error::new(Code::WrongKeyKind, detail))
                }
            }
        }
        .boxed_local()
    }
}
