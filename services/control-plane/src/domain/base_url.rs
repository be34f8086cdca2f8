//! Which base URLs a connection may have. A first, pure check of what is written; a name may still resolve to a private
//! address, so the worker checks again, on the address it dials.

use sluicegate_contracts::address::{AddressPolicy, Transport};
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

/// Reads a base URL. Where the operator opened any networks, plain http and private names are accepted here, because only
/// the address that is dialled can tell whether they lead there.
///
/// # Errors
/// [`Refused`].
pub fn parse(text: &str, policy: &AddressPolicy) -> Result<Url, Refused> {
    let mut url = parse_whole(text, policy)?;
    if url.query().is_some() {
        return Err(Refused::Query);
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// Reads the URL of one document, which may have a query.
///
/// # Errors
/// [`Refused`].
pub fn parse_whole(text: &str, policy: &AddressPolicy) -> Result<Url, Refused> {
    let url: Url = text.trim().parse().map_err(|_| Refused::NotAUrl)?;
    let transport = match url.scheme() {
        "https" => Transport::Tls,
        "http" if policy.opens_networks() => Transport::Plain,
        _ => return Err(Refused::Scheme),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refused::UserInfo);
    }
    if url.fragment().is_some() {
        return Err(Refused::Query);
    }
    let permitted = match url.host().ok_or(Refused::NotAUrl)? {
        Host::Domain(name) => policy.opens_networks() || is_public_name(name),
        Host::Ipv4(address) => policy.permits(address.into(), transport),
        Host::Ipv6(address) => policy.permits(address.into(), transport),
    };
    if !permitted {
        return Err(Refused::Private);
    }
    Ok(url)
}

fn is_public_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let local =
        |suffix: &str| name == suffix || name.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.'));
    name.contains('.') && !LOCAL_SUFFIXES.iter().any(|suffix| local(suffix))
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
            assert_eq!(parse(text, &AddressPolicy::default()).unwrap().as_str(), read);
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
            assert_eq!(parse(text, &AddressPolicy::default()), Err(why), "{text}");
        }
    }

    #[test]
    fn the_url_of_a_document_keeps_its_query_and_its_slash() {
        let read = |text| parse_whole(text, &AddressPolicy::default());
        let text = "https://metrics.example.com/api/query/?query=load&time=now";
        assert_eq!(read(text).unwrap().as_str(), text);
        assert_eq!(read("https://metrics.example.com/#x"), Err(Refused::Query));
        assert_eq!(read("https://127.0.0.1/?a"), Err(Refused::Private));
    }

    #[test]
    fn the_operator_can_open_networks_and_no_others() {
        let allowed = "127.0.0.0/8".parse().unwrap();
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
            if let Ok(url) = parse(&text, &AddressPolicy::default()) {
                prop_assert_eq!(parse(url.as_str(), &AddressPolicy::default()), Ok(url));
            }
        }
    }
}
