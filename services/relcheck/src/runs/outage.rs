//! Parts behind the workers are away for long: calls of known keys go on, and no limit is passed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::stage::Stage;
use super::{FIRST_TOKEN_MS, judge, keep_log, plan, size, when_recorded};
use crate::load::call::Call;
use crate::options::Outage;
use crate::report::{put, say};
use crate::scene::Scene;
use crate::schedule::{Fault, Strike};
use crate::stack::Stack;
use crate::verdict::{Rule, Verdict, budgets, service};

/// So much is not spent before the outage ends.
const LIMIT: u64 = 20_000_000_000;
const MAX_TOKENS: u64 = 100;
/// Before the outage and after it.
const MARGIN: Duration = Duration::from_secs(5);
/// Records that waited for the whole outage.
const RECORDED_WITHIN: Duration = Duration::from_secs(120);

pub(super) async fn run(options: &Outage, folder: &Path) -> anyhow::Result<Verdict> {
    let shape = &options.shape;
    let parts = options.kill.iter().flat_map(|target| target.parts(size(shape)));
    let strike = |part| Strike {
        at: MARGIN,
        part,
        fault: Fault::Kill,
        lasting: options.lasting,
    };
    let strikes = parts.map(strike).collect();
    let stack = Arc::new(Stack::start(folder, size(shape), shape.seed, FIRST_TOKEN_MS).await?);
    let scene = Arc::new(Scene::with_one_budget(&stack, LIMIT).await?);
    say(format!(
        "{:?} will be away for {:?}",
        options.kill, options.lasting
    ));
    let plan = plan(shape, MAX_TOKENS, None);
    let mut stage = Stage::begin(Arc::clone(&stack), Arc::clone(&scene), plan, strikes);
    stage.until_repaired().await;
    stage.until(MARGIN, |_| false).await;
    let over = stage.end().await;
    keep_log(folder, &over.calls)?;
    let (evidence, recorded) = when_recorded(&stack, &over.calls, RECORDED_WITHIN).await?;
    let mut verdict = judge(&evidence, &over, &scene);
    verdict.add([unbudgeted(&scene, &over.calls)]);
    verdict.add(budgets::limits(&evidence, &over.calls, &scene));
    let (with, without): (Vec<Call>, Vec<Call>) = over
        .calls
        .iter()
        .cloned()
        .partition(|call| !scene.is_free(call.caller));
    put(&format!("  without budgets, {}", service::summary(&without)));
    put(&format!("  with budgets, {}", service::summary(&with)));
    put(&format!(
        "  records were complete {recorded:.1?} after the last call"
    ));
    if let Ok(stack) = Arc::try_unwrap(stack) {
        stack.stop().await?;
    }
    Ok(verdict)
}

fn unbudgeted(scene: &Scene, calls: &[Call]) -> Rule {
    let free = || calls.iter().filter(|call| scene.is_free(call.caller));
    let failed = free().filter(|call| service::has_failed(call) || call.code().is_some());
    let findings = failed
        .map(|call| format!("{:?}: {:?}", call.id, call.seen))
        .collect();
    Rule::new(
        "no call without budgets fails",
        format!("{} calls", free().count()),
        findings,
    )
}
