//! Summarizes what a request would do, for the human who decides on it: one headline, and the values
//! that matter most.
//!
//! Everything in a summary comes from the request and from the service's documents. The agent's intent
//! must never enter it: an approver compares the two.

mod amount;
mod fact;
mod headline;
mod money;
mod path;
mod values;
mod verb;
mod words;

use gaiterguard_apidocs::Operation;
use gaiterguard_domain::effect::Effect;
use gaiterguard_request::opened::{Body, Opened};
use serde::{Deserialize, Serialize};

pub use amount::Money;
pub use fact::{Fact, FactKind};
pub use headline::Part;
pub use money::{MoneySum, MoneySums};

use headline::Headline;
use path::Target;

/// A request to summarize.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The request, decoded.
    pub opened: &'a Opened<'a>,
    /// The documented operation that it calls, if it is known.
    pub operation: Option<&'a Operation>,
    /// Its most severe effect.
    pub effect: Effect,
}

/// The summary of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = RequestSummary))]
pub struct Summary {
    /// The most severe effect.
    pub effect: Effect,
    /// One line, such as “Refund €20.00 · charge `ch_1`”.
    pub headline: Vec<Part>,
    /// The values that matter most, the most important first. At most six.
    pub facts: Vec<Fact>,
    /// How many values of the request are not among the facts.
    pub other_values: usize,
    /// The amount of money. Null if the request contains none or several, if the currency is unknown,
    /// or if an earlier version of the gateway held the request.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(required))]
    pub amount: Option<Money>,
    /// The recipients and accounts, or else the objects in the path, with their names, in alphabetical
    /// order; `None` if there are none, or if not all of them are known. Never stored.
    #[serde(skip)]
    pub recipients: Option<Vec<String>>,
}

/// The most facts of a summary. More do not fit on a phone next to the headline.
pub const FACTS_MAX: usize = 6;

impl Summary {
    /// Summarizes a request.
    pub fn of(subject: Subject<'_>) -> Self {
        let Subject {
            opened,
            operation,
            effect,
        } = subject;
        let request = opened.request();
        let target = Target::of(request.path, request.method, operation);
        let values = values::of_request(opened, operation);
        let facts = fact::most_important(&target, &values.kept, operation);
        let headline = Headline {
            phrase: verb::of(effect, request.method, operation, &target),
            effect,
            facts: &facts,
            calls: &values.calls,
            is_unread: matches!(opened.content(), Body::Bytes),
        }
        .parts();
        let other_values = (target.names.len() + values.kept.len() + values.dropped)
            .saturating_sub(facts.len().min(FACTS_MAX));
        Self {
            effect,
            headline,
            amount: amount::only(&values),
            recipients: fact::recipients(&facts, &values),
            facts: facts.into_iter().take(FACTS_MAX).collect(),
            other_values,
        }
    }

    /// Returns the headline as plain text.
    pub fn text(&self) -> String {
        self.headline.iter().map(|part| &*part.text).collect()
    }
}
