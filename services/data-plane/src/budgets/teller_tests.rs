//! That every call is spoken for, whoever is about to stop speaking, and whoever goes away meanwhile.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use futures_util::future::join_all;
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::{BudgetId, WorkerId};
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::escrow::Terms;
use tokio::runtime;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::timeout;
use uuid::Uuid;

use super::*;

const LIMIT: NanoUsd = NanoUsd::from_nanos(1_000_000_000);
const AMOUNT: NanoUsd = NanoUsd::from_nanos(10);
/// Only a test that fails waits for so long.
const PATIENCE: Duration = Duration::from_secs(30);

struct Scene {
    teller: Arc<Teller>,
    account: AccountId,
    path: Path,
    escrow: Escrow,
    clock: Clock,
}

impl Scene {
    /// A store that grants and knows the worker, and a book that asks for no more than calls do. The time stands still.
    async fn new() -> Arc<Self> {
        let organization = OrganizationId::from(Uuid::from_u128(1));
        let epoch = Epoch {
            worker: WorkerId::from(Uuid::from_u128(2)),
            number: 0,
        };
        let account = AccountId {
            budget: BudgetId::from(Uuid::from_u128(3)),
            period: UnixMillis::new(0),
            partition: None,
        };
        let terms = Terms {
            limit: LIMIT,
            version: 1,
            exposure: LIMIT,
            end: UnixMillis::new(i64::MAX),
        };
        let escrow = Escrow::memory();
        escrow.fence(organization, 1).await.unwrap();
        escrow.open(organization, 1, &[], &[]).await.unwrap();
        let clock = Clock::manual(1_000).0;
        let teller = Arc::new(Teller::new(organization, epoch));
        teller.book.announced();
        while teller.speak(&escrow, &clock).await == Turn::Heard {}
        teller.book.recalled(now(&clock));
        Arc::new(Self {
            teller,
            path: Path::new(vec![(account.clone(), terms)]).unwrap(),
            account,
            escrow,
            clock,
        })
    }

    async fn hold_over(&self, escrow: &Escrow) -> Outcome {
        let held = self.teller.hold(&self.path, AMOUNT, escrow, &self.clock);
        timeout(PATIENCE, held).await.expect("nobody spoke for this call")
    }

    async fn hold(&self) -> Outcome {
        self.hold_over(&self.escrow).await
    }

    /// A call that has queued, and whose carrier waits for its turn or has had it.
    async fn queued(self: &Arc<Self>) -> JoinHandle<Outcome> {
        let scene = Arc::clone(self);
        let call = tokio::spawn(async move { scene.hold().await });
        settle().await;
        call
    }

    fn claimed(&self) -> i64 {
        self.teller.book.claim(&self.account).nanos()
    }
}

/// Lets every task of this thread come to where it waits.
async fn settle() {
    for _ in 0..10 {
        yield_now().await;
    }
}

fn one_thread() -> runtime::Runtime {
    runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_call_that_queues_while_somebody_is_about_to_stop_speaking_speaks_for_itself() {
    let scene = Scene::new().await;
    // Has found the queue empty, and not handed over yet.
    let turn = scene.teller.turn.lock().await;
    let call = scene.queued().await;
    assert_eq!(scene.claimed(), 0);
    drop(turn);
    assert!(matches!(call.await.unwrap(), Outcome::Held(_)));
}

#[tokio::test]
async fn one_message_speaks_for_all_that_wait() {
    let scene = Scene::new().await;
    let turn = scene.teller.turn.lock().await;
    let calls = [scene.queued().await, scene.queued().await, scene.queued().await];
    drop(turn);
    let held: Vec<_> = join_all(calls).await;
    assert!(held.iter().all(|outcome| matches!(outcome, Ok(Outcome::Held(_)))));
    assert_eq!(*scene.teller.turn.lock().await, Turn::Heard);
    assert_eq!(scene.claimed(), 3 * AMOUNT.nanos());
}

#[tokio::test]
async fn a_call_that_has_gone_is_not_spoken_for_and_keeps_nobody_waiting() {
    let scene = Scene::new().await;
    let turn = scene.teller.turn.lock().await;
    let (gone, other) = (scene.queued().await, scene.queued().await);
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    drop(turn);
    let held = other.await.unwrap();
    assert!(matches!(held, Outcome::Held(_)));
    assert_eq!(scene.claimed(), AMOUNT.nanos());
}

#[test]
fn no_call_of_any_thread_is_left_behind() {
    const CALLS: i64 = 300;
    const THREADS: i64 = 4;
    let scene = one_thread().block_on(Scene::new());
    let work = |scene: Arc<Scene>| {
        one_thread().block_on(async {
            let turns = (0..8).map(|_| async {
                let mut held = Vec::new();
                for _ in 0..CALLS {
                    held.push(scene.hold().await);
                    yield_now().await;
                }
                held
            });
            join_all(turns).await.into_iter().flatten().collect::<Vec<_>>()
        })
    };
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let scene = Arc::clone(&scene);
            thread::spawn(move || work(scene))
        })
        .collect();
    let held: Vec<_> = threads
        .into_iter()
        .flat_map(|thread| thread.join().unwrap())
        .collect();
    assert!(held.iter().all(|outcome| matches!(outcome, Outcome::Held(_))));
    assert_eq!(scene.claimed(), THREADS * 8 * CALLS * AMOUNT.nanos());
}

