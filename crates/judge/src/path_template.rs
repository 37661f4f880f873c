//! Distinguishes the names in a path from the words of the interface.

use gaiterguard_text::classes::Classes;
use gaiterguard_text::words::{of_name, stem};

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

/// A segment of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPart {
    /// The segment, decoded. One that servers may read in more than one way is in the simplest form.
    pub text: String,
    /// Whether it is a word of the interface or a name.
    pub kind: PartKind,
}

/// The kind of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// A word of the interface: a collection, a resource or a verb.
    Word,
    /// An identifier, or the name of a single thing.
    Name,
    /// Several words of which the first is not known, such as `legacy-importer`: probably a name.
    Unclear,
}

/// Returns the segments of a path.
pub fn path_parts(path: &str) -> Vec<PathPart> {
    let route = Route::of(path);
    let parts = route.parts();
    parts
        .map(|(text, is_name)| PathPart {
            text: text.to_owned(),
            kind: match is_name {
                true => PartKind::Name,
                false if is_unclear(text) => PartKind::Unclear,
                false => PartKind::Word,
            },
        })
        .collect()
}

fn is_unclear(text: &str) -> bool {
    let mut words = of_name(text);
    text.contains(['-', '.', '_'])
        && words
            .next()
            .is_none_or(|first| !Classes::of(stem(first)).is_distinctive())
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
