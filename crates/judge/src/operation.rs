//! The effect of a documented operation, for any request that calls it, and that of one request.

use gaiterguard_domain::effect::Effect;
use gaiterguard_request::Arena;
use gaiterguard_request::opened::{Opened, Request};
use http::{HeaderMap, Method};

use crate::analysis::Analysis;
use crate::subject::{Documented, Operation, Subject};

/// The placeholder for a path parameter: any identifier.
const ANY: &str = "1";

/// Returns the effect of an operation by its method, path and documentation. The content of a real
/// request may have a more severe one. `path` is the whole path, with parameter names in braces.
pub fn effect_of_operation(method: &Method, path: &str, operation: Operation<'_>) -> Effect {
    let path = filled(path);
    let headers = HeaderMap::new();
    let request = Request {
        method,
        host: "",
        path: &path,
        query: None,
        headers: &headers,
        body: &[],
    };
    let arena = Arena::default();
    let opened = Opened::open(request, &arena);
    let analysis = analysis(&opened, Documented::As(operation));
    match analysis.effects.gravest {
        // The called procedure is in the body, which is not known here.
        Effect::Read if analysis.is_endpoint_for_calls(method) => Effect::Create,
        effect => effect,
    }
}

/// Returns the most severe effect of a request.
pub fn effect_of_request(opened: &Opened<'_>, documented: Documented<'_>) -> Effect {
    analysis(opened, documented).effects.gravest
}

fn analysis<'a>(opened: &'a Opened<'a>, documented: Documented<'a>) -> Analysis<'a> {
    Analysis::of(&Subject {
        opened,
        intent: "",
        documented,
        history: None,
        arrived: None,
    })
}

/// The path with an identifier in place of each parameter.
fn filled(template: &str) -> String {
    let mut path = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{')
        && let Some((_, behind)) = after.split_once('}')
    {
        path.push_str(before);
        path.push_str(ANY);
        rest = behind;
    }
    path.push_str(rest);
    path
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn effect(method: &Method, path: &str, id: &str, summary: &str) -> Effect {
        let operation = Operation {
            id,
            summary,
            ..Operation::default()
        };
        effect_of_operation(method, path, operation)
    }

    #[test]
    fn an_operation_does_what_its_method_its_path_and_its_documentation_say() {
        for (method, path, id, summary, expected) in [
            (Method::GET, "/tasks/{id}", "getTask", "", Effect::Read),
            (Method::POST, "/tasks", "createTask", "", Effect::Create),
            (Method::PATCH, "/tasks/{id}", "x", "Rename", Effect::Change),
            (Method::DELETE, "/tasks/{id}", "x", "", Effect::Delete),
            (
                Method::POST,
                "/tasks/{id}/archive",
                "x",
                "Delete a task",
                Effect::Delete,
            ),
            (Method::POST, "/v1/charges", "x", "", Effect::Pay),
            (Method::POST, "/orders", "createOrder", "", Effect::Pay),
            (Method::PATCH, "/orders/{id}", "x", "", Effect::Change),
            (
                Method::POST,
                "/channels/{id}/messages",
                "x",
                "",
                Effect::ShareOutside,
            ),
            (
                Method::PUT,
                "/repos/{o}/{r}/collaborators/{u}",
                "x",
                "",
                Effect::Access,
            ),
            (Method::POST, "/deployments", "x", "", Effect::Code),
            (
                Method::POST,
                "/tasks/search",
                "x",
                "Find tasks",
                Effect::Read,
            ),
        ] {
            assert_eq!(
                effect(&method, path, id, summary),
                expected,
                "{method} {path}"
            );
        }
    }

    #[test]
    fn the_name_of_a_parameter_says_nothing() {
        let path = "/things/{delete_payment_token}";
        assert_eq!(effect(&Method::PUT, path, "x", ""), Effect::Change);
        assert_eq!(filled("/a/{b}/{c}.json/{"), "/a/1/1.json/{");
    }

    proptest! {
        #[test]
        fn no_template_breaks_it(path in "[/{}a-z%:.]{0,40}") {
            effect(&Method::POST, &path, "x", "");
        }
    }
}
