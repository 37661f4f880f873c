//! The templates of many operations in one tree, with a bounded search.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::template::{Glob, Segment, Template};

/// The limit on the nodes that one search visits. Real documents need a few dozen. For a document that
/// consists only of overlapping templates, the search ends here with the matches found so far, the
/// most specific first.
const STEPS_MAX: usize = 4_096;

/// The limit on the matches of one search. The search visits literal segments first, so the matches beyond it are
/// the least specific ones.
const FOUND_MAX: usize = 64;

/// A tree of templates with numeric values.
#[derive(Debug)]
pub(super) struct TemplateTree {
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    literals: HashMap<Box<str>, usize>,
    partials: Vec<(Glob, usize)>,
    parameter: Option<usize>,
    spanning: Vec<(Glob, usize)>,
    /// The values that end here, without and with a trailing slash.
    ends: [Vec<usize>; 2],
}

/// A matching template, and its values.
#[derive(Debug)]
pub(super) struct Found<'t> {
    /// The values whose trailing slash matches the request.
    pub(super) as_asked: &'t [usize],
    /// The values whose trailing slash differs from the request.
    pub(super) otherwise: &'t [usize],
    /// The specificity of each segment.
    pub(super) specificity: Vec<u16>,
}

/// The specificity of a segment: any text, several segments, or a literal.
const PARAMETER: u16 = 1;
const SPANNING: u16 = 0;
const LITERAL: u16 = u16::MAX;

fn specificity(glob: &Glob) -> u16 {
    let fixed = u16::try_from(glob.fixed_bytes()).unwrap_or(LITERAL);
    fixed.saturating_add(PARAMETER).min(LITERAL - 1)
}

impl Default for TemplateTree {
    fn default() -> Self {
        Self {
            nodes: vec![Node::default()],
        }
    }
}

impl TemplateTree {
    /// Adds a value for a template.
    pub(super) fn insert(&mut self, template: &Template, value: usize) {
        let mut at = 0;
        for segment in &template.segments {
            at = self.child(at, segment);
        }
        self.nodes[at].ends[usize::from(template.ends_in_slash)].push(value);
    }

    fn child(&mut self, at: usize, segment: &Segment) -> usize {
        let fresh = self.nodes.len();
        let node = &mut self.nodes[at];
        let child = match segment {
            Segment::Literal(text) => *node.literals.entry(text.as_str().into()).or_insert(fresh),
            Segment::Parameter => *node.parameter.get_or_insert(fresh),
            Segment::Partial(glob) => edge(&mut node.partials, glob, fresh),
            Segment::Spanning(glob) => edge(&mut node.spanning, glob, fresh),
        };
        if child == fresh {
            self.nodes.push(Node::default());
        }
        child
    }

    /// Returns the templates that match a path, the most specific first, compared from the left.
    pub(super) fn find(&self, segments: &[Cow<'_, str>], ends_in_slash: bool) -> Vec<Found<'_>> {
        let mut walk = Walk {
            tree: self,
            ends_in_slash,
            steps: 0,
            specificity: Vec::with_capacity(segments.len()),
            found: Vec::new(),
        };
        walk.visit(0, segments);
        walk.found
    }
}

/// Returns the children for a glob, those with more literal text first.
fn edge(edges: &mut Vec<(Glob, usize)>, glob: &Glob, fresh: usize) -> usize {
    if let Some((_, child)) = edges.iter().find(|(known, _)| known == glob) {
        return *child;
    }
    let place = edges.partition_point(|(known, _)| known.fixed_bytes() >= glob.fixed_bytes());
    edges.insert(place, (glob.clone(), fresh));
    fresh
}

struct Walk<'t> {
    tree: &'t TemplateTree,
    ends_in_slash: bool,
    steps: usize,
    specificity: Vec<u16>,
    found: Vec<Found<'t>>,
}

impl Walk<'_> {
    fn visit(&mut self, at: usize, rest: &[Cow<'_, str>]) {
        self.steps += 1;
        if self.steps > STEPS_MAX || self.found.len() >= FOUND_MAX {
            return;
        }
        let node = &self.tree.nodes[at];
        let Some((first, after)) = rest.split_first() else {
            let asked = usize::from(self.ends_in_slash);
            if node.ends.iter().any(|end| !end.is_empty()) {
                self.found.push(Found {
                    as_asked: &node.ends[asked],
                    otherwise: &node.ends[1 - asked],
                    specificity: self.specificity.clone(),
                });
            }
            return;
        };
        if let Some(&child) = node.literals.get(first.as_ref()) {
            self.enter(LITERAL, child, after);
        }
        for (glob, child) in &node.partials {
            self.steps += 1;
            if self.steps > STEPS_MAX {
                return;
            }
            if glob.matches(first) {
                self.enter(specificity(glob), *child, after);
            }
        }
        if let Some(child) = node.parameter {
            self.enter(PARAMETER, child, after);
        }
        for (glob, child) in &node.spanning {
            for taken in 1..=rest.len() {
                self.steps += 1;
                if self.steps > STEPS_MAX {
                    return;
                }
                if glob.is_bare() || glob.matches(&rest[..taken].join("/")) {
                    self.enter(SPANNING, *child, &rest[taken..]);
                }
            }
        }
    }

    fn enter(&mut self, specificity: u16, child: usize, rest: &[Cow<'_, str>]) {
        self.specificity.push(specificity);
        self.visit(child, rest);
        self.specificity.pop();
    }
}

/// Returns whether the first template is at least as specific as the second in every segment, and more
/// specific in one.
pub(super) fn dominates(one: &[u16], other: &[u16]) -> bool {
    match (one.contains(&SPANNING), other.contains(&SPANNING)) {
        (false, true) => true,
        (true, false) => false,
        (true, true) if one.len() != other.len() => {
            let fixed = |segments: &[u16]| segments.iter().filter(|s| **s > PARAMETER).count();
            fixed(one) > fixed(other)
        }
        _ => one != other && one.iter().zip(other).all(|(one, other)| one >= other),
    }
}
