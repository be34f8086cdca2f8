//! Facts that an organization states of its own accounts and of models, with evidence.

use actix_web::{delete, get, post};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::config::About;
use sluicegate_contracts::ids::{ConnectionId, FactStatementId, UserId};
use time::OffsetDateTime;
use time::format_description::well_known::Iso8601;
use utoipa::ToSchema;

use super::extract::{Creation, InOrganization, Owner, PageQuery, PathId, Viewer};
use super::fact_shapes::{Facts, WriteFacts};
use super::reply::Reply;
use super::shapes::Page;
use crate::app::fact_statements;
use crate::domain::fact_statement::FactStatement as Draft;
use crate::domain::precondition::IfMatch;
use crate::error::{Error, Result};
use crate::store::fact_statements as rows;

/// Facts that an organization answers for.
#[derive(Serialize, ToSchema)]
struct FactStatement {
    /// Its id.
    #[schema(value_type = String, example = "fct_01jd0000000000000000000000")]
    id: FactStatementId,
    /// About what.
    about: FactsAbout,
    /// The facts; null where it says nothing.
    facts: Facts,
    /// What shows it.
    #[schema(example = "Zero data retention amendment of 2025-03-01, contract 4711")]
    evidence: String,
    /// The day of the evidence.
    #[schema(format = Date, example = "2026-01-31")]
    as_of: String,
    /// When it was stated.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// Id of the user who stated it.
    #[schema(value_type = Option<String>, required = true, example = "usr_01jd0000000000000000000000")]
    created_by: Option<UserId>,
}

/// What facts are about: what fits everything that is named. Of two statements the more particular one holds: one about a
/// connection before one about a provider, one about a model before one about all.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FactsAbout {
    /// A provider, by id.
    #[schema(example = "openai")]
    provider: Option<String>,
    /// Id of a connection.
    #[schema(value_type = Option<String>, example = "con_01jd0000000000000000000000")]
    connection: Option<ConnectionId>,
    /// A model's name, or its beginning followed by `*`.
    model: Option<String>,
}

/// A new statement.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StateFacts {
    /// About what.
    about: FactsAbout,
    /// The facts.
    facts: WriteFacts,
    /// What shows it: the address of a page, or a contract and its number.
    #[schema(min_length = 10, max_length = 1000)]
    evidence: String,
    /// The day of the evidence.
    #[schema(format = Date, example = "2026-01-31")]
    as_of: String,
}

impl From<rows::Stated> for FactStatement {
    fn from(row: rows::Stated) -> Self {
        let Draft {
            about,
            facts,
            evidence,
            as_of,
        } = row.statement;
        Self {
            id: row.id,
            about: FactsAbout {
                provider: about.provider,
                connection: about.connection,
                model: about.model,
            },
            facts: Facts::from(facts),
            evidence,
            as_of: as_of.to_string(),
            created_at: row.created_at,
            created_by: row.created_by,
        }
    }
}

impl StateFacts {
    fn draft(self) -> Result<Draft> {
        let as_of = time::Date::parse(&self.as_of, &Iso8601::DATE);
        Ok(Draft {
            about: About {
                provider: self.about.provider,
                connection: self.about.connection,
                model: self.about.model,
            },
            facts: self.facts.checked()?,
            evidence: self.evidence.trim().to_owned(),
            as_of: as_of.map_err(|_| Error::field("/as_of", "invalid", "Use a date such as 2026-01-31."))?,
        })
    }
}

/// List what the organization states
#[utoipa::path(
    operation_id = "list_fact_statements", tag = "facts",
    params(("org" = String, Path, description = "Id or slug of the organization"), PageQuery),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The statements, newest first", body = Page<FactStatement>),
    )
)]
#[get("/organizations/{org}/facts")]
pub(super) async fn list_fact_statements(member: InOrganization<Viewer>, page: PageQuery) -> Result<Reply> {
    let before = page.before()?;
    let (organization, fetch) = (member.organization, page.fetch()?);
    let found = member
        .read(move |connection| rows::list(connection, organization, before, fetch).boxed())
        .await?;
    Reply::ok(&Page::of(&page, found, |row| row.id, FactStatement::from)?)
}

/// State facts
///
/// The organization answers for them: constraints are satisfied by them as by what the catalog knows, and before it. Of an
/// account that is resold, its owner states the facts.
#[utoipa::path(
    operation_id = "create_fact_statement", tag = "facts", request_body = StateFacts,
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("Idempotency-Key" = Option<String>, Header, description = "Create at most once per key, for 24 hours"),
    ),
    extensions(("x-sluicegate-role" = json!("owner"))),
    responses(
        (status = 201, description = "Stated", body = FactStatement),
    )
)]
#[post("/organizations/{org}/facts")]
pub(super) async fn create_fact_statement(
    member: InOrganization<Owner>,
    body: Creation<StateFacts>,
) -> Result<Reply> {
    let (once, body) = body.checked()?;
    let (draft, organization) = (body.draft()?, member.organization);
    member
        .caller
        .create(once, move |tx| {
            async move {
                let stated = fact_statements::state(tx, draft).await?;
                let location = format!("/api/v1/organizations/{organization}/facts/{}", stated.id);
                let revision = stated.revision;
                Ok(Reply::created(location, &FactStatement::from(stated))?.at_revision(revision))
            }
            .boxed()
        })
        .await
}

/// Read a statement
#[utoipa::path(
    operation_id = "get_fact_statement", tag = "facts",
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("statement" = String, Path, description = "Id of the statement"),
    ),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "The statement", body = FactStatement),
    )
)]
#[get("/organizations/{org}/facts/{statement}")]
pub(super) async fn get_fact_statement(
    member: InOrganization<Viewer>,
    id: PathId<FactStatementId>,
) -> Result<Reply> {
    let (organization, id) = (member.organization, id.0);
    let row = member
        .find(move |connection| rows::find(connection, organization, id).boxed())
        .await?;
    Reply::state(row.revision, &FactStatement::from(row))
}

/// Take a statement back
#[utoipa::path(
    operation_id = "delete_fact_statement", tag = "facts",
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("statement" = String, Path, description = "Id of the statement"),
        ("If-Match" = Option<String>, Header, description = "ETag of the state the change is based on"),
    ),
    extensions(("x-sluicegate-role" = json!("owner"))),
    responses(
        (status = 204, description = "Taken back"),
    )
)]
#[delete("/organizations/{org}/facts/{statement}")]
pub(super) async fn delete_fact_statement(
    member: InOrganization<Owner>,
    id: PathId<FactStatementId>,
    if_match: IfMatch,
) -> Result<Reply> {
    let id = id.0;
    member
        .caller
        .remove(move |tx| async move { fact_statements::withdraw(tx, id, &if_match).await }.boxed())
        .await
}
