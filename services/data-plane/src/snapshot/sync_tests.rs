//! The sync task against a control plane over HTTP and a bus, real time, deadlines instead of sleeps.

use std::net::TcpListener;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use actix_web::dev::ServerHandle;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use sluicegate_contracts::config::Entity;
use sluicegate_contracts::event::{ConfigEvent, ConfigMessage};
use sluicegate_contracts::snapshot::Deltas;
use sluicegate_contracts::worker::Heartbeat;
use sluicegate_credentials::MasterKey;
use sluicegate_service_runtime::health::Health;
use sluicegate_service_runtime::ids;
use sluicegate_service_runtime::shutdown::Tasks;
use sluicegate_service_runtime::tls;
use url::Url;

use super::super::fixtures::{digest, endpoint, event, key, keyring, organization, project, raw, uuid};
use super::super::heartbeat::{self, Identity};
use super::super::lines;
use super::*;
use crate::usage::Stored;

/// A control plane that serves a log, and can be switched off.
#[derive(Clone, Default)]
struct Published {
    log: Arc<Mutex<Vec<ConfigEvent>>>,
    away: Arc<AtomicBool>,
    beats: Arc<Mutex<Vec<Heartbeat>>>,
}

impl Published {
    fn state(&self) -> State {
        let mut state = State::new(keyring());
        for event in self.log.lock().unwrap().iter() {
            state.offer(event.clone());
        }
        state
    }

    fn publish(&self, make: impl FnOnce(u64) -> ConfigEvent) -> ConfigMessage {
        let mut log = self.log.lock().unwrap();
        let event = make(log.len() as u64 + 1);
        log.push(event.clone());
        ConfigMessage::Event(event)
    }

    fn away(&self, request: &HttpRequest) -> bool {
        let token = format!(
            "Bearer {}",
            MasterKey::from_entropy([7; 32]).worker_token().expose()
        );
        let known = request
            .headers()
            .get(AUTHORIZATION)
            .is_some_and(|value| *value == token);
        !known || self.away.load(Ordering::SeqCst)
    }
}

async fn snapshot(request: HttpRequest, published: web::Data<Published>) -> HttpResponse {
    if published.away(&request) {
        return HttpResponse::ServiceUnavailable().finish();
    }
    let state = published.state();
    let events: Vec<_> = state.events().cloned().collect();
    HttpResponse::Ok().body(lines::encode(&state.header(), &events).unwrap())
}

async fn deltas(request: HttpRequest, published: web::Data<Published>) -> HttpResponse {
    if published.away(&request) {
        return HttpResponse::ServiceUnavailable().finish();
    }
    let after: usize = request
        .query_string()
        .strip_prefix("after=")
        .unwrap()
        .parse()
        .unwrap();
    let head = published.state().head();
    let log = published.log.lock().unwrap();
    HttpResponse::Ok().json(match log.get(after..) {
        Some(events) => Deltas::Events {
            head,
            events: events.to_vec(),
        },
        None => Deltas::SnapshotNeeded { head },
    })
}

async fn beat(
    request: HttpRequest,
    published: web::Data<Published>,
    beat: web::Json<Heartbeat>,
) -> HttpResponse {
    if published.away(&request) {
        return HttpResponse::ServiceUnavailable().finish();
    }
    published.beats.lock().unwrap().push(beat.into_inner());
    HttpResponse::NoContent().finish()
}

fn serve(published: &Published, tasks: &Tasks) -> (Url, ServerHandle) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let published = published.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(published.clone()))
            .route("/internal/v1/snapshot", web::get().to(snapshot))
            .route("/internal/v1/deltas", web::get().to(deltas))
            .route("/internal/v1/heartbeat", web::post().to(beat))
    })
    .workers(1)
    .disable_signals()
    .listen(listener)
    .unwrap()
    .run();
    let handle = server.handle();
    tasks.spawn("control-plane", async move { server.await.unwrap() });
    (url, handle)
}

struct World {
    published: Published,
    bus: ConfigBus,
    url: Url,
    server: ServerHandle,
    tasks: Tasks,
    data: tempfile::TempDir,
}

struct Worker {
    handle: SnapshotHandle,
    health: Health,
    tasks: Tasks,
    stop: CancellationToken,
    started: Instant,
}

impl World {
    /// Organization 1, project 2, key 3.
    fn new(bus: ConfigBus) -> Self {
        tls::install_crypto_provider();
        let (published, tasks) = (Published::default(), Tasks::new());
        published.publish(|version| event(version, &Entity::Organization(organization(1))));
        published.publish(|version| event(version, &Entity::Project(project(2, 1))));
        published.publish(|version| event(version, &Entity::ApiKey(key(3, 1, 2))));
        let (url, server) = serve(&published, &tasks);
        Self {
            published,
            bus,
            url,
            server,
            tasks,
            data: tempfile::tempdir().unwrap(),
        }
    }

    fn start(&self) -> Worker {
        let (health, tasks, stop) = (Health::new(), Tasks::new(), CancellationToken::new());
        let handle = SnapshotHandle::default();
        let token = MasterKey::from_entropy([7; 32]).worker_token();
        let control_plane = ControlPlane::new(&self.url, token).unwrap();
        let (applied, heard) = watch::channel(Applied::default());
        let identity = Identity {
            worker: ids::fresh(),
            epoch: 4,
            internal_url: None,
            listen: ([0, 0, 0, 0], 8787).into(),
            control_plane: self.url.clone(),
        };
        let parts = Parts {
            worker: identity.worker,
            handle: handle.clone(),
            bus: self.bus.clone(),
            control_plane: control_plane.clone(),
            keyring: keyring(),
            data: self.data.path().to_owned(),
            clock: Clock::system(),
            health: health.register("snapshot"),
            metrics: Metrics::new(&Registry::new()),
            applied: Arc::new(applied),
        };
        tasks.spawn("sync", run(parts, stop.clone()));
        tasks.spawn(
            "beat",
            heartbeat::run(
                identity,
                control_plane,
                heard,
                watch::channel(Stored {
                    epochs_below: 3,
                    watermark: 0,
                })
                .1,
                watch::Sender::new(false),
                CancellationToken::new(),
                stop.clone(),
            ),
        );
        Worker {
            handle,
            health,
            tasks,
            stop,
            started: Instant::now(),
        }
    }

