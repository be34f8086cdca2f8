//! A worker as a process would run it, on a free port and with loopback providers allowed.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::rt;
use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use sluicegate_backplane::{Escrow, Rates, Sightings, UsageQueue};
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::address::AddressPolicy;
use sluicegate_contracts::bucket::BucketId;
use sluicegate_contracts::ids::{OrganizationId, RateLimitId, RequestId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_contracts::usage::UsageRecord;
use sluicegate_data_plane::account::AccountRelay;
use sluicegate_data_plane::budgets::Budgets;
use sluicegate_data_plane::http::server;
use sluicegate_data_plane::limits::RateLimits;
use sluicegate_data_plane::live::{Endpoints, Exchange};
use sluicegate_data_plane::metrics::Metrics;
use sluicegate_data_plane::pipeline::Limits;
use sluicegate_data_plane::snapshot::{Snapshot, SnapshotHandle};
use sluicegate_data_plane::state::WorkerState;
use sluicegate_data_plane::upstream::ClientFactory;
use sluicegate_data_plane::usage::{Shipper, Spool, SpoolLimits, Stored};
use sluicegate_metering::bucket::{Allowance, Rate};
use sluicegate_metering::escrow::Epoch;
use sluicegate_service_runtime::clock::{Clock, ManualClock};
use sluicegate_service_runtime::health::Health;
use sluicegate_service_runtime::http_span::HttpSpan;
use sluicegate_service_runtime::ids;
use sluicegate_service_runtime::metrics::Registry;
use sluicegate_service_runtime::tls::install_crypto_provider;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Config, eventually};

pub(crate) struct Worker {
    pub(crate) address: std::net::SocketAddr,
    pub(crate) registry: Registry,
    key: String,
    records: Arc<Mutex<Vec<UsageRecord>>>,
    escrow: Escrow,
    rates: Rates,
    exchange: tokio::sync::Mutex<Exchange>,
    epoch: Epoch,
    data: TempDir,
    drain: CancellationToken,
    handle: ServerHandle,
    client: reqwest::Client,
}

impl Worker {
    pub(crate) fn start(config: &Config) -> Self {
        Self::with(config, Limits::default(), vec!["127.0.0.0/8"])
    }

    pub(crate) fn with(config: &Config, limits: Limits, allowed: Vec<&str>) -> Self {
        Self::serving(config.snapshot(), config, limits, allowed, SpoolLimits::default())
    }

    /// With a store of rate limits that others may share.
    pub(crate) fn sharing(config: &Config, rates: Rates) -> Self {
        let parts = (Limits::default(), SpoolLimits::default());
        Self::running(
            config.snapshot(),
            config,
            parts,
            vec!["127.0.0.0/8"],
            Clock::system(),
            (rates, Sightings::memory()),
        )
    }

    /// One of several that tell each other of endpoints, by one clock; each time [`Worker::exchange`] is called.
    pub(crate) fn telling(config: &Config, sightings: Sightings, clock: Clock) -> Self {
        let parts = (Limits::default(), SpoolLimits::default());
        Self::running(
            config.snapshot(),
            config,
            parts,
            vec!["127.0.0.0/8"],
            clock,
            (Rates::memory(), sightings),
        )
    }

    /// With a clock that moves only when told.
    pub(crate) fn timed(config: &Config) -> (Self, ManualClock) {
        let (clock, hand) = Clock::manual(1_700_000_000_000);
        let of_store = clock.clone();
        let rates = Rates::memory_by(Arc::new(move || UnixMillis::new(of_store.now_millis())));
        let parts = (Limits::default(), SpoolLimits::default());
        let worker = Self::running(
            config.snapshot(),
            config,
            parts,
            vec!["127.0.0.0/8"],
            clock,
            (rates, Sightings::memory()),
        );
        (worker, hand)
    }

    pub(crate) fn serving(
        snapshot: Snapshot,
        config: &Config,
        limits: Limits,
        allowed: Vec<&str>,
        spool: SpoolLimits,
    ) -> Self {
        Self::running(
            snapshot,
            config,
            (limits, spool),
            allowed,
            Clock::system(),
            (Rates::memory(), Sightings::memory()),
        )
    }

