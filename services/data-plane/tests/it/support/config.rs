//! One organization with a project, a key, and the connections and routes a test adds.

use secrecy::SecretString;
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::config::{
    ApiKey, ApiKeyStatus, Budget, BudgetRefusals, BudgetScope, Connection, Constraints, Counts, Endpoint,
    Enforcement, Entity, Facts, KeySecret, Margin, OnExceed, Operation, Organization, PriceCard, Project,
    ProviderSettings, RateLimit, RateMetric, RateScope, Rates, Resale, RetryPolicy, Rollout, Route,
    RouteTarget, Rule, Signal, SignalValue, StatedFacts, Status, Strategy, UnknownPrice,
};
use sluicegate_contracts::ids::{ConnectionId, OrganizationId, ProjectId, RateLimitId, RouteId};
use sluicegate_contracts::money::{NanoUsd, PicoUsd};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_credentials::{ApiKeySecret, DataKey, KeyKind, MasterKey, Sealing};
use sluicegate_data_plane::snapshot::Snapshot;
use url::Url;
use uuid::Uuid;

/// What the provider credential of connection `slug` is.
pub(crate) fn credential(slug: &str) -> String {
    format!("provider-secret-of-{slug}")
}

pub(crate) struct Config {
    pub(crate) master: MasterKey,
    pub(crate) key: ApiKeySecret,
    pub(crate) api_key: ApiKey,
    pub(crate) project: Project,
    pub(crate) organization: Organization,
    /// Where the control plane is; nobody listens there unless a test says otherwise.
    pub(crate) control_plane: Url,
    data_key: DataKey,
    entities: Vec<Entity>,
    next: u128,
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

impl Config {
    pub(crate) fn new() -> Self {
        let master = MasterKey::from_entropy([7; 32]);
        let organization_id = OrganizationId::from(id(1));
        let sealed = master
            .keyring()
            .wrap_new_data_key(organization_id, [1; 32], [2; 24]);
        let data_key = master.keyring().open_data_key(organization_id, &sealed).unwrap();
        let organization = Organization {
            id: organization_id,
            status: Status::Active,
            data_key: sealed,
            constraints: Constraints::NONE,
            facts: Vec::new(),
        };
        let project = Project {
            id: ProjectId::from(id(2)),
            organization: organization_id,
            status: Status::Active,
            constraints: Constraints::NONE,
            budget_refusals: BudgetRefusals::default(),
        };
        let key = ApiKeySecret::mint(KeyKind::Inference, [3; 32]);
        let digest = master.key_hasher().digest(key.expose());
        let api_key = ApiKey {
            id: id(3).into(),
            organization: organization_id,
            project: project.id,
            ancestors: Vec::new(),
            secrets: vec![KeySecret {
                digest,
                valid_until: None,
            }],
            status: ApiKeyStatus::Active,
            expires_at: None,
            allowed_models: Vec::new(),
            constraints: Constraints::NONE,
        };
        Self {
            master,
            key,
            api_key,
            project,
            organization,
            control_plane: Url::parse("http://127.0.0.1:1").unwrap(),
            data_key,
            entities: Vec::new(),
            next: 100,
        }
    }

    fn fresh(&mut self) -> Uuid {
        self.next += 1;
        id(self.next)
    }

    /// Adds a connection of `provider` at `url`.
    pub(crate) fn connect(&mut self, slug: &str, provider: &str, url: &str) -> ConnectionId {
        self.connect_as(
            slug,
            provider,
            url,
            &credential(slug),
            ProviderSettings::default(),
        )
    }

    /// Adds a connection with a credential and settings of its own.
    pub(crate) fn connect_as(
        &mut self,
        slug: &str,
        provider: &str,
        url: &str,
        credential: &str,
        settings: ProviderSettings,
    ) -> ConnectionId {
        let id = ConnectionId::from(self.fresh());
        let place = Sealing::connection_credential(self.organization.id, id);
        let sealed = self
            .data_key
            .seal(&place, &SecretString::from(credential), [9; 24]);
        self.entities.push(Entity::Connection(Connection {
            id,
            organization: self.organization.id,
            project: Some(self.project.id),
            slug: slug.to_owned(),
            provider: provider.to_owned(),
            base_url: url.parse().unwrap(),
            settings,
            credential: Some(sealed),
            status: Status::Active,
            priority: 0,
            resale: None,
        }));
        id
    }

