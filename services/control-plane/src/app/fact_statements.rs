//! Facts that an organization states of its accounts and of models. Workers get all of them with the organization.

use serde_json::json;
use sluicegate_contracts::config::Entity;
use sluicegate_contracts::ids::FactStatementId;
use sluicegate_service_runtime::ids;

use super::Tx;
use crate::codes::Code;
use crate::domain::fact_statement::FactStatement;
use crate::domain::precondition::IfMatch;
use crate::error::{Error, Result};
use crate::store::fact_statements::{self, Stated};
use crate::store::organizations;

/// Most statements of an organization: they travel in one message.
const MAX_STATEMENTS: usize = 200;

/// A new statement.
///
/// # Errors
/// `validation_failed`, `conflict` when there are too many.
pub async fn state(tx: &mut Tx, statement: FactStatement) -> Result<Stated> {
    let findings = statement.findings(tx.ctx().now.date());
    if !findings.is_empty() {
        return Err(Error::validation(findings));
    }
    let stated = Stated {
        id: ids::fresh(),
        organization: tx.organization()?,
        statement,
        revision: 1,
        created_by: tx.ctx().user(),
        created_at: tx.ctx().now,
    };
    let organization = organizations::find_for_update(tx.connection(), stated.organization).await?;
    let organization = organization.ok_or_else(Error::not_found)?;
    let before = fact_statements::stated_by(tx.connection(), stated.organization).await?;
    if before.len() >= MAX_STATEMENTS {
        let detail = "At most 200 statements are kept: take some back first.";
        return Err(Error::new(Code::Conflict, detail));
    }
    fact_statements::insert(tx.connection(), &stated).await?;
    let FactStatement {
        about,
        facts,
        evidence,
        as_of,
    } = &stated.statement;
    let detail = json!({ "about": about, "facts": facts, "evidence": evidence, "as_of": as_of.to_string() });
    tx.audit("facts.state", stated.id, &detail);
    publish(tx, organization).await?;
    Ok(stated)
}

/// Takes a statement back.
///
/// # Errors
/// `not_found`, `version_conflict`.
pub async fn withdraw(tx: &mut Tx, id: FactStatementId, if_match: &IfMatch) -> Result<()> {
    let organization = tx.organization()?;
    let holder = organizations::find_for_update(tx.connection(), organization).await?;
    let holder = holder.ok_or_else(Error::not_found)?;
    let found = fact_statements::find(tx.connection(), organization, id).await?;
    let stated = found.ok_or_else(Error::not_found)?;
    if_match.check(stated.revision)?;
    fact_statements::delete(tx.connection(), id).await?;
    let detail = json!({ "about": stated.statement.about, "facts": stated.statement.facts });
    tx.audit("facts.withdraw", id, &detail);
    publish(tx, holder).await
}

/// Tells the workers what an organization, which is locked, states now.
pub(super) async fn publish(tx: &mut Tx, organization: organizations::Organization) -> Result<()> {
    let stated = fact_statements::stated_by(tx.connection(), organization.id).await?;
    tx.publish(&Entity::Organization(organization.published(stated)))
}
