//! Summarizes what a request would do, for the human who decides on it: one headline, and the values
//! that matter most.
//!
//! Everything in a summary comes from the request and from the service's documents. The agent's intent
//! must never enter it: an approver compares the two.

mod acts;
mod address;
mod amount;
mod audience;
mod calldata;
mod calls;
mod change;
mod code;
mod codes;
mod compound;
mod detail;
mod effect;
mod fact;
mod filter;
mod header;
mod headline;
mod items;
mod kind;
mod line;
mod measure;
mod member;
mod money;
mod outlier;
mod overriding;
mod pairs;
mod party;
mod path;
mod payment;
mod procedure;
mod ranking;
mod said_act;
mod secret;
mod segments;
mod selection;
mod short;
mod statement;
mod switch;
mod total;
mod units;
mod value;
mod values;
mod verb;
mod words;

use gaiterguard_apidocs::Operation;
use gaiterguard_domain::effect::Effect;
use gaiterguard_request::opened::Opened;
use http::Method;
use serde::{Deserialize, Serialize};

use headline::Headline;
use path::Target;
use ranking::Ranking;

pub use amount::Money;
pub use fact::{FACTS_MAX, Fact, FactKind};
pub use items::{Item, ItemList};
pub use line::Part;
pub use money::{MoneySum, MoneySums};

/// A request to summarize.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The request, decoded.
    pub opened: &'a Opened<'a>,
    /// The path of the service's base URL, which every request to the service begins with.
    pub base_path: &'a str,
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
    /// The parts of a line such as “Refund €20.00 · charge `ch_1`”, in order.
    pub headline: Vec<Part>,
    /// The values that matter most, the most important first. At most six.
    pub facts: Vec<Fact>,
    /// The lists of the request whose items have several values each, with a line for each item. At most three.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(required))]
    pub items: Vec<ItemList>,
    /// Number of values in the request that `facts` does not contain.
    pub other_values: usize,
    /// The amount of money. Null if the request contains none or several, if the currency is unknown,
    /// or if an earlier version of the gateway held the request.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(required))]
    pub amount: Option<Money>,
    /// The recipients and accounts, or else the objects in the path with the values that the headline names, in
    /// alphabetical order; `None` if there are none, or if not all of them are known. Never stored.
    #[serde(skip)]
    pub recipients: Option<Vec<String>>,
}

impl Summary {
    /// Summarizes a request.
    pub fn of(subject: Subject<'_>) -> Self {
        let Subject {
            opened,
            base_path,
            operation,
            effect,
        } = subject;
        let request = opened.request();
        // Where a server takes the method from a header or a value, that one decides.
        let overriding = overriding::method(opened);
        let method = overriding.as_ref().unwrap_or(request.method);
        let mut target = Target::of(request.path, base_path, method, operation);
        target.narrow(request.query);
        let effect = effect::without_names(effect, opened, operation, &target);
        let effect = overriding::effect(effect, overriding.as_ref());
        let is_root = target.names.is_empty() && target.words.is_empty();
        let is_endpoint = is_root || procedure::is_endpoint(target.trailing_words().last());
        let mut values = values::of_request(opened, operation, is_endpoint, effect);
        secret::mark(&mut values.kept, &target);
        amount::recognize(&mut values.kept);
        measure::recognize_shares(&mut values.kept);
        let form = verb::Form::of(opened.content(), &target, values.kept.len());
        let mut phrase = verb::of(effect, method, operation, &target, form);
        verb::with_headers(&mut phrase, method, request.headers);
        verb::with_place(&mut phrase, &values.kept);
        verb::with_payment(&mut phrase, method, &values.kept);
        verb::with_identifier(&mut phrase, method, &values.kept);
        phrase.is_for_all &= values.kept.is_empty() && values.dropped == 0;
        phrase.is_for_all |= values.selects_all && !phrase.takes_name;
        let effect = values.effect(effect);
        let destroys = values.kept.iter().any(kind::destroys);
        said_act::set_part(&mut phrase, method, &target, &values.kept);
        let of_act = if values.calls.count == 0 {
            said_act::refine(&mut phrase, &target, &values.kept)
        } else {
            None
        };
        said_act::decide(&mut phrase, &target, &values.kept);
        let of_calls = values.calls.effect.into_iter().chain(of_act).min();
        let pays = values.calls.named.iter().any(|call| acts::pays(&call.name));
        let effect = if pays && values.kept.iter().any(amount::is_amount) {
            effect.min(Effect::Pay)
        } else {
            effect
        };
        let effect = verb::refined(effect, method, &phrase, of_calls, destroys);
        let effect = verb::of_thing(effect, method, &phrase, &target, &values.kept);
        let effect = effect::with_values(effect, method, request.headers, &values);
        let effect = effect::of_persons(effect, &values);
        let expects_amount =
            effect == Effect::Pay && phrase.moves_money() && !phrase.moves_object();
        let ranked = Ranking {
            target: &target,
            values: &values,
            operation,
            effect,
            expects_amount,
            can_expire: *method == Method::POST && phrase.can_expire(),
        }
        .facts();
        let total = total::of(&ranked, &values, effect);
        let items = items::of(&ranked);
        let headline = Headline {
            evaluated: code::evaluated(&phrase.verb, &values.kept),
            phrase,
            effect,
            destroys,
            facts: &ranked,
            items: &items,
            known_by: items::known_by(&items, &ranked),
            total: total.as_ref(),
            statement: values.statement.as_ref(),
            sent_as: overriding.as_ref().map(|_| request.method.as_str()),
            calls: &values.calls,
            token_call: values.token_call.as_ref(),
            is_unread: values.is_unread,
            counted: None,
        }
        .parts();
        let (facts, covered) = fact::first_of(&ranked);
        let of_values = headline.iter().filter(|part| part.is_value);
        let named: Vec<&str> = of_values.map(|part| &*part.text).collect();
        let all = target.names.len() + values.kept.len() + values.dropped;
        Self {
            effect,
            // The price of one piece is not the amount of the request.
            amount: amount::only(&values).filter(|_| total.is_none()),
            recipients: fact::recipients(&ranked, &values, &named),
            headline,
            facts,
            items,
            other_values: all.saturating_sub(covered),
        }
    }

    /// Returns the headline as plain text.
    pub fn text(&self) -> String {
        self.headline.iter().map(|part| &*part.text).collect()
    }
}