    fn running(
        snapshot: Snapshot,
        config: &Config,
        (limits, spool): (Limits, SpoolLimits),
        allowed: Vec<&str>,
        clock: Clock,
        (rates, sightings): (Rates, Sightings),
    ) -> Self {
        install_crypto_provider();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let registry = Registry::new();
        let data = tempfile::tempdir().unwrap();
        let spool = Spool::open(data.path(), spool, ids::fresh).unwrap();
        let records = ship(&spool, clock.clone(), &registry);
        let drain = CancellationToken::new();
        let addresses = AddressPolicy::new(allowed.iter().map(|it| it.parse().unwrap()).collect());
        let epoch = Epoch {
            worker: spool.worker(),
            number: spool.epoch(),
        };
        let escrow = Escrow::memory();
        let (budgets, office) = Budgets::new(epoch, escrow.clone(), clock.clone());
        let (taken, stored) = (watch::channel(true).1, watch::channel(Stored::default()).1);
        rt::spawn(office.run(taken, stored, drain.clone()));
        let (rate_limits, keeper) = RateLimits::new(epoch, rates.clone(), clock.clone(), &registry);
        rt::spawn(keeper.run(drain.clone()));
        let endpoints = Endpoints::new(clock.clone());
        let exchange = Exchange::new(endpoints.clone(), sightings, epoch, &registry);
        let state = WorkerState {
            snapshots: SnapshotHandle::new(snapshot),
            recorder: spool.recorder(),
            budgets,
            rate_limits,
            endpoints,
            clock: clock.clone(),
            key_hasher: config.master.key_hasher(),
            account: AccountRelay::new(&config.control_plane, config.master.worker_token()).unwrap(),
            worker_token: config.master.worker_token(),
            limits,
            metrics: Metrics::new(&registry),
            drain: drain.clone(),
            clients: ClientFactory::new(addresses).unwrap(),
        };
        let span = HttpSpan::new(&registry, clock, |id| RequestId::from(id).to_string());
        let running = server::serve(listener, Arc::new(state), span, 1, Duration::from_secs(5)).unwrap();
        let handle = running.handle();
        rt::spawn(running);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let key = config.key.expose().to_owned();
        Self {
            address,
            registry,
            key,
            records,
            escrow,
            rates,
            exchange: tokio::sync::Mutex::new(exchange),
            epoch,
            data,
            drain,
            handle,
            client,
        }
    }

    /// Tells other workers what was seen of endpoints, and hears them, as every worker does each second.
    pub(crate) async fn exchange(&self) {
        self.exchange.lock().await.round().await;
    }

    /// Opens the store of budgets, as the keeper of the books does for an organization that has spent nothing.
    pub(crate) async fn open_budgets(&self, organization: OrganizationId) {
        self.escrow.fence(organization, 1).await.unwrap();
        self.escrow
            .open(organization, 1, &[self.epoch], &[])
            .await
            .unwrap();
    }

