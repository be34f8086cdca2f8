//! Money for a stream while it runs: more is held as tokens come, and the stream ends when there is no more.
//!
//! Must stay true: what is held covers all that was let through and what the provider makes until it notices a cancel. A
//! byte counts as a token, because no byte-level tokenizer makes more; what was held for nothing comes back at the end.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use sluicegate_contracts::account::AccountId;
use sluicegate_contracts::ids::OrganizationId;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::bound::{Slice, Slicing, StreamHold};
use sluicegate_metering::escrow::{Outcome, Path};

use super::Gateway;
use super::finish::Finish;
use super::reserve::undecided;
use crate::budgets::refusal::{Left, Shortage, exceeded};
use crate::budgets::scope::Counted;
use crate::error::{ErrorKind, GatewayError};
use crate::state::WorkerState;

/// More is asked for this many tokens ahead, so that a stream does not wait for it.
const AHEAD: u64 = 1_024;
/// The slack is what a provider makes in two seconds at four hundred tokens a second, the pace of the fastest that stop.
pub(super) const SLICING: Slicing = Slicing {
    first: 2_048,
    step: 2_048,
    slack: Slicing::slack_for(400, 2_000),
};

const EARLY: &str = "The answer ended early, because there is no money for more of it.";

/// More that was asked for, and what becomes of it.
type Asked = (Slice, Pin<Box<dyn Future<Output = Outcome>>>);

/// The meter of one stream.
pub(super) struct Meter {
    hold: StreamHold,
    organization: OrganizationId,
    /// The accounts that more is held on.
    path: Path,
    /// What they belong to.
    counted: Vec<Counted>,
    asked: Option<Asked>,
    /// Why there was no more when it was asked for ahead of need.
    refused: Option<GatewayError>,
}

impl Meter {
    pub(super) fn new(
        hold: StreamHold,
        organization: OrganizationId,
        path: Path,
        counted: Vec<Counted>,
    ) -> Self {
        Self {
            hold,
            organization,
            path,
            counted,
            asked: None,
            refused: None,
        }
    }

    /// Whether more of the stream may be read, `used` tokens having come. Pending while that is being found out.
    ///
    /// # Errors
    /// When the stream has to end.
    pub(super) fn poll(
        &mut self,
        used: u64,
        finish: &mut Finish,
        gateway: &Gateway,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), GatewayError>> {
        let state = gateway.state();
        loop {
            let is_used_up = used >= self.hold.granted();
            if let Some((slice, asked)) = &mut self.asked {
                let Poll::Ready(outcome) = asked.as_mut().poll(cx) else {
                    return if is_used_up {
                        Poll::Pending
                    } else {
                        Poll::Ready(Ok(()))
                    };
                };
                let slice = *slice;
                self.asked = None;
                match self.heard(slice, outcome, finish, state) {
                    Ok(()) => self.refused = None,
                    // Once more when it is needed: others may have given back meanwhile.
                    Err(error) if is_used_up => return Poll::Ready(Err(error)),
                    Err(error) => self.refused = Some(error),
                }
                continue;
            }
            let Some(slice) = self.hold.next() else {
                return Poll::Ready(Ok(()));
            };
            let is_near = used.saturating_add(AHEAD) > self.hold.granted();
            if !is_near || (self.refused.is_some() && !is_used_up) {
                return Poll::Ready(Ok(()));
            }
            let now = UnixMillis::new(state.clock.now_millis());
            if finish.hold_more(slice.amount, now) {
                self.hold.take(slice);
                continue;
            }
            let (budgets, path) = (gateway.budgets().clone(), self.path.clone());
            let organization = self.organization;
            let asked = async move { budgets.hold(organization, &path, slice.amount).await };
            self.asked = Some((slice, Box::pin(asked)));
        }
    }

    fn heard(
        &mut self,
        slice: Slice,
        outcome: Outcome,
        finish: &mut Finish,
        state: &WorkerState,
    ) -> Result<(), GatewayError> {
        let now = UnixMillis::new(state.clock.now_millis());
        let hold = match outcome {
            Outcome::Held(hold) => hold,
            Outcome::Refused { account, available } => {
                return Err(self.used_up(&account, Left::OfLimit(available), now));
            }
            Outcome::TooLarge { account, most } => {
                return Err(self.used_up(&account, Left::ForOneCall(most), now));
            }
            Outcome::Unavailable(why) => return Err(undecided(why)),
        };
        if finish.absorb(hold) {
            self.hold.take(slice);
            Ok(())
        } else {
            let message = "What the answer costs further on could not be written down.";
            Err(GatewayError::new(ErrorKind::UsageUnavailable, message))
        }
    }

    fn used_up(&self, account: &AccountId, left: Left, now: UnixMillis) -> GatewayError {
        let Some(counted) = self.counted.iter().find(|counted| counted.account == *account) else {
            return GatewayError::new(ErrorKind::BudgetExceeded, EARLY);
        };
        let shortage = Shortage {
            counted,
            left,
            wanted: None,
            affordable: None,
        };
        let mut error = exceeded(&shortage, now);
        error.message = format!("{EARLY} {}", error.message).into();
        error
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meter")
            .field("hold", &self.hold)
            .finish_non_exhaustive()
    }
}
