//! Builds the tree of a page without its content, to find out what parsing the page would cost.
//!
//! An HTML parser repairs unclosed elements, and its time and memory can grow quadratically with the
//! repairs. The parser itself builds the outline, piece by piece, and stops as soon as the tree is too
//! deep or too large. Another parser would see another tree for some pages.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use html5ever::interface::{ElemName, ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink as _};
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{Attribute, LocalName, Namespace, ParseOpts, QualName, parse_document};

/// The nesting limit of elements. Reference pages have about forty levels.
const DEPTH_MAX: u32 = 256;

/// The limit on the elements and comments of a page, including those that the parser adds. It bounds the memory of
/// the tree that the page is parsed into, which takes some hundred bytes for each.
const NODES_MAX: u32 = 300_000;

/// How often the parser may move the children of an element, as it does for overlapping tags. Each
/// move takes time in proportion to the number of children.
const MOVES_MAX: u32 = 10_000;

/// The size of the pieces that the parser gets, in bytes. A limit can be exceeded by one piece.
const PIECE_BYTES: usize = 4096;

/// The time limit for building the outline. A normal page of 16 MiB takes a fraction of it; a page that
/// takes longer is an attack, such as one tag with a hundred thousand attributes.
const TIME_MAX: Duration = Duration::from_secs(2);

/// Returns whether a page can be parsed in linear time.
pub(crate) fn is_tame(page: &str) -> bool {
    let end = Instant::now() + TIME_MAX;
    let mut parser = parse_document(Outline::default(), as_it_is_parsed());
    let mut rest = page;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE_BYTES.min(rest.len())));
        parser.process(StrTendril::from_slice(piece));
        if parser.tokenizer.sink.sink.is_too_much.get() || Instant::now() > end {
            return false;
        }
        rest = after;
    }
    true
}

/// The options that `dom_query` parses with. They decide whether `<noscript>` contains a tree or text.
fn as_it_is_parsed() -> ParseOpts {
    ParseOpts {
        tree_builder: TreeBuilderOpts {
            scripting_enabled: false,
            ..TreeBuilderOpts::default()
        },
        ..ParseOpts::default()
    }
}

/// An element, a comment or the document.
#[derive(Debug)]
struct Node {
    name: QualName,
    depth: Cell<u32>,
    /// The fragment with a template's content.
    content: RefCell<Option<Rc<Self>>>,
    is_integration_point: bool,
}

#[derive(Debug)]
struct Outline {
    document: Rc<Node>,
    nodes: Cell<u32>,
    moves: Cell<u32>,
    is_too_much: Cell<bool>,
}

impl Default for Outline {
    fn default() -> Self {
        let name = QualName::new(None, Namespace::default(), LocalName::default());
        Self {
            document: Rc::new(Node::new(name)),
            nodes: Cell::new(0),
            moves: Cell::new(0),
            is_too_much: Cell::new(false),
        }
    }
}

impl Node {
    fn new(name: QualName) -> Self {
        Self {
            name,
            depth: Cell::new(0),
            content: RefCell::new(None),
            is_integration_point: false,
        }
    }
}

impl Outline {
    fn count(&self, counted: &Cell<u32>, most: u32) {
        counted.set(counted.get().saturating_add(1));
        if counted.get() > most {
            self.is_too_much.set(true);
        }
    }

    fn place(&self, child: &NodeOrText<Rc<Node>>, depth: u32) {
        if let NodeOrText::AppendNode(child) = child {
            child.depth.set(depth);
            if depth > DEPTH_MAX {
                self.is_too_much.set(true);
            }
        }
    }
}

/// The name of a node, for the parser.
#[derive(Debug)]
struct Name<'n>(&'n QualName);

impl ElemName for Name<'_> {
    fn ns(&self) -> &Namespace {
        &self.0.ns
    }

    fn local_name(&self) -> &LocalName {
        &self.0.local
    }
}

impl TreeSink for Outline {
    type Handle = Rc<Node>;
    type Output = ();
    type ElemName<'a> = Name<'a>;

    fn finish(self) {}

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Rc<Node> {
        Rc::clone(&self.document)
    }

    fn elem_name<'a>(&'a self, target: &'a Rc<Node>) -> Name<'a> {
        Name(&target.name)
    }

