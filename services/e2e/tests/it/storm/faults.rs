//! Who is killed when.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use crate::harness::services::Service;
use crate::harness::stack::Stack;

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Victim {
    Worker(usize),
    /// The ingester is part of it.
    ControlPlane,
    Service(Service),
}

/// A time during which something was dead or starting.
#[derive(Debug)]
pub(super) struct Outage {
    pub(super) victim: Victim,
    pub(super) killed: Instant,
    pub(super) ready: Instant,
}

/// Kills everything once, each worker twice, in an order of the seed's, and starts it again.
pub(super) async fn kill_each_in_turn(stack: &mut Stack, seed: u64) -> Vec<Outage> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut victims = vec![
        Victim::Worker(0),
        Victim::Worker(1),
        Victim::ControlPlane,
        Victim::Service(Service::Redis),
        Victim::Service(Service::RabbitMq),
        Victim::Service(Service::Postgres),
    ];
    victims.shuffle(&mut random);
    // A worker's second death falls on what it recovered from its first.
    victims.extend([Victim::Worker(0), Victim::Worker(1), Victim::ControlPlane]);
    let mut outages = Vec::new();
    for victim in victims {
        pause(&mut random, 1_000).await;
        let killed = Instant::now();
        kill(stack, victim).await;
        pause(&mut random, 1_500).await;
        revive(stack, victim).await;
        let ready = Instant::now();
        println!("{victim:?} was away for {:?}", ready - killed);
        outages.push(Outage {
            victim,
            killed,
            ready,
        });
    }
    pause(&mut random, 1_500).await;
    outages
}

async fn pause(random: &mut StdRng, least_ms: u64) {
    tokio::time::sleep(Duration::from_millis(least_ms + random.random_range(0..1_000))).await;
}

async fn kill(stack: &mut Stack, victim: Victim) {
    match victim {
        Victim::Worker(index) => stack.workers[index].kill(),
        Victim::ControlPlane => stack.control_plane.kill(),
        Victim::Service(service) => stack.services.kill(service).await,
    }
}

async fn revive(stack: &mut Stack, victim: Victim) {
    match victim {
        Victim::Worker(index) => stack.workers[index].start().await,
        Victim::ControlPlane => stack.control_plane.start().await,
        Victim::Service(service) => stack.services.revive(service).await,
    }
}
