//! Constraints against those of the levels above: together they must leave something that can serve. What a level above
//! states later binds the ones below too, whatever they say.

use sluicegate_contracts::config::{Constraints, Level};
use sluicegate_contracts::ids::ProjectId;

use super::Tx;
use crate::domain::constraint_check::conflicts;
use crate::error::{Error, Result};
use crate::store::{organizations, projects};

const AT: &str = "/constraints";

/// Checks what a project would state.
///
/// # Errors
/// `validation_failed` at the lists that leave nothing.
pub(super) async fn check_project(tx: &mut Tx, own: &Constraints) -> Result<()> {
    let organization = of_organization(tx).await?;
    refuse(own, &[(Level::Organization, &organization)])
}

/// Checks what a key of `project` would state.
///
/// # Errors
/// `validation_failed` at the lists that leave nothing.
pub(super) async fn check_key(tx: &mut Tx, project: ProjectId, own: &Constraints) -> Result<()> {
    if own.are_none() {
        return Ok(());
    }
    let organization = of_organization(tx).await?;
    let found = projects::find(tx.connection(), project).await?;
    let project = found.ok_or_else(Error::not_found)?.constraints;
    refuse(
        own,
        &[(Level::Organization, &organization), (Level::Project, &project)],
    )
}

async fn of_organization(tx: &mut Tx) -> Result<Constraints> {
    let id = tx.organization()?;
    let found = organizations::find(tx.connection(), id).await?;
    Ok(found.ok_or_else(Error::not_found)?.constraints)
}

fn refuse(own: &Constraints, above: &[(Level, &Constraints)]) -> Result<()> {
    match conflicts(own, AT, above) {
        findings if findings.is_empty() => Ok(()),
        findings => Err(Error::validation(findings)),
    }
}
