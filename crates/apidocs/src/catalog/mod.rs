//! The catalog of one service's documentation: finds the operation that a request calls, and the text
//! that is relevant to it.

mod base;
mod body_fields;
mod danger;
mod search;
mod tree;
mod words;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use crate::document::{Document, Section};
use crate::operation::{Operation, Place};
use crate::path::RequestPath;
use crate::template::Template;
use base::{BaseSet, Bases};
use search::TextIndex;
use tree::{TemplateTree, dominates};

pub use base::BASES_MAX;

/// The limit on the operations that a request may match. Callers use the first, so more of them change nothing.
pub const CANDIDATES_MAX: usize = 16;

/// A request to look up in a catalog.
#[derive(Clone, Copy, Debug)]
pub struct Call<'c> {
    /// The method, in upper case.
    pub method: &'c str,
    /// The whole path as it is sent, with or without the query.
    pub path: &'c str,
    /// The path of the service's base URL, with which `path` may begin.
    pub base_path: &'c str,
}

/// A search result.
#[derive(Clone, Copy, Debug)]
pub enum Found<'c> {
    /// An operation.
    Operation(&'c Operation),
    /// A section of text.
    Section(&'c Section),
}

/// The indexed documents of one service.
pub struct Catalog {
    documents: Vec<Arc<Document>>,
    entries: Vec<Entry>,
    tree: TemplateTree,
    bases: Bases,
    texts: TextIndex,
    /// The origin of each text in the index.
    text_places: Vec<TextPlace>,
}

/// An operation in the tree of templates.
#[derive(Debug)]
struct Entry {
    document: usize,
    operation: usize,
    bases: BaseSet,
    danger: u8,
    /// The query parameters that a request must have to match this operation.
    query: Vec<(String, Option<String>)>,
}

#[derive(Clone, Copy, Debug)]
enum TextPlace {
    Operation(usize, usize),
    Section(usize, usize),
}

/// An operation that a request may call.
#[derive(Clone, Copy, Debug)]
struct Hit<'f> {
    entry: &'f Entry,
    is_declared: bool,
    offset: usize,
    specificity: &'f [u16],
    /// The number of required query parameters that are present; `None` if one is missing.
    query: Option<usize>,
}

impl Catalog {
    /// Indexes documents.
    pub fn new(documents: Vec<Arc<Document>>) -> Self {
        let mut catalog = Self {
            documents: Vec::new(),
            entries: Vec::new(),
            tree: TemplateTree::default(),
            bases: Bases::default(),
            texts: TextIndex::default(),
            text_places: Vec::new(),
        };
        for document in documents {
            catalog.add(document);
        }
        catalog
    }

    fn add(&mut self, document: Arc<Document>) {
        let number = self.documents.len();
        for (index, operation) in document.operations.iter().enumerate() {
            self.add_operation(number, index, operation);
            self.text_places.push(TextPlace::Operation(number, index));
        }
        for (index, section) in document.sections.iter().enumerate() {
            self.texts
                .add(&[(&section.heading, 2.0), (&section.text, 1.0)]);
            self.text_places.push(TextPlace::Section(number, index));
        }
        self.documents.push(document);
    }

