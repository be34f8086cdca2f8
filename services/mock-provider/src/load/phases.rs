//! The three kinds of load. All tasks run on one thread and share one tally.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::connection::Connection;
use super::report::{Report, Tally};
use super::{Mode, Request};

struct Shared {
    request: Request,
    tally: RefCell<Tally>,
    idle: RefCell<Vec<Connection>>,
}

pub(super) async fn run(request: Request, mode: Mode, limit: Duration) -> Report {
    let shared = Rc::new(Shared {
        request,
        tally: RefCell::new(Tally::default()),
        idle: RefCell::new(Vec::new()),
    });
    let started = Instant::now();
    let load = async {
        match mode {
            Mode::Closed {
                connections,
                warm_up,
                duration,
            } => closed(&shared, connections, warm_up, duration).await,
            Mode::Open {
                rate,
                warm_up,
                duration,
            } => open(&shared, rate, warm_up, duration).await,
            Mode::Stream {
                streams,
                repeats,
                stagger,
            } => stream(&shared, streams, repeats, stagger).await,
        }
    };
    // What the limit cuts off is missing from the counts, which is what the report should show.
    let _ = timeout(limit, load).await;
    let measured = match mode {
        Mode::Closed { duration, .. } | Mode::Open { duration, .. } => duration.min(started.elapsed()),
        Mode::Stream { .. } => started.elapsed(),
    };
    shared.tally.take().report(measured)
}

impl Shared {
    /// Makes one call and counts it, unless it belongs to the warm-up. `from` is when it was due.
    async fn call(&self, connection: &mut Option<Connection>, from: Instant, counts: bool) {
        let reply = match self.connected(connection).await {
            Some(open) => open.call(&self.request.bytes, |_| {}).await,
            None => return,
        };
        let took = from.elapsed();
        if !reply.as_ref().is_ok_and(|reply| reply.reusable) {
            *connection = None;
        }
        if !counts {
            return;
        }
        let mut tally = self.tally.borrow_mut();
        match reply {
            Ok(reply) if reply.status == 200 => {
                tally.ok += 1;
                tally.latency.add(took);
            }
            Ok(reply) => *tally.bad_status.entry(reply.status).or_default() += 1,
            Err(_) => tally.errors += 1,
        }
    }

    /// The connection, opened when there is none; `None` and a counted error when it cannot be.
    async fn connected<'c>(&self, connection: &'c mut Option<Connection>) -> Option<&'c mut Connection> {
        if connection.is_none() {
            match Connection::open(self.request.address).await {
                Ok(open) => *connection = Some(open),
                Err(_) => {
                    self.tally.borrow_mut().errors += 1;
                    // A closed door is not to be knocked at in a tight loop.
                    sleep(Duration::from_millis(20)).await;
                }
            }
        }
        connection.as_mut()
    }
}

async fn closed(shared: &Rc<Shared>, connections: usize, warm_up: Duration, duration: Duration) {
    let measure_from = Instant::now() + warm_up;
    let end = measure_from + duration;
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let shared = Rc::clone(shared);
        tasks.spawn_local(async move {
            let mut connection = None;
            loop {
                let now = Instant::now();
                if now >= end {
                    return;
                }
                shared.call(&mut connection, now, now >= measure_from).await;
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}

async fn open(shared: &Rc<Shared>, rate: u32, warm_up: Duration, duration: Duration) {
    let start = Instant::now() + Duration::from_millis(5);
    let gap = Duration::from_secs(1) / rate.max(1);
    let skipped = warm_up.as_micros() / gap.as_micros().max(1);
    let count = (warm_up + duration).as_micros() / gap.as_micros().max(1);
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let due = start + gap * u32::try_from(number).unwrap_or(u32::MAX);
        sleep_until(due).await;
        // The timer wakes up to a millisecond late, which is ours and not the target's; a longer
        // delay is a backlog and counts.
        let from = Instant::now().min(due + Duration::from_millis(2));
        let shared = Rc::clone(shared);
        tasks.spawn_local(async move {
            let mut connection = shared.idle.borrow_mut().pop();
            shared.call(&mut connection, from, number >= skipped).await;
            shared.idle.borrow_mut().extend(connection);
        });
        while tasks.try_join_next().is_some() {}
    }
    while tasks.join_next().await.is_some() {}
}

async fn stream(shared: &Rc<Shared>, streams: usize, repeats: usize, stagger: Duration) {
    let gap = stagger / u32::try_from(streams.max(1)).unwrap_or(u32::MAX);
    let mut tasks = JoinSet::new();
    for number in 0..streams {
        let shared = Rc::clone(shared);
        let delay = gap * u32::try_from(number).unwrap_or(u32::MAX);
        tasks.spawn_local(async move {
            sleep(delay).await;
            let mut connection = None;
            for _ in 0..repeats {
                one_stream(&shared, &mut connection).await;
            }
        });
    }
    while tasks.join_next().await.is_some() {}
}

async fn one_stream(shared: &Shared, connection: &mut Option<Connection>) {
    let from = Instant::now();
    let mut watch = Watch {
        shared,
        from,
        line: Vec::with_capacity(1024),
        chunks: 0,
        done: false,
    };
    let Some(open) = shared.connected(connection).await else {
        return;
    };
    let reply = open.call(&shared.request.bytes, |bytes| watch.take(bytes)).await;
    let whole = watch.chunks > 0 && watch.done;
    if !reply.as_ref().is_ok_and(|reply| reply.reusable) {
        *connection = None;
    }
    let mut tally = shared.tally.borrow_mut();
    match reply {
        Ok(reply) if reply.status != 200 => *tally.bad_status.entry(reply.status).or_default() += 1,
        Ok(_) if whole => {
            tally.ok += 1;
            tally.latency.add(from.elapsed());
        }
        Ok(_) | Err(_) => tally.errors += 1,
    }
}

/// Reads the stamps of a stream's chunks as they arrive.
struct Watch<'a> {
    shared: &'a Shared,
    from: Instant,
    line: Vec<u8>,
    chunks: u64,
    done: bool,
}

impl Watch<'_> {
    fn take(&mut self, bytes: &[u8]) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.line.extend_from_slice(bytes);
        let mut at = 0;
        while let Some(end) = memchr::memchr(b'\n', &self.line[at..]) {
            let line = &self.line[at..at + end];
            at += end + 1;
            if !line.starts_with(b"data:") {
                continue;
            }
            self.done |= line.ends_with(b"[DONE]");
            let Some(made) = stamp(line) else { continue };
            let mut tally = self.shared.tally.borrow_mut();
            if self.chunks == 0 {
                tally.first_chunk.add(self.from.elapsed());
            }
            tally.transit.add(now.saturating_sub(made));
            tally.chunks += 1;
            self.chunks += 1;
        }
        self.line.drain(..at);
    }
}

/// The time after the last `@` of a line, in Unix nanoseconds.
fn stamp(line: &[u8]) -> Option<Duration> {
    let at = memchr::memrchr(b'@', line)?;
    let digits = line[at + 1..].iter().take_while(|b| b.is_ascii_digit());
    let nanos = digits.fold(0u64, |n, b| n.wrapping_mul(10).wrapping_add(u64::from(b - b'0')));
    // Anything shorter is an at sign in a text.
    (nanos > 1_000_000_000_000_000_000).then(|| Duration::from_nanos(nanos))
}
