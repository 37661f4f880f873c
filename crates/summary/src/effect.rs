//! The effect of a request, where the words of its path mislead: a name such as `report-refunds`, or values and headers
//! that do more than the path says.

use gaiterguard_apidocs::Operation;
use gaiterguard_domain::effect::Effect;
use gaiterguard_judge::{Documented, effect_of_request};
use gaiterguard_request::Arena;
use gaiterguard_request::opened::{Opened, Request};
use http::HeaderMap;

use crate::path::Target;
use crate::values::Values;
use crate::words::words;
use crate::{header, kind};

/// The longest body that is read a second time, in bytes: a summary must not take much longer with a name in
/// the path than without.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// Returns the effect of a request without that of the names in its path. The effect of a documented operation
/// stays as it is: its path does not name anything by words of an act.
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

/// Returns the effect of a request in the light of its headers and values: a payment message pays and a header gives
/// access, whatever the path says.
pub(crate) fn with_values(effect: Effect, headers: &HeaderMap, values: &Values) -> Effect {
    let pays = kind::pays_account(&values.kept) && effect > Effect::Code;
    let opens = header::decisive(headers)
        .iter()
        .any(|(name, value)| header::opens(name, value));
    let given = [pays.then_some(Effect::Pay), opens.then_some(Effect::Access)];
    given.into_iter().flatten().fold(effect, Effect::min)
}
