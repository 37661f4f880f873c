//! Where the identifiers of a request come from: the agent's own earlier work, what it was shown, or
//! nowhere that is known.

use gaiterguard_history::{Sighting, SightingKind};
use gaiterguard_text::classes::{Class, Classes};
use gaiterguard_text::words::{Stem, Stems, of_name, of_text, stem};

use crate::alternatives::Sides;
use crate::compare::Compared;
use crate::features::Features;
use crate::field::LeafKind;
use crate::finding::{Finding, shown};
use crate::impact::Verb;
use crate::intent::IntentWords;
use crate::role::Role;
use crate::signal;

/// The most values that are looked up for one request. Each takes some ten microseconds, so all of
/// them take less than a millisecond.
const LOOKED_UP_MAX: usize = 64;

/// The origin of the identifiers in a request.
#[derive(Debug, Default)]
pub(crate) struct Origin {
    /// Whether the object of the request was created by the agent's own earlier request, and no other
    /// value is of unknown origin.
    is_own: bool,
    /// The evidence and the text of a value of unknown origin.
    unseen: Option<(String, String)>,
    unseen_address: Option<(String, String)>,
    /// Whether one of them is someone or some place that is reached.
    reaches_unseen: bool,
    /// How much better the intent fits the named object than any of its siblings in the response;
    /// negative if a sibling fits better.
    fit: Option<i64>,
    /// The same for what the path names alone.
    target_fit: Option<i64>,
    /// The choices that the things it names are on one side of, by what was shown of them.
    sides: Sides,
    /// The object around the path's identifier in an earlier response.
    target_piece: String,
    misfit: Option<(String, String)>,
}

/// Whether a value is an identifier rather than a word or a text.
pub(crate) fn is_identifier(value: &str) -> bool {
    value.len() >= 4
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && !value.contains(char::is_whitespace)
        && super::intent::Date::read(value).is_none()
}

pub(crate) fn of(compared: &Compared<'_>) -> Origin {
    let mut origin = Origin::default();
    let Some(history) = compared.history.filter(|history| !history.is_empty()) else {
        return origin;
    };
    let mut in_path: Vec<&str> = compared.route.identifiers().map(|(_, text)| text).collect();
    let names_by_word = in_path.is_empty();
    if names_by_word {
        in_path.extend(compared.route.texts().last());
    }
    let target = in_path
        .last()
        .map(|text| text.trim_end_matches(".json").trim_end_matches(".xml"));
    let in_body = compared.leaves().filter(|leaf| match leaf.kind {
        LeafKind::Text => is_identifier(leaf.found.value) || leaf.found.value.contains('@'),
        LeafKind::Number => leaf.found.value.len() >= 4,
        LeafKind::Bool(_) | LeafKind::Null => false,
    });
    let in_body = in_body.map(|leaf| {
        let reaches = matches!(Role::of(leaf.found.name), Role::Recipient | Role::Attendee);
        (leaf.found.value, leaf.found.evidence, reaches)
    });
    let mut values = in_path
        .iter()
        .map(|text| (*text, "path", false))
        .chain(in_body);
    // An object that was created under a name of the agent's choice is found by its path.
    let path = history.kind(compared.request.path);
    let mut is_target_own = path == Some(SightingKind::Created);
    for (value, evidence, reaches) in values.by_ref().take(LOOKED_UP_MAX) {
        let is_named = compared.intent_words.names(value);
        let bare = value
            .rsplit_once('.')
            .filter(|(_, end)| matches!(*end, "json" | "xml"));
        let value = bare.map_or(value, |(bare, _)| bare);
        let Some(sighting) = history.sighting(value) else {
            let is_target = evidence == "path" && Some(value) == target;
            // A query filter rarely names the object that the request acts on.
            let is_context = evidence.starts_with("query") && target.is_some();
            if !is_named
                && !is_context
                && (evidence != "path" || is_target && !names_by_word && !is_target_own)
            {
                let place = if value.contains('@') {
                    &mut origin.unseen_address
                } else {
                    &mut origin.unseen
                };
                place.get_or_insert_with(|| (value.to_owned(), evidence.to_owned()));
                origin.reaches_unseen |= reaches;
            }
            continue;
        };
        let is_own = sighting.kind == SightingKind::Created;
        if Some(value) == target && evidence == "path" {
            is_target_own |= is_own;
        }
        let fit = origin.compare(compared.intent_words, value, &sighting);
        origin.sides = origin.sides.with(Sides::of_all(
            of_text(&sighting.piece).flat_map(of_name).map(stem),
        ));
        if Some(value) == target {
            origin.target_piece.clone_from(&sighting.piece);
        }
        if Some(value) == target && evidence == "path" {
            origin.target_fit = fit;
        }
    }
    // Nothing is known about values that were not looked up.
    let is_unseen =
        origin.unseen.is_some() || origin.unseen_address.is_some() || values.next().is_some();
    origin.is_own = is_target_own && !is_unseen;
    origin
}

