//! What the threads of one mock provider share: the script with its call counters, the ledger, the
//! prices. `Bill` is a call on its way into the ledger.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use actix_web::HttpRequest;

use crate::behaviour::{Behaviour, Fault, Script};
use crate::config::Config;
use crate::ledger::{Entry, Ledger, Outcome};
use crate::pace::{Allowance, Bucket, RateLimit};

/// The shared state.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) config: Config,
    pub(crate) ledger: Ledger,
    script: RwLock<Arc<Loaded>>,
    calls: AtomicU64,
    /// Tells the calls of one start from those of another.
    epoch: u64,
}

#[derive(Debug, Clone)]
struct Loaded {
    script: Script,
    default: Arc<Model>,
    models: HashMap<String, Arc<Model>>,
}

/// One model's behaviour, and its calls since that was set.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) behaviour: Behaviour,
    calls: AtomicU64,
    bucket: Option<(RateLimit, Mutex<Bucket>)>,
}

impl Model {
    fn new(behaviour: &Behaviour) -> Arc<Self> {
        Arc::new(Self {
            behaviour: behaviour.clone(),
            calls: AtomicU64::new(0),
            bucket: behaviour
                .rate_limit
                .map(|limit| (limit, Mutex::new(Bucket::new(limit, Instant::now())))),
        })
    }

    /// The number of a new call, from 0.
    pub(crate) fn next_call(&self) -> u64 {
        self.calls.fetch_add(1, Ordering::Relaxed)
    }

    /// Counts a new call against the rate limit, where there is one.
    pub(crate) fn admit(&self) -> Option<Allowance> {
        let (limit, bucket) = self.bucket.as_ref()?;
        let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
        Some(bucket.take(*limit, Instant::now()))
    }
}

impl Loaded {
    fn new(script: Script) -> Arc<Self> {
        let default = Model::new(&script.default);
        let models = script
            .models
            .iter()
            .map(|(name, behaviour)| (name.clone(), Model::new(behaviour)))
            .collect();
        Arc::new(Self {
            script,
            default,
            models,
        })
    }
}

impl State {
    pub(crate) fn new(config: Config) -> std::io::Result<Self> {
        Ok(Self {
            ledger: Ledger::open(&config.ledger)?,
            script: RwLock::new(Loaded::new(config.script.clone())),
            calls: AtomicU64::new(0),
            epoch: unix_nanos() / 1000,
            config,
        })
    }

    /// Sets the script; counts of calls start anew.
    pub(crate) fn set_script(&self, script: Script) {
        *self.script.write().unwrap_or_else(PoisonError::into_inner) = Loaded::new(script);
    }

    /// Sets the behaviour of one model, or without a name the default. Of the others counts of calls go on.
    pub(crate) fn set_behaviour(&self, name: Option<String>, behaviour: Behaviour) {
        let mut current = self.script.write().unwrap_or_else(PoisonError::into_inner);
        let (mut loaded, model) = (Loaded::clone(&current), Model::new(&behaviour));
        match name {
            Some(name) => {
                loaded.models.insert(name.clone(), model);
                loaded.script.models.insert(name, behaviour);
            }
            None => (loaded.default, loaded.script.default) = (model, behaviour),
        }
        *current = Arc::new(loaded);
    }

    fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.script.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn script(&self) -> Script {
        self.loaded().script.clone()
    }

    /// The behaviour of a model.
    pub(crate) fn model(&self, name: &str) -> Arc<Model> {
        let loaded = self.loaded();
        Arc::clone(loaded.models.get(name).unwrap_or(&loaded.default))
    }

    /// A new call's id.
    pub(crate) fn call_id(&self, prefix: &str) -> String {
        format!(
            "{prefix}mock-{:x}-{}",
            self.epoch,
            self.calls.fetch_add(1, Ordering::Relaxed)
        )
    }
}

/// A call that will be booked when it ends, or when it is dropped because its client left.
#[derive(Debug)]
pub(crate) struct Bill {
    state: Arc<State>,
    entry: Option<Entry>,
    /// Tokens of text sent so far.
    pub(crate) sent: u64,
    /// Chunks sent so far.
    pub(crate) chunks: u64,
}

/// What is known of a call before its answer.
pub(crate) struct Call<'a> {
    pub(crate) id: String,
    pub(crate) endpoint: &'static str,
    pub(crate) model: &'a str,
    pub(crate) stream: bool,
    pub(crate) input: u64,
    pub(crate) cached: u64,
    pub(crate) reasoning: u64,
    pub(crate) fault: Option<Fault>,
    pub(crate) tag: Option<String>,
}

impl Bill {
    pub(crate) fn open(state: &Arc<State>, request: &HttpRequest, call: Call<'_>) -> Self {
        let header = |name| {
            request
                .headers()
                .get(name)
                .and_then(|v| v.to_str().ok())
                .map(str::to_owned)
        };
        let entry = Entry {
            call_id: call.id,
            at_unix_ms: 0,
            endpoint: call.endpoint.to_owned(),
            model: call.model.to_owned(),
            stream: call.stream,
            request_id: header("x-request-id"),
            idempotency_key: header("idempotency-key"),
            tag: call.tag,
            outcome: Outcome::ClientLeft,
            fault: call.fault,
            input_tokens: call.input,
            cached_input_tokens: call.cached,
            output_tokens: 0,
            reasoning_tokens: call.reasoning,
            cost_nano_usd: 0,
        };
        Self {
            state: Arc::clone(state),
            entry: Some(entry),
            sent: 0,
            chunks: 0,
        }
    }

    pub(crate) fn call_id(&self) -> &str {
        self.entry.as_ref().map_or("", |e| &e.call_id)
    }

    /// Books the call as refused: it costs nothing.
    pub(crate) fn refuse(&mut self) {
        if let Some(entry) = &mut self.entry {
            entry.input_tokens = 0;
            entry.cached_input_tokens = 0;
            entry.reasoning_tokens = 0;
        }
        self.settle(Outcome::Refused);
    }

    /// Books the call with what was sent of it.
    pub(crate) fn settle(&mut self, outcome: Outcome) {
        let Some(mut entry) = self.entry.take() else {
            return;
        };
        let price = self.state.config.prices.of(&entry.model);
        entry.outcome = outcome;
        entry.at_unix_ms = unix_nanos() / 1_000_000;
        entry.output_tokens = self.sent + entry.reasoning_tokens;
        entry.cost_nano_usd =
            price.cost_nano_usd(entry.input_tokens, entry.cached_input_tokens, entry.output_tokens);
        self.state.ledger.book(entry);
        self.state.ledger.sent_chunks(self.chunks);
    }
}

impl Drop for Bill {
    fn drop(&mut self) {
        self.settle(Outcome::ClientLeft);
    }
}

/// Now, in Unix nanoseconds.
pub(crate) fn unix_nanos() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
