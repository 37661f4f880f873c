//! Recognizes URLs of API descriptions by their spelling.

/// The length limit of a URL, in bytes. Browsers and servers accept little more.
pub(super) const URL_BYTES_MAX: usize = 2_048;

/// Parts of the names of descriptions.
const NAMES: [&str; 7] = [
    "openapi",
    "swagger",
    "api-docs",
    "apidocs",
    "open-api",
    "discovery",
    "postman_collection",
];

/// Returns whether a text may be a URL or a relative reference.
pub(super) fn is_one(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= URL_BYTES_MAX
        && !text.starts_with('#')
        && !text
            .contains(|c: char| c.is_whitespace() || c.is_control() || "<>{}\"'`\\|^".contains(c))
        && has_usable_scheme(text)
}

fn has_usable_scheme(text: &str) -> bool {
    let first = text.split(['/', '?', '#']).next().unwrap_or_default();
    match first.split_once(':') {
        Some((scheme, _)) => ["http", "https"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known)),
        None => true,
    }
}

/// Returns the path of a URL, in lower case.
fn path(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let path = path.split_once("://").map_or(path, |(_, rest)| {
        rest.find('/').map_or("", |at| &rest[at..])
    });
    path.trim_end_matches('/').to_lowercase()
}

/// Returns whether a URL leads to a file in a format of descriptions.
pub(super) fn is_data(url: &str) -> bool {
    let path = path(url);
    let path = path.strip_suffix(".gz").unwrap_or(&path);
    [".json", ".yaml", ".yml"]
        .iter()
        .any(|end| path.ends_with(end))
}

/// Returns whether a URL has the name of a description.
pub(super) fn names_a_description(url: &str) -> bool {
    let path = path(url);
    let is_named = NAMES.iter().any(|name| path.contains(name));
    let last = path.rsplit('/').next().unwrap_or_default();
    let ends_in_name = ["api-docs", "openapi", "swagger", "rest"].contains(&last)
        || path.contains("/api-docs/") && !last.contains('.');
    is_one(url) && is_named && (is_data(url) || ends_in_name)
}

/// Returns whether a URL leads to the file that a code host shows.
pub(super) fn is_raw_file(url: &str) -> bool {
    let is_raw = path(url).contains("/raw/")
        || url.contains("://raw.")
        || url
            .split(['?', '#'])
            .nth(1)
            .is_some_and(|query| query.contains("raw="));
    is_one(url) && is_raw && is_data(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_known_by_their_names() {
        for (url, is_named) in [
            ("/openapi.json", true),
            ("../v3/api-docs", true),
            ("/v3/api-docs/public", true),
            ("https://a.example/swagger/v1/swagger.json?x=1", true),
            ("https://openapi.example/users.json", false),
            ("docs/openapi.yaml.gz", true),
            ("/openapi", true),
            ("swagger-ui.css", false),
            ("/swagger-ui/index.html", false),
            ("/users.json", false),
            ("file:///openapi.json", false),
            ("javascript:openapi.json", false),
            ("/openapi json", false),
            ("#/openapi.json", false),
        ] {
            assert_eq!(names_a_description(url), is_named, "{url}");
        }
        assert!(is_raw_file("/o/r/raw/refs/heads/main/api.yaml"));
        assert!(is_raw_file("https://raw.example/o/r/main/api.json"));
        assert!(!is_raw_file("/o/r/raw/main/README.md"));
        assert!(!is_raw_file("/o/r/blob/main/api.yaml"));
    }
}
