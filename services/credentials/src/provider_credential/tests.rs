use super::*;

const KEY: &[CredentialKind] = &[CredentialKind::ApiKey];
const AWS: &[CredentialKind] = &[CredentialKind::AwsKeys, CredentialKind::ApiKey];
const GOOGLE: &[CredentialKind] = &[CredentialKind::ServiceAccount];

const AWS_TEXT: &str = r#"{
    "access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "note": "mine"
}"#;

const GOOGLE_TEXT: &str = r#"{
    "type": "service_account", "project_id": "p", "private_key_id": "1a2b", "client_id": "1",
    "private_key": "-----BEGIN PRIVATE KEY-----\nMIIEvgIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n",
    "client_email": "svc@p.iam.gserviceaccount.com", "token_uri": "https://oauth2.googleapis.com/token"
}"#;

fn parse(text: &str, takes: &[CredentialKind]) -> Result<ProviderCredential, MalformedCredential> {
    ProviderCredential::parse(&SecretString::from(text), takes)
}

#[test]
fn a_key_is_taken_as_it_is() {
    let read = parse(" sk-abcdefghijklwxyz\n", KEY).unwrap();
    assert_eq!(read.to_text().expose_secret(), "sk-abcdefghijklwxyz");
    assert_eq!(read.hint(), "…wxyz");
    assert_eq!(read.secrets(), ["sk-abcdefghijklwxyz"]);
    assert_eq!(parse("short", KEY).unwrap().hint(), "…");
    for bad in ["", "two words", "schlüssel", "line\nline", &"x".repeat(4097)] {
        assert_eq!(parse(bad, KEY).unwrap_err(), MalformedCredential::Key, "{bad}");
    }
    assert_eq!(parse("{}", KEY).unwrap_err(), MalformedCredential::KeyExpected);
}

#[test]
fn a_document_is_reduced_to_what_is_needed_and_reads_back() {
    for (text, takes, hint, secrets) in [
        (AWS_TEXT, AWS, "…MPLE", 2),
        (GOOGLE_TEXT, GOOGLE, "svc@p.iam.gserviceaccount.com", 1),
    ] {
        let read = parse(text, takes).unwrap();
        assert_eq!((read.hint().as_str(), read.secrets().len()), (hint, secrets));
        let sealed = read.to_text();
        assert!(!sealed.expose_secret().contains("note") && !sealed.expose_secret().contains("client_id"));
        let back = ProviderCredential::parse(&sealed, takes).unwrap();
        assert_eq!(back.secrets(), read.secrets());
        assert_eq!(back.to_text().expose_secret(), sealed.expose_secret());
        assert!(format!("{read:?}").ends_with("(..)"));
    }
}

#[test]
fn temporary_keys_carry_their_token() {
    let text = AWS_TEXT.replace("\"note\": \"mine\"", "\"session_token\": \"IQoJb3JpZ2luX2VjE==\"");
    let ProviderCredential::AwsKeys(keys) = parse(&text, AWS).unwrap() else {
        unreachable!()
    };
    assert_eq!(keys.session_token.unwrap().expose_secret(), "IQoJb3JpZ2luX2VjE==");
}

#[test]
fn a_provider_that_takes_both_tells_them_apart() {
    assert!(matches!(
        parse("bedrock-api-key-abcdef", AWS),
        Ok(ProviderCredential::ApiKey(_))
    ));
    assert!(matches!(parse(AWS_TEXT, AWS), Ok(ProviderCredential::AwsKeys(_))));
    assert!(matches!(
        parse("just-a-key", GOOGLE),
        Err(MalformedCredential::DocumentExpected(_))
    ));
}

#[test]
fn what_is_wrong_is_named_and_never_quoted() {
    let cases = [
        (
            AWS_TEXT.replace("AKIAIOSFODNN7EXAMPLE", "AKIA SPACE"),
            AWS,
            "access_key_id",
        ),
        (AWS_TEXT.replace("wJalr", "wJ alr"), AWS, "secret_access_key"),
        (
            AWS_TEXT
                .replace("\"note\"", "\"session_token\"")
                .replace("mine", "a b"),
            AWS,
            "session_token",
        ),
        (
            GOOGLE_TEXT.replace("service_account", "authorized_user"),
            GOOGLE,
            "type",
        ),
        (GOOGLE_TEXT.replace("svc@", "svc"), GOOGLE, "client_email"),
        (GOOGLE_TEXT.replace("1a2b", "\\u0000"), GOOGLE, "private_key_id"),
        (GOOGLE_TEXT.replace("-----BEGIN", "BEGIN"), GOOGLE, "private_key"),
    ];
    for (text, takes, at) in cases {
        assert_eq!(
            parse(&text, takes).unwrap_err(),
            MalformedCredential::Field(at),
            "{text}"
        );
    }
    let huge = AWS_TEXT.replace("mine", &"x".repeat(9000));
    for (text, takes) in [
        ("{", AWS),
        ("{}", GOOGLE),
        (r#"{"access_key_id":1}"#, AWS),
        (&huge, AWS),
    ] {
        let error = parse(text, takes).unwrap_err();
        assert!(matches!(error, MalformedCredential::Document(_)), "{error}");
    }
}
