//! Whether an endpoint satisfies what is demanded of it. Called by [`crate::eligibility`] for every candidate of every plan.
//!
//! Must stay true: an unknown fact satisfies no demand. A demand can only take endpoints away, so that of several each is
//! checked by itself, and none can loosen another.

use sluicegate_contracts::config::{
    Constraints, Level, Place, PriceCard, PriceCeiling, Quantization, Rates, model_matches,
};
use sluicegate_contracts::money::PicoUsd;
use sluicegate_contracts::time::UnixMillis;

use crate::facts::Known;
use crate::input::Candidate;
use crate::plan::RejectionCode;

/// Constraints, and who states them.
#[derive(Debug, Clone, Copy)]
pub struct Demand<'a> {
    /// Who.
    pub level: Level,
    /// What.
    pub constraints: &'a Constraints,
}

/// Checks one candidate at the time of the decision.
///
/// # Errors
/// The first demand that is not known to be satisfied.
pub fn check(candidate: &Candidate<'_>, demand: Demand<'_>, now: UnixMillis) -> Result<(), RejectionCode> {
    let demands = demand.constraints;
    if candidate.site.is_gateway {
        match demand.level {
            // It is sent these, and keeps to them itself.
            Level::Request => return Ok(()),
            Level::Organization | Level::Project | Level::Route | Level::Key => {
                check_gateway(candidate, demands)?;
            }
        }
    }
    let holds = |holds: bool, code: RejectionCode| if holds { Ok(()) } else { Err(code) };
    holds(
        demands.providers.admits(|name| is_named(candidate, name)),
        RejectionCode::ProviderExcluded,
    )?;
    holds(
        demands
            .models
            .admits(|pattern| model_matches(pattern, candidate.model())),
        RejectionCode::ModelExcluded,
    )?;
    // What the gateway answers itself leaves it for nowhere, and costs nothing.
    if candidate.connection.is_none() {
        return Ok(());
    }
    check_facts(Known::of(candidate), demands)?;
    if demands.max_price.is_none() {
        return Ok(());
    }
    let cards = candidate.endpoint.map_or(&[][..], |it| it.prices());
    let mut in_force = cards.iter().filter(|card| card.is_valid_at(now)).peekable();
    holds(in_force.peek().is_some(), RejectionCode::PriceUnknown)?;
    holds(
        in_force.all(|card| is_below(card, &demands.max_price)),
        RejectionCode::PriceAboveCap,
    )
}

/// Asks for a fact only where it is demanded: most demands are of one or two.
fn check_facts<'c, 'a>(known: Known<'c, 'a>, demands: &Constraints) -> Result<(), RejectionCode> {
    let lies_in = |allowed: &Option<Vec<Place>>, fact: fn(Known<'c, 'a>) -> Option<Place>| {
        let Some(allowed) = allowed else { return true };
        fact(known).is_some_and(|place| allowed.iter().any(|it| it.covers(place)))
    };
    let has_license = |allowed: &Option<Vec<String>>| {
        let Some(allowed) = allowed else { return true };
        let license = known.license();
        license.is_some_and(|license| allowed.iter().any(|it| it.eq_ignore_ascii_case(license)))
    };
    let is_kept_too_long = |most: u32| known.retention_days().is_none_or(|days| days > most);
    let is_of_other_make = |wanted: &Vec<Quantization>| match known.quantization() {
        Some(served) => !wanted.iter().any(|name| name.names(served)),
        None => !demands.unknown_quantization,
    };
    if !lies_in(&demands.processing, Known::processing)
        || !lies_in(&demands.operator_home, Known::operator_home)
    {
        Err(RejectionCode::RegionBlocked)
    } else if demands.max_retention_days.is_some_and(is_kept_too_long) {
        Err(RejectionCode::RetentionRequired)
    } else if demands.no_training && known.trains() != Some(false) {
        Err(RejectionCode::TrainingExcluded)
    } else if !lies_in(&demands.author_home, Known::author_home)
        || (demands.open_weights && known.open_weights() != Some(true))
        || (demands.distillable && known.distillable() != Some(true))
        || !has_license(&demands.licenses)
    {
        Err(RejectionCode::ProvenanceExcluded)
    } else if demands.quantizations.as_ref().is_some_and(is_of_other_make) {
        Err(RejectionCode::VariantExcluded)
    } else if !demands.certifications.iter().all(|one| known.holds(one)) {
        Err(RejectionCode::CertificationMissing)
    } else {
        Ok(())
    }
}

/// What a gateway of its own cannot be known to keep to: it chooses a provider, and with it a price, that is not known here.
fn check_gateway(candidate: &Candidate<'_>, demands: &Constraints) -> Result<(), RejectionCode> {
    let is_named = demands.providers.only.as_ref().is_some_and(|only| {
        let mut named = only.iter();
        named.any(|name| names_provider(name, candidate.provider, None))
    });
    if !is_named && !demands.providers.ignore.is_empty() {
        Err(RejectionCode::ProviderExcluded)
    } else if !demands.max_price.is_none() {
        Err(RejectionCode::PriceUnknown)
    } else {
        Ok(())
    }
}

/// Whether `name` means a candidate's provider, or the region of it that the candidate is reached in.
pub(crate) fn is_named(candidate: &Candidate<'_>, name: &str) -> bool {
    names_provider(name, candidate.provider, region(candidate))
}

/// The region that a candidate is reached in, where its provider tells them apart.
fn region<'a>(candidate: &Candidate<'a>) -> Option<&'a str> {
    let of_endpoint = candidate.endpoint.and_then(|it| it.region.as_deref());
    of_endpoint.or_else(|| candidate.connection?.settings.region.as_deref())
}

/// Whether `name` means this provider, or this region of it: `google-vertex` names every region, `google-vertex/us-east5`
/// one. As in OpenRouter's lists, case does not count.
#[must_use]
pub fn names_provider(name: &str, provider: &str, region: Option<&str>) -> bool {
    match name.split_once('/') {
        None => name.eq_ignore_ascii_case(provider),
        Some((base, part)) => {
            base.eq_ignore_ascii_case(provider)
                && region.is_some_and(|region| part.eq_ignore_ascii_case(region))
        }
    }
}

/// Whether no price of a card is above the ceiling, whatever the hour and the length of the prompt.
fn is_below(card: &PriceCard, ceiling: &PriceCeiling) -> bool {
    let within = |price: PicoUsd, most: Option<PicoUsd>| most.is_none_or(|most| price <= most);
    let windows = card.windows.iter();
    let in_windows =
        windows.flat_map(|window| std::iter::once(&window.rates).chain(tier_rates(&window.tiers)));
    let mut rates = std::iter::once(&card.rates)
        .chain(tier_rates(&card.tiers))
        .chain(in_windows);
    let are_within = |rates: &Rates| {
        within(rates.input, ceiling.input)
            && within(rates.output, ceiling.output)
            && within(rates.input_audio.unwrap_or(rates.input), ceiling.audio)
    };
    rates.all(are_within)
        && within(card.fees.request, ceiling.request)
        && within(card.fees.image_in, ceiling.image)
}

fn tier_rates(tiers: &[sluicegate_contracts::config::PriceTier]) -> impl Iterator<Item = &Rates> {
    tiers.iter().map(|tier| &tier.rates)
}
