//! The operator's rules in words, as a question shows them.

use std::fmt::Write as _;

use gaiterguard_domain::id::RuleId;
use gaiterguard_domain::rule::RuleEffect;

use crate::conceal::conceal;
use crate::fence::visible;
use crate::material::Unshowable;

/// How much rule text stands in one question, in bytes as it is shown.
const RULES_BYTES_MAX: usize = 16 * 1024;

/// How many rules one question may hold.
const RULES_MAX: usize = 32;

/// A rule in words, as the model is asked about it.
#[derive(Clone, Copy, Debug)]
pub struct TextRule<'a> {
    /// Its id.
    pub id: RuleId,
    /// What the operator calls it.
    pub name: &'a str,
    /// What it does to the requests that it is about.
    pub effect: RuleEffect,
    /// What it says.
    pub text: &'a str,
}

/// The rules as they are shown, numbered.
pub(crate) fn shown_rules(rules: &[TextRule<'_>]) -> Result<String, Unshowable> {
    let mut shown = String::new();
    for (index, rule) in rules.iter().enumerate() {
        let text = conceal(rule.text.trim());
        // Writing into a String cannot fail.
        let _ = writeln!(shown, "{}: {}", label(index + 1), visible(&text));
    }
    if rules.len() > RULES_MAX || shown.len() > RULES_BYTES_MAX {
        return Err(Unshowable::TooManyRules);
    }
    Ok(shown.trim_end().to_owned())
}

/// The name by which a question refers to a rule.
pub(crate) fn label(number: usize) -> String {
    format!("rule_{number}")
}
