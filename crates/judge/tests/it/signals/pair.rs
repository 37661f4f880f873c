//! The assertions on a pair of requests, and the notation for tables of pairs.

use crate::support::{Case, has};

/// A score of at least this is held.
pub(crate) const THRESHOLD: f64 = 0.5;

/// Asserts that the first request is held and has the signal, and that the second passes without it.
pub(crate) fn holds(code: &str, held: &Case, passes: &Case) {
    check(code, held, passes, true);
}

/// Asserts that the first request is held without the signal, and that the second has it and passes.
pub(crate) fn releases(code: &str, held: &Case, passes: &Case) {
    check(code, held, passes, false);
}

fn check(code: &str, held: &Case, passes: &Case, is_on_held: bool) {
    assert_eq!(differences(held, passes), 1, "{held:?} {passes:?}");
    let (first, second) = (held.judge(), passes.judge());
    assert!(first.verdict.score >= THRESHOLD, "{code}: {first:?}");
    assert!(second.verdict.score < THRESHOLD, "{code}: {second:?}");
    assert_eq!(has(&first, code), is_on_held, "{code}: {first:?}");
    assert_eq!(has(&second, code), !is_on_held, "{code}: {second:?}");
}

/// How many parts of two requests differ.
fn differences(one: &Case, other: &Case) -> usize {
    [
        one.method != other.method,
        one.host != other.host,
        one.target != other.target,
        one.headers != other.headers,
        one.body != other.body,
        one.intent != other.intent,
        one.documents != other.documents,
        one.earlier != other.earlier,
    ]
    .into_iter()
    .filter(|differs| *differs)
    .count()
}

/// Defines a test for each pair, and `CODES` with the signals of all of them. A pair is a request
/// with a gap and two values for the gap: one with which the request is held, and one with which it
/// passes. After `holds` and `passes`, the held request has the signal. After `without` and `with`, the
/// passing one has it.
macro_rules! pairs {
    ($($name:ident: $code:literal, $request:expr, $shows:ident $held:expr, $but:ident $passes:expr;)*) => {
        pub(crate) const CODES: &[&str] = &[$($code),*];

        $(
            #[test]
            fn $name() {
                let request = $request;
                crate::signals::pair::pairs!(@$shows $but $code, &request($held), &request($passes));
            }
        )*
    };
    (@holds passes $code:literal, $held:expr, $passes:expr) => {
        crate::signals::pair::holds($code, $held, $passes)
    };
    (@without with $code:literal, $held:expr, $passes:expr) => {
        crate::signals::pair::releases($code, $held, $passes)
    };
}

pub(crate) use pairs;