    /// Adds an account of the host that every organization may call through, at `margin_ppm` above the provider's price.
    pub(crate) fn resold(&mut self, slug: &str, provider: &str, url: &str, margin_ppm: u32) -> ConnectionId {
        let host = OrganizationId::from(self.fresh());
        let keyring = self.master.keyring();
        let sealed = keyring.wrap_new_data_key(host, [4; 32], [5; 24]);
        let data_key = keyring.open_data_key(host, &sealed).unwrap();
        let (id, project) = (ConnectionId::from(self.fresh()), self.fresh().into());
        let place = Sealing::connection_credential(host, id);
        let credential = data_key.seal(&place, &SecretString::from(credential(slug)), [6; 24]);
        self.entities.push(Entity::Organization(Organization {
            id: host,
            status: Status::Active,
            data_key: sealed,
            constraints: Constraints::NONE,
            facts: Vec::new(),
        }));
        self.entities.push(Entity::Connection(Connection {
            id,
            organization: host,
            project: Some(project),
            slug: slug.to_owned(),
            provider: provider.to_owned(),
            base_url: url.parse().unwrap(),
            settings: ProviderSettings::default(),
            credential: Some(credential),
            status: Status::Active,
            priority: -5,
            resale: Some(Resale {
                margin: Margin::from_ppm(margin_ppm),
            }),
        }));
        id
    }

    /// What the owner of the account added by [`Self::resold`] states.
    pub(crate) fn host_states(&mut self, facts: Vec<StatedFacts>) {
        let mut entities = self.entities.iter_mut();
        let host = entities.find_map(|it| match it {
            Entity::Organization(host) => Some(host),
            Entity::Project(_)
            | Entity::ApiKey(_)
            | Entity::Connection(_)
            | Entity::Route(_)
            | Entity::Endpoint(_)
            | Entity::Budget(_)
            | Entity::RateLimit(_)
            | Entity::Signal(_) => None,
        });
        host.unwrap().facts = facts;
    }

    /// Gives the organization prepaid credit, of which workers may spend this much in nano-USD.
    pub(crate) fn credit(&mut self, limit: i64) -> AccountId {
        let account = self.budget("prepaid credit", limit, BudgetScope::default());
        if let Some(Entity::Budget(budget)) = self.entities.last_mut() {
            budget.counts = Counts::Charge;
            budget.counts_own_connections = false;
        }
        account
    }

    /// Adds a compatible server, whose models are called `<slug>/<model>`.
    pub(crate) fn compatible(&mut self, slug: &str, url: &str) -> ConnectionId {
        self.connect(slug, "openai-compatible", url)
    }

    /// Adds a catalog row with a price in pico-USD per token.
    pub(crate) fn model(
        &mut self,
        model: &str,
        provider: &str,
        upstream_model: &str,
        input: i64,
        output: i64,
    ) {
        let card = PriceCard {
            version: 4,
            rates: Rates {
                input: PicoUsd::from_picos(input),
                output: PicoUsd::from_picos(output),
                ..Rates::default()
            },
            ..PriceCard::default()
        };
        self.priced(model, provider, upstream_model, vec![card]);
    }

    /// Adds a catalog row with these versions of its price.
    pub(crate) fn priced(
        &mut self,
        model: &str,
        provider: &str,
        upstream_model: &str,
        price_versions: Vec<PriceCard>,
    ) {
        let id = self.fresh().into();
        self.entities.push(Entity::Endpoint(Endpoint {
            id,
            model: model.to_owned(),
            provider: provider.to_owned(),
            upstream_model: upstream_model.to_owned(),
            region: None,
            operations: vec![Operation::ChatCompletions],
            price: price_versions.first().cloned(),
            price_versions,
            context_window: Some(128_000),
            max_output_tokens: None,
            facts: Facts::UNKNOWN,
            status: Status::Active,
        }));
    }

    /// Makes the catalog row added last one of a model that makes vectors.
    pub(crate) fn embeds(&mut self) {
        if let Some(Entity::Endpoint(endpoint)) = self.entities.last_mut() {
            endpoint.operations = vec![Operation::Embeddings];
        }
    }

    /// Says what is known of the catalog row added last.
    pub(crate) fn known_for(&mut self, facts: Facts) {
        if let Some(Entity::Endpoint(endpoint)) = self.entities.last_mut() {
            endpoint.facts = facts;
        }
    }

    /// Limits the answers of the catalog row added last.
    pub(crate) fn limits_answers_to(&mut self, tokens: u64) {
        if let Some(Entity::Endpoint(endpoint)) = self.entities.last_mut() {
            endpoint.max_output_tokens = Some(tokens);
        }
    }

    /// Adds an ordered route over `models`.
    pub(crate) fn route(&mut self, slug: &str, models: &[&str], retry: RetryPolicy) -> RouteId {
        let rule = Self::rule(models, None, retry);
        self.ruled(slug, vec![rule])
    }

