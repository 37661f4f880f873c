//! From the text of a condition to the parser's tree, and from the parser's words to ours.

use cel::common::ast::SourceInfo;
use cel::parser::{ParseError, Parser};
use cel::{IdedExpr, ParseErrors};

use crate::condition_error::ConditionError;
use crate::guard::NESTING_MAX;

/// The longest piece of the condition that is quoted in a message, in characters.
const QUOTED_CHARS_MAX: usize = 40;

/// The error message if nothing more specific is known.
pub(crate) const NOT_UNDERSTOOD: &str = "expected an expression in CEL";

/// Parses a condition that the [guard](super::guard) has let pass.
pub(crate) fn parse(text: &str) -> Result<(IdedExpr, SourceInfo), ConditionError> {
    Parser::new()
        // The guard skips a text up to its last quote. If a text is malformed, the parser continues
        // inside it, and would overflow its stack on brackets that the guard has not counted.
        .max_recursion_depth(NESTING_MAX + 1)
        .enable_ident_escape_syntax(true)
        .parse_with_source_info(text)
        .map_err(|errors| translate(text, &errors))
}

/// The first error that says something about the text rather than about the parser.
fn translate(text: &str, errors: &ParseErrors) -> ConditionError {
    let rank = |error: &&ParseError| {
        (
            !error.msg.starts_with("Syntax error: "),
            error.msg.starts_with("Incomplete ") || error.msg.starts_with("No `"),
            error.pos,
        )
    };
    let Some(first) = errors.errors.iter().min_by_key(rank) else {
        return ConditionError::at(text, 0, NOT_UNDERSTOOD);
    };
    ConditionError {
        line: u32::try_from(first.pos.0).unwrap_or(1).max(1),
        column: u32::try_from(first.pos.1).unwrap_or(1).max(1),
        message: explain(&first.msg),
    }
}

fn explain(message: &str) -> String {
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    if let Some(rest) = message.strip_prefix("token recognition error at: ") {
        return unknown_token(quoted(rest));
    }
    if let Some((found, expected)) = message
        .strip_prefix("mismatched input ")
        .or_else(|| message.strip_prefix("extraneous input "))
        .and_then(|rest| rest.rsplit_once(" expecting "))
    {
        return unexpected(quoted(found), &wanted(expected));
    }
    if let Some((missing, found)) = message
        .strip_prefix("missing ")
        .and_then(|rest| rest.split_once(" at "))
    {
        return unexpected(quoted(found), &wanted(missing));
    }
    if let Some(found) = message.strip_prefix("no viable alternative at input ") {
        return format!("`{}` is not valid here", clip(quoted(found)));
    }
    if let Some(word) = message.strip_prefix("reserved identifier: ") {
        return format!("`{word}` is a reserved word and cannot be a name");
    }
    match message {
        "invalid argument to has() macro" => {
            "has() expects a field, as in has(request.body.amount)".to_owned()
        }
        "argument must be a simple name" => {
            "expected a simple name for the item, as in list.exists(item, item > 1)".to_owned()
        }
        "invalid int literal" => "expected a whole number of at most 64 bits".to_owned(),
        "invalid double literal" => "expected a number that a double can hold".to_owned(),
        // The parser reports so that it gave up.
        "UNKNOWN" => NOT_UNDERSTOOD.to_owned(),
        other => format!("this cannot be understood: {}", clip(other)),
    }
}

fn unknown_token(piece: &str) -> String {
    match piece.chars().next() {
        Some('=') => "`=` is not an operator: expected `==`".to_owned(),
        Some('&') => "`&` is not an operator: expected `&&`".to_owned(),
        Some('|') => "`|` is not an operator: expected `||`".to_owned(),
        Some(quote @ ('"' | '\'')) => {
            format!("this string is not closed: expected {quote} after it")
        }
        Some(c) => format!("`{c}` has no meaning here: expected a value or an operator"),
        None => "expected a value or an operator".to_owned(),
    }
}

fn unexpected(found: &str, wanted: &str) -> String {
    let hint = match found.to_ascii_lowercase().as_str() {
        "<eof>" => return format!("expected {wanted}, but the condition ends here"),
        "and" => " (write && for and)",
        "or" => " (write || for or)",
        "not" => " (write ! for not)",
        _ => "",
    };
    format!("expected {wanted}, found `{}`{hint}", clip(found))
}

/// Describes the parser's list of expected tokens.
fn wanted(tokens: &str) -> String {
    let tokens: Vec<&str> = tokens
        .trim_matches(['{', '}'])
        .split(", ")
        .map(quoted)
        .collect();
    // The outer trimming takes a brace that is itself a token.
    let closes = |mark: &str| tokens.contains(&mark) || (mark == "}" && tokens.contains(&"'"));
    if tokens.contains(&"IDENTIFIER") {
        return "a value, such as request.method, \"text\" or 1".to_owned();
    }
    let mut words: Vec<String> = [")", "]", "}", ":", ","]
        .into_iter()
        .filter(|mark| closes(mark))
        .map(|mark| format!("`{mark}`"))
        .collect();
    if words.is_empty() || tokens.contains(&"&&") {
        words.push("an operator such as == or &&".to_owned());
    }
    if tokens.contains(&"<EOF>") {
        words.push("the end".to_owned());
    }
    words.join(" or ")
}

fn quoted(piece: &str) -> &str {
    let inner = piece.strip_prefix('\'').unwrap_or(piece);
    inner.strip_suffix('\'').unwrap_or(inner)
}

fn clip(piece: &str) -> String {
    if piece.chars().count() <= QUOTED_CHARS_MAX {
        return piece.to_owned();
    }
    let head: String = piece.chars().take(QUOTED_CHARS_MAX).collect();
    format!("{head}…")
}
