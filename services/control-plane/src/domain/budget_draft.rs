//! A budget as its author wrote it, checked as a whole against what it refers to: every finding names its field.

use sluicegate_contracts::account::MAX_PARTITION_BYTES;
use sluicegate_contracts::config::{BudgetScope, Enforcement, OnExceed, Partition, UnknownPrice};
use sluicegate_contracts::ids::{ApiKeyId, ProjectId, RouteId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_metering::period::{Anchor, AnchorError, Interval, Schedule, Zone};

use super::identity::DisplayName;
use super::model_pattern;
use crate::error::FieldError;

const MAX_THRESHOLDS: usize = 10;
const THRESHOLD_PERCENT: std::ops::RangeInclusive<u8> = 1..=100;
const CALLS_PER_MINUTE: std::ops::RangeInclusive<u32> = 1..=1_000_000;
/// Longest tag, in bytes.
const MAX_TAG_BYTES: usize = 128;

/// Which calls count, as written: ids are texts that may name nothing.
#[derive(Debug, Clone, Default)]
pub struct ScopeDraft {
    /// Id of a project.
    pub project: Option<String>,
    /// Id of a key.
    pub api_key: Option<String>,
    /// One end user, or each for themselves.
    pub end_user: Option<Partition>,
    /// One session, or each for itself.
    pub session: Option<Partition>,
    /// A tag.
    pub tag: Option<String>,
    /// Id of a route.
    pub route: Option<String>,
    /// A model, or the beginning of its name followed by `*`.
    pub model: Option<String>,
}

/// What happens without room, as written.
#[derive(Debug, Clone)]
pub enum OnExceedDraft {
    /// Refused.
    Refuse,
    /// Served by the route with this id.
    Route(String),
    /// Let through so often in a minute.
    Throttle(u32),
}

/// When periods begin, as written.
#[derive(Debug, Clone)]
pub struct ScheduleDraft {
    /// How long a period is.
    pub interval: Interval,
    /// Name of a time zone.
    pub time_zone: String,
    /// Hour of the day.
    pub hour: u8,
    /// Weekday, 1 is Monday.
    pub weekday: u8,
    /// Day of the month.
    pub day: u8,
}

/// What can be changed of a budget, as written.
#[derive(Debug, Clone)]
pub struct TermsDraft {
    /// Its name for people.
    pub name: String,
    /// Decimal amount in US dollars.
    pub limit: String,
    /// When periods begin.
    pub schedule: ScheduleDraft,
    /// How strictly it is kept.
    pub enforcement: Enforcement,
    /// What happens without room.
    pub on_exceed: OnExceedDraft,
    /// Whether calls over the tenant's own connections count.
    pub counts_own_connections: bool,
    /// What happens without a price.
    pub unknown_price: UnknownPrice,
    /// Shares of the limit, in percent, at which people are told.
    pub alert_thresholds: Vec<u8>,
}

/// What can be changed of a budget, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Its name for people.
    pub name: String,
    /// Most that may be spent in a period.
    pub limit: NanoUsd,
    /// When periods begin.
    pub schedule: Schedule,
    /// How strictly it is kept.
    pub enforcement: Enforcement,
    /// What happens without room.
    pub on_exceed: OnExceed,
    /// Whether calls over the tenant's own connections count.
    pub counts_own_connections: bool,
    /// What happens without a price.
    pub unknown_price: UnknownPrice,
    /// Ascending, without repeats.
    pub alert_thresholds: Vec<u8>,
}

/// The objects a draft refers to, as far as the organization has them.
#[derive(Debug, Clone, Default)]
pub struct Referents {
    /// The project.
    pub project: Option<ProjectId>,
    /// The key, with its project.
    pub api_key: Option<(ApiKeyId, ProjectId)>,
    /// The route, with its project.
    pub route: Option<(RouteId, ProjectId)>,
    /// The route that calls without room are sent to, with its project.
    pub fallback: Option<(RouteId, ProjectId)>,
}

/// Another budget over the same calls, or this one: how long its periods are and what they allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbor {
    /// How long its periods are.
    pub interval: Interval,
    /// Most that may be spent in one.
    pub limit: NanoUsd,
}

fn finding(pointer: &str, code: &'static str, detail: &str) -> FieldError {
    FieldError::new(pointer, code, detail)
}