    async fn end(self) {
        self.server.stop(false).await;
        self.tasks.join(Duration::from_secs(5)).await.unwrap();
    }
}

impl Worker {
    /// Waits until `done`, and answers how long that took.
    async fn until(&self, what: &str, done: impl Fn(&Self) -> bool) -> Duration {
        let begin = Instant::now();
        while !done(self) {
            assert!(
                begin.elapsed() < Duration::from_secs(20),
                "{what}: {:?}",
                self.health.report()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        begin.elapsed()
    }

    async fn ready(&self) {
        self.until("ready", |worker| worker.health.ready()).await;
    }

    fn knows(&self, n: u64) -> bool {
        self.handle.load().grant(&digest(n)).is_some()
    }

    async fn stop(self) {
        self.stop.cancel();
        self.tasks.join(Duration::from_secs(10)).await.unwrap();
    }
}

#[actix_web::test]
async fn changes_arrive_by_the_bus_and_are_reported_back() {
    let world = World::new(ConfigBus::memory());
    let worker = world.start();
    worker.ready().await;
    assert!(worker.knows(3));
    world
        .bus
        .publish(
            &world
                .published
                .publish(|version| event(version, &Entity::ApiKey(key(4, 1, 2)))),
        )
        .await
        .unwrap();
    worker.until("the new key", |worker| worker.knows(4)).await;
    let poison = world
        .published
        .publish(|version| raw(version, "api_key", uuid(3), false, Some("[]")));
    world.bus.publish(&poison).await.unwrap();
    let reported = |_: &Worker| {
        let beats = world.published.beats.lock().unwrap();
        beats
            .last()
            .is_some_and(|beat| beat.applied.version == ConfigVersion(5) && beat.refused.len() == 1)
            && beats[0].internal_url.as_str() == "http://127.0.0.1:8787/"
    };
    worker.until("the refusal in a heartbeat", reported).await;
    assert!(worker.knows(3) && worker.health.ready());
    worker.stop().await;
    world.end().await;
}

#[actix_web::test]
async fn without_control_plane_a_worker_starts_from_disk_and_never_with_nothing() {
    let world = World::new(ConfigBus::memory());
    world.published.away.store(true, Ordering::SeqCst);
    let worker = world.start();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(!worker.health.ready());
    world.published.away.store(false, Ordering::SeqCst);
    worker.ready().await;
    worker.stop().await;
    world.published.away.store(true, Ordering::SeqCst);
    let worker = world.start();
    worker.ready().await;
    assert!(worker.started.elapsed() <= Duration::from_secs(3) && worker.knows(3));
    worker.stop().await;
    world.end().await;
}

#[actix_web::test]
async fn without_a_broker_a_revocation_arrives_by_polling() {
    let world = World::new(ConfigBus::rabbitmq("amqp://127.0.0.1:1", "test").unwrap());
    let worker = world.start();
    worker.ready().await;
    worker.until("polling", |worker| worker.knows(3)).await;
    world
        .published
        .publish(|version| raw(version, "api_key", uuid(3), true, None));
    let took = worker.until("the revocation", |worker| !worker.knows(3)).await;
    assert!(took < Duration::from_secs(10), "{took:?}");
    worker.stop().await;
    world.end().await;
}

#[actix_web::test]
async fn a_lost_message_is_noticed_by_the_next_one() {
    let world = World::new(ConfigBus::memory());
    let worker = world.start();
    worker.ready().await;
    let _lost = world
        .published
        .publish(|version| event(version, &Entity::ApiKey(key(4, 1, 2))));
    let next = world
        .published
        .publish(|version| event(version, &Entity::ApiKey(key(5, 1, 2))));
    world.bus.publish(&next).await.unwrap();
    worker
        .until("both keys", |worker| worker.knows(4) && worker.knows(5))
        .await;
    worker.stop().await;
    world.end().await;
}

/// With 5,000 endpoints and 10,000 keys, the next snapshot after an edit shares all but what the edit touched.
#[test]
fn an_edit_in_a_large_state_copies_one_shard() {
    let mut state = State::new(keyring());
    let mut version = 0;
    let mut next = |entity: Entity| {
        version += 1;
        event(version, &entity)
    };
    state.offer(next(Entity::Organization(organization(1))));
    for n in 0..100 {
        state.offer(next(Entity::Project(project(100 + n, 1))));
    }
    for n in 0..10_000 {
        state.offer(next(Entity::ApiKey(key(1_000 + n, 1, 100 + n % 100))));
    }
    for n in 0..5_000 {
        state.offer(next(Entity::Endpoint(endpoint(20_000 + n))));
    }
    let before = state.publish(&Snapshot::default());
    assert_eq!((before.grants(), before.projects()), (10_000, 100));
    state.offer(next(Entity::ApiKey(key(5_000, 1, 100))));
    let after = state.publish(&before);
    assert_eq!(after.grants.shared_with(&before.grants), 255);
    assert_eq!(after.projects.shared_with(&before.projects), 256);
    assert!(Arc::ptr_eq(&after.catalog, &before.catalog));
}
