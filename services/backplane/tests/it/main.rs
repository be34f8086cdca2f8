//! Holds both twins of each seam to one contract, and the real ones to what they promise under kill -9.

#[cfg(test)]
mod config_contract;
#[cfg(test)]
mod escrow_contract;
#[cfg(test)]
mod escrow_redis;
#[cfg(test)]
mod rabbitmq;
#[cfg(test)]
mod rates;
#[cfg(test)]
mod redis_streams;
#[cfg(test)]
mod services;
#[cfg(test)]
mod sightings;
#[cfg(test)]
mod support;
#[cfg(test)]
mod usage_contract;
