//! What every escrow promises, run against both.

use sluicegate_backplane::escrow::{
    Answer, Ask, Claim, Epoch, Loaded, Recall, Reconcile, Refusal, Reply, Request, Response, Settled, Terms,
};
use sluicegate_backplane::{BackplaneError, Escrow, EscrowError};
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::{BudgetId, OrganizationId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use tokio::time::timeout;
use uuid::Uuid;

use crate::services;
use crate::support::{PATIENCE, prefix, worker};

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_the_contract() {
    holds(Escrow::memory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_keeps_the_contract() {
    let server = services::redis().await;
    holds(|| Escrow::redis(&server.url(), &prefix()).unwrap()).await;
}

async fn holds(escrow: impl Fn() -> Escrow) {
    a_store_that_knows_nothing_says_so_until_it_is_told(escrow()).await;
    a_path_is_granted_whole_or_not_at_all(escrow()).await;
    organizations_are_apart(escrow()).await;
    late_messages_do_nothing(escrow()).await;
    a_pending_epoch_makes_others_wait(escrow()).await;
    a_closed_epoch_leaves_what_it_spent(escrow()).await;
    an_epoch_told_as_closed_is_not_counted_twice(escrow()).await;
    the_largest_amounts_are_exact(escrow()).await;
    a_denial_calls_for_idle_money(escrow()).await;
    what_is_not_sound_is_not_sent(escrow()).await;
    a_closed_escrow_says_so(escrow()).await;
}

pub(crate) fn organization() -> OrganizationId {
    OrganizationId::from(Uuid::now_v7())
}

pub(crate) fn nanos(amount: i64) -> NanoUsd {
    NanoUsd::from_nanos(amount)
}

pub(crate) fn epoch() -> Epoch {
    Epoch {
        worker: worker(),
        number: 3,
    }
}

/// In a period that ends long after the test; with a partition, so that its text is tried as a key.
pub(crate) fn account(budget: u128) -> AccountId {
    AccountId {
        budget: BudgetId::from(Uuid::from_u128(budget)),
        period: UnixMillis::new(5),
        partition: budget
            .is_multiple_of(2)
            .then(|| format!("user {{{budget}}} \u{1F600}")),
    }
}

pub(crate) const END: UnixMillis = UnixMillis::new(4_000_000_000_000);

pub(crate) fn claim(budget: u128, limit: i64, claim: i64) -> Claim {
    Claim {
        account: account(budget),
        terms: Terms {
            limit: nanos(limit),
            version: 1,
            exposure: nanos(limit.min(40)),
            end: END,
        },
        claim: nanos(claim),
        open: nanos(claim),
    }
}

/// In generation 1; asks are (path, want, min).
pub(crate) fn reconcile(epoch: Epoch, op: u64, claims: &[Claim], asks: &[(&[usize], i64, i64)]) -> Request {
    let ask = |(path, want, min): &(&[usize], i64, i64)| Ask {
        path: path.to_vec(),
        want: nanos(*want),
        min: nanos(*min),
    };
    Request::Reconcile(Reconcile {
        generation: 1,
        epoch,
        op,
        claims: claims.to_vec(),
        asks: asks.iter().map(ask).collect(),
    })
}

pub(crate) async fn begin(escrow: &Escrow, organization: OrganizationId, pending: &[Epoch]) {
    escrow.fence(organization, 1).await.unwrap();
    escrow.open(organization, 1, pending, &[]).await.unwrap();
}

pub(crate) async fn reply(escrow: &Escrow, organization: OrganizationId, request: &Request) -> Reply {
    match escrow.send(organization, request).await.unwrap() {
        Response::Reconciled(reply) => reply,
        other @ (Response::Registered | Response::Refused(_)) => panic!("{other:?}"),
    }
}

pub(crate) async fn refusal(escrow: &Escrow, organization: OrganizationId, request: &Request) -> Refusal {
    match escrow.send(organization, request).await.unwrap() {
        Response::Refused(refusal) => refusal,
        other @ (Response::Registered | Response::Reconciled(_)) => panic!("{other:?}"),
    }
}

fn available(reply: &Reply) -> Vec<i64> {
    reply.left.iter().map(|left| left.available.nanos()).collect()
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, EscrowError>) -> Refusal {
    match outcome {
        Err(EscrowError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

async fn a_store_that_knows_nothing_says_so_until_it_is_told(escrow: Escrow) {
    let (organization, one, two) = (organization(), epoch(), epoch());
    let ask = reconcile(one, 1, &[claim(1, 100, 0)], &[(&[0], 50, 50)]);
    assert_eq!(escrow.wanted().await.unwrap(), []);
    assert_eq!(refusal(&escrow, organization, &ask).await, Refusal::Forgotten);
    assert_eq!(escrow.wanted().await.unwrap(), [organization]);
    assert_eq!(
        refused(escrow.read(organization, &[account(1)]).await),
        Refusal::Forgotten
    );
    assert_eq!(
        refused(escrow.load(organization, 1, &[]).await),
        Refusal::Forgotten
    );
    assert_eq!(
        refused(escrow.close_epoch(organization, one, &[]).await),
        Refusal::Forgotten
    );

    escrow.fence(organization, 1).await.unwrap();
    assert_eq!(refusal(&escrow, organization, &ask).await, Refusal::Forgotten);
    assert_eq!(
        refused(escrow.load(organization, 2, &[]).await),
        Refusal::Generation(1)
    );
    let loaded = Loaded {
        account: account(1),
        terms: claim(1, 100, 0).terms,
        base: nanos(20),
        spent: vec![(two, nanos(10))],
    };
    escrow.load(organization, 1, &[loaded]).await.unwrap();
    escrow.open(organization, 1, &[], &[(worker(), 4)]).await.unwrap();
    assert_eq!(escrow.wanted().await.unwrap(), []);
    assert_eq!(
        refused(escrow.fence(organization, 1).await),
        Refusal::Generation(1)
    );
    assert_eq!(
        refused(escrow.open(organization, 1, &[], &[]).await),
        Refusal::Generation(1)
    );
    let told = reply(&escrow, organization, &ask).await;
    assert_eq!(
        (told.answers.as_slice(), available(&told)),
        ([Answer::Grant(nanos(50))].as_slice(), vec![20])
    );

    // The next generation remembers nothing of this one.
    escrow.fence(organization, 2).await.unwrap();
    escrow.open(organization, 2, &[], &[]).await.unwrap();
    assert_eq!(refusal(&escrow, organization, &ask).await, Refusal::Generation(2));
    assert_eq!(escrow.read(organization, &[account(1)]).await.unwrap(), [None]);
}

async fn a_path_is_granted_whole_or_not_at_all(escrow: Escrow) {
    let (organization, one) = (organization(), epoch());
    begin(&escrow, organization, &[]).await;
    let claims = [claim(1, 100, 0), claim(2, 60, 0), claim(3, 500, 0)];
    let asks: [(&[usize], i64, i64); 3] = [(&[0, 1], 80, 70), (&[0, 1], 80, 40), (&[0, 2], 40, 40)];
    let told = reply(&escrow, organization, &reconcile(one, 1, &claims, &asks)).await;
    assert_eq!(
        told.answers,
        [
            Answer::Deny(1),
            Answer::Grant(nanos(60)),
            Answer::Grant(nanos(40))
        ]
    );
    assert_eq!(available(&told), [0, 0, 460]);
    let balances = escrow
        .read(organization, &[account(2), account(9)])
        .await
        .unwrap();
    let balance = balances[0].unwrap();
    assert_eq!(
        (balance.limit, balance.claimed, balance.open),
        (nanos(60), nanos(60), nanos(60))
    );
    assert_eq!(balances[1], None);
}

async fn organizations_are_apart(escrow: Escrow) {
    let (a, b, one) = (organization(), organization(), epoch());
    begin(&escrow, a, &[]).await;
    let ask = reconcile(one, 1, &[claim(1, 100, 0)], &[(&[0], 100, 100)]);
    reply(&escrow, a, &ask).await;
    assert_eq!(refusal(&escrow, b, &ask).await, Refusal::Forgotten);
    begin(&escrow, b, &[]).await;
    let told = reply(&escrow, b, &ask).await;
    assert_eq!(told.answers, [Answer::Grant(nanos(100))]);
}

async fn late_messages_do_nothing(escrow: Escrow) {
    let (organization, one) = (organization(), epoch());
    begin(&escrow, organization, &[]).await;
    reply(
        &escrow,
        organization,
        &reconcile(one, 5, &[claim(1, 100, 30)], &[]),
    )
    .await;
    for op in [4, 5] {
        let late = reconcile(one, op, &[claim(2, 100, 99), claim(1, 100, 99)], &[]);
        assert_eq!(refusal(&escrow, organization, &late).await, Refusal::Stale);
    }
    let next = reconcile(one, 6, &[claim(1, 100, 25), claim(2, 100, 0)], &[]);
    let told = reply(&escrow, organization, &next).await;
    assert_eq!(available(&told), [75, 100]);
}

async fn a_pending_epoch_makes_others_wait(escrow: Escrow) {
    let (organization, one, two) = (organization(), epoch(), epoch());
    assert_eq!(escrow.waiting().await.unwrap(), []);
    begin(&escrow, organization, &[one, two]).await;
    assert_eq!(escrow.waiting().await.unwrap(), [organization]);
    let ask = |op, want| reconcile(one, op, &[claim(1, 100, 0)], &[(&[0], want, want)]);
    let told = reply(&escrow, organization, &ask(1, 30)).await;
    assert_eq!(
        (told.answers.as_slice(), told.left[0].presumed),
        ([Answer::Wait].as_slice(), nanos(80))
    );
    let stray = Request::Register {
        generation: 2,
        epoch: one,
    };
    assert_eq!(
        refusal(&escrow, organization, &stray).await,
        Refusal::Generation(1)
    );
    for epoch in [one, one, two] {
        let register = Request::Register { generation: 1, epoch };
        assert_eq!(
            escrow.send(organization, &register).await.unwrap(),
            Response::Registered
        );
    }
    assert_eq!(escrow.waiting().await.unwrap(), []);
    let told = reply(&escrow, organization, &ask(2, 100)).await;
    assert_eq!(told.answers, [Answer::Grant(nanos(100))]);
}

async fn a_closed_epoch_leaves_what_it_spent(escrow: Escrow) {
    let (organization, one, two) = (organization(), epoch(), epoch());
    begin(&escrow, organization, &[one]).await;
    let claims = [claim(1, 100, 80), claim(2, 100, 50)];
    reply(&escrow, organization, &reconcile(one, 1, &claims, &[])).await;
    let settled = |budget, amount| Settled {
        account: account(budget),
        end: END,
        amount: nanos(amount),
    };
    for round in 1..=2 {
        // Also of an account that nobody has claimed, and nothing of another.
        let settled = [settled(1, 30), settled(3, 7), settled(4, 0)];
        escrow.close_epoch(organization, one, &settled).await.unwrap();
        let claims = [claim(1, 100, 0), claim(2, 100, 0), claim(3, 100, 0)];
        let told = reply(&escrow, organization, &reconcile(two, round, &claims, &[])).await;
        assert_eq!(available(&told), [70, 100, 93]);
        assert_eq!(told.left[0].presumed, nanos(0));
    }
    assert_eq!(escrow.read(organization, &[account(4)]).await.unwrap(), [None]);
    let late = reconcile(one, 9, &[claim(1, 100, 80)], &[]);
    assert_eq!(refusal(&escrow, organization, &late).await, Refusal::Closed);
}

async fn an_epoch_told_as_closed_is_not_counted_twice(escrow: Escrow) {
    let (organization, one) = (organization(), epoch());
    escrow.fence(organization, 1).await.unwrap();
    let loaded = Loaded {
        account: account(1),
        terms: claim(1, 100, 0).terms,
        base: nanos(30),
        spent: Vec::new(),
    };
    escrow.load(organization, 1, &[loaded]).await.unwrap();
    let closed_below = [(one.worker, one.number + 1)];
    escrow.open(organization, 1, &[], &closed_below).await.unwrap();
    let settled = Settled {
        account: account(1),
        end: END,
        amount: nanos(30),
    };
    escrow.close_epoch(organization, one, &[settled]).await.unwrap();
    let stands = escrow.read(organization, &[account(1)]).await.unwrap();
    assert_eq!(stands[0].unwrap().claimed, nanos(30));
}

async fn the_largest_amounts_are_exact(escrow: Escrow) {
    let (organization, one, most) = (organization(), epoch(), NanoUsd::MAX.nanos());
    begin(&escrow, organization, &[]).await;
    let ask = reconcile(one, 1, &[claim(1, most, 1)], &[(&[0], most - 3, 1)]);
    let told = reply(&escrow, organization, &ask).await;
    assert_eq!(
        (told.answers.as_slice(), available(&told)),
        ([Answer::Grant(nanos(most - 3))].as_slice(), vec![2])
    );
    let overdrawn = reconcile(one, 2, &[claim(1, 10, most)], &[]);
    assert_eq!(available(&reply(&escrow, organization, &overdrawn).await), [0]);
}

async fn a_denial_calls_for_idle_money(escrow: Escrow) {
    let (organization, one, two) = (organization(), epoch(), epoch());
    begin(&escrow, organization, &[]).await;
    let mut recalls = escrow.recalls();
    assert_eq!(recalls.next().await, Recall::Listening);
    reply(
        &escrow,
        organization,
        &reconcile(one, 1, &[claim(1, 100, 90)], &[]),
    )
    .await;
    let told = reply(
        &escrow,
        organization,
        &reconcile(two, 1, &[claim(1, 100, 0)], &[(&[0], 20, 20)]),
    )
    .await;
    assert_eq!(told.left[0].open_elsewhere, nanos(90));
    let heard = timeout(PATIENCE, recalls.next()).await.expect("word of it");
    assert_eq!(heard, Recall::Missed(organization));
}

async fn what_is_not_sound_is_not_sent(escrow: Escrow) {
    let (organization, one) = (organization(), epoch());
    begin(&escrow, organization, &[]).await;
    for asks in [
        (&[1][..], 5, 5),
        (&[0], 0, 0),
        (&[0], 5, 6),
        (&[0], i64::MAX, 1),
        (&[], 5, 5),
    ] {
        let unsound = reconcile(one, 1, &[claim(1, 100, 0)], &[asks]);
        let outcome = escrow.send(organization, &unsound).await;
        assert!(matches!(outcome, Err(EscrowError::Unsound)), "{outcome:?}");
    }
}

async fn a_closed_escrow_says_so(escrow: Escrow) {
    escrow.close().await;
    let outcome = escrow.wanted().await;
    assert!(
        matches!(outcome, Err(EscrowError::Backplane(BackplaneError::Closed))),
        "{outcome:?}"
    );
}
