//! Accounts of the host at providers that other organizations may call through, for prepaid credit. They are connections
//! like others, of an organization that the operator chose; here the operator offers them.

use actix_web::{delete, get, put};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::config::{Margin, Resale};
use sluicegate_contracts::ids::{ConnectionId, OrganizationId};
use utoipa::ToSchema;

use super::billing::is_sold;
use super::extract::{Json, Operator, PathId};
use super::reply::Reply;
use crate::app::connections;
use crate::error::{Error, Result};
use crate::store::connections::{self as rows, Account};
use crate::store::database::Scope;

/// Ten times the provider's price.
const LARGEST_MARGIN: u32 = 10_000_000;

/// On which terms an account is offered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResellConnection {
    /// What is added to the provider's price, in parts per million: 50000 adds five percent.
    #[schema(minimum = 0, maximum = 10_000_000)]
    margin_ppm: u32,
}

/// An account that other organizations may call through.
#[derive(Serialize, ToSchema)]
struct ResoldConnection {
    /// The connection.
    #[schema(value_type = String, example = "con_01jd0000000000000000000000")]
    id: ConnectionId,
    /// Whose it is.
    #[schema(value_type = String, example = "org_01jd0000000000000000000000")]
    organization: OrganizationId,
    /// Its name.
    slug: String,
    /// Provider id.
    provider: String,
    /// What is added to the provider's price, in parts per million; null: it is not offered.
    #[schema(required = true)]
    margin_ppm: Option<u32>,
}

/// The accounts that other organizations may call through.
#[derive(Serialize, ToSchema)]
struct ResoldConnections {
    /// The accounts, oldest first.
    data: Vec<ResoldConnection>,
}

impl From<Account> for ResoldConnection {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            organization: account.organization,
            slug: account.slug,
            provider: account.provider,
            margin_ppm: account.resale.map(|resale| resale.margin.ppm()),
        }
    }
}

async fn resell(operator: Operator, id: ConnectionId, resale: Option<Resale>) -> Result<Reply> {
    is_sold(&operator.state)?;
    let place = operator
        .state
        .within(Scope::System, move |connection| {
            rows::place(connection, id).boxed()
        })
        .await?;
    let (organization, project) = place.ok_or_else(Error::not_found)?;
    operator
        .acting_for(organization)
        .change(
            move |tx| async move { connections::resell(tx, project, id, resale).await }.boxed(),
            |account| Reply::ok(&ResoldConnection::from(account)),
        )
        .await
}

/// List resold connections
#[utoipa::path(
    operation_id = "list_resold_connections", tag = "operator",
    security(("operator_token" = [])),
    extensions(("x-sluicegate-role" = json!("operator"))),
    responses((status = 200, description = "The accounts", body = ResoldConnections))
)]
#[get("/operator/resold-connections")]
pub(super) async fn list_resold_connections(operator: Operator) -> Result<Reply> {
    is_sold(&operator.state)?;
    let found = operator
        .state
        .within(Scope::System, |connection| rows::resold(connection).boxed())
        .await?;
    let data = found.into_iter().map(ResoldConnection::from).collect();
    Reply::ok(&ResoldConnections { data })
}

/// Resell a connection
///
/// Every organization may then call through it, after its own connections, for prepaid credit.
#[utoipa::path(
    operation_id = "resell_connection", tag = "operator", request_body = ResellConnection,
    params(("connection" = String, Path, description = "Id of the connection")),
    security(("operator_token" = [])),
    extensions(("x-sluicegate-role" = json!("operator"))),
    responses((status = 200, description = "Offered", body = ResoldConnection))
)]
#[put("/operator/resold-connections/{connection}")]
pub(super) async fn resell_connection(
    operator: Operator,
    id: PathId<ConnectionId>,
    body: Json<ResellConnection>,
) -> Result<Reply> {
    let body = body.checked()?;
    if body.margin_ppm > LARGEST_MARGIN {
        let detail = "At most 10000000 parts per million are added.";
        return Err(Error::field("/margin_ppm", "out_of_range", detail));
    }
    let margin = Margin::from_ppm(body.margin_ppm);
    resell(operator, id.0, Some(Resale { margin })).await
}

/// Stop reselling a connection
#[utoipa::path(
    operation_id = "stop_reselling", tag = "operator",
    params(("connection" = String, Path, description = "Id of the connection")),
    security(("operator_token" = [])),
    extensions(("x-sluicegate-role" = json!("operator"))),
    responses((status = 200, description = "Not offered any more", body = ResoldConnection))
)]
#[delete("/operator/resold-connections/{connection}")]
pub(super) async fn stop_reselling(operator: Operator, id: PathId<ConnectionId>) -> Result<Reply> {
    resell(operator, id.0, None).await
}
