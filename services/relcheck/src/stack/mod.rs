//! The deployment under test: every part a process of its own, and a fault proxy on every way between two of them.
//!
//! Must stay true: whatever is struck is repaired, every part is gone when the stack is dropped, and nothing listens on
//! a fixed port.

mod plane;
mod process;
pub(crate) mod provider;
mod proxy;
mod resp;
mod services;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::sync::Mutex;
use tokio::time::sleep;

use crate::report::say;
use crate::schedule::{Fault, Part, Size, Strike, Trouble};
use crate::tenant;
use plane::Plane;
use provider::Provider;
use proxy::Proxy;
use resp::Resp;
use services::{Service, Services};

/// How long open answers may take to finish when a worker is asked to stop.
const DRAIN_SECONDS: &str = "10";
/// How far back the file goes that Redis is restored from.
const OLD: Duration = Duration::from_secs(3);

/// How long workers spend before one falls silent and Redis forgets.
const OFF_THE_BOOKS: Duration = Duration::from_secs(6);

/// See the module.
#[derive(Debug)]
pub(crate) struct Stack {
    workers: Vec<Mutex<Plane>>,
    control_planes: Vec<Mutex<Plane>>,
    provider: Mutex<Provider>,
    services: Services,
    /// Strikes on one of them, one at a time.
    striking: BTreeMap<Part, Mutex<()>>,
    links: BTreeMap<(Part, Part), Proxy>,
    /// Base URLs of the inference API, by worker.
    pub(crate) inference: Vec<String>,
    /// The REST API of the first control plane.
    pub(crate) dashboard: String,
    /// What the operator proves themselves by.
    pub(crate) operator_token: String,
    /// The provider's base URL, as connections name it.
    pub(crate) provider_url: String,
    /// The provider itself, for whoever scripts it.
    pub(crate) provider_origin: String,
    pub(crate) ledger: PathBuf,
}

/// Ways from one part to the servers it uses.
struct Ways {
    database: SocketAddr,
    redis: SocketAddr,
    amqp: SocketAddr,
}

impl Stack {
    /// Starts everything with an empty database.
    pub(crate) async fn start(
        folder: &Path,
        size: Size,
        seed: u64,
        first_token_ms: u64,
    ) -> anyhow::Result<Self> {
        let http = tenant::http_client()?;
        let repository = std::env::current_dir()?;
        let services = Services::start(&repository).await?;
        let mut provider = Provider::new(folder, http.clone(), seed, first_token_ms)?;
        provider.start().await?;
        let mut links = BTreeMap::new();
        let to_provider = Proxy::open(provider.address).await?;
        let provider_url = format!("http://{}/v1", to_provider.address());
        links.insert((Part::Provider, Part::Provider), to_provider);
        let master_key = format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());

        let operator_token = format!("{:032x}", rand::random::<u128>());

