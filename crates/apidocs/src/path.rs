//! The path of a request, as its upstream reads it.

use std::borrow::Cow;

use crate::text::percent_decoded;

/// The limit on the segments of a path to be matched. Documented paths have far fewer.
pub const SEGMENTS_MAX: usize = 128;

/// A parsed path: decoded segments, with empty and dot segments resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestPath<'p> {
    /// The segments, decoded.
    pub(crate) segments: Vec<Cow<'p, str>>,
    /// Whether it ends in a slash.
    pub(crate) ends_in_slash: bool,
    /// The query, not decoded.
    pub(crate) query: &'p str,
}

impl<'p> RequestPath<'p> {
    /// Parses a path with or without a query; returns `None` if it has too many segments.
    pub(crate) fn read(path: &'p str) -> Option<Self> {
        let (path, _fragment) = path.split_once('#').unwrap_or((path, ""));
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut segments: Vec<Cow<'p, str>> = Vec::with_capacity(12);
        for segment in path.split('/') {
            if segment.is_empty() {
                continue;
            }
            if segments.len() == SEGMENTS_MAX {
                return None;
            }
            let segment = percent_decoded(segment);
            match segment.as_ref() {
                "." => {}
                ".." => {
                    segments.pop();
                }
                _ => segments.push(segment),
            }
        }
        Some(Self {
            segments,
            ends_in_slash: path.ends_with('/'),
            query,
        })
    }

    /// Returns the path as read by an upstream that decodes escaped slashes before it splits segments;
    /// `None` if there are no such slashes.
    pub(crate) fn with_slashes_decoded(&self) -> Option<Self> {
        if !self.segments.iter().any(|segment| segment.contains('/')) {
            return None;
        }
        let segments: Vec<Cow<'p, str>> = self
            .segments
            .iter()
            .flat_map(|segment| segment.split('/'))
            .filter(|segment| !segment.is_empty())
            .map(|segment| Cow::Owned(segment.to_owned()))
            .collect();
        (segments.len() <= SEGMENTS_MAX).then_some(Self {
            segments,
            ends_in_slash: self.ends_in_slash,
            query: self.query,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(path: &str) -> Vec<String> {
        let path = RequestPath::read(path).unwrap();
        path.segments.into_iter().map(Cow::into_owned).collect()
    }

    #[test]
    fn segments_are_decoded_one_by_one_and_dots_resolved() {
        assert_eq!(segments("/%74asks/a%2Fb/"), ["tasks", "a/b"]);
        assert_eq!(segments("/zz/../a//./b/%2e%2E/c"), ["a", "c"]);
        assert_eq!(segments("/../.."), [""; 0]);
    }

    #[test]
    fn the_query_and_the_slash_at_the_end_are_kept_apart() {
        let path = RequestPath::read("/a/?b=/c#d").unwrap();
        assert!(path.ends_in_slash);
        assert_eq!(path.query, "b=/c");
        assert!(RequestPath::read(&"/a".repeat(SEGMENTS_MAX + 1)).is_none());
    }
}
