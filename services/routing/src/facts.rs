//! What is known of a candidate: what the owner of the account states, where the account's region is, and the catalog, in this
//! order. Asked by [`crate::constraints`] and [`crate::capabilities`], fact by fact, without copying any.

use sluicegate_contracts::config::{Facts, Place, Quantization, StatedFacts};

use crate::input::Candidate;
use crate::regions;

/// See the module.
#[derive(Debug, Clone, Copy)]
pub struct Known<'c, 'a> {
    candidate: &'c Candidate<'a>,
}

impl<'c, 'a> Known<'c, 'a> {
    /// Of a candidate.
    #[must_use]
    pub const fn of(candidate: &'c Candidate<'a>) -> Self {
        Self { candidate }
    }

    /// What the owner of the account states, the most particular first.
    fn stated(self) -> impl Iterator<Item = &'a Facts> {
        let Self { candidate } = self;
        let is_about = |it: &&StatedFacts| {
            let connection = candidate.connection.map(|account| account.id);
            it.about.fits(candidate.provider, connection, candidate.model())
        };
        candidate.stated.iter().filter(is_about).map(|it| &it.facts)
    }

    /// What the catalog says of the model.
    fn listed(self) -> Option<&'a Facts> {
        self.candidate.endpoint.map(|it| &it.facts)
    }

    /// What the catalog says of where and by whom it is run: that holds for the provider's own addresses only.
    fn listed_of_service(self) -> Option<&'a Facts> {
        self.listed().filter(|_| self.candidate.site.is_own)
    }

    /// A fact about where and by whom the model is run.
    fn of_service<T>(self, fact: impl Fn(&'a Facts) -> Option<T>) -> Option<T> {
        let stated = self.stated().find_map(&fact);
        stated.or_else(|| self.listed_of_service().and_then(fact))
    }

    /// A fact about the model, whoever runs it.
    fn of_model<T>(self, fact: impl Fn(&'a Facts) -> Option<T>) -> Option<T> {
        let stated = self.stated().find_map(&fact);
        stated.or_else(|| self.listed().and_then(fact))
    }

    /// Where requests are processed.
    #[must_use]
    pub fn processing(self) -> Option<Place> {
        let Candidate {
            connection,
            upstream_model,
            site,
            ..
        } = self.candidate;
        let at_home = connection.filter(|_| site.is_own);
        let of_region = || at_home.and_then(|account| regions::processing(account, upstream_model));
        let stated = self.stated().find_map(|it| it.processing);
        stated
            .or_else(of_region)
            .or_else(|| self.listed_of_service()?.processing)
    }

    /// Whose law the operator is under.
    #[must_use]
    pub fn operator_home(self) -> Option<Place> {
        self.of_service(|it| it.operator_home)
    }

    /// Longest that something is kept, in days.
    #[must_use]
    pub fn retention_days(self) -> Option<u32> {
        self.of_service(|it| it.retention_days)
    }

    /// Whether the operator trains on prompts or answers.
    #[must_use]
    pub fn trains(self) -> Option<bool> {
        self.of_service(|it| it.trains)
    }

    /// Number format of the weights.
    #[must_use]
    pub fn quantization(self) -> Option<Quantization> {
        self.of_service(|it| it.quantization)
    }

    /// Whether the operator is known to hold a certificate. Those that different sides know of add up.
    #[must_use]
    pub fn holds(self, certificate: &str) -> bool {
        let listed = |it: &Facts| {
            it.certifications
                .iter()
                .any(|one| one.eq_ignore_ascii_case(certificate))
        };
        self.of_service(|it| listed(it).then_some(())).is_some()
    }

    /// Country of the model's author.
    #[must_use]
    pub fn author_home(self) -> Option<Place> {
        self.of_model(|it| it.author_home)
    }

    /// Whether the weights are published.
    #[must_use]
    pub fn open_weights(self) -> Option<bool> {
        self.of_model(|it| it.open_weights)
    }

    /// License of the weights.
    #[must_use]
    pub fn license(self) -> Option<&'a str> {
        self.of_model(|it| it.license.as_deref())
    }

    /// Whether the author lets others train on the model's answers.
    #[must_use]
    pub fn distillable(self) -> Option<bool> {
        self.of_model(|it| it.distillable)
    }

    /// Whether the model calls tools.
    #[must_use]
    pub fn tools(self) -> Option<bool> {
        self.of_model(|it| it.tools)
    }

    /// Whether its answers can be held to a JSON schema.
    #[must_use]
    pub fn json_schema(self) -> Option<bool> {
        self.of_model(|it| it.json_schema)
    }

    /// Whether it thinks before it answers, where it is asked to.
    #[must_use]
    pub fn reasoning(self) -> Option<bool> {
        self.of_model(|it| it.reasoning)
    }
}
