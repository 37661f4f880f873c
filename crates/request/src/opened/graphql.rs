//! GraphQL documents (September 2025 edition), as far as it matters what they ask for.

use std::borrow::Cow;
use std::collections::BTreeMap;

use apollo_parser::cst::{
    Argument, CstNode as _, Definition, Name, ObjectField, OperationDefinition, Selection,
    SelectionSet, Value, VariableDefinition,
};
use apollo_parser::{Parser, SyntaxNode};

/// The kind of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// Reads.
    Query,
    /// Changes.
    Mutation,
    /// Listens.
    Subscription,
}

/// A document that can be executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document<'a> {
    /// The kind of each operation, and the fields that it selects at its root. A fragment at the root
    /// counts as the fields that it selects.
    pub operations: Vec<(OperationKind, Vec<&'a str>)>,
    /// The fields of the named fragments.
    pub fragments: Vec<&'a str>,
    /// The values that the document itself contains, each with the name of its argument, input field
    /// or variable. Each item of a list is a value.
    pub arguments: Vec<(&'a str, Cow<'a, str>)>,
    /// The variables that are the values of arguments or input fields: the name of the argument, then that of the
    /// variable.
    pub bound: Vec<(&'a str, &'a str)>,
}

/// The most fields and spreads at the root of an operation or fragment. A document with more is refused
/// as a whole, so that no field is skipped.
const FIELDS_MAX: usize = 256;

/// The most tokens of a document, white space included. Long documents of real clients have a few
/// thousand. Parsing takes about a fifth of a microsecond for each, so this bounds it to a few
/// milliseconds.
const TOKENS_MAX: usize = 20_000;

/// How deep selections and values may be nested. The parser is recursive, so this bounds its stack.
/// JSON bodies have the same limit.
const DEPTH_MAX: usize = 128;

impl<'a> Document<'a> {
    /// Whether a text begins as a document does.
    pub fn looks_like(text: &str) -> bool {
        // The grammar ignores commas and byte order marks like white space.
        let is_ignored = |c: char| c.is_whitespace() || matches!(c, ',' | '\u{feff}');
        let text = text.trim_start_matches(is_ignored);
        let begins = |word: &str| {
            text.strip_prefix(word)
                .is_some_and(|rest| rest.starts_with(|c: char| !c.is_alphanumeric() && c != ':'))
        };
        text.contains('{')
            && (text.starts_with(['{', '#'])
                || ["query", "mutation", "subscription", "fragment"]
                    .into_iter()
                    .any(begins))
            && !is_json_object(text)
    }

    /// Reads a document. Returns `None` if the text is not one, if it exceeds a limit, or if it defines
    /// types or spreads a fragment that it does not contain.
    pub fn read(text: &'a str) -> Option<Self> {
        if !Self::looks_like(text) {
            return None;
        }
        let tree = Parser::new(text)
            .token_limit(TOKENS_MAX)
            .recursion_limit(DEPTH_MAX)
            .parse();
        if tree.errors().next().is_some() {
            return None;
        }
        let document = tree.document();
        let (mut operations, mut fragments) = (Vec::new(), BTreeMap::new());
        for definition in document.definitions() {
            match definition {
                Definition::OperationDefinition(operation) => {
                    let root = Root::of(&operation.selection_set()?, text)?;
                    operations.push((kind(&operation), root));
                }
                Definition::FragmentDefinition(fragment) => {
                    let root = Root::of(&fragment.selection_set()?, text)?;
                    let name = spelled(&fragment.fragment_name()?.name()?, text)?;
                    if fragments.insert(name, root).is_some() {
                        return None;
                    }
                }
                _ => return None,
            }
        }
        if operations.is_empty() {
            return None;
        }
        let with_fields = |(kind, root): (_, Root<'a>)| Some((kind, root.resolved(&fragments)?));
        Some(Self {
            operations: operations
                .into_iter()
                .map(with_fields)
                .collect::<Option<_>>()?,
            arguments: arguments(document.syntax(), text)?,
            bound: bound(document.syntax(), text)?,
            fragments: fragments
                .into_values()
                .flat_map(|root| root.fields)
                .collect(),
        })
    }

    /// Whether anything in it changes something.
    pub fn changes(&self) -> bool {
        self.operations
            .iter()
            .any(|(kind, _)| *kind == OperationKind::Mutation)
    }
}

/// A JSON object begins with a brace as well. Its first token is a string, and no document begins with
/// a brace and a string.
fn is_json_object(text: &str) -> bool {
    text.strip_prefix('{')
        .is_some_and(|inner| inner.trim_start().starts_with(['"', '}']))
}

fn kind(operation: &OperationDefinition) -> OperationKind {
    let kind = operation.operation_type();
    match kind {
        Some(kind) if kind.mutation_token().is_some() => OperationKind::Mutation,
        Some(kind) if kind.subscription_token().is_some() => OperationKind::Subscription,
        _ => OperationKind::Query,
    }
}

/// Returns a name as the document spells it.
fn spelled<'a>(name: &Name, text: &'a str) -> Option<&'a str> {
    source(name.syntax(), text)
}

