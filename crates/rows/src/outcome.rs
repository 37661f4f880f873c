//! How a request ended, as the column `requests.outcome` records it.

use gaiterguard_domain::ledger::Outcome;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestOutcome {
    /// The upstream sent a response.
    Responded,
    /// Nothing reached the upstream.
    NotSent,
    /// The request may have reached the upstream.
    Broken,
}

impl RequestOutcome {
    /// Returns the outcome and, if there was a response, its status.
    pub fn of(outcome: &Outcome) -> (Self, Option<u16>) {
        match outcome {
            Outcome::Responded(response) => (Self::Responded, Some(response.status)),
            Outcome::NotSent => (Self::NotSent, None),
            Outcome::Broken { status } => (Self::Broken, *status),
        }
    }

    /// Returns the outcome as the column spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Responded => "ANSWERED",
            Self::NotSent => "NOT_SENT",
            Self::Broken => "BROKEN",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::Responded, Self::NotSent, Self::Broken]
            .into_iter()
            .find(|outcome| outcome.as_str() == word)
    }
}
