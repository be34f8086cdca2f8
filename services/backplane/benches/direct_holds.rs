//! What a call waits for where every call asks the store of budgets, over a real Redis at `REDIS_URL`:
//! `deploy/scripts/services.sh with --durable cargo bench -p sluicegate-backplane --bench direct_holds`.
//! One call after the other, on one thread as in a worker: back to back, and 500 a second, where processors sleep between.

use std::error::Error;
use std::io::Write;
use std::time::{Duration, Instant, SystemTime};

use sluicegate_backplane::Escrow;
use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::{BudgetId, OrganizationId, WorkerId};
use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::escrow::{Book, Epoch, Outcome, Path, Terms};
use uuid::Uuid;

const HOLD: NanoUsd = NanoUsd::from_nanos(300_000);
/// Too little for a lease, and enough for calls that cost next to nothing.
const LIMIT: NanoUsd = NanoUsd::from_nanos(2 * HOLD.nanos());
const COST: NanoUsd = NanoUsd::from_nanos(1);
const WARM_UP: usize = 500;
const CALLS: usize = 2_500;

struct Caller {
    book: Book,
    escrow: Escrow,
    organization: OrganizationId,
    path: Path,
}

impl Caller {
    async fn new(url: &str, accounts: u128) -> Result<Self, Box<dyn Error>> {
        let organization = OrganizationId::from(Uuid::now_v7());
        let escrow = Escrow::redis(url, &format!("bench-{}", Uuid::now_v7().simple()))?;
        escrow.fence(organization, 1).await?;
        escrow.open(organization, 1, &[], &[]).await?;
        let terms = Terms {
            limit: LIMIT,
            version: 1,
            exposure: LIMIT,
            end: UnixMillis::new(i64::MAX),
        };
        let account = |budget| AccountId {
            budget: BudgetId::from(Uuid::from_u128(budget)),
            period: UnixMillis::new(0),
            partition: None,
        };
        let path = Path::new((0..accounts).map(|budget| (account(budget), terms)).collect());
        let book = Book::new(Epoch {
            worker: WorkerId::from(Uuid::now_v7()),
            number: 1,
        });
        book.announced();
        Ok(Self {
            book,
            escrow,
            organization,
            path: path.ok_or("a path has accounts")?,
        })
    }

    /// Holds and finishes one call; false when the store was not asked.
    async fn call(&self) -> Result<bool, Box<dyn Error>> {
        if let Some(hold) = self.book.hold(&self.path, HOLD, now()?) {
            hold.finish(COST, Some(1));
            return Ok(false);
        }
        self.book.ask(&self.path, HOLD, now()?);
        while let Some(request) = self.book.next(now()?) {
            let response = self.escrow.send(self.organization, &request).await?;
            if let Some((_, outcome)) = self.book.answered(Some(response), now()?).pop() {
                let Outcome::Held(hold) = outcome else {
                    return Err(format!("no hold: {outcome:?}").into());
                };
                hold.finish(COST, Some(1));
                self.book.ingested(1);
                return Ok(true);
            }
        }
        Err("the call was never answered".into())
    }

    /// Times of calls, a pause apart.
    async fn times(&self, pause: Duration) -> Result<Vec<Duration>, Box<dyn Error>> {
        let mut times = Vec::with_capacity(CALLS);
        for call in 0..WARM_UP + CALLS {
            let asked = Instant::now();
            let is_asked = self.call().await?;
            if !is_asked {
                return Err("a lease had money".into());
            }
            if call >= WARM_UP {
                times.push(asked.elapsed());
            }
            if !pause.is_zero() {
                tokio::time::sleep(pause.saturating_sub(asked.elapsed())).await;
            }
        }
        times.sort_unstable();
        Ok(times)
    }
}

fn now() -> Result<UnixMillis, Box<dyn Error>> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(UnixMillis::new(i64::try_from(since.as_millis())?))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::var("REDIS_URL").map_err(|_| "REDIS_URL names the Redis to use")?;
    for accounts in [1, 4] {
        let caller = Caller::new(&url, accounts).await?;
        for (pace, pause) in [
            ("back to back", Duration::ZERO),
            ("500 a second", Duration::from_millis(2)),
        ] {
            let times = caller.times(pause).await?;
            let at = |percent: usize| {
                times
                    .get(times.len() * percent / 100)
                    .map_or(0, Duration::as_micros)
            };
            writeln!(
                std::io::stdout(),
                "asking the store, {accounts} accounts, {pace}: p50 {} us, p99 {} us",
                at(50),
                at(99)
            )?;
        }
    }
    Ok(())
}