fn source<'a>(node: &SyntaxNode, text: &'a str) -> Option<&'a str> {
    let range = node.text_range();
    text.get(range.start().into()..range.end().into())
}

/// The root of a selection.
#[derive(Default)]
struct Root<'a> {
    fields: Vec<&'a str>,
    spreads: Vec<&'a str>,
}

impl<'a> Root<'a> {
    fn of(selections: &SelectionSet, text: &'a str) -> Option<Self> {
        let mut root = Self::default();
        root.add(selections, text)?;
        Some(root)
    }

    fn add(&mut self, selections: &SelectionSet, text: &'a str) -> Option<()> {
        for selection in selections.selections() {
            if self.fields.len() + self.spreads.len() == FIELDS_MAX {
                return None;
            }
            match selection {
                Selection::Field(field) => self.fields.push(spelled(&field.name()?, text)?),
                Selection::FragmentSpread(spread) => {
                    let name = spread.fragment_name()?.name()?;
                    self.spreads.push(spelled(&name, text)?);
                }
                Selection::InlineFragment(fragment) => {
                    self.add(&fragment.selection_set()?, text)?;
                }
            }
        }
        Some(())
    }

    /// Returns its fields, with those of the fragments that it spreads.
    fn resolved(self, fragments: &BTreeMap<&str, Self>) -> Option<Vec<&'a str>> {
        let Self {
            mut fields,
            mut spreads,
        } = self;
        let mut next = 0;
        while let Some(&name) = spreads.get(next) {
            next += 1;
            let fragment = fragments.get(name)?;
            fields.extend(&fragment.fields);
            for inner in &fragment.spreads {
                if !spreads.contains(inner) {
                    spreads.push(inner);
                }
            }
            if fields.len() + spreads.len() > FIELDS_MAX {
                return None;
            }
        }
        Some(fields)
    }
}

/// Returns the values of arguments, input fields and variables.
fn arguments<'a>(document: &SyntaxNode, text: &'a str) -> Option<Vec<(&'a str, Cow<'a, str>)>> {
    let mut arguments = Vec::new();
    for node in document.descendants() {
        let (name, value) = if let Some(argument) = Argument::cast(node.clone()) {
            (argument.name()?, argument.value())
        } else if let Some(field) = ObjectField::cast(node.clone()) {
            (field.name()?, field.value())
        } else if let Some(variable) = VariableDefinition::cast(node) {
            let default = variable.default_value().and_then(|default| default.value());
            (variable.variable()?.name()?, default)
        } else {
            continue;
        };
        let name = spelled(&name, text)?;
        if let Some(value) = value {
            add_values(&value, text, &mut |value| arguments.push((name, value)))?;
        }
    }
    Some(arguments)
}

/// Returns the arguments and input fields whose values are variables, with the names of those.
fn bound<'a>(document: &SyntaxNode, text: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let mut bound = Vec::new();
    for node in document.descendants() {
        let (name, value) = if let Some(argument) = Argument::cast(node.clone()) {
            (argument.name()?, argument.value())
        } else if let Some(field) = ObjectField::cast(node) {
            (field.name()?, field.value())
        } else {
            continue;
        };
        if let Some(Value::Variable(variable)) = value {
            bound.push((spelled(&name, text)?, spelled(&variable.name()?, text)?));
        }
    }
    Some(bound)
}

