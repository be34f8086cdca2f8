//! An application with its own database, a manual clock and a free port.

use std::time::Duration;

use serde_json::{Value, json};
use sluicegate_backplane::{ConfigBus, Escrow, Rates, UsageQueue};
use sluicegate_contracts::ids::RequestId;
use sluicegate_control_plane::Application;
use sluicegate_control_plane::settings::{DEFAULTS, Settings};
use sluicegate_control_plane::startup::Seams;
use sluicegate_control_plane::state::AppState;
use sluicegate_control_plane::store::Database;
use sluicegate_service_runtime::clock::{Clock, ManualClock};
use sluicegate_service_runtime::process::Runtime;
use sluicegate_service_runtime::settings::load_from;
use sluicegate_service_runtime::shutdown::Tasks;
use sluicegate_service_runtime::tls;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Row};

use super::Client;

/// Where the manual clock starts: 2026-01-01T00:00:00Z.
pub const START_MILLIS: i64 = 1_767_225_600_000;

/// A running application.
pub struct TestApp {
    pub state: AppState,
    pub clock: ManualClock,
    /// Bypasses row-level security: the judge's view.
    pub judge: PgPool,
    pub tasks: Tasks,
    pub bus: ConfigBus,
    pub queue: UsageQueue,
    pub escrow: Escrow,
    pub rates: Rates,
    base: String,
}

/// The settings of tests, with `changes` applied.
pub fn settings(changes: impl FnOnce(&mut Settings)) -> Settings {
    let environment = [
        ("SLUICEGATE_MASTER_KEY".to_owned(), "11".repeat(32)),
        (
            "SLUICEGATE_DATABASE__URL".to_owned(),
            "postgres://unused".to_owned(),
        ),
        ("SLUICEGATE_HTTP__LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
    ];
    let mut settings = load_from::<Settings>(DEFAULTS, None, environment).unwrap();
    settings.http.workers = 2;
    changes(&mut settings);
    settings
}

impl TestApp {
    pub fn start(pool: &PgPool) -> Self {
        Self::start_with(pool, |_| {})
    }

    pub fn start_with(pool: &PgPool, changes: impl FnOnce(&mut Settings)) -> Self {
        let options: PgConnectOptions = (*pool.connect_options()).clone();
        tls::install_crypto_provider();
        let (clock, manual) = Clock::manual(START_MILLIS);
        let runtime = Runtime::new(clock, |id| RequestId::from(id).to_string());
        let tasks = runtime.tasks.clone();
        let seams = Seams {
            runtime,
            bus: ConfigBus::memory(),
            queue: UsageQueue::memory(10_000),
            escrow: Escrow::memory(),
            rates: Rates::memory(),
        };
        let (bus, queue, escrow) = (seams.bus.clone(), seams.queue.clone(), seams.escrow.clone());
        let rates = seams.rates.clone();
        let database = Database::over(options.clone(), 4, 3);
        let application = Application::with_database(settings(changes), database, &seams).unwrap();
        let base = format!("http://127.0.0.1:{}", application.port());
        let state = application.state().clone();
        let drain = tasks.drain_token();
        // The server's own future is not Send: it gets a thread.
        std::thread::spawn(move || {
            actix_web::rt::System::new()
                .block_on(application.run_until_stopped(drain))
                .unwrap();
        });
        let judge = PgPoolOptions::new().max_connections(2).connect_lazy_with(options);
        Self {
            state,
            clock: manual,
            judge,
            tasks,
            bus,
            queue,
            escrow,
            rates,
            base,
        }
    }

    /// Somebody who is not signed in.
    pub fn anonymous(&self) -> Client {
        Client::new(self.base.clone(), None)
    }

    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// A new person with an organization and a project of their own.
    pub async fn sign_up(&self, name: &str) -> Client {
        let email = format!("{}@example.com", name.to_lowercase());
        let body = json!({ "email": email, "password": PASSWORD, "name": name });
        let answer = self
            .anonymous()
            .post("/api/v1/auth/sign-up", &body)
            .await
            .expect(201);
        Client::new(
            self.base.clone(),
            Some(answer.body["access_token"].as_str().unwrap().to_owned()),
        )
        .with_home()
        .await
    }

    /// Somebody who signed up before, and whose token has expired since.
    pub async fn sign_in(&self, name: &str) -> Client {
        let email = format!("{}@example.com", name.to_lowercase());
        let body = json!({ "email": email, "password": PASSWORD });
        let signing_in = self.anonymous();
        let answer = signing_in.post("/api/v1/auth/sign-in", &body).await.expect(200);
        Client::new(self.base.clone(), Some(answer.text_of("access_token")))
            .with_home()
            .await
    }

    /// Somebody who joined `owner`'s organization as `role`.
    pub async fn member(&self, owner: &Client, role: &str, name: &str) -> Client {
        let guest = self.sign_up(name).await;
        let body = json!({ "email": format!("{}@example.com", name.to_lowercase()), "role": role });
        let invite = owner
            .post(&owner.in_organization("/invites"), &body)
            .await
            .expect(201);
        let token = json!({ "token": invite.text_of("accept_token") });
        guest.post("/api/v1/invites/accept", &token).await.expect(201);
        guest.at_home_with(owner)
    }

    /// Where the configuration stands, as the judge sees it.
    pub async fn head(&self) -> (i64, i64) {
        let row = sqlx::query("select version, state_hash from config_head")
            .fetch_one(&self.judge)
            .await
            .unwrap();
        (row.get(0), row.get(1))
    }

    /// The published entities of a kind as the judge sees them.
    pub async fn published(&self, kind: &str) -> Vec<Value> {
        let rows = sqlx::query("select body from config_entities where kind = $1 order by id").bind(kind);
        let rows = rows.fetch_all(&self.judge).await.unwrap();
        rows.iter()
            .map(|row| serde_json::from_str(row.get(0)).unwrap())
            .collect()
    }
}

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

impl Drop for TestApp {
    fn drop(&mut self) {
        self.tasks.drain_token().cancel();
    }
}
