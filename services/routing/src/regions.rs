//! In which country an account's region lies, where the region is where calls are processed. Called by [`crate::facts`].
//!
//! Azure has no region here: its addresses name a resource, and a deployment of it may be spread over the world.

use sluicegate_contracts::config::{Connection, Place, ProviderId};

/// Regions of Amazon Web Services.
const AWS: &[(&str, &str)] = &[
    ("af-south-1", "ZA"),
    ("ap-east-1", "HK"),
    ("ap-east-2", "TW"),
    ("ap-northeast-1", "JP"),
    ("ap-northeast-2", "KR"),
    ("ap-northeast-3", "JP"),
    ("ap-south-1", "IN"),
    ("ap-south-2", "IN"),
    ("ap-southeast-1", "SG"),
    ("ap-southeast-2", "AU"),
    ("ap-southeast-3", "ID"),
    ("ap-southeast-4", "AU"),
    ("ap-southeast-5", "MY"),
    ("ap-southeast-7", "TH"),
    ("ca-central-1", "CA"),
    ("ca-west-1", "CA"),
    ("eu-central-1", "DE"),
    ("eu-central-2", "CH"),
    ("eu-north-1", "SE"),
    ("eu-south-1", "IT"),
    ("eu-south-2", "ES"),
    ("eu-west-1", "IE"),
    ("eu-west-2", "GB"),
    ("eu-west-3", "FR"),
    ("il-central-1", "IL"),
    ("me-central-1", "AE"),
    ("me-south-1", "BH"),
    ("mx-central-1", "MX"),
    ("sa-east-1", "BR"),
    ("us-east-1", "US"),
    ("us-east-2", "US"),
    ("us-gov-east-1", "US"),
    ("us-gov-west-1", "US"),
    ("us-west-1", "US"),
    ("us-west-2", "US"),
];

/// Locations of Google Cloud that are one region each; `global` is none.
const GOOGLE: &[(&str, &str)] = &[
    ("africa-south1", "ZA"),
    ("asia-east1", "TW"),
    ("asia-east2", "HK"),
    ("asia-northeast1", "JP"),
    ("asia-northeast2", "JP"),
    ("asia-northeast3", "KR"),
    ("asia-south1", "IN"),
    ("asia-south2", "IN"),
    ("asia-southeast1", "SG"),
    ("asia-southeast2", "ID"),
    ("australia-southeast1", "AU"),
    ("australia-southeast2", "AU"),
    ("europe-central2", "PL"),
    ("europe-north1", "FI"),
    ("europe-north2", "SE"),
    ("europe-southwest1", "ES"),
    ("europe-west1", "BE"),
    ("europe-west10", "DE"),
    ("europe-west12", "IT"),
    ("europe-west2", "GB"),
    ("europe-west3", "DE"),
    ("europe-west4", "NL"),
    ("europe-west6", "CH"),
    ("europe-west8", "IT"),
    ("europe-west9", "FR"),
    ("me-central1", "QA"),
    ("me-central2", "SA"),
    ("me-west1", "IL"),
    ("northamerica-northeast1", "CA"),
    ("northamerica-northeast2", "CA"),
    ("northamerica-south1", "MX"),
    ("southamerica-east1", "BR"),
    ("southamerica-west1", "CL"),
    ("us-central1", "US"),
    ("us-east1", "US"),
    ("us-east4", "US"),
    ("us-east5", "US"),
    ("us-south1", "US"),
    ("us-west1", "US"),
    ("us-west2", "US"),
    ("us-west3", "US"),
    ("us-west4", "US"),
];

/// Makers that ids of Bedrock's own models begin with. Anything else in front (`eu.`, `global.`, an ARN) is an inference
/// profile, which spreads calls over regions.
const MAKERS: &[&str] = &[
    "ai21",
    "amazon",
    "anthropic",
    "cohere",
    "deepseek",
    "google",
    "luma",
    "meta",
    "minimax",
    "mistral",
    "moonshot",
    "moonshotai",
    "nvidia",
    "openai",
    "qwen",
    "stability",
    "twelvelabs",
    "writer",
    "zai",
];

/// Where calls of `model` over an account are processed, as far as its region tells.
pub(crate) fn processing(account: &Connection, model: &str) -> Option<Place> {
    let region = account.settings.region.as_deref()?;
    match account.provider.parse() {
        Ok(ProviderId::Bedrock) => {
            let called = account
                .settings
                .deployments
                .get(model)
                .map_or(model, String::as_str);
            let (maker, _) = called.split_once('.')?;
            MAKERS.contains(&maker).then(|| country(AWS, region))?
        }
        Ok(ProviderId::Vertex) => country(GOOGLE, region),
        Ok(_) | Err(_) => None,
    }
}

fn country(regions: &[(&str, &str)], region: &str) -> Option<Place> {
    let (_, code) = regions.iter().find(|(known, _)| *known == region)?;
    code.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_lies_in_a_country_and_is_listed_once() {
        for regions in [AWS, GOOGLE] {
            assert!(regions.is_sorted_by(|(one, _), (next, _)| one < next));
            assert!(
                regions
                    .iter()
                    .all(|(region, _)| country(regions, region).is_some())
            );
        }
        assert!(MAKERS.is_sorted());
    }
}
