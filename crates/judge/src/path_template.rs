//! Replaces identifiers in a path by placeholders.

use crate::route::Route;

/// Returns the path with `{}` in place of every identifier or name of a single thing. Two undocumented
/// paths with the same template are taken for the same operation.
pub fn path_template(path: &str) -> String {
    let mut template = String::with_capacity(path.len());
    for (text, is_name) in Route::of(path).parts() {
        template.push('/');
        template.push_str(if is_name { "{}" } else { text });
    }
    template
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_has_no_identifiers() {
        for (path, template) in [
            ("/v1/charges", "/v1/charges"),
            ("/v1/charges/ch_1234/refund", "/v1/charges/{}/refund"),
            ("/v1/charges/ch_9876/refund/", "/v1/charges/{}/refund"),
            (
                "/repos/acme/website/issues/7/comments",
                "/repos/{}/{}/issues/{}/comments",
            ),
            ("/records/1?expand=x", "/records/{}"),
            ("/", ""),
        ] {
            assert_eq!(path_template(path), template, "{path}");
        }
    }
}
