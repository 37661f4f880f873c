//! The parts of a request that a condition reads, and the warnings about conditions.

use gaiterguard_rules::{Program, Uses};

#[test]
fn what_a_condition_looks_at_is_known() {
    let uses = |text: &str| Program::compile(text).unwrap().uses();
    assert_eq!(uses("request.path == \"/a\""), Uses::default());
    for reads_the_body in [
        "request.size > 1",
        "request.body == null",
        "has(request.body)",
        "has(request.body.a)",
        "request.body[\"a\"] == 1",
        "request[\"body\"] == null",
        "[1].exists(x, x == request.size)",
        "size(string(request.size)) == 1",
        "request.method == \"GET\" || {\"a\": request.body}[\"a\"] == null",
    ] {
        // Anything but a field access is not an expression here, so nothing can bypass the names.
        if let Ok(program) = Program::compile(reads_the_body) {
            assert!(program.uses().body, "{reads_the_body}");
        } else {
            assert!(reads_the_body.contains("request["), "{reads_the_body}");
        }
    }
    assert!(uses("operation == null").operation);
}

#[test]
fn a_path_that_is_compared_exactly_is_warned_of_with_what_to_write_instead() {
    let warned = |text: &str| -> Vec<(u32, u32, bool)> {
        let program = Program::compile(text).unwrap();
        let warnings = program.warnings().iter();
        warnings
            .map(|one| {
                let suggests = one.message.contains("request.under(\"/v1/admin\")");
                (one.line, one.column, suggests)
            })
            .collect()
    };
    for (text, column) in [
        ("request.path == \"/v1/admin\"", 14),
        ("\"/v1/admin\" == request.path", 13),
        ("request.path.startsWith(\"/v1/admin\")", 14),
        ("request.path.startsWith(\"/v1/admin/\")", 14),
        ("request.path in [\"/v1/admin\"]", 14),
        ("true && !(request.path == \"/v1/admin\")", 24),
    ] {
        assert_eq!(warned(text), [(1, column, true)], "{text}");
    }
    let two = "request.path == \"/v1/admin\" ||\n request.path.startsWith(\"/v1/admin\")";
    assert_eq!(warned(two), [(1, 14, true), (2, 15, true)]);
    for text in [
        "request.under(\"/v1/admin\")",
        "request.path.endsWith(\"/refund\")",
        "request.host == \"/v1/admin\"",
        "intent.startsWith(\"/v1\")",
    ] {
        assert_eq!(warned(text), [], "{text}");
    }
}

#[test]
fn int_of_a_field_that_may_have_decimals_is_warned_of() {
    let warnings = |text: &str| Program::compile(text).unwrap().warnings().len();
    assert_eq!(warnings("int(request.body.amount.value) > 100"), 1);
    assert_eq!(warnings("double(request.body.amount.value) > 100.0"), 0);
    assert_eq!(warnings("int(request.query.page) > 100"), 0);
}
