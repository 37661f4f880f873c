//! Conditions whose result is the same for every request.

use gaiterguard_domain::id::{AgentId, ServiceId};
use gaiterguard_domain::time::Timestamp;

use crate::evaluate::{Evaluation, Spelling};
use crate::expression::{Expression, Operation};
use crate::facts::{Facts, Query};
use crate::lookup::Memory;
use crate::path::RequestPath;

/// Returns the result of a condition that has the same one for every request, such as `1 == 1` and
/// `true || request.size > 5`; `None` for any other.
pub(crate) fn result(condition: &Expression) -> Option<bool> {
    match &condition.operation {
        Operation::Not(part) => result(part).map(|holds| !holds),
        Operation::And(left, right) => match (result(left), result(right)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (left, right) => left.and(right),
        },
        Operation::Or(left, right) => match (result(left), result(right)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (left, right) => left.and(right),
        },
        Operation::Choose(test, then, otherwise) => match result(test) {
            Some(true) => result(then),
            Some(false) => result(otherwise),
            None => result(then).filter(|then| result(otherwise) == Some(*then)),
        },
        _ if reads_request(condition) => None,
        _ => evaluated(condition),
    }
}

fn reads_request(part: &Expression) -> bool {
    matches!(part.operation, Operation::Fact(_) | Operation::Under(_))
        || part.parts().into_iter().any(reads_request)
}

/// Evaluates a condition that uses no fact.
fn evaluated(condition: &Expression) -> Option<bool> {
    let query = Query::default();
    let path = RequestPath::of("/");
    let facts = Facts {
        method: "",
        path: &path,
        host: "",
        query: &query,
        headers: None,
        content: None,
        service: (ServiceId(0), ""),
        agent: (AgentId(0), ""),
        intent: "",
        operation: None,
        operation_effect: None,
        now: Timestamp(0),
    };
    let mut memory = Memory::default();
    Evaluation::new(&facts, &mut memory, Spelling::Normal)
        .decide(condition)
        .ok()
}

#[cfg(test)]
mod tests {
    use crate::Program;

    #[test]
    fn a_condition_that_is_true_for_every_request_is_recognized() {
        for (condition, expected) in [
            ("true", true),
            ("1 == 1", true),
            ("'a' in ['a', 'b'] && [1, 2].all(n, n > 0)", true),
            ("!(1 > 2)", true),
            ("request.method == 'GET' || true", true),
            ("request.size > 5 ? true : 2 > 1", true),
            ("false", false),
            ("1 == 1 && request.method == 'GET'", false),
            ("request.method == 'GET'", false),
            ("request.under('/')", false),
            ("now > timestamp('1970-01-01T00:00:00Z')", false),
            ("1 / 0 == 1", false),
        ] {
            let program = Program::compile(condition).unwrap();
            assert_eq!(program.is_always_true(), expected, "{condition}");
        }
    }
}
