//! Recognizes the format of a text by its content.

/// Returns a text with a space after each colon outside quotes. Without it YAML reads `role:'admin'` as
/// one word, but lenient JSON readers do not.
pub(super) fn spaced(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len() + text.len() / 8);
    let mut quote = None;
    let mut is_escaped = false;
    for c in text.chars() {
        spaced.push(c);
        match quote {
            _ if is_escaped => is_escaped = false,
            Some(_) if c == '\\' => is_escaped = true,
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c == ':' => spaced.push(' '),
            Some(_) | None => {}
        }
    }
    spaced
}

pub(super) fn begins_like_xml(text: &str) -> bool {
    text.trim_start().starts_with('<')
}

pub(super) fn begins_like_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// Whether a text is a form and hardly anything else: fields of a name and a value on one line. One
/// field without a value may be base64 whose end is padded.
pub(super) fn is_plain_form(text: &str) -> bool {
    let text = text.trim();
    let mut fields = text.split('&').filter(|field| !field.is_empty());
    let is_odd = |c: char| c.is_whitespace() || "\"'{}<>:".contains(c);
    let is_one_without_value = !text.contains('&') && !text.trim_end_matches('=').contains('=');
    !text.contains(['\n', '\r'])
        && !is_one_without_value
        && fields.all(|field| {
            let name = field.split('=').next().unwrap_or_default();
            !name.contains(is_odd)
        })
}

/// Whether the declaration of XML, if there is one, names a character set that the body is read in.
pub(super) fn has_usual_encoding(text: &str) -> bool {
    let declaration = text.trim_start().strip_prefix("<?xml");
    let declaration = declaration.and_then(|rest| rest.split_once("?>"));
    let Some((_, named)) = declaration.and_then(|(inside, _)| inside.split_once("encoding")) else {
        return true;
    };
    let name = named.trim_start_matches(|c: char| c.is_whitespace() || "=\"'".contains(c));
    let name = name.split(['"', '\'']).next().unwrap_or_default();
    [
        "utf-8",
        "utf8",
        "us-ascii",
        "ascii",
        "iso-8859-1",
        "latin1",
        "windows-1252",
    ]
    .iter()
    .any(|usual| name.eq_ignore_ascii_case(usual))
}
