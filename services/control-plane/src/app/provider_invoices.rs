//! Invoices of providers, uploaded to be compared with what was recorded.

use serde_json::json;
use sluicegate_contracts::ids::{ConnectionId, ProviderInvoiceId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_service_runtime::ids;
use time::Date;

use super::Tx;
use crate::codes::Code;
use crate::domain::identity::DisplayName;
use crate::domain::provider_invoice::Lines;
use crate::domain::providers;
use crate::error::{Error, Result};
use crate::store::provider_invoices::{self, ProviderInvoice};
use crate::store::referents;

/// Most invoices of an organization.
const MAX_INVOICES: i64 = 1_000;

/// An invoice to keep.
#[derive(Debug)]
pub struct NewInvoice {
    /// Who billed.
    pub provider: String,
    /// The account it is of.
    pub connection: Option<ConnectionId>,
    /// What people call it.
    pub name: DisplayName,
    /// Its lines; at least one.
    pub lines: Lines,
}

/// Keeps an invoice.
///
/// # Errors
/// `validation_failed`; `conflict` when there are too many.
pub async fn create(tx: &mut Tx, new: NewInvoice) -> Result<ProviderInvoice> {
    let organization = tx.organization()?;
    if providers::find(&new.provider).is_none() {
        let detail = "See the list of providers.";
        return Err(Error::field("/provider", "unknown_provider", detail));
    }
    if let Some(connection) = new.connection
        && !referents::connection(tx.connection(), organization, connection).await?
    {
        let detail = "There is no such connection.";
        return Err(Error::field("/connection", "unknown_connection", detail));
    }
    if provider_invoices::count(tx.connection(), organization).await? >= MAX_INVOICES {
        let detail = "An organization keeps at most 1000 invoices; delete one first.";
        return Err(Error::new(Code::Conflict, detail));
    }
    let invoice = ProviderInvoice {
        id: ids::fresh::<ProviderInvoiceId>(),
        organization,
        provider: new.provider,
        connection: new.connection,
        name: new.name.as_str().to_owned(),
        days: days(&new.lines).ok_or_else(|| Error::internal("an invoice without lines"))?,
        total: new.lines.values().copied().sum::<NanoUsd>(),
        created_by: tx.ctx().user(),
        created_at: tx.ctx().now,
    };
    provider_invoices::insert(tx.connection(), &invoice, &new.lines).await?;
    let detail = json!({ "provider": invoice.provider, "total": invoice.total.to_string() });
    tx.audit("provider_invoice.create", invoice.id, &detail);
    Ok(invoice)
}

fn days(lines: &Lines) -> Option<(Date, Date)> {
    let ((first, _), _) = lines.first_key_value()?;
    let ((last, _), _) = lines.last_key_value()?;
    Some((*first, *last))
}

/// Forgets an invoice.
///
/// # Errors
/// `not_found`.
pub async fn delete(tx: &mut Tx, id: ProviderInvoiceId) -> Result<()> {
    let organization = tx.organization()?;
    if !provider_invoices::delete(tx.connection(), organization, id).await? {
        return Err(Error::not_found());
    }
    tx.audit_plain("provider_invoice.delete", id);
    Ok(())
}
