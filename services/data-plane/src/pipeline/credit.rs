//! Prepaid credit for an attempt that the host pays the provider for.

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_metering::escrow::{Hold, Outcome};

use super::Gateway;
use super::reserve::undecided;
use super::stage::Planned;
use crate::budgets::scope::Standing;
use crate::error::{ErrorKind, GatewayError};

/// Sets credit aside for an attempt at `model` that can cost up to `bound`, and says on which account.
///
/// # Errors
/// 402 when there is too little, 503 when that cannot be told now, 403 when the cost has no bound.
pub(super) async fn hold_credit(
    gateway: &Gateway,
    planned: &Planned<'_>,
    standing: &Standing,
    model: &str,
    bound: Option<NanoUsd>,
) -> Result<(AccountId, Hold), GatewayError> {
    let Some((account, path)) = standing.credit() else {
        return Err(too_little(NanoUsd::ZERO, bound));
    };
    let Some(amount) = bound else {
        let message = format!("What {model:?} costs is not known, and credit pays for no such call.");
        return Err(GatewayError::new(ErrorKind::PriceUnknown, message).at("model"));
    };
    let organization = planned.request.caller.project.organization;
    match gateway.budgets().hold(organization, &path, amount).await {
        Outcome::Held(hold) => Ok((account, hold)),
        Outcome::Unavailable(why) => Err(undecided(why)),
        Outcome::Refused { available: left, .. } | Outcome::TooLarge { most: left, .. } => {
            Err(too_little(left, Some(amount)))
        }
    }
}

fn too_little(left: NanoUsd, wanted: Option<NanoUsd>) -> GatewayError {
    let left = left.max(NanoUsd::ZERO);
    let costs = wanted.map_or_else(String::new, |wanted| {
        format!(" and this call can cost up to {wanted} USD")
    });
    let message = format!(
        "The organization's prepaid credit has {left} USD left{costs}. Add credit, lower the output limit, or use a \
         connection of your own."
    );
    GatewayError::new(ErrorKind::BudgetExceeded, message)
}