    fn create_element(&self, name: QualName, _: Vec<Attribute>, flags: ElementFlags) -> Rc<Node> {
        self.count(&self.nodes, NODES_MAX);
        let content = flags.template.then(|| Rc::new(Node::new(name.clone())));
        Rc::new(Node {
            content: RefCell::new(content),
            is_integration_point: flags.mathml_annotation_xml_integration_point,
            ..Node::new(name)
        })
    }

    fn create_comment(&self, _: StrTendril) -> Rc<Node> {
        self.count(&self.nodes, NODES_MAX);
        Rc::new(Node::new(self.document.name.clone()))
    }

    fn create_pi(&self, _: StrTendril, data: StrTendril) -> Rc<Node> {
        self.create_comment(data)
    }

    fn append(&self, parent: &Rc<Node>, child: NodeOrText<Rc<Node>>) {
        self.place(&child, parent.depth.get() + 1);
    }

    fn append_based_on_parent_node(
        &self,
        element: &Rc<Node>,
        previous: &Rc<Node>,
        child: NodeOrText<Rc<Node>>,
    ) {
        self.place(&child, element.depth.get().max(previous.depth.get()) + 1);
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &Rc<Node>) -> Rc<Node> {
        let mut content = target.content.borrow_mut();
        let content = content.get_or_insert_with(|| Rc::new(Node::new(target.name.clone())));
        // A template's content is as deep in the parser's stack as any other content.
        content.depth.set(target.depth.get());
        Rc::clone(content)
    }

    fn same_node(&self, one: &Rc<Node>, other: &Rc<Node>) -> bool {
        Rc::ptr_eq(one, other)
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Rc<Node>, child: NodeOrText<Rc<Node>>) {
        self.place(&child, sibling.depth.get());
    }

    fn add_attrs_if_missing(&self, _: &Rc<Node>, _: Vec<Attribute>) {}

    fn remove_from_parent(&self, _: &Rc<Node>) {
        self.count(&self.moves, MOVES_MAX);
    }

    fn reparent_children(&self, _: &Rc<Node>, _: &Rc<Node>) {
        self.count(&self.moves, MOVES_MAX);
    }

    fn is_mathml_annotation_xml_integration_point(&self, target: &Rc<Node>) -> bool {
        target.is_integration_point
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_pages_are_tame_and_others_are_not() {
        let list = "<ul><li>a<li>b</ul><p>x<p>y<br><a href='<b>'>z</a>".repeat(500);
        assert!(is_tame(&format!("<html><body>{list}</body></html>")));
        let script = "'<div>'".repeat(500);
        assert!(is_tame(&format!("<script>{script}</script>")));
        let svg = "<svg><title>x</title><path d='M0 0'/></svg>".repeat(500);
        assert!(is_tame(&svg));
        assert!(!is_tame(&"<div>".repeat(300)));
        // The second table ends the first, so this page is long but not deep.
        assert!(is_tame(&"<div><table></div>".repeat(300)));
        assert!(!is_tame(&"<table><tr><td>".repeat(100)));
        let dangling: Vec<String> = (0..300).map(|n| format!("<p><b id={n}></p>")).collect();
        assert!(!is_tame(&dangling.concat()));
    }

    #[test]
    fn tags_that_only_the_parser_recognizes_count() {
        let deep = "<div>".repeat(4000);
        for start in [
            "<!-- x --!>",
            "<!-->",
            "<!--->",
            "<svg><title>",
            "<svg><desc><p>",
            "<math><annotation-xml encoding='text/html'><title>x</title>",
            "<math><mtext>",
            "<svg><script></script></svg>",
            "<![CDATA[ x ]]>",
            "<? x >",
            "<template>",
            "<noscript>",
            "<select><template>",
            "<table><tr><td>",
            "<title></title a>",
            "<style><!--</style>",
            "<script><!--<script></script></script>",
            "<textarea></textarea/>",
            "<p title='a' title=\">\">",
        ] {
            let page = format!("{start}{deep}");
            let begun = Instant::now();
            assert!(!is_tame(&page), "{start}");
            assert!(begun.elapsed() < Duration::from_secs(2), "{start}");
        }
    }

    #[test]
    fn a_tag_of_many_attributes_is_given_up_in_time() {
        let attributes: Vec<String> = (0..400_000).map(|n| format!("a{n}")).collect();
        let attributes = attributes.join(" ");
        let begun = Instant::now();
        is_tame(&format!("<p {attributes}>"));
        assert!(begun.elapsed() < TIME_MAX * 2, "{:?}", begun.elapsed());
    }
}
