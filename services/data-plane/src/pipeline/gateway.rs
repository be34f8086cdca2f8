//! What every request of one server thread shares, and what one request shares with the handler that waits for it.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use crate::budgets::Budgets;
use crate::state::WorkerState;
use crate::upstream::Client;

/// The worker's state with the connections of this thread. Clones are cheap and stay on the thread.
#[derive(Clone)]
pub struct Gateway(Rc<Inner>);

struct Inner {
    state: Arc<WorkerState>,
    client: Client,
    budgets: Budgets,
}

impl Gateway {
    /// Built once per server thread.
    #[must_use]
    pub fn new(state: Arc<WorkerState>) -> Self {
        let (client, budgets) = (state.clients.client(), state.budgets.apart());
        Self(Rc::new(Inner {
            state,
            client,
            budgets,
        }))
    }

    pub(crate) fn state(&self) -> &WorkerState {
        &self.0.state
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }

    /// The money calls may start from, asked for over a connection of this thread.
    pub(crate) fn budgets(&self) -> &Budgets {
        &self.0.budgets
    }
}

/// How far a request has come, seen from its handler: whether it may be answered with an empty stream while it waits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress(Rc<Cell<(bool, bool)>>);

impl Progress {
    pub(crate) fn asked_for_stream(&self, stream: bool) {
        self.0.set((stream, self.0.get().1));
    }

    /// Whether the request is known to be for a stream.
    pub(crate) fn is_stream(&self) -> bool {
        self.0.get().0
    }

    /// The handler has answered 200 already, to keep the caller waiting.
    pub(crate) fn commit(&self) {
        self.0.set((self.0.get().0, true));
    }

    pub(crate) fn committed(&self) -> bool {
        self.0.get().1
    }
}
