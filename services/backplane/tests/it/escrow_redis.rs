//! What the escrow over Redis promises when the server forgets, comes back with an older file, hangs up or hangs; and
//! that its scripts do what the pure store does.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sluicegate_backplane::escrow::{Epoch, Loaded, Refusal, Request, Response, Settled};
use sluicegate_backplane::{BackplaneError, Escrow, EscrowError};
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::escrow::Store;

use crate::escrow_contract::{
    END, account, begin, claim, epoch, nanos, organization, reconcile, refusal, reply,
};
use crate::services::{self, PrivateRedis};
use crate::support::{prefix, retry, worker};

async fn command(url: &str, words: &[&str]) -> redis::RedisResult<redis::Value> {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    command.query_async(&mut connection).await
}

async fn query<T: redis::FromRedisValue>(url: &str, words: &[&str]) -> T {
    redis::from_redis_value(command(url, words).await.unwrap()).unwrap()
}

/// Sends until the server is back.
async fn send(escrow: &Escrow, organization: OrganizationId, request: &Request) -> Response {
    let attempt = async || match escrow.send(organization, request).await {
        Err(EscrowError::Backplane(error)) => Err(error),
        outcome => Ok(outcome.unwrap()),
    };
    retry(attempt).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_is_noticed_and_grants_nothing_until_the_past_is_told() {
    let server = PrivateRedis::start().await;
    let escrow = Escrow::redis(&server.url(), &prefix()).unwrap();
    let (organization, one) = (organization(), epoch());
    begin(&escrow, organization, &[]).await;
    let ask = reconcile(one, 1, &[claim(1, 100, 0)], &[(&[0], 60, 60)]);
    reply(&escrow, organization, &ask).await;
    command(&server.url(), &["FLUSHALL"]).await.unwrap();
    let again = reconcile(epoch(), 1, &[claim(1, 100, 0)], &[(&[0], 60, 60)]);
    assert_eq!(refusal(&escrow, organization, &again).await, Refusal::Forgotten);
    assert_eq!(escrow.wanted().await.unwrap(), [organization]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_starts_again_has_forgotten_even_with_all_its_data() {
    let mut server = PrivateRedis::start().await;
    let escrow = Escrow::redis(&server.url(), &prefix()).unwrap();
    let (organization, one) = (organization(), epoch());
    begin(&escrow, organization, &[]).await;
    let ask = reconcile(one, 1, &[claim(1, 100, 0)], &[(&[0], 60, 60)]);
    reply(&escrow, organization, &ask).await;
    server.kill();
    let outcome = escrow.send(organization, &ask).await;
    assert!(
        matches!(
            outcome,
            Err(EscrowError::Backplane(BackplaneError::Unavailable { .. }))
        ),
        "{outcome:?}"
    );
    server.restart().await;
    // Its file is whole: the same message would be stale if the server were believed.
    let next = reconcile(one, 2, &[claim(1, 100, 60)], &[]);
    assert_eq!(
        send(&escrow, organization, &next).await,
        Response::Refused(Refusal::Forgotten)
    );
    escrow.fence(organization, 2).await.unwrap();
    escrow.open(organization, 2, &[one], &[]).await.unwrap();
    assert_eq!(
        send(&escrow, organization, &next).await,
        Response::Refused(Refusal::Generation(2))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_file_is_not_believed() {
    let mut server = PrivateRedis::start_with_snapshots().await;
    let escrow = Escrow::redis(&server.url(), &prefix()).unwrap();
    let (organization, one) = (organization(), epoch());
    begin(&escrow, organization, &[]).await;
    command(&server.url(), &["SAVE"]).await.unwrap();
    let ask = reconcile(one, 1, &[claim(1, 100, 0)], &[(&[0], 100, 100)]);
    reply(&escrow, organization, &ask).await;
    server.kill();
    server.restart().await;
    // The file has the generation, and not the grant.
    let other = reconcile(epoch(), 1, &[claim(1, 100, 0)], &[(&[0], 100, 100)]);
    assert_eq!(
        send(&escrow, organization, &other).await,
        Response::Refused(Refusal::Forgotten)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_is_replaced() {
    let server = PrivateRedis::start().await;
    let escrow = Escrow::redis(&server.url(), &prefix()).unwrap();
    let (organization, one) = (organization(), epoch());
    begin(&escrow, organization, &[]).await;
    for op in 1..=5 {
        command(
            &server.url(),
            &["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"],
        )
        .await
        .unwrap();
        let told = reconcile(one, op, &[claim(1, 100, 10)], &[]);
        match send(&escrow, organization, &told).await {
            Response::Reconciled(reply) => assert_eq!(reply.left[0].available, nanos(90)),
            // The cut came after the server had taken it.
            Response::Refused(refusal) => assert_eq!(refusal, Refusal::Stale),
            Response::Registered => panic!("nothing was registered"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_is_given_up_soon_and_what_it_took_is_told_again() {
    let server = PrivateRedis::start().await;
    let escrow = Escrow::redis(&server.url(), &prefix()).unwrap();
    let (organization, one) = (organization(), epoch());
    begin(&escrow, organization, &[]).await;
    server.pause();
    let ask = reconcile(one, 1, &[claim(1, 100, 0)], &[(&[0], 60, 60)]);
    let outcome = tokio::time::timeout(Duration::from_secs(30), escrow.send(organization, &ask)).await;
    assert!(
        matches!(
            outcome,
            Ok(Err(EscrowError::Backplane(BackplaneError::Unavailable { .. })))
        ),
        "{outcome:?}"
    );
    server.resume();
    // The server may have taken the first message, or may take it late: what is said now is what counts.
    let told = reconcile(one, 2, &[claim(1, 100, 0)], &[]);
    match send(&escrow, organization, &told).await {
        Response::Reconciled(reply) => assert_eq!(reply.left[0].available, nanos(100)),
        other @ (Response::Registered | Response::Refused(_)) => panic!("{other:?}"),
    }
    assert_eq!(refusal(&escrow, organization, &ask).await, Refusal::Stale);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_value_in_the_place_of_an_account_fails_without_writing() {
    let server = services::redis().await;
    let prefix = prefix();
    let escrow = Escrow::redis(&server.url(), &prefix).unwrap();
    let (organization, one) = (organization(), epoch());
    begin(&escrow, organization, &[]).await;
    let key = format!("{prefix}:escrow:{{{organization}}}:account:{}", account(2));
    command(&server.url(), &["SET", &key, "foreign"]).await.unwrap();
    let both = reconcile(one, 1, &[claim(1, 100, 7), claim(2, 100, 7)], &[]);
    assert!(escrow.send(organization, &both).await.is_err());
    assert_eq!(escrow.read(organization, &[account(1)]).await.unwrap(), [None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_a_period_end_with_it() {
    let server = services::redis().await;
    let prefix = prefix();
    let escrow = Escrow::redis(&server.url(), &prefix).unwrap();
    let (organization, one) = (organization(), epoch());
    begin(&escrow, organization, &[]).await;
    let mut endless = claim(1, 100, 0);
    endless.terms.end = UnixMillis::new(i64::MAX);
    let claims = [endless, claim(3, 100, 0)];
    reply(&escrow, organization, &reconcile(one, 1, &claims, &[])).await;
    let expiry = async |budget| {
        let key = format!("{prefix}:escrow:{{{organization}}}:account:{}", account(budget));
        command(&server.url(), &["PEXPIRETIME", &key]).await.unwrap()
    };
    assert_eq!(expiry(1).await, redis::Value::Int(-1));
    assert_eq!(expiry(3).await, redis::Value::Int(END.get() + 48 * 3_600_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_in_another_layout_counts_as_forgotten() {
    let server = services::redis().await;
    let prefix = prefix();
    let escrow = Escrow::redis(&server.url(), &prefix).unwrap();
    let (organization, one) = (organization(), epoch());
    begin(&escrow, organization, &[]).await;
    let base = format!("{prefix}:escrow:{{{organization}}}");
    let (generation, key) = (
        format!("{base}:generation"),
        format!("{base}:account:{}", account(1)),
    );
    // As the layout before had it: the run alone, and a field for each number.
    let run: String = query(&server.url(), &["HGET", &generation, "run"]).await;
    let (run, _) = run.split_once(':').unwrap();
    command(&server.url(), &["HSET", &generation, "run", run])
        .await
        .unwrap();
    let fields = ["HSET", &key, "generation", "2", "limit", "100", "claimed", "70"];
    command(&server.url(), &fields).await.unwrap();
    let told = reconcile(one, 1, &[claim(1, 100, 10)], &[]);
    assert_eq!(refusal(&escrow, organization, &told).await, Refusal::Forgotten);
    escrow.fence(organization, 2).await.unwrap();
    escrow.open(organization, 2, &[], &[]).await.unwrap();
    let Request::Reconcile(mut told) = told else {
        panic!("not a reconcile")
    };
    told.generation = 2;
    let said = reply(&escrow, organization, &Request::Reconcile(told)).await;
    assert_eq!(said.left[0].available, nanos(90));
    assert_eq!(query::<usize>(&server.url(), &["HLEN", &key]).await, 2);
}

/// One operation on either store.
#[derive(Debug, Clone)]
enum Operation {
    /// worker, op, claims as (budget, limit, version, claim), asks as (path, want, min).
    Reconcile(
        usize,
        u64,
        Vec<(u128, i64, u64, i64)>,
        Vec<(Vec<usize>, i64, i64)>,
    ),
    Register(usize, u64),
    Close(usize, Vec<(u128, i64)>),
    Fence(u64),
    Load(u64, Vec<(u128, i64, i64)>),
    Open(u64, Vec<usize>),
}

fn operation() -> impl Strategy<Value = Operation> {
    let claims = prop::collection::btree_map(1..5_u128, (0..200_i64, 0..3_u64, 0..120_i64), 1..4);
    let claims = claims.prop_map(|claims| {
        claims
            .into_iter()
            .map(|(budget, (limit, version, claim))| (budget, limit, version, claim))
            .collect::<Vec<_>>()
    });
    let reconcile = (0..3_usize, 1..12_u64, claims).prop_flat_map(|(worker, op, claims)| {
        let path = prop::collection::btree_set(0..claims.len(), 1..=claims.len());
        let ask = (path, 1..90_i64, 0..90_i64)
            .prop_map(|(path, want, min)| (path.into_iter().collect(), want, min.min(want)));
        let asks = prop::collection::vec(ask, 0..4);
        asks.prop_map(move |asks| Operation::Reconcile(worker, op, claims.clone(), asks))
    });
    let some_epochs = prop::collection::btree_set(0..3_usize, 0..3);
    prop_oneof![
        12 => reconcile,
        2 => (0..3_usize, 1..3_u64).prop_map(|(worker, number)| Operation::Register(worker, number)),
        1 => (0..3_usize, prop::collection::vec((1..5_u128, 0..100_i64), 0..4))
            .prop_map(|(worker, settled)| Operation::Close(worker, settled)),
        1 => (1..3_u64).prop_map(Operation::Fence),
        1 => (1..3_u64, prop::collection::vec((1..5_u128, 0..50_i64, 0..50_i64), 0..4))
            .prop_map(|(number, accounts)| Operation::Load(number, accounts)),
        1 => (1..3_u64, some_epochs)
            .prop_map(|(number, pending)| Operation::Open(number, pending.into_iter().collect())),
    ]
}

/// What a store says, in one form for both.
type Said = Result<Option<sluicegate_backplane::escrow::Reply>, Refusal>;

async fn on_redis(
    escrow: &Escrow,
    organization: OrganizationId,
    epochs: &[Epoch; 3],
    operation: &Operation,
) -> Said {
    let outcome = match operation {
        Operation::Reconcile(..) | Operation::Register(..) => {
            return match escrow
                .send(organization, &request(epochs, operation).unwrap())
                .await
                .unwrap()
            {
                Response::Reconciled(reply) => Ok(Some(reply)),
                Response::Registered => Ok(None),
                Response::Refused(refusal) => Err(refusal),
            };
        }
        Operation::Close(worker, settled) => {
            escrow
                .close_epoch(organization, epochs[*worker], &settlements(settled))
                .await
        }
        Operation::Fence(number) => escrow.fence(organization, *number).await,
        Operation::Load(number, accounts) => {
            escrow.load(organization, *number, &loads(epochs, accounts)).await
        }
        Operation::Open(number, pending) => {
            let pending: Vec<Epoch> = pending.iter().map(|worker| epochs[*worker]).collect();
            escrow
                .open(organization, *number, &pending, &[(epochs[2].worker, 1)])
                .await
        }
    };
    match outcome {
        Ok(()) => Ok(None),
        Err(EscrowError::Refused(refusal)) => Err(refusal),
        Err(error @ (EscrowError::Unsound | EscrowError::Backplane(_))) => panic!("{error:?}"),
    }
}

fn on_pure(store: &mut Store, epochs: &[Epoch; 3], operation: &Operation) -> Said {
    match operation {
        Operation::Reconcile(..) | Operation::Register(..) => match request(epochs, operation).unwrap() {
            Request::Reconcile(message) => store.reconcile(&message, UnixMillis::new(0)).map(Some),
            Request::Register { generation, epoch } => store.register(generation, epoch).map(|()| None),
        },
        Operation::Close(worker, settled) => {
            store.close(epochs[*worker], &settlements(settled)).map(|()| None)
        }
        Operation::Fence(number) => store.fence(*number).map(|()| None),
        Operation::Load(number, accounts) => store.load(*number, &loads(epochs, accounts)).map(|()| None),
        Operation::Open(number, pending) => {
            let pending: Vec<Epoch> = pending.iter().map(|worker| epochs[*worker]).collect();
            store
                .open(*number, &pending, &[(epochs[2].worker, 1)])
                .map(|()| None)
        }
    }
}

fn request(epochs: &[Epoch; 3], operation: &Operation) -> Option<Request> {
    match operation {
        Operation::Reconcile(worker, op, claims, asks) => {
            let claims: Vec<_> = claims
                .iter()
                .map(|(budget, limit, version, amount)| {
                    let mut claim = claim(*budget, *limit, *amount);
                    claim.terms.version = *version;
                    claim.open = nanos(amount / 2);
                    claim
                })
                .collect();
            let asks: Vec<(&[usize], i64, i64)> = asks
                .iter()
                .map(|(path, want, min)| (path.as_slice(), *want, *min))
                .collect();
            Some(reconcile(epochs[*worker], *op, &claims, &asks))
        }
        Operation::Register(worker, generation) => Some(Request::Register {
            generation: *generation,
            epoch: epochs[*worker],
        }),
        Operation::Close(..) | Operation::Fence(_) | Operation::Load(..) | Operation::Open(..) => None,
    }
}

fn settlements(settled: &[(u128, i64)]) -> Vec<Settled> {
    let one = |(budget, amount): &(u128, i64)| Settled {
        account: account(*budget),
        end: END,
        amount: nanos(*amount),
    };
    settled.iter().map(one).collect()
}

fn loads(epochs: &[Epoch; 3], accounts: &[(u128, i64, i64)]) -> Vec<Loaded> {
    let one = |(budget, base, spent): &(u128, i64, i64)| Loaded {
        account: account(*budget),
        terms: claim(*budget, 150, 0).terms,
        base: nanos(*base),
        spent: vec![(epochs[0], nanos(*spent)), (epochs[1], nanos(spent / 3))],
    };
    accounts.iter().map(one).collect()
}

#[test]
fn the_scripts_do_what_the_pure_store_does() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(services::redis());
    let escrow = Escrow::redis(&server.url(), &prefix()).unwrap();
    let histories = prop::collection::vec(operation(), 1..60);
    let mut runner = TestRunner::new(Config {
        cases: 60,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&histories, |history| {
        runtime.block_on(async {
            let (organization, mut store) = (organization(), Store::default());
            let epochs = [(); 3].map(|()| Epoch {
                worker: worker(),
                number: 0,
            });
            // Most histories would else be nothing but refusals.
            let begin = [Operation::Fence(1), Operation::Open(1, vec![0])];
            for operation in begin.iter().chain(&history) {
                let expected = on_pure(&mut store, &epochs, operation);
                let said = on_redis(&escrow, organization, &epochs, operation).await;
                prop_assert_eq!(&said, &expected, "{:?}", operation);
                let accounts: Vec<_> = (1..6).map(account).collect();
                let stands = escrow.read(organization, &accounts).await.ok();
                prop_assert_eq!(stands, store.read(&accounts).ok(), "after {:?}", operation);
            }
            Ok(())
        })
    });
    outcome.unwrap();
}
