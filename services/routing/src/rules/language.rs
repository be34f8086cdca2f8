//! Languages as conditions name them, and which of them a text is in, by its trigrams.

use whatlang::Lang;

/// Languages that can be told apart, by the primary subtag of BCP 47; empty where that cannot be told, or is not sure.
pub const LANGUAGES: [&str; 71] = [
    "", "af", "ak", "am", "ar", "az", "be", "bg", "bn", "ca", "cs", "cy", "da", "de", "el", "en", "eo", "es",
    "et", "fa", "fi", "fr", "gu", "he", "hi", "hr", "hu", "hy", "id", "it", "ja", "jv", "ka", "km", "kn",
    "ko", "la", "lt", "lv", "mk", "ml", "mr", "my", "nb", "ne", "nl", "or", "pa", "pl", "pt", "ro", "ru",
    "si", "sk", "sl", "sn", "sr", "sv", "ta", "te", "th", "tk", "tl", "tr", "uk", "ur", "uz", "vi", "yi",
    "zh", "zu",
];

/// The language of a text, as conditions name it; empty where it cannot be told, or is not sure.
#[must_use]
pub fn detected(text: &str) -> &'static str {
    let found = whatlang::detect(text).filter(whatlang::Info::is_reliable);
    found.map_or("", |it| primary_subtag(it.lang()))
}

/// The primary subtag of BCP 47: the shortest code of ISO 639.
const fn primary_subtag(language: Lang) -> &'static str {
    match language {
        Lang::Afr => "af",
        Lang::Aka => "ak",
        Lang::Amh => "am",
        Lang::Ara => "ar",
        Lang::Aze => "az",
        Lang::Bel => "be",
        Lang::Bul => "bg",
        Lang::Ben => "bn",
        Lang::Cat => "ca",
        Lang::Ces => "cs",
        Lang::Cym => "cy",
        Lang::Dan => "da",
        Lang::Deu => "de",
        Lang::Ell => "el",
        Lang::Eng => "en",
        Lang::Epo => "eo",
        Lang::Spa => "es",
        Lang::Est => "et",
        Lang::Pes => "fa",
        Lang::Fin => "fi",
        Lang::Fra => "fr",
        Lang::Guj => "gu",
        Lang::Heb => "he",
        Lang::Hin => "hi",
        Lang::Hrv => "hr",
        Lang::Hun => "hu",
        Lang::Hye => "hy",
        Lang::Ind => "id",
        Lang::Ita => "it",
        Lang::Jpn => "ja",
        Lang::Jav => "jv",
        Lang::Kat => "ka",
        Lang::Khm => "km",
        Lang::Kan => "kn",
        Lang::Kor => "ko",
        Lang::Lat => "la",
        Lang::Lit => "lt",
        Lang::Lav => "lv",
        Lang::Mkd => "mk",
        Lang::Mal => "ml",
        Lang::Mar => "mr",
        Lang::Mya => "my",
        Lang::Nob => "nb",
        Lang::Nep => "ne",
        Lang::Nld => "nl",
        Lang::Ori => "or",
        Lang::Pan => "pa",
        Lang::Pol => "pl",
        Lang::Por => "pt",
        Lang::Ron => "ro",
        Lang::Rus => "ru",
        Lang::Sin => "si",
        Lang::Slk => "sk",
        Lang::Slv => "sl",
        Lang::Sna => "sn",
        Lang::Srp => "sr",
        Lang::Swe => "sv",
        Lang::Tam => "ta",
        Lang::Tel => "te",
        Lang::Tha => "th",
        Lang::Tuk => "tk",
        Lang::Tgl => "tl",
        Lang::Tur => "tr",
        Lang::Ukr => "uk",
        Lang::Urd => "ur",
        Lang::Uzb => "uz",
        Lang::Vie => "vi",
        Lang::Yid => "yi",
        Lang::Cmn => "zh",
        Lang::Zul => "zu",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_the_name_that_conditions_know() {
        let mut known: Vec<&str> = Lang::all().iter().map(|it| primary_subtag(*it)).collect();
        known.push("");
        known.sort_unstable();
        assert_eq!(known, LANGUAGES);
    }

    #[test]
    fn sentences_are_told_apart_and_what_is_not_sure_is_nothing() {
        for (text, language) in [
            (
                "Wie kann ich meine Rechnung für den letzten Monat herunterladen?",
                "de",
            ),
            ("Where can I download the invoice of last month, please?", "en"),
            (
                "Où puis-je télécharger la facture du mois dernier, s'il vous plaît ?",
                "fr",
            ),
            ("先月の請求書はどこでダウンロードできますか。", "ja"),
            ("我在哪里可以下载上个月的发票？", "zh"),
            (
                "Пожалуйста, подскажите, где можно скачать счёт за прошлый месяц и что делать, если его ещё нет?",
                "ru",
            ),
            ("", ""),
            ("12345 67890", ""),
            ("ok", ""),
        ] {
            assert_eq!(detected(text), language, "{text}");
        }
    }
}
