//! What experiments of routes look like in REST: shown, and as written.

use serde::{Deserialize, Serialize};
use sluicegate_contracts::config::{self, Unit};
use utoipa::ToSchema;

use super::route_shapes::one;

/// What is kept together: all requests with the same of it are of one arm. A request that does not say it is drawn for by itself.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ExperimentUnit {
    /// The session.
    #[default]
    Session,
    /// The end user.
    User,
    /// The key.
    Key,
    /// Each request by itself.
    Request,
    /// The text of this header, in lower case: one of those that conditions may read.
    #[schema(example = "x-route-team")]
    Header(String),
    /// The text of this entry of the metadata.
    #[schema(example = "team")]
    Metadata(String),
}

impl From<Unit> for ExperimentUnit {
    fn from(unit: Unit) -> Self {
        match unit {
            Unit::Session => Self::Session,
            Unit::User => Self::User,
            Unit::Key => Self::Key,
            Unit::Request => Self::Request,
            Unit::Header(name) => Self::Header(name),
            Unit::Metadata(name) => Self::Metadata(name),
        }
    }
}

impl From<ExperimentUnit> for Unit {
    fn from(unit: ExperimentUnit) -> Self {
        match unit {
            ExperimentUnit::Session => Self::Session,
            ExperimentUnit::User => Self::User,
            ExperimentUnit::Key => Self::Key,
            ExperimentUnit::Request => Self::Request,
            ExperimentUnit::Header(name) => Self::Header(name),
            ExperimentUnit::Metadata(name) => Self::Metadata(name),
        }
    }
}

/// Ways to serve the same requests that are compared.
#[derive(Serialize, ToSchema)]
pub(super) struct RouteExperiment {
    /// Draws are by this name.
    #[schema(example = "sonnet-trial")]
    name: String,
    /// What is kept together.
    unit: ExperimentUnit,
    /// The ways: each is the targets that name it.
    arms: Vec<RouteArm>,
}

/// One of the ways.
#[derive(Serialize, ToSchema)]
struct RouteArm {
    /// Targets name it.
    #[schema(example = "control")]
    name: String,
    /// Its share of the units; 0 never serves.
    weight: u32,
}

impl From<config::Experiment> for RouteExperiment {
    fn from(experiment: config::Experiment) -> Self {
        let arms = experiment.arms.into_iter().map(|arm| RouteArm {
            name: arm.name,
            weight: arm.weight,
        });
        Self {
            name: experiment.name,
            unit: experiment.unit.into(),
            arms: arms.collect(),
        }
    }
}

/// Ways to serve the same requests that are compared. Targets say by `arm` which way they belong to; one that says nothing stands
/// in for all of them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteRouteExperiment {
    /// Draws are by this name: another one draws anew.
    #[schema(example = "sonnet-trial", min_length = 2, max_length = 63)]
    name: String,
    /// What is kept together; the session when absent.
    #[serde(default)]
    unit: ExperimentUnit,
    /// 2 to 10 arms.
    #[schema(min_items = 2, max_items = 10)]
    arms: Vec<WriteRouteArm>,
}

/// One of the ways, as written.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WriteRouteArm {
    /// Targets name it.
    #[schema(example = "control", min_length = 1, max_length = 63)]
    name: String,
    /// Its share of the units; 1 when absent, 0 never serves.
    #[serde(default = "one")]
    weight: u32,
}

impl From<WriteRouteExperiment> for config::Experiment {
    fn from(written: WriteRouteExperiment) -> Self {
        let arms = written.arms.into_iter().map(|arm| config::Arm {
            name: arm.name,
            weight: arm.weight,
        });
        Self {
            name: written.name,
            unit: written.unit.into(),
            arms: arms.collect(),
        }
    }
}