        let mut control_planes = Vec::new();
        for index in 0..size.control_planes {
            let part = Part::ControlPlane(index);
            let ways = ways(&mut links, part, &services).await?;
            let mut settings = shared(&master_key, &services, &ways);
            let database = through(&services.database_url, ways.database);
            settings.push(("SLUICEGATE_DATABASE__URL", database));
            settings.push(("SLUICEGATE_BILLING__MODE", "prepaid".to_owned()));
            settings.push(("SLUICEGATE_OPERATOR_TOKEN", operator_token.clone()));
            let program = "sluicegate-control-plane";
            let mut plane = Plane::new(part.to_string(), program, folder, http.clone(), settings)?;
            if index == 0 {
                plane.finish("migrate").await?;
                plane.finish("import").await?;
            }
            plane.start().await?;
            control_planes.push(plane);
        }
        let mut workers = Vec::new();
        for index in 0..size.workers {
            let part = Part::Worker(index);
            let ways = ways(&mut links, part, &services).await?;
            let above = index % size.control_planes;
            let address = control_planes.get(above).context("a control plane")?.address;
            let control_plane = open(&mut links, (part, Part::ControlPlane(above)), address).await?;
            let mut settings = shared(&master_key, &services, &ways);
            settings.push(("SLUICEGATE_CONTROL_PLANE_URL", format!("http://{control_plane}")));
            settings.push((
                "SLUICEGATE_DATA_DIR",
                folder.join(part.to_string()).display().to_string(),
            ));
            settings.push(("SLUICEGATE_HTTP__DRAIN_SECONDS", DRAIN_SECONDS.to_owned()));
            let program = "sluicegate-data-plane";
            let mut plane = Plane::new(part.to_string(), program, folder, http.clone(), settings)?;
            plane.start().await?;
            workers.push(plane);
        }
        let striking = [Part::Redis, Part::Postgres, Part::RabbitMq];
        Ok(Self {
            inference: workers
                .iter()
                .map(|worker| format!("http://{}/v1", worker.address))
                .collect(),
            dashboard: format!(
                "http://{}",
                control_planes.first().context("a control plane")?.address
            ),
            operator_token,
            provider_url,
            provider_origin: format!("http://{}", provider.address),
            ledger: provider.ledger.clone(),
            workers: workers.into_iter().map(Mutex::new).collect(),
            control_planes: control_planes.into_iter().map(Mutex::new).collect(),
            provider: Mutex::new(provider),
            services,
            striking: striking.map(|part| (part, Mutex::default())).into(),
            links,
        })
    }

    /// A way to the database that nothing troubles.
    pub(crate) fn database_url(&self) -> &str {
        &self.services.database_url
    }

    /// A way to Redis that nothing troubles.
    pub(crate) fn redis_url(&self) -> &str {
        &self.services.redis_url
    }

    /// Strikes, waits, and repairs. The next strike on the same part waits for that.
    pub(crate) async fn strike(&self, strike: &Strike) -> anyhow::Result<()> {
        say(strike.to_string());
        let begun = Instant::now();
        self.strike_and_repair(strike).await?;
        say(format!(
            "{} is well again after {:.1?}",
            strike.part,
            begun.elapsed()
        ));
        Ok(())
    }

    async fn strike_and_repair(&self, strike: &Strike) -> anyhow::Result<()> {
        if let Fault::Link(to, trouble) = strike.fault {
            return self.trouble(strike.part, to, trouble, strike.lasting).await;
        }
        match strike.part {
            Part::Worker(index) if strike.fault == Fault::Ambush => self.ambush(index, strike.lasting).await,
            Part::Worker(index) => {
                let worker = self.workers.get(index).context("there is such a worker")?;
                strike_plane(worker, strike).await
            }
            Part::ControlPlane(index) => {
                let plane = self
                    .control_planes
                    .get(index)
                    .context("there is such a control plane")?;
                strike_plane(plane, strike).await
            }
            Part::Provider => self.strike_provider(strike).await,
            Part::Redis => self.strike_service(Service::Redis, strike).await,
            Part::Postgres => self.strike_service(Service::Postgres, strike).await,
            Part::RabbitMq => self.strike_service(Service::RabbitMq, strike).await,
        }
        .with_context(|| strike.to_string())
    }

    async fn trouble(&self, from: Part, to: Part, trouble: Trouble, lasting: Duration) -> anyhow::Result<()> {
        // A worker may use another control plane than the one that was drawn.
        let is_meant = |(near, far): &(Part, Part)| {
            *near == from
                && (*far == to || matches!((far, to), (Part::ControlPlane(_), Part::ControlPlane(_))))
        };
        let link = self
            .links
            .iter()
            .find(|(ends, _)| is_meant(ends))
            .map(|(_, link)| link);
        let link = link.with_context(|| format!("a way from {from} to {to}"))?;
        link.set(Some(trouble));
        sleep(lasting).await;
        link.set(None);
        Ok(())
    }

    async fn strike_provider(&self, strike: &Strike) -> anyhow::Result<()> {
        let mut provider = self.provider.lock().await;
        match strike.fault {
            Fault::Pause => {
                provider.pause(true)?;
                sleep(strike.lasting).await;
                provider.pause(false)
            }
            Fault::Kill
            | Fault::Terminate
            | Fault::Flush
            | Fault::Restore
            | Fault::Ambush
            | Fault::Link(..) => {
                provider.kill().await?;
                sleep(strike.lasting).await;
                provider.start().await
            }
        }
    }

    async fn strike_service(&self, service: Service, strike: &Strike) -> anyhow::Result<()> {
        let _alone = match self.striking.get(&strike.part) {
            Some(striking) => Some(striking.lock().await),
            None => None,
        };
        match strike.fault {
            Fault::Pause => {
                self.services.pause(service, true).await?;
                sleep(strike.lasting).await;
                return self.services.pause(service, false).await;
            }
            Fault::Flush => return Resp::connect(self.redis_url()).await?.flush().await,
            Fault::Restore => return self.restore_redis(strike.lasting).await,
            Fault::Terminate => self.services.halt(service).await?,
            Fault::Kill | Fault::Ambush | Fault::Link(..) => self.services.kill(service).await?,
        }
        sleep(strike.lasting).await;
        self.services.revive(service).await
    }

    /// The worst time to forget: what was spent is on no books yet, and one of those who know is silent.
    async fn ambush(&self, index: usize, lasting: Duration) -> anyhow::Result<()> {
        let worker = self.workers.get(index).context("there is such a worker")?;
        // All are held, so that nobody else strikes them meanwhile.
        let _redis = match self.striking.get(&Part::Redis) {
            Some(striking) => Some(striking.lock().await),
            None => None,
        };
        let mut keepers = Vec::new();
        for plane in &self.control_planes {
            let plane = plane.lock().await;
            plane.pause(true)?;
            keepers.push(plane);
        }
        sleep(OFF_THE_BOOKS).await;
        let worker = worker.lock().await;
        worker.pause(true)?;
        let forgotten = async { Resp::connect(self.redis_url()).await?.flush().await }.await;
        for plane in keepers {
            plane.pause(false)?;
        }
        sleep(lasting).await;
        worker.pause(false)?;
        forgotten
    }

    /// A server that was started again over an old file: another run, which knows what the old one knew some time ago.
    async fn restore_redis(&self, away: Duration) -> anyhow::Result<()> {
        let old = Resp::connect(self.redis_url()).await?.dump().await?;
        sleep(OLD).await;
        self.services.kill(Service::Redis).await?;
        let ways = || self.links.iter().filter(|((_, to), _)| *to == Part::Redis);
        ways().for_each(|(_, link)| link.set(Some(Trouble::Cut)));
        sleep(away).await;
        self.services.revive(Service::Redis).await?;
        // Nobody is let in before the old file is in place.
        Resp::connect(self.redis_url()).await?.restore(&old).await?;
        ways().for_each(|(_, link)| link.set(None));
        Ok(())
    }

    /// The parts that are not there though nobody strikes them any more.
    pub(crate) async fn missing(&self) -> Vec<Part> {
        let mut missing = Vec::new();
        for (index, worker) in self.workers.iter().enumerate() {
            if !worker.lock().await.is_alive() {
                missing.push(Part::Worker(index));
            }
        }
        for (index, plane) in self.control_planes.iter().enumerate() {
            if !plane.lock().await.is_alive() {
                missing.push(Part::ControlPlane(index));
            }
        }
        missing
    }

    /// Stops everything, the servers last.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        let Self {
            workers,
            control_planes,
            provider,
            services,
            ..
        } = self;
        drop((workers, control_planes, provider));
        services.stop().await
    }
}