#[tokio::test(start_paused = true)]
async fn what_is_left_to_the_background_task_is_taken_up_by_it() {
    let scene = Scene::new().await;
    let stop = CancellationToken::new();
    let background = tokio::spawn({
        let (scene, stop) = (Arc::clone(&scene), stop.clone());
        async move { scene.teller.run(&scene.escrow, &scene.clock, &stop).await }
    });
    // There is nothing in the book, so that it sleeps without a time.
    settle().await;
    assert!(scene.teller.book.is_at_rest());
    *scene.teller.turn.lock().await = Turn::Unheard;
    assert!(matches!(scene.hold().await, Outcome::Held(_)));
    stop.cancel();
    background.await.unwrap();
}

#[test]
fn a_message_whose_carrier_went_away_with_its_thread_is_lost_and_not_awaited() {
    let scene = one_thread().block_on(Scene::new());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = Escrow::redis(&format!("redis://{}/", listener.local_addr().unwrap()), "t").unwrap();
    let ending = one_thread();
    ending.block_on(async {
        let scene = Arc::clone(&scene);
        tokio::spawn(async move { scene.hold_over(&silent).await });
        let accepted = tokio::task::spawn_blocking(move || listener.accept().unwrap());
        accepted.await.unwrap()
    });
    assert!(scene.teller.turn.try_lock().is_err(), "nobody speaks");
    drop(ending);
    let outcome = one_thread().block_on(scene.hold());
    assert!(matches!(outcome, Outcome::Held(_)));
}

#[tokio::test]
async fn what_is_granted_to_a_call_that_went_away_meanwhile_serves_the_next() {
    let scene = Scene::new().await;
    let (store, mut heard) = Granting::start();
    let call = tokio::spawn({
        let scene = Arc::clone(&scene);
        async move { scene.hold_over(&store).await }
    });
    // The message is with the store now, and the answer still to come.
    let answer = heard.recv().await.unwrap();
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    answer.send(()).unwrap();
    // Whoever speaks for the call hears it out.
    let turn = timeout(PATIENCE, scene.teller.turn.lock()).await.unwrap();
    assert_eq!(*turn, Turn::Heard);
    // Nobody else can speak now: this is the money that came.
    assert!(matches!(scene.hold().await, Outcome::Held(_)));
    assert_eq!(scene.claimed(), AMOUNT.nanos());
}

/// Looks like a Redis server, and grants the one ask of one message when told to.
struct Granting;

impl Granting {
    fn start() -> (Escrow, tokio::sync::mpsc::Receiver<oneshot::Sender<()>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let escrow = Escrow::redis(&format!("redis://{}/", listener.local_addr().unwrap()), "t").unwrap();
        let (tell, heard) = tokio::sync::mpsc::channel(1);
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            while let Some(said) = next(&mut stream) {
                if said.contains("EVALSHA") {
                    let (answer, told) = oneshot::channel();
                    tell.blocking_send(answer).unwrap();
                    told.blocking_recv().unwrap();
                    let row = |numbers: &[f64]| numbers.iter().flat_map(|it| it.to_le_bytes()).collect();
                    let fields: [Vec<u8>; 3] = [b"ok".to_vec(), row(&[1_000.0, 0.0, 0.0]), row(&[0.0, 10.0])];
                    write!(stream, "*{}\r\n", fields.len()).unwrap();
                    for field in fields {
                        write!(stream, "${}\r\n", field.len()).unwrap();
                        stream.write_all(&[&field[..], b"\r\n"].concat()).unwrap();
                    }
                } else if said.contains("INFO\r\n$6\r\nserver") {
                    stream.write_all(b"$12\r\nrun_id:abc\r\n\r\n").unwrap();
                } else {
                    let commands = said.matches("SETINFO").count();
                    stream.write_all("+OK\r\n".repeat(commands).as_bytes()).unwrap();
                }
            }
        });
        (escrow, heard)
    }
}

fn next(stream: &mut TcpStream) -> Option<String> {
    let mut buffer = [0; 4_096];
    let length = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
    Some(String::from_utf8_lossy(&buffer[..length]).into_owned())
}
