//! Which addresses a connection to a provider may lead to. Asked by the control plane about what is written in a base
//! URL, and by workers about the address actually dialled, so that both always give the same answer.
//!
//! Must stay true: a tenant's base URL never reaches a machine of the deployment, its networks or a cloud's metadata
//! service, unless the operator listed the address.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use ipnet::IpNet;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// What the operator of this deployment allows beyond the public internet: a list of networks. Read from settings as a
/// list, or as a text with commas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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

/// An entry of the list is not a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a network such as 10.0.0.0/8")]
pub struct NotANetwork(String);

impl AddressPolicy {
    /// A policy that allows the public internet and, besides, these networks.
    #[must_use]
    pub const fn new(allowed: Vec<IpNet>) -> Self {
        Self { allowed }
    }

    /// Whether any network was opened.
    #[must_use]
    pub const fn opens_networks(&self) -> bool {
        !self.allowed.is_empty()
    }

    /// Whether a connection may lead to `address`.
    #[must_use]
    pub fn permits(&self, address: IpAddr, transport: Transport) -> bool {
        // An operator lists IPv4 networks; the same address may come in IPv6 clothes.
        let address = address.to_canonical();
        self.allowed.iter().any(|network| network.contains(&address))
            || (transport == Transport::Tls && is_public(address))
    }

    fn of_entries<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, NotANetwork> {
        let network = |entry: &str| entry.parse().map_err(|_| NotANetwork(entry.to_owned()));
        let allowed = entries.into_iter().map(network).collect::<Result<_, _>>()?;
        Ok(Self { allowed })
    }
}

/// The text of an environment variable or an option: `10.0.0.0/8,fd00::/8`, or the same as a list in brackets and
/// quotes, which is how settings write lists.
impl FromStr for AddressPolicy {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let text = text.trim();
        let inner = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let entries = inner.unwrap_or(text).split(',').map(str::trim);
        let entries = entries.map(|entry| entry.trim_matches('"'));
        Self::of_entries(entries.filter(|entry| !entry.is_empty()))
    }
}

/// The text that [`FromStr`] reads.
impl fmt::Display for AddressPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, network) in self.allowed.iter().enumerate() {
            let separator = if index == 0 { "" } else { "," };
            write!(f, "{separator}{network}")?;
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for AddressPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            List(Vec<String>),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::List(entries) => Self::of_entries(entries.iter().map(String::as_str)),
            Written::Text(text) => text.parse(),
        }
        .map_err(D::Error::custom)
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
    use proptest::prelude::*;

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

    #[test]
    fn one_setting_reads_the_same_in_each_of_its_forms() {
        let policy: AddressPolicy = "10.0.0.0/8,fd00::/8".parse().unwrap();
        assert!(policy.permits(address("10.1.2.3"), Transport::Plain) && policy.opens_networks());
        for text in [
            r#"["10.0.0.0/8","fd00::/8"]"#,
            " 10.0.0.0/8 , fd00::/8, ",
            r#"[ "10.0.0.0/8", "fd00::/8" ]"#,
        ] {
            assert_eq!(text.parse().as_ref(), Ok(&policy), "{text}");
        }
        for json in [r#"["10.0.0.0/8","fd00::/8"]"#, r#""10.0.0.0/8,fd00::/8""#] {
            assert_eq!(
                serde_json::from_str::<AddressPolicy>(json).unwrap(),
                policy,
                "{json}"
            );
        }
        assert_eq!(policy.to_string().parse(), Ok(policy));
        for nothing in ["", "[]", " "] {
            assert_eq!(nothing.parse(), Ok(AddressPolicy::default()));
        }
        let wrong: Result<AddressPolicy, _> = "10.0.0.0/8,localhost".parse();
        assert_eq!(
            wrong.unwrap_err().to_string(),
            "`localhost` is not a network such as 10.0.0.0/8"
        );
        assert!(serde_json::from_str::<AddressPolicy>(r#"["10.0.0.0"]"#).is_err());
    }

    proptest! {
        /// The operator's word counts for exactly the networks listed, whatever the address is written as.
        #[test]
        fn plain_transport_reaches_listed_addresses_only(bits: u32, listed: u32, length in 0_u8..=32) {
            let network = IpNet::new(Ipv4Addr::from_bits(listed).into(), length).unwrap();
            let policy = AddressPolicy::new(vec![network]);
            let plain = Ipv4Addr::from_bits(bits);
            let inside = network.contains(&IpAddr::V4(plain));
            for written in [IpAddr::V4(plain), IpAddr::V6(plain.to_ipv6_mapped())] {
                prop_assert_eq!(policy.permits(written, Transport::Plain), inside);
                prop_assert_eq!(policy.permits(written, Transport::Tls), inside || is_public(written));
                prop_assert_eq!(is_public(written), is_public(IpAddr::V4(plain)));
            }
        }
    }
}
