//! Many calls while parts are struck: each billed call is recorded once, to the nano-dollar.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::stage::Stage;
use super::{FIRST_TOKEN_MS, judge, keep_log, plan, size, when_recorded};
use crate::load::call::Call;
use crate::options::Storm;
use crate::report::{put, say};
use crate::scene::Scene;
use crate::schedule;
use crate::stack::Stack;
use crate::verdict::{Rule, Verdict, budgets, service};

/// Limits that nobody reaches: budgets are counted on all the same.
const LIMIT: u64 = 1_000_000_000_000;
/// Short answers: it is their number that counts.
const MAX_TOKENS: u64 = 24;

pub(super) async fn run(options: &Storm, folder: &Path) -> anyhow::Result<Verdict> {
    let shape = &options.shape;
    let within = Duration::from_secs(options.calls / u64::from(shape.rate));
    let (kill, also) = (Some(&options.kill), options.also.as_ref());
    let strikes = schedule::strikes(shape.seed, size(shape), kill, also, within);
    let stack = Arc::new(Stack::start(folder, size(shape), shape.seed, FIRST_TOKEN_MS).await?);
    let scene = Arc::new(Scene::with_budgets(&stack, LIMIT).await?);
    say(format!(
        "{} strikes in {within:?}, {} calls",
        strikes.len(),
        options.calls
    ));
    let plan = plan(shape, MAX_TOKENS, Some(options.calls));
    let mut stage = Stage::begin(Arc::clone(&stack), Arc::clone(&scene), plan, strikes);
    stage.until_repaired().await;
    // The last call ends the load.
    stage.until_over().await;
    let over = stage.end().await;
    keep_log(folder, &over.calls)?;
    let quiet = Duration::from_secs(options.quiet_secs);
    let (evidence, recorded) = when_recorded(&stack, &over.calls, quiet).await?;
    let mut verdict = judge(&evidence, &over, &scene);
    verdict.add([no_refusal(&over.calls)]);
    put(&format!("  {}", service::summary(&over.calls)));
    put(&format!(
        "  records were complete {recorded:.1?} after the last call"
    ));
    if let Ok(stack) = Arc::try_unwrap(stack) {
        stack.stop().await?;
    }
    Ok(verdict)
}

fn no_refusal(calls: &[Call]) -> Rule {
    let refused = calls.iter().filter(|call| call.code() == Some(budgets::EXCEEDED));
    let findings = refused
        .map(|call| format!("{:?}: {:?}", call.id, call.seen))
        .collect();
    Rule::new(
        "nobody is refused far from every limit",
        format!("{} calls", calls.len()),
        findings,
    )
}
