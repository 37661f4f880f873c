//! Every signal has a pair of requests that differ in one thing: one is held and has the signal, the
//! other passes and lacks it. For a signal that speaks for a request it is the other way round.

mod carried;
mod documents;
mod extent;
mod fields;
mod history;
mod intent;
mod operation;
mod pair;
mod reading;
mod values;
mod written;

use std::collections::BTreeSet;

use gaiterguard_judge::signal_codes;

#[test]
fn every_signal_has_a_pair_and_every_pair_shows_a_signal() {
    let shown: BTreeSet<&str> = [
        operation::CODES,
        extent::CODES,
        fields::CODES,
        reading::CODES,
        carried::CODES,
        written::CODES,
        documents::CODES,
        intent::CODES,
        values::CODES,
        history::CODES,
    ]
    .concat()
    .into_iter()
    .collect();
    let known: BTreeSet<&str> = signal_codes().into_iter().collect();
    let missing: Vec<_> = known.difference(&shown).collect();
    let unknown: Vec<_> = shown.difference(&known).collect();
    assert!(missing.is_empty(), "signals without a pair: {missing:?}");
    assert!(unknown.is_empty(), "pairs without a signal: {unknown:?}");
}
