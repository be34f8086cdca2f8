//! Would a call be admitted, and which budget decides? Looks, and takes nothing.

use actix_web::{post, web};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use sluicegate_backplane::Escrow;
use sluicegate_contracts::account::MAX_PARTITION_BYTES;
use sluicegate_contracts::ids::BudgetId;
use sluicegate_contracts::money::NanoUsd;
use utoipa::ToSchema;

use super::budget_shapes::{BudgetEnforcement, BudgetOnExceed, BudgetWindow};
use super::extract::{InOrganization, Json, Viewer};
use super::money::{Money, WriteMoney};
use super::reply::Reply;
use crate::app::budget_evaluation::{self, Opinion, Question};
use crate::domain::budget_verdict::Verdict;
use crate::error::{Error, FieldError, Result};
use crate::problem::Problem;

/// Most tags of a call.
const MAX_TAGS: usize = 32;

/// A call that might be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EvaluateBudgets {
    /// Id of the key it is made with.
    #[schema(example = "key_01jd0000000000000000000000")]
    key: String,
    /// Whom it is for, as in `x-sluicegate-user`.
    end_user: Option<String>,
    /// The session it is part of.
    session: Option<String>,
    /// The tags it carries.
    #[serde(default)]
    #[schema(max_items = 32)]
    tags: Vec<String>,
    /// Id of the route that decides it; none when absent.
    route: Option<String>,
    /// The canonical model that serves it.
    #[schema(example = "openai/gpt-4o-mini")]
    model: String,
    /// Whether a connection of the organization's own serves it; so when absent.
    #[serde(default = "yes")]
    own_connection: bool,
    /// The most it can cost.
    cost: WriteMoney,
}

const fn yes() -> bool {
    true
}

fn is_label(text: &str) -> bool {
    (1..=MAX_PARTITION_BYTES).contains(&text.len()) && !text.chars().any(char::is_control)
}

impl EvaluateBudgets {
    fn question(self) -> Result<Question> {
        let mut findings = Vec::new();
        let mut refused = |pointer: &str, code, detail: &str| {
            findings.push(FieldError::new(pointer, code, detail));
        };
        let key = self.key.parse();
        if key.is_err() {
            refused("/key", "unknown_key", "The organization has no such key.");
        }
        let route = self.route.as_deref().map(str::parse).transpose();
        if route.is_err() {
            refused("/route", "invalid", "Not the id of a route.");
        }
        let labels = [("/end_user", &self.end_user), ("/session", &self.session)];
        for (pointer, label) in labels {
            if label.as_deref().is_some_and(|label| !is_label(label)) {
                let detail = "Use 1 to 128 bytes without control characters.";
                refused(pointer, "invalid", detail);
            }
        }
        if self.tags.len() > MAX_TAGS || !self.tags.iter().all(|tag| is_label(tag)) {
            let detail = "Use at most 32 tags of 1 to 128 bytes without control characters.";
            refused("/tags", "invalid", detail);
        }
        let cost = self.cost.amount.parse::<NanoUsd>();
        let cost = cost.ok().filter(|cost| *cost >= NanoUsd::ZERO);
        if cost.is_none() {
            let detail = "Use an amount of 0 or more, with at most 9 decimals.";
            refused("/cost/amount", "out_of_range", detail);
        }
        let (Ok(key), Ok(route), Some(cost), true) = (key, route, cost, findings.is_empty()) else {
            return Err(Error::validation(findings));
        };
        Ok(Question {
            key,
            end_user: self.end_user,
            session: self.session,
            tags: self.tags,
            route,
            model: self.model,
            over_own_connection: self.own_connection,
            cost,
        })
    }
}

/// What would become of a call.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum BudgetVerdict {
    /// Nothing stands against it.
    Admitted,
    /// It depends on whether workers need what they hold: that may come back or be spent.
    Contested,
    /// The budget is used up, and lets so many calls a minute through.
    Throttled,
    /// The route that the budget names would serve it.
    Rerouted,
    /// It would be refused.
    Refused,
}

impl From<Verdict> for BudgetVerdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Admitted => Self::Admitted,
            Verdict::Contested => Self::Contested,
            Verdict::Throttled => Self::Throttled,
            Verdict::Rerouted => Self::Rerouted,
            Verdict::Refused => Self::Refused,
        }
    }
}

/// What a budget over the call says.
#[derive(Serialize, ToSchema)]
struct EvaluatedBudget {
    /// Id of the budget.
    #[schema(value_type = String, example = "bud_01jd0000000000000000000000")]
    budget: BudgetId,
    /// Its name.
    name: String,
    /// What it says.
    verdict: BudgetVerdict,
    /// How strictly it is kept.
    enforcement: BudgetEnforcement,
    /// What happens to a call without room.
    on_exceed: BudgetOnExceed,
    /// Whose share of it the call counts on; null where all count on one.
    #[schema(required = true)]
    partition: Option<String>,
    /// The window that is open, of that share: a hard budget wants the whole cost to remain, a soft one anything.
    window: BudgetWindow,
    /// Most that one call may hold of it.
    most_per_call: Money,
}

impl From<Opinion> for EvaluatedBudget {
    fn from(opinion: Opinion) -> Self {
        let (budget, window) = (opinion.standing.budget, opinion.standing.window);
        Self {
            budget: budget.id,
            name: budget.terms.name,
            verdict: opinion.verdict.into(),
            enforcement: budget.terms.enforcement.into(),
            on_exceed: budget.terms.on_exceed.into(),
            partition: window
                .account
                .as_ref()
                .and_then(|account| account.partition.clone()),
            most_per_call: opinion.most_per_call.into(),
            window: window.into(),
        }
    }
}

/// What all budgets over the call say together.
#[derive(Serialize, ToSchema)]
struct BudgetEvaluation {
    /// The strictest of what they say; `admitted` where there is none.
    verdict: BudgetVerdict,
    /// Id of the budget that binds: the strictest, and of several the one with the least to give. Null where there is none.
    #[schema(value_type = Option<String>, required = true)]
    binding: Option<BudgetId>,
    /// All of them, the one that binds first.
    budgets: Vec<EvaluatedBudget>,
}

/// Ask what budgets would say to a call
///
/// Nothing is reserved: a moment later the answer may be another one. Caps that callers set for their sessions, prepaid credit
/// and rate limits are not looked at.
#[utoipa::path(
    operation_id = "evaluate_budgets", tag = "budgets", request_body = EvaluateBudgets,
    params(("org" = String, Path, description = "Id or slug of the organization")),
    extensions(("x-sluicegate-role" = json!("viewer"))),
    responses(
        (status = 200, description = "What they say", body = BudgetEvaluation),
        (status = "default", description = "Problem; `errors` points to every finding", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/organizations/{org}/budget-evaluations")]
pub(super) async fn evaluate_budgets(
    member: InOrganization<Viewer>,
    body: Json<EvaluateBudgets>,
    escrow: web::Data<Escrow>,
) -> Result<Reply> {
    let question = body.checked()?.question()?;
    let (organization, now, cost) = (member.organization, member.ctx.now, question.cost);
    let standings = member
        .read(move |connection| {
            async move { budget_evaluation::over(connection, organization, &question, now).await }.boxed()
        })
        .await?;
    let opinions = budget_evaluation::weigh(&escrow, organization, standings, cost).await;
    let first = opinions.first();
    Reply::ok(&BudgetEvaluation {
        verdict: first.map_or(Verdict::Admitted, |first| first.verdict).into(),
        binding: first.map(|first| first.standing.budget.id),
        budgets: opinions.into_iter().map(EvaluatedBudget::from).collect(),
    })
}
