//! The limits on conditions, and on the work that one can cause.

use gaiterguard_rules::{Cause, LITERAL_ITEMS_MAX, Program};

use crate::facts::{with_body, with_query};

#[test]
fn work_is_bounded() {
    let body = format!("{{\"l\":[{}0]}}", "0,".repeat(60_000));
    for condition in [
        "request.body.l.exists(x, x > 1 || x > 2 || x > 3)",
        "request.body.l.all(x, x in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0])",
        "request.body.l + request.body.l == []",
    ] {
        let program = Program::compile(condition).unwrap();
        let failure = with_body(&body, |facts| program.evaluate(facts)).unwrap_err();
        assert_eq!(failure.cause, Cause::Work, "{condition}");
    }
    let name = |n: usize| format!("\"{n}{}\":1", "a".repeat(9_999));
    let names: Vec<String> = (0..9).map(name).collect();
    let (list, names) = ("0,".repeat(100), names.join(","));
    let body = format!("{{\"l\":[{list}0],\"m\":{{{names}}}}}");
    let program = Program::compile("request.body.l.all(x, size(request.body.m) == 9)").unwrap();
    let failure = with_body(&body, |facts| program.evaluate(facts)).unwrap_err();
    assert_eq!(failure.cause, Cause::Work);
    let program = Program::compile("[1, 2, 3, 4].all(n, !has(request.query.x))").unwrap();
    let decided = |query: &str| with_query(query, |facts| program.evaluate(facts));
    assert_eq!(decided("a=1"), Ok(true));
    let failure = decided(&"a&".repeat(200_000)).unwrap_err();
    assert_eq!(failure.cause, Cause::Work);
    // A list of a thousand is nothing.
    let body = format!("{{\"l\":[{}0]}}", "0,".repeat(1_000));
    let program = Program::compile("request.body.l.exists(x, x > 1 || x > 2)").unwrap();
    assert_eq!(with_body(&body, |facts| program.evaluate(facts)), Ok(false));
}

/// The stack of a worker thread is 2 MiB.
#[test]
fn the_deepest_condition_that_is_taken_fits_on_a_small_stack() {
    let deep = [
        format!("{}true{}", "(".repeat(24), ")".repeat(24)),
        format!("{}true", "true ? true : ".repeat(24)),
        format!("{}true{}", "[".repeat(23), "]".repeat(23)) + " == []",
        format!("request.size{} > 1", "+1".repeat(60)),
        format!("has(request.body{})", ".a".repeat(60)),
        format!(
            "{}request.size == 1{}",
            "size([".repeat(11),
            "]) == 1".repeat(11)
        ),
        vec!["request.path == \"/a\""; 170].join(" || "),
        format!(
            "{}true{}",
            "(".repeat(24),
            " || b && c)".replace(['b', 'c'], "!false").repeat(24)
        ),
        format!("{}1{} > 0", "(".repeat(12), "+1+1+1+1)".repeat(12)),
        format!("{}1{} > 0", "-(".repeat(20), "+1)".repeat(20)),
        format!("{}true{}", "(true || ".repeat(24), ")".repeat(24)),
        format!(
            "{}true{}",
            "(".repeat(23),
            format!("{})", " || true".repeat(20)).repeat(23)
        ),
    ];
    std::thread::Builder::new()
        .stack_size(1 << 19)
        .spawn(move || {
            for text in deep {
                let program =
                    Program::compile(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
                with_body("{\"a\":1}", |facts| program.evaluate(facts)).ok();
            }
        })
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn brackets_behind_a_malformed_text_do_not_take_the_parser_deeper() {
    let open = "(".repeat(2_000);
    for text in [
        format!("\"\n{open}"),
        format!("\"\\q{open}\""),
        format!("'''\\q{open}'''"),
        format!("[0xar\"\\\" , \"{open}\"]"),
    ] {
        assert!(Program::compile(&text).is_err(), "{text}");
    }
}

#[test]
fn a_list_that_is_written_out_has_a_limit() {
    let list = |items: usize| format!("request.size in [{}1]", "1,".repeat(items));
    assert!(Program::compile(&list(LITERAL_ITEMS_MAX - 1)).is_ok());
    assert!(Program::compile(&list(LITERAL_ITEMS_MAX)).is_err());
}
