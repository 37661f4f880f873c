//! Whether the request takes the sides of choices that the intent names.

use gaiterguard_text::words::{of_name, stem};

use super::compared::{Compared, is_word, truth};
use crate::alternatives::Sides;
use crate::features::Features;
use crate::finding::{Finding, shown};
use crate::signal;

pub(super) fn choices(
    compared: &Compared<'_>,
    features: &mut Features,
    findings: &mut Vec<Finding>,
) {
    let words = |text: &str| Sides::of_all(of_name(text).map(stem));
    let said = compared.intent_sides;
    let mut taken = Sides::default();
    for leaf in compared.leaves() {
        let of_leaf = match truth(leaf) {
            Some(true) => words(leaf.found.name),
            Some(false) => words(leaf.found.name).turned(),
            None if is_word(leaf) => words(leaf.found.value),
            None => continue,
        };
        for choice in of_leaf.against(said) {
            let weight = features.add(&["+differs:", choice]);
            if weight > 0.0 {
                findings.push(Finding::counted(
                    signal::CHOICE_DIFFERS,
                    weight,
                    leaf.found.evidence,
                    format!(
                        "“{}” is “{}”, but the intent names a different {choice}.",
                        shown(leaf.found.name),
                        shown(leaf.found.value)
                    ),
                ));
            }
        }
        taken = taken.with(of_leaf);
    }
    for (choice, side) in taken.all() {
        features.add(&["+takes:", choice, ":", side]);
    }
    let operation = Sides::of_all(compared.operation());
    let names = compared.route.parts().filter(|(_, is_name)| *is_name);
    let places = names.map(|(text, _)| words(text));
    let operation = places.fold(operation, Sides::with);
    for choice in operation.against(said) {
        let weight = features.add(&["+path_differs:", choice]);
        if weight > 0.0 {
            findings.push(Finding::counted(
                signal::CHOICE_DIFFERS,
                weight,
                "path",
                format!("The path implies a different {choice} than the intent."),
            ));
        }
    }
}
