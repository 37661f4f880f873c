//! Media types: whether a body may be text.

use http::HeaderValue;

/// Parts of the names of types that are text.
const TEXT_TYPES: [&str; 8] = [
    "text/",
    "json",
    "xml",
    "yaml",
    "csv",
    "form",
    "graphql",
    "javascript",
];

/// Returns whether a body of this type may be text. One without a type may be.
pub fn may_be_text(content_type: Option<&HeaderValue>) -> bool {
    let Some(content_type) = content_type else {
        return true;
    };
    content_type.to_str().is_ok_and(|name| {
        let name = name.to_ascii_lowercase();
        TEXT_TYPES.iter().any(|part| name.contains(part))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_may_be_text_unless_its_type_says_otherwise() {
        assert!(may_be_text(None));
        for (name, expected) in [
            ("application/json", true),
            ("Application/Problem+JSON; charset=utf-8", true),
            ("text/plain", true),
            ("application/x-www-form-urlencoded", true),
            ("application/octet-stream", false),
            ("application/gzip", false),
            ("image/png", false),
            ("", false),
        ] {
            let value = HeaderValue::from_static(name);
            assert_eq!(may_be_text(Some(&value)), expected, "{name}");
        }
        let not_ascii = HeaderValue::from_bytes(b"text/\xff").unwrap();
        assert!(!may_be_text(Some(&not_ascii)));
    }
}
