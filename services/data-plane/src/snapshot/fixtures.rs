//! Entities for the tests of this module: small, deterministic, from numbers.

use sluicegate_contracts::config::{
    ApiKey, ApiKeyStatus, Budget, BudgetRefusals, BudgetScope, Connection, Constraints, Counts, Endpoint,
    Enforcement, Entity, Facts, KeyDigest, KeySecret, OnExceed, Organization, Project, ProviderSettings,
    RetryPolicy, Route, RouteTarget, Rule, Status, Strategy, UnknownPrice,
};
use sluicegate_contracts::event::{ConfigEvent, ConfigVersion};
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_credentials::{Keyring, MasterKey, Sealing};
use uuid::Uuid;

pub(crate) fn keyring() -> Keyring {
    MasterKey::from_entropy([7; 32]).keyring()
}

pub(crate) fn uuid(n: u64) -> Uuid {
    Uuid::from_u128(u128::from(n))
}

pub(crate) fn digest(n: u64) -> KeyDigest {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    KeyDigest::new(bytes)
}

pub(crate) fn organization(n: u64) -> Organization {
    let id: OrganizationId = uuid(n).into();
    Organization {
        id,
        status: Status::Active,
        data_key: keyring().wrap_new_data_key(id, [9; 32], [1; 24]),
        constraints: Constraints::NONE,
        facts: Vec::new(),
    }
}

pub(crate) fn project(n: u64, organization: u64) -> Project {
    Project {
        id: uuid(n).into(),
        organization: uuid(organization).into(),
        status: Status::Active,
        constraints: Constraints::NONE,
        budget_refusals: BudgetRefusals::default(),
    }
}

pub(crate) fn key(n: u64, organization: u64, project: u64) -> ApiKey {
    ApiKey {
        id: uuid(n).into(),
        organization: uuid(organization).into(),
        project: uuid(project).into(),
        ancestors: Vec::new(),
        secrets: vec![KeySecret {
            digest: digest(n),
            valid_until: None,
        }],
        status: ApiKeyStatus::Active,
        expires_at: None,
        allowed_models: Vec::new(),
        constraints: Constraints::NONE,
    }
}

pub(crate) fn rotated(mut key: ApiKey, old: u64, until: i64) -> ApiKey {
    key.secrets.push(KeySecret {
        digest: digest(old),
        valid_until: Some(UnixMillis::new(until)),
    });
    key
}

/// A connection whose credential `secret` is sealed by the data key in `owner`.
pub(crate) fn connection(
    n: u64,
    owner: &Organization,
    project: Option<u64>,
    secret: Option<&str>,
) -> Connection {
    let id = uuid(n).into();
    let credential = secret.map(|secret| {
        let data_key = keyring().open_data_key(owner.id, &owner.data_key).unwrap();
        data_key.seal(
            &Sealing::connection_credential(owner.id, id),
            &secret.to_owned().into(),
            [2; 24],
        )
    });
    Connection {
        id,
        organization: owner.id,
        project: project.map(|project| uuid(project).into()),
        slug: format!("c{n}"),
        provider: "openai".to_owned(),
        base_url: "https://api.example.com/v1".parse().unwrap(),
        settings: ProviderSettings::default(),
        credential,
        status: Status::Active,
        priority: 0,
        resale: None,
    }
}

pub(crate) fn route(n: u64, organization: u64, project: u64, aliases: &[&str]) -> Route {
    Route {
        id: uuid(n).into(),
        organization: uuid(organization).into(),
        project: uuid(project).into(),
        slug: format!("r{n}"),
        version: 1,
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        rules: vec![Rule::always(
            Strategy::Ordered,
            vec![RouteTarget {
                model: "sluicegate/echo".to_owned(),
                connection: None,
                weight: 1,
                arm: None,
            }],
            RetryPolicy::default(),
        )],
        rollout: None,
    }
}

/// A budget of 1 USD over a project, or over the whole organization.
pub(crate) fn budget(n: u64, organization: u64, project: Option<u64>) -> Budget {
    Budget {
        id: uuid(n).into(),
        organization: uuid(organization).into(),
        name: format!("b{n}"),
        scope: BudgetScope {
            project: project.map(|project| uuid(project).into()),
            ..BudgetScope::default()
        },
        limit: NanoUsd::from_nanos(1_000_000_000),
        limit_version: 1,
        adjusted: Vec::new(),
        adjusted_shares: Vec::new(),
        peak: None,
        periods: Vec::new(),
        enforcement: Enforcement::Hard,
        on_exceed: OnExceed::Refuse,
        counts_own_connections: true,
        unknown_price: UnknownPrice::Refuse,
        counts: Counts::Cost,
        status: Status::Active,
    }
}

pub(crate) fn endpoint(n: u64) -> Endpoint {
    Endpoint {
        id: uuid(n).into(),
        model: format!("vendor/m{n}"),
        provider: "openai".to_owned(),
        upstream_model: format!("m{n}"),
        region: None,
        operations: Vec::new(),
        price: None,
        price_versions: Vec::new(),
        context_window: None,
        max_output_tokens: None,
        facts: Facts::UNKNOWN,
        status: Status::Active,
    }
}

pub(crate) fn event(version: u64, entity: &Entity) -> ConfigEvent {
    raw(
        version,
        entity.kind().as_str(),
        entity.id(),
        entity.blocked(),
        Some(&entity.to_body().unwrap()),
    )
}

pub(crate) fn raw(version: u64, kind: &str, id: Uuid, blocked: bool, body: Option<&str>) -> ConfigEvent {
    ConfigEvent {
        schema: 1,
        version: ConfigVersion(version),
        kind: kind.to_owned(),
        id,
        blocked,
        body: body.map(|body| serde_json::value::RawValue::from_string(body.to_owned()).unwrap()),
    }
}
