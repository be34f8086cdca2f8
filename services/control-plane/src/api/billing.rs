//! Prepaid credit of an organization, as its members see it. Credit comes by a payment, of which the payment provider
//! tells (`payment_webhooks`), or from the operator (`operator_credits`).

use actix_web::http::header;
use actix_web::{HttpResponse, Responder, get, post, web};
use futures_util::FutureExt;
use serde::Deserialize;
use sluicegate_contracts::ids::TopUpId;
use sluicegate_contracts::money::NanoUsd;
use utoipa::IntoParams;

use super::billing_shapes::{
    Billing, CreateTopUp, Credit, LedgerTransfer, Statement, StatementLine, StatementUsage, TopUp,
    TransferType,
};
use super::extract::{Admin, Creation, InOrganization, Owner, PageQuery, PathId, Viewer};
use super::reply::Reply;
use super::shapes::Page;
use crate::app::billing;
use crate::codes::Code;
use crate::domain::statement::{BillingMonth, Line, csv};
use crate::error::{Error, Result};
use crate::problem::Problem;
use crate::settings::BillingMode;
use crate::state::AppState;
use crate::store::credits::{self, Charged, Sum};
use crate::store::{Lock, top_ups};

/// Refuses where nobody is billed.
///
/// # Errors
/// `self_hosted_mode`.
pub(super) fn is_sold(state: &AppState) -> Result<()> {
    match state.settings.billing.mode {
        BillingMode::Prepaid => Ok(()),
        BillingMode::SelfHosted => Err(Error::new(
            Code::SelfHostedMode,
            "This deployment bills nobody for calls.",
        )),
    }
}

/// Read the balance
///
/// Refused with `self_hosted_mode` where nobody is billed, as all operations of billing.
#[utoipa::path(
    operation_id = "get_billing", tag = "billing",
    params(("org" = String, Path, description = "Id or slug of the organization")),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses((status = 200, description = "The balance", body = Billing))
)]
#[get("/organizations/{org}/billing")]
pub(super) async fn get_billing(member: InOrganization<Viewer>) -> Result<Reply> {
    is_sold(&member.state)?;
    let (organization, now) = (member.organization, member.ctx.now);
    let standing = member
        .read(move |connection| credits::standing(connection, organization, now).boxed())
        .await?;
    Reply::ok(&Billing::of(standing, member.state.operator.stripe.is_some()))
}

/// List credits
#[utoipa::path(
    operation_id = "list_credits", tag = "billing",
    params(("org" = String, Path, description = "Id or slug of the organization"), PageQuery),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses((status = 200, description = "Parts of the credit, newest first", body = Page<Credit>))
)]
#[get("/organizations/{org}/credits")]
pub(super) async fn list_credits(member: InOrganization<Viewer>, page: PageQuery) -> Result<Reply> {
    is_sold(&member.state)?;
    let organization = member.organization;
    let (before, fetch) = (page.before::<i64>()?, page.fetch()?);
    let found = member
        .read(move |connection| credits::lots(connection, organization, before, fetch).boxed())
        .await?;
    Reply::ok(&Page::of(&page, found, |lot| lot.number, Credit::from)?)
}

/// List transfers of the ledger
#[utoipa::path(
    operation_id = "list_ledger", tag = "billing",
    params(("org" = String, Path, description = "Id or slug of the organization"), PageQuery),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses((status = 200, description = "The transfers, newest first", body = Page<LedgerTransfer>))
)]
#[get("/organizations/{org}/ledger")]
pub(super) async fn list_ledger(member: InOrganization<Admin>, page: PageQuery) -> Result<Reply> {
    is_sold(&member.state)?;
    let organization = member.organization;
    let (before, fetch) = (page.before::<i64>()?, page.fetch()?);
    let found = member
        .read(move |connection| credits::transfers(connection, organization, before, fetch).boxed())
        .await?;
    Reply::ok(&Page::of(&page, found, |row| row.number, LedgerTransfer::of)?)
}

/// List top-ups
#[utoipa::path(
    operation_id = "list_top_ups", tag = "billing",
    params(("org" = String, Path, description = "Id or slug of the organization"), PageQuery),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses((status = 200, description = "The top-ups, newest first", body = Page<TopUp>))
)]
#[get("/organizations/{org}/top-ups")]
pub(super) async fn list_top_ups(member: InOrganization<Admin>, page: PageQuery) -> Result<Reply> {
    is_sold(&member.state)?;
    let organization = member.organization;
    let (before, fetch) = (page.before()?, page.fetch()?);
    let found = member
        .read(move |connection| top_ups::list(connection, organization, before, fetch).boxed())
        .await?;
    let link = member.state.settings.billing.payment_link.as_ref();
    Reply::ok(&Page::of(&page, found, |row| row.id, |row| TopUp::of(row, link))?)
}

