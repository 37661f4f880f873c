//! The server paths below which a document's templates apply.

use std::borrow::Cow;
use std::collections::HashMap;

/// The limit on the different server paths in a catalog. Each has a bit of its own in a `u64`.
pub const BASES_MAX: usize = 63;

/// The set of applicable server paths, one bit for each.
pub(super) type BaseSet = u64;

/// The different server paths of all documents of a service.
#[derive(Debug, Default)]
pub(super) struct Bases {
    known: Vec<Vec<BaseSegment>>,
    by_text: HashMap<String, usize>,
}

#[derive(Debug, PartialEq, Eq)]
enum BaseSegment {
    Fixed(String),
    Any,
}

/// A way to remove a prefix from a path.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offset {
    /// The number of segments to remove.
    pub(super) segments: usize,
    /// The server paths that match this prefix.
    pub(super) declared_by: BaseSet,
}

impl Bases {
    /// Returns the bit of a server path; no bit if there are more paths than the limit. Templates
    /// below such a path then match only at the beginning of a path or after the service's own
    /// path.
    pub(super) fn bit(&mut self, base: &str) -> BaseSet {
        if let Some(index) = self.by_text.get(base) {
            return 1 << index;
        }
        let index = self.known.len();
        if index == BASES_MAX {
            return 0;
        }
        self.known.push(
            base.split('/')
                .filter(|segment| !segment.is_empty())
                .map(|segment| {
                    if segment.starts_with('{') && segment.ends_with('}') {
                        BaseSegment::Any
                    } else {
                        BaseSegment::Fixed(segment.to_owned())
                    }
                })
                .collect(),
        );
        self.by_text.insert(base.to_owned(), index);
        1 << index
    }

    /// Returns every position in a path where templates may begin: after a server's path, after the
    /// service's own path, after both, or at the beginning.
    pub(super) fn offsets(&self, path: &[Cow<'_, str>], service: &[Cow<'_, str>]) -> Vec<Offset> {
        let mut offsets = vec![Offset {
            segments: 0,
            declared_by: 0,
        }];
        let mut add = |segments: usize, declared_by: BaseSet| match offsets
            .iter_mut()
            .find(|known| known.segments == segments)
        {
            Some(known) => known.declared_by |= declared_by,
            None => offsets.push(Offset {
                segments,
                declared_by,
            }),
        };
        let after_service =
            (!service.is_empty() && path.starts_with(service)).then_some(service.len());
        if let Some(start) = after_service {
            add(start, 0);
        }
        for start in [Some(0), after_service].into_iter().flatten() {
            for (index, base) in self.known.iter().enumerate() {
                let rest = &path[start..];
                let fits = rest.len() >= base.len()
                    && base.iter().zip(rest).all(|(base, segment)| match base {
                        BaseSegment::Any => true,
                        BaseSegment::Fixed(text) => text == segment,
                    });
                if fits {
                    add(start + base.len(), 1 << index);
                }
            }
        }
        offsets
    }
}
