//! The operator's plain-language rules, as a question shows them.

use std::fmt::Write as _;

use gaiterguard_domain::id::RuleId;
use gaiterguard_domain::rule::RuleEffect;

use crate::conceal::conceal;
use crate::fence::visible;
use crate::material::Unshowable;

/// How much rule text one question contains, in bytes as it is shown. With more, the question is not asked and the
/// request is held: the rules would fill the context of a small model.
const RULES_BYTES_MAX: usize = 16 * 1024;

/// How many rules one question may contain. Models become unreliable with longer lists.
const RULES_MAX: usize = 32;

/// A plain-language rule in a question.
#[derive(Clone, Copy, Debug)]
pub struct TextRule<'a> {
    /// The id of the rule.
    pub id: RuleId,
    /// The name of the rule.
    pub name: &'a str,
    /// The effect of the rule on the requests that it applies to.
    pub effect: RuleEffect,
    /// The text of the rule.
    pub text: &'a str,
}

/// Returns the rules as they are shown, numbered.
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

/// Returns the label by which a question refers to a rule.
pub(crate) fn label(number: usize) -> String {
    format!("rule_{number}")
}
