//! Names the danger of a request in a sentence: what it opens, grants, diverts, switches off or enlarges that its intent
//! does not ask for.
//!
//! A danger never counts: the weights are fitted without it. It says why a request deserves attention, and the score
//! says how much.

/// Writes a list of words without their quotation marks.
macro_rules! list {
    ($($word:tt)*) => {
        &[$(stringify!($word)),*]
    };
}

mod access;
mod accounts;
mod amounts;
mod codes;
mod contradictions;
mod counts;
mod diverts;
mod durations;
mod earlier;
mod endings;
mod extent;
mod limits;
mod past;
mod people;
mod rights;
mod scene;
mod stronger;
mod switches;

use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::verdict::Signal;

use crate::compare::Compared;
use crate::finding::Finding;
use crate::signal;
use scene::Scene;

/// Returns the gravest danger among the signals of a verdict, the reason that an approver reads first; `None` if no danger
/// was found.
pub fn first_danger(signals: &[Signal]) -> Option<&Signal> {
    signals.iter().find(|signal| {
        [
            signal::DANGER,
            signal::DANGER_ACCESS,
            signal::DANGER_PROTECTION,
        ]
        .iter()
        .any(|kind| kind.code == signal.code)
    })
}

/// Returns whether a verdict has the danger of giving access, which only values show, and not the path.
pub fn opens_access(signals: &[Signal]) -> bool {
    signals
        .iter()
        .any(|signal| signal.code == signal::DANGER_ACCESS.code)
}

/// Returns the dangers of a request, the gravest first.
pub(crate) fn of(compared: &Compared<'_>, effect: Effect) -> Vec<Finding> {
    if compared.intent.trim().is_empty() {
        return Vec::new();
    }
    let scene = Scene::of(compared, effect);
    [
        people::to_everyone(&scene),
        accounts::spoken_secret(&scene),
        amounts::is_scaled(&scene),
        accounts::is_unlimited(&scene),
        accounts::fits_no_account(&scene),
        accounts::was_another(&scene),
        contradictions::environment(&scene),
        contradictions::more_than_reading(&scene),
        stronger::than_stated(&scene),
        codes::gives(&scene),
        access::opens(&scene),
        endings::shares_with_nobody(&scene),
        extent::destroys(&scene),
        endings::ends_unasked(&scene),
        rights::gives(&scene),
        diverts::diverts(&scene),
        diverts::copies(&scene),
        contradictions::another_host(&scene),
        people::another_person(&scene),
        people::mails_now(&scene),
        endings::odd_call(&scene),
        accounts::is_stored(&scene),
        endings::selects_the_others(&scene),
        endings::empty_list(&scene),
        switches::protection_off(&scene),
        extent::acts_on_more(&scene),
        durations::another(&scene),
        counts::another(&scene),
        counts::another_sign(&scene),
        earlier::was_another(&scene),
        contradictions::longer_time(&scene),
        limits::removed(&scene),
        endings::endless(&scene, limits::names_time(&scene)),
        extent::acts_immediately(&scene),
        limits::every_day(&scene),
        contradictions::another_frequency(&scene),
        accounts::another_share(&scene),
        past::is_past(&scene),
        switches::switched_off(&scene),
        switches::mentioned_off(&scene),
        endings::widens(&scene),
        amounts::is_close(&scene),
        contradictions::another_day(&scene),
    ]
    .into_iter()
    .flatten()
    .collect()
}
