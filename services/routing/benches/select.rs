//! What choosing an endpoint costs on the request path, in nanoseconds per call: `cargo bench -p sluicegate-routing`.
//! Plain loops over the monotonic clock; the best of several rounds is the figure to compare. Allocations are counted
//! by whether the order outgrew its inline room, the only place where choosing can allocate.

use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use sluicegate_routing::Seed;
use sluicegate_routing::health::{Delivery, Health, Moment, Sessions};
use sluicegate_routing::select::{Ask, Contender, Objective, Pool, Price, Weights, rank, room};

const ROUNDS: usize = 9;
const CALLS: u32 = 20_000;

fn at(seconds: f64) -> Moment {
    Moment::default().after(seconds)
}

/// An endpoint in the middle of its day: calls that ended, some that wait, one that waits for too long.
fn lived(number: u32) -> Health {
    let mut health = Health::default();
    for it in 0..200 {
        let sent = f64::from(it) * 0.1;
        let ttft = 0.2 + 0.05 * f64::from((it + number) % 7);
        let mut call = health.sent(at(sent), Delivery::Streamed, 500.0);
        health.first_token(at(sent + ttft), &mut call);
        if it % 10 > 0 {
            health.finished(at(sent + 3.0), call, 200);
        }
    }
    for it in 0..6 {
        let _waiting = health.sent(at(18.0 + f64::from(it) * 0.4), Delivery::Streamed, 500.0);
    }
    health
}

fn best(mut round: impl FnMut()) -> f64 {
    let times = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        round();
        began.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
    });
    times.fold(f64::INFINITY, f64::min)
}

fn choose(endpoints: u32) -> (f64, bool) {
    let health: Vec<Health> = (0..endpoints).map(lived).collect();
    let contenders: Vec<Contender> = health
        .iter()
        .map(|health| Contender {
            known: health.assess(at(21.0), Delivery::Streamed, room(1_000, 200)),
            price: Price {
                input: 3.0,
                warm_input: 0.3,
                output: 9.0,
            },
            warm_tokens: 0,
            quality: 0.0,
            capacity: None,
            tried: false,
        })
        .collect();
    let objective = Objective::Balanced(Weights {
        seconds: 1.0,
        milli_usd: 0.1,
        ..Weights::default()
    });
    let (mut pool, mut spilled) = (Pool::default(), false);
    let time = best(|| {
        for call in 0..CALLS {
            let ask = Ask {
                now: at(21.0),
                seed: Seed::from_id(u128::from(call)),
                input_tokens: 1_000,
                output_tokens: 200,
                conversation: false,
                held: Duration::ZERO,
                tries_left: 3,
            };
            let ranking = rank(black_box(&contenders), &ask, &objective, &mut pool);
            spilled |= ranking.order.spilled();
            black_box(ranking);
        }
    });
    (time, spilled)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout();
    for endpoints in [2, 12, 50] {
        let (time, spilled) = choose(endpoints);
        let allocations = u8::from(spilled);
        writeln!(
            out,
            "choose among {endpoints:>2} endpoints {time:>8.0} ns, {allocations} allocations"
        )?;
    }
    let mut health = lived(0);
    let time = best(|| {
        for call in 0..CALLS {
            let sent = at(30.0 + f64::from(call) * 0.01);
            let mut it = health.sent(sent, Delivery::Streamed, 500.0);
            health.first_token(sent.after(0.3), &mut it);
            health.finished(sent.after(2.0), it, 200);
        }
    });
    writeln!(out, "the events of one call    {time:>8.0} ns")?;
    let mut sessions = Sessions::with_room_for(2_000_000);
    let time = best(|| {
        for call in 0..CALLS {
            let session = u64::from(call).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            sessions.remember(at(1.0), session, 1, 500);
            black_box(sessions.warm(at(2.0), session, 1, 300.0));
        }
    });
    writeln!(
        out,
        "a conversation, kept and found {time:>3.0} ns, {} bytes an endpoint",
        size_of::<Health>()
    )?;
    Ok(())
}
