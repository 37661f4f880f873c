//! The sentence of a headline for a batch of requests: how many acts it has, and what each of them does, the most
//! dangerous first.

use gaiterguard_domain::effect::Effect;
use gaiterguard_judge::{Documented, effect_of_request};
use gaiterguard_request::Arena;
use gaiterguard_request::opened::{Opened, Request};
use http::{HeaderMap, Method};

use super::Headline;
use crate::calls::InnerRequest;
use crate::fact::{FactKind, Ranked, Weight};
use crate::line::{Line, NAMED_MAX, VALUE_CHARS_MAX};
use crate::path::Target;
use crate::verb::{self, Form};
use crate::words::{is_in, words};

/// How many requests of a batch are read for the headline. The list below it has a line for each of the first.
const READ_MAX: usize = 100;

/// How many values follow an act, such as the account that it sets.
const VALUES_MAX: usize = 2;

/// How dangerous an act is, the most dangerous first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Danger {
    /// It deletes, pays, or gives access.
    Grave,
    /// It sets an account, a right, or a command.
    Deciding,
    /// It sends something to people, or runs something.
    Reaching,
    /// It changes something else.
    Writing,
    /// It only reads.
    Reading,
}

/// The act of one or several requests of a batch.
struct Act<'f> {
    danger: Danger,
    /// The verb and the noun.
    words: String,
    /// The names of what it is done to.
    objects: Vec<String>,
    /// The values that decide what it does.
    values: Vec<&'f Ranked>,
    count: usize,
}

impl Headline<'_> {
    /// Writes a batch of requests by its acts: `3 acts: delete order 7, change price 1, 2`.
    pub(super) fn batch(&self, line: &mut Line) {
        let acts = self.acts();
        let count = self.calls.count;
        line.own(&match count {
            1 => "1 act: ".to_owned(),
            _ => format!("{count} acts: "),
        });
        let mut named = 0;
        for (number, act) in acts.iter().enumerate() {
            if named >= NAMED_MAX {
                break;
            }
            line.own(if number > 0 { ", " } else { "" });
            line.own(&act.words);
            let room = NAMED_MAX - named;
            for (number, object) in act.objects.iter().take(room).enumerate() {
                line.own(if number > 0 { ", " } else { " " });
                line.text(object, VALUE_CHARS_MAX);
            }
            if act.objects.is_empty() && act.count > 1 {
                line.own(&format!(" × {}", act.count));
            }
            // The values of a single request follow as its details.
            let values = if count > 1 { &*act.values } else { &[] };
            for (number, value) in values.iter().take(VALUES_MAX).enumerate() {
                line.own(if number > 0 { ", " } else { " (" });
                line.name(&value.short);
                line.own(" ");
                line.value(value, VALUE_CHARS_MAX);
            }
            if !values.is_empty() {
                line.own(")");
            }
            named += if act.objects.is_empty() {
                act.count
            } else {
                act.objects.len().min(room)
            };
        }
        if count > named {
            line.own(&format!(" and {} more", count - named));
        }
    }

    /// Returns the acts of the batch, those on the same kind of thing together.
    fn acts(&self) -> Vec<Act<'_>> {
        let mut acts: Vec<Act<'_>> = Vec::new();
        for request in self.calls.requests.iter().take(READ_MAX) {
            let act = self.act(request);
            let alike = acts.iter_mut().find(|known| {
                known.words == act.words && known.values.is_empty() && act.values.is_empty()
            });
            match alike {
                Some(known) => {
                    known.danger = known.danger.min(act.danger);
                    known.objects.extend(act.objects);
                    known.count += 1;
                }
                None => acts.push(act),
            }
        }
        acts.sort_by_key(|act| (act.danger, act.values.is_empty()));
        acts
    }

    fn act(&self, request: &InnerRequest) -> Act<'_> {
        let method = Method::from_bytes(request.method.as_bytes()).unwrap_or(Method::POST);
        let path = path_of(&request.target);
        let effect = effect_of(&method, &path);
        let target = Target::of(&path, "", &method, None);
        let phrase = verb::of(effect, &method, None, &target, Form::Fields);
        let below = format!("{}/", request.location);
        let values = self.facts.iter().filter(|one| {
            let is_kind = matches!(
                one.fact.kind,
                FactKind::Account
                    | FactKind::Access
                    | FactKind::Amount
                    | FactKind::Command
                    | FactKind::Recipient
            );
            one.fact.location.starts_with(&below) && is_kind && one.weight != Weight::Minor
        });
        let values: Vec<&Ranked> = if method.is_safe() {
            Vec::new()
        } else {
            values.collect()
        };
        let decides = values.iter().any(|one| {
            matches!(
                one.fact.kind,
                FactKind::Account | FactKind::Access | FactKind::Command
            )
        });
        // A rule that forwards messages gives them away for as long as it exists.
        let forwards = values.iter().any(|one| {
            let mut names = one.fact.name.split('.').flat_map(words);
            names.any(|word| is_in("forward redirect", &word))
        });
        let pays = values.iter().any(|one| one.fact.kind == FactKind::Amount);
        let danger = match effect {
            // An order of goods is changed and not paid.
            Effect::Pay if !pays && method != Method::POST && !decides => Danger::Writing,
            Effect::Pay if !pays && decides => Danger::Deciding,
            Effect::Read => Danger::Reading,
            _ if forwards => Danger::Grave,
            Effect::Delete | Effect::Pay | Effect::Access => Danger::Grave,
            _ if decides => Danger::Deciding,
            Effect::Code | Effect::ShareOutside => Danger::Reaching,
            Effect::Change | Effect::Create => Danger::Writing,
        };
        let mut words = phrase.verb.to_lowercase();
        if let Some(noun) = &phrase.noun {
            words.push(' ');
            words.push_str(noun);
        }
        let name = target.names.last().map(|name| values_of_key(&name.value));
        Act {
            danger,
            words,
            objects: name.filter(|_| phrase.takes_name).into_iter().collect(),
            values,
            count: 1,
        }
    }
}

/// Returns the values of a key of several parts without their names: `Order 45, Item 10` as `45/10`.
fn values_of_key(key: &str) -> String {
    let values: Option<Vec<&str>> = key
        .split(", ")
        .map(|part| part.split_once(' ').map(|(_, value)| value))
        .collect();
    match values {
        Some(values) if values.len() > 1 => values.join("/"),
        _ => key.to_owned(),
    }
}

/// Returns the path of the target of a request: without the host, the query, and steps to the parent.
fn path_of(target: &str) -> String {
    let target = match target.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None => target,
    };
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let path = path.trim_start_matches(['.', '/']);
    format!("/{path}")
}

/// Returns the effect of a request by its method and its path.
fn effect_of(method: &Method, path: &str) -> Effect {
    let arena = Arena::default();
    let headers = HeaderMap::new();
    let opened = Opened::open(
        Request {
            method,
            host: "",
            path,
            query: None,
            headers: &headers,
            body: b"",
        },
        &arena,
    );
    effect_of_request(&opened, Documented::Nothing)
}
