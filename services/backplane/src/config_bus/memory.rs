//! The config bus within one process: a bounded broadcast. A reader that falls behind is told that it lost messages,
//! as a reader of the real bus is after a reconnect.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_stream::stream;
use sluicegate_contracts::event::ConfigMessage;
use tokio::sync::broadcast::{self, error::RecvError};

use super::{BusItem, Items, Published};
use crate::error::BackplaneError;

/// Messages kept for a slow reader. Smaller than the real queue's cap: a reader in the same process is never far.
const CAPACITY: usize = 1_024;

/// See [`super::ConfigBus::memory`].
#[derive(Clone)]
pub struct MemoryBus {
    inner: Arc<Inner>,
}

struct Inner {
    sender: broadcast::Sender<Arc<ConfigMessage>>,
    /// Keeps batches of concurrent publishers from interleaving.
    order: Mutex<()>,
    closed: AtomicBool,
}

impl MemoryBus {
    pub(super) fn new() -> Self {
        let (sender, _) = broadcast::channel(CAPACITY);
        Self {
            inner: Arc::new(Inner {
                sender,
                order: Mutex::new(()),
                closed: AtomicBool::new(false),
            }),
        }
    }

    pub(super) fn publish(&self, messages: &[ConfigMessage]) -> Result<Vec<Published>, BackplaneError> {
        if self.inner.closed.load(Ordering::Acquire) {
            return Err(BackplaneError::Closed);
        }
        let _order = self.inner.order.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(messages
            .iter()
            .map(|message| Published {
                returned: self.inner.sender.send(Arc::new(message.clone())).is_err(),
            })
            .collect())
    }

    pub(super) fn subscribe(&self) -> Items {
        // The stream holds the sender too, so the channel outlives every subscription and never reports its end.
        let inner = Arc::clone(&self.inner);
        Box::pin(stream! {
            let mut receiver = inner.sender.subscribe();
            yield BusItem::Connected;
            loop {
                match receiver.recv().await {
                    Ok(message) => yield BusItem::Message(Arc::unwrap_or_clone(message)),
                    Err(RecvError::Lagged(_)) => {
                        yield BusItem::Lost;
                        yield BusItem::Connected;
                    }
                    Err(RecvError::Closed) => break,
                }
            }
        })
    }

    pub(super) fn close(&self) {
        self.inner.closed.store(true, Ordering::Release);
    }
}