    fn add_operation(&mut self, document: usize, index: usize, operation: &Operation) {
        let tags = operation.tags.join(" ");
        let fields: Vec<&str> = operation
            .body
            .fields
            .iter()
            .map(crate::operation::Field::name)
            .chain(operation.parameters.iter().map(|p| p.name.as_str()))
            .collect();
        self.texts.add(&[
            (&operation.id, 3.0),
            (operation.summary.as_deref().unwrap_or_default(), 3.0),
            (&operation.template, 2.0),
            (&tags, 1.0),
            (operation.description.as_deref().unwrap_or_default(), 1.0),
            (&fields.join(" "), 0.5),
        ]);
        let spans = |name: &str| {
            operation
                .parameter(Place::Path, name)
                .is_some_and(|parameter| parameter.spans_slashes)
        };
        // Parsing already removed the operations without a template that can be matched.
        let Ok(template) = Template::parse(&operation.template, &spans) else {
            return;
        };
        let bases = operation
            .base_paths
            .iter()
            .fold(0, |set, base| set | self.bases.bit(base));
        let required = operation
            .parameters
            .iter()
            .filter(|parameter| parameter.required && parameter.place == Place::Query)
            .map(|parameter| {
                let only = match parameter.values.as_slice() {
                    [only] => Some(only.clone()),
                    _ => None,
                };
                (parameter.name.clone(), only)
            });
        let mut query = template.query.clone();
        for (name, value) in required {
            if !query.iter().any(|(known, _)| *known == name) {
                query.push((name, value));
            }
        }
        self.tree.insert(&template, self.entries.len());
        self.entries.push(Entry {
            document,
            operation: index,
            bases,
            danger: danger::danger(operation),
            query,
        });
    }

    /// Returns the documents.
    pub fn documents(&self) -> &[Arc<Document>] {
        &self.documents
    }

