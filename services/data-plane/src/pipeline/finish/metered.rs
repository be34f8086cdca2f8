//! The books of a stream that is paid as it comes: more is held, and what is held is put on file before more may come.
//! Once a stream is relayed, its attempt is the only one under way.

use sluicegate_contracts::money::NanoUsd;
use sluicegate_contracts::time::UnixMillis;
use sluicegate_metering::escrow::Hold;

use super::Finish;
use crate::pipeline::meter::Meter;

impl Finish {
    /// The meter of the stream under way, where it is paid as it comes.
    pub(in crate::pipeline) fn meter(&mut self) -> Option<Meter> {
        let organization = self.record.as_ref()?.organization;
        let open = self.attempts.get_mut().open.first_mut()?;
        let (slices, path, counted) = open.reserved.take_slices()?;
        Some(Meter::new(slices, organization, path, counted))
    }

    /// Holds more for the stream under way from what is idle here; false when there is too little.
    pub(in crate::pipeline) fn hold_more(&mut self, more: NanoUsd, now: UnixMillis) -> bool {
        let open = self.attempts.get_mut().open.first_mut();
        open.is_some_and(|open| open.reserved.hold_more(more, now)) && self.renew()
    }

    /// Adds a hold for the stream under way; false when that could not be written down.
    pub(in crate::pipeline) fn absorb(&mut self, hold: Hold) -> bool {
        if let Some(open) = self.attempts.get_mut().open.first_mut() {
            open.reserved.absorb(hold);
        }
        self.renew()
    }

    /// Puts on file what is held by now: a process that dies leaves behind that the attempt may have cost so much.
    fn renew(&mut self) -> bool {
        let Some(open) = self.attempts.get_mut().open.first_mut() else {
            return false;
        };
        open.record.cost = open.reserved.bound;
        let Some(intent) = &mut open.intent else {
            return false;
        };
        intent.cost_bound = open.reserved.bound;
        let renewed = self.gateway.state().recorder.renew_attempt(intent);
        renewed
            .inspect_err(|error| {
                tracing::warn!(target: "sluicegate", %error, "what a stream may cost further on is not on file");
            })
            .is_ok()
    }
}
