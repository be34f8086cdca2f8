//! Extractors, named by what they prove. A handler that takes `InProject<Developer>` cannot run for anybody less.

pub mod access;
pub mod account;
pub mod body;
pub mod caller;
pub mod document;
mod if_match;
pub mod operator;
pub mod origin;
pub mod page;
pub mod path_id;
pub mod same_origin;
pub mod session;
pub mod signed_in;
pub mod worker;
pub mod yaml;

pub use access::{Admin, Developer, InOrganization, InProject, Owner, Viewer};
pub use body::{Creation, Json};
pub use caller::Caller;
pub use document::Document;
pub use operator::{Operator, OperatorFor};
pub use page::{Cursor, PageQuery};
pub use path_id::PathId;
pub use same_origin::SameOrigin;
pub use session::Session;
pub use signed_in::SignedIn;

use actix_web::{HttpRequest, web};

use crate::error::{Error, Result};
use crate::state::AppState;

/// The state every server worker was given.
pub(crate) fn state(request: &HttpRequest) -> Result<AppState> {
    request
        .app_data::<web::Data<AppState>>()
        .map(|state| state.get_ref().clone())
        .ok_or_else(|| Error::internal("the server was built without its state"))
}
