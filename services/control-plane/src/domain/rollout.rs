//! How a version of a route takes the place of the published one: in which stages, how long each lasts, and from which difference
//! on it is halted. Pure.

use time::{Duration, OffsetDateTime};

use crate::error::FieldError;

/// Most stages.
const MAX_STAGES: usize = 10;
/// From a minute to a week.
const HOLD_MINUTES: std::ops::RangeInclusive<u32> = 1..=10_080;
/// Fewer say nothing of a share.
const MIN_REQUESTS: std::ops::RangeInclusive<u32> = 20..=100_000;
const POINTS: std::ops::RangeInclusive<f64> = 0.1..=100.0;
const RATIO: std::ops::RangeInclusive<f64> = 1.0..=100.0;

/// The stages of a rollout, and what ends it.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// How many of 100 conversations the newer version serves in each, ascending; after the last it serves all.
    pub stages: Vec<u8>,
    /// How long each lasts at least; `None`: until somebody advances it.
    pub hold_minutes: Option<u32>,
    /// What halts it.
    pub guards: Guards,
}

/// How much worse than the published version the newer one may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guards {
    /// Percentage points that its share of errors may be higher; `None`: errors do not count.
    pub error_rate_points: Option<f64>,
    /// How many times the mean cost of a request it may have; `None`: cost does not count.
    pub cost_ratio: Option<f64>,
    /// How many times the time to the first byte it may have, at the 95th percentile; `None`: time does not count.
    pub ttft_p95_ratio: Option<f64>,
    /// How many requests of a stage each version has to have served before they are compared.
    pub min_requests: u32,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            stages: vec![5, 25, 50],
            hold_minutes: Some(10),
            guards: Guards::default(),
        }
    }
}

impl Default for Guards {
    fn default() -> Self {
        Self {
            error_rate_points: Some(2.0),
            cost_ratio: Some(1.5),
            ttft_p95_ratio: Some(1.5),
            min_requests: 50,
        }
    }
}

impl Plan {
    /// All that is wrong with it.
    #[must_use]
    pub fn findings(&self) -> Vec<FieldError> {
        let mut findings = Vec::new();
        let mut find = |at, detail| findings.push(FieldError::new(at, "out_of_range", detail));
        let is_ascending = self.stages.windows(2).all(|pair| pair[0] < pair[1]);
        let is_share = |percent: &u8| (1..=99).contains(percent);
        if !(1..=MAX_STAGES).contains(&self.stages.len())
            || !is_ascending
            || !self.stages.iter().all(is_share)
        {
            let detail =
                "Use 1 to 10 ascending numbers from 1 to 99: after the last stage the version serves all.";
            find("/stages", detail);
        }
        if self.hold_minutes.is_some_and(|it| !HOLD_MINUTES.contains(&it)) {
            let detail = "Use 1 to 10080 minutes, or null to advance each stage yourself.";
            find("/hold_minutes", detail);
        }
        let guards = &self.guards;
        if guards.error_rate_points.is_some_and(|it| !POINTS.contains(&it)) {
            find(
                "/halt_when/error_rate_points",
                "Use 0.1 to 100 percentage points, or null.",
            );
        }
        if guards.cost_ratio.is_some_and(|it| !RATIO.contains(&it)) {
            find("/halt_when/cost_ratio", "Use 1 to 100, or null.");
        }
        if guards.ttft_p95_ratio.is_some_and(|it| !RATIO.contains(&it)) {
            find("/halt_when/ttft_p95_ratio", "Use 1 to 100, or null.");
        }
        if !MIN_REQUESTS.contains(&guards.min_requests) {
            let detail = "Use 20 to 100000 requests: fewer say nothing.";
            find("/halt_when/min_requests", detail);
        }
        findings
    }
}

/// Where a rollout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The newer version serves the share of the stage.
    Progressing,
    /// It serves nobody until somebody decides.
    Halted,
    /// It is the published one.
    Completed,
    /// It was given up.
    Aborted,
}

