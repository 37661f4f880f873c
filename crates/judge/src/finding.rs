//! Findings about a request, before its score is known.

use gaiterguard_domain::effect::Effect;
use gaiterguard_domain::verdict::Signal;

use crate::signal::{self, Shown, SignalKind};

/// One reason to look at a request.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    /// The kind, from the table of signals.
    pub(crate) kind: SignalKind,
    /// How an effect is shown; `None` for all that is not an effect.
    pub(crate) shown: Option<Shown>,
    /// Its weight as shown in the verdict, from 0.0 to 1.0.
    pub(crate) weight: f64,
    /// The lowest score of a request with it; 0.0 if it has no floor.
    pub(crate) floor: f64,
    /// Whether only a human or a rule may let the request pass.
    pub(crate) certain: bool,
    /// Its place in the request.
    pub(crate) evidence: String,
    /// The sentence for the approver.
    pub(crate) sentence: String,
    /// Whether its weight is counted already.
    pub(crate) is_counted: bool,
    /// Whether the request is not plainly harmless, however low its score.
    pub(crate) is_doubtful: bool,
}

impl Finding {
    /// A finding with a sentence about this request.
    pub(crate) fn new(
        kind: SignalKind,
        evidence: impl Into<String>,
        sentence: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            shown: None,
            weight: 0.0,
            floor: kind.floor,
            certain: kind.is_certain,
            evidence: evidence.into(),
            sentence: sentence.into(),
            is_counted: false,
            is_doubtful: false,
        }
    }

    /// A finding with the sentence of its kind.
    pub(crate) fn of(kind: SignalKind, evidence: impl Into<String>) -> Self {
        Self::new(kind, evidence, kind.sentence)
    }

    /// An effect of the request.
    pub(crate) fn effect(
        effect: Effect,
        shown: Shown,
        evidence: impl Into<String>,
        sentence: impl Into<String>,
    ) -> Self {
        Self {
            shown: Some(shown),
            floor: shown.floor(),
            ..Self::new(signal::of_effect(effect), evidence, sentence)
        }
    }

    /// An effect that the method, the path or the query shows.
    pub(crate) fn openly(
        effect: Effect,
        evidence: impl Into<String>,
        sentence: impl Into<String>,
    ) -> Self {
        Self::effect(effect, Shown::Openly, evidence, sentence)
    }

    /// An effect that a word in the path or the query shows. `place` is how the sentence names where the
    /// word is.
    pub(crate) fn of_word(effect: Effect, word: &str, evidence: &str, place: &str) -> Self {
        let does = match word {
            "merge" => "joins one thing with another for good",
            _ => effect.phrase(),
        };
        let sentence = format!("“{}” in the {place} means that it {does}.", shown(word));
        Self::openly(effect, evidence, sentence)
    }

    /// A finding whose feature has this weight and is counted already.
    pub(crate) fn counted(
        kind: SignalKind,
        weight: f64,
        evidence: impl Into<String>,
        sentence: impl Into<String>,
    ) -> Self {
        Self {
            is_counted: true,
            weight: share(weight),
            ..Self::new(kind, evidence, sentence)
        }
    }

    /// Whether it is of this kind.
    pub(crate) fn is(&self, kind: SignalKind) -> bool {
        self.kind.code == kind.code
    }

    /// Whether its place shows an effect to everyone who sees the request.
    pub(crate) fn is_open(&self) -> bool {
        is_open(&self.evidence)
    }

    pub(crate) fn into_signal(self) -> Signal {
        Signal {
            code: self.kind.code.to_owned(),
            weight: self.weight,
            evidence: self.evidence,
            sentence: self.sentence,
        }
    }
}

/// Whether evidence is a place that shows an effect to everyone who sees the request, unlike the body:
/// the method, the path or the query.
pub(crate) fn is_open(evidence: &str) -> bool {
    matches!(evidence, "method" | "path" | "query")
}

/// Converts log-odds to the weight that is shown in a verdict, from 0.0 to 1.0.
pub(crate) fn share(weight: f64) -> f64 {
    (1000.0 * (1.0 - (-weight.max(0.0)).exp())).round() / 1000.0
}

/// Returns the start of an agent's text, safe to quote in a sentence: short, and without characters
/// that are invisible or turn the text around them.
pub(crate) fn shown(text: &str) -> String {
    const CHARS_MAX: usize = 40;
    let mut shown = String::new();
    for (number, c) in text.chars().enumerate() {
        if number == CHARS_MAX {
            shown.push('…');
            break;
        }
        if c == '\n' || c == '\r' || c == '\t' {
            shown.push(' ');
        } else if c.is_ascii_graphic() || c == ' ' || c.is_alphanumeric() {
            shown.push(c);
        } else {
            shown.push('·');
        }
    }
    shown
}
