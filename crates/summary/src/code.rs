//! Code among the values: expressions, templates and scripts that the upstream evaluates.

use crate::fact::FactKind;
use crate::value::Value;
use crate::words::{is_in, spaced};

/// Last words of names for code.
const NAMES: &str =
    "code eval expr expression formula lambda macro program script snippet source template";

/// Verbs of requests that evaluate what they are given.
const EVALUATES: &str = "Analyze Calculate Check Compile Compute Debug Eval Evaluate Execute Interpret \
    Parse Preview Process Render Run Simulate Test Transform Try Validate Verify";

/// Marks of code that no name and no number has.
const MARKS: &[&str] = &[
    "{{", "{%", "${", "<%", "#{", "(", ";", "=", "&&", "||", "|", "<", ">", "\n",
];

/// Whether a value is code by its name and by how it is written. A `code` alone may be a voucher, and a
/// `template` the name of one.
pub(crate) fn is_code(value: &Value) -> bool {
    let is_always = is_in(
        "eval expr expression formula lambda",
        &last_word(value.name()),
    );
    is_code_name(value.name())
        && (has_marks(&value.text) || is_always && value.text.contains(char::is_whitespace))
}

/// Whether a value has a name of code and is only the name or the number of something.
pub(crate) fn is_only_named(value: &Value) -> bool {
    let last = last_word(value.name());
    is_in("code", &last) && !has_marks(&value.text) && !value.text.contains(char::is_whitespace)
}

/// Returns the noun for code that a request evaluates: `template`, `expression`.
pub(crate) fn evaluated(verb: &str, values: &[Value]) -> Option<String> {
    let code = values.iter().find(|value| is_code(value))?;
    let verb = verb.strip_prefix("Bulk ").unwrap_or(verb);
    is_in(EVALUATES, verb).then(|| match &*last_word(code.name()) {
        "eval" => "code".to_owned(),
        "expr" => "expression".to_owned(),
        last => last.to_owned(),
    })
}

/// Whether a fact is code that a request evaluates.
pub(crate) fn is_code_fact(kind: FactKind, name: &str) -> bool {
    kind == FactKind::Command && is_code_name(name.rsplit('.').next().unwrap_or_default())
}

fn is_code_name(name: &str) -> bool {
    is_in(NAMES, &last_word(name))
}

fn has_marks(text: &str) -> bool {
    MARKS.iter().any(|mark| text.contains(mark))
}

fn last_word(name: &str) -> String {
    spaced(name)
        .rsplit(' ')
        .next()
        .unwrap_or_default()
        .to_owned()
}
