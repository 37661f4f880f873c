//! The fields of the body that a condition names, for comparing them with documents.

use crate::condition_error::ConditionError;
use crate::expression::{Expression, Fact, Literal, Operation};

/// A field of the body that a condition names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyField {
    /// Its JSON pointer.
    pub pointer: String,
    /// The line of its last name, or of the `has` around it, from 1.
    pub line: u32,
    /// The column of that, from 1, in characters.
    pub column: u32,
}

/// Returns the fields that a condition names, each where it is named first.
pub(crate) fn named(text: &str, condition: &Expression) -> Vec<BodyField> {
    let mut found = Vec::new();
    let mut open = vec![condition];
    while let Some(part) = open.pop() {
        match pointer(part) {
            Some(pointer) => found.push((part.at, pointer)),
            None => open.extend(part.parts()),
        }
    }
    found.sort();
    let mut fields: Vec<BodyField> = Vec::new();
    for (at, pointer) in found {
        if !pointer.is_empty() && fields.iter().all(|known| known.pointer != pointer) {
            let place = ConditionError::at(text, at as usize, "");
            fields.push(BodyField {
                pointer,
                line: place.line,
                column: place.column,
            });
        }
    }
    fields
}

/// Returns the JSON pointer of a part that is a field of the body, or that tests for one.
fn pointer(part: &Expression) -> Option<String> {
    let (outer, name) = match &part.operation {
        Operation::Fact(Fact::Body) => return Some(String::new()),
        Operation::Select(outer, name) => (outer, name.to_string()),
        Operation::Index(outer, index) => (outer, literal_name(index)?),
        Operation::In(name, outer) => (outer, literal_name(name)?),
        _ => return None,
    };
    let outer = pointer(outer)?;
    let name = name.replace('~', "~0").replace('/', "~1");
    Some(format!("{outer}/{name}"))
}

fn literal_name(part: &Expression) -> Option<String> {
    match &part.operation {
        Operation::Literal(Literal::Text(name)) => Some(name.to_string()),
        Operation::Literal(Literal::Int(index)) if *index >= 0 => Some(index.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::Program;

    #[test]
    fn the_fields_of_the_body_are_listed_with_their_places() {
        let fields = |condition: &str| -> Vec<(String, u32)> {
            let program = Program::compile(condition).unwrap();
            let fields = program.body_fields().into_iter();
            fields.map(|field| (field.pointer, field.column)).collect()
        };
        assert_eq!(
            fields("has(request.body.amount) && int(request.body.amount) > 5"),
            [("/amount".to_owned(), 1)]
        );
        let pointers = |condition: &str| -> Vec<String> {
            let fields = fields(condition).into_iter();
            fields.map(|(pointer, _)| pointer).collect()
        };
        for (condition, expected) in [
            ("request.method == 'POST' && request.body != null", vec![]),
            (
                "request.body['a/b'].items[0].price > 1",
                vec!["/a~1b/items/0/price"],
            ),
            (
                "'to' in request.body || request.body.cc == 'x'",
                vec!["/to", "/cc"],
            ),
            (
                "request.body.lines.exists(line, line.price > request.body.limit)",
                vec!["/lines", "/limit"],
            ),
            ("request.body[request.method] == 'x'", vec![]),
        ] {
            assert_eq!(pointers(condition), expected, "{condition}");
        }
    }
}