/// Adds a value, or those in a list. The fields of an object are values of their own.
fn add_values<'a>(value: &Value, text: &'a str, add: &mut impl FnMut(Cow<'a, str>)) -> Option<()> {
    match value {
        Value::Variable(_) | Value::ObjectValue(_) => {}
        Value::StringValue(string) => add(Cow::Owned(string.into())),
        Value::ListValue(list) => {
            for item in list.values() {
                add_values(&item, text, add)?;
            }
        }
        scalar => add(Cow::Borrowed(source(scalar.syntax(), text)?)),
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Option<Vec<&str>> {
        let document = Document::read(text)?;
        Some(
            document
                .operations
                .into_iter()
                .flat_map(|(_, fields)| fields)
                .collect(),
        )
    }

    #[test]
    fn variables_are_known_by_the_arguments_that_they_are_the_values_of() {
        let text = r#"mutation($v: Boolean!, $i: ID!) {
            # isPrivate: $v
            show(id: $i, note: "isPrivate: $v", set: {isPublic: $v}) { id }
        }"#;
        let document = Document::read(text).unwrap();
        assert_eq!(document.bound, [("id", "i"), ("isPublic", "v")]);
    }

    #[test]
    fn a_fragment_counts_as_its_fields() {
        for text in [
            "{ a ...F } fragment F on Query { b }",
            "fragment F on Query { ...G } fragment G on Query { b ...F } { a ... F ... G }",
            "{ a ... on Query @live { ...{ b } } }",
        ] {
            assert_eq!(fields(text), Some(vec!["a", "b"]), "{text}");
        }
        assert_eq!(fields("{ a ...F }"), None);
        assert_eq!(
            fields("{ ...F } fragment F on Q { a } fragment F on Q { b }"),
            None
        );
    }

    #[test]
    fn neither_comments_nor_strings_hide_a_field() {
        for text in [
            "{ a # }\r b }",
            "{ a(x: \"\"\" \\\"\"\" } \"\"\") b }",
            "{ a(x: \"\\\\\") b(y: \"}\") }",
            "\u{feff},{ a,,b }",
            "{ a \u{feff} b }",
        ] {
            assert_eq!(fields(text), Some(vec!["a", "b"]), "{text}");
        }
    }

    #[test]
    fn the_values_in_a_document_are_read_with_their_names() {
        let text = r#"mutation M($role: Role = ADMIN, $to: [ID!]! = ["u1", "u2"]) {
            pay(amount: 5.50, note: "role: owner \u0041\n", by: $role, on: null) @if(x: true) {
                # comment: one
                alias: id
            }
            add(input: {tags: [[A] [B]], deep: {end: """two"""}})
        }"#;
        let document = Document::read(text).unwrap();
        let found: Vec<_> = document
            .arguments
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        assert_eq!(
            found,
            [
                ("role", "ADMIN"),
                ("to", "u1"),
                ("to", "u2"),
                ("amount", "5.50"),
                ("note", "role: owner A\n"),
                ("on", "null"),
                ("x", "true"),
                ("tags", "A"),
                ("tags", "B"),
                ("end", "two"),
            ]
        );
    }

    #[test]
    fn a_document_beyond_a_limit_is_not_read() {
        let nested = |depth: usize| format!("{}a{}", "{a".repeat(depth), "}".repeat(depth));
        assert!(Document::read(&nested(DEPTH_MAX - 1)).is_some());
        assert!(Document::read(&nested(DEPTH_MAX + 1)).is_none());
        assert!(Document::read(&nested(1_000_000)).is_none());
        let values = format!("{{ a(x: {}) }}", "[".repeat(1_000_000));
        assert!(Document::read(&values).is_none());
        assert!(Document::read(&format!("{{ {} }}", "a ".repeat(FIELDS_MAX))).is_some());
        assert!(Document::read(&format!("{{ {} }}", "a ".repeat(FIELDS_MAX + 1))).is_none());
        let fragment = format!("fragment F on Q {{ {} }}", "a ".repeat(FIELDS_MAX - 1));
        assert!(Document::read(&format!("{{ b ...F }} {fragment}")).is_none());
        assert!(Document::read(&format!("{{ a {{ {} }} }}", "a ".repeat(TOKENS_MAX))).is_none());
    }

    #[test]
    fn what_is_not_only_operations_and_fragments_is_not_read() {
        for text in [
            "{ a } type Query { a: Int }",
            "extend type Query { a: Int }",
            "fragment F on Q { a }",
        ] {
            assert_eq!(Document::read(text), None, "{text}");
        }
    }
}