impl ScopeDraft {
    /// Checks the scope. What belongs to a project names it, so that nothing has to be looked up to apply it.
    ///
    /// # Errors
    /// Every finding.
    pub fn check(self, known: &Referents) -> Result<BudgetScope, Vec<FieldError>> {
        let mut findings = Vec::new();
        let mut missing = |is_missing: bool, pointer: &str, code, detail: &str| {
            if is_missing {
                findings.push(finding(pointer, code, detail));
            }
        };
        let unknown = "The organization has no such project.";
        let named = self.project.is_some();
        missing(
            named && known.project.is_none(),
            "/scope/project",
            "unknown_project",
            unknown,
        );
        let unknown = "The organization has no such key.";
        let no_key = self.api_key.is_some() && known.api_key.is_none();
        missing(no_key, "/scope/key", "unknown_key", unknown);
        let unknown = "The organization has no such route.";
        let no_route = self.route.is_some() && known.route.is_none();
        missing(no_route, "/scope/route", "unknown_route", unknown);
        let of_key = known.api_key.map(|(_, project)| project);
        let of_route = known.route.map(|(_, project)| project);
        let project = known.project.or(of_key).or(of_route);
        let elsewhere = |other: Option<ProjectId>| other.is_some_and(|other| Some(other) != project);
        let detail = "It belongs to another project, so no call would count.";
        missing(elsewhere(of_key), "/scope/key", "other_project", detail);
        missing(elsewhere(of_route), "/scope/route", "other_project", detail);
        check_partition(self.end_user.as_ref(), "/scope/end_user", &mut findings);
        check_partition(self.session.as_ref(), "/scope/session", &mut findings);
        if self.end_user == Some(Partition::Each) && self.session == Some(Partition::Each) {
            let detail = "A budget is kept apart by end user or by session, not by both.";
            findings.push(finding("/scope/session", "two_partitions", detail));
        }
        if let Some(tag) = &self.tag
            && !is_value(tag, MAX_TAG_BYTES)
        {
            let detail = "Use 1 to 128 bytes without control characters.";
            findings.push(finding("/scope/tag", "invalid", detail));
        }
        if let Some(model) = &self.model
            && !model_pattern::is_pattern(model)
        {
            let detail = "Use a model name without spaces, or its beginning followed by *.";
            findings.push(finding("/scope/model", "invalid_model", detail));
        }
        if !findings.is_empty() {
            return Err(findings);
        }
        Ok(BudgetScope {
            project,
            api_key: known.api_key.map(|(key, _)| key),
            end_user: self.end_user,
            session: self.session,
            tag: self.tag,
            route: known.route.map(|(route, _)| route),
            model: self.model,
        })
    }
}

