//! Checks body fields that a condition names against the documents of a service, so that the author
//! of a misspelled one is warned.

use std::collections::{BTreeMap, BTreeSet};

use super::Catalog;
use crate::operation::{Body, Documented};

/// The most characters in which a suggested name may differ from the given one. A typing mistake
/// rarely changes more than two.
const DIFFERENCES_MAX: usize = 2;

/// The longest name that is compared, in bytes. The cost of a comparison grows with the product of
/// the lengths, and longer names are rare.
const COMPARED_BYTES_MAX: usize = 128;

/// The greatest difference in length between similar names, in bytes. A character has up to
/// four in UTF-8.
const DIFFERENCES_BYTES_MAX: usize = 4 * DIFFERENCES_MAX;

impl Catalog {
    /// Returns whether some operation's body has a value at a JSON pointer; `None` if the documents
    /// do not say, because they describe no body, or one that may have unlisted fields.
    pub fn lists_body_field(&self, pointer: &str) -> Option<bool> {
        let mut listed = None;
        for body in self.bodies() {
            match body.documents(pointer) {
                Documented::Yes => return Some(true),
                Documented::No => listed = Some(false),
                Documented::Unknown => return self.is_listed(pointer).then_some(true),
            }
        }
        listed
    }

    /// Returns the dotted path of the documented field whose name is most similar to the last name
    /// in a pointer that no document lists; `None` if no name is similar enough. If several names
    /// are equally similar, it is the field whose whole path is most similar.
    pub fn similar_body_field(&self, pointer: &str) -> Option<String> {
        let wanted = name_of(pointer).to_lowercase();
        // Large documents repeat few names many times.
        let mut by_name: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for field in self.bodies().flat_map(|body| body.fields.iter()) {
            let pointers = by_name.entry(field.name()).or_default();
            pointers.insert(&field.pointer);
        }
        let similar = by_name.into_iter().filter_map(|(name, pointers)| {
            let differences = differences(&wanted, &name.to_lowercase())?;
            Some((differences, pointers))
        });
        let candidates = similar.flat_map(|(differences, pointers)| {
            let ranked = move |listed| (differences, path_differences(pointer, listed), listed);
            pointers.into_iter().map(ranked)
        });
        let (.., found) = candidates.min()?;
        let names = found.split('/').filter(|name| !name.is_empty());
        let names: Vec<String> = names
            .map(|name| name.replace("~1", "/").replace("~0", "~"))
            .collect();
        Some(names.join("."))
    }

    fn bodies(&self) -> impl Iterator<Item = &Body> {
        let bodies = self.operations().map(|operation| &operation.body);
        bodies.filter(|body| body.is_open || !body.fields.is_empty())
    }

    fn is_listed(&self, pointer: &str) -> bool {
        self.bodies()
            .any(|body| body.documents(pointer) == Documented::Yes)
    }
}

/// Returns the last part of a pointer that is not an index.
fn name_of(pointer: &str) -> &str {
    let is_index = |name: &&str| name.bytes().all(|byte| byte.is_ascii_digit());
    let mut names = pointer.rsplit('/');
    names.find(|name| !is_index(name)).unwrap_or_default()
}

/// Returns how many characters must be added, removed, replaced, or swapped with the next one to
/// turn one name into the other. `None` if more than [`DIFFERENCES_MAX`], or at least half of the
/// longer name.
fn differences(one: &str, other: &str) -> Option<usize> {
    let longest = one.len().max(other.len());
    if longest > COMPARED_BYTES_MAX || one.len().abs_diff(other.len()) > DIFFERENCES_BYTES_MAX {
        return None;
    }
    let distance = strsim::osa_distance(one, other);
    let characters = one.chars().count().max(other.chars().count());
    (distance <= DIFFERENCES_MAX && distance * 2 < characters).then_some(distance)
}

/// Returns in how many characters two paths differ; `usize::MAX` if one is too long to be compared.
fn path_differences(one: &str, other: &str) -> usize {
    if one.len().max(other.len()) > COMPARED_BYTES_MAX {
        return usize::MAX;
    }
    strsim::osa_distance(one, other)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::document::Document;
    use crate::operation::{Field, Operation};

    fn catalog(bodies: Vec<Body>) -> Catalog {
        let operations = bodies
            .into_iter()
            .enumerate()
            .map(|(number, body)| Operation {
                id: format!("operation{number}"),
                method: "POST".to_owned(),
                template: format!("/{number}"),
                body,
                base_paths: Arc::new([String::new()]),
                ..Operation::default()
            });
        Catalog::new(vec![Arc::new(Document {
            operations: operations.collect(),
            ..Document::default()
        })])
    }

    fn body(pointers: &[&str], is_open: bool) -> Body {
        let fields = pointers.iter().map(|pointer| Field {
            pointer: (*pointer).to_owned(),
            ..Field::default()
        });
        Body {
            fields: fields.collect(),
            is_open,
            ..Body::default()
        }
    }

    #[test]
    fn a_misspelled_field_suggests_the_most_similar_documented_one() {
        let known = catalog(vec![
            body(&["/amount", "/currency"], false),
            body(&["/lines", "/lines/*/price", "/备注"], false),
            body(&[], false),
        ]);
        for (pointer, listed, alike) in [
            ("/amount", Some(true), None),
            ("/lines/0/price", Some(true), None),
            ("/amuont", Some(false), Some("amount")),
            ("/Amount", Some(false), Some("amount")),
            ("/curency", Some(false), Some("currency")),
            ("/lines/0/pirce", Some(false), Some("lines.*.price")),
            ("/price", Some(false), Some("lines.*.price")),
            ("/recipient", Some(false), None),
            ("/金额", Some(false), None),
        ] {
            assert_eq!(known.lists_body_field(pointer), listed, "{pointer}");
            if listed == Some(false) {
                assert_eq!(
                    known.similar_body_field(pointer).as_deref(),
                    alike,
                    "{pointer}"
                );
            }
        }
    }

    #[test]
    fn the_most_similar_path_decides_between_fields_with_similar_names() {
        let pointers = ["/amount", "/refund/amount", "/item/name", "/customer/name"];
        let known = catalog(vec![body(&pointers, false)]);
        for (pointer, similar) in [
            ("/amuont", "amount"),
            ("/refund/amuont", "refund.amount"),
            ("/custmer/name", "customer.name"),
            ("/itme/name", "item.name"),
        ] {
            assert_eq!(known.lists_body_field(pointer), Some(false), "{pointer}");
            let suggested = known.similar_body_field(pointer);
            assert_eq!(suggested.as_deref(), Some(similar), "{pointer}");
        }
    }

    #[test]
    fn documents_that_leave_a_body_open_do_not_rule_a_field_out() {
        let open = catalog(vec![body(&["/amount"], false), body(&["/note"], true)]);
        assert_eq!(open.lists_body_field("/amuont"), None);
        assert_eq!(open.lists_body_field("/note"), Some(true));
        assert_eq!(
            catalog(vec![body(&[], false)]).lists_body_field("/amount"),
            None
        );
    }
}