/// Ask for a top-up
///
/// Credit is added when the payment arrives: pay at `payment_url`, or give the payment the top-up's id as its
/// `client_reference_id`. Without a payment provider this is refused with `not_configured`; the operator adds credit.
#[utoipa::path(
    operation_id = "create_top_up", tag = "billing", request_body = CreateTopUp,
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("Idempotency-Key" = Option<String>, Header, description = "Create at most once per key, for 24 hours"),
    ),
    extensions(("x-sluicegate-role" = json!("owner"))),
    responses(
        (status = 201, description = "Waits for its payment", body = TopUp),
        (status = "default", description = "Problem; `errors` points to every finding", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/organizations/{org}/top-ups")]
pub(super) async fn create_top_up(
    member: InOrganization<Owner>,
    body: Creation<CreateTopUp>,
) -> Result<Reply> {
    is_sold(&member.state)?;
    let (once, body) = body.checked()?;
    if member.state.operator.stripe.is_none() {
        let detail = "No payment provider is configured in this deployment. Its operator can add credit.";
        return Err(Error::new(Code::NotConfigured, detail));
    }
    let amount: NanoUsd = body
        .amount
        .amount
        .parse()
        .map_err(|_| Error::field("/amount/amount", "invalid", "Not an amount of money."))?;
    let organization = member.organization;
    let link = member.state.settings.billing.payment_link.clone();
    member
        .caller
        .create(once, move |tx| {
            async move {
                let top_up = billing::ask(tx, amount).await?;
                let id = top_up.id;
                let location = format!("/api/v1/organizations/{organization}/top-ups/{id}");
                Reply::created(location, &TopUp::of(top_up, link.as_ref()))
            }
            .boxed()
        })
        .await
}

/// Read a top-up
#[utoipa::path(
    operation_id = "get_top_up", tag = "billing",
    params(
        ("org" = String, Path, description = "Id or slug of the organization"),
        ("top_up" = String, Path, description = "Id of the top-up"),
    ),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses((status = 200, description = "The top-up", body = TopUp))
)]
#[get("/organizations/{org}/top-ups/{top_up}")]
pub(super) async fn get_top_up(member: InOrganization<Admin>, id: PathId<TopUpId>) -> Result<Reply> {
    is_sold(&member.state)?;
    let (organization, id) = (member.organization, id.0);
    let row = member
        .find(move |connection| top_ups::find(connection, organization, id, Lock::None).boxed())
        .await?;
    Reply::ok(&TopUp::of(
        row,
        member.state.settings.billing.payment_link.as_ref(),
    ))
}

/// What a statement covers, and its form.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StatementQuery {
    /// The month as `YYYY-MM` (UTC); this month when absent.
    period: Option<String>,
    /// `json` or `csv`; JSON when absent.
    format: Option<String>,
}

/// Read a statement
///
/// As JSON, or with `?format=csv` as comma-separated values.
#[utoipa::path(
    operation_id = "get_statement", tag = "billing",
    params(("org" = String, Path, description = "Id or slug of the organization"), StatementQuery),
    extensions(("x-sluicegate-role" = json!("admin"))),
    responses((status = 200, description = "The statement", content(
        (Statement = "application/json"),
        (String = "text/csv"),
    )))
)]
#[get("/organizations/{org}/statements")]
pub(super) async fn get_statement(
    member: InOrganization<Admin>,
    query: web::Query<StatementQuery>,
) -> Result<impl Responder> {
    is_sold(&member.state)?;
    let now = member.ctx.now;
    let month = match &query.period {
        Some(text) => BillingMonth::parse(text),
        None => Some(BillingMonth::of(now)),
    };
    let bounds = month.and_then(|month| month.bounds().map(|bounds| (month, bounds)));
    let (month, (from, until)) =
        bounds.ok_or_else(|| Error::field("period", "invalid", "Name a month as YYYY-MM."))?;
    let as_csv = match query.format.as_deref() {
        None | Some("json") => false,
        Some("csv") => true,
        Some(_) => return Err(Error::field("format", "invalid", "Ask for json or csv.")),
    };
    let organization = member.organization;
    let (opening, sums, usage) = member
        .read(move |connection| {
            async move {
                let opening = credits::balance_before(connection, organization, from).await?;
                let sums = credits::sums(connection, organization, from, until).await?;
                let usage = credits::charged(connection, organization, from, until).await?;
                Ok((opening, sums, usage))
            }
            .boxed()
        })
        .await?;
    let closing: NanoUsd = std::iter::once(opening)
        .chain(sums.iter().map(|sum| sum.change))
        .sum();
    if as_csv {
        let text = csv(month, &lines(opening, &sums, &usage, closing));
        let disposition = format!("attachment; filename=\"sluicegate-{month}.csv\"");
        return Ok(HttpResponse::Ok()
            .content_type("text/csv; charset=utf-8")
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::CONTENT_DISPOSITION, disposition))
            .body(text));
    }
    let statement = Statement {
        period: month.to_string(),
        starts_at: from,
        ends_at: until,
        opening: opening.into(),
        lines: sums
            .into_iter()
            .map(|sum| StatementLine {
                kind: TransferType::of_kind(&sum.kind),
                count: sum.count,
                amount: sum.change.into(),
            })
            .collect(),
        usage: usage
            .into_iter()
            .map(|one| StatementUsage {
                project_id: one.project,
                model: one.model,
                requests: one.requests,
                charge: one.charge.into(),
            })
            .collect(),
        closing: closing.into(),
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(statement))
}

fn lines<'a>(opening: NanoUsd, sums: &'a [Sum], usage: &'a [Charged], closing: NanoUsd) -> Vec<Line<'a>> {
    let plain = |kind, count, amount| Line {
        kind,
        project: String::new(),
        model: "",
        count,
        amount,
    };
    let mut lines = vec![plain("opening", None, opening)];
    lines.extend(
        sums.iter()
            .map(|sum| plain(TransferType::of_kind(&sum.kind), Some(sum.count), sum.change)),
    );
    lines.extend(usage.iter().map(|one| Line {
        kind: "usage",
        project: one.project.to_string(),
        model: &one.model,
        count: Some(one.requests),
        amount: one.charge,
    }));
    lines.push(plain("closing", None, closing));
    lines
}
