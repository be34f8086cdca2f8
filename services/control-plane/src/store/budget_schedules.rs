//! When the periods of budgets begin: one row per schedule a budget has had. The latest is in force, the others tell
//! when past windows ended.

use sluicegate_contracts::ids::BudgetId;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::period::{Anchor, Interval, Schedule, Zone};

use super::Connection;
use super::budgets::Budget;
use crate::domain::budget_window::Opened;
use crate::error::{Error, Result};

const fn interval_text(interval: Interval) -> &'static str {
    match interval {
        Interval::Hour => "hour",
        Interval::Day => "day",
        Interval::Week => "week",
        Interval::Month => "month",
        Interval::Lifetime => "lifetime",
    }
}

/// An interval from its column.
pub(super) fn interval(text: &str) -> Result<Interval> {
    Ok(match text {
        "hour" => Interval::Hour,
        "day" => Interval::Day,
        "week" => Interval::Week,
        "month" => Interval::Month,
        "lifetime" => Interval::Lifetime,
        _ => return Err(Error::internal("a budget with an unknown interval")),
    })
}

/// A schedule from its columns.
pub(super) fn read(text: &str, time_zone: &str, anchor: [i16; 3]) -> Result<Schedule> {
    let [hour, weekday, day] = anchor.map(|part| u8::try_from(part).unwrap_or(u8::MAX));
    Ok(Schedule {
        interval: interval(text)?,
        zone: Zone::named(time_zone).map_err(Error::internal)?,
        anchor: Anchor::new(hour, weekday, day).map_err(Error::internal)?,
    })
}

/// Puts the budget's schedule in force from `opened_at`.
///
/// # Errors
/// When Postgres refuses.
pub async fn open(connection: &mut Connection, budget: &Budget) -> Result<()> {
    let Schedule {
        interval,
        zone,
        anchor,
    } = &budget.terms.schedule;
    sqlx::query!(
        "insert into budget_schedules
            (organization_id, budget_id, opened_at, interval, time_zone, anchor_hour, anchor_weekday, anchor_day)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        budget.organization.as_uuid(),
        budget.id.as_uuid(),
        budget.opened_at.get(),
        interval_text(*interval),
        zone.name(),
        i16::from(anchor.hour()),
        i16::from(anchor.weekday()),
        i16::from(anchor.day()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The schedules a budget has had, oldest first.
///
/// # Errors
/// When Postgres refuses.
pub async fn history(connection: &mut Connection, budget: BudgetId) -> Result<Vec<Opened>> {
    let rows = sqlx::query!(
        "select opened_at, interval, time_zone, anchor_hour, anchor_weekday, anchor_day
         from budget_schedules where budget_id = $1 order by opened_at",
        budget.as_uuid(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let anchor = [row.anchor_hour, row.anchor_weekday, row.anchor_day];
            Ok(Opened {
                at: UnixMillis::new(row.opened_at),
                schedule: read(&row.interval, &row.time_zone, anchor)?,
            })
        })
        .collect()
}
