//! The countries there are, by their ISO 3166-1 alpha-2 codes: a code that nobody has would be a place where nothing is ever
//! processed.

use sluicegate_contracts::config::{MalformedPlace, Place};

const CODES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV \
    BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO \
    FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP \
    KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU \
    MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB \
    SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY \
    UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// Reads the code of a country, or `EU`, in any case.
///
/// # Errors
/// A sentence that helps.
pub fn parse(text: &str) -> Result<Place, String> {
    let malformed = |MalformedPlace| "Use a country code of two letters, such as DE, or EU.".to_owned();
    let place: Place = text.parse().map_err(malformed)?;
    let code = place.to_string();
    if place == Place::EU || CODES.split(' ').any(|known| known == code) {
        Ok(place)
    } else if code == "UK" {
        Err("The code of the United Kingdom is GB.".to_owned())
    } else {
        Err(format!("No country has the code {code}."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_listed_once_and_in_order() {
        let codes: Vec<&str> = CODES.split(' ').collect();
        assert_eq!(codes.len(), 249);
        assert!(codes.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn a_place_that_is_none_is_refused_with_help() {
        assert_eq!(parse("de"), Ok("DE".parse().unwrap()));
        assert_eq!(parse("EU"), Ok(Place::EU));
        assert!(parse("UK").unwrap_err().contains("GB"));
        assert!(parse("QQ").unwrap_err().contains("QQ"));
        assert!(parse("Germany").unwrap_err().contains("two letters"));
    }
}
