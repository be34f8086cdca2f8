//! The keeper tells a store that forgot what Postgres knows, and closes epochs that are settled.

use serde_json::{Value, json};
use sluicegate_backplane::escrow::{Balance, Claim, Epoch, Reconcile, Refusal, Request, Response, Terms};
use sluicegate_contracts::account::{AccountId, SessionAccount};
use sluicegate_contracts::ids::WorkerId;
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_control_plane::background::budget_keeper::BudgetKeeper;
use sluicegate_control_plane::background::driver::Task;
use sluicegate_control_plane::background::metrics::BackgroundMetrics;
use sluicegate_control_plane::background::usage_ingester::UsageIngester;
use sqlx::PgPool;

use crate::support::usage::{Writer, entry};
use crate::support::{Client, TestApp};

/// One budget of 1,000 nano-dollars, and a worker that spends on it.
struct Scene {
    app: TestApp,
    owner: Client,
    writer: Writer,
    account: AccountId,
    /// What the worker's callers limit their sessions to.
    cap: Option<NanoUsd>,
}

impl Scene {
    async fn of(pool: &PgPool) -> Self {
        let app = TestApp::start(pool);
        let ada: Client = app.sign_up("Ada").await;
        let body = json!({ "name": "Team", "limit": { "amount": "0.000001" }, "interval": "day" });
        let made = ada
            .post(&ada.in_organization("/budgets"), &body)
            .await
            .expect(201);
        let start = &app.published("budget").await[0]["periods"][0]["start"];
        let account = AccountId {
            budget: made.text_of("id").parse().unwrap(),
            period: UnixMillis::new(start.as_i64().unwrap()),
            partition: None,
        };
        let writer = Writer::of(&ada);
        Self {
            app,
            owner: ada,
            writer,
            account,
            cap: None,
        }
    }

    /// A record of 412 nano-dollars in an epoch arrives.
    async fn spend(&self, seq: u64, epoch: u32) {
        let mut record = self.writer.record(seq);
        record.origin.epoch = epoch;
        record.attempts[0].accounts = vec![self.account.clone()];
        record.attempts[0].session_budget = self.cap;
        self.app.queue.append(&[entry(&record)]).await.unwrap();
        let metrics = BackgroundMetrics::default();
        let mut ingester = UsageIngester::new(self.app.state.clone(), self.app.queue.clone(), metrics);
        while self.app.queue.depth().await.unwrap().entries > 0 {
            ingester.pass().await.unwrap();
        }
    }

    async fn beat(&self, epoch: u32, settled_below: u32) {
        let body = json!({
            "worker": self.writer.worker, "epoch": epoch, "release": "0.1.0",
            "applied": { "version": 1, "state_hash": 1 }, "refused": [], "internal_url": "http://127.0.0.1:1",
            "draining": false, "settled_below": settled_below,
        });
        let token = format!("Bearer {}", self.app.state.worker_token.expose());
        let worker = self.app.anonymous().with("authorization", &token);
        worker.post("/internal/v1/heartbeat", &body).await.expect(204);
    }

    fn keeper(&self) -> BudgetKeeper {
        BudgetKeeper::new(self.app.state.clone(), self.app.escrow.clone())
    }

    /// What the store says to a worker.
    async fn hear(&self, generation: u64, worker: WorkerId, number: u32) -> Response {
        let epoch = Epoch { worker, number };
        let message = Request::Reconcile(Reconcile {
            generation,
            epoch,
            op: 1,
            claims: Vec::new(),
            asks: Vec::new(),
        });
        let organization = self.writer.organization;
        self.app.escrow.send(organization, &message).await.unwrap()
    }

    /// The worker says that it has claimed so much of the account in its first epoch.
    async fn claim(&self, op: u64, claim: i64) {
        let amount = NanoUsd::from_nanos;
        let epoch = Epoch {
            worker: self.writer.worker,
            number: 1,
        };
        let claim = Claim {
            account: self.account.clone(),
            terms: Terms {
                limit: amount(1_000),
                version: 1,
                exposure: amount(1_000),
                end: UnixMillis::new(i64::MAX),
            },
            claim: amount(claim),
            open: amount(0),
        };
        let message = Request::Reconcile(Reconcile {
            generation: 1,
            epoch,
            op,
            claims: vec![claim],
            asks: Vec::new(),
        });
        let organization = self.writer.organization;
        let heard = self.app.escrow.send(organization, &message).await.unwrap();
        assert!(matches!(heard, Response::Reconciled(_)), "{heard:?}");
    }

    /// Settled and held, as the budget, the list of budgets and the list of its windows show them alike.
    async fn shown(&self) -> (String, Option<String>) {
        let list = self.owner.in_organization("/budgets");
        let one = format!("{list}/{}", self.account.budget);
        let get = async |path: &str| self.owner.get(path).await.expect(200).body;
        let window = get(&one).await["current_window"].clone();
        assert_eq!(get(&list).await["data"][0]["current_window"], window);
        assert_eq!(get(&format!("{one}/windows")).await["data"][0], window);
        let text = |value: &Value| value["amount"].as_str().map(str::to_owned);
        (text(&window["settled"]).unwrap(), text(&window["held"]))
    }

