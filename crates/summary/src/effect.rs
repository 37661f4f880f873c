//! The effect of a request whose path names something by the words of an act, such as `report-refunds`.

use gaiterguard_apidocs::Operation;
use gaiterguard_domain::effect::Effect;
use gaiterguard_judge::{Documented, effect_of_request};
use gaiterguard_request::Arena;
use gaiterguard_request::opened::{Opened, Request};

use crate::path::Target;
use crate::words::words;

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