impl State {
    const ALL: [Self; 4] = [Self::Progressing, Self::Halted, Self::Completed, Self::Aborted];

    /// Its name, in rows and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Progressing => "progressing",
            Self::Halted => "halted",
            Self::Completed => "completed",
            Self::Aborted => "aborted",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }

    /// Whether it is still to be decided which version stays.
    #[must_use]
    pub const fn is_under_way(self) -> bool {
        match self {
            Self::Progressing | Self::Halted => true,
            Self::Completed | Self::Aborted => false,
        }
    }
}

/// Why a rollout was halted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// `error_rate`, `cost`, `ttft` or `by_hand`.
    pub code: String,
    /// With the numbers.
    pub detail: String,
}

impl Reason {
    /// Somebody wanted it.
    #[must_use]
    pub fn by_hand() -> Self {
        Self {
            code: "by_hand".to_owned(),
            detail: "Somebody halted it.".to_owned(),
        }
    }
}

/// Where a rollout has come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Its state.
    pub state: State,
    /// Which of the stages, from 0.
    pub stage: usize,
    /// When the figures of the stage begin.
    pub since: OffsetDateTime,
    /// When they end; `None` while the newer version serves.
    pub stopped_at: Option<OffsetDateTime>,
    /// Why it was halted.
    pub reason: Option<Reason>,
}

impl Progress {
    /// In the first stage.
    #[must_use]
    pub const fn begun(now: OffsetDateTime) -> Self {
        Self {
            state: State::Progressing,
            stage: 0,
            since: now,
            stopped_at: None,
            reason: None,
        }
    }

    /// What the newer version serves of 100 conversations.
    #[must_use]
    pub fn percent(&self, plan: &Plan) -> u8 {
        match self.state {
            State::Progressing => plan.stages.get(self.stage).copied().unwrap_or(0),
            State::Completed => 100,
            State::Halted | State::Aborted => 0,
        }
    }

    /// When the stage has lasted long enough; `None`: when somebody says so.
    #[must_use]
    pub fn holds_until(&self, plan: &Plan) -> Option<OffsetDateTime> {
        let minutes = plan.hold_minutes?;
        self.since.checked_add(Duration::minutes(i64::from(minutes)))
    }

    /// After `step`; the figures begin anew with each share.
    ///
    /// # Errors
    /// What stands against it, and what can be done.
    pub fn after(&self, step: Step, plan: &Plan, now: OffsetDateTime) -> Result<Self, &'static str> {
        if !self.state.is_under_way() {
            return Err("The rollout is over. Publish a draft in stages to begin another.");
        }
        let ended = |state| Self {
            state,
            stopped_at: self.stopped_at.or(Some(now)),
            ..self.clone()
        };
        match (step, self.state) {
            (Step::Complete, _) => Ok(ended(State::Completed)),
            (Step::Abort, _) => Ok(ended(State::Aborted)),
            (Step::Halt(reason), State::Progressing) => Ok(Self {
                reason: Some(reason),
                ..ended(State::Halted)
            }),
            (Step::Halt(_), _) => Err("The rollout is halted already: resume, complete or abort it."),
            (Step::Advance, State::Progressing) if self.stage + 1 < plan.stages.len() => Ok(Self {
                stage: self.stage + 1,
                ..Self::begun(now)
            }),
            (Step::Advance, State::Progressing) => Ok(ended(State::Completed)),
            (Step::Advance, _) => Err("The rollout is halted: resume it first, or complete it."),
            (Step::Resume, State::Halted) => Ok(Self {
                stage: self.stage,
                ..Self::begun(now)
            }),
            (Step::Resume, _) => Err("The rollout is not halted: there is nothing to resume."),
        }
    }
}

/// What is done with a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// On to the next stage; after the last the newer version is published.
    Advance,
    /// The newer version serves nobody for now.
    Halt(Reason),
    /// The newer version serves again what it served before it was halted.
    Resume,
    /// The newer version is published at once.
    Complete,
    /// The newer version is given up.
    Abort,
}

