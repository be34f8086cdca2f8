//! Signals: what tenants push for conditions of their routes. Workers learn of each as of any other change.

use serde_json::json;
use sluicegate_contracts::config::{Entity, EntityKind, SignalValue};
use sluicegate_contracts::ids::ProjectId;
use sluicegate_routing::rules::is_signal_name;
use sluicegate_service_runtime::ids;
use time::Duration;

use super::Tx;
use crate::domain::signal_source::MAX_TEXT;
use crate::error::{Error, FieldError, Result};
use crate::store::signal_sources;
use crate::store::signals::{self, Signal};

/// Most signals of a project: each of its workers keeps them all.
const MAX_SIGNALS: i64 = 100;
/// A week.
const TTL_SECONDS: std::ops::RangeInclusive<u32> = 1..=604_800;

/// What is pushed.
#[derive(Debug, Clone)]
pub struct Push {
    /// Name of the signal.
    pub name: String,
    /// Its value.
    pub value: SignalValue,
    /// For how long it counts, in seconds.
    pub ttl_seconds: u32,
}

impl Push {
    fn findings(&self) -> Vec<FieldError> {
        let mut findings = Vec::new();
        if !is_signal_name(&self.name) {
            let detail = "A signal's name has 1 to 64 letters, digits, dots, dashes and underscores.";
            findings.push(FieldError::new("signal", "invalid", detail));
        }
        match &self.value {
            SignalValue::Text(text) if text.len() > MAX_TEXT => {
                findings.push(FieldError::new("/value", "too_long", "At most 256 bytes."));
            }
            SignalValue::Number(number) if !number.is_finite() => {
                findings.push(FieldError::new(
                    "/value",
                    "invalid",
                    "Use a number that is finite.",
                ));
            }
            SignalValue::Flag(_) | SignalValue::Number(_) | SignalValue::Text(_) => {}
        }
        if !TTL_SECONDS.contains(&self.ttl_seconds) {
            let detail = "Use 1 to 604800 seconds.";
            findings.push(FieldError::new("/ttl_seconds", "out_of_range", detail));
        }
        findings
    }
}

/// Takes a new value of a signal, which need not be there yet.
///
/// # Errors
/// `validation_failed`, also when the project has as many signals as it may have.
pub async fn push(tx: &mut Tx, project: ProjectId, push: Push) -> Result<Signal> {
    let findings = push.findings();
    if !findings.is_empty() {
        return Err(Error::validation(findings));
    }
    let known = signals::find(tx.connection(), project, &push.name).await?;
    if known.is_none() && signals::count(tx.connection(), project).await? >= MAX_SIGNALS {
        let detail = "A project has at most 100 signals. Delete one that no route asks for.";
        return Err(Error::field("signal", "too_many", detail));
    }
    let now = tx.ctx().now;
    let mut signal = Signal {
        id: ids::fresh(),
        organization: tx.organization()?,
        project,
        name: push.name,
        value: push.value,
        good_until: now + Duration::seconds(push.ttl_seconds.into()),
        pushed_at: now,
    };
    signal.id = signals::push(tx.connection(), &signal).await?;
    // Values come by the minute: who may push, not each push, is what an audit asks for.
    if known.is_none() {
        tx.audit("signal.create", signal.id, &json!({ "name": signal.name }));
    }
    tx.publish(&Entity::Signal(signal.published()?))?;
    Ok(signal)
}

/// Forgets a signal and its source: conditions take the value that they name themselves.
///
/// # Errors
/// `not_found`.
pub async fn delete(tx: &mut Tx, project: ProjectId, name: &str) -> Result<()> {
    let organization = tx.organization()?;
    signal_sources::delete(tx.connection(), organization, project, name).await?;
    let id = signals::delete(tx.connection(), project, name).await?;
    let id = id.ok_or_else(Error::not_found)?;
    tx.audit("signal.delete", id, &json!({ "name": name }));
    tx.retract(EntityKind::Signal, id.as_uuid());
    Ok(())
}
