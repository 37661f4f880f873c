//! Corrects the effect of a request where the words of its path mislead: a name in the path such as
//! `report-refunds`, or values and headers that do more than the path says.

use gaiterguard_apidocs::Operation;
use gaiterguard_domain::effect::Effect;
use gaiterguard_judge::{Documented, effect_of_request};
use gaiterguard_request::Arena;
use gaiterguard_request::opened::{Opened, Request};
use http::{HeaderMap, Method};

use crate::calls::is_about_person;
use crate::path::Target;
use crate::values::Values;
use crate::words::{is_in, words};
use crate::{header, kind};

/// The longest body that is read a second time, in bytes: a name in the path must not make a summary much
/// slower. A request with a longer body keeps its effect.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Returns the effect that a request has without the names in its path: a topic named `report-refunds`
/// refunds nothing. The effect of a documented operation is returned unchanged, because the document
/// separates names from words.
pub(crate) fn without_names(
    effect: Effect,
    opened: &Opened<'_>,
    operation: Option<&Operation>,
    target: &Target,
) -> Effect {
    let request = opened.request();
    let is_wordy = |name: &str| words(name).count() > 1;
    let has_words = target.names.iter().any(|name| is_wordy(&name.value));
    let is_grave = !matches!(effect, Effect::Change | Effect::Create | Effect::Read);
    if operation.is_some() || !has_words || !is_grave || request.body.len() > BODY_BYTES_MAX {
        return effect;
    }
    // A number has no words, and keeps the segment in its place.
    let path: Vec<&str> = request
        .path
        .split('/')
        .map(|segment| {
            let is_name = target.names.iter().any(|name| name.value == segment);
            if is_name && is_wordy(segment) {
                "1"
            } else {
                segment
            }
        })
        .collect();
    let path = path.join("/");
    let arena = Arena::for_body(request.body.len());
    let renamed = Opened::open(
        Request {
            path: &path,
            ..*request
        },
        &arena,
    );
    effect_of_request(&renamed, Documented::Nothing)
}

/// Returns the effect of a request whose calls are about persons: a person who is created gets access, and nothing is sent to
/// them.
pub(crate) fn of_persons(effect: Effect, values: &Values) -> Effect {
    const MAKES: &str = "add create insert register";
    let makes = |name: &str| words(name).any(|word| is_in(MAKES, &word));
    let calls = &values.calls.named;
    let is_about_persons = !calls.is_empty()
        && !values.calls.are_requests()
        && calls.iter().all(|call| is_about_person(&call.name));
    match effect {
        Effect::ShareOutside if is_about_persons && calls.iter().any(|call| makes(&call.name)) => {
            Effect::Access
        }
        Effect::ShareOutside if is_about_persons => Effect::Change,
        own => own,
    }
}

/// Returns the effect of a request, given its headers and values: a payment message pays, and a header can
/// grant access, whatever the path says.
pub(crate) fn with_values(
    effect: Effect,
    method: &Method,
    headers: &HeaderMap,
    values: &Values,
) -> Effect {
    let pays_party = kind::pays_party(&values.kept) && *method == Method::POST;
    let pays = (kind::pays_account(&values.kept) || pays_party) && effect > Effect::Code;
    let opens = header::gives_access(headers);
    let given = [pays.then_some(Effect::Pay), opens.then_some(Effect::Access)];
    given.into_iter().flatten().fold(effect, Effect::min)
}