impl Origin {
    /// Compares the object that a value identifies with its siblings in the response.
    fn compare(
        &mut self,
        intent_words: &IntentWords<'_>,
        value: &str,
        sighting: &Sighting,
    ) -> Option<i64> {
        if sighting.siblings.is_empty() {
            return None;
        }
        let words = |piece: &str| -> Stems { of_text(piece).map(stem).collect() };
        let own = words(&sighting.piece);
        let others: Vec<Stems> = sighting
            .siblings
            .iter()
            .filter(|piece| **piece != sighting.piece)
            .map(|piece| words(piece))
            .collect();
        if others.is_empty() {
            return None;
        }
        // Words that all of them have do not distinguish them.
        let is_common =
            |word: &Stem| own.contains(word) && others.iter().all(|one| one.contains(word));
        let fit = |piece: &Stems| {
            let hits = piece
                .iter()
                .filter(|word| intent_words.has(**word) && !is_common(word));
            i64::try_from(hits.count()).unwrap_or(i64::MAX)
        };
        let best = others.iter().map(&fit).max().unwrap_or_default();
        let difference = fit(&own) - best;
        if self.fit.is_none_or(|known| difference < known) {
            self.fit = Some(difference);
            if difference < 0 {
                let better = sighting
                    .siblings
                    .iter()
                    .filter(|piece| **piece != sighting.piece)
                    .max_by_key(|piece| fit(&words(piece)));
                self.misfit = better.map(|piece| (value.to_owned(), piece.clone()));
            }
        }
        Some(difference)
    }

    /// Whether the intent contains names, and none of them is in the path or in the object that the path
    /// identifies. Only the path counts: a name in a field may be a decoy.
    fn names_another(&self, compared: &Compared<'_>) -> bool {
        let shown = self.target_piece.to_lowercase();
        let stands = |name: &str| {
            let name = name.to_lowercase();
            shown.contains(&name)
                || compared
                    .route
                    .texts()
                    .any(|text| text.to_lowercase().contains(&name))
        };
        let mut names = names_in(compared.intent).peekable();
        names.peek().is_some() && !names.any(stands)
    }

    pub(crate) fn count(
        &self,
        compared: &Compared<'_>,
        features: &mut Features,
        findings: &mut Vec<Finding>,
    ) {
        for choice in self.sides.against(compared.intent_sides) {
            features.add(&["+thing_differs:", choice]);
        }
        if compared.verb == Verb::Delete && self.names_another(compared) {
            features.add(&["+another_named"]);
        }
        if self.is_own && takes_back_or_edits(compared) {
            features.add(&["-own"]);
            findings.push(Finding::of(signal::OWN, "path"));
        }
        let reaches = if self.reaches_unseen {
            features.add(&["+reaches_never_seen"])
        } else {
            0.0
        };
        if let Some((value, evidence)) = &self.unseen {
            let weight = features.add(&["+never_seen"]);
            findings.push(never_seen(weight + reaches, value, evidence));
        }
        if let Some((value, evidence)) = &self.unseen_address {
            let weight = features.add(&["+address_never_seen"]);
            findings.push(never_seen(weight + reaches, value, evidence));
        }
        match self.fit {
            Some(fit) if fit < 0 => {
                let weight = features.add(&["+other_fits"]);
                if let Some((value, better)) = &self.misfit {
                    let sentence = format!(
                        "The intent fits another object better than “{}”: {}.",
                        shown(value),
                        shown(better)
                    );
                    findings.push(Finding::counted(signal::OTHER_FITS, weight, "", sentence));
                }
            }
            Some(0) => {
                features.add(&["+others_fit_as_well"]);
            }
            // A value in the body may be there only to fit.
            // Nor is something less of a loss for being the very thing that was meant.
            Some(_)
                if compared.verb != Verb::Delete && self.target_fit.is_some_and(|fit| fit > 0) =>
            {
                features.add(&["-fits_best"]);
            }
            Some(_) | None => {}
        }
    }
}

fn never_seen(weight: f64, value: &str, evidence: &str) -> Finding {
    let sentence = format!(
        "“{}” appears neither in the intent nor in anything that the agent was shown.",
        shown(value)
    );
    Finding::counted(signal::NEVER_SEEN, weight, evidence, sentence)
}

/// Whether the effect is confined to the object: it is deleted, revoked or edited. Paying, sending,
/// publishing, running and granting access are just as risky for an object that the agent created.
fn takes_back_or_edits(compared: &Compared<'_>) -> bool {
    const GRAVE: [Class; 5] = [
        Class::Money,
        Class::Access,
        Class::Expose,
        Class::Message,
        Class::Run,
    ];
    let last = compared.route.own_words().last().unwrap_or_default();
    let last = Classes::of_all(of_name(last).map(stem));
    compared.verb == Verb::Delete
        || last.has(Class::Undo)
        || !GRAVE.iter().any(|class| last.has(*class))
}

/// The names that an intent gives: what it quotes, and words that no language has, such as
/// `needs-repro` or `INV-5513`.
fn names_in(intent: &str) -> impl Iterator<Item = &str> {
    let quoted = ['"', '“', '”', '„', '«', '»', '`'];
    let in_quotes = intent
        .split(quoted)
        .skip(1)
        .step_by(2)
        .chain(
            intent
                .split(" '")
                .skip(1)
                .filter_map(|rest| rest.split('\'').next()),
        )
        .filter(|text| (2..40).contains(&text.len()));
    let words = intent
        .split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | ';' | ':' | '!' | '?'))
        .map(|word| word.trim_matches(['.', '\'', '"', '#', '„', '“', '”', '«', '»']))
        .filter(|word| {
            let has_digit = word.bytes().any(|byte| byte.is_ascii_digit());
            let has_letter = word.bytes().any(|byte| byte.is_ascii_alphabetic());
            let is_joined = word.contains(['-', '_', '/']) && !word.contains("://");
            word.len() >= 4
                && (has_digit && has_letter || is_joined && word.is_ascii() && has_digit)
                || word.len() >= 5 && has_digit && !has_letter && !word.contains(['.', ':'])
        });
    in_quotes.chain(words)
}
