//! Names the danger of a request in a sentence: what it opens, grants, diverts, switches off or enlarges that its intent
//! does not ask for.
//!
//! A danger never counts: the weights are fitted without it. It says why a request deserves attention, and the score
//! says how much.

mod access;
mod amounts;
mod diverts;
mod extent;
mod limits;
mod rights;
mod scene;
mod switches;

use gaiterguard_domain::effect::Effect;

use crate::compare::Compared;
use crate::finding::Finding;
use scene::Scene;

/// Returns the dangers of a request, the gravest first.
pub(crate) fn of(compared: &Compared<'_>, effect: Effect) -> Vec<Finding> {
    if compared.intent.trim().is_empty() {
        return Vec::new();
    }
    let scene = Scene::of(compared, effect);
    [
        amounts::is_scaled(&scene),
        access::opens(&scene),
        extent::destroys(&scene),
        rights::gives(&scene),
        diverts::diverts(&scene),
        switches::protection_off(&scene),
        extent::acts_on_more(&scene),
        limits::removed(&scene),
        extent::acts_immediately(&scene),
        limits::every_day(&scene),
        switches::switched_off(&scene),
        amounts::is_close(&scene),
    ]
    .into_iter()
    .flatten()
    .collect()
}
