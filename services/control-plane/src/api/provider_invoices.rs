//! What providers billed, compared with what was recorded. `docs/billing.md` describes the form of an upload.

use actix_web::{delete, get, post};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::ids::{ConnectionId, ProviderInvoiceId, UserId};
use sluicegate_contracts::money::NanoUsd;
use time::macros::format_description;
use time::{Date, OffsetDateTime};
use utoipa::ToSchema;

use super::extract::{Admin, Creation, InOrganization, PageQuery, PathId};
use super::money::Money;
use super::reply::Reply;
use super::shapes::{Page, display_name};
use crate::app::provider_invoices::{self as app, NewInvoice};
use crate::domain::provider_invoice::{Compared, Lines, Written, compare, csv, lines};
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::store::provider_invoices as rows;

/// One line of an invoice.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WriteLine {
    /// The day in UTC, `YYYY-MM-DD`; a time after it is passed over.
    #[schema(example = "2026-11-03")]
    date: String,
    /// The provider's name of the model.
    #[schema(example = "gpt-4o-2024-08-06")]
    model: String,
    /// A decimal amount in US dollars.
    #[schema(example = "1.2345")]
    amount: String,
}

/// An invoice to compare; its lines are in `lines` or in `csv`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateProviderInvoice {
    /// Provider id, as connections have it.
    #[schema(example = "openai")]
    provider: String,
    /// The connection whose account it is of; all of the organization's own when absent.
    connection: Option<String>,
    /// What people call it.
    #[schema(example = "November 2026")]
    name: String,
    /// The lines; several of one day and model are added up.
    #[serde(default)]
    lines: Vec<WriteLine>,
    /// The lines as comma-separated values with a header that names `date`, `model` and `amount`, in any order.
    csv: Option<String>,
}

impl CreateProviderInvoice {
    fn checked(self) -> Result<NewInvoice> {
        let unknown = |_| {
            Error::field(
                "/connection",
                "unknown_connection",
                "There is no such connection.",
            )
        };
        let connection: Option<ConnectionId> = self
            .connection
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(unknown)?;
        Ok(NewInvoice {
            name: display_name(&self.name)?,
            connection,
            lines: self.lines()?,
            provider: self.provider,
        })
    }

    fn lines(&self) -> Result<Lines> {
        let read = match &self.csv {
            Some(_) if !self.lines.is_empty() => {
                let detail = "Send `lines` or `csv`, not both.";
                return Err(Error::field("/csv", "conflict", detail));
            }
            Some(text) => {
                let cells =
                    csv(text).map_err(|finding| Error::field("/csv", finding.code, finding.detail))?;
                let written = cells
                    .iter()
                    .map(|[date, model, amount]| Written { date, model, amount });
                // Rows of a file are counted from its header.
                lines(written, |place, field| format!("/csv/{}/{field}", place + 2))
            }
            None => {
                let written = self.lines.iter().map(|line| Written {
                    date: &line.date,
                    model: &line.model,
                    amount: &line.amount,
                });
                lines(written, |place, field| format!("/lines/{place}/{field}"))
            }
        };
        read.map_err(Error::validation)
    }
}