impl Step {
    /// Its name in the audit log.
    #[must_use]
    pub const fn action(&self) -> &'static str {
        match self {
            Self::Advance => "route_rollout.advance",
            Self::Halt(_) => "route_rollout.halt",
            Self::Resume => "route_rollout.resume",
            Self::Complete => "route_rollout.complete",
            Self::Abort => "route_rollout.abort",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);
    const LATER: OffsetDateTime = datetime!(2026-01-01 01:00 UTC);

    fn halt() -> Step {
        Step::Halt(Reason::by_hand())
    }

    fn pointers(plan: &Plan) -> Vec<String> {
        plan.findings().into_iter().map(|it| it.pointer).collect()
    }

    #[test]
    fn what_cannot_be_meant_is_found() {
        assert_eq!(Plan::default().findings(), []);
        for stages in [
            vec![],
            vec![0],
            vec![100],
            vec![5, 5],
            vec![9, 5],
            (1..=11).collect(),
        ] {
            let plan = Plan {
                stages,
                ..Plan::default()
            };
            assert_eq!(pointers(&plan), ["/stages"], "{plan:?}");
        }
        let plan = Plan {
            hold_minutes: Some(0),
            guards: Guards {
                error_rate_points: Some(f64::NAN),
                cost_ratio: Some(0.9),
                ttft_p95_ratio: Some(101.0),
                min_requests: 1,
            },
            ..Plan::default()
        };
        let guards = [
            "error_rate_points",
            "cost_ratio",
            "ttft_p95_ratio",
            "min_requests",
        ];
        let guards = guards.map(|it| format!("/halt_when/{it}"));
        assert_eq!(pointers(&plan)[..1], ["/hold_minutes"]);
        assert_eq!(pointers(&plan)[1..], guards);
    }

    #[test]
    fn shares_follow_the_stages_and_end_with_all() {
        let plan = Plan::default();
        let mut progress = Progress::begun(NOW);
        let mut shares = vec![progress.percent(&plan)];
        while progress.state == State::Progressing {
            progress = progress.after(Step::Advance, &plan, LATER).unwrap();
            shares.push(progress.percent(&plan));
        }
        assert_eq!(shares, [5, 25, 50, 100]);
        assert_eq!(
            (progress.state, progress.stopped_at),
            (State::Completed, Some(LATER))
        );
        for step in [Step::Advance, halt(), Step::Resume, Step::Complete, Step::Abort] {
            assert!(progress.after(step, &plan, LATER).is_err(), "it is over");
        }
    }

    #[test]
    fn a_halted_one_serves_nobody_and_resumes_where_it_was_with_figures_of_its_own() {
        let plan = Plan::default();
        let second = Progress::begun(NOW).after(Step::Advance, &plan, NOW).unwrap();
        assert!(second.after(Step::Resume, &plan, NOW).is_err());
        let halted = second.after(halt(), &plan, LATER).unwrap();
        assert_eq!((halted.percent(&plan), halted.stopped_at), (0, Some(LATER)));
        assert_eq!(
            (halted.stage, halted.since),
            (1, NOW),
            "its figures stay to be seen"
        );
        assert!(halted.after(halt(), &plan, LATER).is_err());
        assert!(halted.after(Step::Advance, &plan, LATER).is_err());
        let resumed = halted.after(Step::Resume, &plan, LATER).unwrap();
        assert_eq!(
            (resumed.percent(&plan), resumed.since, resumed.stopped_at),
            (25, LATER, None)
        );
        assert_eq!(resumed.reason, None);
        let aborted = halted.after(Step::Abort, &plan, LATER).unwrap();
        assert_eq!((aborted.state, aborted.percent(&plan)), (State::Aborted, 0));
        assert_eq!(aborted.reason, halted.reason);
        let completed = halted.after(Step::Complete, &plan, LATER).unwrap();
        assert_eq!(completed.percent(&plan), 100);
    }

    #[test]
    fn states_are_known_by_their_names() {
        for state in State::ALL {
            assert_eq!(State::named(state.as_str()), Some(state));
        }
        assert_eq!(State::named("paused"), None);
    }
}