    /// A rule over `models`, in this order, for what `when` holds for.
    pub(crate) fn rule(models: &[&str], when: Option<&str>, retry: RetryPolicy) -> Rule {
        let target = |model: &&str| RouteTarget {
            model: (*model).to_owned(),
            connection: None,
            weight: 1,
            arm: None,
        };
        Rule {
            when: when.map(str::to_owned),
            ..Rule::always(Strategy::Ordered, models.iter().map(target).collect(), retry)
        }
    }

    /// Adds a route of these rules.
    pub(crate) fn ruled(&mut self, slug: &str, rules: Vec<Rule>) -> RouteId {
        let id = self.fresh().into();
        self.entities.push(Entity::Route(Route {
            id,
            organization: self.organization.id,
            project: self.project.id,
            slug: slug.to_owned(),
            version: 3,
            aliases: vec![format!("{slug}-alias")],
            rules,
            rollout: None,
        }));
        id
    }

    /// Rolls these rules out to a share of what comes to the last route.
    pub(crate) fn rolling_out(&mut self, percent: u8, rules: Vec<Rule>) {
        let Some(Entity::Route(route)) = self.entities.last_mut() else {
            panic!("no route was added last");
        };
        route.rollout = Some(Rollout {
            version: route.version + 1,
            percent,
            rules,
        });
    }

    /// Adds a signal that is good until then.
    pub(crate) fn signal(&mut self, name: &str, value: SignalValue, good_until: UnixMillis) {
        let id = self.fresh().into();
        self.entities.push(Entity::Signal(Signal {
            id,
            organization: self.organization.id,
            project: self.project.id,
            name: name.to_owned(),
            value,
            good_until,
        }));
    }

    /// Gives the route made last another strategy.
    pub(crate) fn choosing(&mut self, strategy: Strategy) {
        if let Some(Entity::Route(route)) = self.entities.last_mut() {
            route.rules[0].strategy = strategy;
        }
    }

    /// Adds a hard budget of `limit` nano-USD over the calls of `scope`.
    pub(crate) fn budget(&mut self, name: &str, limit: i64, scope: BudgetScope) -> AccountId {
        self.budget_kept(name, limit, scope, Enforcement::Hard)
    }

    /// Adds a budget and gives its account for calls that have no share of their own.
    pub(crate) fn budget_kept(
        &mut self,
        name: &str,
        limit: i64,
        scope: BudgetScope,
        enforcement: Enforcement,
    ) -> AccountId {
        let id = self.fresh().into();
        self.entities.push(Entity::Budget(Budget {
            id,
            organization: self.organization.id,
            name: name.to_owned(),
            scope,
            limit: NanoUsd::from_nanos(limit),
            limit_version: 1,
            adjusted: Vec::new(),
            adjusted_shares: Vec::new(),
            peak: None,
            periods: Vec::new(),
            enforcement,
            on_exceed: OnExceed::Refuse,
            counts_own_connections: true,
            unknown_price: UnknownPrice::Refuse,
            counts: Counts::Cost,
            status: Status::Active,
        }));
        AccountId {
            budget: id,
            period: UnixMillis::default(),
            partition: None,
        }
    }

    /// Says what the budget added last does without room.
    pub(crate) fn on_exceed(&mut self, on_exceed: OnExceed) {
        if let Some(Entity::Budget(budget)) = self.entities.last_mut() {
            budget.on_exceed = on_exceed;
        }
    }

    /// Adds a limit over the calls of `scope`, all of which may come at once.
    pub(crate) fn rate_limit(&mut self, metric: RateMetric, amount: u64, scope: RateScope) -> RateLimitId {
        let id = self.fresh().into();
        self.entities.push(Entity::RateLimit(RateLimit {
            id,
            organization: self.organization.id,
            scope,
            metric,
            amount,
            burst: amount,
            status: Status::Active,
        }));
        id
    }

    /// Makes the key derive from another one, which states these constraints.
    pub(crate) fn derive_from(&mut self, constraints: Constraints) {
        let parent = ApiKey {
            id: self.fresh().into(),
            secrets: Vec::new(),
            constraints,
            ..self.api_key.clone()
        };
        self.api_key.ancestors = vec![parent.id];
        self.entities.push(Entity::ApiKey(parent));
    }

    pub(crate) fn expire_key(&mut self) {
        self.api_key.expires_at = Some(UnixMillis::new(1));
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let own = [
            Entity::Organization(self.organization.clone()),
            Entity::Project(self.project.clone()),
            Entity::ApiKey(self.api_key.clone()),
        ];
        Snapshot::from_entities(
            &self.master.keyring(),
            own.into_iter().chain(self.entities.clone()),
        )
        .unwrap()
    }
}
