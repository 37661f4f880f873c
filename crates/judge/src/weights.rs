//! The weight of each feature: its contribution to the log-odds that a human should see the request.
//!
//! `scripts/fit-weights.py` fits the weights to labeled requests and writes the table. Only the priors
//! are set by hand.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::LazyLock;

use gaiterguard_text::words::AsItIs;

/// One line for each feature: its name, its weight, its prior, and in how many labeled requests it was
/// found that should be forwarded, and that should be held.
const TABLE: &str = include_str!("weights.tsv");

/// A feature's name as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Code(u64);

impl Code {
    /// The code of the name that is made of these parts.
    pub(crate) fn of(parts: &[&str]) -> Self {
        // FNV-1a, 64 bits: names are few and short.
        let bytes = parts.iter().flat_map(|part| part.bytes());
        Self(bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }))
    }
}

type Weights = HashMap<u64, f64, BuildHasherDefault<AsItIs>>;

static WEIGHTS: LazyLock<Weights> = LazyLock::new(|| {
    rows()
        .map(|(name, weight)| (Code::of(&[name]).0, weight))
        .collect()
});

/// The names and weights of the table.
fn rows() -> impl Iterator<Item = (&'static str, f64)> {
    TABLE.lines().filter_map(|line| {
        let mut columns = line.split('\t');
        let name = columns.next()?;
        let weight = columns.next()?.parse().ok()?;
        Some((name, weight))
    })
}

/// Returns the weight of a feature; 0.0 if it is not in the table.
pub(crate) fn of(code: Code) -> f64 {
    WEIGHTS.get(&code.0).copied().unwrap_or_default()
}
