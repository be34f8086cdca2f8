//! Explicit-state models of ways to keep budgets: every state that small numbers of workers, amounts and faults can
//! reach is visited, and each protocol must also catch its wrong variants, else the model proves nothing.

mod claims;
mod exposure;
mod nested;

use std::collections::HashSet;
use std::hash::Hash;
use std::rc::Rc;

/// What an exploration found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All states keep the rules.
    Safe { states: usize },
    /// One breaks a rule; these steps lead to it.
    Broken { rule: &'static str, steps: Vec<Step> },
}

/// What happens, and to which worker.
pub(super) type Step = (&'static str, usize);

/// A system to explore.
pub(super) trait Model {
    type State: Clone + Eq + Hash;

    fn start(&self) -> Self::State;

    /// The broken rule, if any.
    fn broken(&self, state: &Self::State) -> Option<&'static str>;

    /// All that can happen next.
    fn steps(&self, state: &Self::State, step: &mut dyn FnMut(Step, Self::State));
}

/// Visits all reachable states, nearest first, so that a broken rule is shown by a shortest way.
pub(super) fn explore<M: Model>(model: &M) -> Verdict {
    let start = Rc::new(model.start());
    let mut seen = HashSet::from([Rc::clone(&start)]);
    // State, where it came from, by which step.
    let mut queue: Vec<(Rc<M::State>, usize, Step)> = vec![(start, 0, ("start", 0))];
    let mut next = 0;
    while next < queue.len() {
        let state = Rc::clone(&queue[next].0);
        if let Some(rule) = model.broken(&state) {
            return Verdict::Broken {
                rule,
                steps: way(&queue, next),
            };
        }
        model.steps(&state, &mut |name, reached| {
            if !seen.contains(&reached) {
                let reached = Rc::new(reached);
                seen.insert(Rc::clone(&reached));
                queue.push((reached, next, name));
            }
        });
        next += 1;
    }
    Verdict::Safe { states: queue.len() }
}

fn way<S>(queue: &[(S, usize, Step)], mut at: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    while at != 0 {
        steps.push(queue[at].2);
        at = queue[at].1;
    }
    steps.reverse();
    steps
}

/// Panics unless a wrong variant is caught by this rule.
pub(super) fn assert_caught(verdict: &Verdict, expected: &str) {
    match verdict {
        Verdict::Broken { rule, .. } => assert_eq!(*rule, expected),
        Verdict::Safe { states } => panic!("{states} states and nothing wrong"),
    }
}

#[test]
fn a_broken_rule_is_shown_by_a_shortest_way() {
    struct Counter;
    impl Model for Counter {
        type State = u8;

        fn start(&self) -> u8 {
            0
        }

        fn broken(&self, state: &u8) -> Option<&'static str> {
            (*state == 6).then_some("six")
        }

        fn steps(&self, state: &u8, step: &mut dyn FnMut(Step, u8)) {
            if *state < 9 {
                step(("one", 0), state + 1);
                step(("three", 0), state + 3);
            }
        }
    }
    let steps = vec![("three", 0), ("three", 0)];
    assert_eq!(explore(&Counter), Verdict::Broken { rule: "six", steps });
}
