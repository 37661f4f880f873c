//! Members of the body: what the intent does not speak of, and edits that are small.

use std::sync::LazyLock;

use gaiterguard_text::classes::{Class, Classes};
use gaiterguard_text::words::{Stems, of_name, of_text, stem};

use super::compared::{Compared, set, truth};
use super::numbers::number;
use crate::features::Features;
use crate::field::{Leaf, LeafKind};
use crate::impact::Verb;
use crate::intent::Date;
use crate::origin;

/// The longest value that is compared word by word, in bytes. Longer ones are prose, of which an
/// intent repeats only the gist.
const PHRASE_BYTES_MAX: usize = 60;

/// Words of fields that are small to change, whatever they belong to.
const SMALL_FIELDS: &str = "note comment description title name tag label summary subject color colour \
    emoji position priority due assignee metadata phone text topic caption nickname icon order rank \
    reminder star read seen pinned favorite brightness dimming temperature volume version type keyword \
    department on blurb mirek starred unread nick reaction";

static SMALL_FIELD_STEMS: LazyLock<Stems> = LazyLock::new(|| set(SMALL_FIELDS));

/// The features of texts that are not spoken of, each with the least number of texts.
const UNSPOKEN: [(usize, &str); 3] = [
    (1, "+unspoken:1"),
    (2, "+unspoken:2"),
    (UNSPOKEN_MAX, "+unspoken:4"),
];

/// The number of texts that are not spoken of from which more do not count.
const UNSPOKEN_MAX: usize = 4;

/// How much of the short texts is not spoken of.
pub(super) fn phrases(compared: &Compared<'_>, features: &mut Features) {
    let mut unspoken = 0;
    for leaf in compared.leaves() {
        if unspoken == UNSPOKEN_MAX {
            break;
        }
        let value = leaf.found.value;
        let is_phrase = leaf.kind == LeafKind::Text
            && truth(leaf).is_none()
            && (2..PHRASE_BYTES_MAX).contains(&value.len())
            && number(leaf).is_none()
            && Date::read(value).is_none()
            && !origin::is_identifier(value);
        if !is_phrase {
            continue;
        }
        let mut words = of_text(value).map(stem).peekable();
        if words.peek().is_none() {
            continue;
        }
        let is_spoken = compared.intent_words.names(value)
            || words.any(|word| compared.intent_words.has(word))
            || compared
                .history
                .is_some_and(|history| history.sighting(value).is_some());
        unspoken += usize::from(!is_spoken);
    }
    for (least, name) in UNSPOKEN {
        if unspoken >= least {
            features.add(&[name]);
        }
    }
}

/// Counts an edit that sets nothing but what is small to change. One that sets nothing counts as well,
/// so that nothing is gained by adding a note to it.
pub(super) fn small_fields(compared: &Compared<'_>, features: &mut Features) {
    let is_small = |leaf: &Leaf<'_>| {
        of_name(leaf.found.name).any(|word| SMALL_FIELD_STEMS.contains(&stem(word)))
            || compared.route.texts().any(|text| text == leaf.found.value)
    };
    let code = match compared.verb {
        Verb::Update => "-small_edit",
        Verb::Post if compared.route.ends_in_name() => "-small_post",
        _ => return,
    };
    // A request that sends, runs, publishes or revokes something does so whatever its fields are.
    let acts = compared
        .route
        .own_words()
        .flat_map(of_name)
        .map(|word| Classes::of(stem(word)))
        .any(|classes| {
            [
                Class::Message,
                Class::Run,
                Class::Destroy,
                Class::Expose,
                Class::Undo,
            ]
            .iter()
            .any(|class| classes.has(*class))
        });
    if !acts
        && !compared.intent_words.only_looks()
        && !compared.fields.has_more_leaves
        && compared.fields.calls.is_empty()
        && compared.request.query.is_none()
        && compared.leaves().all(is_small)
    {
        features.add(&[code]);
    }
}
