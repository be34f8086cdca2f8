//! Budgets of four levels are spent to the end while parts are struck.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::stage::Stage;
use super::{FIRST_TOKEN_MS, judge, keep_log, plan, size, store, when_recorded};
use crate::load::call::{Call, unix_millis};
use crate::options::Hammer;
use crate::report::{put, say};
use crate::scene::Scene;
use crate::schedule;
use crate::stack::Stack;
use crate::stack::provider::PRICE;
use crate::verdict::{Verdict, budgets, service};

/// A call holds at most this share of a limit under test.
const LARGEST_HOLD_PER_MILLE: u64 = 4;
/// Tokens of input that its bound may take.
const INPUT_TOKENS: u64 = 300;
/// Refusals of a caller after the last repair that show that its budget is used up.
const REFUSALS: usize = 5;
/// How long that may take.
const USED_UP_WITHIN: Duration = Duration::from_secs(180);
/// Records may take so much longer than money may take to come back.
const RECORDED_AFTER: Duration = Duration::from_secs(50);

pub(super) async fn run(options: &Hammer, folder: &Path) -> anyhow::Result<Verdict> {
    let (shape, limit) = (&options.shape, options.limit.0);
    let secs = Duration::from_secs(options.secs);
    let strikes = schedule::strikes(
        shape.seed,
        size(shape),
        Some(&options.kill),
        options.also.as_ref(),
        secs,
    );
    let stack = Arc::new(Stack::start(folder, size(shape), shape.seed, FIRST_TOKEN_MS).await?);
    let scene = Arc::new(Scene::with_budgets(&stack, limit).await?);
    say(format!(
        "{} strikes in {secs:?}, {} calls a second",
        strikes.len(),
        shape.rate
    ));
    let plan = plan(shape, max_tokens(limit), None);
    let mut stage = Stage::begin(Arc::clone(&stack), Arc::clone(&scene), plan, strikes);
    stage.until_repaired().await;
    let repaired = unix_millis();
    say("everything is repaired; calls go on until every budget is used up");
    stage
        .until(USED_UP_WITHIN, |calls| is_used_up(&scene, calls, repaired))
        .await;
    let over = stage.end().await;
    keep_log(folder, &over.calls)?;
    let quiet = Duration::from_secs(options.quiet_secs);
    let held = store::nothing_held(&stack, &scene, quiet).await?;
    let (evidence, recorded) = when_recorded(&stack, &over.calls, quiet + RECORDED_AFTER).await?;
    let mut verdict = judge(&evidence, &over, &scene);
    verdict.add(budgets::rules(&evidence, &over.calls, &scene));
    verdict.add([held, store::agrees(&stack, &scene, quiet + RECORDED_AFTER).await?]);
    put(&format!("  {}", service::summary(&over.calls)));
    put(&format!(
        "  records were complete {recorded:.1?} after that; {}",
        undecided(&over.calls, repaired)
    ));
    if let Ok(stack) = Arc::try_unwrap(stack) {
        stack.stop().await?;
    }
    Ok(verdict)
}

/// The longest answer whose bound is a small enough part of the limit.
fn max_tokens(limit: u64) -> u64 {
    let input = PRICE.cost_nano_usd(INPUT_TOKENS, 0, 0);
    let one = PRICE.cost_nano_usd(0, 0, 1).max(1);
    ((limit * LARGEST_HOLD_PER_MILLE / 1_000).saturating_sub(input) / one).max(2)
}

fn is_used_up(scene: &Scene, calls: &[Call], since: u64) -> bool {
    let mut refused = BTreeMap::<usize, usize>::new();
    for call in calls
        .iter()
        .filter(|call| call.began >= since && call.code() == Some(budgets::EXCEEDED))
    {
        *refused.entry(call.caller).or_default() += 1;
    }
    let under_budgets = (0..scene.callers.len()).filter(|caller| !scene.is_free(*caller));
    under_budgets
        .into_iter()
        .all(|caller| refused.get(&caller).is_some_and(|count| *count >= REFUSALS))
}

/// How often nobody could decide, and how long that went on after the last repair.
fn undecided(calls: &[Call], repaired: u64) -> String {
    let undecided = || {
        calls
            .iter()
            .filter(|call| call.code() == Some("budget_unavailable"))
    };
    let last = undecided().map(|call| call.ended).max().unwrap_or_default();
    let after = last.saturating_sub(repaired);
    format!(
        "{} calls were undecided, the last {after} ms after the last repair",
        undecided().count()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_is_a_small_part_of_any_limit() {
        for limit in [100_000_000, 500_000_000, 1_000_000_000, 50_000_000_000] {
            let bound = PRICE.cost_nano_usd(INPUT_TOKENS, 0, max_tokens(limit));
            assert!(bound * 200 <= limit || limit < 200_000_000, "{bound} of {limit}");
        }
    }
}