    /// What is claimed on an account once nothing of it is idle or held any more.
    pub(crate) async fn settled(&self, organization: OrganizationId, account: &AccountId) -> NanoUsd {
        loop {
            let account = std::slice::from_ref(account);
            let balances = self.escrow.read(organization, account).await.unwrap();
            match balances[0] {
                Some(balance) if balance.open == NanoUsd::ZERO => return balance.claimed,
                Some(_) | None => rt::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }

    /// Waits until exactly so much is claimed on an account, and nothing of it is idle or held.
    pub(crate) async fn settles_at(&self, organization: OrganizationId, account: &AccountId, nanos: i64) {
        let mut settled = NanoUsd::ZERO;
        for _ in 0..1_000 {
            settled = self.settled(organization, account).await;
            if settled.nanos() == nanos {
                return;
            }
            rt::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{settled} is claimed and not {nanos} nano-USD");
    }

    /// How much of a limit everybody together has left.
    pub(crate) async fn left(&self, config: &Config, limit: RateLimitId, amount: u64) -> u64 {
        let bucket = BucketId {
            limit,
            partition: None,
        };
        let allowance = Allowance::Rate(Rate::nearest(amount, amount));
        let organization = config.organization.id;
        let standings = self.rates.look(organization, &[(bucket, allowance)]).await;
        standings.unwrap()[0].remaining
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A request without a key.
    pub(crate) fn anonymous(&self, method: &str, path: &str) -> RequestBuilder {
        self.client.request(method.parse().unwrap(), self.url(path))
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.anonymous("GET", path).bearer_auth(&self.key)
    }

    /// A request of this very document.
    pub(crate) fn post(&self, path: &str, body: impl Into<String>) -> RequestBuilder {
        let request = self.anonymous("POST", path).bearer_auth(&self.key);
        request
            .header("content-type", "application/json")
            .body(body.into())
    }

    /// Sends a chat request.
    pub(crate) async fn chat(&self, body: impl Into<String>) -> Response {
        self.post("/v1/chat/completions", body).send().await.unwrap()
    }

    /// The only record so far; waits for it.
    pub(crate) async fn record(&self) -> UsageRecord {
        self.first_records(1).await.remove(0)
    }

    /// Waits for this many records; fails when there are more.
    pub(crate) async fn first_records(&self, count: usize) -> Vec<UsageRecord> {
        let enough = || Some(self.records()).filter(|it| it.len() >= count);
        let records = eventually("usage records", enough).await;
        assert_eq!(records.len(), count, "one record per request");
        records
    }

    pub(crate) fn records(&self) -> Vec<UsageRecord> {
        self.records.lock().unwrap().clone()
    }

    /// What the next process would record of the calls under way, if this one were killed now.
    pub(crate) async fn killed(&self) -> Vec<UsageRecord> {
        let copy = tempfile::tempdir().unwrap();
        copy_all(self.data.path(), copy.path());
        let next = Spool::open(copy.path(), SpoolLimits::default(), ids::fresh).unwrap();
        let records = ship(&next, Clock::system(), &Registry::new());
        eventually("the killed process is recorded", || {
            let records = records.lock().unwrap();
            (!records.is_empty()).then(|| records.clone())
        })
        .await
    }

    pub(crate) fn drain(&self) {
        self.drain.cancel();
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Stops taking connections and waits for open answers.
    pub(crate) async fn stop(&self) {
        self.handle.stop(true).await;
    }
}

fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let copy = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&copy).unwrap();
            copy_all(&entry.path(), &copy);
        } else {
            fs::copy(entry.path(), copy).unwrap();
        }
    }
}

/// Ships the spool the way a worker does; what arrives is collected.
fn ship(spool: &Spool, clock: Clock, registry: &Registry) -> Arc<Mutex<Vec<UsageRecord>>> {
    let queue = UsageQueue::memory(1_000);
    let check = Health::new().register("spool");
    let shipper = Shipper::new(spool, queue.clone(), clock, check, registry).unwrap();
    rt::spawn(spool.recorder().keep_durable(CancellationToken::new()));
    rt::spawn(shipper.run(CancellationToken::new()));
    let records = Arc::new(Mutex::new(Vec::new()));
    let collected = Arc::clone(&records);
    rt::spawn(async move {
        loop {
            let arrived = queue.read("test", 100, Duration::from_millis(50)).await.unwrap();
            let read = arrived
                .iter()
                .map(|it| serde_json::from_slice::<UsageRecord>(&it.entry.as_ref().unwrap().body).unwrap());
            let mut records = collected.lock().unwrap();
            // The shipper sends again what nobody stores; a record written twice has two positions.
            for record in read {
                if !records
                    .iter()
                    .any(|known: &UsageRecord| known.origin == record.origin)
                {
                    records.push(record);
                }
            }
        }
    });
    records
}

/// A chat request for `model`.
pub(crate) fn chat(model: &str, stream: bool) -> String {
    format!(
        r#"{{"model":"{model}","stream":{stream},"messages":[{{"role":"user","content":"hello there"}}]}}"#
    )
}

/// Status, `error.type`, `error.code`, `error.param` and the retry hint, having checked the shape of the document.
pub(crate) async fn error_of(response: Response) -> (u16, String, String, Option<String>, String) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/json");
    assert!(response.headers().contains_key("x-request-id"));
    let hint = response.headers()["x-should-retry"].to_str().unwrap().to_owned();
    let code_header = response.headers()["x-sluicegate-error-code"]
        .to_str()
        .unwrap()
        .to_owned();
    let document: Value = response.json().await.unwrap();
    let error = &document["error"];
    assert!(
        error["message"].as_str().is_some_and(|it| !it.is_empty()),
        "{document}"
    );
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(text("code"), code_header);
    (
        status,
        text("type"),
        text("code"),
        error["param"].as_str().map(str::to_owned),
        hint,
    )
}
