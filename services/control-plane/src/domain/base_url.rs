//! Which base URLs a connection may have. A first, pure check of what is written; a name may still resolve to a private
//! address, so the worker checks again, on the address it dials.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use url::{Host, Url};

/// Names that never leave a machine or a private network.
const LOCAL_SUFFIXES: [&str; 6] = [
    "localhost",
    "local",
    "internal",
    "lan",
    "home.arpa",
    "localdomain",
];

/// Why a base URL is refused, as a sentence for its author.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not an absolute URL.
    #[error("Enter a complete URL, such as https://api.example.com/v1.")]
    NotAUrl,
    /// Neither https nor (where the operator allows it) http.
    #[error("Use https.")]
    Scheme,
    /// A user name or password inside the URL.
    #[error("Leave user name and password out of the URL; the credential has its own field.")]
    UserInfo,
    /// A query or fragment.
    #[error("Leave query and fragment out of the URL.")]
    Query,
    /// An address or name that is not public.
    #[error("This address is not on the public internet, and the operator has not allowed it.")]
    Private,
}

/// Reads a base URL. `allowed` are the networks the operator opened: with any of them, plain http and private names are
/// accepted here, because only the address that is dialled can tell whether they lead there.
///
/// # Errors
/// [`Refused`].
pub fn parse(text: &str, allowed: &[IpNet]) -> Result<Url, Refused> {
    let mut url: Url = text.trim().parse().map_err(|_| Refused::NotAUrl)?;
    let plain = match url.scheme() {
        "https" => false,
        "http" if !allowed.is_empty() => true,
        _ => return Err(Refused::Scheme),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refused::UserInfo);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Refused::Query);
    }
    let permitted = match url.host().ok_or(Refused::NotAUrl)? {
        Host::Domain(name) => !allowed.is_empty() || is_public_name(name),
        Host::Ipv4(address) => permits(address.into(), plain, allowed),
        Host::Ipv6(address) => permits(address.into(), plain, allowed),
    };
    if !permitted {
        return Err(Refused::Private);
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

fn permits(address: IpAddr, plain: bool, allowed: &[IpNet]) -> bool {
    let address = address.to_canonical();
    allowed.iter().any(|network| network.contains(&address)) || (!plain && is_public(address))
}

fn is_public_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let local =
        |suffix: &str| name == suffix || name.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.'));
    name.contains('.') && !LOCAL_SUFFIXES.iter().any(|suffix| local(suffix))
}

/// Whether an address is globally routable unicast.
fn is_public(address: IpAddr) -> bool {
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
    use proptest::prelude::*;

    #[test]
    fn public_https_passes_without_its_trailing_slash() {
        for (text, read) in [
            ("https://api.openai.com/v1", "https://api.openai.com/v1"),
            (" https://api.openai.com/v1/// ", "https://api.openai.com/v1"),
            ("https://8.8.8.8:8443/", "https://8.8.8.8:8443/"),
            ("https://[2606:4700::1111]/v1", "https://[2606:4700::1111]/v1"),
        ] {
            assert_eq!(parse(text, &[]).unwrap().as_str(), read);
        }
    }

    #[test]
    fn everything_else_is_refused_however_it_is_written() {
        let cases = [
            ("", Refused::NotAUrl),
            ("api.openai.com", Refused::NotAUrl),
            ("http://api.openai.com/v1", Refused::Scheme),
            ("file:///etc/passwd", Refused::Scheme),
            ("gopher://api.example.com/", Refused::Scheme),
            ("https://user:pass@api.openai.com/v1", Refused::UserInfo),
            ("https://api.openai.com@127.0.0.1/", Refused::UserInfo),
            ("https://api.openai.com/v1?key=1", Refused::Query),
            ("https://api.openai.com/v1#x", Refused::Query),
            ("https://localhost/v1", Refused::Private),
            ("https://a.localhost./v1", Refused::Private),
            ("https://metadata.google.internal/", Refused::Private),
            ("https://printer/", Refused::Private),
            ("https://127.0.0.1/", Refused::Private),
            ("https://2130706433/", Refused::Private),
            ("https://0x7f.1/", Refused::Private),
            ("https://017700000001/", Refused::Private),
            ("https://169.254.169.254/latest", Refused::Private),
            ("https://10.0.0.1/", Refused::Private),
            ("https://100.64.0.1/", Refused::Private),
            ("https://[::1]/", Refused::Private),
            ("https://[::ffff:10.0.0.1]/", Refused::Private),
            ("https://[fd00::1]/", Refused::Private),
            ("https://[64:ff9b::a9fe:a9fe]/", Refused::Private),
        ];
        for (text, why) in cases {
            assert_eq!(parse(text, &[]), Err(why), "{text}");
        }
    }

    #[test]
    fn the_operator_can_open_networks_and_no_others() {
        let allowed = ["127.0.0.0/8".parse().unwrap()];
        for text in [
            "http://127.0.0.1:9100/v1",
            "http://mock:9100/v1",
            "https://localhost/v1",
        ] {
            assert!(parse(text, &allowed).is_ok(), "{text}");
        }
        assert_eq!(parse("http://10.0.0.1/", &allowed), Err(Refused::Private));
        assert_eq!(parse("http://8.8.8.8/", &allowed), Err(Refused::Private));
        assert_eq!(parse("ftp://127.0.0.1/", &allowed), Err(Refused::Scheme));
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_is_stable(text in "(https?://)?\\PC{0,40}") {
            if let Ok(url) = parse(&text, &[]) {
                prop_assert_eq!(parse(url.as_str(), &[]), Ok(url));
            }
        }
    }
}