/// An invoice of a provider.
#[derive(Serialize, ToSchema)]
pub(super) struct ProviderInvoice {
    /// Its id.
    #[schema(value_type = String, example = "pin_01jd0000000000000000000000")]
    id: ProviderInvoiceId,
    /// Who billed.
    provider: String,
    /// The connection whose account it is of.
    #[schema(value_type = Option<String>, required = true)]
    connection: Option<ConnectionId>,
    /// What people call it.
    name: String,
    /// Its first day (UTC).
    first_day: String,
    /// Its last day (UTC).
    last_day: String,
    /// The sum of its lines.
    total: Money,
    /// Who uploaded it.
    #[schema(value_type = Option<String>, required = true)]
    created_by: Option<UserId>,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

fn day(day: Date) -> String {
    let text = day.format(format_description!("[year]-[month]-[day]"));
    text.unwrap_or_default()
}

impl From<rows::ProviderInvoice> for ProviderInvoice {
    fn from(row: rows::ProviderInvoice) -> Self {
        Self {
            id: row.id,
            provider: row.provider,
            connection: row.connection,
            name: row.name,
            first_day: day(row.days.0),
            last_day: day(row.days.1),
            total: row.total.into(),
            created_by: row.created_by,
            created_at: row.created_at,
        }
    }
}

/// What was billed for a model on a day, beside what was recorded.
#[derive(Serialize, ToSchema)]
struct ComparedLine {
    /// The day (UTC).
    day: String,
    /// The model, without a date at the end of its name.
    model: String,
    /// What the provider billed.
    invoiced: Money,
    /// What was recorded.
    recorded: Money,
    /// The part of what was recorded that does not rest on the provider's own counts.
    unsure: Money,
    /// How much more was billed than recorded.
    difference: Money,
    /// Attempts that were recorded with a cost.
    attempts: i64,
}

impl From<Compared> for ComparedLine {
    fn from(row: Compared) -> Self {
        Self {
            difference: row.difference().into(),
            day: day(row.day),
            model: row.model,
            invoiced: row.invoiced.into(),
            recorded: row.recorded.cost.into(),
            unsure: row.recorded.unsure.into(),
            attempts: row.recorded.attempts,
        }
    }
}

/// An invoice beside what was recorded from its first to its last day.
#[derive(Serialize, ToSchema)]
pub(super) struct InvoiceComparison {
    /// The invoice.
    invoice: ProviderInvoice,
    /// What was recorded in all.
    recorded: Money,
    /// How much more was billed than recorded in all.
    difference: Money,
    /// By day and model; also those that only one side has.
    lines: Vec<ComparedLine>,
}

/// Upload an invoice
///
/// At most 256 KiB and 10,000 lines.
#[utoipa::path(
    operation_id = "create_provider_invoice", tag = "billing", request_body = CreateProviderInvoice,
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("Idempotency-Key" = Option<String>, Header, description = "Create at most once per key, for 24 hours"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses(
        (status = 201, description = "Uploaded", body = ProviderInvoice),
        (status = "default", description = "Problem; `errors` points to every finding", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/organizations/{org}/provider-invoices")]
pub(super) async fn create_provider_invoice(
    member: InOrganization<Admin>,
    body: Creation<CreateProviderInvoice>,
) -> Result<Reply> {
    let (once, body) = body.checked()?;
    let new = body.checked()?;
    let organization = member.organization;
    member
        .caller
        .create(once, move |tx| {
            async move {
                let invoice = app::create(tx, new).await?;
                let id = invoice.id;
                let location = format!("/api/v1/organizations/{organization}/provider-invoices/{id}");
                Reply::created(location, &ProviderInvoice::from(invoice))
            }
            .boxed()
        })
        .await
}

/// List invoices
#[utoipa::path(
    operation_id = "list_provider_invoices", tag = "billing",
    params(("org" = String, Path, description = "Id or slug of the organization"), PageQuery),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses((status = 200, description = "The invoices, newest first", body = Page<ProviderInvoice>))
)]
#[get("/organizations/{org}/provider-invoices")]
pub(super) async fn list_provider_invoices(member: InOrganization<Admin>, page: PageQuery) -> Result<Reply> {
    let organization = member.organization;
    let (before, fetch) = (page.before()?, page.fetch()?);
    let found = member
        .read(move |connection| rows::list(connection, organization, before, fetch).boxed())
        .await?;
    Reply::ok(&Page::of(&page, found, |row| row.id, ProviderInvoice::from)?)
}

/// Compare an invoice
///
/// With what was recorded over the organization's own accounts at that provider, by day and model.
#[utoipa::path(
    operation_id = "get_provider_invoice", tag = "billing",
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("invoice" = String, Path, description = "Id of the invoice"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses((status = 200, description = "Both sides", body = InvoiceComparison))
)]
#[get("/organizations/{org}/provider-invoices/{invoice}")]
pub(super) async fn get_provider_invoice(
    member: InOrganization<Admin>,
    id: PathId<ProviderInvoiceId>,
) -> Result<Reply> {
    let (organization, id) = (member.organization, id.0);
    let (invoice, compared) = member
        .find(move |connection| {
            async move {
                let Some(invoice) = rows::find(connection, organization, id).await? else {
                    return Ok(None);
                };
                let billed = rows::lines(connection, id).await?;
                let recorded = rows::recorded(connection, &invoice).await?;
                Ok(Some((invoice, compare(billed, recorded))))
            }
            .boxed()
        })
        .await?;
    let recorded: NanoUsd = compared.iter().map(|row| row.recorded.cost).sum();
    let difference: NanoUsd = compared.iter().map(Compared::difference).sum();
    Reply::ok(&InvoiceComparison {
        invoice: invoice.into(),
        recorded: recorded.into(),
        difference: difference.into(),
        lines: compared.into_iter().map(ComparedLine::from).collect(),
    })
}

/// Delete an invoice
#[utoipa::path(
    operation_id = "delete_provider_invoice", tag = "billing",
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("invoice" = String, Path, description = "Id of the invoice"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses((status = 204, description = "Deleted"))
)]
#[delete("/organizations/{org}/provider-invoices/{invoice}")]
pub(super) async fn delete_provider_invoice(
    member: InOrganization<Admin>,
    id: PathId<ProviderInvoiceId>,
) -> Result<Reply> {
    let id = id.0;
    member.caller.remove(move |tx| app::delete(tx, id).boxed()).await
}