/// Whether a text can be a partition or a tag.
fn is_value(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn check_partition(partition: Option<&Partition>, pointer: &str, findings: &mut Vec<FieldError>) {
    if let Some(Partition::One(value)) = partition
        && !is_value(value, MAX_PARTITION_BYTES)
    {
        let detail = "Use 1 to 128 bytes without control characters.";
        findings.push(finding(pointer, "invalid", detail));
    }
}

impl TermsDraft {
    /// As somebody would write what is in force.
    #[must_use]
    pub fn of(terms: &Terms) -> Self {
        let Schedule {
            interval,
            zone,
            anchor,
        } = &terms.schedule;
        Self {
            name: terms.name.clone(),
            limit: terms.limit.to_string(),
            schedule: ScheduleDraft {
                interval: *interval,
                time_zone: zone.name().to_owned(),
                hour: anchor.hour(),
                weekday: anchor.weekday(),
                day: anchor.day(),
            },
            enforcement: terms.enforcement,
            on_exceed: match &terms.on_exceed {
                OnExceed::Refuse => OnExceedDraft::Refuse,
                OnExceed::Route(route) => OnExceedDraft::Route(route.to_string()),
                OnExceed::Throttle { requests_per_minute } => OnExceedDraft::Throttle(*requests_per_minute),
            },
            counts_own_connections: terms.counts_own_connections,
            unknown_price: terms.unknown_price,
            alert_thresholds: terms.alert_thresholds.clone(),
        }
    }

    /// Checks everything but the scope, which is `scope`.
    ///
    /// # Errors
    /// Every finding.
    pub fn check(
        self,
        scope: &BudgetScope,
        known: &Referents,
        neighbors: &[Neighbor],
    ) -> Result<Terms, Vec<FieldError>> {
        let mut findings = Vec::new();
        let name = DisplayName::parse(&self.name, "/name").map_err(|error| findings.push(error));
        let limit = check_limit(&self.limit).map_err(|error| findings.push(error));
        let schedule = self.schedule.check().map_err(|errors| findings.extend(errors));
        let on_exceed = check_on_exceed(self.on_exceed, self.enforcement, scope, known)
            .map_err(|error| findings.push(error));
        let thresholds = check_thresholds(self.alert_thresholds).map_err(|error| findings.push(error));
        let (Ok(name), Ok(limit), Ok(schedule), Ok(on_exceed), Ok(alert_thresholds)) =
            (name, limit, schedule, on_exceed, thresholds)
        else {
            return Err(findings);
        };
        let own = Neighbor {
            interval: schedule.interval,
            limit,
        };
        check_order(own, neighbors).map_err(|error| vec![error])?;
        Ok(Terms {
            name: name.as_str().to_owned(),
            limit,
            schedule,
            enforcement: self.enforcement,
            on_exceed,
            counts_own_connections: self.counts_own_connections,
            unknown_price: self.unknown_price,
            alert_thresholds,
        })
    }
}

fn check_limit(text: &str) -> Result<NanoUsd, FieldError> {
    let limit = text
        .parse::<NanoUsd>()
        .ok()
        .filter(|limit| *limit > NanoUsd::ZERO);
    let detail = "Use an amount above 0 and below 9007199.254740992, with at most 9 decimals.";
    limit.ok_or_else(|| finding("/limit/amount", "out_of_range", detail))
}

impl ScheduleDraft {
    fn check(self) -> Result<Schedule, Vec<FieldError>> {
        let mut findings = Vec::new();
        let zone = Zone::named(&self.time_zone).map_err(|_| {
            let detail = "Use a name of the IANA time-zone database, such as Europe/Berlin.";
            findings.push(finding("/time_zone", "unknown_time_zone", detail));
        });
        let anchor = Anchor::new(self.hour, self.weekday, self.day).map_err(|error| {
            let (pointer, detail) = match error {
                AnchorError::Hour => ("/anchor/hour", "Use 0 to 23."),
                AnchorError::Weekday => ("/anchor/weekday", "Use 1 (Monday) to 7 (Sunday)."),
                AnchorError::Day => ("/anchor/day", "Use 1 to 31."),
            };
            findings.push(finding(pointer, "out_of_range", detail));
        });
        let (Ok(zone), Ok(anchor)) = (zone, anchor) else {
            return Err(findings);
        };
        Ok(Schedule {
            interval: self.interval,
            zone,
            anchor,
        })
    }
}

fn check_on_exceed(
    draft: OnExceedDraft,
    enforcement: Enforcement,
    scope: &BudgetScope,
    known: &Referents,
) -> Result<OnExceed, FieldError> {
    let pointer = "/on_exceed";
    let only_counted = enforcement == Enforcement::Notify;
    match draft {
        OnExceedDraft::Refuse => Ok(OnExceed::Refuse),
        OnExceedDraft::Route(_) | OnExceedDraft::Throttle(_) if only_counted => {
            let detail = "A budget that only notifies stops no call; leave on_exceed at refuse.";
            Err(finding(pointer, "not_enforced", detail))
        }
        OnExceedDraft::Route(_) => {
            let unknown = || finding("/on_exceed/route", "unknown_route", "There is no such route.");
            let (route, project) = known.fallback.ok_or_else(unknown)?;
            if scope.route == Some(route) {
                let detail = "This is the route the budget is over.";
                return Err(finding("/on_exceed/route", "route_loop", detail));
            }
            if scope.project != Some(project) {
                let detail = "A route serves calls of its own project: name that project in the scope.";
                return Err(finding("/on_exceed/route", "other_project", detail));
            }
            Ok(OnExceed::Route(route))
        }
        OnExceedDraft::Throttle(_) if enforcement == Enforcement::Hard => {
            let detail = "What is let through could pass a hard limit: make the budget soft, or refuse.";
            Err(finding(pointer, "hard_throttle", detail))
        }
        OnExceedDraft::Throttle(calls) if !CALLS_PER_MINUTE.contains(&calls) => Err(finding(
            "/on_exceed/requests_per_minute",
            "out_of_range",
            "Use 1 to 1000000.",
        )),
        OnExceedDraft::Throttle(requests_per_minute) => Ok(OnExceed::Throttle { requests_per_minute }),
    }
}

fn check_thresholds(mut thresholds: Vec<u8>) -> Result<Vec<u8>, FieldError> {
    let acceptable = thresholds.len() <= MAX_THRESHOLDS
        && thresholds
            .iter()
            .all(|percent| THRESHOLD_PERCENT.contains(percent));
    if !acceptable {
        let detail = "Use at most 10 whole percentages from 1 to 100.";
        return Err(finding("/alert_thresholds", "out_of_range", detail));
    }
    thresholds.sort_unstable();
    thresholds.dedup();
    Ok(thresholds)
}

const fn length(interval: Interval) -> u8 {
    match interval {
        Interval::Hour => 0,
        Interval::Day => 1,
        Interval::Week => 2,
        Interval::Month => 3,
        Interval::Lifetime => 4,
    }
}

/// Over the same calls, a longer period allows no less than a shorter one: else the shorter could never be used up.
fn check_order(own: Neighbor, neighbors: &[Neighbor]) -> Result<(), FieldError> {
    let contradicts = |other: &&Neighbor| {
        let order = length(own.interval).cmp(&length(other.interval));
        (order.is_lt() && own.limit > other.limit) || (order.is_gt() && own.limit < other.limit)
    };
    match neighbors.iter().find(contradicts) {
        None => Ok(()),
        Some(other) => {
            let detail = format!(
                "Another budget over the same calls allows {} USD in periods of another length; the longer must allow \
                 no less.",
                other.limit
            );
            Err(FieldError::new("/limit/amount", "interval_order", detail))
        }
    }
}

#[cfg(test)]
#[path = "budget_draft_tests.rs"]
mod tests;
