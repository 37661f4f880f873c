//! What was found about a request, before it is weighed.

use gaiterguard_domain::verdict::Signal;

/// One reason to look at a request.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    /// A stable word for the kind.
    pub(crate) code: &'static str,
    /// How much of the doubt that is left it takes away, from 0.0 to 1.0.
    pub(crate) weight: f64,
    /// The least that the score may be with it; 0.0 for no such demand.
    pub(crate) floor: f64,
    /// Whether nobody but a human may decide: no model's word lets such a request pass.
    pub(crate) certain: bool,
    /// Where it was seen.
    pub(crate) evidence: String,
    /// What a human is told.
    pub(crate) sentence: String,
    /// Whether its weight is counted already.
    pub(crate) is_counted: bool,
    /// Whether somebody who understands it should look, however little it weighs.
    pub(crate) is_doubtful: bool,
}

impl Finding {
    /// A reason that counts together with others.
    pub(crate) fn hint(
        code: &'static str,
        weight: f64,
        evidence: impl Into<String>,
        sentence: impl Into<String>,
    ) -> Self {
        Self {
            code,
            weight,
            floor: 0.0,
            certain: false,
            evidence: evidence.into(),
            sentence: sentence.into(),
            is_counted: false,
            is_doubtful: false,
        }
    }

    /// A reason that a feature of this weight stands for.
    pub(crate) fn counted(
        code: &'static str,
        weight: f64,
        evidence: impl Into<String>,
        sentence: impl Into<String>,
    ) -> Self {
        Self {
            is_counted: true,
            ..Self::hint(code, share(weight), evidence, sentence)
        }
    }

    /// A reason that holds a request alone.
    pub(crate) fn holding(
        code: &'static str,
        floor: f64,
        evidence: impl Into<String>,
        sentence: impl Into<String>,
    ) -> Self {
        Self {
            floor,
            ..Self::hint(code, floor, evidence, sentence)
        }
    }

    /// The same, and only a human may let it pass.
    pub(crate) fn certain(self) -> Self {
        Self {
            certain: true,
            ..self
        }
    }

    pub(crate) fn into_signal(self) -> Signal {
        Signal {
            code: self.code.to_owned(),
            weight: self.weight,
            evidence: self.evidence,
            sentence: self.sentence,
        }
    }
}

/// How much of the doubt that is left something takes away that adds this to the log-odds.
pub(crate) fn share(weight: f64) -> f64 {
    (1000.0 * (1.0 - (-weight.max(0.0)).exp())).round() / 1000.0
}

/// A piece of what an agent wrote, fit to stand in a sentence: short, and nothing in it that is not
/// seen or that turns the text around it.
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
