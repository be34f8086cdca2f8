//! `GET /activity`: spending of the last 30 whole days of UTC, by day, model and endpoint. Takes a management key.

use actix_web::web::Query;
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_contracts::ids::{ApiKeyId, EndpointId, ProjectId};
use time::{Date, Duration, UtcOffset, macros::format_description};

use super::shapes::{Data, dollars};
use crate::api::extract::account::Account;
use crate::api::reply::Reply;
use crate::domain::role::Role;
use crate::error::{Error, Result};
use crate::store::activity::{self, ActivityFilter};

const DAYS: i64 = 30;
/// Rows in one answer.
const MAX_ROWS: i64 = 10_000;

/// Which activity to show.
#[derive(Deserialize)]
pub(super) struct Wanted {
    date: Option<String>,
    api_key_hash: Option<String>,
    user_id: Option<String>,
    group_by: Option<Grouping>,
    workspace_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Grouping {
    Workspace,
}

/// One row.
#[derive(Serialize)]
struct Item {
    date: String,
    model: String,
    model_permaslug: String,
    endpoint_id: String,
    provider_name: String,
    usage: f64,
    byok_usage_inference: f64,
    requests: i64,
    prompt_tokens: i64,
    completion_tokens: i64,
    reasoning_tokens: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace_id: Option<ProjectId>,
}

impl From<activity::Activity> for Item {
    fn from(row: activity::Activity) -> Self {
        Self {
            date: row.day.to_string(),
            model_permaslug: row.model.clone(),
            model: row.model,
            endpoint_id: row
                .endpoint
                .map_or_else(String::new, |id: EndpointId| id.to_string()),
            provider_name: row.provider,
            usage: dollars(row.credit_cost),
            byok_usage_inference: dollars(row.own_cost),
            requests: row.requests,
            prompt_tokens: row.input_tokens,
            completion_tokens: row.output_tokens,
            reasoning_tokens: row.reasoning_tokens,
            workspace_id: row.project,
        }
    }
}

impl Wanted {
    fn filter(self, today: Date) -> Result<ActivityFilter> {
        let oldest = today.checked_sub(Duration::days(DAYS)).unwrap_or(today);
        let yesterday = today.previous_day().unwrap_or(today);
        if self.user_id.is_some() {
            let detail = "Calls belong to keys, not to members: use api_key_hash.";
            return Err(Error::field("user_id", "unsupported", detail));
        }
        let (from, to) = match self.date {
            None => (oldest, yesterday),
            Some(text) => {
                let date = Date::parse(&text, format_description!("[year]-[month]-[day]")).ok();
                let date = date.filter(|date| (oldest..=yesterday).contains(date));
                let detail = "Use a whole day of the last 30, as YYYY-MM-DD.";
                let date = date.ok_or_else(|| Error::field("date", "out_of_range", detail))?;
                (date, date)
            }
        };
        let unknown = |name: &'static str| move |_| Error::field(name, "invalid", "This names nothing here.");
        let key = self.api_key_hash.map(|hash| hash.parse::<ApiKeyId>());
        let project = self.workspace_id.map(|id| id.parse::<ProjectId>());
        Ok(ActivityFilter {
            from,
            to,
            key: key.transpose().map_err(unknown("api_key_hash"))?,
            project: project.transpose().map_err(unknown("workspace_id"))?,
            by_project: matches!(self.group_by, Some(Grouping::Workspace)),
        })
    }
}

pub(super) async fn activity(account: Account, query: Query<Wanted>) -> Result<Reply> {
    let organization = account.manager(Role::Viewer)?.organization;
    let caller = account.caller();
    let today = caller.ctx.now.to_offset(UtcOffset::UTC).date();
    let filter = query.into_inner().filter(today)?;
    let rows = caller
        .read(move |connection| {
            async move { activity::list(connection, organization, &filter, MAX_ROWS).await }.boxed()
        })
        .await?;
    let data: Vec<Item> = rows.into_iter().map(Item::from).collect();
    Reply::ok(&Data { data })
}
