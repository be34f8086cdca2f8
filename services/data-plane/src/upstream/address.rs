//! Which addresses a connection may lead to. Asked by [`super::resolver`] about the address actually dialled, so a name
//! that resolves differently from one moment to the next gains nothing.
//!
//! Must stay true: a tenant's base URL never reaches this machine, its networks or a cloud's metadata service, unless
//! the operator of the deployment listed the address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// What the operator of this deployment allows beyond the public internet.
#[derive(Debug, Clone, Default)]
pub struct AddressPolicy {
    allowed: Vec<IpNet>,
}

/// How a connection speaks to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// Encrypted and authenticated: any public address.
    Tls,
    /// In the clear, credential included: only listed addresses.
    Plain,
}

impl AddressPolicy {
    /// A policy that allows the public internet and, besides, these networks.
    #[must_use]
    pub const fn new(allowed: Vec<IpNet>) -> Self {
        Self { allowed }
    }

    /// Whether `address` may be dialled.
    #[must_use]
    pub fn permits(&self, address: IpAddr, transport: Transport) -> bool {
        // An operator lists IPv4 networks; the same address may come in IPv6 clothes.
        let address = address.to_canonical();
        self.allowed.iter().any(|network| network.contains(&address))
            || (transport == Transport::Tls && is_public(address))
    }
}

/// Whether an address is globally routable unicast.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let reserved = match (a, b, c) {
        // This network, private, carrier-grade NAT, loopback, link-local with cloud metadata.
        (0 | 10 | 127, _, _) | (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _) => true,
        // IETF protocol assignments, documentation, 6to4 relays, AS112, benchmarking.
        (192, 0, 0 | 2)
        | (192, 88, 99)
        | (192, 31 | 175, _)
        | (198, 18 | 19, _)
        | (198, 51, 100)
        | (203, 0, 113) => true,
        // Multicast, future use, broadcast.
        (224..=255, _, _) => true,
        _ => false,
    };
    !reserved
}

/// Only global unicast (2000::/3) counts, less what is carved out of it or hides an IPv4 address.
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let segments = address.segments();
    let global_unicast = segments[0] & 0xe000 == 0x2000;
    let carved_out = match (segments[0], segments[1]) {
        // IETF assignments with Teredo and ORCHID, documentation.
        (0x2001, 0x0000..=0x01ff | 0x0db8) => true,
        // Documentation (3fff::/20).
        (0x3fff, 0x0000..=0x0fff) => true,
        // 6to4 carries an IPv4 address that may be private.
        (0x2002, _) => true,
        _ => false,
    };
    global_unicast && !carved_out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_globally_routable_addresses_are_public() {
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "172.32.0.1",
            "100.128.0.1",
            "198.20.0.1",
            "2606:4700::1111",
            "2a00::1",
        ] {
            assert!(is_public(address(public)), "{public}");
        }
        let reserved = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "5f00::1",
        ];
        for reserved in reserved {
            assert!(!is_public(address(reserved)), "{reserved}");
        }
    }

    #[test]
    fn an_operator_may_open_networks_also_for_plain_transport() {
        let policy = AddressPolicy::new(vec!["127.0.0.0/8".parse().unwrap()]);
        for transport in [Transport::Tls, Transport::Plain] {
            assert!(policy.permits(address("127.0.0.1"), transport));
            assert!(policy.permits(address("::ffff:127.0.0.1"), transport));
            assert!(!policy.permits(address("10.0.0.1"), transport));
        }
        assert!(policy.permits(address("1.1.1.1"), Transport::Tls));
        assert!(!policy.permits(address("1.1.1.1"), Transport::Plain));
    }
}