async fn strike_plane(plane: &Mutex<Plane>, strike: &Strike) -> anyhow::Result<()> {
    let mut plane = plane.lock().await;
    match strike.fault {
        Fault::Pause => {
            plane.pause(true)?;
            sleep(strike.lasting).await;
            return plane.pause(false);
        }
        Fault::Terminate => plane.terminate().await?,
        Fault::Kill | Fault::Flush | Fault::Restore | Fault::Ambush | Fault::Link(..) => plane.kill().await?,
    }
    sleep(strike.lasting).await;
    plane.start().await
}

fn shared(master_key: &str, services: &Services, ways: &Ways) -> Vec<(&'static str, String)> {
    vec![
        ("SLUICEGATE_MASTER_KEY", master_key.to_owned()),
        ("SLUICEGATE_AMQP__URL", through(&services.amqp_url, ways.amqp)),
        ("SLUICEGATE_REDIS__URL", through(&services.redis_url, ways.redis)),
        (
            "SLUICEGATE_UPSTREAM__ALLOW_PRIVATE",
            r#"["127.0.0.0/8"]"#.to_owned(),
        ),
    ]
}

async fn ways(
    links: &mut BTreeMap<(Part, Part), Proxy>,
    from: Part,
    services: &Services,
) -> anyhow::Result<Ways> {
    let database = address_in(&services.database_url)?;
    let (redis, amqp) = (address_in(&services.redis_url)?, address_in(&services.amqp_url)?);
    Ok(Ways {
        database: open(links, (from, Part::Postgres), database).await?,
        redis: open(links, (from, Part::Redis), redis).await?,
        amqp: open(links, (from, Part::RabbitMq), amqp).await?,
    })
}

async fn open(
    links: &mut BTreeMap<(Part, Part), Proxy>,
    ends: (Part, Part),
    target: SocketAddr,
) -> anyhow::Result<SocketAddr> {
    let proxy = Proxy::open(target).await?;
    let address = proxy.address();
    links.insert(ends, proxy);
    Ok(address)
}

/// The part of a URL between the credentials and the path.
fn host_in(url: &str) -> Option<&str> {
    let (_, rest) = url.rsplit_once('@')?;
    rest.split('/').next()
}

fn address_in(url: &str) -> anyhow::Result<SocketAddr> {
    let host = host_in(url).context("a URL with credentials")?;
    host.parse().context("a URL with an address and a port")
}

/// The same URL, by way of a proxy.
fn through(url: &str, way: SocketAddr) -> String {
    match host_in(url) {
        Some(host) => url.replacen(&format!("@{host}"), &format!("@{way}"), 1),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_led_through_a_proxy() {
        let way = "127.0.0.1:7".parse().unwrap();
        let url = "amqp://sluicegate:secret@127.0.0.1:5672/%2f";
        assert_eq!(address_in(url).unwrap().port(), 5672);
        assert_eq!(through(url, way), "amqp://sluicegate:secret@127.0.0.1:7/%2f");
        assert_eq!(
            through("redis://:s@127.0.0.1:1/0", way),
            "redis://:s@127.0.0.1:7/0"
        );
    }
}
