//! What a budget costs on the request path, in nanoseconds per call: `cargo bench -p sluicegate-metering`.
//! Plain loops over the monotonic clock; the best of several rounds is the figure to compare.

use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::thread;
use std::time::Instant;

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::{BudgetId, WorkerId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::escrow::{Book, Epoch, Path, Request, Response, Store, Terms};
use uuid::Uuid;

const NOW: UnixMillis = UnixMillis::new(0);
const LIMIT: NanoUsd = NanoUsd::from_nanos(1_000_000_000_000);
const AMOUNT: NanoUsd = NanoUsd::from_nanos(1_000);

fn path(accounts: u128) -> Result<Path, Box<dyn Error>> {
    let terms = Terms {
        limit: LIMIT,
        version: 1,
        exposure: LIMIT,
        end: UnixMillis::new(i64::MAX),
    };
    let account = |budget| AccountId {
        budget: BudgetId::from(Uuid::from_u128(budget)),
        period: NOW,
        partition: Some(format!("user-{budget}")),
    };
    let path = Path::new((0..accounts).map(|budget| (account(budget), terms)).collect());
    path.ok_or_else(|| "a path has accounts".into())
}

/// A book whose lease for `path` has plenty.
fn book(path: &Path) -> Result<Book, Box<dyn Error>> {
    let epoch = Epoch {
        worker: WorkerId::from(Uuid::from_u128(1)),
        number: 0,
    };
    let (book, mut store) = (Book::new(epoch), Store::default());
    store
        .fence(1)
        .and_then(|()| store.open(1, &[], &[]))
        .map_err(|refusal| format!("{refusal:?}"))?;
    book.announced();
    // A large hold that goes back: its money stays in the lease until the book is asked again.
    book.ask(path, NanoUsd::from_nanos(LIMIT.nanos() / 2), NOW);
    while let Some(request) = book.next(NOW) {
        let response = match request {
            Request::Reconcile(message) => store.reconcile(&message, NOW).map(Response::Reconciled),
            Request::Register { generation, epoch } => {
                store.register(generation, epoch).map(|()| Response::Registered)
            }
        };
        let outcomes = book.answered(Some(response.unwrap_or_else(Response::Refused)), NOW);
        if !outcomes.is_empty() {
            return Ok(book);
        }
    }
    Err("the call was never answered".into())
}

fn measure(mut work: impl FnMut()) -> f64 {
    let calls = 20_000;
    let mut best = f64::MAX;
    for _ in 0..20 {
        let started = Instant::now();
        for _ in 0..calls {
            work();
        }
        best = best.min(started.elapsed().as_secs_f64() * 1e9 / f64::from(calls));
    }
    best
}

fn main() -> Result<(), Box<dyn Error>> {
    for accounts in [1, 4] {
        let path = path(accounts)?;
        let book = book(&path)?;
        let call = || {
            if let Some(hold) = black_box(book.hold(&path, AMOUNT, NOW)) {
                hold.finish(NanoUsd::ZERO, None);
            }
        };
        let alone = measure(call);
        let shared = thread::scope(|scope| {
            let other = scope.spawn(|| measure(call));
            let own = measure(call);
            other.join().map_or(own, |other| other.max(own))
        });
        let recorded = measure(|| {
            if let Some(hold) = black_box(book.hold(&path, AMOUNT, NOW)) {
                hold.finish(NanoUsd::from_nanos(1), Some(1));
            }
        });
        writeln!(
            std::io::stdout(),
            "hold and finish, {accounts} accounts  {alone:>5.0} ns  two threads {shared:>5.0} ns  with a cost {recorded:>5.0} ns"
        )?;
    }
    Ok(())
}