    /// Claimed and presumed, in nano-dollars.
    async fn balance(&self) -> (i64, i64) {
        let accounts = std::slice::from_ref(&self.account);
        let read = self
            .app
            .escrow
            .read(self.writer.organization, accounts)
            .await
            .unwrap();
        let Balance {
            claimed, presumed, ..
        } = read[0].unwrap();
        (claimed.nanos(), presumed.nanos())
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_store_that_forgot_is_told_and_epochs_are_closed_once_they_are_settled(pool: PgPool) {
    let scene = Scene::of(&pool).await;
    let worker = scene.writer.worker;
    scene.spend(1, 1).await;
    scene.spend(2, 2).await;
    scene.beat(2, 2).await;
    assert_eq!(
        scene.hear(1, worker, 2).await,
        Response::Refused(Refusal::Forgotten)
    );
    let mut keeper = scene.keeper();
    keeper.pass().await.unwrap();
    assert_eq!(scene.app.escrow.wanted().await.unwrap(), []);
    // The open epoch may have spent as much as one worker may without anybody knowing: here all of the limit.
    assert_eq!(scene.balance().await, (824, 1_000));
    assert_eq!(scene.hear(1, worker, 1).await, Response::Refused(Refusal::Closed));

    scene.spend(3, 2).await;
    scene.beat(2, 3).await;
    keeper.pass().await.unwrap();
    assert_eq!(scene.balance().await, (3 * 412, 0));
    assert_eq!(scene.hear(1, worker, 2).await, Response::Refused(Refusal::Closed));
    let closed = "select closed_below from worker_epochs";
    assert_eq!(scene.app.number(closed).await, 3);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_store_that_is_ahead_is_caught_up_with_and_only_one_process_keeps(pool: PgPool) {
    let scene = Scene::of(&pool).await;
    let (organization, worker) = (scene.writer.organization, scene.writer.worker);
    let mut keeper = scene.keeper();
    keeper.pass().await.unwrap();
    // Fenced by a keeper whose database has been put back since: never opened.
    scene.app.escrow.fence(organization, 7).await.unwrap();
    assert_eq!(
        scene.hear(7, worker, 1).await,
        Response::Refused(Refusal::Forgotten)
    );
    scene.keeper().pass().await.unwrap();
    assert_eq!(
        scene.app.escrow.wanted().await.unwrap(),
        [organization],
        "another process keeps"
    );
    keeper.pass().await.unwrap();
    assert_eq!(scene.app.escrow.wanted().await.unwrap(), []);
    assert_eq!(scene.app.number("select number from budget_generations").await, 8);
    let heard = scene.hear(8, worker, 1).await;
    assert!(matches!(heard, Response::Reconciled(_)), "{heard:?}");
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_store_that_forgot_is_told_the_smallest_cap_of_a_session_and_what_it_spent(pool: PgPool) {
    let mut scene = Scene::of(&pool).await;
    let (organization, worker) = (scene.writer.organization, scene.writer.worker);
    let now = UnixMillis::new(scene.writer.record(1).started_at.get());
    let [_, session] = SessionAccount::at(scene.writer.project, "run", now);
    scene.account = session.account;
    for (seq, cap) in [(1, 5_000), (2, 2_000), (3, 9_000)] {
        scene.cap = Some(NanoUsd::from_nanos(cap));
        scene.spend(seq, 1).await;
    }
    scene.beat(1, 1).await;
    scene.hear(1, worker, 1).await;
    let mut keeper = scene.keeper();
    keeper.pass().await.unwrap();
    let accounts = std::slice::from_ref(&scene.account);
    let read = scene.app.escrow.read(organization, accounts).await.unwrap();
    let balance = read[0].unwrap();
    assert_eq!((balance.limit.nanos(), balance.claimed.nanos()), (2_000, 3 * 412));

    // An epoch that is settled is closed here, too, although no budget stands behind the session.
    scene.beat(2, 2).await;
    keeper.pass().await.unwrap();
    assert_eq!(scene.hear(1, worker, 1).await, Response::Refused(Refusal::Closed));
    assert_eq!(scene.balance().await.0, 3 * 412);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_budget_shows_what_workers_hold_beyond_what_is_settled(pool: PgPool) {
    let scene = Scene::of(&pool).await;
    let shown = |settled: i64, held: Option<i64>| {
        let text = |nanos| NanoUsd::from_nanos(nanos).to_string();
        (text(settled), held.map(text))
    };
    scene.spend(1, 1).await;
    assert_eq!(scene.shown().await, shown(412, None), "the store knows nothing");
    scene.beat(1, 1).await;
    scene.hear(1, scene.writer.worker, 1).await;
    scene.keeper().pass().await.unwrap();
    assert_eq!(
        scene.shown().await,
        shown(412, Some(588)),
        "the worker may have spent all of it"
    );
    scene.claim(2, 900).await;
    let epoch = Epoch {
        worker: scene.writer.worker,
        number: 1,
    };
    let spoken = Request::Register { generation: 1, epoch };
    let organization = scene.writer.organization;
    scene.app.escrow.send(organization, &spoken).await.unwrap();
    assert_eq!(scene.shown().await, shown(412, Some(488)));
    scene.spend(2, 1).await;
    assert_eq!(scene.shown().await, shown(824, Some(76)), "usage arrived");
    scene.claim(3, 824).await;
    assert_eq!(scene.shown().await, shown(824, Some(0)), "the rest went back");
}