    /// Returns all operations, document by document.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.documents
            .iter()
            .flat_map(|document| &document.operations)
    }

    /// Returns the operation that a call matches; among several, the most dangerous one.
    pub fn find(&self, call: &Call<'_>) -> Option<&Operation> {
        self.candidates(call).into_iter().next()
    }

    /// Returns all operations that a call matches, the most dangerous first. A literal template takes
    /// precedence over one with parameters. If neither of two templates is more specific, both are
    /// candidates.
    pub fn candidates(&self, call: &Call<'_>) -> Vec<&Operation> {
        let (Some(path), Some(service)) = (
            RequestPath::read(call.path),
            RequestPath::read(call.base_path),
        ) else {
            return Vec::new();
        };
        let found = self.candidates_of(call.method, &path, &service);
        if !found.is_empty() {
            return found;
        }
        match path.with_slashes_decoded() {
            Some(decoded) => self.candidates_of(call.method, &decoded, &service),
            None => found,
        }
    }

    fn candidates_of(
        &self,
        method: &str,
        path: &RequestPath<'_>,
        service: &RequestPath<'_>,
    ) -> Vec<&Operation> {
        let offsets = self.bases.offsets(&path.segments, &service.segments);
        let mut found = Vec::with_capacity(offsets.len());
        for offset in offsets {
            let rest = &path.segments[offset.segments..];
            found.push((offset, self.tree.find(rest, path.ends_in_slash)));
        }
        let mut hits: Vec<Hit<'_>> = Vec::new();
        for (offset, templates) in &found {
            let is_undeclared = offset.segments == 0 || offset.segments == service.segments.len();
            for template in templates {
                let hit = |&index: &usize| {
                    let entry = &self.entries[index];
                    let is_declared = entry.bases & offset.declared_by != 0;
                    let fits = self.operation(entry).method == method;
                    (fits && (is_declared || is_undeclared)).then(|| Hit {
                        entry,
                        is_declared,
                        offset: offset.segments,
                        specificity: &template.specificity,
                        query: satisfied(&entry.query, path.query),
                    })
                };
                let before = hits.len();
                hits.extend(template.as_asked.iter().filter_map(hit));
                if hits.len() == before {
                    hits.extend(template.otherwise.iter().filter_map(hit));
                }
            }
        }
        let mut best: Vec<&Hit<'_>> = match hits.as_slice() {
            [only] => vec![only],
            hits => hits
                .iter()
                .filter(|hit| !hits.iter().any(|other| other.overrules(hit)))
                .collect(),
        };
        best.sort_by_key(|hit| {
            let query = hit.query.unwrap_or(0);
            (
                std::cmp::Reverse((hit.entry.danger, query)),
                hit.entry.document,
                hit.entry.operation,
            )
        });
        best.dedup_by_key(|hit| (hit.entry.document, hit.entry.operation));
        best.truncate(CANDIDATES_MAX);
        best.into_iter()
            .map(|hit| self.operation(hit.entry))
            .collect()
    }

    fn operation(&self, entry: &Entry) -> &Operation {
        &self.documents[entry.document].operations[entry.operation]
    }

    /// Returns the operations and sections that match a text best.
    pub fn search(&self, query: &str, limit: usize) -> Vec<Found<'_>> {
        self.texts
            .search(query, limit)
            .into_iter()
            .map(|(number, _)| self.text(number))
            .collect()
    }

    /// Returns the sections that match a text best.
    pub fn search_sections(&self, query: &str, limit: usize) -> Vec<&Section> {
        self.texts
            .search(query, usize::MAX)
            .into_iter()
            .filter_map(|(number, _)| match self.text(number) {
                Found::Section(section) => Some(section),
                Found::Operation(_) => None,
            })
            .take(limit)
            .collect()
    }

    /// Returns the operations that match a text best: those with the whole text in their id, path,
    /// method or summary, followed by those with some of its words, unless the text is a single name.
    /// For a text without words, returns all operations in document order.
    pub fn search_operations(&self, query: &str, limit: usize) -> Vec<&Operation> {
        let asked = query.trim().to_lowercase();
        if asked.is_empty() {
            return self.operations().take(limit).collect();
        }
        let named: Vec<&Operation> = self
            .operations()
            .filter(|operation| {
                let summary = operation.summary.as_deref().unwrap_or_default();
                [
                    operation.id.as_str(),
                    &operation.template,
                    &operation.method,
                    summary,
                ]
                .iter()
                .any(|name| name.to_lowercase().contains(&asked))
            })
            .collect();
        let is_name = !asked.contains(char::is_whitespace);
        let by_words = if is_name && !named.is_empty() {
            Vec::new()
        } else {
            self.texts.search(query, usize::MAX)
        };
        let by_words = by_words
            .into_iter()
            .filter_map(|(number, _)| match self.text(number) {
                Found::Operation(operation) => Some(operation),
                Found::Section(_) => None,
            });
        let mut seen = HashSet::new();
        named
            .into_iter()
            .chain(by_words)
            .filter(|operation| seen.insert(std::ptr::from_ref(*operation)))
            .take(limit)
            .collect()
    }

    fn text(&self, number: usize) -> Found<'_> {
        match self.text_places[number] {
            TextPlace::Operation(document, index) => {
                Found::Operation(&self.documents[document].operations[index])
            }
            TextPlace::Section(document, index) => {
                Found::Section(&self.documents[document].sections[index])
            }
        }
    }
}

impl Hit<'_> {
    /// Returns whether this match of a request excludes all others in the same document.
    fn overrules(&self, other: &Self) -> bool {
        if self.entry.document != other.entry.document {
            return false;
        }
        if self.is_declared != other.is_declared {
            return self.is_declared;
        }
        if self.offset != other.offset {
            return false;
        }
        dominates(self.specificity, other.specificity)
            || (self.specificity == other.specificity
                && self.query.is_some()
                && other.query.is_none())
    }
}

/// Returns how many of the required query parameters a query has; `None` if it lacks one.
fn satisfied(wanted: &[(String, Option<String>)], query: &str) -> Option<usize> {
    for (name, value) in wanted {
        let has = query.split('&').any(|pair| {
            let (key, given) = pair.split_once('=').unwrap_or((pair, ""));
            let (key, given) = (
                crate::text::percent_decoded(key),
                crate::text::percent_decoded(given),
            );
            key == name.as_str() && value.as_ref().is_none_or(|value| *value == given)
        });
        if !has {
            return None;
        }
    }
    Some(wanted.len())
}

impl fmt::Debug for Catalog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Catalog")
            .field("documents", &self.documents.len())
            .field("operations", &self.entries.len())
            .finish_non_exhaustive()
    }
}
